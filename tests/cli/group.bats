#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# group list, group show

setup_file()
{
	load ../lib.bash
	unpack intel-pasid virtio none sriov
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

@test "a table has a line for each member, and is sorted by number" {
	on intel-pasid group list -o group,type,iommu,device,driver
	succeeds
	equal "$output" "$(cat <<-'END'
		GROUP TYPE   IOMMU DEVICE       DRIVER
		    0 DMA-FQ dmar0 0000:00:00.0 -
		    1 DMA-FQ dmar0 0000:00:03.0 e1000e
		    2 DMA-FQ dmar0 0000:00:05.0 -
		    3 DMA-FQ dmar0 0000:00:08.0 pcieport
		    4 DMA-FQ dmar0 0000:00:09.0 pcieport
		    5 DMA-FQ dmar0 0000:00:0a.0 -
		                   0000:03:01.0 -
		                   0000:03:02.0 e1000
		    6 DMA-FQ dmar0 0000:00:10.0 vfio-pci
		    7 DMA-FQ dmar0 0000:00:11.0 uio_pci_sva
		    8 DMA-FQ dmar0 0000:00:12.0 -
		    9 DMA-FQ dmar0 0000:00:1e.0 virtio-pci
		                   0000:00:1e.1 virtio-pci
		   10 DMA-FQ dmar0 0000:00:1f.0 -
		                   0000:00:1f.2 -
		                   0000:00:1f.3 -
		   11 DMA-FQ dmar0 0000:01:00.0 nvme
		   12 DMA-FQ dmar0 0000:02:00.0 igb
	END
	)"
}

@test "a noun alone lists, with the default columns" {
	on intel-pasid group
	equal "$(head -n 1 <<<"$output" | xargs)" "GROUP TYPE IOMMU DEVICE DRIVER NAME"
	[[ $(wc -l <<<"$output") == 19 ]]
	local alone=$output
	on intel-pasid group list
	equal "$output" "$alone"
}

@test "raw: one line per group, lists separated by commas" {
	on intel-pasid group list -r -o group,iommu,driver,device,group_name
	succeeds
	equal "$(sed -n '1p;7p;12p' <<<"$output")" "$(cat <<-'END'
		GROUP IOMMU DRIVER DEVICE GROUP-NAME
		5 dmar0 ,,e1000 0000:00:0a.0,0000:03:01.0,0000:03:02.0 
		10 dmar0 ,, 0000:00:1f.0,0000:00:1f.2,0000:00:1f.3 
	END
	)"
}

@test "pairs can be evaluated by a shell" {
	on intel-pasid group list -P -o group,reserved_region,group_name 'group=5'
	succeeds
	equal "$output" 'GROUP="5" RESERVED_REGION="0xfee00000" GROUP_NAME=""'
}

@test "JSON: facts of members are parallel lists" {
	on intel-pasid group list -j -o group,device,class,driver,reserved_region
	succeeds
	json 'length == 13'
	json '.[5] == {
		group: 5,
		device: ["0000:00:0a.0", "0000:03:01.0", "0000:03:02.0"],
		class: ["pci bridge", "unclassified", "ethernet"],
		driver: [null, null, "e1000"],
		reserved_region: [{ start: "0xfee00000", end: "0xfeefffff", type: "msi" }]
	}'
	json 'all(.[]; (.device | length) == (.driver | length))'
}

@test "a filter takes numbers, names and patterns, and all terms must match" {
	on intel-pasid group list -rn -o group 5,1*
	equal "$(xargs <<<"$output")" "1 5 10 11 12"
	on intel-pasid group list -rn -o group driver=nvme,E1000*
	equal "$(xargs <<<"$output")" "1 5 11"
	on intel-pasid group list -rn -o group driver=e1000* device=0000:03:*
	equal "$output" 5
	on intel-pasid group list -rn -o group driver= class=*bridge
	equal "$(xargs <<<"$output")" "0 5 10"
	on intel-pasid group list -rn -o group 99-200
	succeeds
	[[ -z $output ]]
	on intel-pasid group list -j 99-200
	equal "$output" '[]'
}

@test "show takes a group's number or a member" {
	local expected name

	expected=$(cat <<-'END'
		GROUP:           5
		TYPE:            DMA-FQ
		IOMMU:           dmar0
		DEVICE:          0000:00:0a.0
		                 0000:03:01.0
		                 0000:03:02.0
		DRIVER:          -
		                 -
		                 e1000
		GROUP-NAME:      -
		RESERVED-REGION:
		    START      END        TYPE
		    0xfee00000 0xfeefffff msi
	END
	)
	for name in 5 0x5 0000:03:02.0 03:02.0 eth0 00:0a.0 class/net/eth0 /sys/bus/pci/devices/0000:03:01.0; do
		on intel-pasid group show "$name" -o group,type,iommu,device,driver,group_name,reserved_region
		succeeds
		equal "$output" "$expected"
	done
}

@test "show in JSON is one object with every column" {
	on intel-pasid group show 11 --json
	succeeds
	json 'keys == ["class", "device", "driver", "group", "group_name", "iommu", "name", "reserved_region", "type"]'
	json '.device == ["0000:01:00.0"] and .group_name == null'
}

@test "groups keep their numbers where there are many" {
	on sriov group list -rn -o group
	succeeds
	equal "$(xargs <<<"$output")" "$(seq -s ' ' 0 19)"
	on sriov group show 01:01.7 -rn -o group,device
	equal "$output" "19 0000:01:01.7"
}

@test "a group or device that does not exist is status 6" {
	on intel-pasid group show 99
	fails 6 "99: no such IOMMU group" "'ioasidctl group list' shows all groups"
	on intel-pasid group show 4294967296
	fails 6 "4294967296: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid group show eth9
	fails 6 "eth9: no such device" "'ioasidctl device list' shows all devices"
	on virtio group show 00:02.0
	fails 6 "00:02.0: the device is in no IOMMU group"
	on none group show 0
	fails 6 "0: no such IOMMU group" "'ioasidctl group list' shows all groups"
}

@test "a machine without an IOMMU has no groups" {
	on none group list
	[[ $status == 0 && -z $output ]]
	on none group list -j
	[[ $status == 0 ]]
	equal "$output" '[]'
	on none group list -r
	[[ $status == 0 && -z $output ]]
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
