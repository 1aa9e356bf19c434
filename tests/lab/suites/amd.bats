#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU's AMD-Vi: interrupt remapping is not enabled, so binding fails with EPERM.

load machine

AMD=/sys/kernel/debug/iommu/amd

teardown()
{
	[[ -z ${LOOP-} ]] || kill "$LOOP"
	destroy_all
}

# fares PATTERN: the device table in --sources, as "status reason".
fares()
{
	local sources told

	sources=$(ctl pasid list --sources -j)
	told=$(jq -r '.[] | select(.source == "amd") | "\(.status) \(.reason // "-")"' <<<"$sources")
	# shellcheck disable=SC2053	# a pattern
	[[ $told == $1 ]] || {
		printf 'not %s: %s\n' "$1" "$told"
		return 1
	}
}

# chosen: the device selected in debugfs, whose entry every reader would get.
chosen()
{
	cat $AMD/devid
}

@test "the unit, its features and its groups are listed" {
	status 0 ctl iommu show ivhd0 -j
	jq -e '.vendor == "amd" and .features != null and (.field | length > 10)' <<<"$output"
	[[ $(ctl group list -nr -o group) == "$(ls -v /sys/kernel/iommu_groups)" ]]
}

@test "device add explains the EPERM" {
	refuses_without_remapping
}

@test "system check: interrupts without remapping block passthrough" {
	judges_without_remapping
}

@test "with unsafe interrupts allowed, a device is attached without PASIDs" {
	attaches_without_remapping
}

logged()
{
	ctl system explain -rn -o source,device,kind,flag | grep -qxF "$1"
}

@test "system explain: a device's DMA to an address that is not mapped" {
	"$BUILD/lab/edu" "$EDU" write 0xdead000
	# QEMU reports every fault as one of an interrupt, at address 0.
	eventually logged "amd-vi $EDU interrupt 0xa"
}

@test "pasid why: the device has no PASIDs, and each link is still judged" {
	status 5 ctl pasid why "$EDU" -j
	says pasid-capability
	jq -e 'any(.[]; .check == "iommu" and .result == "ok")' <<<"$output"
}

@test "the device table is read, and its selection is restored" {
	local devices

	devices=$(find /sys/class/iommu/ivhd0/devices -mindepth 1 -maxdepth 1 | wc -l)
	echo "$NIC" >$AMD/devid
	fares "read none of $devices devices has a table of PASIDs"
	[[ $(chosen) == "$NIC" ]]
	echo none >$AMD/devid || true
	[[ $(chosen) == 'No or Invalid input provided' ]]
	fares 'read none of *'
	[[ $(chosen) == 'No or Invalid input provided' ]]
}

@test "concurrent readers of the device table do not disturb each other" {
	local i jobs=()

	echo "$DISK" >$AMD/devid
	for i in {1..6}; do
		fares 'read none of *' >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i" || { cat "$BATS_TEST_TMPDIR"/[1-6]; return 1; }
	done
	[[ $(chosen) == "$DISK" ]]
}

@test "a process that keeps the device table's lock blocks no command, and is reported" {
	local lock

	exec {lock}<$AMD/devid
	flock $lock
	fares 'unreadable another program keeps the lock on devid'
	ctl pasid list >"$BATS_TEST_TMPDIR/list"
	exec {lock}<&-
	fares 'read none of *'
}

# Entries of other devices must not be taken for the requested ones.
@test "a process that ignores the device table's lock can only make it unreadable" {
	local i

	while echo "$NIC" >$AMD/devid; do :; done 3>&- &
	LOOP=$!
	for i in {1..10}; do
		fares '@(read none of *|unreadable *: Resource temporarily unavailable)'
	done
}

@test "every device's entry is read, and none for just a list of PASIDs" {
	local devices trace=$BATS_TEST_TMPDIR/trace

	devices=$(find /sys/class/iommu/ivhd0/devices -mindepth 1 -maxdepth 1 | wc -l)
	((devices > 5))
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0	# LeakSanitizer does not work under strace
	# Restoring the selection then writes no address.
	echo none >$AMD/devid || true
	strace -e trace=openat -o "$trace" "$IOASIDCTL" pasid list
	[[ $(grep -c devid "$trace") == 0 ]]
	strace -e trace=write -o "$trace" "$IOASIDCTL" pasid list --sources
	(($(grep -cE '"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", 12' "$trace") == devices))
}

@test "without privilege the device table is unreadable" {
	user ioasidctl pasid list --sources -j >"$BATS_TEST_TMPDIR/sources"
	jq -e '.[] | select(.source == "amd") | .status == "unreadable" and .reason == "Permission denied"' \
		"$BATS_TEST_TMPDIR/sources"
}

@test "group why: each member of each group is explained" {
	explains_groups
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
