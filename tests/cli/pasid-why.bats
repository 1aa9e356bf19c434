#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pasid why: each link of the chain is broken in some captured machine. If no machine of the lab has
# it broken, one bit or file of a captured tree is changed, and the test shows which.

WIDE=0000:00:10.0
ATS=0f
PRI=13
PASID=1b

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-pasid-user intel-legacy intel-paths amd virtio none idxd
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

# express CONFIG: offset of the PCI Express capability.
express()
{
	local at

	at=$(byte "$1" 52)
	while ((at)) && (($(byte "$1" "$at") != 16)); do
		at=$(byte "$1" $((at + 1)))
	done
	((at))
	echo "$at"
}

# register TREE NAME BIT VALUE: changes a bit of dmar0's capability register, which must have the
# other value.
register()
{
	local file value

	file=$(readlink -f "$1/sys/class/iommu/dmar0")/intel-iommu/$2
	value=$((16#$(<"$file")))
	(((value >> $3 & 1) != $4))
	printf '%x\n' $((value ^ 1 << $3)) >"$file"
}

# broken CHECK TREE DEVICE [OPTION...]: the status is 5, and CHECK is the first broken link.
broken()
{
	in_the_way 5 broken "$@"
}

# blocked CHECK TREE DEVICE [OPTION...]: nothing is broken: the status is 3, and CHECK is the first
# blocked link.
blocked()
{
	in_the_way 3 blocked "$@"
}

in_the_way()
{
	local result=$2 check=$3 device=$5

	on "$4" pasid why "$device" "${@:6}" -j
	ended "$1"
	says "ioasidctl: $device: no PASIDs for"
	equal "$(jq -r '.[0] | "\(.check) \(.object) \(.result)"' <<<"$output")" "ready $device $result"
	contains "$(jq -r '.[0].seen' <<<"$output")" "not ready: $check: "
	equal "$(jq -r --arg result "$result" 'map(select(.result == $result and .check != "ready"))[0].check' <<<"$output")" \
		"$check"
}

@test "a device that has everything is usable, and each link says what was measured" {
	on intel-pasid pasid why $WIDE -j
	ended 0
	equal "$(jq -r '[.[] | select(.result == "broken")] | length' <<<"$output")" 0
	equal "$(jq -r '.[] | select(.check == "pasid-capability").seen' <<<"$output")" 'PASIDs of 20 bits'
	# This tree has no contexts; a process with a holder's name does not count as one.
	equal "$(jq -r '.[] | select(.check == "in-use") | "\(.result) \(.seen)"' <<<"$output")" \
		'warning process 98 (ioasid:vm) has /dev/vfio/devices/vfio0 open'
	jq -e 'all(.[]; (.seen | length) > 0 and .check != null)' <<<"$output"
}

@test "a context that has the device open is no obstacle" {
	local tree

	tree=$(own intel-pasid)
	mkdir -p "$tree/ioasidctl"
	jq -n '{ uid: 0, roots: [], context: [{ name: "lab", socket: "/x", uid: 1000, status: "live", bindings: [], ioas: [],
		describe: { name: "lab", pid: 98, uid: 1000, created: 5, iommufd: true, device: [], ioas: [], hwpt: [] } }] }' \
		>"$tree/ioasidctl/contexts.json"
	on intel-pasid pasid why $WIDE -j
	ended 0
	equal "$(jq -r '.[] | select(.check == "in-use") | "\(.result) \(.seen)"' <<<"$output")" \
		'note process 98 (ioasid:vm), holder of context 1000:lab, has /dev/vfio/devices/vfio0 open'
}

@test "broken in a captured machine" {
	broken pasid-capability intel-pasid 0000:00:12.0
	broken iommu-scalable-mode intel-legacy $WIDE
	broken iommu-page-walk intel-pasid $WIDE --for sva
	broken acs intel-paths 0000:02:00.0
	says '0000:00:05.0: root port whose ACS lacks RR UF'
	broken command-line intel-paths $WIDE --for sva
	says 'boot without pci=noats'
	blocked driver intel-paths 0000:01:00.0
	says 'hint: ioasidctl driver set 0000:01:00.0 vfio-pci'
	blocked driver intel-pasid 0000:00:11.0 --for vfio
}

@test "the use is the driver's, unless given" {
	broken iommu-page-walk intel-pasid 0000:00:11.0
	says 'no PASIDs for SVA'
	blocked driver intel-pasid 0000:00:11.0 --for vfio
	says 'no PASIDs for VFIO'
}

