#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# More than a hundred groups of one SR-IOV device.

load machine

setup()
{
	follow_test
	# LeakSanitizer does not work under strace.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
}

teardown_file()
{
	local numvfs=/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs

	[[ $(<$numvfs) == 124 ]] || echo 124 >$numvfs
}

@test "every virtual function has its own group, and all are listed" {
	local groups

	groups=$(ls -v /sys/kernel/iommu_groups)
	(($(wc -l <<<"$groups") >= 100))
	[[ $(ctl group list -nr -o group) == "$groups" ]]
	[[ $(ctl device list -nr -o device physfn=0000:01:00.0 | wc -l) == 124 ]]
	[[ $(ctl device show 0000:01:00.0 -j | jq .sriov_numvfs) == 124 ]]
	ctl group list -j | jq -e 'length >= 100'
}

@test "a group costs no more than 20 system calls" {
	local all devices

	# The cost of starting up is measured by an empty listing.
	strace -f -o "$BATS_TEST_TMPDIR/none" "$IOASIDCTL" group list --sysroot "$BATS_TEST_TMPDIR"
	strace -f -o "$BATS_TEST_TMPDIR/all" "$IOASIDCTL" group list >/dev/null
	all=$(($(wc -l <"$BATS_TEST_TMPDIR/all") - $(wc -l <"$BATS_TEST_TMPDIR/none")))
	devices=$(find /sys/kernel/iommu_groups/*/devices -type l | wc -l)
	echo "$all system calls for $devices devices"
	((all <= 20 * devices))
}

@test "a listing reads no config space" {
	run strace -f -e trace=openat,openat2 "$IOASIDCTL" group list
	[[ $status == 0 ]]
	[[ $output != */config* && $output != *'"config"'* ]]
	run strace -f -e trace=openat,openat2 "$IOASIDCTL" device list
	[[ $status == 0 && $output != *'"config"'* ]]
	# The same trace does find it when it is read.
	run strace -f -e trace=openat,openat2 "$IOASIDCTL" device list -o device,pasid_width
	[[ $output == *'"config"'* ]]
}

@test "group why: a virtual function is alone, and disappears with the driver of its physical function" {
	[[ $(reason 0000:01:00.7 0000:01:00.7 alone) == 'ok the only member: virtual function of 0000:01:00.0, behind 0000:00:10.0, which isolates' ]]
	status 0 ctl group why 0000:01:00.7
	status 3 ctl group why 0000:01:00.0
	[[ $(reason 0000:01:00.0 0000:01:00.0 virtual-functions) == 'blocked it has 124 virtual functions' ]]
}

@test "system diff counts removed virtual functions, without loss" {
	local physical=0000:01:00.0 numvfs=/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs

	ctl device list -nr -o device "physfn=$physical" | sort >"$BATS_TEST_TMPDIR/functions"
	ctl system capture "$BATS_TEST_TMPDIR/before"
	[[ $(ctl system diff "$BATS_TEST_TMPDIR/before" -j) == '[]' ]]
	echo 0 >$numvfs
	ctl system diff "$BATS_TEST_TMPDIR/before" -nr -o change,object,field,old,new >"$BATS_TEST_TMPDIR/changes"
	grep -qxF "changed $physical sriov_numvfs 124 0" "$BATS_TEST_TMPDIR/changes"
	awk '$1 == "removed" { print $2 }' "$BATS_TEST_TMPDIR/changes" | sort >"$BATS_TEST_TMPDIR/gone"
	diff "$BATS_TEST_TMPDIR/functions" "$BATS_TEST_TMPDIR/gone"
	(($(wc -l <"$BATS_TEST_TMPDIR/changes") == 125))
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
