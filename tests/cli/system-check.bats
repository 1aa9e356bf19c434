#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system check: each finding is ok in one captured machine and not ok in another. If no machine of the
# lab has it so, a file of a captured tree is changed, and the test shows which. Permissions and limits
# need a live machine: tests/lab/suites.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-pasid-user intel-legacy amd virtio none sriov
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

# result CHECK [OBJECT]: the result in the last command's finding.
result()
{
	jq -r --arg check "$1" --arg object "${2-}" \
		'.[] | select(.check == $check and ($object == "" or (.object // "" | contains($object)))).result' \
		<<<"$output"
}

# finds RESULT CHECK [OBJECT]: the last command had that finding.
finds()
{
	equal "$(result "${@:2}")" "$1"
}

# judged TREE STATUS PASSTHROUGH PASID SVA UNPRIVILEGED: the verdicts.
judged()
{
	on "$1" system check -j
	ended "$2"
	equal "$(jq -r '[.[] | select(.check == "ready") | .result] | join(" ")' <<<"$output")" "${*:3}"
}

# check TREE: runs the command; any status is accepted.
check()
{
	on "$1" system check -j
	ended_orderly
}

# advised REMEDY: 'system check' and 'pasid why' give that advice for enabling the IOMMU.
advised()
{
	check none
	equal "$(jq -r '.[] | select(.check == "iommu").remedy' <<<"$output")" "$1"
	says "hint: $1"
	on none pasid why 0000:00:05.0 -j
	equal "$(jq -r '.[] | select(.check == "iommu").remedy' <<<"$output")" "$1"
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

# parameter TREE MODULE NAME VALUE
parameter()
{
	mkdir -p "$1/sys/module/$2/parameters"
	echo "$4" >"$1/sys/module/$2/parameters/$3"
}

# unset_symbol TREE SYMBOL: in the kernel's configuration.
unset_symbol()
{
	grep -q "^CONFIG_$2=" "$1/proc/config.gz"
	sed -i "/^CONFIG_$2=/d" "$1/proc/config.gz"
}

@test "the verdict on each captured machine" {
	judged intel-pasid 0 ok ok broken unknown
	# That machine is not prepared for users.
	judged intel-legacy 0 ok broken broken blocked
	judged amd 5 broken broken broken broken
	says 'not ready for any use: interrupt-remapping'
	judged virtio 5 broken broken broken broken
	says 'not ready for any use: interrupt-remapping'
	judged none 5 broken broken broken broken
	says 'not ready for any use: iommu'
}

@test "every finding says what was seen and who needs it; one that is not ok says what it means and what to do" {
	check none
	json 'all(.[]; (.seen | length) > 0 and (.use | length) > 0)'
	on none system check -j -o +meaning
	json 'all(.[] | select(.result == "broken" and .check != "ready"); .meaning != null)'
	json 'any(.[]; .check == "iommu" and (.remedy | contains("firmware")))'
	on none system check -rno check
	equal "$(head -n 4 <<<"$output" | sort -u)" ready
}

@test "one use: only its findings, and its own status" {
	on intel-pasid system check passthrough -j
	ended 0
	quiet
	json 'all(.[]; .use | contains(["passthrough"]))'
	json 'map(.check) | (contains(["interrupt-remapping"]) and (contains(["iommu-pasid"]) | not))'
	on intel-pasid system check sva -j
	ended 5
	begins 'ioasidctl: sva: not ready: iommu-page-walk: dmar0: coherent page walks: no (ECAP.SMPWCS)'
	json 'map(.check) | contains(["interrupt-remapping"]) | not'
	on intel-pasid system check passthrough pasid
	ended 0
	on intel-pasid system check passthrough sva
	ended 5
	on intel-pasid system check unprivileged
	ended 0
	says '2 findings could not be measured'
}

@test "wrong uses" {
	on none system check vfio
	fails 2 'vfio: no such use' 'passthrough, pasid, sva or unprivileged'
	on none system check sva ''
	ended 2
	on none system check a b c d e
	ended 2
}

@test "iommu: on if there are groups, whatever the command line says" {
	local tree

	tree=$(own intel-legacy)
	echo 'intel_iommu=off iommu=off' >"$tree/proc/cmdline"
	check intel-legacy
	finds ok iommu
	finds ok command-line
	# A unit without devices, such as the kernel's test unit, proves nothing.
	[[ -d $BATS_FILE_TMPDIR/none/sys/class/iommu/iommufd_selftest_iommu.0 ]]
	check none
	finds broken iommu
}

@test "iommu: off, and the firmware announces one" {
	local tree tables cpuinfo

	tree=$(own none)
	tables=$tree/sys/firmware/acpi/tables
	: >"$tables/DMAR"
	echo 'intel_iommu=off' >"$tree/proc/cmdline"
	check none
	finds broken iommu
	finds broken command-line
	json 'any(.[]; .check == "iommu" and (.seen | contains("announces one (DMAR)")))'
	advised 'boot without intel_iommu=off'
	echo 'iommu=off' >"$tree/proc/cmdline"
	advised 'boot without iommu=off'
	: >"$tree/proc/cmdline"
	advised 'boot with intel_iommu=on'
	echo 'intel_iommu=on,sm_on' >"$tree/proc/cmdline"
	advised 'look for what the kernel reports: journalctl -k -g DMAR'
	sed -i '/INTEL_IOMMU=/d' "$tree/proc/config.gz"
	advised 'boot a kernel with CONFIG_INTEL_IOMMU'
	# AMD's and Arm's drivers are on by default, and have no option "on".
	mv "$tables/"{DMAR,IVRS}
	advised 'look for what the kernel reports: journalctl -k -g AMD-Vi'
	echo 'amd_iommu=off' >"$tree/proc/cmdline"
	advised 'boot without amd_iommu=off'
	mv "$tables/"{IVRS,VIOT}
	advised 'look for what the kernel reports: journalctl -k -g virtio_iommu'
	rm "$tables/VIOT"
	# Formats of each architecture's show_cpuinfo() and c_show().
	cpuinfo=$tree/proc/cpuinfo
	printf 'processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu pdpe1gb\n' >"$cpuinfo"
	advised "turn on VT-d in the firmware's setup"
	sed -i 's/GenuineIntel/AuthenticAMD/' "$cpuinfo"
	advised "turn on the IOMMU (AMD-Vi) in the firmware's setup"
	sed -i 's/fpu/fpu hypervisor/' "$cpuinfo"
	advised "give the virtual machine an IOMMU, in the hypervisor's configuration"
	printf 'processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n' >"$cpuinfo"
	advised 'the firmware has to describe an SMMU to the kernel: in the ACPI table IORT or the device tree'
	printf 'processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64imafdc\n' >"$cpuinfo"
	advised 'the firmware has to describe an IOMMU to the kernel: in the ACPI table RIMT or the device tree'
	printf 'vendor_id       : IBM/S390\n' >"$cpuinfo"
	advised 'look for the IOMMU in the setup of the firmware or hypervisor'
}

# As on a Raspberry Pi 5, whose IOMMUs serve displays and codecs.
@test "iommu: it only serves devices that are not PCI" {
	local tree device group=41

	tree=$(own virtio)
	printf 'processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n' >"$tree/proc/cpuinfo"
	rm -r "$tree/sys/kernel/iommu_groups"
	rm "$tree"/sys/bus/pci/devices/*/iommu_group
	device=platform/axi/1000800000.codec
	mkdir -p "$tree/sys/kernel/iommu_groups/$group/devices" "$tree/sys/devices/$device"
	echo DMA >"$tree/sys/kernel/iommu_groups/$group/type"
	: >"$tree/sys/kernel/iommu_groups/$group/reserved_regions"
	: >"$tree/sys/devices/$device/uevent"
	ln -s ../../../../bus/platform "$tree/sys/devices/$device/subsystem"
	ln -s "../../../../devices/$device" "$tree/sys/kernel/iommu_groups/$group/devices/"
	ln -s ../../../../kernel/iommu_groups/$group "$tree/sys/devices/$device/iommu_group"
	on virtio system check passthrough -j
	ended 5
	finds ok iommu
	finds broken iommu-pci
	says 'passthrough: not ready: iommu-pci: none of ' 'hint: if the hardware has an IOMMU there, the firmware has to say so'
	on virtio pasid why 0000:00:05.0 -j
	ended 5
	json 'any(.[]; .check == "iommu" and .seen == "in no IOMMU group: the IOMMU here serves other devices (1 groups)"
		and (.remedy | contains("intel_iommu") | not))'
}

@test "direct regions: some groups refused by the kernel are a warning, all of them an obstacle" {
	local tree group

	tree=$(own intel-pasid)
	check intel-pasid
	finds ok reserved-region
	printf '0x27b00000 0x286fffff direct\n' >"$tree/sys/kernel/iommu_groups/6/reserved_regions"
	on intel-pasid system check passthrough -j
	ended 0
	finds warning reserved-region 0000:00:10.0
	finds warning ready
	for group in "$tree"/sys/kernel/iommu_groups/*; do
		printf '0x27b00000 0x286fffff direct\n' >"$group/reserved_regions"
	done
	on intel-pasid system check passthrough -j
	ended 5
	finds blocked ready
	says 'passthrough: not ready: reserved-region: 0000:00:'
	ln -sf errno:13 "$tree/sys/kernel/iommu_groups/1/reserved_regions"
	rm "$tree/sys/kernel/iommu_groups/"[02-9]*/reserved_regions "$tree/sys/kernel/iommu_groups/1"?*/reserved_regions
	check intel-pasid
	finds unknown reserved-region
}

@test "iommu: VFIO's groups without an IOMMU do not count, and are a warning" {
	local tree device=0000:00:05.0 group

	tree=$(own none)
	group=$tree/sys/kernel/iommu_groups/0
	mkdir -p "$group/devices"
	echo vfio-noiommu >"$group/name"
	ln -s "../../../../devices/pci0000:00/$device" "$group/devices/$device"
	ln -s ../../../kernel/iommu_groups/0 "$tree/sys/devices/pci0000:00/$device/iommu_group"
	check none
	finds broken iommu
	finds warning noiommu $device
}

@test "groups that cannot be read are unknown, not missing" {
	local tree

	tree=$(own intel-legacy)
	rm -r "$tree/sys/kernel/iommu_groups"
	ln -s errno:13 "$tree/sys/kernel/iommu_groups"
	on intel-legacy system check passthrough -j
	ended 0
	finds unknown iommu
	finds unknown ready
	says 'could not be measured'
}

@test "devices that cannot be listed are unknown, not missing" {
	local tree

	tree=$(own intel-pasid)
	rm -r "$tree/sys/bus/pci/devices"
	ln -s errno:13 "$tree/sys/bus/pci/devices"
	on intel-pasid system check unprivileged -j
	ended 0
	finds unknown iommu-pci
	finds unknown vfio-devices
	[[ $output != *"of 0 devices"* && $output != *"no device has"* ]]
}

@test "default domains: identity is a warning, lazy invalidation a note" {
	local tree

	check intel-legacy
	finds ok default-domain
	finds ok lazy-invalidation
	check intel-pasid
	finds note lazy-invalidation
	tree=$(own intel-pasid)
	echo identity >"$tree/sys/kernel/iommu_groups/1/type"
	on intel-pasid system check passthrough -j
	ended 0
	finds warning default-domain
	finds warning ready
	ln -sf errno:5 "$tree/sys/kernel/iommu_groups/2/type"
	echo DMA >"$tree/sys/kernel/iommu_groups/1/type"
	check intel-pasid
	finds unknown default-domain
}

@test "interrupt remapping is judged by the interrupts' chips, not by what the IOMMU could do" {
	local tree chip

	check intel-pasid
	finds ok interrupt-remapping
	check amd
	finds broken interrupt-remapping
	check none
	finds note interrupt-remapping
	tree=$(own intel-pasid)
	for chip in "$tree"/sys/kernel/irq/*/chip_name; do
		sed -i 's/^IR-//' "$chip"
	done
	check intel-pasid
	finds broken interrupt-remapping
	json 'any(.[]; .check == "interrupt-remapping" and (.seen | contains("PCI-MSI")))'
	echo intremap=off >"$tree/proc/cmdline"
	check intel-pasid
	json 'any(.[]; .check == "interrupt-remapping" and .remedy == "boot without intremap=off")'
	# 'pasid why' has the same result.
	on intel-pasid pasid why 0000:00:10.0 -j
	ended 5
	finds broken interrupt-remapping
	# Without interrupts to look at, a missing capability of the IOMMU is an answer, an existing
	# one is not.
	rm -r "$tree/sys/kernel/irq"
	check intel-pasid
	finds unknown interrupt-remapping
	register "$tree" ecap 3 0
	check intel-pasid
	finds broken interrupt-remapping
}

@test "interrupt remapping: an AMD IOMMU's own interrupt is never remapped" {
	local tree chip

	tree=$(own amd)
	for chip in "$tree"/sys/kernel/irq/*/chip_name; do
		[[ $(<"$chip") == PCI-MSI-0000:00:01.0 ]] || sed -i 's/^/IR-/' "$chip"
	done
	check amd
	finds ok interrupt-remapping
}

@test "interrupt remapping: without MSIs the I/O APIC's interrupts count; unknown chips say nothing" {
	local tree chip

	tree=$(own intel-legacy)
	grep -l MSI "$tree"/sys/kernel/irq/*/chip_name | xargs rm
	check intel-legacy
	finds ok interrupt-remapping
	json 'any(.[]; .check == "interrupt-remapping" and (.seen | contains("IR-IO-APIC")))'
	for chip in "$tree"/sys/kernel/irq/*/chip_name; do
		echo HV-PCI-MSI >"$chip"
	done
	check intel-legacy
	finds unknown interrupt-remapping
	for chip in "$tree"/sys/kernel/irq/*/chip_name; do
		echo ITS-PCI-MSI-0000:00:01.0 >"$chip"
	done
	check intel-legacy
	finds ok interrupt-remapping
}

@test "unsafe interrupts: a warning, and a workaround for what the machine cannot isolate" {
	local tree

	tree=$(own virtio)
	on virtio system check passthrough -j
	ended 5
	finds ok unsafe-interrupts
	# VFIO's container and iommufd each have an option.
	parameter "$tree" vfio_iommu_type1 allow_unsafe_interrupts Y
	on virtio system check passthrough -j
	ended 0
	finds warning unsafe-interrupts vfio_iommu_type1
	finds ok unsafe-interrupts iommufd
	finds warning ready
	on virtio system check pasid -j
	ended 5
	finds broken interrupt-remapping
	parameter "$tree" iommufd allow_unsafe_interrupts Y
	on virtio system check passthrough -j
	ended 0
	finds warning interrupt-remapping
}

@test "noiommu" {
	local tree

	tree=$(own intel-legacy)
	check intel-legacy
	finds ok noiommu
	parameter "$tree" vfio enable_unsafe_noiommu_mode N
	check intel-legacy
	finds ok noiommu
	parameter "$tree" vfio enable_unsafe_noiommu_mode Y
	check intel-legacy
	finds warning noiommu
	rm -r "$tree/sys/module/vfio/parameters" "$tree/proc/config.gz" "$tree/sys/bus/pci/drivers/vfio-pci"
	check intel-legacy
	finds unknown noiommu
}

@test "VFIO: the driver, a way to it, iommufd, device nodes, attaching PASIDs" {
	local tree

	tree=$(own intel-pasid)
	check intel-pasid
	finds ok vfio-driver
	finds ok vfio-interface
	finds ok vfio-cdev
	finds ok pasid-attach
	sed -i '/pasid/d' "$tree/proc/kallsyms"
	on intel-pasid system check pasid -j
	ended 5
	finds broken pasid-attach
	: >"$tree/proc/kallsyms"
	check intel-pasid
	finds unknown pasid-attach
	sed -i '/vfio-dev/d' "$tree/proc/devices"
	on intel-pasid system check pasid -j
	ended 5
	finds broken vfio-cdev
	rm "$tree/dev/iommu"
	check intel-pasid
	finds broken iommufd
	finds ok vfio-interface
	rm "$tree/dev/vfio/vfio"
	on intel-pasid system check passthrough -j
	ended 5
	finds broken vfio-interface
	rm -r "$tree/sys/bus/pci/drivers/vfio-pci"
	check intel-pasid
	finds note vfio-driver
	unset_symbol "$tree" VFIO_PCI
	check intel-pasid
	finds broken vfio-driver
	rm "$tree/proc/config.gz"
	check intel-pasid
	finds unknown vfio-driver
	finds unknown vfio-cdev
}

@test "PASIDs: kernel, IOMMU, devices" {
	local tree

	tree=$(own intel-pasid)
	register "$tree" ecap 48 1
	check intel-pasid
	finds ok ready sva
	register "$tree" ecap 40 0
	check intel-pasid
	finds broken iommu-pasid
	finds broken ready pasid
	register "$tree" ecap 40 1
	unset_symbol "$tree" IOMMU_SVA
	check intel-pasid
	finds broken kernel-config IOMMU_SVA
	finds ok ready pasid
	finds broken ready sva
	check sriov
	finds broken pasid-devices
	on intel-pasid-user system check pasid -j
	ended 0
	finds unknown pasid-devices
}

@test "what one unit lacks and another has only hinders the devices behind it" {
	local tree unit device=0000:00:03.0

	tree=$(own intel-pasid)
	unit=$tree/sys/devices/virtual/iommu/dmar1
	cp -a "$tree/sys/devices/virtual/iommu/dmar0" "$unit"
	ln -s ../../devices/virtual/iommu/dmar1 "$tree/sys/class/iommu/dmar1"
	find "$unit/devices" -mindepth 1 ! -name $device -delete
	sed -n 's/.*/0/p' "$unit/intel-iommu/ecap" >"$BATS_TEST_TMPDIR/ecap"
	cp "$BATS_TEST_TMPDIR/ecap" "$unit/intel-iommu/ecap"
	on intel-pasid system check pasid -j
	ended 0
	finds ok ready
	finds note iommu-scalable-mode dmar1
	# Without either it is broken again.
	cp "$BATS_TEST_TMPDIR/ecap" "$tree/sys/devices/virtual/iommu/dmar0/intel-iommu/ecap"
	on intel-pasid system check pasid -j
	ended 5
	finds broken iommu-scalable-mode dmar0,dmar1
}

@test "scalable mode without PASIDs means no PASIDs, and nothing enables them" {
	local tree

	tree=$(own intel-pasid)
	register "$tree" ecap 40 0
	on intel-pasid system check pasid -j
	ended 5
	says_only "$(printf '%s\n' 'ioasidctl: pasid: not ready: iommu-pasid: dmar0: PASIDs: no (ECAP.PASID)')"
	# Without scalable mode the other bits do not matter, and a hypervisor may have it.
	register "$tree" ecap 43 0
	on intel-pasid system check pasid sva -j
	ended 5
	finds broken iommu-scalable-mode
	finds note iommu-pasid
	finds note iommu-page-walk
	json 'any(.[]; .check == "iommu-scalable-mode" and .remedy == null)'
	sed -i 's/^flags.*:/& hypervisor/' "$tree/proc/cpuinfo"
	on intel-pasid system check pasid -j
	ended 5
	says "hint: give the virtual machine's IOMMU scalable mode and PASIDs"
}

@test "equal findings for several IOMMUs are one row" {
	local tree i unit

	tree=$(own intel-pasid)
	for i in 1 2 3 4 5 6 7; do
		unit=$tree/sys/devices/virtual/iommu/dmar$i
		cp -a "$tree/sys/devices/virtual/iommu/dmar0" "$unit"
		ln -s ../../devices/virtual/iommu/dmar$i "$tree/sys/class/iommu/dmar$i"
	done
	printf 'flags\t\t: fpu\n' >"$tree/proc/cpuinfo"
	check intel-pasid
	json 'group_by([.check, .object, .seen, .use]) | all(.[]; length == 1)'
	finds ok iommu-pasid dmar0,dmar1,dmar2,dmar3,dmar4,dmar5,dmar6,dmar7
	finds ok cpu-5-level
}

@test "people see the verdicts first, then what needs attention, and the rest with --all" {
	on intel-legacy system check
	ended 0
	equal "$output" "$(cat <<-'END'
		passthrough  ok      ready
		pasid        broken  not ready: iommu-scalable-mode: dmar0: scalable mode: no (ECAP.SMTS)
		sva          broken  not ready: iommu-scalable-mode: dmar0: scalable mode: no (ECAP.SMTS)
		unprivileged blocked not ready: vfio-devices: no device has a VFIO driver: none is prepared

		RESULT  CHECK               OBJECT SEEN                                                REMEDY
		broken  iommu-scalable-mode dmar0  scalable mode: no (ECAP.SMTS)                       -
		unknown node-access         -      could not be measured: a capture has no permissions -
		blocked vfio-devices        -      no device has a VFIO driver: none is prepared       ioasidctl driver set DEVICE vfio-pci
		unknown memlock             -      could not be measured: a capture has no limits      -

		25 findings need no action: --all shows them too
	END
	)"
	on intel-legacy system check --all
	ended 0
	equal "$(grep -c . <<<"$output")" 34
	[[ $output != *--all* ]]
	on intel-pasid system check passthrough
	ended 0
	equal "$(head -n 1 <<<"$output")" 'passthrough ok ready'
	equal "$(grep -c . <<<"$output")" 2
}

