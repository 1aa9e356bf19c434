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
	struct field_u64 uid; /* the real uid */
	uint64_t start;       /* clock ticks since boot; PID and START together are unique */
	char *unit;           /* systemd unit or container id, NULL if neither */
	bool service;         /* UNIT is a service of systemd's: see sys_proc_cgroup_service() */
};

void proc_process_done(struct proc_process *process);
#define _cleanup_proc_process_ _cleanup_(proc_process_done)

/* Returns 0, -ESRCH if the process does not exist (any more), or another -errno. */
int sys_proc_process(const struct sys_root *root, pid_t pid, struct proc_process *ret);

/* Boot time in seconds since 1970, "btime" of /proc/stat. Returns 0 or -errno. */
int sys_proc_boot_time(const struct sys_root *root, uint64_t *ret);

/* An open file of a process: a device node, or a VFIO device fd obtained from a group. */
struct proc_file {
	pid_t pid;
	const char *path; /* the link's target, in its own mount namespace: "/dev/vfio/12" */
	bool block;       /* RDEV is a block device's; only on a live machine */
	dev_t rdev;       /* of a node, on a live machine; else 0 */
	const char *vfio_syspath; /* "/sys/devices/...", fdinfo's "vfio-device-syspath"; or NULL */
	struct sys_dir dir;       /* /proc/PID, and the fd's name: only for sys_proc_fdinfo() */
	const char *fd;
};

/*
 * The fdinfo of an open file, only from within EACH of sys_proc_files(). Returns the length,
 * -E2BIG, -EACCES or another -errno.
 */
ssize_t sys_proc_fdinfo(const struct proc_file *file, char *buf, size_t size);

/*
 * The value of the line "KEY:\tvalue" in a text of fdinfo. Returns false if it is missing or does
 * not fit.
 */
bool sys_proc_fdinfo_value(const char *text, const char *key, char *buf, size_t size);

/*
 * Calls EACH for the open files of all processes that are below /dev or are VFIO devices. A
 * non-zero return of EACH ends the walk and is returned. Skips this process: whatever it has open
 * it inherited from its parent, which has it open too. Else returns 0, -EACCES if some processes
 * could not be examined, or another -errno.
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

/*
 * The mounts of this mount namespace, with escapes removed. Malformed lines are skipped. Returns 0
 * or -errno.
 */
int sys_proc_mounts(const struct sys_root *root, struct proc_mounts *ret);
int sys_proc_mounts_parse(char *text, struct proc_mounts *ret); /* modifies TEXT */

/*
 * Paths in use as swap: "/dev/dm-1", or a file. Returns 0 or -errno; a kernel without swap is not
 * an error.
 */
int sys_proc_swaps(const struct sys_root *root, struct strv *ret);

/*
 * From the text of /proc/PID/cgroup: the container's id ("3f4e..." with 64 digits, or an LXC name),
 * else the innermost systemd unit ("sshd.service", "session-3.scope"), else NULL. Returns 0 or
 * -ENOMEM.
 */
int sys_proc_cgroup_unit(const char *text, char **ret);
/*
 * Is UNIT, returned for TEXT as above, a service that 'systemctl stop UNIT' would stop? Only if it
 * is the outermost unit and a valid unit name: whoever may create control groups below it can name
 * them like any other service.
 */
bool sys_proc_cgroup_service(const char *text, const char *unit);

/*
 * The process that THREAD belongs to, because some drivers store a thread's `current->pid`. THREAD
 * itself if it has ended or is unreadable.
 */
pid_t sys_proc_leader(const struct sys_root *root, pid_t thread);
/* The current parent of PID; 0 if unknown or none. */
pid_t sys_proc_parent(const struct sys_root *root, pid_t pid);
/* The thread group leader, from the text of /proc/PID/status; 0 if missing. TEXT may lack a NUL. */
pid_t sys_proc_leader_parse(const char *text, size_t size);
