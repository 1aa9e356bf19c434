#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# PASIDs of drivers that no machine of the lab has: idxd and amdkfd; and AMD's PASID tables, which
# QEMU lacks. The trees are not captures: they follow the kernel's documentation and source, which
# their first lines name.

setup_file()
{
	load ../lib.bash
	unpack idxd kfd none
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

# fares TREE SOURCE PATTERN: the source's row in --sources, as "status rows reason".
fares()
{
	local told

	on "$1" pasid list --sources -j
	[[ $status == 0 ]]
	clean
	told=$(jq -r --arg name "$2" \
		'.[] | select(.source == $name) | "\(.status) \(.row_count) \(.reason // "-")"' <<<"$output")
	# shellcheck disable=SC2053	# a pattern
	[[ $told == $3 ]] || {
		printf 'not %s: %s\n' "$3" "$told"
		return 1
	}
}

IDXD=sys/devices/pci0000:6a/0000:6a:01.0/dsa0
FILE=$IDXD/wq0.0/dsa!wq0.0/file0
KFD=sys/devices/virtual/kfd/kfd/proc
NUMBERS=sys/kernel/debug/kfd/proc
AMD=sys/kernel/debug/iommu/amd/devtbl-of

@test "openers of an idxd queue are listed, with their fault counters" {
	on idxd pasid list -r \
		-o device,group,pasid,kind,target,pid,command,uid,unit,driver,source,fault_count,fault_failure_count \
		source=idxd device=0000:6a:01.0 kind=sva
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE GROUP PASID KIND TARGET PID COMMAND UID UNIT DRIVER SOURCE FAULT-COUNT FAULT-FAILURE-COUNT
		0000:6a:01.0 20  sva pid\x20999\x20(wq0.0) 999    idxd idxd 4 0
		0000:6a:01.0 20  sva pid\x201201\x20(wq0.0) 1201 dpdk-dma 0 dpdk.service idxd idxd 17 2
		0000:6a:01.0 20  sva pid\x201202\x20(wq0.0) 1202 kvstore 1000 kv.service idxd idxd 0 0
		0000:6a:01.0 20  sva pid\x201300\x20(wq0.1) 1300 nvmf_tgt 0 spdk.service idxd idxd 0 0
	END
	)"
	fares idxd idxd 'read 6 1 of 3 devices have pasid_enabled 0'
}

@test "the number of idxd's only opener is found in the IOMMU's table" {
	on idxd pasid list -r -o pasid,kind,pid,command,state,source 0000:e7:01.0
	succeeds
	equal "$output" "$(printf '%s\n' 'PASID KIND PID COMMAND STATE SOURCE' '6 sva 1400 old-app ok vt-d,idxd')"
}

@test "a shared kernel queue has the PASID of its DMA domain" {
	on idxd pasid list -j -o all kind=dma
	succeeds
	json 'length == 1 and (.[0] | .device == "0000:6a:01.0" and .pid == null and .domain == 2 and
		.pasid == 1 and .state == "ok" and .source == ["vt-d", "idxd"])'
}

@test "a shared kernel queue has an unknown number if the table cannot be read" {
	rm -r "$(own idxd)/sys/kernel/debug"
	on idxd pasid list -j -o all kind=dma
	ended 7
	json 'length == 1 and (.[0] | .pasid == null and .target == "wq0.2" and .source == ["idxd"])'
}

@test "a process is one binding, however often it has opened the queues of a device" {
	local i tree queue
	tree=$(own idxd)
	queue=sys/devices/pci0000:e7/0000:e7:01.0/dsa2/wq2.0/dsa!wq2.0
	for i in {100..139}; do
		mkdir "$tree/$queue/file$i"
		echo 1400 >"$tree/$queue/file$i/pid"
		echo 2 >"$tree/$queue/file$i/cr_faults"
		echo 0 >"$tree/$queue/file$i/cr_fault_failures"
		ln -s "../../../../$queue/file$i" "$tree/sys/bus/dsa/devices/file$i"
	done
	on idxd pasid list -rn -o pasid,pid,state,fault_count 0000:e7:01.0
	succeeds
	equal "$output" '6 1400 ok 80'
}

