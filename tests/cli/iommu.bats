#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# iommu list, iommu show

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-legacy amd virtio none
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

@test "each vendor's unit is listed with what it publishes" {
	on intel-pasid iommu list
	succeeds
	equal "$output" "$(cat <<-'END'
		IOMMU                    VENDOR ADDRESS    DEVICE-COUNT DOMAINS-USED DOMAINS-SUPPORTED PASID-WIDTH
		dmar0                    intel  0xfed90000           18           13             65536          20
		iommufd_selftest_iommu.0 -      -                     0            -                 -           -
	END
	)"
	on intel-legacy iommu list -rn -o iommu,vendor,pasid_width dmar*
	equal "$output" "dmar0 intel 0"
	on amd iommu list -rn -o iommu,vendor,device_count,pasid_width ivhd*
	equal "$output" "ivhd0 amd 13 1"
	on virtio iommu list -rn -o iommu,vendor,device_count,pasid_width 0000:*
	equal "$output" "0000:00:02.0 virtio 10 "
}

@test "show decodes Intel's registers" {
	on intel-pasid iommu show dmar0 -j
	succeeds
	json '.cap == "0x81d2008c222f0686" and .ecap == "0x8d9a20f00f4e" and .version == "1:0"'
	json '.address == "0xfed90000" and .address_width == 48 and .domains_supported == 65536'
	json '.field | length > 40'
	json '[.field[] | { (.field): .meaning }] | add | .CM == "yes" and .PASID == "yes" and .SMTS == "yes"
		and .MGAW == "48 bits" and .SSLPS == "2M, 1G" and .SAGAW == "39-bit, 48-bit"'
	json '.device | length == 18 and .[0] == "0000:00:00.0" and .[17] == "0000:03:02.0"'
}

@test "show decodes AMD's registers" {
	on amd iommu show ivhd0 -j
	succeeds
	json '.features == "0x29d3" and .cap == "0x1f03000f" and .ecap == null'
	json '[.field[] | { (.field): .meaning }] | add | .GTSup == "yes" and .XTSup == "no" and .PASmax == "1 bits"'
}

@test "show for people ends with the fields" {
	on intel-pasid iommu show dmar0 -o iommu,vendor,pasid_width,field
	succeeds
	equal "$(head -n 7 <<<"$output")" "$(cat <<-'END'
		IOMMU:       dmar0
		VENDOR:      intel
		PASID-WIDTH: 20
		FIELD:
		    FIELD   REGISTER BIT   VALUE MEANING        WHAT
		    ND      CAP      2:0   0x6   65536          number of domains
		    AFL     CAP      3     0x0   no             advanced fault logging
	END
	)"
	on virtio iommu show 0000:00:02.0 -o iommu,cap,field
	equal "$output" "$(cat <<-'END'
		IOMMU: 0000:00:02.0
		CAP:   -
		FIELD: -
	END
	)"
}

@test "a unit that does not exist is status 6" {
	local name

	for name in dmar9 DMAR0 dmar . .. dmar0/ ../iommu/dmar0 "$(printf 'x%.0s' {1..5000})"; do
		on intel-pasid iommu show "$name"
		fails 6 "$name: no such IOMMU unit" "'ioasidctl iommu list' shows all units"
	done
	on none iommu show dmar0
	[[ $status == 6 ]]
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
