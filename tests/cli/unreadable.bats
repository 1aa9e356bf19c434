#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be read is "?" with a note for people, and in the key "unreadable" for programs; never
# empty.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-pasid-user
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

# unreadable PATH [ERRNO]: replaces PATH in the test's own tree.
unreadable()
{
	rm -rf "${TREE:?}/$1"
	mkdir -p "$(dirname "$TREE/$1")"
	ln -s "errno:${2-13}" "$TREE/$1"
}

@test "an unprivileged user sees what only root can read" {
	on intel-pasid-user device list -o device,driver,pasid_width,opener 0000:00:1[01].0
	[[ $status == 0 ]]
	equal "$output" "$(cat <<-'END'
		DEVICE       DRIVER      PASID-WIDTH OPENER
		0000:00:10.0 vfio-pci    ?           ?
		0000:00:11.0 uio_pci_sva ?           ?
	END
	)"
	says_only "ioasidctl: note: PASID-WIDTH, OPENER could not be read in 2 rows: Permission denied"
	on intel-pasid-user device list -j -o device,driver,pasid_width,opener '*:10.0'
	[[ $status == 0 ]]
	quiet
	json '. == [{ device: "0000:00:10.0", driver: "vfio-pci", pasid_width: null, opener: null,
		unreadable: { pasid_width: "Permission denied", opener: "Permission denied" } }]'
	on intel-pasid-user device list -rn -o device,pasid_width '*:10.0'
	equal "$output" "0000:00:10.0 ?"
}

@test "a show names them in one note" {
	on intel-pasid-user device show 00:10.0 -o device,pasid_supported,pasid_width,pri_enabled
	[[ $status == 0 ]]
	equal "$output" "$(cat <<-'END'
		DEVICE:          0000:00:10.0
		PASID-SUPPORTED: ?
		PASID-WIDTH:     ?
		PRI-ENABLED:     ?
	END
	)"
	says_only "ioasidctl: note: PASID-SUPPORTED, PASID-WIDTH, PRI-ENABLED could not be read: Permission denied"
}

@test "what any user may read is shown" {
	on intel-pasid-user group list -j
	succeeds
	json 'length == 13 and all(.[]; has("unreadable") | not)'
	on intel-pasid-user iommu list -j
	succeeds
	json '.[0].pasid_width == 20'
}

@test "if a table of PASIDs cannot be read, they are not reported as none" {
	on intel-pasid-user pasid list -o device,pasid,kind,pid,state
	ended 7
	equal "$output" "$(cat <<-'END'
		DEVICE       PASID KIND PID STATE
		0000:00:11.0 1     sva  ?   unconfirmed
	END
	)"
	says "note: the IOMMU's table could not be read: Permission denied" \
		"note: some processes could not be examined: Permission denied" \
		"note: PID could not be read in 1 row: Permission denied"
}

@test "features that cannot be probed are unknown" {
	on intel-pasid-user system features -j
	json '[.[] | select(.kind == "debugfs")] | length == 2 and
		all(.[]; .available == null and .unreadable.available == "Permission denied")'
}

@test "single facts of a group" {
	TREE=$(own intel-pasid)
	unreadable sys/kernel/iommu_groups/5/type
	unreadable sys/kernel/iommu_groups/6/devices 5
	on intel-pasid group list -o group,type,device 5,6,7
	[[ $status == 0 ]]
	equal "$output" "$(cat <<-'END'
		GROUP TYPE   DEVICE
		    5 ?      0000:00:0a.0
		             0000:03:01.0
		             0000:03:02.0
		    6 DMA-FQ ?
		    7 DMA-FQ 0000:00:11.0
	END
	)"
	says_only "$(cat <<-'END'
		ioasidctl: note: TYPE could not be read in 1 row: Permission denied
		ioasidctl: note: DEVICE could not be read in 1 row: Input/output error
	END
	)"
	on intel-pasid group show 6 -j
	[[ $status == 0 ]]
	json '.device == null and .driver == null and .unreadable.device == "Input/output error"'
}

