#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU's AMD-Vi: interrupt remapping does not come up, so that binding is EPERM.

load lib

teardown()
{
	destroy_all
}

@test "the unit, its features and its groups are listed" {
	status 0 ctl iommu show ivhd0 -j
	jq -e '.vendor == "amd" and .features != null and (.field | length > 10)' <<<"$output"
	[[ $(ctl group list -nr -o group) == "$(ls -v /sys/kernel/iommu_groups)" ]]
}

@test "device add explains the EPERM" {
	refuses_without_remapping
}

@test "with unsafe interrupts allowed, a device is attached without PASIDs" {
	attaches_without_remapping
}

logged()
{
	ctl system explain -rn -o source,device,kind,flags | grep -qxF "$1"
}

@test "system explain: a device's DMA to an address that is not mapped" {
	"${BUILD:-build}/lab/edu" "$EDU" write 0xdead000
	# QEMU calls every fault that of an interrupt, at address 0.
	eventually logged "amd-vi $EDU interrupt 0xa"
}

@test "pasid why: the device has no PASIDs, and each link is judged all the same" {
	status 5 ctl pasid why "$EDU" -j
	says pasid-capability
	jq -e 'any(.[]; .check == "iommu" and .result == "ok")' <<<"$output"
}
