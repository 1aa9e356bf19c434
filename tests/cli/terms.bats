#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Terms that choose the rows of a list: typed, and what they name is looked up.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid sriov
}

setup()
{
	load ../lib.bash
}

# finds EXPECTED LIST TERM...: the first column of the rows, in one line.
finds()
{
	local expected=$1 list=$2

	shift 2
	# shellcheck disable=SC2086	# words
	on "${TREE:-intel-pasid}" $list -nr -o "${COLUMN:-${list%% *}}" "$@"
	ended 0
	equal "$(xargs <<<"$output")" "$expected"
}

@test "a device is found by whatever it is called" {
	local name

	for name in 0000:00:10.0 00:10.0 0:10.0 vfio0 /sys/bus/pci/devices/0000:00:10.0; do
		finds 0000:00:10.0 'device list' "$name"
		finds 0000:00:10.0 'device list' "device=$name"
		finds 6 'group list' "$name"
		finds 6 'group list' "group=$name"
		finds 6 'group list' "device=$name"
		COLUMN=device finds 0000:00:10.0 'device list' "group=$name"
	done
	finds "0000:00:10.0 0000:00:11.0" 'device list' 00:10.0,00:11.0
	finds "" 'device list' 00:10.0 device!=vfio0
	TREE=sriov finds "0000:01:00.1 0000:01:00.2" 'device list' physfn=01:00.0 01:00.1,01:00.2
	TREE=sriov finds "" 'device list' physfn!=01:00.0 01:00.1,01:00.2
}

@test "a name that nothing has is an error" {
	on intel-pasid device list nosuch
	fails 6 "nosuch: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid device list 00:10.0,00:1d.0
	fails 6 "00:1d.0: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid device list physfn=eth9
	fails 6 "eth9: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid pasid list 00:1d.0
	fails 6 "00:1d.0: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid group list 99
	fails 6 "99: no such IOMMU group" "'ioasidctl group list' shows all groups"
	on intel-pasid group list eth9
	fails 6 "eth9: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid iommu list dmar9
	fails 6 "dmar9: no such IOMMU unit" "'ioasidctl iommu list' shows all units"
	on intel-pasid device list iommu=dmar9
	fails 6 "dmar9: no such IOMMU unit" "'ioasidctl iommu list' shows all units"
	finds "" 'device list' 'nosuch*'
}

@test "yes and no, as the table has them" {
	local yes no

	for yes in yes true 1 YES; do
		finds "0000:00:10.0 0000:00:11.0" 'device list' "pasid-supported=$yes"
	done
	for no in no false 0; do
		finds "" 'device list' "pasid-supported=$no" 00:10.0,00:11.0
	done
	on intel-pasid device list pasid-supported=maybe
	fails 2 "maybe: not a valid value of the column PASID-SUPPORTED" "PASID-SUPPORTED is yes or no"
}

@test "numbers are compared" {
	finds "3 4 5" 'group list' 3-5
	finds "0 1" 'group list' 'group<2'
	finds "11 12" 'group list' 'group>10'
	finds "0 1 11 12" 'group list' 'group!=2-10'
	finds "" 'group list' 'group>10' 'group<=10'
	finds "0000:00:10.0" 'device list' 'pasid-width>=20'
	finds "" 'device list' 'pasid-width>20'
	on intel-pasid group list 'group<1,2'
	fails 2 "group<1,2: < and > take one number, and a column of numbers"
	on intel-pasid device list 'driver>5'
	fails 2 "driver>5: < and > take one number, and a column of numbers"
}

@test "a value that a column can never have is wrong usage" {
	on intel-pasid pasid list pasid=abc
	fails 2 "abc: not a valid value of the column PASID" "PASID is a number or a range LO-HI"
	# Not cut to a number that fits.
	on intel-pasid pasid list pasid=000000000000000000000000000042
	fails 2 "000000000000000000000000000042: not a valid value of the column PASID" \
		"PASID is a number or a range LO-HI"
	on intel-pasid group list group=x
	fails 2 "x: not a valid value of the column GROUP" \
		"GROUP is a number, a range LO-HI, or a device of the group"
	on intel-pasid pasid list state=okay
	fails 2 "okay: not a valid value of the column STATE" \
		"STATE is one of ok, not-in-hardware, not-recorded, unconfirmed, ambiguous"
	on intel-pasid iommu list address=fed90000
	fails 2 "fed90000: not a valid value of the column ADDRESS" \
		"ADDRESS is an address (0xfee00000) or a range LO-HI"
	finds dmar0 'iommu list' address=0xfed90000
}

@test "rows without a value" {
	COLUMN=driver finds vfio-pci 'device list' 'driver!=' 00:10.0,00:12.0
	COLUMN=device finds 0000:00:12.0 'device list' driver= 00:10.0,00:12.0
	COLUMN=device finds 0000:00:12.0 'device list' driver!=vfio-pci 00:10.0,00:12.0
}

@test "columns without -o, and misspelt ones" {
	on intel-pasid device list device,driver
	fails 2 "device,driver: is a column, not a row of the list" "did you mean '-o device,driver'?"
	on intel-pasid group list type
	fails 2 "type: is a column, not a row of the list" "did you mean '-o type'?"
	on intel-pasid device list drvier=x
	fails 2 "drvier: no such column" "did you mean 'driver'? --list-columns shows them all"
	on intel-pasid device list -o pasid-widht
	fails 2 "pasid-widht: no such column" "did you mean 'pasid_width'? --list-columns shows them all"
}
