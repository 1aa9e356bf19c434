#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# system diff: captures, and copies of them with one difference.

WIDE=0000:00:10.0
NIC=0000:00:03.0
DISK=0000:01:00.0

setup_file()
{
	load ../lib.bash
	unpack intel-contexts intel-pasid intel-pasid-user intel-legacy intel-paths amd virtio none idxd kfd sriov
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
}

# diff_of NAME DIRECTORY [OPTION...]: compares with the captured tree of that name.
diff_of()
{
	run_both "$IOASIDCTL" system diff "$BATS_FILE_TMPDIR/$1" "${@:2}"
}

# changed OLD NEW LINE...: these are all changes from the tree OLD to the directory NEW.
changed()
{
	local old=$1 new=$2

	shift 2
	diff_of "$old" "$new" -nro change,kind,object,pasid,field,old,new
	succeeds
	equal "$output" "$(printf '%s\n' "$@")"
	# In the other direction there are as many rows.
	run_both "$IOASIDCTL" system diff "$new" "$BATS_FILE_TMPDIR/$old" -j
	json "length == $#"
}

# renumber TREE OLD NEW: group OLD becomes NEW, which is unused.
renumber()
{
	local link

	mv "$1/sys/kernel/iommu_groups/$2" "$1/sys/kernel/iommu_groups/$3"
	while IFS= read -r link; do
		ln -sfnT "$(readlink "$link" | sed "s,/$2\$,/$3,")" "$link"
	done < <(find "$1/sys/devices" -name iommu_group -lname "*/$2")
}

