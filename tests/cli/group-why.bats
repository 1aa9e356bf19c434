#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# group why: each reason to share a group, and each obstacle, is the one reported for some captured
# machine. If no machine of the lab has it, a file of a captured tree is changed, and the test shows
# which.

NIC=0000:00:03.0
DISK=0000:01:00.0
DISK_PATH=sys/devices/pci0000:00/0000:00:08.0/$DISK
WIDE=0000:00:10.0
ACS=0d

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-pasid-user intel-legacy intel-paths amd virtio none sriov
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

# row OBJECT CHECK: that row of the last command, as "result seen|remedy".
row()
{
	jq -r --arg object "$1" --arg check "$2" \
		'.[] | select(.object == $object and .check == $check) | "\(.result) \(.seen)|\(.remedy // "-")"' \
		<<<"$output"
}

# reasons OBJECT: the checks that explain why it is in its group.
reasons()
{
	jq -r --arg object "$1" '[.[] | select(.object == $object and .check != "driver" and
		.result != "blocked" and .check != "ready").check] | join(" ")' <<<"$output"
}

# asked STATUS TREE OPERAND [OPTION...]: runs it with JSON output.
asked()
{
	on "$2" group why "${@:3}" -j
	ended "$1"
}

# member TREE GROUP PATH: puts a device into a group. Creates its directory if missing.
member()
{
	local up=${3//[^\/]/}

	up=..${up//\//\/..}
	mkdir -p "$1/sys/kernel/iommu_groups/$2/devices" "$1/sys/devices/$3"
	ln -sfn "../../../../devices/$3" "$1/sys/kernel/iommu_groups/$2/devices/${3##*/}"
	ln -sfn "$up/../kernel/iommu_groups/$2" "$1/sys/devices/$3/iommu_group"
}

@test "each member of each group of the machines is explained by a rule of PCI" {
	local tree group

	for tree in intel-pasid intel-legacy intel-paths amd virtio sriov; do
		on $tree group list -j -o group,device
		echo "$output" >"$BATS_TEST_TMPDIR/groups"
		for group in $(jq '.[].group' "$BATS_TEST_TMPDIR/groups"); do
			on $tree group why "$group" -j
			jq -e --argjson group "$group" --slurpfile groups "$BATS_TEST_TMPDIR/groups" '
				["pci-bridge", "bridge-acs", "multifunction-acs", "dma-alias"] as $shared |
				($groups[0][] | select(.group == $group).device) as $members | . as $rows |
				all($members[]; . as $member | [$rows[] | select(.object == $member).check] |
					contains(["driver"]) and if $members | length == 1 then contains(["alone"])
					else any(.[]; IN($shared[])) and (contains(["alone"]) | not) end) and
				all(.[]; .check != "iommu-driver" and .result != "unknown" and .seen != "")' <<<"$output"
		done
	done
}

@test "why devices share a group, in captured machines" {
	asked 3 intel-pasid 03:01.0
	equal "$(row 0000:03:01.0 pci-bridge)" \
		'warning behind 0000:00:0a.0, a PCIe-to-PCI bridge|move the device to a slot of PCI Express'
	equal "$(row 0000:00:0a.0 pci-bridge)" \
		'warning PCIe-to-PCI bridge, in one group with what is behind it|move the device to a slot of PCI Express'
	asked 0 intel-paths 0000:05:00.0
	contains "$(row 0000:05:00.0 bridge-acs)" 'warning behind 0000:04:00.0, a downstream port without ACS|turn ACS on'
	contains "$(row 0000:04:00.0 bridge-acs)" 'warning downstream port without ACS, in one group with what'
	asked 0 intel-paths 0000:02:00.0
	contains "$(row 0000:02:00.0 bridge-acs)" 'behind 0000:00:05.0, a root port whose ACS lacks SV RR CR UF|boot without'
	asked 0 intel-paths 0000:00:07.1
	contains "$(row 0000:00:07.1 multifunction-acs)" 'warning conventional PCI function, which has no ACS, of one device with 0000:00:07.0|'
	asked 0 intel-paths 0000:00:0b.0
	equal "$(row 0000:00:0b.0 dma-alias)" "note uses the requester ID of $WIDE too (a quirk that Linux knows)|-"
	equal "$(row $WIDE dma-alias)" 'note 0000:00:0b.0 uses its requester ID too (a quirk that Linux knows)|-'
}

@test "why devices are alone, in captured machines" {
	asked 3 intel-pasid $DISK
	equal "$(row $DISK alone)" 'ok the only member: endpoint, the only function of its device, behind 0000:00:08.0, which isolates|-'
	asked 3 intel-pasid $NIC
	equal "$(row $NIC alone)" 'ok the only member: integrated endpoint, the only function of its device, on the root bus|-'
	asked 0 sriov 0000:01:00.7
	equal "$(row 0000:01:00.7 alone)" 'ok the only member: virtual function of 0000:01:00.0, behind 0000:00:10.0, which isolates|-'
}

# Linux has quirks for devices that isolate although their registers do not say so.
@test "alone although a port above has no ACS: the kernel has a quirk" {
	local tree file

	tree=$(own intel-pasid)
	file=$(config "$tree" 0000:00:08.0)
	poke "$file" "$(extended "$file" $ACS)" 255
	asked 3 intel-pasid $DISK
	contains "$(row $DISK alone)" \
		'behind 0000:00:08.0, a root port without ACS, but the kernel isolates what is below it'
}

# A tree that follows Documentation/devicetree/bindings/iommu: two devices with one stream ID.
@test "devices that are not PCI: the IOMMU's driver joined them" {
	local tree device

	tree=$(own virtio)
	for device in 40a00000.dma 40b00000.dma; do
		member "$tree" 40 platform/$device
		ln -s ../../../bus/platform "$tree/sys/devices/platform/$device/subsystem"
	done
	printf 'DRIVER=dma-pl330\n' >"$tree/sys/devices/platform/40a00000.dma/uevent"
	: >"$tree/sys/devices/platform/40b00000.dma/uevent"
	asked 3 virtio 40
	equal "$(row 40b00000.dma iommu-driver)" 'note platform device, not a PCI device|-'
	equal "$(row 40a00000.dma driver)" \
		'blocked bound to dma-pl330|echo 40a00000.dma > /sys/bus/platform/drivers/dma-pl330/unbind'
	rm "$tree/sys/kernel/iommu_groups/40/devices/40a00000.dma"
	asked 0 virtio 40
	equal "$(row 40b00000.dma alone)" 'ok the only member: platform device, not a PCI device|-'
}

@test "a member that no rule of PCI joins with the others is reported as such" {
	local tree

	tree=$(own intel-pasid)
	member "$tree" 5 pci0000:00/$NIC
	asked 3 intel-pasid 5
	equal "$(row $NIC iommu-driver)" 'note no rule of PCI joins it with the other members|-'
	equal "$(reasons 0000:03:01.0)" pci-bridge
	# Two that are joined with each other, but not with the rest.
	member "$tree" 5 pci0000:00/0000:00:1e.0
	member "$tree" 5 pci0000:00/0000:00:1e.1
	asked 3 intel-pasid 5
	equal "$(jq -r '[.[] | select(.check == "iommu-driver").object] | sort | join(" ")' <<<"$output")" "$NIC 0000:00:1e.0"
	equal "$(row 0000:00:1e.0 iommu-driver)" 'note no rule of PCI joins it, and those it is joined with, with the other members|-'
}

# A tree that follows drivers/pci/controller/vmd.c.
@test "a PCI domain of its own: its devices do DMA with the requester ID of one" {
	local tree vmd=pci0000:00/0000:00:0e.0 port

	tree=$(own intel-pasid)
	port=$vmd/pci10000:e0/10000:e0:06.0
	member "$tree" 50 $vmd
	member "$tree" 50 $port
	cp "$tree/sys/devices/pci0000:00/$WIDE/config" "$tree/sys/devices/$vmd/"
	cp "$tree/sys/devices/pci0000:00/0000:00:08.0/config" "$tree/sys/devices/$port/"
	printf 'DRIVER=vmd\nPCI_CLASS=10400\n' >"$tree/sys/devices/$vmd/uevent"
	printf 'DRIVER=pcieport\nPCI_CLASS=60400\n' >"$tree/sys/devices/$port/uevent"
	asked 3 intel-pasid 50
	equal "$(row 10000:e0:06.0 dma-alias)" 'note in a PCI domain of 0000:00:0e.0, which does its DMA|-'
	equal "$(row 0000:00:0e.0 dma-alias)" 'note does the DMA of a PCI domain of its own|-'
	equal "$(row 0000:00:0e.0 driver)" 'blocked bound to vmd|ioasidctl driver set 0000:00:0e.0 vfio-pci'
}

@test "obstacles in captured machines" {
	asked 3 intel-pasid $DISK
	equal "$(row $DISK mount)" 'blocked /dev/nvme0n1 is mounted on /mnt/data|umount /mnt/data'
	says "ioasidctl: $DISK: the group cannot be assigned: mount: $DISK: /dev/nvme0n1 is mounted on /mnt/data" \
		'hint: umount /mnt/data'
	asked 3 intel-pasid $WIDE
	contains "$(row $WIDE in-use)" '(ioasid:vm) has /dev/vfio/devices/vfio0 open|ioasidctl context list'
	equal "$(row $WIDE driver)" 'ok bound to vfio-pci|-'
	asked 3 intel-pasid 5
	equal "$(row 0000:03:02.0 driver)" 'blocked bound to e1000|ioasidctl driver set 0000:03:02.0 vfio-pci'
	says 'ioasidctl: 5: the group cannot be assigned: driver: 0000:03:02.0: bound to e1000'
	equal "$(row 0000:03:01.0 driver)" 'ok no driver|-'
	asked 0 intel-pasid 3
	equal "$(row 0000:00:08.0 driver)" 'ok bound to pcieport|-'
	quiet
	asked 3 sriov $DISK
	contains "$(row $DISK virtual-functions)" 'blocked it has 124 virtual functions|echo 0 > /sys/devices/'
}

@test "obstacles: swap, what is stacked on a disk, an interface" {
	local tree md=sys/devices/virtual/block/md0

	tree=$(own intel-legacy)
	printf 'Filename Type\n/dev/nvme0n1 partition 1 2 3\n' >"$tree/proc/swaps"
	: >"$tree/proc/self/mountinfo"
	asked 3 intel-legacy $DISK
	equal "$(row $DISK swap)" 'blocked /dev/nvme0n1 is in use as swap|swapoff /dev/nvme0n1'
	: >"$tree/proc/swaps"
	mkdir -p "$tree/$md"
	ln -s ../../devices/virtual/block/md0 "$tree/sys/class/block/md0"
	mkdir -p "$(echo "$tree/$DISK_PATH"/nvme/nvme0/nvme0*n1)/holders"
	ln -s x "$(echo "$tree/$DISK_PATH"/nvme/nvme0/nvme0*n1)/holders/md0"
	asked 3 intel-legacy $DISK
	equal "$(row $DISK stacked)" 'blocked /dev/nvme0n1 is held by md0|mdadm --stop /dev/md0'
	echo 0x1003 >"$(echo "$tree"/sys/devices/pci0000:00/$NIC/net/*/flags)"
	asked 3 intel-legacy $NIC
	contains "$(row $NIC network)" ' is up|ip link set dev eth'
}

# As in the kernel, which decides by driver, not by class.
@test "the driver of an ISA bridge blocks the group, and is not changed by driver set" {
	local tree

	tree=$(own intel-pasid)
	sed -i '1i DRIVER=lpc_ich' "$tree/sys/devices/pci0000:00/0000:00:1f.0/uevent"
	asked 3 intel-pasid 0000:00:1f.2
	equal "$(row 0000:00:1f.0 driver)" \
		'blocked bound to lpc_ich|echo 0000:00:1f.0 > /sys/bus/pci/drivers/lpc_ich/unbind'
}

@test "what cannot be measured is unknown, and is reported" {
	local tree

	asked 3 intel-pasid-user 5
	says 'ioasidctl: note: 3 findings could not be measured; 3 for lack of permission: run as root'
	equal "$(row 0000:03:01.0 bridge-acs)" \
		'unknown behind 0000:00:0a.0, whose kind and ACS could not be measured: not permitted|run as root'
	asked 0 intel-pasid-user 0000:00:1f.0
	equal "$(reasons 0000:00:1f.0)" multifunction-acs
	contains "$(row 0000:00:1f.0 multifunction-acs)" 'unknown of one device with others, whose ACS could not be measured'
	asked 0 intel-pasid-user $WIDE
	equal "$(row $WIDE in-use)" 'unknown the open files of all processes could not be read: Permission denied|-'
	says '1 finding could not be measured; 1 for lack of permission: run as root'
	tree=$(own intel-pasid)
	echo suspended >"$tree/sys/devices/pci0000:00/0000:00:08.0/power/runtime_status"
	asked 3 intel-pasid $DISK
	equal "$(row $DISK alone)" \
		'unknown the only member; what isolates it could not be measured: asleep, and reading would wake it|run again with --wake'
	asked 3 intel-pasid $DISK --wake
	contains "$(row $DISK alone)" 'ok the only member: endpoint'
	rm -r "$tree/sys/class/net"
	ln -s errno:13 "$tree/sys/class/net"
	asked 3 intel-pasid $NIC
	equal "$(row $NIC network)" 'unknown the network interfaces could not be read: Permission denied|-'
	# Of each member that would lose its driver.
	member "$tree" 5 pci0000:00/$NIC
	asked 3 intel-pasid 5
	equal "$(jq -r '.[] | select(.check == "network").object' <<<"$output")" "$NIC"$'\n'0000:03:02.0
}

@test "names do not control the terminal" {
	local tree name=$'platform/a\e[31m'

	tree=$(own virtio)
	member "$tree" 40 "$name"
	printf 'DRIVER=\e[31m\n' >"$tree/sys/devices/$name/uevent"
	on virtio group why 40
	ended 3
	clean
}

@test "people see the verdict first, then what needs attention, and the rest with --all" {
	on intel-pasid group why eth0
	ended 3
	equal "$output" "$(cat <<-'END'
		group 5 blocked not ready: driver: 0000:03:02.0: bound to e1000

		RESULT  CHECK      OBJECT       SEEN                                                    REMEDY
		warning pci-bridge 0000:00:0a.0 PCIe-to-PCI bridge, in one group with what is behind it move the device to a slot of PCI Express
		warning pci-bridge 0000:03:01.0 behind 0000:00:0a.0, a PCIe-to-PCI bridge               move the device to a slot of PCI Express
		warning pci-bridge 0000:03:02.0 behind 0000:00:0a.0, a PCIe-to-PCI bridge               move the device to a slot of PCI Express
		blocked driver     0000:03:02.0 bound to e1000                                          ioasidctl driver set 0000:03:02.0 vfio-pci

		2 findings need no action: --all shows them too
	END
	)"
}

@test "columns can be chosen" {
	on intel-pasid group why eth0 -o check,object,result
	ended 3
	equal "$(sed -n '3,4p' <<<"$output")" "$(cat <<-'END'
		CHECK      OBJECT       RESULT
		pci-bridge 0000:00:0a.0 warning
	END
	)"
	on intel-pasid group why eth0 -jo check,meaning
	contains "$(jq -r '.[1].meaning' <<<"$output")" 'the IOMMU sees one requester for all that is behind such a bridge'
}

