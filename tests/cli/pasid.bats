#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pasid list
bats_require_minimum_version 1.5.0

setup_file()
{
	load ../lib.bash
	unpack intel-contexts intel-pasid intel-pasid-user intel-legacy amd none idxd kfd
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

@test "PASIDs of the IOMMU's table are joined with the drivers' and with processes" {
	on intel-pasid pasid list
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       PASID   TARGET         OWNER              STATE
		0000:00:10.0 42      -              pid 98 (ioasid:vm) not-recorded
		0000:00:10.0 100-103 -              pid 98 (ioasid:vm) not-recorded
		0000:00:11.0 1       pid 107 (uio0) pid 107 (bash)     ok
	END
	)"
}

@test "everything known about a PASID" {
	on intel-pasid pasid list -r -o all pasid=1,42
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE GROUP PASID KIND TARGET OWNER CONTEXT IOAS IOAS-NAME HWPT PID COMMAND UID USER UNIT STARTED DRIVER STATE CANDIDATE-PID CANDIDATE-PASID SOURCE HARDWARE RECORD DOMAIN TYPE FAULT-COUNT FAULT-FAILURE-COUNT
		0000:00:10.0 6 42 unknown  pid\x2098\x20(ioasid:vm)     98 ioasid:vm 0  vm.service  vfio-pci not-recorded   vt-d,vfio 1 0 8 first-stage  
		0000:00:11.0 7 1 sva pid\x20107\x20(uio0) pid\x20107\x20(bash)     107 bash 0  accelerator.service  uio_pci_sva ok   vt-d,uio 1 1 1 first-stage  
	END
	)"
	on intel-pasid pasid list -j kind=sva
	succeeds
	json '. == [{ device: "0000:00:11.0", pasid: 1, kind: "sva", context: null, ioas: null, pid: 107,
		command: "bash", state: "ok" }]'
}

@test "filters" {
	on intel-pasid pasid list -rn -o pasid 0000:00:10.0 'pasid=1*'
	equal "$(xargs <<<"$output")" "100 101 102 103"
	on intel-pasid pasid list -rn -o pasid unit=accelerator.service
	equal "$output" 1
	on intel-pasid pasid list -j pid=1
	succeeds
	equal "$output" '[]'
}

@test "without PASIDs the list is empty, and a note says if no table could be read" {
	on intel-legacy pasid list -j
	succeeds
	equal "$output" '[]'
	for machine in amd none; do
		on $machine pasid list -j
		[[ $status == 0 ]]
		equal "$output" '[]'
		says 'note: this kernel shows no IOMMU table of PASIDs'
	done
}

@test "without debugfs PASIDs may be missing, and the status says so" {
	rm -r "$(own intel-pasid)/sys/kernel/debug"
	on intel-pasid pasid list -j
	ended 7
	json 'length == 1 and .[0].state == "unconfirmed"'
	says 'debugfs is not mounted'
	on intel-pasid pasid show 00:10.0 42
	ended 5
	says 'no binding of PASID 42 can be seen'
}

@test "a process that may not be examined is unreadable, and matches no user" {
	local tree
	tree=$(own intel-pasid)
	ln -sf errno:13 "$tree/proc/107/comm"
	on intel-pasid pasid list -j -o pid,command,uid,user,unit,started pasid=1
	[[ $status == 0 ]]
	json '.[0].pid == 107 and (.[0].unreadable | keys) == ["command", "started", "uid", "unit", "user"]'
	on intel-pasid pasid list uid=1000 pasid=1
	ended 7
}

@test "the user is shown, however many groups he is in" {
	local tree
	tree=$(own intel-pasid)
	{ cat "$tree/proc/107/status"; printf 'Groups:\t'; seq -s ' ' 100000 102000; } >"$BATS_TEST_TMPDIR/status"
	mv "$BATS_TEST_TMPDIR/status" "$tree/proc/107/status"
	on intel-pasid pasid list -rn -o uid pasid=1
	succeeds
	equal "$output" 0
}