# regroup TREE DEVICE GROUP: moves the device to the group. Removes a group that becomes empty.
regroup()
{
	local groups=$1/sys/kernel/iommu_groups link

	link=$(echo "$groups"/*/devices/"$2")
	mkdir -p "$groups/$3/devices"
	mv "$link" "$groups/$3/devices/"
	[[ -n $(ls -A "${link%/*}") ]] || rm -r "${link%/devices/*}"
}

# directory TREE DEVICE
directory()
{
	readlink -f "$1/sys/bus/pci/devices/$2"
}

# drop TREE DEVICE: removes the device, and its group if it was alone.
drop()
{
	local directory link group

	directory=$(directory "$1" "$2")
	link=$(echo "$1"/sys/kernel/iommu_groups/*/devices/"$2")
	rm "$1/sys/bus/pci/devices/$2" "$link"
	group=${link%/devices/*}
	[[ -n $(ls -A "$group/devices") ]] || rm -r "$group"
	rm -r "$directory"
}

@test "an unchanged machine: no rows, and an empty array" {
	local tree

	for tree in intel-pasid intel-legacy intel-paths amd virtio none idxd kfd sriov; do
		diff_of "$tree" "$BATS_FILE_TMPDIR/$tree"
		succeeds
		equal "$output" ''
		diff_of "$tree" "$BATS_FILE_TMPDIR/$tree" -j
		succeeds
		equal "$output" '[]'
	done
}

@test "another boot has renumbered the groups: that is the only change" {
	local tree

	tree=$(own intel-pasid)
	renumber "$tree" 6 40
	renumber "$tree" 5 6
	renumber "$tree" 40 5
	changed intel-pasid "$tree" "renumbered group 0000:00:0a.0  group 5 6" \
		"renumbered group $WIDE  group 6 5"
	diff_of intel-pasid "$tree" -nro old,new,device
	contains "$output" '5 6 0000:00:0a.0,0000:03:01.0,0000:03:02.0'
}

@test "groups merged and split" {
	local tree

	tree=$(own intel-pasid)
	regroup "$tree" $NIC 6
	changed intel-pasid "$tree" "merged group $NIC  group 1 6" "merged group $WIDE  group 6 6" \
		"changed device $NIC  attached domain\\x20DMA-FQ vfio,\\x20pid\\x2098\\x20(ioasid:vm)"
	run_both "$IOASIDCTL" system diff "$tree" "$BATS_FILE_TMPDIR/intel-pasid" -nro change,object,old,new
	equal "$output" "split $NIC 6 1
split $WIDE 6 6
changed $NIC vfio,\\x20pid\\x2098\\x20(ioasid:vm) domain\\x20DMA-FQ"
}

@test "a device moved to another group, which keeps its identity" {
	local tree

	tree=$(own intel-pasid)
	regroup "$tree" 0000:03:02.0 9
	changed intel-pasid "$tree" "moved device 0000:03:02.0  group 5 9"
}

@test "a device removed, and one that has left a shared group" {
	local tree

	tree=$(own intel-pasid)
	drop "$tree" $DISK
	drop "$tree" 0000:03:02.0
	changed intel-pasid "$tree" "left group 0000:03:02.0  group 5 " \
		"removed device $DISK   1b36:0010\\x20nvme " \
		"removed device 0000:03:02.0   8086:100e\\x20ethernet "
}

@test "another device at the address, another driver and override, virtual functions" {
	local tree device

	tree=$(own intel-pasid)
	device=$(directory "$tree" $NIC)
	sed -i 's/^PCI_ID=.*/PCI_ID=8086:1533/; s/^DRIVER=.*/DRIVER=igb/' "$device/uevent"
	echo vfio-pci >"$(directory "$tree" 0000:03:02.0)/driver_override"
	echo 4 >"$(directory "$tree" $DISK)/sriov_numvfs"
	changed intel-pasid "$tree" "swapped device $NIC  id 8086:10d3 8086:1533" \
		"changed device $NIC  driver e1000e igb" \
		"changed device $DISK  sriov_numvfs 0 4" \
		"changed device 0000:03:02.0  driver_override  vfio-pci"
}

@test "the type of a group, the registers of a unit, a removed unit" {
	local tree

	tree=$(own intel-pasid)
	echo identity >"$tree/sys/kernel/iommu_groups/1/type"
	echo 8d9a20f00f4a >"$(readlink -f "$tree/sys/class/iommu/dmar0")/intel-iommu/ecap"
	rm "$tree/sys/class/iommu/iommufd_selftest_iommu.0"
	changed intel-pasid "$tree" "changed iommu dmar0  ecap 0x8d9a20f00f4e 0x8d9a20f00f4a" \
		"removed iommu iommufd_selftest_iommu.0    " \
		"changed group $NIC  type DMA-FQ identity"
}

@test "PASIDs: disabled, removed, and bound, with their targets" {
	local tree table file

	tree=$(own intel-pasid)
	table=$tree/sys/kernel/debug/iommu/intel/dmar_translation_struct
	sed -i -E '/^00:10\.0\t.*\t(42|101) +\t/d' "$table"
	sed -i -E 's/\t103 +\t/\t104   \t/' "$table"
	changed intel-pasid "$tree" "removed pasid $WIDE 42  unknown,\\x20pid\\x2098\\x20(ioasid:vm) " \
		"removed pasid $WIDE 101  unknown,\\x20pid\\x2098\\x20(ioasid:vm) " \
		"removed pasid $WIDE 103  unknown,\\x20pid\\x2098\\x20(ioasid:vm) " \
		"added pasid $WIDE 104   unknown,\\x20pid\\x2098\\x20(ioasid:vm)"
	tree=$(own intel-legacy)
	file=$(directory "$tree" $WIDE)/config
	# PASID at 0x120: the control's enable bit, and the width, which was 20.
	printf '\x1' | dd of="$file" bs=1 seek=$((0x126)) conv=notrunc status=none
	printf '\x8' | dd of="$file" bs=1 seek=$((0x125)) conv=notrunc status=none
	changed intel-legacy "$tree" "changed device $WIDE  pasid_enabled 0 1" \
		"changed device $WIDE  pasid_width 20 8"
}

@test "PASIDs that now belong to another process" {
	local tree

	tree=$(own intel-pasid)
	mv "$tree/proc/98" "$tree/proc/99"
	diff_of intel-pasid "$tree" change=changed -nro object,pasid,field,old,new
	succeeds
	contains "$output" "$WIDE 42 owner pid\\x2098\\x20(ioasid:vm) pid\\x2099\\x20(ioasid:vm)"
	(($(wc -l <<<"$output") == 6))
}

@test "the device of a PASID may be unknown" {
	local tree

	tree=$(own idxd)
	ln -sfn ../../.. "$tree/sys/bus/dsa/devices/wq0.1"
	diff_of intel-pasid "$tree" kind=pasid -j -o all
	json '[.[] | select(.new.name == "wq0.1")] | length == 1 and all(.[]; .object == null and .device == null)'
}

@test "a completely different machine: JSON values have their types" {
	diff_of intel-legacy "$BATS_FILE_TMPDIR/intel-pasid" -j
	succeeds
	json 'all(.[]; keys_unsorted == ["change", "kind", "object", "pasid", "field", "old", "new"])'
	json 'any(.[]; . == { change: "changed", kind: "device", object: "0000:00:10.0", pasid: null,
		field: "pasid_enabled", old: false, new: true })'
	json 'any(.[]; .change == "renumbered" and .old == 5 and .new == 6)'
	json 'any(.[]; .field == "ecap" and (.old | startswith("0x")))'
	json 'map(select(.kind == "pasid").pasid) == [42, 100, 101, 102, 103, 1]'
	json '(map(.kind) | index("group")) > (map(.kind) | rindex("iommu"))'
}

