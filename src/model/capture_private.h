/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of model/capture.h share. */
#pragma once

#include <stdio.h>

#include "model/capture.h"
#include "sys/archive.h"
#include "util/str.h"

enum capture_flags {
	CAPTURE_DEVICE = 1 << 0, /* the directories are devices */
	CAPTURE_OWNED = 1 << 1,  /* only links to devices, or to what is a device's */
	CAPTURE_AWAKE = 1 << 2,  /* reading would wake the device: not while it sleeps */
	CAPTURE_PID = 1 << 3,    /* the files hold the numbers of processes */
	CAPTURE_NAME = 1 << 4,   /* that there are such files is all that is looked at */
};

/*
 * Makes of a file's TEXT, NUL-terminated, what is kept of it. Returns 0; 1 when nothing is to be kept, not
 * even that there is a file.
 */
typedef int capture_reduce(const char *text, size_t size, bool anonymous, FILE *out);

/* What is read: the files NAMES, separated by spaces, of each directory. Both may have wildcards. */
struct capture_item {
	const char *directory;
	const char *names; /* "": the directory alone */
	unsigned int flags;
	capture_reduce *reduce; /* NULL: as it is */
};

extern const struct capture_item capture_items[]; /* devices come before what is theirs */

capture_reduce capture_reduce_status, capture_reduce_comm, capture_reduce_cgroup,
	capture_reduce_fdinfo, capture_reduce_mounts, capture_reduce_swaps, capture_reduce_stat,
	capture_reduce_kfd, capture_reduce_config, capture_reduce_uevent, capture_reduce_hidden,
	capture_reduce_uuid, capture_reduce_file, capture_reduce_nothing, capture_reduce_chrdevs,
	capture_reduce_symbols, capture_reduce_chip;

struct capture {
	const struct sys_root *root;
	struct archive_writer *writer;
	bool anonymous, arguments;
	void *known;   /* tsearch(3) tree of paths in the archive and on the way to them */
	void *devices; /* of paths of devices */
	struct capture_lack *lacks;
	size_t n_lacks;
	struct strv macs; /* those that were replaced by their place in here */
	uint64_t *uids;
	size_t n_uids;
};

/* Parts of capture_machine(); capture_walk.c. */
int capture_walk(struct capture *capture, const struct capture_item *item);
/* What the program finds out by other ways than files; capture_other.c. */
int capture_other(struct capture *capture);
/* Processes that have a device open; capture_processes.c. */
int capture_processes(struct capture *capture);
int capture_users(struct capture *capture);

/*
 * Puts an entry; one that is there already, or that another is in the way of, is passed over. PATH and
 * TARGET lose what --anonymous hides. Returns 0 or -errno.
 */
int capture_put(struct capture *capture, const struct archive_entry *entry);
/* The file NAME of DIR, at PATH. As above. */
int capture_put_file(struct capture *capture, int dir, const char *name, const char *path,
		     const struct capture_item *item);
