#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# virtio-iommu publishes no registers, and has no interrupt remapping.

load machine

teardown()
{
	destroy_all
}

@test "the unit and its groups are listed, and what it does not publish is absent" {
	status 0 ctl iommu list -j
	jq -e 'any(.[]; .vendor == "virtio" and .pasid_width == null)' <<<"$output"
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

@test "system explain: a device's DMA to an address that is not mapped" {
	# QEMU does not report the kind of access.
	explains_real_faults virtio-iommu "" ""
}

@test "pasid why: the device has no PASIDs, and each link is still judged" {
	status 5 ctl pasid why "$EDU" -j
	says pasid-capability
	jq -e 'any(.[]; .check == "iommu" and .result == "ok")' <<<"$output"
}

@test "group why: each member of each group is explained" {
	explains_groups
}

# The kernel waits for the process that has the device open, no signal interrupts that, and nothing
# shows which process it is.
@test "driver set: waiting for the kernel is reported, locks others out, and can be stopped" {
	local dir=$BATS_TEST_TMPDIR setting waiting got=0

	ctl driver set "$EDU" vfio-pci
	mkfifo "$dir/hold"
	exec 8<>"$dir/hold"
	"${IOASIDCTL%/*}/tests/lab/suites/unseen" "/dev/vfio/devices/$(ls "/sys/bus/pci/devices/$EDU/vfio-dev")" \
		<"$dir/hold" >"$dir/ready" 3>&- 8>&- &
	eventually grep -q ready "$dir/ready"
	"$IOASIDCTL" driver reset "$EDU" 2>"$dir/waits" 3>&- 8>&- &
	setting=$!
	eventually grep -q "$EDU: the kernel has not returned for 3 s" "$dir/waits"
	status 1 ctl driver set "$EDU" uio_pci_sva
	says "$EDU: process $setting is changing its driver"
	kill "$setting"
	wait "$setting" || got=$?
	((got == 143))
	grep -qx "ioasidctl: $EDU: interrupted" "$dir/waits"
	waiting=$(sed -n 's/.*not returned; process \([0-9]*\) waits for it.*puts back the driver vfio-pci$/\1/p' "$dir/waits")
	[[ -d /proc/$waiting ]]
	exec 8>&-
	eventually [ ! -d "/proc/$waiting" ]
	[[ $(readlink -f /sys/bus/pci/devices/"$EDU"/driver) == */vfio-pci ]]
	[[ $(cat /sys/bus/pci/devices/"$EDU"/driver_override) == vfio-pci ]]
	wait
	ctl driver reset "$EDU"
	[[ ! -e /sys/bus/pci/devices/$EDU/driver ]]
}

# On most machines udev creates the nodes.
@test "driver set: a late node undoes nothing, and is reported as missing" {
	mkdir -p /dev/vfio/devices
	mount -t tmpfs none /dev/vfio/devices
	status 7 ctl driver set "$EDU" vfio-pci
	umount /dev/vfio/devices
	says "$EDU: its driver is vfio-pci now, but its node /dev/vfio/devices/vfio0 did not appear within 10 s"
	[[ $(readlink -f /sys/bus/pci/devices/"$EDU"/driver) == */vfio-pci ]]
	ctl driver reset "$EDU"
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
