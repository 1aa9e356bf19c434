#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One table of all PASIDs, whatever created them: a context, an unrelated process, and a driver that
# binds a process, at the same time.

load machine

THIRD=0000:00:13.0

bound()
{
	[[ $(hardware "$NARROW") ]]
}

setup_file()
{
	local dir=$BATS_FILE_TMPDIR node

	ctl driver set "$WIDE" vfio-pci
	ctl driver set "$THIRD" vfio-pci
	ctl driver set "$NARROW" uio_pci_sva
	ctl context create test
	ctl -c test device add "$WIDE" >/dev/null
	ctl -c test ioas alloc --name guest >/dev/null
	ctl -c test pasid bind "$WIDE" 42,100-101 guest
	node=/dev/vfio/devices/$(ctl device show "$THIRD" -nro vfio_cdev)
	mkfifo "$dir/hold"
	"${IOASIDCTL%/*}/tests/lab/suites/foreign" "$node" 7 9 <"$dir/hold" >"$dir/ready" 3>&- &
	echo $! >"$dir/foreign"
	exec 7>"$dir/hold"
	eventually grep -qx ready "$dir/ready"
	# In a shell that runs no other program, because SVA ends when the opener calls exec().
	mkfifo "$dir/never"
	(exec 8<>"$dir/never" 9<>"/dev/$(ls "/sys/bus/pci/devices/$NARROW/uio")" && read -r -u 8) 3>&- 7>&- &
	echo $! >"$dir/sleeper"
	eventually bound
}

teardown_file()
{
	kill "$(<"$BATS_FILE_TMPDIR/sleeper")" || true
	exec 7>&-
	wait
	destroy_all
	for device in "$WIDE" "$THIRD" "$NARROW"; do
		ctl driver reset "$device"
	done
}

setup()
{
	follow_test
	foreign=$(<"$BATS_FILE_TMPDIR/foreign")
	export foreign
}

@test "all are in one table, each with its maker and as the hardware has it" {
	status 0 ctl pasid list -j -o all
	[[ $(jq -c "[.[] | select(.device == \"$WIDE\") | [.pasid, .kind, .target, .context, .state]]" <<<"$output") == \
		'[[42,"ioas","ioas guest","test","ok"],[100,"ioas","ioas guest","test","ok"],[101,"ioas","ioas guest","test","ok"]]' ]]
	[[ $(jq -c "[.[] | select(.device == \"$THIRD\") | [.pasid, .pid, .command, .state]]" <<<"$output") == \
		"[[7,$foreign,\"foreign\",\"not-recorded\"],[9,$foreign,\"foreign\",\"not-recorded\"]]" ]]
	[[ $(jq -c "[.[] | select(.device == \"$THIRD\").source] | unique" <<<"$output") == '[["vt-d","vfio"]]' ]]
	[[ $(jq -c "[.[] | select(.context == \"test\").source] | unique" <<<"$output") == '[["context","vt-d"]]' ]]
	[[ $(jq -r 'length' <<<"$output") == 6 ]]
	# Everything that the hardware has, and nothing else.
	for device in "$WIDE" "$THIRD" "$NARROW"; do
		[[ $(jq -r ".[] | select(.device == \"$device\").pasid" <<<"$output") == "$(hardware "$device")" ]]
	done
}

@test "the process that a driver has bound is shown" {
	local sva

	sva=$(ctl pasid list -j -o all kind=sva)
	[[ $(jq -c '.[] | [.device, .driver, .state, .source]' <<<"$sva") == \
		"[\"$NARROW\",\"uio_pci_sva\",\"ok\",[\"vt-d\",\"uio\"]]" ]]
	[[ $(jq -r '.[0].started' <<<"$sva") == 20*Z ]]
}

@test "filters: OR within a term, AND across" {
	[[ $(ctl pasid list -nro pasid device="$WIDE,$THIRD" pasid=1-9,100-200 | xargs) == '100 101 7 9' ]]
	[[ $(ctl pasid list -nro pasid command=foreign | xargs) == '7 9' ]]
	[[ $(ctl pasid list -nro pasid pid="$foreign" pasid=7) == 7 ]]
	[[ $(ctl pasid list -nro pasid user=root source=context | xargs) == '42 100 101' ]]
	[[ $(ctl pasid list -nro pasid -c test | xargs) == '42 100 101' ]]
	[[ $(ctl pasid list -nro device kind=sva) == "$NARROW" ]]
	[[ -z $(ctl pasid list -nro pasid kind=sva command=foreign) ]]
}

@test "pasid show: a binding, and one that does not exist" {
	status 0 ctl pasid show "$THIRD" 9 -j
	[[ $(jq -c '[.pasid, .pid, .driver, .hardware, .record]' <<<"$output") == "[9,$foreign,\"vfio-pci\",true,false]" ]]
	status 6 ctl pasid show "$THIRD" 8
	status 2 ctl pasid show "$THIRD" 0
	says "PASID 0 is the device's own"
	status 2 ctl pasid show "$THIRD" x
}

@test "the sources report whether they were read" {
	status 0 ctl pasid list --sources -j
	[[ $(jq -r '.[] | select(.status == "read").source' <<<"$output" | xargs) == 'context vt-d uio vfio' ]]
	jq -e 'all(.[]; .status == "read" or (.reason | length) > 0)' <<<"$output"
	[[ $(jq '.[] | select(.source == "context").row_count' <<<"$output") == 3 ]]
}

@test "a user sees what the kernel allows, and what is missing is reported" {
	status 7 user ioasidctl pasid list -j -o all
	says "the IOMMU's table could not be read"
	status 0 user ioasidctl pasid list --sources -nro source,status
	grep -qx 'vt-d unreadable' <<<"$output"
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