@test "unprivileged: not ready until a device has a VFIO driver, whoever asks" {
	on intel-legacy system check unprivileged -j
	ended 3
	finds blocked vfio-devices
	finds blocked ready
	says 'unprivileged: not ready: vfio-devices: no device has a VFIO driver' 'hint: ioasidctl driver set DEVICE vfio-pci'
	on intel-pasid system check unprivileged -j
	ended 0
	finds ok vfio-devices
	finds unknown node-access
}

@test "without privilege only the capabilities of devices are unknown" {
	on intel-pasid-user system check -j
	ended 0
	equal "$(jq -r '[.[] | select(.result == "unknown" and .check != "ready") | .check] | join(" ")' <<<"$output")" \
		'pasid-devices node-access memlock'
}

@test "no line of a diagnosis is longer than the terminal is wide, and no word is broken" {
	local tree command width text

	for width in 80 200; do
		while read -r tree command; do
			text=$(TERM=xterm script -qec "stty cols $width; $IOASIDCTL --sysroot $BATS_FILE_TMPDIR/$tree $command 2>/dev/null" \
				/dev/null </dev/null | tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g')
			[[ -n $text ]]
			(($(wc -L <<<"$text") <= width)) || {
				printf '%s, %s\n%s\n' "$width" "$command" "$text"
				return 1
			}
			# Names of checks and devices are not broken anywhere.
			[[ ! $text =~ [a-z]-$'\n' ]]
		done <<-END
			intel-pasid system check --all
			intel-legacy system check
			amd system check
			none system check
			virtio system check --all
			intel-pasid group why 5
			intel-pasid pasid why 0000:00:10.0 --all
			intel-legacy pasid why 0000:00:10.0
			intel-pasid-user pasid why 0000:00:10.0
			none pasid why 0000:00:05.0
		END
	done
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
