#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pasid translate, pasid map

setup_file()
{
	load ../lib.bash
	unpack intel-pages intel-pages-second intel-pasid intel-pasid-user intel-legacy amd virtio none
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

TABLE=sys/kernel/debug/iommu/intel/dmar_translation_struct
DUMP=sys/kernel/debug/iommu/intel/0000:00:10.0/2a/domain_translation_struct

@test "an address is shown level by level" {
	on intel-pages pasid translate 00:10.0 42 0x2000005123
	succeeds
	equal "$output" "$(cat <<-'END'
		IOVA:      0x2000005123
		PASID:     42
		STAGE:     first-stage
		STATE:     mapped
		PHYSICAL:  0x1430e4123
		PAGE-SIZE: 4K
		ACCESS:    r
		WALK:
		    LEVEL INDEX ENTRY       ADDRESS     FLAG
		    PML4      0 0x142c30227 0x142c30000 present, write, user, accessed
		    PDPT    128 0x1427e7227 0x1427e7000 present, write, user, accessed
		    PD        0 0x1427db227 0x1427db000 present, write, user, accessed
		    PT        5 0x1430e4025 0x1430e4000 present, user, accessed
	END
	)"
	on intel-pages-second pasid translate 00:10.0 0 0x107fffffff 0x1000400000
	succeeds
	contains "$output" 'PHYSICAL:  0x13fffffff'
	contains "$output" $'large\n\nIOVA:      0x1000400000'
	contains "$output" $'read, write, large'
}

@test "programs get a list, of one address or of many" {
	on intel-pages pasid translate 00:10.0 0x1040000001 -j
	succeeds
	json 'length == 1 and .[0].pasid == 0 and .[0].physical == "0x100000001" and
		.[0].page_size == 1073741824 and [.[0].walk[].level] == ["PML4", "PDPT"] and
		.[0].walk[1].flag == ["present", "write", "user", "accessed", "dirty", "large"]'
	on intel-pages pasid translate 00:10.0 42 0x2000200000 137441050624 -nro iova,physical,device
	succeeds
	equal "$output" "0x2000200000 0x17b400000 0000:00:10.0
0x2000200000 0x17b400000 0000:00:10.0"
	on intel-pages pasid translate 00:10.0 42 0x2000200000 -Po physical,walk
	equal "$output" 'PHYSICAL="0x17b400000" WALK="PML4,PDPT,PD"'
}

@test "an unmapped address is a row too, with a message and a status" {
	on intel-pages pasid translate 00:10.0 42 0x2000001000 0x2000000000 -j
	ended 7
	says_only 'ioasidctl: 0x2000000000: is not mapped'
	json '[.[].state] == ["mapped", "unmapped"] and .[1].physical == null and
		.[1].walk[-1] == { level: "PT", index: 0, entry: null, address: null, flag: null }'
	on intel-pages pasid translate 00:10.0 42 0x2000000000 -nro state
	ended 6
	equal "$output" unmapped
	on intel-pages pasid translate 00:10.0 42 0x800000000000 -nro state
	ended 6
	equal "$output" beyond
	says_only 'ioasidctl: 0x800000000000: is not an address of a first-stage table of 4 levels'
	# A second stage's addresses are not sign-extended.
	on intel-pages-second pasid translate 00:10.0 42 0x800000000000 -nro state
	equal "$output" unmapped
	on intel-pages pasid translate 00:10.0 0xfee00000
	ended 6
	says 'is not mapped' 'hint: writes to 0xfee00000-0xfeefffff are interrupts'
}

@test "map merges pages" {
	on intel-pages pasid map 00:10.0 42
	succeeds
	equal "$output" "$(cat <<-'END'
		IOVA         END          SIZE ACCESS PHYSICAL    PAGE
		0x2000001000 0x2000004fff  16K rw     -           4K
		0x2000005000 0x2000006fff   8K r      -           4K
		0x2000200000 0x20005fffff   4M rw     -           2M
		0x2000801000 0x2000810fff  64K rw     0x140e00000 4K
		0x2040000000 0x207fffffff   1G rw     0x100000000 1G
	END
	)"
	on intel-pages pasid map 00:10.0 --physical -j
	succeeds
	json 'length == 10 and .[0].page == [{ size: 4096, count: 1 }] and .[8].size == 65536 and
		all(.[]; .physical != null)'
	on intel-pages pasid map 00:1f.2 -j
	succeeds
	equal "$output" '[]'
}

@test "pages of two sizes in one range, as people and programs see them" {
	local tree

	tree=$(own intel-pages-second)
	# Four entries that fill the space before a page of 2 MiB.
	{
		head -n 2 "$tree/$DUMP"
		for pfn in 3ff 400; do
			printf '0x000000200%04x |\t0x%016x\t0x%016x\t0x%016x\t' 0x$pfn 0 0x1003 0x2003
			if [[ $pfn == 400 ]]; then
				printf '0x%016x\n' 0x40000083
			else
				printf '0x%016x\t0x%016x\n' 0x3003 0x3ffff003
			fi
		done
	} >"$tree/$DUMP.new"
	mv "$tree/$DUMP.new" "$tree/$DUMP"
	on intel-pages-second pasid map 00:10.0 42 -no size,physical,contiguous,page
	succeeds
	equal "$(tr -s ' ' <<<"$output")" '2052K 0x3ffff000 yes 4K, 2M'
	on intel-pages-second pasid map 00:10.0 42 -nro size,page
	equal "$output" '2101248 4096,2097152'
}

