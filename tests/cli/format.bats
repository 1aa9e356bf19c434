#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Properties of every list and every format.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-pasid-user intel-legacy amd virtio none sriov
}

setup()
{
	load ../lib.bash
	LISTS=('group list' 'device list' 'iommu list' 'pasid list' 'driver list' 'system features')
	SHOWS=('group show 5' 'device show 0000:01:00.0' 'device show 00:10.0' 'iommu show dmar0')
	TREES=(intel-pasid intel-pasid-user intel-legacy amd virtio none sriov)
}

# columns COMMAND: the keys of its columns, in order.
columns()
{
	# shellcheck disable=SC2086	# words
	"$IOASIDCTL" $1 --list-columns | awk '{ print tolower($1) }' | tr - _
}

# keys COLUMNS: as a JSON array.
keys()
{
	jq -R . <<<"$1" | jq -cs .
}

# listed TREE LIST: it exited with the expected status; without the IOMMU's table PASIDs may be
# missing.
listed()
{
	if [[ $1 == *-user && $2 == 'pasid list' ]]; then
		ended 7
	else
		ended 0
	fi
}

@test "each list is a JSON array whose objects have the default columns, or all" {
	local tree list defaults all

	for list in "${LISTS[@]}"; do
		# shellcheck disable=SC2086	# words
		defaults=$(keys "$("$IOASIDCTL" $list --list-columns | sed -n 's/ .*(default)$//p' | tr A-Z- a-z_)")
		all=$(keys "$(columns "$list")")
		[[ $list != 'driver list' ]] ||
			defaults='["device","driver","driver_override","group","name"]'
		[[ $list != 'pasid list' ]] ||
			defaults='["device","pasid","kind","context","ioas","pid","command","state"]'
		for tree in "${TREES[@]}"; do
			# shellcheck disable=SC2086	# words
			on "$tree" $list --json
			listed "$tree" "$list"
			json "type == \"array\" and all(.[]; del(.unreadable) | keys_unsorted == $defaults)"
			# shellcheck disable=SC2086	# words
			on "$tree" $list --json -o all
			listed "$tree" "$list"
			json "all(.[]; del(.unreadable) | keys_unsorted == $all)"
		done
	done
}

@test "each show is a JSON object" {
	local show

	for show in "${SHOWS[@]}"; do
		# shellcheck disable=SC2086	# words
		on intel-pasid $show --json -o all
		succeeds
		json 'type == "object"'
		# shellcheck disable=SC2086	# words
		json "keys_unsorted == $(keys "$(columns "$show")")"
	done
}

@test "keys are snake_case, addresses are text, and no value is an empty string" {
	local tree command

	for tree in "${TREES[@]}"; do
		for command in "${LISTS[@]}"; do
			# shellcheck disable=SC2086	# words
			on "$tree" $command -j -o all
			json '([.. | objects | keys[]] | all(.[]; test("^[a-z][a-z0-9]*(_[a-z0-9]+)*$"))) and
				([.. | strings] | all(.[]; . != "" and (test("[\u0000-\u001f]") | not))) and
				([.. | objects | .address?, .cap?, .ecap?, .start?, .end? | select(. != null)]
				| all(.[]; type == "string" and test("^0x[0-9a-f]+$"))) and
				([.. | objects | .unreadable? | select(. != null)]
				| all(.[]; type == "object" and length > 0 and all(.[]; type == "string")))'
		done
	done
}

@test "raw lines have as many values as columns, and headings unless -n" {
	local tree list n

	for tree in "${TREES[@]}"; do
		for list in "${LISTS[@]}"; do
			n=$(columns "$list" | wc -l)
			# shellcheck disable=SC2086	# words
			on "$tree" $list --raw -o all
			listed "$tree" "$list"
			[[ -z $output ]] || awk -F '[ ]' -v n="$n" 'NF != n { exit 1 }' <<<"$output"
			local rows=$output
			# shellcheck disable=SC2086	# words
			on "$tree" $list --raw --no-headings -o all
			equal "$output" "$(tail -n +2 <<<"$rows")"
		done
	done
}