@test "idxd without PASIDs binds none, whoever has it open" {
	on idxd pasid list -j 0000:6a:02.0
	succeeds
	equal "$output" '[]'
	local tree
	tree=$(own idxd)
	echo 0 >"$tree/$IDXD/pasid_enabled"
	rm "$tree/$IDXD"/wq0.?/dsa!wq0.?/file*/*
	on idxd pasid list -j kind=sva source=idxd device=0000:6a:01.0
	equal "$output" '[]'
	fares idxd idxd 'read 2 2 of 3 devices have pasid_enabled 0'
}

@test "an unreadable file of idxd's is unreadable, not absent" {
	local tree
	tree=$(own idxd)
	rm "$tree/$FILE/pid" "$tree/$FILE/cr_faults"
	ln -s errno:13 "$tree/$FILE/pid"
	ln -s errno:5 "$tree/$FILE/cr_faults"
	on idxd pasid list -j -o pid,fault_count,fault_failure_count,source fault_failure_count=2
	ended 7
	json '. == [{ pid: null, fault_count: null, fault_failure_count: 2, source: ["idxd"],
		unreadable: { pid: "Permission denied", fault_count: "Input/output error" } }]'
	fares idxd idxd 'unreadable 6 /sys/bus/dsa/devices/file0/pid: Permission denied'
}

@test "malicious files of idxd's neither end the list nor control the terminal" {
	local text tree
	tree=$(own idxd)
	for text in '' -1 0x 4294967296 99999999999999999999999 $'\e[31m1' "$(printf '%09000d' 1)"; do
		printf '%s\n' "$text" >"$tree/$FILE/pid"
		on idxd pasid list -rn -o pid fault_failure_count=2
		ended 7
		clean
		equal "$output" '?'
		fares idxd idxd 'unreadable 6 *'
	done
	printf 'user\e[31m\n' >"$tree/$IDXD/wq0.2/type"
	ln -s ../../../.. "$tree/sys/bus/dsa/devices/file77"
	ln -s "$(printf 'x%.0s' {1..200})" "$tree/sys/bus/dsa/devices/wq9.9"
	on idxd pasid list
	ended 7
	clean
	contains "$output" nvmf_tgt
}

@test "compute processes have the number that debugfs reports for each GPU" {
	on kfd pasid list -r -o device,pasid,kind,target,pid,command,uid,unit,source,fault_count,hardware
	[[ $status == 0 ]]
	equal "$output" "$(cat <<-'END'
		DEVICE PASID KIND TARGET PID COMMAND UID UNIT SOURCE FAULT-COUNT HARDWARE
		0000:c1:00.0  unknown kfd 2002 rocm-bench 1002 session-4.scope kfd 0 
		0000:c1:00.0 33 unknown kfd 2001 python3 1001 train.service kfd 3 
		0000:c1:00.0 35 unknown kfd/context_1 2001 python3 1001 train.service kfd 12 
		0000:c1:00.0 32770 unknown kfd 2003 hipcc 1003 session-5.scope kfd 1 
		0000:c5:00.0 34 unknown kfd 2001 python3 1001 train.service kfd 0 
		0000:c5:00.0 36 unknown kfd 2004    kfd 0 
	END
	)"
}

@test "0 in sysfs is an unknown number, never a PASID" {
	on kfd pasid list -j pasid=0
	equal "$output" '[]'
	on kfd pasid list -j pid=2002
	json 'length == 1 and .[0].pasid == null and .[0].state == "unconfirmed"'
}

@test "without permission to read debugfs the numbers are unknown, and the reason is reported" {
	local tree
	tree=$(own kfd)
	rm -r "$tree/sys/kernel/debug"
	ln -s errno:13 "$tree/sys/kernel/debug"
	on kfd pasid list -rn -o pasid,pid device=0000:c1:00.0
	ended 7
	equal "$(sort <<<"$output" | xargs)" '2001 2002 32770 2003'
	fares kfd kfd "unreadable 7 this kernel shows the numbers only in debugfs (/$NUMBERS): Permission denied"
	fares kfd amd 'unreadable 0 Permission denied'
}

@test "a malformed number is reported as unreadable" {
	local text tree
	tree=$(own kfd)
	for text in -1 1048576 garbage $'\e[31m7' "$(printf '%09000d' 1)"; do
		printf '%s\n' "$text" >"$tree/$NUMBERS/2004/pasid_28123"
		on kfd pasid list -j pid=2004
		ended_orderly
		clean
		json 'length == 1 and .[0].pasid == null'
		fares kfd kfd 'un* 6 *'
	done
	printf '1048576\n' >"$tree/$KFD/2003/pasid"
	on kfd pasid list -j pid=2003
	equal "$output" '[]'
	fares kfd kfd "unreadable 5 /sys/class/kfd/kfd/proc/2003/pasid: Bad message"
}

@test "a GPU of another device cgroup is missing, and that is reported" {
	local tree
	tree=$(own kfd)
	rm "$tree/${KFD%/proc}/topology/nodes/1/gpu_id"
	ln -s errno:1 "$tree/${KFD%/proc}/topology/nodes/1/gpu_id"
	on kfd pasid list -rn -o device
	ended 7
	equal "$(sort -u <<<"$output")" 0000:c5:00.0
	fares kfd kfd 'unreadable 2 some GPUs in the topology could not be read: Operation not permitted'
}

@test "AMD's device table shows which devices have a PASID table, not what is in it" {
	local tree
	fares kfd amd "unsupported 0 $(printf '%s' \
		'1 of 2 devices (0000:c1:00.0) have a table of PASIDs of up to 18 bits, ' \
		'which this kernel does not show')"
	tree=$(own kfd)
	rm "$tree/$AMD/0000:c1:00.0"
	fares kfd amd 'unsupported 0 no entry of the device table was captured'
	sed 's/c5:00.0/c1:00.0/' "$tree/$AMD/0000:c5:00.0" >"$tree/$AMD/0000:c1:00.0"
	fares kfd amd 'read 0 none of 2 devices has a table of PASIDs'
}

@test "a malicious device table is unreadable" {
	local text tree
	tree=$(own kfd)
	for text in $'\e[31m' 'DeviceId' "$(printf 'DeviceId\n0000:c1:00.0 %0900d' 1)" "$(printf 'DeviceId\n0000:c5:00.0 x')"; do
		printf '%s\n' "$text" >"$tree/$AMD/0000:c1:00.0"
		fares kfd amd 'unreadable 0 0000:c1:00.0: *'
		on kfd pasid list
		[[ $status == 0 ]]
		clean
	done
}

@test "a machine without any of them reports that" {
	fares none idxd 'absent 0 the driver idxd is not loaded'
	fares none kfd 'absent 0 the driver amdkfd is not loaded'
	fares none amd 'absent 0 no AMD IOMMU'
}

@test "several processes with a PASID without number on a device: each may own each, and none is guessed" {
	local tree

	on idxd pasid list device=6a:01.0
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       PASID TARGET           OWNER               STATE
		0000:6a:01.0 1     domain 2         -                   ok
		0000:6a:01.0 2-5   sva              one of 4 processes  ambiguous
		0000:6a:01.0 -     pid 999 (wq0.0)  pid 999             ambiguous
		0000:6a:01.0 -     pid 1201 (wq0.0) pid 1201 (dpdk-dma) ambiguous
		0000:6a:01.0 -     pid 1202 (wq0.0) pid 1202 (kvstore)  ambiguous
		0000:6a:01.0 -     pid 1300 (wq0.1) pid 1300 (nvmf_tgt) ambiguous
	END
	)"
	on idxd pasid list -j -o pasid,pid,owner,candidate_pid,candidate_pasid,record,state device=6a:01.0
	json '[.[] | select(.pasid == 2)] == [{ pasid: 2, pid: null, owner: { kind: "process", id: null, name: null },
		candidate_pid: ([999, 1201, 1202, 1300] | map({ pid: . })), candidate_pasid: [], record: null,
		state: "ambiguous" }]'
	json '[.[] | select(.pid == 1201)] == [{ pasid: null, pid: 1201, owner: { kind: "process", id: 1201, name: "dpdk-dma" },
		candidate_pid: [], candidate_pasid: ([2, 3, 4, 5] | map({ pasid: . })), record: true,
		state: "ambiguous" }]'
	on idxd pasid list state=not-recorded
	equal "$output" ''
	# A process that cannot be read is a candidate too.
	tree=$(own idxd)
	find "$tree/sys/devices" -path '*/dsa!wq0.1/file*/pid' -exec rm {} \; -exec ln -s errno:13 {} \;
	on idxd pasid list -j -o owner,candidate_pid device=6a:01.0 pasid=2
	ended 7
	json '. == [{ owner: { kind: "process", id: null, name: null, unreadable: { id: "Permission denied",
		name: "Permission denied" } }, candidate_pid: ([999, 1201, 1202] | map({ pid: . })),
		unreadable: { owner: "Permission denied" } }]'
}

