/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the devices and processes that have PASIDs. */
#include "model/pasid/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define GROUPS "sys/kernel/iommu_groups"

void pasid_device_done(struct pasid_device *device)
{
	field_str_done(&device->driver);
	field_str_done(&device->unit);
	*device = (struct pasid_device){ 0 };
}

/* Devices on other buses than PCI are found through their group. */
static struct sys_dir open_member(const struct sys_root *root, const char *id)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir groups = sys_dir_open(root, GROUPS);
	int r = sys_list(groups, ".", &list);

	if (r < 0)
		return SYS_DIR_FAILED(r);
	for (size_t i = 0; i < list.n; i++) {
		char path[PATH_MAX];
		struct sys_dir dir;

		/* Long enough: an ID beyond NAME_MAX has failed before. */
		snprintf(path, sizeof(path), GROUPS "/%s/devices/%s", list.v[i], id);
		dir = sys_dir_open(root, path);
		if (dir.error != -ENOENT)
			return dir;
	}
	return SYS_DIR_FAILED(-ENOENT);
}

static struct sys_dir open_device(const struct sys_root *root, const char *id)
{
	char path[PATH_MAX];
	struct sys_dir dir;

	/* The id may come from another user's context, so it is not trusted. */
	if (!*id || strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
	    snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", id) >= (int)sizeof(path))
		return SYS_DIR_FAILED(-ENOENT);
	dir = sys_dir_open(root, path);
	return dir.error == -ENOENT ? open_member(root, id) : dir;
}

static struct field_u64 group_number(struct sys_dir dir)
{
	struct field_str name = { 0 };
	struct field_u64 group = { 0 };

	gather_link(dir, "iommu_group", &name);
	if (name.status != 1)
		group.status = name.status;
	else if (parse_u64(name.value, UINT32_MAX, &group.value) == 0)
		group.status = 1;
	else
		group.status = -EBADMSG;
	field_str_done(&name);
	return group;
}

void pasid_device_get(const struct sys_root *root, const char *id, unsigned int need,
		      bool with_unit, struct pasid_device *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

	*ret = (struct pasid_device){ 0 };
	if (!(need & (PASID_NEED_GROUP | PASID_NEED_DRIVER)) && !with_unit)
		return;
	dir = open_device(root, id);
	if (dir.error == -ENOENT)
		return;
	if (need & PASID_NEED_GROUP)
		ret->group = dir.error < 0 ? field_u64_error(dir.error) : group_number(dir);
	if (need & PASID_NEED_DRIVER)
		gather_link(dir, "driver", &ret->driver);
	if (with_unit)
		gather_link(dir, "iommu", &ret->unit);
}

/* A device owned by a VFIO user still has a default domain, but does not use it. */
bool pasid_device_is_dma(const struct sys_root *root, const char *id)
{
	struct pasid_device device;
	char path[64], type[32];
	bool own;

	pasid_device_get(root, id, PASID_NEED_GROUP | PASID_NEED_DRIVER, false, &device);
	own = device.group.status == 1 && device.driver.status == 1 &&
	      !strstr(device.driver.value, "vfio");
	if (own) {
		_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

		snprintf(path, sizeof(path), GROUPS "/%" PRIu64, device.group.value);
		dir = sys_dir_open(root, path);
		own = sys_read(dir, "type", type, sizeof(type)) > 0 && str_starts(type, "DMA");
	}
	pasid_device_done(&device);
	return own;
}

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