# $PATH and $UID are special to a shell.
@test "raw, pairs and JSON say the same" {
	local list row name keys

	for list in "${LISTS[@]}"; do
		keys=$(columns "$list" | grep -vx uid)
		# shellcheck disable=SC2086	# words
		on intel-pasid $list -j -o "${keys//$'\n'/,}"
		# Scalars as in raw format: absent is empty, unreadable is a question mark. Lists,
		# tables and objects have more in JSON.
		jq -r '.[] | (.unreadable // {}) as $bad | del(.unreadable) | to_entries[]
			| select(.value | type != "array" and type != "object")
			| .key + "=" + (if $bad[.key] then "?" elif .value == true then "1" elif .value == false then "0"
				else .value // "" | tostring end)' <<<"$output" >"$BATS_TEST_TMPDIR/json"
		# shellcheck disable=SC2086	# words
		on intel-pasid $list -P -o "${keys//$'\n'/,}"
		while IFS= read -r row; do
			[[ -z $row ]] || (
				eval "$row"
				for name in $keys; do
					row=${name^^}
					printf '%s=%b\n' "$name" "${!row}"
				done
			)
		done <<<"$output" >"$BATS_TEST_TMPDIR/pairs"
		grep -Fxf "$BATS_TEST_TMPDIR/json" "$BATS_TEST_TMPDIR/pairs" | cmp - "$BATS_TEST_TMPDIR/json"
		# shellcheck disable=SC2086	# words
		on intel-pasid $list -rn -o "${keys//$'\n'/,}"
		while IFS= read -r row; do
			[[ -z $row ]] || for name in $keys; do
				printf '%s=%b\n' "$name" "${row%% *}"
				row=${row#* }
			done
		done <<<"$output" >"$BATS_TEST_TMPDIR/raw"
		cmp "$BATS_TEST_TMPDIR/raw" "$BATS_TEST_TMPDIR/pairs"
	done
}

@test "columns are chosen by name, in the given order, case-insensitively" {
	on intel-pasid device list -r -o Pasid-Width,DEVICE,pasid_width 00:10.0,*:10.0
	succeeds
	equal "$output" $'PASID-WIDTH DEVICE\n20 0000:00:10.0'
	on intel-pasid device list -r -o +pasid_width '*:10.0'
	equal "$(head -n 1 <<<"$output")" "DEVICE CLASS DRIVER GROUP IOMMU NAME PASID-WIDTH"
	on intel-pasid device list -r -o ALL '*:10.0'
	equal "$(head -n 1 <<<"$output" | tr ' ' '\n' | tr A-Z- a-z_)" "$(columns 'device list')"
}

@test "--list-columns needs no tree and no operand" {
	local command

	for command in "${LISTS[@]}" 'group show' 'device show' 'iommu show' 'context list' 'ioas list'; do
		# shellcheck disable=SC2086	# words
		run_both "$IOASIDCTL" --sysroot /nowhere $command --list-columns
		succeeds
		[[ -n $output ]]
		awk '!/^[A-Z][A-Z0-9-]* +[^ ]/ { exit 1 }' <<<"$output"
	done
}

@test "names from the hardware database are shown if there is one, and no other output depends on it" {
	on intel-pasid device list -j -o device,name
	succeeds
	json 'all(.[]; .name == null or (.name | type == "string" and length > 3))'
}

notes_only()
{
	quiet || awk '!/^ioasidctl: note: / { exit 1 }' "$BATS_TEST_TMPDIR/stderr"
}

@test "every command shows every tree without an error" {
	local tree command

	for tree in "${TREES[@]}"; do
		for command in "${LISTS[@]}"; do
			# shellcheck disable=SC2086	# words
			on "$tree" $command -o all
			listed "$tree" "$command"
			notes_only
		done
	done
}
