#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system features

setup_file()
{
	load ../lib.bash
	unpack intel-pasid amd none
}

setup()
{
	load ../lib.bash
}

@test "what a tree has is shown, and ioctls are unknown, not absent" {
	on intel-pasid system features -o feature,kind,available
	[[ $status == 0 ]]
	says "note: AVAILABLE could not be read in 24 rows: not part of the capture"
	equal "$(grep -vE ' (ioctl|flag) ' <<<"$output" | sed -E 's/ +/ /g')" "$(cat <<-'END'
		FEATURE KIND AVAILABLE
		/dev/iommu node yes
		/dev/vfio/devices node yes
		/dev/vfio/vfio node yes
		vfio-pci driver yes
		uio_pci_sva driver yes
		iommu_groups sysfs yes
		iommu sysfs yes
		dmar_translation_struct debugfs yes
		devtbl debugfs no
	END
	)"
	on intel-pasid system features -j
	[[ $status == 0 ]]
	json '[.[] | select(.kind == "ioctl")] | length == 22 and
		all(.[]; .available == null and .unreadable == { available: "not part of the capture" })'
	quiet
}

@test "the purpose of each ioctl is shown" {
	on none system features -j
	ended 0
	json 'map(.about) | length == (unique | length)'
}

@test "each machine has its own features" {
	on none system features -rn -o feature,available
	contains "$output" $'\niommu_groups 0\n'
	contains "$output" $'\n/dev/vfio/devices 0\n'
	on amd system features -rn -o feature,available
	contains "$output" $'\ndevtbl 1\n'
	contains "$output" $'\ndmar_translation_struct 0\n'
}
