/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes, mounts and swap, from /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

struct proc_process {
	pid_t pid;
	char comm[64];
	struct field_u64 uid; /* the real one */
	uint64_t start;       /* clock ticks after boot; with PID it names a process for good */
	char *unit;           /* systemd unit or container id, NULL where there is neither */
	bool service; /* UNIT is a service of the system's own service manager: see sys_proc_cgroup_service() */
};

void proc_process_done(struct proc_process *process);
#define _cleanup_proc_process_ _cleanup_(proc_process_done)

/* Returns 0, -ESRCH where there is no such process (any more), -errno. */
int sys_proc_process(const struct sys_root *root, pid_t pid, struct proc_process *ret);

/* When the machine was booted, in seconds since 1970: "btime" of /proc/stat. 0 or -errno. */
int sys_proc_boot_time(const struct sys_root *root, uint64_t *ret);

/* One open file of a process that is a device node, or a VFIO device got from its group. */
struct proc_file {
	pid_t pid;
	const char *path; /* the link: "/dev/vfio/12"; in another mount namespace as it is there */
	bool block;       /* a block device's, on a live machine; else a character device's */
	dev_t rdev;       /* of a node, on a live machine; else 0 */
	const char *vfio_syspath; /* "/sys/devices/...": fdinfo's "vfio-device-syspath", or NULL */
	int dir;                  /* of the process; with FD for sys_proc_fdinfo() alone */
	const char *fd;
};

/*
 * What the driver reports of an open file, while EACH of sys_proc_files() has it. Returns the length,
 * -E2BIG, -EACCES, -errno.
 */
ssize_t sys_proc_fdinfo(const struct proc_file *file, char *buf, size_t size);

/* The value in the line "KEY:\tvalue" of such a text. Returns false where there is none that fits. */
bool sys_proc_fdinfo_value(const char *text, const char *key, char *buf, size_t size);

/*
 * Calls EACH for the files of all processes that stand beneath /dev or are VFIO devices; what it
 * returns but 0 ends the walk and is returned. This process is left out: what it has open it was
 * started with, and whoever started it has it too. After a whole walk 0, or -EACCES where some
 * processes could not be looked into, -errno.
 */
int sys_proc_files(const struct sys_root *root, int (*each)(const struct proc_file *, void *),
		   void *data);

struct proc_mount {
	unsigned int major, minor;
	char *source; /* "/dev/nvme0n1p2", "tank/home", "none" */
	char *point;  /* "/home" */
	char *type;   /* "ext4" */
};

struct proc_mounts {
	struct proc_mount *v;
	size_t n;
};

void proc_mounts_done(struct proc_mounts *list);
#define _cleanup_proc_mounts_ _cleanup_(proc_mounts_done)

/* Mounts of this mount namespace, escapes undone. Lines that are none are passed over. 0 or -errno. */
int sys_proc_mounts(const struct sys_root *root, struct proc_mounts *ret);
int sys_proc_mounts_parse(char *text, struct proc_mounts *ret); /* TEXT is cut up */

/* Paths in use as swap, "/dev/dm-1" or a file. 0 or -errno; no swap in the kernel is no error. */
int sys_proc_swaps(const struct sys_root *root, struct strv *ret);

/*
 * From the text of /proc/PID/cgroup: the container's id ("3f4e..." of 64 digits, an LXC name), else
 * the innermost systemd unit ("sshd.service", "session-3.scope"), else NULL. 0 or -ENOMEM.
 */
int sys_proc_cgroup_unit(const char *text, char **ret);
/*
 * Is UNIT, got from TEXT as above, a service that 'systemctl stop UNIT' would stop? Only where it is the
 * outermost unit: whoever may make control groups beneath can name them after any other service. Nor
 * has a name that systemd would not take one.
 */
bool sys_proc_cgroup_service(const char *text, const char *unit);

/*
 * The process that THREAD is of: drivers that keep `current->pid` keep a thread's. THREAD itself where
 * that is not known, as it is gone.
 */
pid_t sys_proc_leader(const struct sys_root *root, pid_t thread);
/* The process that is PID's parent now; 0 if that is not known, or there is none. */
pid_t sys_proc_parent(const struct sys_root *root, pid_t pid);
/* The leader, from the text of /proc/PID/status; 0 where it does not say. TEXT need not end with a NUL. */
pid_t sys_proc_leader_parse(const char *text, size_t size);