# As for a device that the firmware shares memory with (RMRR, unity map):
# /sys/kernel/iommu_groups/N/reserved_regions.
@test "a direct region keeps a group from VFIO, a relaxable one does not" {
	local tree

	tree=$(own intel-pasid)
	printf '0x%016x 0x%016x %s\n' 0x27b00000 0x286fffff direct 0xfee00000 0xfeefffff msi \
		>"$tree/sys/kernel/iommu_groups/6/reserved_regions"
	asked 5 intel-pasid $WIDE
	contains "$(row $WIDE reserved-region)" 'blocked direct region 0x27b00000-0x286fffff|look in the firmware'
	says "ioasidctl: $WIDE: the group cannot be assigned: reserved-region: $WIDE: direct region 0x27b00000-0x286fffff" \
		'hint: look in the firmware'
	on intel-pasid pasid why $WIDE -j
	ended 5
	contains "$(row $WIDE reserved-region)" 'blocked direct region'
	on intel-pasid pasid why $WIDE --for sva -j
	equal "$(row $WIDE reserved-region)" ''
	sed -i 's/ direct$/ direct-relaxable/' "$tree/sys/kernel/iommu_groups/6/reserved_regions"
	asked 3 intel-pasid $WIDE
	equal "$(row $WIDE reserved-region)" ''
	# With several members it is not known which one has it.
	printf '0x0 0xfff direct\n' >"$tree/sys/kernel/iommu_groups/5/reserved_regions"
	asked 5 intel-pasid 5
	contains "$(row 'group 5' reserved-region)" 'blocked direct region 0-0xfff|'
	ln -sf errno:13 "$tree/sys/kernel/iommu_groups/5/reserved_regions"
	asked 3 intel-pasid 5
	contains "$(row 'group 5' reserved-region)" 'unknown could not be measured: not permitted'
}

@test "wrong operands" {
	on intel-pasid group why
	ended 2
	on intel-pasid group why 5 6
	ended 2
	on intel-pasid group why 99
	fails 6 '99: no such IOMMU group' "'ioasidctl group list' shows all groups"
	on none group why $NIC
	fails 6 "$NIC: the device is in no IOMMU group"
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
