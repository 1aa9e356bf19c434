#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Malicious or broken trees: no crash, no hang, nothing read from outside the tree, no terminal
# controls, and valid JSON.
# shellcheck disable=SC2030,SC2031 # each test seeds RANDOM for itself

TREES=(intel-pasid amd intel-contexts intel-pages idxd kfd virtio)

setup_file()
{
	load ../lib.bash
	unpack "${TREES[@]}"
}

setup()
{
	load ../lib.bash
	# shellcheck disable=SC2034	# of lib.bash
	DOCUMENTS=$BATS_FILE_TMPDIR/documents
	COMMANDS=('group list' 'device list' 'iommu list' 'pasid list' 'driver list' 'system features'
		'group show 5' 'group show nvme0' 'device show 00:10.0' 'device show eth1' 'device show nvme0'
		'iommu show dmar0' 'iommu show ivhd0')
	EDU=sys/devices/pci0000:00/0000:00:05.0
	NIC=sys/devices/pci0000:00/0000:00:03.0
	WIDE=sys/devices/pci0000:00/0000:00:10.0
	SECRET=$BATS_TEST_TMPDIR/secret
	mkdir -p "$SECRET"
	echo 'DRIVER=secret' >"$SECRET/uevent"
	echo 'secret' >"$SECRET/type"
}

