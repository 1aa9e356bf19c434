# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# follow_test: bats, to tell the line of a command that failed, calls a function before each command,
# which costs more than most commands: in the lab 2 ms. From here on, that is for the commands of the
# test alone, not for those of the functions and subshells that it calls. For setup().
follow_test()
{
	set +T
	# What runs after the failure is not to be taken for it.
	trap 'bats_error_trap; trap - DEBUG' ERR
}