@test "what could not be read on one side was neither added nor removed" {
	diff_of intel-pasid "$BATS_FILE_TMPDIR/intel-pasid-user" -j
	ended 7
	json 'length > 6 and all(.[]; .change == "unreadable" and (.old != null) and .new == null and
		.unreadable.new == "Permission denied")'
	json '[.[] | select(.object == "0000:00:10.0" and .kind == "pasid").pasid] == [42, 100, 101, 102, 103]'
	json 'any(.[]; .object == null and .field == "vt-d")'
	# Unreadable on both sides: no row, but a note.
	diff_of intel-pasid-user "$BATS_FILE_TMPDIR/intel-pasid-user" -j
	ended 7
	equal "$output" '[]'
	says 'not compared, as neither side can be read: device pasid_supported of 18 objects: Permission denied'
	says 'pasid vt-d: Permission denied'
}

@test "a whole kind that could not be read" {
	local tree

	tree=$(own intel-pasid)
	rm -r "$tree/sys/kernel/iommu_groups"
	ln -s errno:13 "$tree/sys/kernel/iommu_groups"
	rm -r "$tree/sys/class/iommu"
	ln -s errno:5 "$tree/sys/class/iommu"
	diff_of intel-pasid "$tree" -j
	ended 7
	json 'all(.[]; .change == "unreadable" and .new == null) and
		([.[] | select(.object == null) | .kind + " " + .unreadable.new] | sort) ==
		["device Permission denied", "group Permission denied", "iommu Input/output error",
			"pasid Input/output error"]'
}

@test "which two sides are compared" {
	local tree=$BATS_FILE_TMPDIR

	# --sysroot replaces this machine, with "-" or without an operand.
	run_both "$IOASIDCTL" system diff "$tree/intel-legacy" -nro change,object kind=iommu
	fails 6 'kind=iommu: no such file or directory' 'terms come after OLD and NEW; NEW may be -'
	on intel-pasid system diff "$tree/intel-legacy" - kind=iommu -nro change,object,field
	succeeds
	equal "$output" $'changed dmar0 cap\nchanged dmar0 ecap'
	on intel-pasid system diff - "$tree/intel-legacy" kind=device change=removed -nro object
	succeeds
	equal "$output" $'0000:00:09.0\n0000:00:11.0\n0000:00:12.0\n0000:02:00.0'
	on intel-pasid system diff "$tree/intel-pasid"
	succeeds
	equal "$output" ''
	on amd system diff "$tree/intel-pasid" "$tree/virtio"
	fails 2 "$tree/amd: --sysroot and OLD NEW cannot be combined"
	run_both "$IOASIDCTL" system diff "$tree/nothing" "$tree/virtio"
	fails 6 "$tree/nothing: no such file or directory"
	run_both "$IOASIDCTL" system diff
	ended 2
	run_both "$IOASIDCTL" system diff "$tree/amd" "$tree/virtio" other=1
	fails 2 'other: no such column' '--list-columns shows them all'
}