@test "broken if a bit of the endpoint differs" {
	local tree file at

	tree=$(own intel-pasid)
	file=$(config "$tree" $WIDE)
	at=$(extended "$file" $ATS)
	poke "$file" "$at" 255
	register "$tree" ecap 48 1
	broken ats-capability intel-pasid $WIDE --for sva
	poke "$file" "$at" 15
	at=$(extended "$file" $PRI)
	clear "$file" $((at + 7)) 7 # PRG response PASID required
	broken pri-capability intel-pasid $WIDE --for sva
	poke "$file" $((at + 7)) 128
	clear "$file" $((at + 4)) 0
	broken pri-enabled intel-pasid $WIDE --for sva
	poke "$file" $((at + 4)) 1
	at=$(extended "$file" $ATS)
	clear "$file" $((at + 7)) 7
	broken ats-enabled intel-pasid $WIDE --for sva
	at=$(extended "$file" $PASID)
	clear "$file" $((at + 6)) 0
	broken pasid-enabled intel-pasid $WIDE
}

@test "broken if a port does not forward TLP prefixes" {
	local tree file

	tree=$(own intel-paths)
	file=$(config "$tree" 0000:00:04.0)
	clear "$file" $(($(express "$file") + 0x26)) 5 # PCI_EXP_DEVCAP2_EE_PREFIX
	# The kernel has enabled PASIDs there, so the missing bit is only worth a note.
	on intel-paths pasid why 0000:01:00.0 -j
	equal "$(jq -r '.[] | select(.check == "tlp-prefix" and .object == "0000:00:04.0").result' <<<"$output")" note
	file=${file%/config}/0000:01:00.0/config
	clear "$file" $(($(extended "$file" $PASID) + 6)) 0
	broken tlp-prefix intel-paths 0000:01:00.0
	says 0000:00:04.0
}

@test "broken if a bit of the IOMMU or a flag of the CPU differs" {
	local tree

	tree=$(own intel-pasid)
	register "$tree" ecap 48 1 # SMPWCS, without which the others are not reached
	register "$tree" ecap 47 0
	broken iommu-first-stage intel-pasid $WIDE --for sva
	register "$tree" ecap 47 1
	register "$tree" ecap 2 0
	broken iommu-device-tlb intel-pasid $WIDE --for sva
	register "$tree" ecap 2 1
	register "$tree" ecap 29 0
	on intel-pasid pasid why $WIDE --for sva -j
	equal "$(jq -r '.[] | select(.check == "iommu-page-requests").result' <<<"$output")" note
	register "$tree" ecap 29 1
	register "$tree" cap 56 0
	broken cpu-1g-pages intel-pasid $WIDE --for sva
	register "$tree" cap 56 1
	printf 'flags\t\t: la57 pdpe1gb\n' >"$tree/proc/cpuinfo"
	broken cpu-5-level intel-pasid $WIDE --for sva
	register "$tree" ecap 3 0
	rm -r "$tree/sys/kernel/irq" # otherwise it takes precedence over the register
	broken interrupt-remapping intel-pasid $WIDE
	register "$tree" ecap 40 0
	broken iommu-pasid intel-pasid $WIDE
}

@test "broken if the kernel lacks something, or a file is missing" {
	local tree device

	tree=$(own intel-pasid)
	device=$tree/sys/devices/pci0000:00/$WIDE
	rm "$tree/dev/iommu"
	broken iommufd intel-pasid $WIDE
	mv "$device/vfio-dev" "$BATS_TEST_TMPDIR/vfio-dev"
	broken vfio-cdev intel-pasid $WIDE
	sed -i 's/^CONFIG_IOMMUFD=y/# CONFIG_IOMMUFD is not set/' "$tree/proc/config.gz"
	broken kernel-config intel-pasid $WIDE
	says CONFIG_IOMMUFD
	echo 'intel_iommu=sm_off' >"$tree/proc/cmdline"
	sed -i 's/^# CONFIG_IOMMUFD is not set/CONFIG_IOMMUFD=y/' "$tree/proc/config.gz"
	broken command-line intel-pasid $WIDE
	rm "$device/iommu" "$device/iommu_group"
	: >"$tree/proc/cmdline"
	broken iommu intel-pasid $WIDE
}

