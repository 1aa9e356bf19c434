#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system graph, checked with Graphviz itself.

bats_require_minimum_version 1.5.0

setup_file()
{
	load ../lib.bash
	unpack intel-pasid intel-pasid-user intel-legacy amd virtio none sriov idxd
	"$ROOT/tests/trees/generate" 520 >"$BATS_FILE_TMPDIR/many.tree"
	"$ROOT/tests/tools/unpack" "$BATS_FILE_TMPDIR/many.tree" "$BATS_FILE_TMPDIR/many"
	no_contexts "$BATS_FILE_TMPDIR/many"
}

setup()
{
	load ../lib.bash
}

# hostile: a tree with malicious names, in $BATS_TEST_TMPDIR/hostile.
hostile()
{
	local tree

	tree=$(own intel-pasid)
	mv "$tree" "${tree%/*}/hostile"
	tree=${tree%/*}/hostile
	printf 'x"];<&\\\n\e[1m' >"$tree/proc/98/comm"
	printf '\xef\xbf\xbe&#0;\\"]}#`' >"$tree/proc/107/comm"
	# shellcheck disable=SC2016	# not to be expanded
	printf '"];end\\N<b>--><!--]]>&amp;`|${}()#35;\xff\x01' >"$tree/sys/kernel/iommu_groups/5/type"
	# shellcheck disable=SC2016	# not to be expanded
	sed -i 's/^DRIVER=.*/DRIVER=$(id)"\\];n0->n1;<script>alert(1)<\/script>/' \
		"$tree/sys/devices/pci0000:00/0000:00:03.0/uevent"
	ln -s "$(readlink "$tree/sys/class/iommu/dmar0")" "$tree/sys/class/iommu/"$'a"b\\'
}

# shown: the labels of the nodes of the DOT in $output, one per line, in the order of dot's own
# parser.
shown()
{
	dot -Tjson0 <<<"$output" | jq -r '.objects[]?.label | select(. and . != "")'
}

# xml PYTHON: an expression on the parsed SVG in $output is true; "texts" are its texts.
xml()
{
	python3 - "$1" <<-END "$output"
		import sys, xml.etree.ElementTree as tree
		root = tree.fromstring(sys.argv[2].encode())
		texts = [t.text for t in root.iter() if t.tag.endswith('}text')]
		tags = {t.tag.split('}')[1] for t in root.iter()}
		if not eval('(' + sys.argv[1] + ')'): sys.exit(f'not true: {sys.argv[1]}\n{texts}')
	END
}

@test "the picture has what the tree has: units, groups, devices, PASIDs, processes" {
	on intel-pasid system graph
	succeeds
	equal "$(dot -Tjson0 <<<"$output" | jq -r .directed)" true
	equal "$(shown | sed 's/\\n.*//' | grep -v '^group' | sort)" "$(
		"$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system tree -nPo label,kind |
			sed -n '/KIND="group"/d; s/LABEL="\(.*\)" KIND.*/\1/p' | sort -u | sed 's/^dmar0$/dmar0, intel/')"
	equal "$(shown | grep -c '^group [0-9]*, DMA-FQ$')" 13
	contains "$(shown)" '0000:00:10.0\nsystem, driver vfio-pci'
	contains "$(shown)" '0000:00:12.0\nsystem, no driver'
	contains "$(shown)" 'PASID 1\nsva'
	contains "$(shown)" 'pid 98\nioasid:vm\nvm.service'
}

@test "lines lead from the bridge to the device, to its PASIDs and to the process" {
	on intel-pasid system graph 5 6
	succeeds
	equal "$(dot -Tjson0 <<<"$output" | jq -r '. as $g | .edges[] | select(.style != "invis") |
		[.tail, .head] | map($g.objects[.].label | split("\\n")[0]) | join(" -> ")' | sort)" "$(cat <<-'END'
		0000:00:0a.0 -> 0000:03:01.0
		0000:00:0a.0 -> 0000:03:02.0
		0000:00:10.0 -> PASID 100-103
		0000:00:10.0 -> PASID 42
		PASID 100-103 -> pid 98
		PASID 42 -> pid 98
	END
	)"
}

