# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the bats files share. Sets ROOT, the top of the project, and IOASIDCTL, the program under test.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
IOASIDCTL=${IOASIDCTL:-$BUILD/ioasidctl}
export IOASIDCTL

# The tests compare messages, and nothing of the caller's taste may change the output.
export LC_ALL=C.UTF-8
unset ARGP_HELP_FMT POSIXLY_CORRECT IOASIDCTL_CONTEXT NO_COLOR CDPATH

# run_both COMMAND...: as bats' run, with stdout and stderr apart, in $output and $stderr.
run_both()
{
	local errors=$BATS_TEST_TMPDIR/stderr

	status=0
	output=$("$@" 2>"$errors") || status=$?
	stderr=$(<"$errors")
	printf 'status %s of: %s\n--- stdout\n%s\n--- stderr\n%s\n' "$status" "$*" "$output" "$stderr"
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
