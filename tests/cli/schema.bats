#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The schemas of all JSON: what every inspecting verb prints of every captured machine is as its schema says, and a
# schema does not let pass what is not. Other files check what their own cases print.

bats_require_minimum_version 1.5.0

TREES=(amd idxd intel-contexts intel-legacy intel-pages intel-pages-second intel-pasid intel-pasid-user
	intel-paths kfd none sriov virtio)

setup_file()
{
	load ../lib.bash
	unpack "${TREES[@]}"
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_TEST_TMPDIR/documents
}

# print TREE COMMAND...: its JSON, with all columns, is recorded.
print()
{
	if ! on "$1" "${@:2}" -j -o all >"$BATS_TEST_TMPDIR/said" || ! ended_orderly || ! no_failure; then
		cat "$BATS_TEST_TMPDIR/said"
		return 1
	fi
}

# Nothing of what a machine says is a reason not to print it.
no_failure()
{
	! ended 1 && ! ended 2
}

# first TREE COLUMNS COMMAND...: the first row of a list, those columns that have a value; nothing where it is empty.
first()
{
	"$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/$1" "${@:3}" -nr -o "$2" 2>/dev/null | head -n 1 || true
}

print_lists()
{
	local command

	for command in 'group list' 'device list' 'iommu list' 'driver list' 'pasid list' 'pasid list --fold' \
		'pasid list --sources' 'ioas list' 'hwpt list' 'context list' 'system features' 'system check --all' \
		'system tree' "system diff $BATS_FILE_TMPDIR/intel-pasid-user"; do
		# shellcheck disable=SC2086	# words
		print "$1" $command
	done
}

print_shows()
{
	local noun id pasid ioas hwpt context

	for noun in group device iommu; do
		id=$(first "$1" "$noun" $noun list)
		[[ -n $id ]] || continue
		print "$1" $noun show "$id"
		[[ $noun != group ]] || print "$1" group why "$id"
		[[ $noun != device ]] || print "$1" pasid why "$id"
	done
	read -r id pasid _ < <(first "$1" device,pasid pasid list) || true
	[[ -z $pasid ]] || print "$1" pasid show "$id" "$pasid"
	read -r context ioas _ < <(first "$1" context,ioas ioas list) || true
	[[ -z $context ]] || print "$1" ioas show -c "$context" "$ioas"
	read -r context hwpt _ < <(first "$1" context,hwpt hwpt list) || true
	[[ -z $context ]] || print "$1" hwpt show -c "$context" "$hwpt"
	context=$(first "$1" context context list)
	[[ -z $context ]] || print "$1" context show "$context"
}

@test "every verb that prints JSON has a schema, of one document or a list" {
	local verb n=0 schemas=$BATS_TEST_TMPDIR/schemas

	while read -r verb; do
		# shellcheck disable=SC2086	# words
		on none $verb --schema >/dev/null
		succeeds
		jq -c --arg verb "$verb" '{ verb: $verb, schema: . }' <<<"$output" >>"$schemas"
		((++n))
	done < <("$ROOT/tests/tools/schemas" "$IOASIDCTL")
	((n > 20))
	# No object in them may have keys that the schema does not know.
	jq -es 'all(.[];
		.schema["$schema"] == "https://json-schema.org/draft/2020-12/schema" and
		.schema.title == "ioasidctl \(.verb) --json" and
		(.schema.type | IN("array", "object")) and
		([.schema | .. | objects | select(.properties | type == "object") | .additionalProperties] |
			length > 0 and all(. == false)))' "$schemas"
}

@test "a schema is not asked of what prints no JSON" {
	run_both "$IOASIDCTL" context destroy --schema
	says "unrecognized option '--schema'"
	run_both "$IOASIDCTL" group --help
	[[ $output != *schema* ]]
}