@test "a reserved translation type is shown as such" {
	local tree
	tree=$(own intel-pasid)
	sed -i '/^00:11.0.*\t1 /s/0049$/0189/' "$tree/sys/kernel/debug/iommu/intel/dmar_translation_struct"
	on intel-pasid pasid list -j -o type,kind pasid=1
	succeeds
	# The driver says it is a process's, and the reserved type is shown too.
	json '.[0].kind == "sva" and .[1].type == "reserved-6"'
	on intel-pasid pasid show 00:11.0 1 -j
	succeeds
	json '.kind == "sva" and .contradiction == [{ kind: "unknown", target: null, context: null, pid: null,
		command: null, state: "not-recorded", source: ["vt-d"] }]'
	on intel-pasid pasid show 00:11.0 1
	succeeds
	equal "$(grep -A 2 '^CONTRADICTION:' <<<"$output" | sed 's/ *$//')" 'CONTRADICTION:
    KIND    TARGET CONTEXT PID COMMAND STATE        SOURCE
    unknown -      -       -   -       not-recorded vt-d'
}

@test "no PASID can be bound in a captured machine" {
	local verb

	for verb in 'bind 00:10.0 7 1' 'unbind 00:10.0 42'; do
		# shellcheck disable=SC2086	# words
		on intel-pasid pasid $verb
		fails 2 "$BATS_FILE_TMPDIR/intel-pasid: a capture cannot be changed"
	done
}

@test "the sources: read, absent, unreadable, and why" {
	on intel-pasid pasid list --sources -nr -o source,status
	succeeds
	equal "$output" "$(printf '%s\n' 'context read' 'vt-d read' 'uio read' 'uacce absent' 'idxd absent' \
		'amdxdna absent' 'kfd absent' 'amdgpu absent' 'vfio read' 'amd absent')"
	on intel-pasid-user pasid list --sources -j
	json 'map(select(.status == "unreadable")) | length > 0 and all(.[]; .reason != null)'
}

@test "a context has no sources of its own" {
	on intel-pasid pasid list --sources -c vm
	fails 2 'vm: --sources and -c cannot be combined'
}

@test "a PASID with everything known about it" {
	on intel-pasid pasid show 00:11.0 1 -j
	succeeds
	json '.pid == 107 and .kind == "sva" and .source == ["vt-d", "uio"]'
	on intel-pasid pasid show 00:11.0 2
	ended 6
	on intel-pasid pasid show 00:11.0 0
	ended 2
	says "PASID 0 is the device's own requests" 'hint: '
	on intel-pasid pasid show 00:11.0 0x100000
	ended 2
}

@test "two devices of one context: equal PASIDs are one row for people, one each for programs" {
	on intel-contexts pasid list
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       PASID   TARGET   OWNER STATE
		0000:00:10.0 5       ioas mem lab   ok
		0000:00:10.0 7       ioas red lab   ok
		0000:00:10.0 100-163 ioas mem lab   ok
		0000:00:11.0 1-8     ioas mem lab   ok
	END
	)"
	# Equal in the chosen columns, and without those excluded by a term.
	on intel-contexts pasid list -no pasid,context 'pasid=1-3,5-102,150-1000' device=00:10.0
	succeeds
	equal "$output" "$(printf '%s\n' '5       lab' '7       lab' '100-102 lab' '150-163 lab')"
	on intel-contexts pasid list -no pasid,hwpt pasid=1-8 device=00:11.0
	equal "$output" '1-8 7'
	on intel-contexts pasid list --each -n pasid=100-101
	succeeds
	equal "$output" "$(printf '%s\n' '0000:00:10.0 100 ioas mem lab ok' '0000:00:10.0 101 ioas mem lab ok')"
	on intel-contexts pasid list -j
	succeeds
	json '[.[] | [.device, .pasid]] == ([5, 7, range(100; 164)] | map(["0000:00:10.0", .]))
		+ ([range(1; 9)] | map(["0000:00:11.0", .]))'
	on intel-contexts pasid list --fold -j -o pasid,owner device=00:11.0
	succeeds
	json '. == [{ pasid: { lo: 1, hi: 8 }, owner: { kind: "context", id: null, name: "lab" } }]'
	on intel-contexts pasid list --fold -rn -o device,pasid pasid=5-8
	equal "$output" "$(printf '%s\n' '0000:00:10.0 5' '0000:00:10.0 7' '0000:00:11.0 5-8')"
	on intel-contexts pasid list --each --fold -n -o pasid pasid=8
	equal "$output" 8
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