@test "single facts of a device, a unit, and a nested table" {
	TREE=$(own intel-pasid)
	unreadable sys/devices/pci0000:00/0000:00:10.0/driver_override
	unreadable sys/devices/pci0000:00/0000:00:10.0/uevent
	unreadable sys/devices/pci0000:00/0000:00:03.0/config
	unreadable sys/devices/virtual/iommu/dmar0/intel-iommu/ecap
	unreadable sys/devices/virtual/iommu/dmar0/devices
	unreadable sys/devices/pci0000:00/0000:02:00.0
	on intel-pasid device show 00:10.0 -j -o driver_override,id,class,group
	[[ $status == 0 ]]
	json '.group == 6 and .unreadable ==
		{ driver_override: "Permission denied", id: "Permission denied", class: "Permission denied" }'
	on intel-pasid device list -j -o device,pasid_width,ats_supported
	json '[.[] | select(.unreadable)] | map(.device) | . == ["0000:00:03.0"]'
	on intel-pasid iommu list -j
	json '.[0] | .pasid_width == null and .device_count == null and .domains_supported == 65536
		and (.unreadable | keys == ["device_count", "pasid_width"])'
	unreadable sys/devices/pci0000:00/0000:00:09.0/0000:02:00.0/net/eth2/flags
	on intel-pasid device show eth2 -o device,interface
	equal "$output" "$(cat <<-'END'
		DEVICE:    0000:02:00.0
		INTERFACE:
		    INTERFACE UP
		    eth2      ?
	END
	)"
	says "note: UP could not be read: Permission denied"
}

@test "a list that cannot be read at all is an error, not an empty list" {
	TREE=$(own intel-pasid)
	unreadable sys/kernel/iommu_groups
	on intel-pasid group list
	fails 4 "cannot list the IOMMU groups: Permission denied"
	on intel-pasid group list -j
	fails 4 "cannot list the IOMMU groups: Permission denied"
	unreadable sys/class/iommu 5
	on intel-pasid iommu list -j
	fails 1 "cannot list the IOMMU units: Input/output error"
	unreadable sys
	on intel-pasid device list
	fails 4 "cannot list the devices: Permission denied"
}

@test "a device keeps its driver if it is unknown whether it is in use" {
	TREE=$(own intel-pasid)
	unreadable proc/98/fd
	unreadable proc/107/fd
	on intel-pasid driver set --dry-run 00:11.0 vfio-pci
	[[ $status == 3 && -z $output ]]
	TREE=$BATS_TEST_TMPDIR/intel-pasid
	unreadable proc/self/mountinfo
	on intel-pasid driver set --dry-run nvme0 vfio-pci
	[[ $status == 3 && -z $output ]]
}

# without: the captured machine as it is when contexts were not captured.
without()
{
	TREE=$(own intel-pasid)
	rm -r "$TREE/ioasidctl"
	NOTE="ioasidctl: note: the contexts of $TREE were not captured: what they hold is not known"
}

@test "contexts that were not captured do not count as none: pasid list, show" {
	local missing='"not part of the capture"'

	without
	on intel-pasid pasid list
	[[ $status == 7 ]]
	equal "$output" "$(cat <<-'END'
		DEVICE       PASID   TARGET         OWNER              STATE
		0000:00:10.0 42      ?              pid 98 (ioasid:vm) ?
		0000:00:10.0 100-103 ?              pid 98 (ioasid:vm) ?
		0000:00:11.0 1       pid 107 (uio0) pid 107 (bash)     ok
	END
	)"
	says_only "$NOTE
ioasidctl: note: TARGET, STATE could not be read in 2 rows: not part of the capture"
	on intel-pasid pasid list -j -o pasid,kind,target,ioas_name,hwpt,record,hardware,state pasid=42 pasid=1,42
	[[ $status == 7 ]]
	json ". == [{ pasid: 42, kind: null, target: null, ioas_name: null, hwpt: null, record: null,
		hardware: true, state: null, unreadable: { kind: $missing, target: $missing, ioas_name: $missing,
		hwpt: $missing, record: $missing, state: $missing } }]"
	on intel-pasid pasid list --sources -j -o source,status,reason source=context
	json '. == [{ source: "context", status: "unreadable", reason: "not captured" }]'
	on intel-pasid pasid show 00:10.0 42 -j -o record,state
	[[ $status == 7 ]]
	json ". == { record: null, state: null, unreadable: { record: $missing, state: $missing } }"
	on intel-pasid pasid show 00:10.0 43
	ended 7
	says '00:10.0: no binding of PASID 43 can be seen'
	# An address space does not belong to a context.
	on intel-pasid pasid show 00:11.0 1 -j -o record,state
	json '. == { record: true, state: "ok" }'
}

