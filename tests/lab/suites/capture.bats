#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A captured machine is shown like the machine itself: "system capture" misses nothing that is read,
# with live contexts, PASIDs bound by them and by a driver, a disk in use and faults in the log, as
# far as the machine has them; for root, and for an unprivileged user.
#
# bats does not notice the failure of "! command".
# shellcheck disable=SC2143

load machine

setup_file()
{
	FILE=$BATS_FILE_TMPDIR/machine.tar.gz
	FOREIGN=$BATS_FILE_TMPDIR/user.tar.gz
	export FILE FOREIGN
	if [[ -e /dev/nvme0n1 ]]; then
		mkfs.ext4 -q /dev/nvme0n1
		mkdir -p /mnt/data
		mount /dev/nvme0n1 /mnt/data
	fi
	case $LAB_MACHINE in
	intel-pasid) use_pasids ;;
	amd | virtio) use_device ;;
	esac
	ctl system capture "$FILE" >"$BATS_FILE_TMPDIR/said" 2>"$BATS_FILE_TMPDIR/errors"
	user ioasidctl system capture - >"$FOREIGN" 2>"$BATS_FILE_TMPDIR/foreign.errors"
	install -m 644 "$FILE" /tmp/before.tar.gz
	# What tar unpacks works too, and need not be unpacked for each command.
	mkdir "$BATS_FILE_TMPDIR"/{machine,user}
	tar xzf "$FILE" -C "$BATS_FILE_TMPDIR/machine"
	tar xzf "$FOREIGN" -C "$BATS_FILE_TMPDIR/user"
}

teardown_file()
{
	[[ ! -e /tmp/never ]] || echo >/tmp/never
	destroy_all
	! mountpoint -q /mnt/data || umount /mnt/data
}

use_pasids()
{
	ctl driver set "$WIDE" vfio-pci
	ctl driver set "$NARROW" uio_pci_sva
	ctl context create vm
	ctl context create idle
	ctl -c vm device add "$WIDE"
	ctl -c vm ioas alloc --name guest
	ctl -c vm ioas map guest 2M --iova 0x100000
	ctl -c vm pasid bind "$WIDE" 42,100-103 guest
	ctl context create dead
	kill -9 "$(holder_pid dead)"
	mkfifo /tmp/never
	# shellcheck disable=SC2016
	bash -c 'exec 9<>"$0"; : >/tmp/bound; read -r _ </tmp/never' "/dev/$(ls /sys/bus/pci/devices/"$NARROW"/uio)" 3>&- &
	eventually test -e /tmp/bound
	"$BUILD/lab/edu" "$EDU" write 0xdead000 || true
}

use_device()
{
	ctl driver set "$EDU" vfio-pci
	ctl context create vm
}

# The commands to compare, one per line; all inspecting commands are there.
questions()
{
	cat <<-END
		group list -o all -j
		group show 3 -j
		group show 12 -j
		group show 999
		group why 3 -j
		group why $DISK
		group why $NIC -j
		device list -o all -j
		device list
		device show $WIDE -j
		device show $NARROW -j
		device show nvme0 -j
		device show eth0 -j
		device show virtio1 -j
		device show ng0n1 -j
		device show uio0 -j
		device show nothing
		device show lo
		iommu list -o all -j
		iommu show dmar0 -j
		iommu show ivhd0 -j
		driver list -o all -j
		pasid list
		pasid list -o all -j
		pasid list --sources -o all -j
		pasid list -c vm
		pasid show $WIDE 42 -j
		pasid show $NARROW 1 -j
		pasid show $WIDE 7
		pasid translate $WIDE 42 0x100000 0x1ff123 0x900000 -j
		pasid translate $WIDE 42 0x100000
		pasid map $WIDE 42 -o all -j
		pasid map $WIDE 7
		pasid map $EDU
		pasid map $NIC -j
		pasid why $WIDE -j
		pasid why $WIDE --for=sva
		pasid why $NARROW --for=sva -j
		pasid why $EDU -j
		pasid why $NIC
		ioas list -o all -j
		ioas list -c vm
		ioas list -c nothing
		ioas show guest -c vm -j
		ioas show 2 -c vm -j
		ioas show nothing -c vm
		hwpt list -o all -j
		hwpt list -c vm
		hwpt show 3 -c vm -j
		hwpt show 4 -c vm -j
		hwpt show nothing -c vm
		context list -o all -j
		context list
		context show vm -j
		context show dead
		context show nothing
		system features -j
		system features
		system check passthrough pasid sva -o all -j
		system check passthrough
		system diff /tmp/before.tar.gz -j
		system graph
		system tree
		system tree -o all -j
		system explain -o all -j
		system explain
		driver set --dry-run 00:05.0 vfio-pci
		driver set --dry-run nvme0 vfio-pci
		driver set --dry-run eth0 vfio-pci
		driver reset --dry-run eth0
	END
}

