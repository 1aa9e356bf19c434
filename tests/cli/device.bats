#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# device list, device show

setup_file()
{
	load ../lib.bash
	unpack intel-contexts intel-pasid intel-pasid-user intel-legacy virtio none sriov
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

@test "a table of all PCI devices, with or without a group, sorted by address" {
	on virtio device list -o device,class,driver,group,iommu
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       CLASS        DRIVER     GROUP IOMMU
		0000:00:00.0 host bridge  -              0 0000:00:02.0
		0000:00:02.0 unclassified virtio-pci     - -
		0000:00:03.0 ethernet     e1000e         1 0000:00:02.0
		0000:00:05.0 unclassified -              2 0000:00:02.0
		0000:00:08.0 pci bridge   pcieport       3 0000:00:02.0
		0000:00:1e.0 unclassified virtio-pci     4 0000:00:02.0
		0000:00:1e.1 unclassified virtio-pci     4 0000:00:02.0
		0000:00:1f.0 isa bridge   -              5 0000:00:02.0
		0000:00:1f.2 sata         -              5 0000:00:02.0
		0000:00:1f.3 smbus        -              5 0000:00:02.0
		0000:01:00.0 nvme         nvme           6 0000:00:02.0
	END
	)"
}

@test "a device's capabilities come from its config space" {
	on intel-pasid device list -o device,ats_supported,ats_enabled,pasid_supported,pasid_enabled,pasid_width,pasid_exec,pri_supported,pri_enabled \
		0000:00:1[012].0,0000:00:03.0
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       ATS-SUPPORTED ATS-ENABLED PASID-SUPPORTED PASID-ENABLED PASID-WIDTH PASID-EXEC PRI-SUPPORTED PRI-ENABLED
		0000:00:03.0 no            -           no              -                       - -          no            -
		0000:00:10.0 yes           yes         yes             yes                    20 yes        yes           yes
		0000:00:11.0 yes           yes         yes             yes                     8 no         yes           yes
		0000:00:12.0 no            -           no              -                       - -          no            -
	END
	)"
	on intel-legacy device list -rn -o pasid_supported,pasid_enabled,pasid_width,ats_enabled 0000:00:10.0
	equal "$output" "1 0 20 0"
}

@test "show has one line per column, and the openers below" {
	on intel-pasid device show 0000:00:10.0 -o device,bus,id,class,class_code,driver,driver_override,group,iommu,sysfs_path,vfio_cdev,vfio_group,numa_node,power,interface,block,opener
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE:          0000:00:10.0
		BUS:             pci
		ID:              1234:a51d
		CLASS:           system
		CLASS-CODE:      088000
		DRIVER:          vfio-pci
		DRIVER-OVERRIDE: vfio-pci
		GROUP:           6
		IOMMU:           dmar0
		SYSFS-PATH:      /sys/devices/pci0000:00/0000:00:10.0
		VFIO-CDEV:       vfio0
		VFIO-GROUP:      6
		NUMA-NODE:       -
		POWER:           active
		INTERFACE:       -
		BLOCK:           -
		OPENER:
		    PID COMMAND   UID UNIT       NODE
		     98 ioasid:vm   0 vm.service /dev/vfio/devices/vfio0
	END
	)"
}

@test "a disk is shown with where it is mounted, an interface with whether it is up" {
	on intel-pasid device show nvme0n1 -o device,block
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE: 0000:01:00.0
		BLOCK:
		    BLOCK   PARENT MOUNT     SWAP
		    nvme0n1 -      /mnt/data no
	END
	)"
	on intel-pasid device show eth2 -o device,interface
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE:    0000:02:00.0
		INTERFACE:
		    INTERFACE UP
		    eth2      no
	END
	)"
}

@test "JSON keeps types: numbers, booleans, addresses as text, null for absent" {
	on intel-pasid device show 00:11.0 -j
	succeeds
	json '.device == "0000:00:11.0" and .group == 7 and .pasid_width == 8 and .pasid_enabled == true
		and .pasid_exec == false and .vfio_cdev == null and .sriov_numvfs == null and .block == []'
	json '.opener | length == 1 and .[0].node == "/dev/uio0" and .[0].unit == "accelerator.service"'
	json 'has("unreadable") | not'
}

