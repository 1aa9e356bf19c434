/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes what the inspecting commands read on a machine into one file (format: sys/archive.h), so
 * that "--sysroot FILE" answers as the machine did. A file that is not listed in capture/list.c is
 * missing from the capture; tests/lab/suites/capture.bats compares the two.
 *
 * A file that could not be read is recorded as a symlink to "errno:N" (sys/root.h). Data that does
 * not come from a file of the machine is stored below "ioasidctl/".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"
#include "util/cleanup.h"

#define CAPTURE_CONTEXTS "ioasidctl/contexts.json"

/* A path that could not be read, and why. */
struct capture_lack {
	char *path; /* without the leading "/" */
	int error;  /* -errno */
};

struct capture;

enum capture_secrecy { CAPTURE_ORDINARY, CAPTURE_ANONYMOUS, CAPTURE_ARGUMENTS };

/*
 * Writes to FD, which stays the caller's. CAPTURE_ANONYMOUS omits what identifies the machine or
 * its users: serial numbers, MAC addresses, and names of users, units, commands, volumes, files and
 * mounts. CAPTURE_ARGUMENTS includes command-line arguments, which may contain secrets. Returns 0
 * or -errno.
 */
int capture_open(const struct sys_root *root, int fd, enum capture_secrecy secrecy,
		 struct capture **ret);
void capture_close(struct capture **capture);
#define _cleanup_capture_ _cleanup_(capture_close)

/* Captures everything but the contexts. Returns 0, or -errno if the output cannot be written. */
int capture_machine(struct capture *capture);
/* Adds a file with this text at PATH. Returns as above. */
int capture_put_text(struct capture *capture, const char *path, const char *text);
/* Records that PATH could not be read. Returns as above. */
int capture_put_error(struct capture *capture, const char *path, int error);
/* Captures the /proc files of the process PID. Returns as above. */
int capture_process(struct capture *capture, pid_t pid);
/* Completes the file. Returns as above. */
int capture_finish(struct capture *capture);

/* What could not be read. Valid until CAPTURE is closed. */
const struct capture_lack *capture_lacks(const struct capture *capture, size_t *ret_n);

/*
 * Reads the file PATH of a captured machine into RET: NUL-terminated, the caller frees it. Returns
 * 0, -ENOENT if it was not captured, or another -errno.
 */
int capture_get_text(const struct sys_root *root, const char *path, char **ret);
