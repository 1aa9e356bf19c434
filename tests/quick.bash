# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What makes the tests quicker.

# jq, the lab's: Debian 12's takes five times as long to start.
if [[ -n ${LAB_TOOLS:-} ]]; then
	jq()
	{
		"$LAB_TOOLS/usr/lib64/ld-linux-x86-64.so.2" --library-path "$LAB_TOOLS/usr/lib/x86_64-linux-gnu" \
			"$LAB_TOOLS/usr/bin/jq" "$@"
	}
fi

# follow_test: bats, to tell the line of a command that failed, calls a function before each command,
# which costs more than most commands: in the lab 2 ms. From here on, that is for the commands of the
# test alone, not for those of the functions and subshells that it calls. For setup().
follow_test()
{
	set +T
	# What runs after the failure is not to be taken for it.
	trap 'bats_error_trap; trap - DEBUG' ERR
}
