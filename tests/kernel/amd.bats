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
	ctl driver set "$EDU" vfio-pci
	ctl context create test
	status 5 ctl -c test device add "$EDU"
	says 'does not remap interrupts'
	says allow_unsafe_interrupts
	ctl context destroy test
	ctl driver reset "$EDU"
}

@test "with unsafe interrupts allowed, a device is attached without PASIDs" {
	ctl driver set "$EDU" vfio-pci
	echo 1 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
	ctl context create test
	ctl -c test device add "$EDU"
	ctl -c test ioas alloc --name a
	ctl -c test device attach "$EDU" a
	status 5 ctl -c test pasid bind "$EDU" 1 a
	ctl context destroy test
	echo 0 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
	ctl driver reset "$EDU"
}