@test "a device is inside its group, and that inside its unit" {
	on intel-pasid system graph 5
	succeeds
	equal "$(dot -Tjson0 <<<"$output" | jq -r '. as $g |
		.objects[] | select(.label | startswith("group 5")) | .nodes | map($g.objects[.].label | split("\\n")[0]) |
		sort | join(" ")')" "0000:00:0a.0 0000:03:01.0 0000:03:02.0"
	equal "$(dot -Tjson0 <<<"$output" | jq -r '. as $g | .objects[] | select(.label == "dmar0, intel") |
		.subgraphs | map($g.objects[.].label) | join(" ")')" "group 5, DMA-FQ"
}

@test "every machine in every format, and at every depth" {
	local tree depth status_wanted

	for tree in intel-pasid intel-legacy amd virtio none idxd many; do
		# With Intel IOMMUs and without debugfs, PASIDs may be missing.
		status_wanted=0
		[[ $tree != many ]] || status_wanted=7
		on "$tree" system graph --format svg
		ended $status_wanted
		xml 'len(texts) > 5'
		on "$tree" system graph --format mermaid
		ended $status_wanted
		contains "$output" "flowchart LR"
	done
	for depth in iommu group device pasid process; do
		on intel-pasid system graph --depth "$depth"
		ended 0
		dot -Tcanon <<<"$output" >/dev/null
		equal "$(grep -c 'label="group' <<<"$output")" "$([[ $depth == iommu ]] && echo 0 || echo 13)"
		equal "$(grep -c 'label="PASID' <<<"$output")" "$([[ $depth == p* ]] && echo 3 || echo 0)"
		equal "$(grep -c 'label="pid' <<<"$output")" "$([[ $depth == process ]] && echo 2 || echo 0)"
	done
}

@test "every group and device of a small machine is there once" {
	local tree devices

	for tree in intel-legacy amd virtio none sriov; do
		on "$tree" device list -nro device
		devices=$(sort <<<"$output")
		on "$tree" system graph
		ended 0
		equal "$(shown | sed 's/\\n.*//' | grep -E '^[0-9a-f]{4}:[0-9a-f:.]+$' | sort)" "$devices"
	done
}

@test "equal objects are drawn as one, and none is lost" {
	on many system graph --depth device
	ended 0
	equal "$(shown | sed -n 's/^\([0-9]*\) groups, .*/\1/p; s/^group .*/1/p' | paste -sd + | bc)" 520
	contains "$(shown)" '58 groups, DMA-FQ: 2-5,7-21,23-37,39-53,55-63'
	contains "$(shown)" '4 groups, DMA-FQ: 6,22,38,54'
	contains "$(shown)" '0000:01:00.1 .. 0000:01:07.6\n58 devices: nvme, no driver\nVFs of 0000:01:00.0'
	contains "$(shown)" '0000:01:00.5 .. 0000:01:06.5\n4 devices: nvme, driver vfio-pci\nVFs of 0000:01:00.0'
	# What is named by an operand is drawn by itself.
	on many system graph 0000:01:00.1 --depth device
	ended 0
	contains "$(shown)" '0000:01:00.1\nnvme, no driver\nVF of 0000:01:00.0'
}

@test "no picture is extremely wide or high" {
	local tree

	for tree in intel-pasid sriov none many; do
		on "$tree" system graph --depth device
		ended 0
		# In inches: neither width nor height is more than about twice the other.
		dot -Tplain <<<"$output" | awk -v tree="$tree" '$1 == "graph" {
			print tree, $3, $4
			exit !($3 < 30 && $4 < 30 && $3 < 2.5 * $4 && $4 < 2.5 * $3)
		}'
	done
}

