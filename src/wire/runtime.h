/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where contexts' sockets are: /run/ioasidctl for root, $XDG_RUNTIME_DIR/ioasidctl for others. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define RUNTIME_ROOT  "/run/ioasidctl"
#define RUNTIME_USERS "/run/user"

/* The caller's own directory, there or not. The errors of runtime_open(). */
int runtime_path(char **ret);

/*
 * The caller's own directory, made if CREATE. -ENOENT: it is not there; -ENXIO: XDG_RUNTIME_DIR is
 * not set; -EINVAL: that is no absolute path; -EPERM: it or the directory is not the caller's alone
 * to write.
 */
int runtime_open(bool create, char **ret_path, int *ret_fd);

/* The directory PATH of user UID, for root to look into. The same errors. */
int runtime_open_user(const char *path, uid_t uid, int *ret_fd);

/* "NAME.sock" */
char *runtime_socket_name(const char *name);

/*
 * Connects, non-blocking, to the socket FILE in DIR, which is not a link, and whose listener is
 * user UID. -ENOENT, -EACCES; -ECONNREFUSED: nobody listens; -EAGAIN: somebody does, and has no
 * time.
 */
int runtime_connect(int dir, const char *file, uid_t uid, int *ret_fd);

/*
 * Makes the socket FILE in DIR (at PATH) and listens, mode 0600, non-blocking. A socket that nobody
 * listens to is replaced; -EEXIST: somebody does. Only one process at a time may do this
 * (runtime_lock()).
 */
int runtime_listen(int dir, const char *path, const char *file, int *ret_fd);

/*
 * Removes the socket FILE in DIR if nobody listens to it; with DRY says so alone. 0; -ENOENT: it is not
 * there; -EEXIST: somebody listens. Under runtime_lock(), too.
 */
int runtime_forget(int dir, const char *file, bool dry);

/*
 * Held until the fd is closed. -EBUSY: another process has it still after MS; a command that was stopped, or whose
 * disk is, keeps it for as long as that lasts.
 */
int runtime_lock(int dir, int ms, int *ret_fd);
void runtime_unlock(int *fd);
/* The process that has it, by its own account. -ESRCH: none, or none that says so. */
int runtime_lock_owner(int dir, pid_t *ret);
