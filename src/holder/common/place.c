/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/common/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/runtime.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* Removing a directory starts with its contents: do not interfere. */
#define PAUSE 500 /* ms */
/* How often to check while things change. */
#define AGAIN 1000 /* ms */

void place_done(struct place *place)
{
	free(place->directory);
	free(place->file);
	cleanup_close(&place->dir);
	cleanup_close(&place->listener);
	runtime_unlock(&place->lock);
	cleanup_close(&place->watch);
	*place = (struct place)PLACE_NONE;
}

void place_unlock(struct place *place)
{
	runtime_unlock(&place->lock);
}

void place_remove(struct place *place)
{
	struct stat st;

	if (place->file && fstatat(place->dir, place->file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == place->device && st.st_ino == place->inode)
		(void)unlinkat(place->dir, place->file, 0);
}

/* Optional: without it, only changes to the socket go unnoticed. */
static void watch(struct place *place)
{
	char path[32];

	place->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (place->watch < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place->dir);
	if (inotify_add_watch(place->watch, path,
			      IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF |
				      IN_ONLYDIR) >= 0)
		return;
	cleanup_close(&place->watch);
	place->watch = -1;
}

static int make(struct place *place, const char *name, int patience, const char **stage)
{
	struct stat st;
	int r;

	*stage = PLACE_STAGE_DIRECTORY;
	r = runtime_open(true, &place->directory, &place->dir);
	if (r < 0)
		return r;
	*stage = PLACE_STAGE_LOCK;
	r = runtime_lock(place->dir, patience, &place->lock);
	if (r < 0)
		return r;
	*stage = "socket";
	place->file = runtime_socket_name(name);
	if (!place->file)
		return -ENOMEM;
	r = runtime_listen(place->dir, place->directory, place->file, &place->listener);
	if (r < 0)
		return r;
	if (fstatat(place->dir, place->file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	place->device = st.st_dev;
	place->inode = st.st_ino;
	watch(place);
	return 0;
}

int place_open(struct place *place, const char *name, int patience, const char **ret_stage)
{
	_cleanup_(place_done) struct place new = PLACE_NONE;
	int r;

	r = make(&new, name, patience, ret_stage);
	if (r < 0)
		return r;
	*place = new;
	new = (struct place)PLACE_NONE;
	return 0;
}

/* Checks the path that clients use, which may be another directory by now. */
static bool is_there(const struct place *place)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	struct stat st;

	return runtime_open(false, &path, &dir) == 0 &&
	       fstatat(dir, place->file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == place->device && st.st_ino == place->inode;
}

static void drain(const struct place *place)
{
	char events[4096];

	while (place->watch >= 0 && read(place->watch, events, sizeof(events)) > 0)
		;
}

/* Returns true if it was recreated, or will be retried. */
static bool renew(struct place *place, const char *name, struct log *log)
{
	_cleanup_(place_done) struct place new = PLACE_NONE;
	const char *stage = "";
	int r;

	r = place_open(&new, name, 0, &stage);
	if (r == 0) {
		log_line(log, LOG_WARNING, "its socket was removed, and is created again: %s/%s",
			 new.directory, new.file);
		place_unlock(&new);
		new.renewed = clock_ms();
		place_done(place);
		*place = new;
		new = (struct place)PLACE_NONE;
		return true;
	}
	if (r != -EEXIST && clock_ms() - place->missing < PLACE_PATIENCE)
		return true;
	if (r == -EEXIST)
		log_line(log, LOG_ERR,
			 "its socket was removed, and another context has the name: it ends");
	else
		log_line(log, LOG_ERR,
			 "its socket was removed and cannot be created again (%s: %s): it ends",
			 stage, strerror(-r));
	return false;
}

bool place_attend(struct place *place, const char *name, struct log *log, int *ret_again)
{
	int64_t now = clock_ms();

	drain(place);
	*ret_again = -1;
	if (is_there(place)) {
		place->missing = 0;
		if (place->renewed && now - place->renewed < PLACE_PATIENCE)
			*ret_again = AGAIN;
		return true;
	}
	if (place->missing == 0) {
		place->missing = now;
		*ret_again = PAUSE;
		return true;
	}
	*ret_again = AGAIN;
	return now - place->missing < PAUSE || renew(place, name, log);
}
