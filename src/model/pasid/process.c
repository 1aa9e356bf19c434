/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

/*
 * USER_HZ, the unit of times in /proc: 100 on all architectures with an IOMMU, so also in captures.
 */
#define TICKS_PER_SECOND 100

void pasid_processes_done(struct pasid_processes *processes)
{
	for (size_t i = 0; i < processes->n; i++) {
		proc_process_done(&processes->v[i]->process);
		free(processes->v[i]);
	}
	free(processes->v);
	*processes = (struct pasid_processes){ 0 };
}

static size_t find(const struct pasid_processes *processes, pid_t pid)
{
	size_t lo = 0, hi = processes->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (processes->v[middle]->pid < pid)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static struct field_u64 start_time(struct pasid_processes *processes, uint64_t ticks)
{
	uint64_t boot;
	int r;

	if (!processes->boot_read) {
		r = sys_proc_boot_time(processes->root, &boot);
		processes->boot = r == 0 ? field_u64(boot) : field_u64_error(r == -ENOENT ? 0 : r);
		processes->boot_read = true;
	}
	if (processes->boot.status != 1)
		return processes->boot;
	return field_u64(processes->boot.value + ticks / TICKS_PER_SECOND);
}

static int add(struct pasid_processes *processes, size_t at, struct pasid_process *process)
{
	if (!array_push(processes->v, processes->n))
		return -ENOMEM;
	memmove(&processes->v[at + 1], &processes->v[at],
		(processes->n - 1 - at) * sizeof(processes->v[0]));
	processes->v[at] = process;
	return 0;
}

int pasid_process_get(struct pasid_processes *processes, pid_t pid, struct pasid_process **ret)
{
	size_t at = find(processes, pid);
	struct pasid_process *process;
	int r;

	if (at < processes->n && processes->v[at]->pid == pid) {
		*ret = processes->v[at];
		return 0;
	}
	process = calloc(1, sizeof(*process));
	if (!process)
		return -ENOMEM;
	process->pid = pid;
	r = sys_proc_process(processes->root, pid, &process->process);
	process->status = r == 0 ? 1 : r == -ESRCH ? 0 : r;
	if (r == 0 && process->process.start)
		process->started = start_time(processes, process->process.start);
	if (r == -ENOMEM || add(processes, at, process) < 0) {
		proc_process_done(&process->process);
		free(process);
		return -ENOMEM;
	}
	*ret = process;
	return 0;
}
