#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The device has PASIDs, the IOMMU in legacy mode has none: the kernel says yes to a bind and does nothing.

load lib

teardown()
{
	destroy_all
}

@test "a PASID is refused where the IOMMU cannot do it" {
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

@test "the device's own capability is shown all the same" {
	[[ $(ctl device show "$WIDE" -j | jq -c '[.pasid_supported, .pasid_width, .pasid_enabled]') == '[true,20,false]' ]]
}

@test "system explain: a device's DMA to an address that is not mapped" {
	explains_real_faults dmar write read
}
