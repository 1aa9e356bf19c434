#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The device has PASIDs, but the IOMMU in legacy mode does not: the kernel returns success to a bind
# and does nothing.

load machine

E1000=0000:02:02.0 # behind the bridge
ISA=0000:00:1f.0   # one of three functions of a device
SATA=0000:00:1f.2

teardown()
{
	[[ -z ${OPENER-} ]] || kill "$OPENER"
	destroy_all
}

# obstructed GROUP CHECK: the status is 3, and CHECK is the first obstacle.
obstructed()
{
	status 3 ctl group why "$1" -j
	jq -e --arg check "$2" 'map(select(.result == "blocked" and .check != "ready"))[0].check == $check' <<<"$output"
}

# cure GROUP: follows the advice until nothing blocks the group.
cure()
{
	local i remedy

	for ((i = 0; i < 10; i++)); do
		ctl group why "$1" -j >"$BATS_TEST_TMPDIR/why" && return 0
		remedy=$(jq -r 'map(select(.result == "blocked" and .check != "ready"))[0].remedy' "$BATS_TEST_TMPDIR/why")
		echo "$remedy"
		PATH=${IOASIDCTL%/*}:$PATH bash -c "$remedy" || return 1
	done
	return 1
}

net_of()
{
	ls /sys/bus/pci/devices/"$1"/net
}

@test "a PASID is refused if the IOMMU does not support it" {
	[[ $(ctl iommu list -nr -o pasid_width vendor=intel) == 0 ]]
	ctl driver set "$WIDE" vfio-pci
	ctl context create test
	export IOASIDCTL_CONTEXT=test
	ctl device add "$WIDE"
	ctl ioas alloc --name a
	status 5 ctl pasid bind "$WIDE" 1 a
	says "$WIDE"
	status 5 ctl pasid why "$WIDE"
	says "$WIDE: no PASIDs for VFIO: iommu-scalable-mode: dmar0"
	[[ $(ctl pasid list -j) == '[]' ]]
	ctl device attach "$WIDE" a
	ctl context destroy test
	ctl driver reset "$WIDE"
}

@test "the device's own capability is still shown" {
	[[ $(ctl device show "$WIDE" -j | jq -c '[.pasid_supported, .pasid_width, .pasid_enabled]') == '[true,20,false]' ]]
}

@test "system explain: a device's DMA to an address that is not mapped" {
	explains_real_faults dmar write read
}

@test "system check: ready for passthrough, but not for PASIDs" {
	judged 0 ok broken broken
	status 0 ctl system check passthrough
	status 5 ctl system check pasid
	says 'pasid: not ready: iommu-scalable-mode: dmar0'
	says "hint: give the virtual machine's IOMMU scalable mode and PASIDs"
	# No device has a VFIO driver: then only root can use one, whatever the mode of
	# /dev/vfio/vfio.
	status 3 ctl system check unprivileged
	says 'unprivileged: not ready: vfio-devices: '
	ctl driver set "$EDU" vfio-pci
	status 4 ctl system check unprivileged
	says 'unprivileged: not ready: node-access: '
	chown 1000 "/dev/vfio/$(ctl device show "$EDU" -nro group)"
	status 0 user ioasidctl system check unprivileged
	ctl driver reset "$EDU"
}

@test "group why: each member of each group is explained" {
	explains_groups
}

@test "group why: its advice frees a group, and the kernel assigns it" {
	ip link set "$(net_of $E1000)" up
	ctl driver set 0000:02:01.0 vfio-pci
	ctl context create test
	status 5 ctl -c test device add 0000:02:01.0
	obstructed 0000:02:01.0 network
	[[ $(reason 0000:02:01.0 0000:00:0a.0 driver) == 'ok no driver' ]]
	cure 0000:02:01.0
	ctl -c test device add 0000:02:01.0
	obstructed 0000:02:01.0 in-use
	[[ $output == *'(ioasid:test)'* ]]
	cure 0000:02:01.0
	ctl driver reset 0000:02:01.0
	ctl driver reset $E1000
	status 3 ctl group why 0000:02:01.0
	says "the group cannot be assigned: driver: $E1000: bound to e1000"
}

@test "group why: the driver of an ISA bridge blocks the group, as in the kernel" {
	ctl driver set $SATA vfio-pci
	ctl context create test
	echo uio_pci_generic >/sys/bus/pci/devices/$ISA/driver_override
	echo $ISA >/sys/bus/pci/drivers_probe
	status 5 ctl -c test device add $SATA
	status 3 ctl group why $SATA
	says "$ISA: bound to uio_pci_generic"
	cure $SATA
	status 0 ctl group why $SATA
	ctl -c test device add $SATA
	ctl context destroy test
	echo >/sys/bus/pci/devices/$ISA/driver_override
	ctl driver reset $SATA
}

@test "group why: uses of a disk" {
	mkfs.ext4 -q /dev/nvme0n1
	mkdir -p /mnt/disk
	mount /dev/nvme0n1 /mnt/disk
	obstructed "$DISK" mount
	umount /mnt/disk
	rm -f /tmp/mounted
	unshare -m bash -c 'mount /dev/nvme0n1 /mnt/disk && : >/tmp/mounted && exec sleep 1000' 3>&- &
	OPENER=$!
	eventually test -e /tmp/mounted
	obstructed "$DISK" claimed
	kill $OPENER
	wait $OPENER || true
	OPENER=
	mkswap -q /dev/nvme0n1
	swapon /dev/nvme0n1
	obstructed "$DISK" swap
	swapoff /dev/nvme0n1
	dmsetup create vg-home <<<'0 1000 linear /dev/nvme0n1 0'
	obstructed "$DISK" stacked
	[[ $(reason "$DISK" "$DISK" stacked) == 'blocked /dev/nvme0n1 is held by dm-'*' (vg-home)' ]]
	cure "$DISK"
	ctl driver reset "$DISK"
	eventually test -e /dev/nvme0n1
}

@test "group why: interfaces and default routes, of every family and table" {
	local net

	net=$(net_of "$NIC")
	# QEMU's network sends router advertisements.
	echo 0 | tee /proc/sys/net/ipv6/conf/{all,default,"$net"}/accept_ra
	status 3 ctl group why "$NIC"
	ip link set "$net" up
	[[ $(reason "$NIC" "$NIC" network) == "blocked $net is up" ]]
	ip -6 route add default dev "$net" table 77
	[[ $(reason "$NIC" "$NIC" network) == "blocked $net is up, with a default route" ]]
	ip -6 route del default dev "$net" table 77
	ip link add br0 type bridge
	ip link set "$net" master br0
	ip link set br0 up
	ip link add link br0 name br0.5 type vlan id 5
	ip link set br0.5 up
	[[ $(reason "$NIC" "$NIC" network) == "blocked $net is up and a part of br0" ]]
	ip link add dummy7 type dummy
	ip link set dummy7 up
	ip -6 route add default nexthop via fe80::1 dev dummy7 nexthop via fe80::1 dev br0.5
	[[ $(reason "$NIC" "$NIC" network) == "blocked $net is up and a part of br0, with a default route over br0.5" ]]
	status 3 ctl driver set "$NIC" vfio-pci
	says 'refused: '"$net"' is up and a part of br0, with a default route over br0.5'
	ip link del br0
	ip link del dummy7
	ip link set "$net" down
	ip netns add elsewhere
	ip link set "$net" netns elsewhere
	[[ $(reason "$NIC" "$NIC" network) == 'blocked a network interface of it is in another network namespace' ]]
	ip netns del elsewhere
	eventually test -e /sys/class/net/"$net"
}

@test "group why: a sleeping device is not read, unless woken" {
	local asleep=/sys/bus/pci/devices/$EDU/power/runtime_status

	ctl driver set "$EDU" vfio-pci
	eventually grep -q suspended "$asleep"
	status 0 ctl group why "$EDU"
	says '1 finding could not be measured'
	grep suspended "$asleep"
	[[ $(reason "$EDU" "$EDU" alone) == 'unknown the only member; what isolates it could not be measured: asleep'* ]]
	status 0 ctl group why "$EDU" --wake -j
	jq -e '.[0].result == "ok"' <<<"$output"
	ctl driver reset "$EDU"
}

@test "group why: a mediated device is not a PCI device, and its driver lets the group be assigned" {
	local uuid=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001

	echo $uuid >/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create
	status 0 ctl group why $uuid
	[[ $(reason $uuid $uuid alone) == 'ok the only member: mdev device, not a PCI device' ]]
	[[ $(reason $uuid $uuid driver) == 'ok bound to mtty' ]]
	echo 1 >/sys/bus/mdev/devices/$uuid/remove
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
