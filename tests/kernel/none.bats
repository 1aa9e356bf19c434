#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# On a machine without an IOMMU: inspecting works, changing says what is missing.

load lib

@test "inspecting commands show what there is, and their JSON is valid" {
	local noun

	for noun in group iommu pasid context driver; do
		status 0 ctl "$noun" list -j
		[[ $output == '[]' ]]
		status 0 ctl "$noun" list
		[[ -z $output ]]
	done
	status 0 ctl device list -j
	jq -e 'length > 5 and all(.[]; .group == null)' <<<"$output"
	status 0 ctl device show "$NIC" -j
	jq -e '.driver == "e1000e" and .group == null and .iommu == null' <<<"$output"
	status 0 ctl system features -j
	jq -e 'any(.[]; .feature == "iommu_groups" and .available == false)' <<<"$output"
}

@test "changing commands exit 5 and say what is missing" {
	ctl driver set "$EDU" vfio-pci || true
	export IOASIDCTL_CONTEXT=test
	if ctl context create test 2>/dev/null; then
		status 5 ctl device add "$EDU"
		says IOMMU
		ctl context destroy test
	else
		status 5 ctl context create test
	fi
	ctl driver reset "$EDU" || true
}