# survives TREE [COMMAND...]: every command ends within the time limit with one of its own statuses
# and clean output. Its stderr is appended to the file "said".
survives()
{
	local tree=$1 command format documents=$BATS_TEST_TMPDIR/documents

	shift
	: >"$documents"
	(($#)) || set -- "${COMMANDS[@]}"
	for command; do
		for format in '' -j; do
			# shellcheck disable=SC2086	# words, or none
			if ! run_both timeout 20 "$IOASIDCTL" --sysroot "$tree" $command -o all $format >"$BATS_TEST_TMPDIR/last" ||
				! ended_orderly || ! clean; then
				cat -v "$BATS_TEST_TMPDIR/last"
				return 1
			fi
			# In brackets, so that truncated output is not completed by the next.
			[[ $format != -j ]] || ! ended 0 || echo "[$output]" >>"$documents"
			# shellcheck disable=SC2154	# run_both sets it
			printf '%s\n%s\n' "$output" "$stderr" >>"$BATS_TEST_TMPDIR/said"
		done
	done
	# One process for all of them.
	jq -es 'all(.[]; length == 1)' "$documents" >/dev/null || {
		cat -v "$documents"
		return 1
	}
}

keeps_the_secret()
{
	if grep -q secret "$BATS_TEST_TMPDIR/said"; then
		grep secret "$BATS_TEST_TMPDIR/said"
		return 1
	fi
}

@test "links out of the tree lead nowhere, whether absolute or upwards" {
	local tree target

	for target in "$SECRET" "../../../../../../../../../../../../..$SECRET"; do
		tree=$(own intel-pasid)
		rm -r "${tree:?}/$EDU"
		ln -s "$target" "$tree/$EDU"
		ln -sf "$target/uevent" "$tree/$NIC/uevent"
		rm -r "$tree/sys/kernel/iommu_groups/5"
		ln -s "$target" "$tree/sys/kernel/iommu_groups/5"
		ln -sf "$target/type" "$tree/sys/kernel/iommu_groups/6/type"
		ln -sfn "$target" "$tree/sys/class/net/eth1"
		rm -r "$tree/sys/kernel/debug/iommu"
		ln -s "$target" "$tree/sys/kernel/debug/iommu"
		ln -sfn "$target" "$tree/proc/self"
		survives "$tree"
		keeps_the_secret
		rm -r "$tree"
	done
}

@test "the tree itself, or its path, may contain links" {
	ln -s "$BATS_FILE_TMPDIR/intel-pasid" "$BATS_TEST_TMPDIR/link"
	on link group list -rn -o group
	succeeds
	[[ $(wc -l <<<"$output") == 13 ]]
}

@test "a link from /sys/... stays in the tree" {
	local tree

	tree=$(own intel-pasid)
	ln -sfn /sys/devices/pci0000:00/0000:00:03.0 "$tree/sys/bus/pci/devices/0000:00:05.0"
	on intel-pasid device list -rn -o driver 0000:00:05.0
	equal "$output" e1000e
}

@test "circular links end" {
	local tree

	tree=$(own intel-pasid)
	rm -r "${tree:?}/$EDU" "$tree/sys/kernel/iommu_groups/5"
	ln -s 0000:00:05.0 "$tree/$EDU"
	ln -s 5 "$tree/sys/kernel/iommu_groups/5"
	ln -s ../../kernel/iommu_groups "$tree/sys/kernel/iommu_groups/77"
	ln -sfn .. "$tree/sys/class/net/eth1"
	ln -sfn ../../../../.. "$tree/$NIC/iommu_group"
	ln -sfn . "$tree/$NIC/driver"
	ln -sfn / "$tree/$NIC/physfn"
	ln -sf uevent "$tree/$NIC/uevent"
	ln -sfn ../../../../bus/pci/devices/0000:00:03.0 "$tree/sys/bus/pci/devices/0000:00:77.0"
	rm -r "$tree/proc/self"
	ln -s self "$tree/proc/self"
	survives "$tree"
}

@test "files that block on open do not block" {
	local tree path

	tree=$(own intel-pasid)
	for path in "$NIC/uevent" "$NIC/config" "$EDU/driver_override" "$WIDE/power/runtime_status" proc/self/mountinfo \
		proc/swaps sys/kernel/iommu_groups/5/type sys/kernel/debug/iommu/intel/dmar_translation_struct \
		proc/98/stat proc/98/status sys/devices/virtual/iommu/dmar0/intel-iommu/cap; do
		rm "$tree/$path"
		mkfifo "$tree/$path"
	done
	rm -r "$tree/sys/class/vfio"
	mkfifo "$tree/sys/class/vfio"
	survives "$tree"
}

@test "devices and directories in place of files" {
	local tree path

	tree=$(own intel-pasid)
	for path in "$NIC/uevent" "$EDU/config" "$WIDE/driver_override" proc/self/mountinfo proc/98/comm \
		sys/kernel/iommu_groups/6/type sys/kernel/debug/iommu/intel/dmar_translation_struct; do
		rm "$tree/$path"
		mkdir "$tree/$path"
	done
	for path in "$NIC/config" "$EDU/uevent" proc/swaps sys/kernel/iommu_groups/5/type; do
		rm "$tree/$path"
		# Readable by root only, and reading can have effects.
		mknod "$tree/$path" c 1 5 2>/dev/null || mkfifo "$tree/$path"
	done
	survives "$tree"
}

@test "files in place of directories" {
	local tree path

	tree=$(own intel-pasid)
	for path in sys/bus/pci/drivers sys/class/net "$EDU" sys/kernel/iommu_groups/5 sys/kernel/debug/iommu/intel \
		proc/98/fd "$WIDE/vfio-dev" sys/devices/virtual/iommu/dmar0/devices dev/vfio; do
		rm -r "${tree:?}/$path"
		echo 1 >"$tree/$path"
	done
	survives "$tree"
	for path in sys/kernel/iommu_groups sys/bus/pci/devices sys/class proc sys; do
		rm -r "${tree:?}/$path"
		echo 1 >"$tree/$path"
		survives "$tree"
	done
}

@test "huge files are refused, not truncated or read into memory" {
	local tree path

	tree=$(own intel-pasid)
	for path in "$NIC/uevent" "$NIC/config" proc/self/mountinfo proc/98/cgroup sys/kernel/iommu_groups/5/type \
		sys/kernel/iommu_groups/5/reserved_regions; do
		truncate -s 20G "$tree/$path"
	done
	# This one is read line by line, because it is large with a million PASIDs.
	truncate -s 1G "$tree/sys/kernel/debug/iommu/intel/dmar_translation_struct"
	survives "$tree"
	on intel-pasid group show 5 -j
	json '.type == null and .unreadable.type != null'
	yes 'DRIVER=e1000e' | head -c 100000 >"$tree/$NIC/uevent"
	on intel-pasid device show 00:03.0 -j
	[[ $status == 0 ]]
	json '.id == null and .unreadable.id != null'
}

@test "empty and truncated files" {
	local tree

	tree=$(own intel-pasid)
	find "$tree" -type f -exec truncate -s 0 {} +
	survives "$tree"
	rm -r "$tree"
	tree=$(own intel-pasid)
	find "$tree" -type f -exec truncate -s 7 {} +
	survives "$tree"
	rm -r "$tree"
	tree=$(own amd)
	find "$tree" -type f -exec truncate -s 3 {} +
	survives "$tree"
}

@test "an empty tree is a machine with nothing" {
	local command

	mkdir "$BATS_TEST_TMPDIR/empty"
	for command in 'group list' 'device list' 'iommu list' 'pasid list' 'driver list'; do
		# shellcheck disable=SC2086	# words
		on empty $command -j
		[[ $status == 0 ]]
		equal "$output" '[]'
	done
	survives "$BATS_TEST_TMPDIR/empty"
}

# config NAME HEX...: sets bytes of the wide endpoint's config space, from OFFSET on.
config()
{
	printf %b "$(printf '\\x%s' "${@:2}")" |
		dd of="$BATS_TEST_TMPDIR/intel-pasid/$WIDE/config" bs=1 seek=$(($1)) conv=notrunc status=none
}

@test "capability lists that loop, run out of space, or are truncated" {
	local tree size

	tree=$(own intel-pasid)
	config 0x41 40	# the standard list: to itself
	config 0x100 0f 00 01 10	# the extended list: ATS, next is 0x100
	survives "$tree"
	config 0x100 0f 00 f1 ff	# next is 0xfff
	survives "$tree"
	config 0x100 1b 00 c1 ff	# PASID, next is 0xffc, where another begins
	config 0xffc 1b 00 01 00
	survives "$tree"
	config 0x100 1b 00 41 00	# next is below the extended space
	survives "$tree"
	config 0x34 fc	# the standard list begins at the end of its space
	config 0xfc 10 fc
	survives "$tree"
	for size in 1 2 3 63 64 65 255 256 257 259 260 300 4095; do
		truncate -s $size "$tree/$WIDE/config"
		survives_show
	done
}

survives_show()
{
	on intel-pasid device show 00:10.0 -j
	ended_orderly
	json .
}

@test "config space of random bytes" {
	local tree

	tree=$(own intel-pasid)
	RANDOM=1
	for _ in {1..60}; do
		noise $((RANDOM % 5000)) "$RANDOM" >"$tree/$WIDE/config"
		cp "$tree/$WIDE/config" "$BATS_TEST_TMPDIR/last"
		survives_show || {
			od -A x -t x1 "$BATS_TEST_TMPDIR/last"
			return 1
		}
	done
}

@test "names and contents with control characters, quotes, spaces and invalid UTF-8" {
	local tree name

	tree=$(own intel-pasid)
	name=$'\e]0;x\a\e[31m"\'$(id)`\\ \xff\xc2\x9b\nsecond'
	printf 'DRIVER=%s\nPCI_CLASS=20000\nPCI_ID=8086:10D3\n' "${name//$'\n'/}" >"$tree/$NIC/uevent"
	printf '%s\n' "$name" >"$tree/$EDU/driver_override"
	printf 'a\0b\e[31m\n' >"$tree/$WIDE/power/runtime_status"
	printf '%s' "$name" >"$tree/sys/kernel/iommu_groups/5/type"
	printf '%s\n' "$name" >"$tree/sys/kernel/iommu_groups/5/name"
	printf '0x1 0x2 %s\n' "${name//[$'\n' ]/}" >"$tree/sys/kernel/iommu_groups/5/reserved_regions"
	ln -sfn "../../../bus/pci/drivers/$name" "$tree/$EDU/driver"
	printf '%s\n' "$name" >"$tree/proc/98/comm"
	printf '0::/system.slice/%s.service\n' "$name" >"$tree/proc/98/cgroup"
	mkdir -p "$tree/$NIC/net/$name" "$tree/$WIDE/vfio-dev/$name" "$tree/sys/bus/pci/drivers/$name"
	ln -s "../../${NIC#sys/}/net/$name" "$tree/sys/class/net/$name"
	ln -s ../../../devices/pci0000:00/0000:00:12.0 "$tree/sys/kernel/iommu_groups/5/devices/$name"
	ln -s ../../../devices/pci0000:00/0000:00:12.0 "$tree/sys/bus/pci/devices/$name"
	ln -s "../../devices/virtual/iommu/dmar0" "$tree/sys/class/iommu/$name"
	printf '38 28 259:0 / /mnt/%s rw - ext4 /dev/nvme0n1 rw\n' "${name//[$'\n' ]/}" >>"$tree/proc/self/mountinfo"
	survives "$tree"
	on intel-pasid group show "$name"
	ended_orderly
	clean
	on intel-pasid driver set --dry-run 00:05.0 "$name"
	ended_orderly
	clean
	# Data that a shell evaluates stays data.
	on intel-pasid device list -P -o device,driver 0000:00:05.0
	ended 0
	clean
	(
		eval "$output"
		# shellcheck disable=SC2153	# eval sets it
		equal "$(printf %b "$DRIVER")" "$name"
	)
}

@test "malformed numbers, and numbers that are too large" {
	local tree text

	for text in '' -1 99999999999999999999 0x 0xzz 1e9 '1 2' $'1\n2' nan 18446744073709551616; do
		tree=$(own intel-pasid)
		echo "$text" >"$tree/$WIDE/numa_node"
		echo "$text" >"$tree/$WIDE/sriov_totalvfs"
		echo "$text" >"$tree/$WIDE/sriov_numvfs"
		echo "PCI_CLASS=$text" >"$tree/$NIC/uevent"
		printf 'PCI_ID=%s\nPCI_CLASS=20000\n' "$text" >"$tree/$EDU/uevent"
		echo "$text" >"$tree/sys/devices/virtual/iommu/dmar0/intel-iommu/cap"
		echo "$text" >"$tree/sys/devices/virtual/iommu/dmar0/intel-iommu/domains_used"
		echo "$text $text msi" >"$tree/sys/kernel/iommu_groups/5/reserved_regions"
		[[ $text != *$'\n'* ]] && ln -s 5 "$tree/sys/kernel/iommu_groups/x$text"
		ln -sfn "../../kernel/iommu_groups/$text" "$tree/$NIC/iommu_group"
		echo "$text" >"$tree/$NIC/net/eth1/flags"
		survives "$tree" 'group list' 'device list' 'iommu list' 'group show 5' 'device show 00:10.0'
		rm -r "$tree"
	done
}

@test "malformed lines in the table of PASIDs" {
	local tree table line

	tree=$(own intel-pasid)
	table=$tree/sys/kernel/debug/iommu/intel/dmar_translation_struct
	cp "$table" "$BATS_TEST_TMPDIR/table"
	for line in '00:10.0' '00:10.0 x' "$(printf '%8000s' x)" $'IOMMU \e[31m: Root' \
		$'00:10.0\t0x1:0x1\t0x0:0x1\t4294967296\t0x1:0x2:0x49' $'00:10.0\t0x1:0x1\t0x0:0x1\t-7\t0x1:0x2:0x49' \
		$'00:10.0\t0x1:0x1\t0x0:0x1\t5' $'00:1f.9\t0x1:0x1\t0x0:0x1\t5\t0x1:0x2:0x49' \
		$'zz:10.0\t0x1:0x1\t0x0:0x1\t5\t0x1:0x2:0x49' $'00:10.0\t0x1:0x1\t0x0:0x1\t5\t0x1:0x2:0x1c9'; do
		{
			cat "$BATS_TEST_TMPDIR/table"
			printf '%s\n' "$line"
		} >"$table"
		survives "$tree" 'pasid list'
	done
	head -c 700 "$BATS_TEST_TMPDIR/table" >"$table"
	survives "$tree" 'pasid list'
}

@test "a hundred thousand entries" {
	local tree

	tree=$(own intel-pasid)
	(
		cd "$tree/sys/kernel/iommu_groups"
		seq 1000 21000 | xargs mkdir
		cd "$tree/sys/class/net"
		seq 80000 | xargs touch
	)
	survives "$tree" 'group list' 'device show eth1' 'group show 1500'
	on intel-pasid group list -rn -o group
	[[ $(wc -l <<<"$output") == 20014 ]]
}

@test "directories that are not processes" {
	local tree

	tree=$(own intel-pasid)
	mkdir -p "$tree/proc/99999999999/fd" "$tree/proc/-1/fd" "$tree/proc/0x62/fd" "$tree/proc/200/fd" "$tree/proc/201/fd"
	ln -s /dev/vfio/devices/vfio0 "$tree/proc/99999999999/fd/3"
	ln -s /dev/vfio/devices/vfio0 "$tree/proc/200/fd/3"
	ln -s "anon_inode:[vfio-device]" "$tree/proc/200/fd/4"
	ln -s "/dev/$(printf 'x%.0s' {1..3000})" "$tree/proc/201/fd/4"
	survives "$tree"
	echo '98 (a) b) S' >"$tree/proc/98/stat"
	echo 'Uid: x' >"$tree/proc/98/status"
	survives "$tree"
}

# mangle TREE SEED: breaks things at random: contents, links, whole directories.
mangle()
{
	local paths path

	RANDOM=$2
	mapfile -t paths < <(find "$1" -mindepth 2 | LC_ALL=C sort)
	for _ in {1..25}; do
		path=${paths[RANDOM % ${#paths[@]}]}
		[[ -e $path || -L $path ]] || continue
		case $((RANDOM % 7)) in
		0) [[ ! -f $path ]] || noise $((RANDOM % 300)) "$RANDOM" >"$path" ;;
		1) [[ ! -f $path ]] || truncate -s $((RANDOM % 100)) "$path" ;;
		2) rm -r "$path" ;;
		3) rm -r "$path" && ln -s "errno:$((RANDOM % 140))" "$path" ;;
		4) rm -r "$path" && mkdir "$path" ;;
		5) rm -r "$path" && ln -s "${paths[RANDOM % ${#paths[@]}]#"$1"}" "$path" ;;
		6) rm -r "$path" && ln -s ../../.. "$path" ;;
		esac
	done
}

