/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that the inspecting commands read of a machine, written into one file: see sys/archive.h for its
 * form. "--sysroot FILE" then answers as the machine did. What they read and is not listed in
 * capture_list.c is missing there; tests/kernel/capture.bats compares.
 *
 * A capture stands for what cannot be read by a link to "errno:N" in its place (sys/root.h). What is no
 * file of the machine lies beneath "ioasidctl/".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"
#include "util/cleanup.h"

#define CAPTURE_CONTEXTS "ioasidctl/contexts.json"

/* What could not be read, and why. */
struct capture_lack {
	char *path; /* without "/" in front */
	int error;  /* -errno */
};

struct capture;

enum capture_secrecy { CAPTURE_ORDINARY, CAPTURE_ANONYMOUS, CAPTURE_ARGUMENTS };

/*
 * Writes to FD, borrowed. CAPTURE_ANONYMOUS omits what identifies the machine or its users: serial numbers,
 * MAC addresses, names of users, units, commands, volumes, files and mounts. CAPTURE_ARGUMENTS puts in the
 * arguments of commands, which may be secrets. Returns 0 or -errno.
 */
int capture_open(const struct sys_root *root, int fd, enum capture_secrecy secrecy,
		 struct capture **ret);
void capture_close(struct capture **capture);
#define _cleanup_capture_ _cleanup_(capture_close)

/* All of the machine but its contexts. Returns 0, or -errno when the file cannot be written. */
int capture_machine(struct capture *capture);
/* A file at PATH. As above. */
int capture_put_text(struct capture *capture, const char *path, const char *text);
/* PATH could not be read. As above. */
int capture_put_error(struct capture *capture, const char *path, int error);
/* What is captured of the process PID. As above. */
int capture_process(struct capture *capture, pid_t pid);
/* Ends the file: it is whole after that. As above. */
int capture_finish(struct capture *capture);

/* What could not be read, until CAPTURE is closed. */
const struct capture_lack *capture_lacks(const struct capture *capture, size_t *ret_n);

/*
 * The file PATH of a captured machine, NUL-terminated and to be freed; -ENOENT where it was captured
 * without, -errno.
 */
int capture_get_text(const struct sys_root *root, const char *path, char **ret);