@test "virtual functions name their physical function" {
	on sriov device list -r -o device,group,physfn,sriov_numvfs,sriov_totalvfs 0000:01:00.[01] 0000:01:00.*
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE GROUP PHYSFN SRIOV-NUMVFS SRIOV-TOTALVFS
		0000:01:00.0 4  124 124
		0000:01:00.1 5 0000:01:00.0  
	END
	)"
}

@test "a device is named as people name it" {
	local name

	for name in 0000:01:00.0 01:00.0 nvme0 nvme0n1 ng0n1 /dev/nvme0n1 /dev/nvme0 /sys/class/nvme/nvme0 class/block/nvme0n1 \
		/sys/bus/pci/devices/0000:01:00.0 /sys/devices/pci0000:00/0000:00:08.0/0000:01:00.0/nvme/nvme0; do
		on intel-pasid device show "$name" -rn -o device
		succeeds
		equal "$output" 0000:01:00.0
	done
	on intel-pasid device show vfio0 -rn -o device
	equal "$output" 0000:00:10.0
	on intel-pasid device show /dev/vfio/devices/vfio0 -rn -o device
	equal "$output" 0000:00:10.0
	on intel-pasid device show uio0 -rn -o device
	equal "$output" 0000:00:11.0
	on intel-pasid device show virtio1 -rn -o device
	equal "$output" 0000:00:1e.1
}

@test "a name that matches several devices is refused, with the candidates" {
	local tree

	tree=$(own intel-pasid)
	mkdir -p "$tree/sys/class/misc" "$tree/sys/devices/pci0000:00/0000:00:10.0/misc/nvme0" \
		"$tree/sys/devices/pci0000:00/0000:00:05.0/misc/nvme0"
	ln -s ../../devices/pci0000:00/0000:00:10.0/misc/nvme0 "$tree/sys/class/misc/nvme0"
	mkdir -p "$tree/sys/class/other"
	ln -s ../../devices/pci0000:00/0000:00:05.0/misc/nvme0 "$tree/sys/class/other/nvme0"
	on intel-pasid device show nvme0
	fails 2 "nvme0: is the name of several devices: 0000:00:05.0, 0000:00:10.0, 0000:01:00.0" \
		"use one of these names"
	on intel-pasid group show nvme0
	[[ $status == 2 ]]
}

@test "a device that does not exist is status 6" {
	local name

	for name in 0000:09:00.0 09:00.0 eth9 10.0 . .. / /etc/passwd ../../etc /dev/null 0000:00:10 '*' lo \
		/sys/kernel sys/kernel/iommu_groups/6 $'eth0\n' "$(printf 'x%.0s' {1..5000})"; do
		on intel-pasid device show "$name"
		[[ $status == 6 ]]
		says "no such device"
	done
	on intel-pasid device show eth9
	fails 6 "eth9: no such device" "'ioasidctl device list' shows all devices"
}

@test "text typed by the user does not control the terminal" {
	on intel-pasid device show $'\e[31mred\e[0m'
	[[ $status == 6 ]]
	says '\x1b[31mred'
}

@test "filters: class, driver, and absent values" {
	on intel-pasid device list -rn -o device class=ethernet
	equal "$(xargs <<<"$output")" "0000:00:03.0 0000:02:00.0 0000:03:02.0"
	on intel-pasid device list -rn -o device class=ethernet driver=igb,e1000
	equal "$(xargs <<<"$output")" "0000:02:00.0 0000:03:02.0"
	on intel-pasid device list -rn -o device driver= 'class=uncl*'
	equal "$(xargs <<<"$output")" "0000:00:05.0 0000:03:01.0"
	on intel-pasid device list -rn -o device opener=98
	equal "$output" "0000:00:10.0"
	on intel-pasid device list -rn -o device pasid_width=20
	equal "$output" "0000:00:10.0"
	on intel-pasid device list -rn -o device block=nvme*
	equal "$output" "0000:01:00.0"
}

@test "without an IOMMU there are devices, in no group" {
	on none device list -j -o device,group,iommu
	succeeds
	json 'length == 13 and all(.[]; .group == null and .iommu == null)'
}