# amdxdna TREE: a device gets that driver, and two processes have its node open. Follows
# accel_sysfs_init(), drm_minor_register() and amdxdna_drm_open().
amdxdna()
{
	local npu=$1/sys/devices/pci0000:00/0000:00:05.0 pid

	sed -i '/^DRIVER=/d; 1i DRIVER=amdxdna' "$npu/uevent"
	ln -sfn ../../../bus/pci/drivers/amdxdna "$npu/driver"
	mkdir -p "$npu/accel/accel0" "$1/sys/class/accel" "$1/sys/bus/pci/drivers/amdxdna"
	ln -s ../../../0000:00:05.0 "$npu/accel/accel0/device"
	ln -s ../../devices/pci0000:00/0000:00:05.0/accel/accel0 "$1/sys/class/accel/accel0"
	for pid in 500 501; do
		mkdir -p "$1/proc/$pid/fd"
		ln -s /dev/accel/accel0 "$1/proc/$pid/fd/7"
		printf 'llama-%s\n' $pid >"$1/proc/$pid/comm"
	done
}

@test "an opener of an amdxdna NPU has a PASID, whose number is not reported" {
	local tree

	tree=$(own none)
	amdxdna "$tree"
	on none pasid list -r -o device,pasid,kind,target,pid,command,driver,state,source
	ended 0
	equal "$output" "$(cat <<-'END'
		DEVICE PASID KIND TARGET PID COMMAND DRIVER STATE SOURCE
		0000:00:05.0  sva pid\x20500\x20(accel0) 500 llama-500 amdxdna unconfirmed amdxdna
		0000:00:05.0  sva pid\x20501\x20(accel0) 501 llama-501 amdxdna unconfirmed amdxdna
	END
	)"
	fares none amdxdna 'read 2 -'
	# A capture contains all of it.
	"$IOASIDCTL" --sysroot "$tree" system capture "$BATS_TEST_TMPDIR/machine.tar.gz"
	equal "$("$IOASIDCTL" --sysroot "$BATS_TEST_TMPDIR/machine.tar.gz" pasid list -j)" \
		"$("$IOASIDCTL" --sysroot "$tree" pasid list -j)"
	mkdir -p "$tree/sys/module/amdxdna/parameters"
	echo Y >"$tree/sys/module/amdxdna/parameters/force_iova"
	fares none amdxdna 'absent 0 amdxdna has force_iova on: it binds no process'
	"$IOASIDCTL" --sysroot "$tree" system capture --force "$BATS_TEST_TMPDIR/machine.tar.gz"
	equal "$("$IOASIDCTL" --sysroot "$BATS_TEST_TMPDIR/machine.tar.gz" pasid list -j)" '[]'
}

@test "pasid why of an NPU: its driver binds processes, unless disabled by a parameter" {
	local tree

	tree=$(own none)
	amdxdna "$tree"
	on none pasid why 0000:00:05.0 -j
	ended 5
	says 'no PASIDs for SVA'
	json 'any(.[]; .check == "driver" and .result == "ok" and .seen == "bound to amdxdna, which binds processes")'
	mkdir -p "$tree/sys/module/amdxdna/parameters"
	echo N >"$tree/sys/module/amdxdna/parameters/force_iova"
	on none pasid why 0000:00:05.0 -j
	json 'any(.[]; .check == "driver-switch" and .result == "ok" and .seen == "force_iova: N")'
	echo Y >"$tree/sys/module/amdxdna/parameters/force_iova"
	on none pasid why 0000:00:05.0 -j
	json 'any(.[]; .check == "driver-switch" and .result == "broken" and (.remedy | contains("force_iova=0")))'
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