@test "terms select rows by change, and by device" {
	diff_of intel-legacy "$BATS_FILE_TMPDIR/intel-pasid" renumbered -nro object,old,new
	equal "$(head -n 2 <<<"$output")" "0000:00:0a.0 4 5
$WIDE 5 6"
	diff_of intel-legacy "$BATS_FILE_TMPDIR/intel-pasid" "device=$WIDE" kind=group,pasid -nro kind,pasid
	equal "$output" $'group \ngroup \npasid 42\npasid 100\npasid 101\npasid 102\npasid 103'
}

@test "names in a capture do not control the terminal" {
	local tree

	tree=$(own intel-pasid)
	printf '\e[2J\n' >"$(directory "$tree" $NIC)/driver_override"
	printf 'x\e[2J\n' >"$tree/sys/kernel/iommu_groups/1/type"
	mkdir "$tree/sys/kernel/iommu_groups/77" "$tree/sys/kernel/iommu_groups/77/devices"
	ln -s ../../../../devices "$tree/sys/kernel/iommu_groups/77/devices/"$'\e]0;name'
	diff_of intel-pasid "$tree"
	ended_orderly
	clean
	contains "$output" '\x1b[2J'
	diff_of intel-pasid "$tree" -j
	json 'length == 3'
}

@test "broken trees, on one side or both, exit in an orderly way" {
	local tree sides empty=$BATS_TEST_TMPDIR/empty

	mkdir "$empty"
	tree=$(own intel-pasid)
	rm -r "$(directory "$tree" $WIDE)/config" "$tree/sys/kernel/iommu_groups/1/type"
	mkdir "$(directory "$tree" $WIDE)/config" "$tree/sys/kernel/iommu_groups/1/type"
	ln -sfnT loop "$(directory "$tree" $NIC)/iommu"
	ln -s loop "$tree/sys/class/iommu/loop"
	printf '\0\377PCI_ID=%0400d:\n' 1 >"$(directory "$tree" $DISK)/uevent"
	noise 100000 >"$tree/sys/kernel/debug/iommu/intel/dmar_translation_struct"
	for sides in "$BATS_FILE_TMPDIR/intel-pasid $tree" "$tree $BATS_FILE_TMPDIR/amd" "$tree $tree" \
		"$empty $tree" "$tree $empty" "$empty $empty"; do
		# shellcheck disable=SC2086	# two words
		run_both timeout 20 "$IOASIDCTL" system diff $sides -j
		ended_orderly
		clean
		json 'type == "array"'
	done
}

# The machine without a port, so that the bus behind the bridge has another number.
@test "a device behind a renumbered bus is the same one" {
	diff_of intel-legacy "$BATS_FILE_TMPDIR/intel-pasid" 'device=0000:0[23]:*' -nro change,kind,object,field,old,new
	succeeds
	equal "$output" "$(cat <<-'END'
		renumbered group 0000:00:0a.0 group 4 5
		changed group 0000:00:0a.0 type DMA DMA-FQ
		added device 0000:02:00.0   8086:10c9\x20ethernet
		renumbered device 0000:03:01.0 device 0000:02:01.0 0000:03:01.0
		renumbered device 0000:03:02.0 device 0000:02:02.0 0000:03:02.0
	END
	)"
}

# before: intel-contexts in its initial state: no context "other", nothing attached or bound.
before()
{
	local tree

	tree=$(own intel-contexts)
	jq '.context |= [.[] | select(.name == "lab") | .bindings = [] | .describe.device |= map(.attached = null)]' \
		"$tree/ioasidctl/contexts.json" >"$BATS_TEST_TMPDIR/new"
	cp "$BATS_TEST_TMPDIR/new" "$tree/ioasidctl/contexts.json"
	sed -i -E '/^00:1[01]\.0\t.*\t[1-9][0-9]* +\t/d' "$tree/sys/kernel/debug/iommu/intel/dmar_translation_struct"
	BEFORE=$tree
}

