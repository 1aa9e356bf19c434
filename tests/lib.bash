# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Shared by all bats files: loaded in setup() and setup_file(), or in the lab through
# tests/lab/suites/machine.bash. Sets ROOT, the top of the project, BUILD and IOASIDCTL, the program under test.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
IOASIDCTL=${IOASIDCTL:-$BUILD/ioasidctl}
export IOASIDCTL

# The tests compare messages, and the caller's settings must not change the output.
export LC_ALL=C.UTF-8
unset ARGP_HELP_FMT POSIXLY_CORRECT IOASIDCTL_CONTEXT NO_COLOR CDPATH

# The lab's jq: Debian 12's takes five times as long to start.
if [[ -n ${LAB_TOOLS:-} ]]; then
	jq()
	{
		"$LAB_TOOLS/usr/lib64/ld-linux-x86-64.so.2" --library-path "$LAB_TOOLS/usr/lib/x86_64-linux-gnu" \
			"$LAB_TOOLS/usr/bin/jq" "$@"
	}
fi

# follow_test: to find the line of a failed command, bats calls a function before each command,
# which costs more than most commands: 2 ms in the lab. From here on, only for commands of the test
# itself, not for those of the functions and subshells it calls. For setup().
follow_test()
{
	set +T
	# Commands run after the failure must not be taken for the failed one.
	trap 'bats_error_trap; trap - DEBUG' ERR
}

[[ " ${FUNCNAME[*]} " != *' setup'* ]] || follow_test

# run_both COMMAND...: like bats' run, with stdout and stderr separately in $output and $stderr.
# Fails if a sanitizer reports something, because its exit status could be one of ours.
run_both()
{
	local errors=$BATS_TEST_TMPDIR/stderr

	status=0
	output=$("$@" 2>"$errors") || status=$?
	stderr=$(<"$errors")
	[[ -z ${DOCUMENTS:-} || " $* " != *' -j '* ]] || declare -F ctl >/dev/null ||
		record_document "$status" "$*" "$output"
	printf 'status %s of: %s\n--- stdout\n%s\n--- stderr\n%s\n' "$status" "$*" "$output" "$stderr"
	[[ $stderr != *Sanitizer* && $stderr != *'runtime error: '* ]]
}

# record_document STATUS COMMAND-LINE TEXT: to be checked by valid_documents. Where DOCUMENTS is set, run_both, or in
# the lab ctl, does that for all that has -j.
record_document()
{
	printf '\036%s %s\n%s\n' "$@" >>"$DOCUMENTS"
}

# valid_documents: all JSON that was recorded is as the program's schemas say.
valid_documents()
{
	/usr/bin/python3 "$ROOT/tests/tools/schemas" "$IOASIDCTL" "$DOCUMENTS"
}

# noise N [SEED]: N octets, always the same for a SEED.
noise()
{
	/usr/bin/python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(int(sys.argv[2])).randbytes(int(sys.argv[1])))' "$1" "${2:-1}"
}

# equal ACTUAL EXPECTED: fails with a diff.
equal()
{
	[[ $1 == "$2" ]] || {
		diff -u --label expected --label actual <(printf '%s\n' "$2") <(printf '%s\n' "$1")
		return 1
	}
}

# contains TEXT PART
contains()
{
	[[ $1 == *"$2"* ]] || {
		printf 'this:\n%s\ndoes not contain:\n%s\n' "$1" "$2"
		return 1
	}
}

# no_contexts TREE: makes it a capture of a machine without contexts.
no_contexts()
{
	mkdir -p "$1/ioasidctl"
	# In the format of a capture.
	printf '%s\n' '{' '  "uid":0,' '  "roots":[' '  ],' '  "context":[' '  ]' '}' >"$1/ioasidctl/contexts.json"
}

# unpack NAME...: unpacks tests/trees/NAME.tree once per file to $BATS_FILE_TMPDIR/NAME; as a
# machine without contexts if they were not captured. For setup_file.
unpack()
{
	local name

	for name; do
		"$ROOT/tests/tools/unpack" "$ROOT/tests/trees/$name.tree" "$BATS_FILE_TMPDIR/$name"
		[[ -e $BATS_FILE_TMPDIR/$name/ioasidctl ]] || no_contexts "$BATS_FILE_TMPDIR/$name"
	done
}

