#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# driver list; driver set and reset as far as they go without writing

setup_file()
{
	load ../lib.bash
	unpack intel-pasid none
}

setup()
{
	load ../lib.bash
}

@test "the devices with an override are listed" {
	on intel-pasid driver list -o device,driver,driver_override,group
	succeeds
	equal "$output" "$(cat <<-'END'
		DEVICE       DRIVER      DRIVER-OVERRIDE GROUP
		0000:00:10.0 vfio-pci    vfio-pci            6
		0000:00:11.0 uio_pci_sva uio_pci_sva         7
	END
	)"
	on none driver list -j
	succeeds
	equal "$output" '[]'
}

@test "a dry run prints each write in order" {
	on intel-pasid driver set --dry-run eth1 vfio-pci
	succeeds
	equal "$output" "$(cat <<-'END'
		write /sys/devices/pci0000:00/0000:00:03.0/driver_override vfio-pci
		write /sys/bus/pci/drivers/e1000e/unbind 0000:00:03.0
		write /sys/bus/pci/drivers_probe 0000:00:03.0
	END
	)"
	on intel-pasid driver set --dry-run 00:05.0 vfio-pci
	succeeds
	equal "$output" "$(cat <<-'END'
		write /sys/devices/pci0000:00/0000:00:05.0/driver_override vfio-pci
		write /sys/bus/pci/drivers_probe 0000:00:05.0
	END
	)"
	on intel-pasid driver set --dry-run vfio0 vfio-pci
	succeeds
	[[ -z $output ]]
}

@test "a captured tree cannot be changed" {
	local before

	before=$(find "$BATS_FILE_TMPDIR/intel-pasid" -type f -exec sha256sum {} + | sha256sum)
	on intel-pasid driver set 00:05.0 vfio-pci
	fails 2 "00:05.0: a captured tree cannot be changed"
	on intel-pasid driver reset 00:05.0
	fails 2 "00:05.0: a captured tree cannot be changed"
	equal "$(find "$BATS_FILE_TMPDIR/intel-pasid" -type f -exec sha256sum {} + | sha256sum)" "$before"
}

@test "what is in use is refused, with what uses it and what would free it" {
	on intel-pasid driver set --dry-run nvme0 vfio-pci
	fails 3 "nvme0: refused: /dev/nvme0n1 is mounted on /mnt/data" "'umount /mnt/data' would free it"
	on intel-pasid driver set --dry-run 00:10.0 uio_pci_sva
	fails 3 "00:10.0: refused: process 98 (ioasid:vm) has /dev/vfio/devices/vfio0 open" \
		"'ioasidctl -c vm device remove 0000:00:10.0' would free it"
	on intel-pasid driver reset --dry-run 00:11.0
	fails 3 "00:11.0: refused: process 107 (bash) has /dev/uio0 open" \
		"'systemctl stop accelerator.service' would free it"
	on intel-pasid driver set --dry-run 00:08.0 vfio-pci
	fails 3 "00:08.0: refused: 0000:00:08.0 is a pci bridge"
}

@test "a driver or device that is not there is status 6" {
	on intel-pasid driver set --dry-run 00:05.0 nodriver
	fails 6 "nodriver: no such PCI driver in this kernel" "'modprobe nodriver' may load it"
	on intel-pasid driver set --dry-run 00:06.0 vfio-pci
	fails 6 "00:06.0: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid driver reset --dry-run eth9
	[[ $status == 6 ]]
}

@test "a name that is none of a driver is wrong usage" {
	local name

	for name in 'a b' .. . a/b $'a\nb'; do
		on intel-pasid driver set --dry-run 00:05.0 "$name"
		[[ $status == 2 && -z $output ]]
		says "is not the name of a driver"
	done
}

@test "without an IOMMU group vfio-pci is of no use" {
	on none driver set --dry-run 00:05.0 vfio-pci
	[[ $status == 5 && -z $output ]]
	says "00:05.0: the device is in no IOMMU group"
}