@test "contexts, attachments of own requests, PASIDs of two devices" {
	before
	run_both "$IOASIDCTL" system diff "$BEFORE" "$BATS_FILE_TMPDIR/intel-contexts"
	[[ $status == 7 ]]
	equal "$output" "$(cat <<-'END'
		CHANGE  KIND    OBJECT       PASID   FIELD    OLD                          NEW
		added   context other        -       -        -                            pid 124
		changed device  0000:00:10.0 -       attached domain blocked (lab)         ioas mem (lab)
		changed device  0000:02:00.0 -       attached vfio, pid 124 (ioasid:other) ioas 2 (other)
		added   pasid   0000:00:10.0 5       -        -                            ioas mem (lab)
		added   pasid   0000:00:10.0 7       -        -                            ioas red (lab)
		added   pasid   0000:00:10.0 100-163 -        -                            ioas mem (lab)
		added   pasid   0000:00:11.0 1-8     -        -                            ioas mem (lab)
	END
	)"
	run_both "$IOASIDCTL" system diff "$BEFORE" "$BATS_FILE_TMPDIR/intel-contexts" -j \
		kind=context,pasid,device field=,attached
	json '[.[] | select(.kind != "pasid") | { kind, object, field, old, new }] == [
		{ kind: "context", object: "other", field: null, old: null, new: { pid: 124 } },
		{ kind: "device", object: "0000:00:10.0", field: "attached",
			old: { kind: "domain", id: null, name: "blocked", context: "lab", hwpt: null },
			new: { kind: "ioas", id: 3, name: "mem", context: "lab", hwpt: 5 } },
		{ kind: "device", object: "0000:02:00.0", field: "attached",
			old: { kind: "opener", id: 124, name: "ioasid:other", context: null, hwpt: null },
			new: { kind: "ioas", id: 2, name: null, context: "other", hwpt: null } }]'
	json '[.[] | select(.kind == "pasid") | .pasid] == [5, 7, range(100; 164), range(1; 9)]'
	json '[.[] | select(.pasid == 7 and .object == "0000:00:10.0")] == [{ change: "added", kind: "pasid",
		object: "0000:00:10.0", pasid: 7, field: null, old: null, new: { kind: "ioas", id: 4, name: "red",
		owner: { kind: "context", id: null, name: "lab" } } }]'
	run_both "$IOASIDCTL" system diff "$BEFORE" "$BATS_FILE_TMPDIR/intel-contexts" --fold -j -o pasid pasid=2-5
	json '. == [{ pasid: { lo: 5, hi: 5 } }, { pasid: { lo: 2, hi: 5 } }]'
	run_both "$IOASIDCTL" system diff "$BEFORE" "$BATS_FILE_TMPDIR/intel-contexts" --each -no pasid pasid=7-8
	equal "$output" $'7\n7\n8'
}

@test "a PASID bound to another IOAS" {
	before
	jq '(.context[].bindings[].binding[] | .target.ioas | select(.name == "red") | .name) = "blue"' \
		"$BATS_FILE_TMPDIR/intel-contexts/ioasidctl/contexts.json" >"$BEFORE/ioasidctl/contexts.json"
	cp "$BATS_FILE_TMPDIR"/intel-contexts/sys/kernel/debug/iommu/intel/dmar_translation_struct \
		"$BEFORE/sys/kernel/debug/iommu/intel/dmar_translation_struct"
	run_both "$IOASIDCTL" system diff "$BEFORE" "$BATS_FILE_TMPDIR/intel-contexts" -nro object,pasid,field,old,new
	equal "$output" '0000:00:10.0 7 target ioas\x20blue\x20(lab) ioas\x20red\x20(lab)'
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