# answers COMMAND...: the answers to all questions, with stderr and status. Hints are left out,
# because a capture has different ones.
answers()
{
	local question status

	while IFS= read -r question; do
		echo "=== $question"
		status=0
		# shellcheck disable=SC2086	# words
		"$@" $question 2>&1 </dev/null || status=$?
		echo "status $status"
	done < <(questions) | grep -av '^hint: '
}

@test "every inspecting command is asked" {
	local command

	while IFS= read -r command; do
		questions | grep -q "^$command" || echo "nothing is asked of: $command"
	# But for the one that waits for changes, which a capture has none of.
	done < <(ctl --dump-commands | awk -F '\t' '$2 == "--sysroot" && $1 !~ /^ioasidctl( context monitor)?$/ {
		sub(/^ioasidctl /, "", $1); print $1 }') >"$BATS_TEST_TMPDIR/unasked"
	cat "$BATS_TEST_TMPDIR/unasked"
	[[ ! -s $BATS_TEST_TMPDIR/unasked ]]
}

@test "a captured machine answers as the machine itself" {
	answers ctl >"$BATS_TEST_TMPDIR/live"
	answers ctl --sysroot "$BATS_FILE_TMPDIR/machine" >"$BATS_TEST_TMPDIR/captured"
	diff -u "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/captured"
}

# reads COMMAND...: the files, links and directories of this machine that it reads, as paths without links. Processes
# are left out, and what a capture needs not: numbers of device nodes, which it knows by name, the chips of
# interrupts that no device has, and the file that selects an entry of AMD's table.
reads()
{
	strace -f -y -s 4096 -e trace=openat,openat2,readlinkat -o "$BATS_TEST_TMPDIR/trace" "$@" >/dev/null 2>&1 </dev/null || true
	sed -nE -e '/O_PATH/d' -e 's/^[0-9]+ +open(at|at2)\(.* = [0-9]+<(.*)>$/\2/p' \
		-e 's/^[0-9]+ +readlinkat\([^<]*<([^>]*)>, "([^"]*)".* = [0-9]+$/\1\/\2/p' "$BATS_TEST_TMPDIR/trace" |
		sed -E 's,^/+,/,' | grep -E '^/(sys|proc)/' | grep -vE '^/proc/([0-9]+|self|thread-self)(/|$)|^/sys/devices/.*/dev$|^/sys/kernel/irq/|/iommu/amd/devid$' || true
}