@test "a missing dump is explained, with its status" {
	on intel-pasid pasid map 00:11.0 1
	fails 5 "00:11.0: PASID 1 leads to a process's own page table, which Linux does not show" \
		"/proc/PID/maps and /proc/PID/pagemap show its memory; for the process: ioasidctl pasid list 0000:00:11.0 pasid=1"
	on intel-pasid pasid translate 00:10.0 42 0x1000
	fails 5 '00:10.0: PASID 42 has a page table (first-stage), but this capture has no dump of it' \
		'domain_translation_struct was not captured'
	on intel-pasid pasid map 00:10.0 43
	fails 6 '00:10.0: PASID 43 is not bound' "for addresses of the device's own requests, give PASID 0; for bound PASIDs: ioasidctl pasid list 0000:00:10.0"
	on intel-pasid-user pasid map 00:10.0 42
	fails 4 '00:10.0: cannot read the tables of its IOMMU: Permission denied'
	on intel-legacy pasid map 00:10.0 42
	fails 5 '00:10.0: its IOMMU dmar0 is in legacy mode, which has no PASIDs'
	on amd pasid map 00:05.0
	fails 5 "00:05.0: Linux shows no page tables of its IOMMU ivhd0 (amd), but only those of Intel VT-d" \
		"for AMD, debugfs has only registers, device and interrupt tables"
	on virtio pasid map 00:05.0
	fails 5 "00:05.0: Linux shows no page tables of its IOMMU 0000:00:02.0 (virtio), but only those of Intel VT-d"
	on none pasid map 00:05.0
	fails 5 '00:05.0: no IOMMU translates its requests'
	on intel-pasid pasid map 00:77.0
	ended 6
}

@test "a tree without tables, and entries of other kinds" {
	local tree

	tree=$(own intel-pages)
	sed -i 's/^\(00:10.0.*\t42 .*:0x\)0*49$/\10000000000000109/' "$tree/$TABLE"
	on intel-pages pasid translate 00:10.0 42 0x1234 -nro stage,physical
	succeeds
	equal "$output" 'pass-through 0x1234'
	on intel-pages pasid map 00:10.0 42 -nro iova,end,access
	equal "$output" '0x0 0xffffffffffff rw'
	# The kernel would walk five levels although there are four.
	sed -i 's/:0x0*109$/:0x000000000000004d/' "$tree/$TABLE"
	on intel-pages pasid map 00:10.0 42
	fails 5 '00:10.0: this kernel would read the page table of PASID 42 wrongly: as one of 5 levels'
	sed -i '/^00:10.0.*\t0 /d' "$tree/$TABLE"
	on intel-pages pasid map 00:10.0
	fails 6 '00:10.0: its own requests have no page table: the IOMMU refuses them'
	rm "$tree/$TABLE"
	on intel-pages pasid map 00:10.0
	fails 5 '00:10.0: this capture has no dump of its IOMMU'\''s tables' \
		'it was not captured, or the user who captured it may not read debugfs'
}

@test "a nested table is the second of two, and is marked as such" {
	local tree

	tree=$(own intel-pages-second)
	sed -i 's/^\(00:10.0.*\t42 .*\)89$/\1c9/' "$tree/$TABLE"
	on intel-pages-second pasid translate 00:10.0 42 0x2000001000 -nro stage
	equal "$output" nested
	says_only "ioasidctl: note: 00:10.0: the second of two stages: its addresses are the guest's physical"
}

@test "dumps that no kernel writes" {
	local tree last

	tree=$(own intel-pages)
	cp "$tree/$DUMP" "$tree/dump"
	last=$(tail -n 1 "$tree/dump")
	for line in 'nonsense' '0x0000002040000 |' "$last" $'0x0000002040000 |\t\e[2J' "${last/#0x0000002/0xffffffff}"; do
		{ cat "$tree/dump"; printf '%s\n' "$line"; } >"$tree/$DUMP"
		on intel-pages pasid map 00:10.0 42 -j
		ended 1
		clean
		says 'the dump of its page table is not valid'
		# The output so far is a valid document.
		json 'length == 4'
	done
	head -c -1 "$tree/dump" >"$tree/$DUMP"
	on intel-pages pasid map 00:10.0 42 -j
	ended 1
	sed 's/@0x.*/@0x1000/' "$tree/dump" >"$tree/$DUMP"
	on intel-pages pasid map 00:10.0 42 -j
	fails 1 '00:10.0: the dump of its page table does not match the table that the IOMMU is using'
}

@test "operands" {
	on intel-pages pasid translate 00:10.0 banana
	fails 2 'banana: is not a valid address'
	on intel-pages pasid translate 00:10.0 0x10000000000000000
	fails 2 '0x10000000000000000: has more than 64 bits'
	on intel-pages pasid translate 00:10.0 -- -1
	fails 2 '-1: is not a valid address'
	on intel-pages pasid translate 00:10.0 1048576 0x1000
	fails 2 '1048576: PASIDs have 20 bits at most' \
		"for several addresses of the device's own requests, give PASID 0 first"
	on intel-pages pasid translate 00:10.0 auto 0x1000
	fails 2 'auto: is not a valid PASID'
	on intel-pages pasid translate 00:10.0
	ended 2
	on intel-pages pasid map 00:10.0 1 2
	ended 2
	on intel-pages pasid map 00:10.0 42 -o banana
	ended 2
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
