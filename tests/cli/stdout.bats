#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Output that cannot be written is a failure; a reader that has enough is not.

setup_file()
{
	load ../lib.bash
	unpack intel-pasid sriov
}

setup()
{
	load ../lib.bash
}

full()
{
	run_both bash -c '"$@" >/dev/full' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" "$@"
	[[ $status == 1 ]]
	says_only "ioasidctl: cannot write to standard output: No space left on device"
}

@test "a full disk, whatever is printed" {
	local format

	for format in '' -j -r -P; do
		# shellcheck disable=SC2086	# one word or none
		full group list -o group $format
		# shellcheck disable=SC2086	# one word or none
		full device list -o all $format
	done
	full group show 5 -o group
	full --help
	full group list --help
	full group --usage
	full group list --list-columns
	full --version
}

@test "a closed stdout" {
	local command

	for command in 'group list -o group' 'device list -j -o device' '--version' '--help' 'group list --list-columns'; do
		# shellcheck disable=SC2086	# words
		run_both bash -c '"$@" >&-' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" $command
		[[ $status == 1 ]]
		says_only "ioasidctl: cannot write to standard output: Bad file descriptor"
	done
}

@test "if stdin, stdout and stderr are closed, no opened file takes their place" {
	local got

	# shellcheck disable=SC2016 # the inner shell expands it
	got=$(bash -c 'exec 9>&1; "$@" <&- >&- 2>&-; echo $? >&9' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" device list -j)
	equal "$got" 1
	# shellcheck disable=SC2016 # the inner shell expands it
	got=$(bash -c 'exec 9>&1; "$@" <&- >&- 2>&-; echo $? >&9' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" group show 99)
	equal "$got" 6
}

@test "an error keeps its status if nothing had to be printed" {
	run_both bash -c '"$@" >/dev/full' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" group show 99
	[[ $status == 6 ]]
}

@test "a reader that leaves early is not an error" {
	local format

	for format in '' -j -r -P; do
		# shellcheck disable=SC2086	# one word or none
		run_both bash -c '"$@" | head -n 1' - "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/sriov" device list -o all $format
		succeeds
		[[ -n $output ]]
	done
}

@test "nor is one if SIGPIPE is ignored" {
	# shellcheck disable=SC2016
	run_both bash -c 'trap "" PIPE; { "$@"; echo "status $?" >&2; } | head -n 1' - "$IOASIDCTL" \
		--sysroot "$BATS_FILE_TMPDIR/sriov" device list -j -o all
	[[ $output == '[' ]]
	says_only "status 0"
}

@test "nothing is coloured or wrapped to a width when not on a terminal" {
	run_both env COLUMNS=20 TERM=xterm "$IOASIDCTL" --sysroot "$BATS_FILE_TMPDIR/intel-pasid" device list -o device,sysfs_path
	succeeds
	[[ $output != *$'\e'* ]]
	contains "$output" "0000:01:00.0 /sys/devices/pci0000:00/0000:00:08.0/0000:01:00.0"
}