@test "what is printed of every captured machine is as the schemas say" {
	local tree

	for tree in "${TREES[@]}"; do
		print_lists "$tree"
		print_shows "$tree"
	done
	for tree in intel-pages intel-pages-second; do
		print "$tree" pasid map 00:10.0 42
		print "$tree" pasid map --physical 00:10.0
		print "$tree" pasid translate 00:10.0 42 0x2000005123 0x1
	done
	valid_documents >"$BATS_TEST_TMPDIR/counts" || { cat "$BATS_TEST_TMPDIR/counts"; return 1; }
	# Every verb, but those that need a context to change, and the log.
	equal "$(awk '{ print $2, $3 }' "$BATS_TEST_TMPDIR/counts" | sort -u)" "$("$ROOT/tests/tools/schemas" "$IOASIDCTL" |
		grep -vxE 'context (create|monitor)|device add|ioas (alloc|map)|hwpt alloc|pasid bind|system explain' | sort)"
}

@test "faults in a log are as the schema says" {
	local line

	for line in "$ROOT"/tests/log/*.corpus; do
		on intel-pasid system explain --file "$line" --pasted -j -o all >/dev/null
		no_failure
		on intel-pasid system explain --file "$line" --pasted --foreign --each -j >/dev/null
		no_failure
	done
	valid_documents
}

# changed JQ COMMAND...: a document of the command, changed so, is recorded.
changed()
{
	local document

	document=$("$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-contexts" "${@:2}" -j -o all | jq -c "$1")
	echo "$1 of ${*:2}" >>"$BATS_TEST_TMPDIR/changed"
	record_document 0 "ioasidctl ${*:2} $1" "$document"
}

@test "a document is not valid with another type, a value that is not listed, or a key more or less" {
	changed '.[0].group = "5"' device list
	changed '.[0].group = -1' device list
	changed '.[0].colour = "red"' device list
	changed '.[0].device = null' device list
	changed '.[0].driver = ""' device list
	changed '.[0].unreadable = {}' device list
	changed '.[0].unreadable = { colour: "Permission denied" }' device list
	changed '.[0].unreadable = { driver: null }' device list
	changed '.[0]' device list
	changed '.[0].address = "0xFED90000"' iommu list
	changed '.[0].address = 4275634176' iommu list
	changed '.[0].device = [null]' group list
	changed '.[0].reserved_region[0].end = null' group list
	changed 'del(.[0].reserved_region[0].end)' group list
	changed '.[0].pasid = 0' pasid list
	changed '.[0].pasid = 1048576' pasid list
	changed '.[0].pasid = { lo: 1 }' pasid list
	changed '.[0].kind = "opener"' pasid list
	changed '.[0].owner = "lab"' pasid list
	changed '.[0].owner.kind = null' pasid list
	changed '.[0].source = []' pasid list
	changed '.[0].source = ["context", "context"]' pasid list
	changed '.[0].started = "yesterday"' pasid list
	changed '.[0].status = "good"' pasid list --sources
	changed '[.]' context show lab
	changed '.state = "well"' context show lab
	changed '.ioas[0].mapped = "4K"' context show lab
	changed '.[0].children[0].kind = "thing"' system tree
	changed 'del(.[0].children[0].children)' system tree
	changed '.[0].use = ["gaming"]' system check
	changed '.[0].change = "same"' system diff "$BATS_FILE_TMPDIR/intel-pasid"
	changed '.[0].old = []' system diff "$BATS_FILE_TMPDIR/intel-pasid"
	changed '.[0].new = { kind: "ioas" }' system diff "$BATS_FILE_TMPDIR/intel-pasid"
	# Each is refused, for what is wrong with it in its place.
	run -1 valid_documents
	equal "$(sed -n '/^ioasidctl/{N;s/\n    \$.*//p}' <<<"$output" | sort -u)" \
		"$(sed 's/^\(.*\) of \(.*\)/ioasidctl \2 \1/' "$BATS_TEST_TMPDIR/changed" | sort)"
}

@test "the sources of PASIDs are those that --sources lists" {
	on intel-pasid pasid list --sources -j
	equal "$(jq -c 'map(.source)' <<<"$output")" \
		"$("$IOASIDCTL" pasid list --schema | jq -c '.items.properties.source.items.enum')"
}