@test "contexts that were not captured do not count as none: tree, graph, diff" {
	without
	on intel-pasid system tree 00:10.0 -o label,what,state
	[[ $status == 7 ]]
	equal "$(printf '%s\n' "$output" | sed 's/ *$//')" "$(cat <<-'END'
		LABEL               WHAT      STATE
		dmar0               intel
		└─group 6           DMA-FQ
		  └─0000:00:10.0    system
		    ├─PASID 42      ?         ?
		    │ └─pid 98      ioasid:vm
		    └─PASID 100-103 ?         ?
		      └─pid 98      ioasid:vm
	END
	)"
	on intel-pasid system graph 00:10.0
	[[ $status == 7 ]]
	says "$NOTE"
	contains "$output" 'PASID 100-103\n?'
	on intel-pasid system diff "$BATS_FILE_TMPDIR/intel-pasid" - -j
	[[ $status == 7 ]]
	says_only "$NOTE"
	json '. == [{ change: "unreadable", kind: "device", object: "0000:00:10.0", pasid: null, field: "attached",
		old: { kind: "opener", id: 98, name: "ioasid:vm", context: null, hwpt: null }, new: null,
		unreadable: { new: "not part of the capture" } },
		{ change: "unreadable", kind: "pasid", object: null, pasid: null, field: "context", old: 0,
		new: null, unreadable: { new: "not part of the capture" } }]'
}

@test "without groups no device can be in a context that was not captured" {
	without
	rm -r "$TREE/sys/kernel/iommu_groups"
	on intel-pasid pasid list -o pasid,record,state pasid=42
	[[ $status == 0 ]]
	quiet
}

@test "a context that may not be read, or does not answer, does not count as empty" {
	local tree

	tree=$(own intel-pasid)
	jq -n '{ uid: 0, roots: [], context: [{ name: "hers", socket: "/run/x/hers.sock", uid: 1000, status: "denied" }] }' \
		>"$tree/ioasidctl/contexts.json"
	on intel-pasid pasid list -j -o pasid,kind,context,record,state pasid=42
	ended 7
	json '. == [{ pasid: 42, kind: null, context: null, record: null, state: null, unreadable: {
		kind: "Permission denied", context: "Permission denied", record: "Permission denied",
		state: "Permission denied" } }]'
	says_only "ioasidctl: note: context 1000:hers may not be read"
	jq -n '{ uid: 0, roots: [], context: [{ name: "stuck", socket: "/run/x/stuck.sock", uid: 0, status: "live",
		error: { err: 110, message: "it does not answer" } }] }' >"$tree/ioasidctl/contexts.json"
	on intel-pasid pasid list -j -o pasid,record pasid=42
	ended 7
	json '. == [{ pasid: 42, record: null, unreadable: { record: "Connection timed out" } }]'
	on intel-pasid device show 00:10.0 -j -o attached
	ended 7
	json '.attached.kind == "opener" and .unreadable == { attached: "Connection timed out" }'
	on intel-pasid system diff "$BATS_FILE_TMPDIR/intel-pasid" - kind=pasid -nro change,field
	ended 7
	equal "$output" 'unreadable context'
}

@test "a value of unknown form is reported as not valid, and a capture's damaged file by name" {
	local tree

	tree=$(own intel-pasid)
	echo garbage >"$tree/sys/class/iommu/dmar0/intel-iommu/cap"
	on intel-pasid iommu show dmar0 -nro cap
	ended 0
	equal "$output" '?'
	says_only "ioasidctl: note: CAP could not be read: what is there is not a valid value"
	echo garbage >"$tree/ioasidctl/contexts.json"
	on intel-pasid context list
	fails 1 "$tree: its ioasidctl/contexts.json is damaged"
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