@test "attachment of own requests: an IOAS, nothing, the kernel's domain, a process that has the group" {
	on intel-contexts device list -o device,attached \
		'device=0000:00:03.0,0000:00:0a.0,0000:00:10.0,0000:00:11.0,0000:02:00.0,0000:03:*'
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       ATTACHED
		0000:00:03.0 domain DMA-FQ
		0000:00:0a.0 vfio, pid 130 (bash)
		0000:00:10.0 ioas mem (lab)
		0000:00:11.0 domain blocked (lab)
		0000:02:00.0 ioas 2 (other)
		0000:03:01.0 vfio, pid 130 (bash)
		0000:03:02.0 vfio, pid 130 (bash)
	END
	)"
	on intel-contexts device show 00:10.0 -j -o attached
	succeeds
	json '. == { attached: { kind: "ioas", id: 3, name: "mem", context: "lab", hwpt: 5 } }'
	on intel-contexts device show 03:02.0 -j -o attached
	json '. == { attached: { kind: "opener", id: 130, name: "bash", context: null, hwpt: null } }'
	on intel-contexts device show 00:11.0 -j -o attached
	json '. == { attached: { kind: "domain", id: null, name: "blocked", context: "lab", hwpt: null } }'
	on intel-contexts device show 02:00.0
	contains "$output" $'\nATTACHED:           ioas 2 (other)\n'
	on intel-contexts device list
	[[ $output != *ATTACHED* ]]
	on intel-contexts driver list -o device,attached
	contains "$output" '0000:00:10.0 ioas mem (lab)'
}

@test "a context's record of a device is believed only if its holder has the device open" {
	local tree

	tree=$(own intel-contexts)
	# Another user's holder claims a disk, and a device that another context has.
	jq '.context |= map(if .name == "other" then .describe.device = (.describe.device[:1] | map(.device = "0000:01:00.0"))
		+ (.describe.device[:1] | map(.device = "0000:00:10.0")) else . end)' \
		"$tree/ioasidctl/contexts.json" >"$BATS_TEST_TMPDIR/new"
	cp "$BATS_TEST_TMPDIR/new" "$tree/ioasidctl/contexts.json"
	on intel-contexts device list -rn -o device,attached 'device=*:01:00.0,*:10.0,*:02:00.0'
	succeeds
	equal "$output" "$(printf '%s\n' '0000:00:10.0 ioas\x20mem\x20(lab)' '0000:01:00.0 domain\x20DMA-FQ' \
		'0000:02:00.0 vfio,\x20pid\x20124\x20(ioasid:other)')"
}

@test "a context that is busy says which command does what it does, for every method that changes it" {
	local tree method methods

	tree=$(own intel-contexts)
	mapfile -t methods < <(tr '\n' ' ' <"$ROOT/src/wire/org.ioasidctl.Context.varlink" |
		grep -oP '\bmethod \K\w+(?=\([^)]*\bdry_run\b)')
	((${#methods[@]} >= 13))
	for method in "${methods[@]}"; do
		jq --arg method "$method" '.context |= map(.describe.busy =
			{ change: 1, method: $method, device: null, call: "x", since: 1795826161 })' \
			"$BATS_FILE_TMPDIR/intel-contexts/ioasidctl/contexts.json" >"$tree/ioasidctl/contexts.json"
		on intel-contexts context show lab -j -o busy
		# shellcheck disable=SC2046	# words
		"$IOASIDCTL" $(jq -r .busy.change <<<"$output") --help | grep -q -- --dry-run
	done
}

@test "if contexts or processes cannot be read, the attachment of a VFIO device is unknown or incomplete" {
	local tree

	tree=$(own intel-contexts)
	rm -r "$tree/ioasidctl"
	on intel-contexts device show 00:10.0 -j -o attached
	ended 7
	json '. == { attached: { kind: "opener", id: 112, name: "ioasid:lab", context: null, hwpt: null },
		unreadable: { attached: "not part of the capture" } }'
	# The kernel's own domain is known anyway, without asking anyone.
	on intel-contexts device show 01:00.0 -j -o attached
	succeeds
	json '.attached.name == "DMA-FQ"'
	on intel-pasid-user device show 00:10.0 -j -o attached
	json '. == { attached: null, unreadable: { attached: "Permission denied" } }'
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