@test "SVG is XML with the texts of the picture" {
	on intel-pasid system graph --format svg
	succeeds
	xml '{"PASID 100-103", "pid 107", "dmar0, intel"} <= set(texts) and root.tag == "{http://www.w3.org/2000/svg}svg"'
}

@test "names cannot break out of DOT" {
	hostile
	on hostile system graph
	ended 0
	clean
	# As many nodes as without malicious names, except for the other unit, and no additional
	# line.
	equal "$(dot -Tjson0 <<<"$output" | jq -r '[(.edges[] | select(.style != "invis"))] | length')" 8
	contains "$(shown)" 'pid 98\nx"];<&amp;\\\\x0a\\x1b[1m'
}

@test "names cannot break out of SVG" {
	hostile
	on hostile system graph --format svg
	ended 0
	clean
	xml 'tags == {"svg", "g", "title", "polygon", "polyline", "path", "text"} and
		"x\"];<&\\\\x0a\\x1b[1m" in texts and "\\xef\\xbf\\xbe&#0;\\\"]}#`" in texts and
		any("n0->n1;<script>" in t for t in texts)'
}

@test "names cannot break out of Mermaid" {
	local line text='"([-A-Za-z0-9 ,.:_/]|#[0-9]+;|<br/>)*"'
	local frame="^.+subgraph f[0-9]+\\[$text\\]\$" join='^.n[0-9]+ (---|~~~+) n[0-9]+$'
	local box="^.+n[0-9]+(\\[$text\\]|\\[/$text/\\]|\\(\\[$text\\]\\)|\\{\\{$text\\}\\})\$"
	local class='^.class [nf0-9,]+ [a-z]+$|^.classDef [a-z]+ [-a-z:#,0-9]+$'

	hostile
	on hostile system graph --format mermaid
	ended 0
	clean
	# Only syntax of the language, and within quotes nothing special to it.
	while IFS= read -r line; do
		[[ $line == "flowchart LR" || $line =~ ^$'\t'+end$ || $line =~ $frame || $line =~ $box ||
			$line =~ $join || $line =~ $class ]] || {
			echo "broken: $line"
			return 1
		}
	done <<<"$output"
	contains "$output" 'pid 98<br/>x#34;#93;#59;#60;#38;#92;#92;x0a#92;x1b#91;1m'
	equal "$(grep -c 'subgraph' <<<"$output")" "$(grep -cE '^\s+end$' <<<"$output")"
}

@test "what could not be read is a question mark with its reason" {
	local tree

	tree=$(own intel-pasid)
	rm -r "$tree/sys/kernel/iommu_groups/5/devices"
	ln -s errno:13 "$tree/sys/kernel/iommu_groups/5/devices"
	on intel-pasid system graph
	ended 0
	says "note: 2 labels have a ? for what could not be read: Permission denied"
	contains "$(shown)" "IOMMU ?, Permission denied"
	contains "$(shown)" $'\n?, Permission denied'
	on intel-pasid-user system graph
	ended 7
	says "note: PASIDs may be missing" "note: processes may be missing"
}

@test "a PASID whose number is not reported" {
	on idxd system graph
	ended 0
	contains "$(shown)" 'PASID ?\nsva'
	[[ $(shown) != *'PASID 0'* ]]
}

@test "wrong usage" {
	local option

	on intel-pasid system graph --format png
	[[ $status == 2 && -z $output ]]
	begins "ioasidctl: --format takes one of dot, svg and mermaid"
	for option in -j -r -P -n; do
		on intel-pasid system graph "$option"
		[[ $status == 2 && -z $output ]]
		begins "ioasidctl: invalid option -- '${option#-}'"
	done
	on intel-pasid system graph --json
	[[ $status == 2 ]]
	begins "ioasidctl: unrecognized option '--json'"
	on intel-pasid system graph --depth bridge
	[[ $status == 2 ]]
	on intel-pasid system graph eth9
	fails 6 "eth9: no such device" "'ioasidctl device list' shows all devices"
}

