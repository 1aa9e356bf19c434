# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the bats files share, to be loaded in setup() and setup_file(). Sets ROOT, the top of the project,
# and IOASIDCTL, the program under test.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=quick.bash
. "$ROOT/tests/quick.bash"
follow_test
BUILD=${BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
IOASIDCTL=${IOASIDCTL:-$BUILD/ioasidctl}
export IOASIDCTL

# The tests compare messages, and nothing of the caller's taste may change the output.
export LC_ALL=C.UTF-8
unset ARGP_HELP_FMT POSIXLY_CORRECT IOASIDCTL_CONTEXT NO_COLOR CDPATH

# run_both COMMAND...: as bats' run, with stdout and stderr apart, in $output and $stderr. Fails where a
# sanitizer has something to say: its status alone looks like one of ours.
run_both()
{
	local errors=$BATS_TEST_TMPDIR/stderr

	status=0
	output=$("$@" 2>"$errors") || status=$?
	stderr=$(<"$errors")
	[[ -z ${DOCUMENTS:-} || " $* " != *' -j '* ]] || record_document "$status" "$*" "$output"
	printf 'status %s of: %s\n--- stdout\n%s\n--- stderr\n%s\n' "$status" "$*" "$output" "$stderr"
	[[ $stderr != *Sanitizer* && $stderr != *'runtime error: '* ]]
}

# record_document STATUS COMMAND-LINE TEXT: to be checked by valid_documents. Where DOCUMENTS is set, run_both does that
# for all that has -j.
record_document()
{
	printf '\036%s %s\n%s\n' "$@" >>"$DOCUMENTS"
}

# valid_documents: all JSON that was recorded is as the program's schemas say.
valid_documents()
{
	/usr/bin/python3 "$ROOT/tests/tools/schemas" "$IOASIDCTL" "$DOCUMENTS"
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

# no_contexts TREE: it is one of a machine that was asked for its contexts and had none.
no_contexts()
{
	mkdir -p "$1/ioasidctl"
	# As a capture writes it.
	printf '%s\n' '{' '  "uid":0,' '  "roots":[' '  ],' '  "context":[' '  ]' '}' >"$1/ioasidctl/contexts.json"
}

# unpack NAME...: tests/trees/NAME.tree, once a file, as $BATS_FILE_TMPDIR/NAME; without contexts, where it
# was captured without asking for them. For setup_file.
unpack()
{
	local name

	for name; do
		"$ROOT/tests/tools/unpack" "$ROOT/tests/trees/$name.tree" "$BATS_FILE_TMPDIR/$name"
		[[ -e $BATS_FILE_TMPDIR/$name/ioasidctl ]] || no_contexts "$BATS_FILE_TMPDIR/$name"
	done
}

# on NAME COMMAND...: the program on that tree, as run_both; $BATS_TEST_TMPDIR has a test's own trees.
on()
{
	local tree=$BATS_FILE_TMPDIR/$1

	[[ ! -d $BATS_TEST_TMPDIR/$1 ]] || tree=$BATS_TEST_TMPDIR/$1
	shift
	run_both "$IOASIDCTL" --sysroot "$tree" "$@"
}

# own NAME: a copy of the tree NAME that the test may change; prints its path.
own()
{
	cp -a "$BATS_FILE_TMPDIR/$1" "$BATS_TEST_TMPDIR/$1"
	echo "$BATS_TEST_TMPDIR/$1"
}

# succeeds: the last command did, and said nothing on stderr.
succeeds()
{
	[[ $status == 0 && -z $stderr ]]
}

# ended STATUS: the last command did with that.
ended()
{
	[[ $status == "$1" ]]
}

# ended_orderly: the last command did with a status of its own, not by a signal or a sanitizer.
ended_orderly()
{
	((status <= 7)) || {
		printf 'status %s\n%s\n' "$status" "$stderr"
		return 1
	}
}

# clean: nothing that the last command printed steers a terminal.
clean()
{
	[[ $output != *$'\e'* && $stderr != *$'\e'* ]]
}

# says TEXT...: the last command said all of it on stderr, and nothing that steers a terminal.
says()
{
	local text

	clean
	for text; do
		contains "$stderr" "$text"
	done
}

# says_only TEXT: the last command said that on stderr.
says_only()
{
	equal "$stderr" "$1"
}

# begins LINE: what the last command said on stderr begins with that.
begins()
{
	equal "${stderr%%$'\n'*}" "$1"
}

# quiet: the last command said nothing on stderr.
quiet()
{
	[[ -z $stderr ]]
}

# fails STATUS MESSAGE [HINT]: the last command did so, with nothing on stdout.
fails()
{
	[[ $status == "$1" ]]
	equal "$stderr" "ioasidctl: $2${3:+$'\n'hint: $3}"
	[[ -z $output ]]
}

# json JQ-FILTER: holds of $output.
json()
{
	# Of no input at all an old jq says nothing, and that it went well.
	if [[ -z $output ]] || ! jq -e "$1" <<<"$output" >/dev/null; then
		printf 'not true: %s\nof: %s\n' "$1" "$output"
		return 1
	fi
}

# byte FILE OFFSET: its value.
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

# clear FILE OFFSET BIT: of the byte there; it must be set.
clear()
{
	local old

	old=$(byte "$1" "$2")
	((old >> $3 & 1))
	poke "$1" "$2" $((old & ~(1 << $3)))
}

# extended CONFIG ID: where the extended capability of that id is.
extended()
{
	local at=256

	while ((at)) && (($(byte "$1" "$at") != 16#$2)); do
		at=$(($(byte "$1" $((at + 3))) << 4 | $(byte "$1" $((at + 2))) >> 4))
	done
	((at))
	echo "$at"
}

# config TREE DEVICE: the file of a device on the root bus.
config()
{
	echo "$1/sys/devices/pci0000:00/$2/config"
}
