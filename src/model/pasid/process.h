/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes behind PASIDs, each read once, only for model/pasid*.c. */
#pragma once

#include "sys/proc.h"
#include "sys/root.h"
#include "util/field.h"

struct pasid_process {
	pid_t pid;
	int status; /* 1; 0: the process has ended; -errno */
	struct proc_process process;
	struct field_u64 started; /* seconds since 1970 */
};

struct pasid_processes {
	const struct sys_root *root;
	struct pasid_process **v; /* sorted by pid */
	size_t n;
	struct field_u64 boot; /* boot time, seconds since 1970; read with the first process */
	bool boot_read;
};

void pasid_processes_done(struct pasid_processes *processes);

/* Returns 0 or -ENOMEM; *RET belongs to the cache. */
int pasid_process_get(struct pasid_processes *processes, pid_t pid, struct pasid_process **ret);
