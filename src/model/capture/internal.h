/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of a capture, and its parts. */
#pragma once

#include <stdio.h>

#include "model/capture/file.h"
#include "sys/archive.h"
#include "util/str.h"

enum capture_flags {
	CAPTURE_DEVICE = 1 << 0, /* the directories are devices */
	CAPTURE_OWNED = 1 << 1,  /* only links to devices, or to something below a device */
	CAPTURE_AWAKE = 1 << 2,  /* reading wakes the device: skipped while it sleeps */
	CAPTURE_PID = 1 << 3,    /* the files contain process ids */
	CAPTURE_NAME = 1 << 4,   /* only the existence of the files matters, not their contents */
};

/*
 * Writes to OUT the part of a file's TEXT (NUL-terminated) that is kept. Returns 0; 1 if nothing is
 * kept, not even that the file exists.
 */
typedef int capture_reduce(const char *text, size_t size, bool anonymous, FILE *out);

/* The files NAMES, separated by spaces, in each directory. Both may have wildcards. */
struct capture_item {
	const char *directory;
	const char *names; /* "": only the directory itself */
	unsigned int flags;
	capture_reduce *reduce; /* NULL: copy it unchanged */
};

extern const struct capture_item capture_items[]; /* devices before what belongs to them */

capture_reduce capture_reduce_status, capture_reduce_comm, capture_reduce_cgroup,
	capture_reduce_fdinfo, capture_reduce_mounts, capture_reduce_swaps, capture_reduce_stat,
	capture_reduce_kfd, capture_reduce_config, capture_reduce_uevent, capture_reduce_hidden,
	capture_reduce_uuid, capture_reduce_file, capture_reduce_nothing, capture_reduce_chrdevs,
	capture_reduce_symbols, capture_reduce_chip;

struct capture {
	const struct sys_root *root;
	struct archive_writer *writer;
	bool anonymous, arguments;
	void *known;   /* tsearch(3) tree of the paths in the archive and their parents */
	void *devices; /* tsearch(3) tree of the paths of devices */
	struct capture_lack *lacks;
	size_t n_lacks;
	struct strv macs; /* the addresses replaced so far: each by its index in this list */
	uint64_t *uids;
	size_t n_uids;
};

/* Parts of capture_machine(); capture/walk.c. */
int capture_walk(struct capture *capture, const struct capture_item *item);
/* What the program finds out other than from files; capture/other.c. */
int capture_other(struct capture *capture);
/* Processes that have a device open; capture/processes.c. */
int capture_processes(struct capture *capture);
int capture_users(struct capture *capture);

/*
 * Adds an entry. Skips it if the path is already in the archive or collides with an entry there.
 * Removes from PATH and TARGET what --anonymous hides. Returns 0 or -errno.
 */
int capture_put(struct capture *capture, const struct archive_entry *entry);
/* Adds the file NAME of the directory DIR at PATH. Returns as above. */
int capture_put_file(struct capture *capture, struct sys_dir dir, const char *name,
		     const char *path, const struct capture_item *item);