@test "what the inspecting commands read is in the file" {
	local question path

	while IFS= read -r question; do
		# udev, which is asked for other names, reads much else.
		# shellcheck disable=SC2086	# words
		[[ $question =~ (nvme|eth|virtio1|ng0n1|uio0|nothing|/tmp|lo$) ]] || reads "$IOASIDCTL" $question
	done < <(questions) | sort -u | while IFS= read -r path; do
		path=$(realpath -s "$(realpath "${path%/*}")/${path##*/}")
		[[ -e $BATS_FILE_TMPDIR/machine$path || -L $BATS_FILE_TMPDIR/machine$path ]] || echo "$path"
	done >"$BATS_TEST_TMPDIR/missing"
	cat "$BATS_TEST_TMPDIR/missing"
	[[ -s $BATS_TEST_TMPDIR/trace && ! -s $BATS_TEST_TMPDIR/missing ]]
}

@test "the file answers like its unpacked contents" {
	local command

	for command in 'device list -o all' 'pasid list -o all' 'context list -o all'; do
		# shellcheck disable=SC2086	# words
		[[ $(ctl --sysroot "$FILE" $command -j) == "$(ctl --sysroot "$BATS_FILE_TMPDIR/machine" $command -j)" ]]
	done
}

@test "captured by an ordinary user, it answers as the machine does for that user" {
	answers setpriv --reuid 1000 --regid 1000 --clear-groups /tmp/ioasidctl >"$BATS_TEST_TMPDIR/live"
	answers "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/user" >"$BATS_TEST_TMPDIR/captured"
	diff -u "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/captured"
}

@test "the file says what it is and what could not be read, and only its owner can read it" {
	[[ $(<"$BATS_FILE_TMPDIR/said") == "$FILE" ]]
	[[ $(stat -c %a "$FILE") == 600 ]]
	[[ $(tar xzOf "$FILE" ioasidctl/capture) == "ioasidctl-capture 1"$'\n'"ioasidctl "*$'\n'"kernel $(uname -r)"$'\n'taken* ]]
	cat "$BATS_FILE_TMPDIR/errors"
	# Unused devices of vfio-pci sleep; reading them would wake them.
	[[ -z $(grep -vE '^ioasidctl: note: [0-9]+ devices? (was|were) asleep: ' "$BATS_FILE_TMPDIR/errors") ]]
	grep -q 'note: /sys/kernel/debug.* could not be read: Permission denied' "$BATS_FILE_TMPDIR/foreign.errors"
	grep -q 'note: /proc/1/fd could not be read: Permission denied' "$BATS_FILE_TMPDIR/foreign.errors"
	tar xzOf "$FOREIGN" ioasidctl/unreadable | grep -q '^proc/1/fd: Permission denied$'
}

@test "a capture of the captured machine is the same" {
	local dir

	ctl --sysroot "$FILE" system capture "$BATS_TEST_TMPDIR/again.tar.gz"
	for dir in first again; do
		mkdir "$BATS_TEST_TMPDIR/$dir"
	done
	tar xzf "$FILE" -C "$BATS_TEST_TMPDIR/first"
	tar xzf "$BATS_TEST_TMPDIR/again.tar.gz" -C "$BATS_TEST_TMPDIR/again"
	diff -r --no-dereference "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/again"
}

@test "it contains no command line, environment or unrelated process" {
	tar tzf "$FILE" >"$BATS_TEST_TMPDIR/list"
	[[ -z $(grep -E '/(environ|cmdline|maps|exe|cwd)$' "$BATS_TEST_TMPDIR/list" | grep -vx proc/cmdline) ]]
	[[ -z $(grep "^proc/$$/" "$BATS_TEST_TMPDIR/list") ]]
}

@test "it contains the arguments of commands if asked for" {
	local file=$BATS_TEST_TMPDIR/arguments.tar.gz process n=0

	ctl system capture --arguments "$file"
	mkdir "$BATS_TEST_TMPDIR/tree"
	tar xzf "$file" -C "$BATS_TEST_TMPDIR/tree"
	for process in "$BATS_TEST_TMPDIR"/tree/proc/[0-9]*; do
		[[ -e $process/comm ]] || continue
		cmp "$process/cmdline" "${process#"$BATS_TEST_TMPDIR/tree"}/cmdline"
		n=$((n + 1))
	done
	[[ $LAB_MACHINE != intel-pasid ]] || ((n >= 2))
}

@test "an anonymous capture names no user, unit, mount or context" {
	local file=$BATS_TEST_TMPDIR/anonymous.tar.gz

	ctl system capture --anonymous "$file"
	mkdir "$BATS_TEST_TMPDIR/tree"
	tar xzf "$file" -C "$BATS_TEST_TMPDIR/tree"
	[[ -z $(grep -rIE '/mnt/data|\.service|"vm"|"guest"|ioasid:vm|^root:|^bash$' "$BATS_TEST_TMPDIR/tree") ]]
	status 0 ctl --sysroot "$file" device list -j -o all
	jq -e '[.[].block[]? | .mount[]?] | all(startswith("/hidden"))' <<<"$output"
}
