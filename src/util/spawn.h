/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs, run without a shell. */
#pragma once

/*
 * Runs ARGV, whose first is looked for in PATH, with FDS as its stdin, stdout and stderr, and waits for
 * its end. Give it files to read and write, not pipes: nobody fills or empties these meanwhile.
 * RET_STATUS is waitpid(2)'s. Returns 0, -ENOENT where there is no such program, -errno.
 */
int spawn_wait(const char *const argv[], const int fds[3], int *ret_status);
