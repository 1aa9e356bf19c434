#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system tree

bats_require_minimum_version 1.5.0

setup_file()
{
	load ../lib.bash
	unpack intel-contexts intel-pasid intel-pasid-user intel-legacy amd virtio none sriov
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

# trimmed: $output without trailing spaces, which pad the last column.
trimmed()
{
	# shellcheck disable=SC2001	# each line's end
	sed 's/ *$//' <<<"$output"
}

# terminal WIDTH COMMAND...: $output is the program's output on a terminal of that width.
terminal()
{
	local width=$1 command

	shift
	printf -v command ' %q' "$@"
	output=$(TERM=xterm script -qec "stty cols $width;$command" /dev/null </dev/null | tr -d '\r')
}

@test "a tree from the unit down to the process" {
	on intel-pasid system tree 5 6 7 -o label,kind,driver
	succeeds
	equal "$(trimmed)" "$(cat <<-'END'
		LABEL               KIND    DRIVER
		dmar0               iommu
		├─group 5           group
		│ └─0000:00:0a.0    bridge
		│   ├─0000:03:01.0  device
		│   └─0000:03:02.0  device  e1000
		├─group 6           group
		│ └─0000:00:10.0    device  vfio-pci
		│   ├─PASID 42      pasid
		│   │ └─pid 98      process
		│   └─PASID 100-103 pasid
		│     └─pid 98      process
		└─group 7           group
		  └─0000:00:11.0    device  uio_pci_sva
		    └─PASID 1       pasid
		      └─pid 107     process
	END
	)"
}

@test "the default columns say in a word what each node is" {
	on intel-pasid system tree 6 7 0000:03:02.0
	succeeds
	contains "$(head -n 1 <<<"$output" | xargs)" "LABEL WHAT DRIVER NAME"
	contains "$(tr -s ' ' <<<"$output")" "dmar0 intel"
	contains "$(tr -s ' ' <<<"$output")" "group 6 DMA-FQ"
	contains "$(tr -s ' ' <<<"$output")" "0000:00:0a.0 pci bridge"
	contains "$(tr -s ' ' <<<"$output")" "0000:03:02.0 ethernet e1000"
	contains "$(tr -s ' ' <<<"$output")" "PASID 100-103 unknown, not-recorded"
	contains "$(tr -s ' ' <<<"$output")" "pid 98 ioasid:vm"
	contains "$(tr -s ' ' <<<"$output")" "pid 107 bash"
}

@test "units without devices and devices without unit are shown" {
	on intel-pasid system tree
	succeeds
	equal "$(trimmed | tail -n 1)" "iommufd_selftest_iommu.0"
	on none system tree -n -o label
	succeeds
	equal "$(head -n 7 <<<"$output")" "$(cat <<-'END'
		iommufd_selftest_iommu.0
		no IOMMU
		├─0000:00:00.0
		├─0000:00:03.0
		├─0000:00:05.0
		├─0000:00:08.0
		│ └─0000:01:00.0
	END
	)"
	on virtio system tree -n -o label
	contains "$output" "no IOMMU
└─0000:00:02.0"
}

@test "every machine: as many groups and devices as in the lists, each once" {
	local tree devices groups units

	for tree in intel-pasid intel-legacy amd virtio none sriov; do
		on "$tree" device list -nro device
		devices=$(sort <<<"$output")
		on "$tree" group list -nro group
		groups=$(sort <<<"$output")
		on "$tree" iommu list -nro iommu
		units=$(sort <<<"$output")
		on "$tree" system tree -nro kind,device,group,iommu
		[[ $status == 0 ]]
		equal "$(awk -F '[ ]' '$1 == "device" || $1 == "bridge" { print $2 }' <<<"$output" | sort)" "$devices"
		equal "$(awk -F '[ ]' '$1 == "group" { print $3 }' <<<"$output" | sort)" "$groups"
		equal "$(awk -F '[ ]' '$1 == "iommu" && $4 { print $4 }' <<<"$output" | sort)" "$units"
	done
}

@test "JSON is nested, and each node has its place" {
	on intel-pasid system tree -j
	succeeds
	json 'map(.iommu) == ["dmar0", "iommufd_selftest_iommu.0"]'
	json '.[0].children | length == 13 and all(.[]; .kind == "group" and .iommu == "dmar0")'
	json '.[0].children[5].children[0] | .kind == "bridge" and (.children | length == 2)'
	json '[.. | objects | select(.kind == "pasid")] | length == 3 and
		.[1] == (.[1] + { group: 6, device: "0000:00:10.0", pasid: 100, pasid_last: 103, pid: 98 })'
	json '[.. | objects | select(.kind == "process") | .what] == ["ioasid:vm", "ioasid:vm", "bash"]'
	on none system tree -j -o all
	succeeds
	json '.[1] | .iommu == null and .kind == "iommu" and (.children | length == 10)'
}