# same TREE COMMAND...: as a file the tree is shown as it is as a directory.
same()
{
	local tree=$1 command

	archive "$tree" "$tree.tar.gz"
	for command in "${@:2}"; do
		# shellcheck disable=SC2086	# words
		equal "$(timeout 20 "$IOASIDCTL" --sysroot "$tree.tar.gz" $command -j 2>&1 | sed "s,$tree.tar.gz,$tree,g")" \
			"$(timeout 20 "$IOASIDCTL" --sysroot "$tree" $command -j 2>&1)"
	done
	rm "$tree.tar.gz"
}

# $SEEDS has others: see tests/hostile.
@test "trees broken at random" {
	local tree seed chosen commands=('group list' 'device list' 'iommu list' 'driver list' 'pasid list' 'context list'
		'ioas list' 'hwpt list' 'pasid list --sources' 'system check --all' 'system features' 'system tree'
		"system diff $BATS_FILE_TMPDIR/intel-pasid" 'group show 5' 'group why 5' 'group why 0' 'iommu show dmar0'
		'device show 00:10.0' 'device show 00:01.0' 'pasid why 00:10.0' 'pasid why 00:11.0' 'pasid map 00:10.0 42'
		'pasid translate 00:10.0 42 0x1000' 'pasid show 00:10.0 42' 'context show vm')

	# shellcheck disable=SC2153
	for seed in ${SEEDS:-$(seq 25)}; do
		tree=$(own "${TREES[seed % ${#TREES[@]}]}")
		# In the command lines of documents as well.
		mv "$tree" "$tree-seed-$seed"
		tree+=-seed-$seed
		mangle "$tree" "$seed"
		chosen=()
		for _ in {1..6}; do
			chosen+=("${commands[RANDOM % ${#commands[@]}]}")
		done
		survives "$tree" "${chosen[@]}" && same "$tree" "${chosen[@]:0:3}" || {
			echo "to repeat it: make hostile SEEDS=$seed"
			return 1
		}
		rm -rf "$tree"
	done
}

