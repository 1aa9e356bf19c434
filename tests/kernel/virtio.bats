#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# virtio-iommu has no registers to show, and no interrupt remapping.

load lib

teardown()
{
	destroy_all
}

@test "the unit and its groups are listed, what it does not publish is absent" {
	status 0 ctl iommu list -j
	jq -e 'any(.[]; .vendor == "virtio" and .pasid_width == null)' <<<"$output"
	[[ $(ctl group list -nr -o group) == "$(ls -v /sys/kernel/iommu_groups)" ]]
}

@test "device add explains the EPERM" {
	refuses_without_remapping
}

@test "system check: interrupts that are not remapped are in the way" {
	judges_without_remapping
}

@test "with unsafe interrupts allowed, a device is attached without PASIDs" {
	attaches_without_remapping
}

@test "system explain: a device's DMA to an address that is not mapped" {
	# QEMU does not tell the accesses.
	explains_real_faults virtio-iommu "" ""
}

@test "pasid why: the device has no PASIDs, and each link is judged all the same" {
	status 5 ctl pasid why "$EDU" -j
	says pasid-capability
	jq -e 'any(.[]; .check == "iommu" and .result == "ok")' <<<"$output"
}

@test "group why: each member of each group is explained" {
	explains_groups
}