@test "a program's rows have no lines, and the same columns as its objects" {
	on intel-pasid system tree 7 -j
	local keys
	keys=$(jq -r '.[0] | keys_unsorted - ["children"] | map(ascii_upcase | gsub("_"; "-")) | join(" ")' <<<"$output")
	on intel-pasid system tree 7 -r
	succeeds
	equal "$(head -n 1 <<<"$output")" "$keys"
	on intel-pasid system tree 7 -nr -o label,kind,pasid
	equal "$output" "$(cat <<-'END'
		dmar0 iommu 
		group\x207 group 
		0000:00:11.0 device 
		PASID\x201 pasid 1
		pid\x20107 process 1
	END
	)"
	on intel-pasid system tree dmar0 --depth=iommu -P -o label,iommu
	equal "$output" 'LABEL="dmar0" IOMMU="dmar0"'
}

@test "--depth limits the tree" {
	local kind

	on intel-pasid system tree --depth iommu -nro kind
	equal "$(sort -u <<<"$output")" iommu
	on intel-pasid system tree --depth group -nro kind
	equal "$(sort -u <<<"$output" | xargs)" "group iommu"
	on intel-pasid system tree --depth device -nro kind
	equal "$(sort -u <<<"$output" | xargs)" "bridge device group iommu"
	on intel-pasid system tree --depth pasid -nro kind
	equal "$(sort -u <<<"$output" | xargs)" "bridge device group iommu pasid"
	for kind in bridge Device ''; do
		on intel-pasid system tree --depth "$kind"
		[[ $status == 2 && -z $output ]]
		says "--depth takes one of iommu, group, device, pasid and process"
	done
}

@test "operands name units, groups and devices, and keep what is above and below" {
	on intel-pasid system tree dmar0 -nro kind
	equal "$(grep -c group <<<"$output")" 13
	on intel-pasid system tree 00:0a.0 -nro label
	equal "$(xargs <<<"$output")" 'dmar0 groupx205 0000:00:0a.0 0000:03:01.0 0000:03:02.0'
	on intel-pasid system tree eth0 nvme0 -nro label
	equal "$(xargs <<<"$output")" \
		'dmar0 groupx205 0000:00:0a.0 0000:03:02.0 groupx2011 0000:01:00.0'
	on intel-pasid system tree 99
	fails 6 "99: no such IOMMU group" "'ioasidctl group list' shows all groups"
	on intel-pasid system tree eth9
	fails 6 "eth9: no such device" "'ioasidctl device list' shows all devices"
	on intel-pasid system tree 00:10.0 --depth group
	fails 6 "00:10.0: --depth leaves it out"
}

