#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# On a machine without an IOMMU: inspecting works, changing reports what is missing.

load machine

@test "inspecting commands show what there is, as valid JSON" {
	local noun

	for noun in group pasid context driver ioas; do
		status 0 ctl "$noun" list -j
		[[ $output == '[]' ]]
		status 0 ctl "$noun" list
		[[ -z $output ]]
	done
	# The kernel's test unit exists, without devices behind it.
	status 0 ctl iommu list -j
	jq -e 'all(.[]; .device_count == 0)' <<<"$output"
	status 0 ctl device list -j
	jq -e 'length > 5 and all(.[]; .group == null)' <<<"$output"
	status 0 ctl device show "$NIC" -j
	jq -e '.driver == "e1000e" and .group == null and .iommu == null' <<<"$output"
	status 0 ctl system features -j
	jq -e 'any(.[]; .feature == "iommu_groups" and .available == false)' <<<"$output"
}

@test "changing commands exit 5 and report what is missing" {
	local verb

	status 5 ctl driver set "$EDU" vfio-pci
	says 'no IOMMU group'
	[[ ! -e /sys/bus/pci/devices/$EDU/driver ]]
	while read -ra verb; do
		status 5 ctl "${verb[@]}"
		says 'no IOMMU groups'
	done <<-EOT
		context create test
		context destroy test
		context exec test -- true
		-c test device add $EDU
		-c test device remove $EDU
		-c test device attach $EDU 1
		-c test device detach $EDU
		-c test ioas alloc
		-c test ioas free 1
		-c test ioas map 1 4K
		-c test ioas unmap 1 --all
		-c test pasid bind $EDU 1 1
		-c test pasid unbind $EDU 1
		pasid bind $EDU 1 1
	EOT
}

@test "pasid why: the device has no PASIDs, and each link is still judged" {
	status 5 ctl pasid why "$NIC" -j
	says pasid-capability
	jq -e 'any(.[]; .check == "iommu" and .result == "broken")' <<<"$output"
}

@test "system check: ready for nothing, for lack of an IOMMU" {
	judged 5 broken broken broken
	says 'not ready for any use: iommu: no IOMMU group'
	status 5 ctl system check passthrough
	status 5 user ioasidctl system check unprivileged
	says 'unprivileged: not ready: iommu'
}

@test "group why: a device is in no group" {
	status 6 ctl group why "$NIC"
	says 'in no IOMMU group'
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
