/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of contexts' sockets: /run/ioasidctl for root, $XDG_RUNTIME_DIR/ioasidctl for
 * others.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define RUNTIME_ROOT  "/run/ioasidctl"
#define RUNTIME_USERS "/run/user"

/* The path of the caller's own directory, existing or not. Errors as in runtime_open(). */
int runtime_path(char **ret);

/*
 * Opens the caller's own directory, creating it if CREATE. -ENOENT: it does not exist; -ENXIO:
 * XDG_RUNTIME_DIR is not set; -EINVAL: that is not an absolute path; -EPERM: others can write to it
 * or to the directory.
 */
int runtime_open(bool create, char **ret_path, int *ret_fd);

/* For root: opens the directory PATH of user UID. Same errors. */
int runtime_open_user(const char *path, uid_t uid, int *ret_fd);

/* "NAME.sock" */
char *runtime_socket_name(const char *name);

/*
 * Connects, non-blocking, to the socket FILE in DIR. Refuses symlinks, and listeners of another
 * user than UID. -ENOENT, -EACCES; -ECONNREFUSED: no process listens; -EAGAIN: its queue is full.
 */
int runtime_connect(int dir, const char *file, uid_t uid, int *ret_fd);
/*
 * Does a process listen there? 0, with its pid; else the same errors. It cannot send anything: to
 * close a connection that holds another user's fds could take for ever.
 */
int runtime_probe(int dir, const char *file, uid_t uid, pid_t *ret_pid);

/*
 * Creates the socket FILE in DIR (at PATH) with mode 0600 and listens, non-blocking. Replaces a
 * socket that no process listens on; -EEXIST: one does. The caller must hold runtime_lock().
 */
int runtime_listen(int dir, const char *path, const char *file, int *ret_fd);

/*
 * Removes the socket FILE in DIR if no process listens on it; with DRY only checks. Returns 0;
 * -ENOENT: it does not exist; -EEXIST: a process listens. The caller must hold runtime_lock().
 */
int runtime_forget(int dir, const char *file, bool dry);

/*
 * Locks until the fd is closed. -EBUSY: another process still has the lock after MS; a stopped
 * command, or one blocked on I/O, can keep it indefinitely.
 */
int runtime_lock(int dir, int ms, int *ret_fd);
void runtime_unlock(int *fd);
/* The process that has the lock, as written by itself. -ESRCH: none, or unknown. */
int runtime_lock_owner(int dir, pid_t *ret);