@test "ASCII if requested, and if the locale is not UTF-8" {
	local expected

	expected=$(cat <<-'END'
		dmar0
		`-group 5
		  `-0000:00:0a.0
		    |-0000:03:01.0
		    `-0000:03:02.0
	END
	)
	on intel-pasid system tree 5 -n -o label --ascii
	equal "$output" "$expected"
	LC_ALL=C on intel-pasid system tree 5 -n -o label
	equal "$output" "$expected"
}

@test "colour only on a terminal, and never with NO_COLOR" {
	local command=("$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system tree 6)

	on intel-pasid system tree 6
	clean
	terminal 100 "${command[@]}"
	contains "$output" $'\e['
	NO_COLOR=1 terminal 100 "${command[@]}"
	contains "$output" "group 6"
	clean
	NO_COLOR='' terminal 100 "${command[@]}"
	contains "$output" $'\e['
	terminal 100 env TERM=dumb "${command[@]}"
	contains "$output" "group 6"
	clean
}

@test "no line is wider than the terminal" {
	local width

	for width in 80 120; do
		NO_COLOR=1 terminal "$width" "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system tree
		contains "$output" "0000:00:1f.2"
		(($(wc -L <<<"$output") <= width))
	done
}

@test "what could not be read is a question mark with a note, and named in JSON" {
	local tree

	tree=$(own intel-pasid)
	rm -r "$tree/sys/kernel/iommu_groups/5/devices"
	ln -s errno:13 "$tree/sys/kernel/iommu_groups/5/devices"
	on intel-pasid system tree -o label
	[[ $status == 0 ]]
	says "note: LABEL could not be read in 2 rows: Permission denied"
	contains "$output" "?
└─group 5
  └─?"
	on intel-pasid system tree -j
	json '.[2] | .label == null and .unreadable.label == "Permission denied" and
		.children[0].group == 5 and .children[0].children[0].unreadable.device == "Permission denied"'
	on intel-pasid-user system tree -j
	ended 7
	json '[.. | objects | select(.kind == "device" and .iommu == "dmar0")] | length > 5 and
		all(.pasid == null and .unreadable.pasid == "Permission denied")'
	on intel-pasid-user system tree
	ended 7
	says "note: PASIDs may be missing, since the IOMMU's table could not be read: Permission denied" \
		"note: processes may be missing, since some could not be examined: Permission denied"
}

@test "names do not control the terminal" {
	local tree

	tree=$(own intel-pasid)
	printf '\e[31m\n\xff"<&' >"$tree/proc/98/comm"
	on intel-pasid system tree
	[[ $status == 0 ]]
	clean
	contains "$output" 'pid 98           \x1b[31m'
	on intel-pasid system tree -j -o all
	json .
}

@test "own requests, and PASIDs of two devices, below the devices and below the IOASes" {
	on intel-contexts system tree 00:10.0 00:11.0 03:02.0 02:00.0 -o label,what
	succeeds
	equal "$(printf '%s\n' "$output" | sed 's/ *$//')" "$(cat <<-'END'
		LABEL                          WHAT
		dmar0                          intel
		├─group 5                      DMA-FQ
		│ └─0000:00:0a.0               pci bridge
		│   └─0000:03:02.0             ethernet
		├─group 6                      DMA-FQ
		│ └─0000:00:10.0               system
		│   ├─RID                      ioas mem (lab)
		│   ├─PASID 5                  ioas mem (lab)
		│   │ └─pid 112                ioasid:lab
		│   ├─PASID 7                  ioas red (lab)
		│   │ └─pid 112                ioasid:lab
		│   └─PASID 100-163            ioas mem (lab)
		│     └─pid 112                ioasid:lab
		├─group 7                      DMA-FQ
		│ └─0000:00:11.0               system
		│   ├─RID                      domain blocked (lab)
		│   └─PASID 1-8                ioas mem (lab)
		│     └─pid 112                ioasid:lab
		└─group 12                     DMA-FQ
		  └─0000:02:00.0               ethernet
		    ├─RID                      ioas 2 (other)
		    └─pid 124                  ioasid:other
		context lab                    pid 112
		├─ioas mem                     8K mapped
		│ ├─0000:00:10.0 RID
		│ ├─0000:00:10.0 PASID 5
		│ ├─0000:00:10.0 PASID 100-163
		│ └─0000:00:11.0 PASID 1-8
		└─ioas red                     nothing mapped
		  └─0000:00:10.0 PASID 7
		context other                  pid 124
		└─ioas 2                       nothing mapped
		  └─0000:02:00.0 RID
	END
	)"
	on intel-contexts system tree -j -o kind,label,context,ioas,ioas_name,hwpt,target,mapped,pasid,pid 00:11.0
	succeeds
	json '.[-1] == { kind: "context", label: "context lab", context: "lab", ioas: null, ioas_name: null, hwpt: null,
		target: null, mapped: null, pasid: null, pid: 112, children: [{ kind: "ioas", label: "ioas mem", context: "lab",
		ioas: 3, ioas_name: "mem", hwpt: null, target: null, mapped: 8192, pasid: null, pid: null, children: [{
		kind: "pasid", label: "0000:00:11.0 PASID 1-8", context: "lab", ioas: 3, ioas_name: "mem", hwpt: 7,
		target: "ioas", mapped: null, pasid: 1, pid: 112, children: [] }] }] }'
	json '[.. | select(.kind? == "rid")] == [{ kind: "rid", label: "RID", context: "lab", ioas: null, ioas_name: null,
		hwpt: null, target: "domain", mapped: null, pasid: null, pid: null, children: [] }]'
	on intel-contexts system tree --depth device
	succeeds
	[[ $output != *context* && $output != *RID* ]]
	on intel-contexts system graph 00:10.0 --format dot
	succeeds
	contains "$output" 'label="RID\nioas mem (lab)", shape=box, style="filled,rounded"'
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