@test "of this machine, only libraries, locales and the hardware database are opened" {
	local command tree=$BATS_FILE_TMPDIR/intel-pasid

	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0	# it does not work under strace
	for command in "${COMMANDS[@]}" 'driver set --dry-run 00:05.0 vfio-pci' 'driver reset --dry-run eth1'; do
		# shellcheck disable=SC2086	# words
		strace -f -qq -e trace=open,openat,openat2,connect,socket -o "$BATS_TEST_TMPDIR/trace" \
			"$IOASIDCTL" --sysroot "$tree" $command >/dev/null 2>&1 || true
		# Paths relative to the tree's own fd stay in it. The sanitizers open "/proc/self".
		awk -v tree="$tree" '
			{ sub(/^[0-9]+ +/, "") }
			/^(connect|socket)\(/ { print; bad = 1; next }
			!/AT_FDCWD/ || index($0, "\"" tree "\"") { next }
			/"\/(lib|lib64|usr\/lib|usr\/share\/locale|etc\/ld\.so|etc\/(udev|systemd)\/hwdb)/ { next }
			/"\/proc\/self\/(maps|task|cmdline|environ|exe)/ { next }
			{ print; bad = 1 }
			END { exit bad }' "$BATS_TEST_TMPDIR/trace"
	done
}

@test "what was printed as JSON is as the schemas say" {
	valid_documents
}
