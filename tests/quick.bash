# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Makes the tests faster.

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