# with_dot SCRIPT ARGUMENT...: the program with SCRIPT in place of Graphviz.
with_dot()
{
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/dot"
	chmod +x "$BATS_TEST_TMPDIR/bin/dot"
	shift
	run_both env PATH="$BATS_TEST_TMPDIR/bin:$PATH" "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" \
		system graph --format svg "$@"
}

@test "without Graphviz there is no SVG, and everything else works" {
	run_both env PATH=/nowhere "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system graph --format svg
	fails 1 "dot: no such program: SVG is made by Graphviz" \
		"install the package graphviz, or run dot elsewhere on the output of --format dot"
	run_both env PATH=/nowhere "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system graph
	succeeds
	printf 'no program\n' >"$BATS_TEST_TMPDIR/dot"
	run_both env PATH="$BATS_TEST_TMPDIR" "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" system graph --format svg
	fails 4 "dot: cannot be run: Permission denied"
}

@test "Graphviz is called with the right arguments, without a shell" {
	# shellcheck disable=SC2016	# the script's
	with_dot 'printf "%s|" "$#" "$@"; head -n 1'
	succeeds
	equal "$output" "1|-Tsvg|digraph ioasidctl {"
}

@test "a failed or killed Graphviz is reported, and a partial picture is not printed" {
	with_dot 'echo half; echo "first" >&2; printf "Error: \033[1mno\n" >&2; exit 3'
	fails 1 'dot: ended with status 3: Error: \x1b[1mno'
	# shellcheck disable=SC2016
	with_dot 'echo half; kill -9 $$'
	fails 1 "dot: was killed by signal 9 (Killed)"
	with_dot 'echo "Warning: a font" >&2; echo all'
	succeeds
	equal "$output" all
}

@test "a Graphviz that does not read, or prints much, blocks nothing" {
	with_dot 'exec <&-; head -c 3000000 /dev/zero | tr "\0" x' >"$BATS_TEST_TMPDIR/said"
	succeeds
	[[ ${#output} == 3000000 ]]
	# shellcheck disable=SC2016
	with_dot 'head -c 3000000 /dev/zero | tr "\0" x >&2; exit 1'
	ended 1
	# shellcheck disable=SC2154	# run_both's
	((${#stderr} < 300))
	says "ioasidctl: dot: ended with status 1: xxxxxxxx"
}

@test "signals ignored by the caller" {
	# shellcheck disable=SC2016
	run_both bash -c 'trap "" CHLD PIPE; exec "$@"' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" \
		system graph --format svg
	succeeds
	xml '"pid 98" in texts'
}

@test "a full disk, a closed stdout, a reader that leaves early" {
	local format

	for format in dot svg mermaid; do
		# shellcheck disable=SC2016
		run_both bash -c '"$@" >/dev/full' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" system graph --format "$format"
		ended 1
		says_only "ioasidctl: cannot write to standard output: No space left on device"
		# shellcheck disable=SC2016
		run_both bash -c '"$@" >&-' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" system graph --format "$format"
		ended 1
		says_only "ioasidctl: cannot write to standard output: Bad file descriptor"
		# shellcheck disable=SC2016
		run_both bash -c '"$@" | head -n 1' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" system graph --format "$format"
		succeeds
		[[ -n $output ]]
	done
}

@test "a device without class has no comma" {
	local tree at=sys/devices/platform/fdab0000.npu

	tree=$(own virtio)
	mkdir -p "$tree/$at" "$tree/sys/kernel/iommu_groups/90/devices"
	ln -s ../../../kernel/iommu_groups/90 "$tree/$at/iommu_group"
	ln -s "../../../../../$at" "$tree/sys/kernel/iommu_groups/90/devices/fdab0000.npu"
	on virtio system graph 90
	succeeds
	contains "$output" '"fdab0000.npu\nno driver"'
}