@test "a VFIO driver for the device works without vfio-pci" {
	local tree device

	tree=$(own intel-pasid)
	device=$tree/sys/devices/pci0000:00/$WIDE
	sed -i 's/^CONFIG_VFIO_PCI=y/# CONFIG_VFIO_PCI is not set/' "$tree/proc/config.gz"
	sed -i 's/^DRIVER=.*/DRIVER=mlx5_vfio_pci/' "$device/uevent"
	on intel-pasid pasid why $WIDE
	succeeds
	sed -i 's/^DRIVER=.*/DRIVER=other/' "$device/uevent"
	broken kernel-config intel-pasid $WIDE --for vfio
	says CONFIG_VFIO_PCI
}

@test "nodes that may not be looked up are not missing" {
	local tree seen='[.[] | select(.check == "vfio-cdev" or .check == "iommufd").result] | join(" ")'

	tree=$(own intel-pasid)
	rm -r "$tree/dev/vfio/devices"
	ln -s errno:13 "$tree/dev/vfio/devices"
	on intel-pasid pasid why $WIDE -j
	ended 0
	equal "$(jq -r "$seen" <<<"$output")" 'unknown ok'
	rm -r "${tree:?}/dev"
	on intel-pasid pasid why $WIDE -j
	ended 0
	equal "$(jq -r "$seen" <<<"$output")" 'unknown unknown'
}

@test "blocked if another member of the group has its own driver" {
	local tree nic=0000:00:03.0

	tree=$(own intel-pasid)
	ln -s "../../../../devices/pci0000:00/$nic" "$tree/sys/kernel/iommu_groups/6/devices/$nic"
	ln -sfn ../../../kernel/iommu_groups/6 "$tree/sys/devices/pci0000:00/$nic/iommu_group"
	blocked group-siblings intel-pasid $WIDE
	says "$nic"
}

@test "broken if the driver has PASIDs disabled: a tree that follows idxd's documentation" {
	broken driver-switch idxd 0000:6a:02.0
	says pasid_enabled
}

@test "what cannot be measured is not broken, and is reported" {
	on intel-pasid-user pasid why $WIDE -j
	ended 0
	says 'findings could not be measured'
	equal "$(jq -r '.[] | select(.check == "pasid-capability").result' <<<"$output")" unknown
	contains "$(jq -r '.[] | select(.check == "pasid-capability").seen' <<<"$output")" 'not permitted'
}

@test "people see one row for everything that could not be measured for the same reason" {
	on intel-pasid-user pasid why $WIDE
	ended 0
	equal "$output" "$(cat <<-'END'
		0000:00:10.0 unknown ready as far as could be measured; not measured: pasid-capability, tlp-prefix, acs, pasid-enabled, in-use

		RESULT  CHECK                                                                                                              OBJECT       SEEN                                 REMEDY
		unknown pasid-capability, tlp-prefix, acs, ats-capability, pri-capability, pasid-enabled, ats-enabled, pri-enabled, in-use 0000:00:10.0 could not be measured: not permitted run as root

		21 findings need no action: --all shows them too
	END
	)"
	says_only 'ioasidctl: note: 9 findings could not be measured; 9 for lack of permission: run as root'
	on intel-pasid-user pasid why $WIDE -j
	json '[.[] | select(.check != "ready" and .result == "unknown")] | length == 9'
}

@test "a sleeping device is not read, and how to wake it is reported" {
	local tree

	tree=$(own intel-pasid)
	echo suspended >"$tree/sys/devices/pci0000:00/$WIDE/power/runtime_status"
	on intel-pasid pasid why $WIDE
	ended 0
	says_only 'ioasidctl: note: 8 findings could not be measured; 8 of a sleeping device: --wake wakes it'
	on intel-pasid pasid why $WIDE --wake
	succeeds
	equal "$(head -n 1 <<<"$output")" '0000:00:10.0 warning ready, with warnings: in-use'
}

@test "other IOMMUs, and none" {
	broken pasid-capability amd 0000:00:05.0
	broken pasid-capability virtio 0000:00:05.0
	broken pasid-capability none 0000:00:05.0
	equal "$(jq -r '.[] | select(.check == "iommu").result' <<<"$output")" broken
}

@test "wrong operands" {
	on intel-pasid pasid why
	ended 2
	on intel-pasid pasid why 0000:99:00.0
	ended 6
	on intel-pasid pasid why $WIDE --for dpdk
	ended 2
	says "--for takes one of vfio and sva"
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
