/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs other programs without a shell. */
#pragma once

/*
 * Runs ARGV, searched in PATH, with FDS as stdin, stdout and stderr, and waits for it. FDS should
 * be files, not pipes, because nothing reads or writes the other end meanwhile. RET_STATUS is that
 * of waitpid(2). Returns 0, -ENOENT if there is no such program, another -errno.
 */
int spawn_wait(const char *const argv[], const int fds[3], int *ret_status);
