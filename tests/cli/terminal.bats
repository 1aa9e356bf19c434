#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What people see: every list, show and help in terminals of 80 and 200 columns; colours; an empty
# list.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid amd none
	"$ROOT/tests/trees/generate" 1000 >"$BATS_FILE_TMPDIR/many.tree"
	"$ROOT/tests/tools/unpack" "$BATS_FILE_TMPDIR/many.tree" "$BATS_FILE_TMPDIR/many"
}

setup()
{
	load ../lib.bash
}

# fits TREE COMMAND...: fits in both terminals.
fits()
{
	run_both "$ROOT/tests/tools/terminal" "$IOASIDCTL" 80,200 list "$BATS_FILE_TMPDIR/$1" "${@:2}"
	succeeds
	[[ -z $output ]]
}

@test "help and lists of columns fit, without a word broken" {
	run_both "$ROOT/tests/tools/terminal" "$IOASIDCTL" 80,200 help
	succeeds
	[[ -z $output ]]
}

@test "every command on a small machine fits, with the default columns and with all" {
	fits intel-pasid "group list" "group show 5" "group why 5" "group why --all 5" "device list" \
		"device show 0000:00:10.0" "device show 0000:01:00.0" "iommu list" "iommu show dmar0" "driver list" \
		"pasid list" "pasid list --sources" "pasid show 0000:00:10.0 42" "pasid why 0000:00:10.0" \
		"pasid why --all 0000:00:11.0" "system features" "system check" "system check --all" "system tree" \
		"system tree --ascii" "group list -o +class,group-name,reserved-region" \
		"system diff $BATS_FILE_TMPDIR/intel-pasid $BATS_FILE_TMPDIR/amd"
	fits amd "group list" "device list" "iommu list" "iommu show ivhd0" "system tree" "system check --all"
}

@test "every list on a machine with 1,000 groups fits" {
	fits many "group list" "group why 5" "device list" "iommu list" "system tree" "system check --all"
}

# seen WIDTH ARGUMENT...: runs the program in a terminal.
seen()
{
	run_both "$ROOT/tests/tools/terminal" "$IOASIDCTL" "$1" run "${@:2}"
}

@test "a table at 80 columns: names are shortened, headings broken at hyphens, nothing else" {
	seen 80 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" device list 00:1f.0,00:1f.2
	equal "$output" "DEVICE       CLASS      DRIVER GROUP IOMMU NAME
0000:00:1f.0 isa bridge -         10 dmar0 Intel 82801IB (ICH9) LPC Interface C…
0000:00:1f.2 sata       -         10 dmar0 Intel 82801IR/IO/IH (ICH9R/DO/DH) 6 …"
	LC_ALL=C seen 80 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" device list 00:1f.2
	equal "$output" "DEVICE       CLASS DRIVER GROUP IOMMU NAME
0000:00:1f.2 sata  -         10 dmar0 Intel 82801IR/IO/IH (ICH9R/DO/DH) 6 por..."
	seen 80 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" iommu list dmar0
	equal "$output" "IOMMU VENDOR ADDRESS    DEVICE-COUNT DOMAINS-USED DOMAINS-SUPPORTED PASID-WIDTH
dmar0 intel  0xfed90000           18           13             65536          20"
	seen 78 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" iommu list dmar0
	equal "$output" "                        DEVICE-
IOMMU VENDOR ADDRESS      COUNT DOMAINS-USED DOMAINS-SUPPORTED PASID-WIDTH
dmar0 intel  0xfed90000      18           13             65536          20"
	COLUMNS=200 seen 80 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" device list 00:1f.0
	contains "$output" "LPC Interface Controller"
}

@test "rows that do not fit are blocks" {
	seen 80 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" \
		device list -o device,sysfs_path,class,driver,group,iommu,name 00:10.0,00:1f.2
	equal "$output" "DEVICE:     0000:00:10.0
SYSFS-PATH: /sys/devices/pci0000:00/0000:00:10.0
CLASS:      system
DRIVER:     vfio-pci
GROUP:      6
IOMMU:      dmar0
NAME:       -

DEVICE:     0000:00:1f.2
SYSFS-PATH: /sys/devices/pci0000:00/0000:00:1f.2
CLASS:      sata
DRIVER:     -
GROUP:      10
IOMMU:      dmar0
NAME:       Intel 82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]
            (QEMU Virtual Machine)"
}

@test "results are coloured only on a terminal" {
	local red=$'\e[31mbroken ' green=$'\e[32mok ' purple=$'\e[35munknown\e[0m'

	TERM=xterm seen 200 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system check --all
	contains "$output" "$red"
	contains "$output" "$green"
	contains "$output" "$purple"
	TERM=xterm seen 200 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system check -r
	clean
	TERM=xterm NO_COLOR=1 seen 200 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system check --all
	clean
	TERM=dumb seen 200 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system check --all
	clean
	on intel-pasid system check --all
	clean
}

@test "an empty list is reported on a terminal, if it is known to be empty" {
	seen 80 --sysroot "$BATS_FILE_TMPDIR/none" group list
	equal "$output" "ioasidctl: note: no IOMMU groups"
	seen 80 --sysroot "$BATS_FILE_TMPDIR/none" iommu list vendor=intel
	equal "$output" "ioasidctl: note: no IOMMU units that match"
	seen 80 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" device list driver=nothing
	equal "$output" "ioasidctl: note: no devices that match"
	seen 80 --sysroot "$BATS_FILE_TMPDIR/none" driver list
	equal "$output" "ioasidctl: note: no devices with a driver override"
	seen 80 --sysroot "$BATS_FILE_TMPDIR/intel-pasid" pasid list 00:12.0
	equal "$output" "ioasidctl: note: no PASIDs that match"
	# Without the contexts there may be PASIDs.
	rm -r "$(own intel-pasid)/ioasidctl"
	seen 200 --sysroot "$BATS_TEST_TMPDIR/intel-pasid" pasid list 00:12.0
	[[ $output == *"were not captured"* && $output != *"no PASIDs"* ]]
	seen 80 --sysroot "$BATS_FILE_TMPDIR/none" group list -j
	equal "$output" "[]"
	on none group list
	succeeds
	[[ -z $output ]]
}