# archive DIR FILE: makes a capture file of the captured tree DIR.
archive()
{
	mkdir -p "$1/ioasidctl"
	[[ -e $1/ioasidctl/capture ]] || echo 'ioasidctl-capture 1' >"$1/ioasidctl/capture"
	{
		echo ioasidctl/capture
		(cd "$1" && find . -mindepth 1 ! -path ./ioasidctl/capture)
	} | tar czf "$2" -C "$1" --no-recursion -T -
}

# on NAME COMMAND...: runs the program on that tree with run_both; $BATS_TEST_TMPDIR has a test's
# own trees.
on()
{
	local tree=$BATS_FILE_TMPDIR/$1

	[[ ! -d $BATS_TEST_TMPDIR/$1 ]] || tree=$BATS_TEST_TMPDIR/$1
	shift
	run_both "$IOASIDCTL" --sysroot "$tree" "$@"
}

# own NAME: makes a copy of the tree NAME that the test may change; prints its path.
own()
{
	cp -a "$BATS_FILE_TMPDIR/$1" "$BATS_TEST_TMPDIR/$1"
	echo "$BATS_TEST_TMPDIR/$1"
}

# succeeds: the last command succeeded without output on stderr.
succeeds()
{
	[[ $status == 0 && -z $stderr ]]
}

# ended STATUS: the last command exited with STATUS.
ended()
{
	[[ $status == "$1" ]]
}

# ended_orderly: the last command exited with one of its own statuses, not by a signal or sanitizer.
ended_orderly()
{
	((status <= 7)) || {
		printf 'status %s\n%s\n' "$status" "$stderr"
		return 1
	}
}

# clean: the last command printed no terminal control sequence.
clean()
{
	[[ $output != *$'\e'* && $stderr != *$'\e'* ]]
}

# says TEXT...: the last command's stderr contains every TEXT, and no terminal control sequence.
says()
{
	local text

	clean
	for text; do
		contains "$stderr" "$text"
	done
}

# says_only TEXT: the last command's stderr is TEXT.
says_only()
{
	equal "$stderr" "$1"
}

# begins LINE: the last command's stderr begins with LINE.
begins()
{
	equal "${stderr%%$'\n'*}" "$1"
}

# quiet: the last command printed nothing on stderr.
quiet()
{
	[[ -z $stderr ]]
}

# fails STATUS MESSAGE [HINT]: the last command failed like this, with nothing on stdout.
fails()
{
	[[ $status == "$1" ]]
	equal "$stderr" "ioasidctl: $2${3:+$'\n'hint: $3}"
	[[ -z $output ]]
}

# json JQ-FILTER: is true for $output.
json()
{
	# With empty input, an old jq prints nothing and succeeds.
	if [[ -z $output ]] || ! jq -e "$1" <<<"$output" >/dev/null; then
		printf 'not true: %s\nof: %s\n' "$1" "$output"
		return 1
	fi
}

# byte FILE OFFSET: prints its value.
byte()
{
	od -A n -t u1 -j "$2" -N 1 "$1" | tr -d ' '
}

# poke FILE OFFSET VALUE
poke()
{
	# shellcheck disable=SC2059 # the byte is the format
	printf "\\x$(printf %02x "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# clear FILE OFFSET BIT: clears a bit of that byte, which must be set.
clear()
{
	local old

	old=$(byte "$1" "$2")
	((old >> $3 & 1))
	poke "$1" "$2" $((old & ~(1 << $3)))
}

# extended CONFIG ID: offset of the extended capability with this id.
extended()
{
	local at=256

	while ((at)) && (($(byte "$1" "$at") != 16#$2)); do
		at=$(($(byte "$1" $((at + 3))) << 4 | $(byte "$1" $((at + 2))) >> 4))
	done
	((at))
	echo "$at"
}

# config TREE DEVICE: the config file of a device on the root bus.
config()
{
	echo "$1/sys/devices/pci0000:00/$2/config"
}
