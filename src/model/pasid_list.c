/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sources of PASIDs: records, UIO's SVA, the hardware's tables; and who is behind them. */
#include "model/pasid_join.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/gather.h"

#define LIST_NEED  (DEVICE_NEED_GROUP | DEVICE_NEED_DRIVER | DEVICE_NEED_IOMMU)
#define SVA_DRIVER "uio_pci_sva"

static void join_done(struct pasid_join *join)
{
	for (size_t i = 0; i < join->list.n; i++) {
		if (join->held)
			device_done(&join->held[i]);
		if (join->claimed)
			ranges_done(&join->claimed[i]);
	}
	free(join->held);
	free(join->claimed);
	device_list_done(&join->list);
	pasid_entries_done(&join->entries);
	proc_process_done(&join->process);
	pasid_table_done(&join->table);
}

/* Index in the list, or its length. */
static size_t find_device(const struct pasid_join *join, const char *id)
{
	size_t i = 0;

	while (i < join->list.n && strcmp(join->list.v[i].id, id) != 0)
		i++;
	return i;
}

/* Says whose the range is. What the process does not tell, as it is gone, stays absent. */
static int set_process(struct pasid_join *join, pid_t pid, struct pasid_range *range)
{
	int r = 0;

	range->pid = field_u64((uint64_t)pid);
	if (join->process.pid != pid) {
		proc_process_done(&join->process);
		join->process = (struct proc_process){ 0 };
		r = sys_proc_process(join->root, pid, &join->process);
	}
	if (r < 0) {
		range->command.status = range->unit.status = r == -ESRCH ? 0 : r;
		return r == -ENOMEM ? r : 0;
	}
	gather_set(&range->command, join->process.comm);
	if (join->process.unit)
		gather_set(&range->unit, join->process.unit);
	if (range->uid.status != 1)
		range->uid = join->process.uid;
	return 0;
}

static int start_range(const struct pasid_join *join, const char *id, size_t device,
		       struct pasid_range *ret)
{
	if (device < join->list.n)
		ret->group = join->list.v[device].group;
	return str_replace(&ret->device, id);
}

static int add_record(struct pasid_join *join, const struct pasid_record *record)
{
	size_t device = find_device(join, record->device);
	_cleanup_(pasid_range_done) struct pasid_range range = {
		.lo = record->lo ? record->lo : 1, /* 0 is the RID's */
		.hi = record->hi,
		.uid = record->uid,
		.record = field_u64(1),
	};
	int r;

	if (join->wanted && strcmp(join->wanted, record->device) != 0)
		return 0;
	if (range.lo > range.hi)
		return 0;
	if (record->hwpt.value)
		range.hwpt = record->hwpt;
	if (record->ioas.value)
		range.ioas = record->ioas;
	range.kind = record->ioas.value ? PASID_KIND_IOAS : PASID_KIND_HWPT;
	if (record->ioas_name)
		gather_set(&range.ioas_name, record->ioas_name);
	if (record->context)
		gather_set(&range.context, record->context);
	r = start_range(join, record->device, device, &range);
	if (r == 0 && record->pid)
		r = set_process(join, record->pid, &range);
	return r == 0 ? pasid_join_claim(join, &range, device) : r;
}

static bool is_sva(const struct device *device)
{
	return device->driver.status == 1 && strcmp(device->driver.value, SVA_DRIVER) == 0;
}

/* Holders matter of devices whose driver binds its opener, and of those with entries unexplained. */
static void mark_held(const struct pasid_join *join, bool *marks)
{
	for (size_t i = 0; i < join->list.n; i++)
		marks[i] = is_sva(&join->list.v[i]) &&
			   (!join->wanted || strcmp(join->wanted, join->list.v[i].id) == 0);
	for (size_t i = 0; i < join->entries.n; i++)
		if (!marks[join->entries.v[i].device])
			marks[join->entries.v[i].device] =
				pasid_join_has_rest(join, &join->entries.v[i]);
}

/* One walk over the processes for all of them. */
static int read_holders(struct pasid_join *join)
{
	_cleanup_free_ struct device **devices = calloc(join->list.n + 1, sizeof(*devices));
	_cleanup_free_ bool *marks = calloc(join->list.n + 1, sizeof(*marks));
	_cleanup_gather_ struct gather gather = { 0 };
	size_t n = 0;
	int r;

	if (!devices || !marks)
		return -ENOMEM;
	mark_held(join, marks);
	r = gather_open(join->root, DEVICE_NEED_HOLDERS, &gather);
	for (size_t i = 0; r == 0 && i < join->list.n; i++) {
		const struct device *device = &join->list.v[i];
		char link[512];

		/* The tables have PCI's devices alone, and so has that driver. */
		if (!marks[i])
			continue;
		snprintf(link, sizeof(link), "sys/bus/pci/devices/%s", device->id);
		devices[n++] = &join->held[i];
		r = gather_device(&gather, link, device->id, &device->group, &join->held[i]);
	}
	if (r == 0 && n > 0)
		r = gather_holders(&gather, devices, n);
	join->table.process_status = 1;
	for (size_t i = 0; i < n; i++)
		if (devices[i]->holders_status < 0)
			join->table.process_status = devices[i]->holders_status;
	return r;
}

/* Of several the one that started first: children inherit what their parent had opened. 0: none. */
static int find_opener(const struct sys_root *root, const struct device *device, pid_t *ret)
{
	uint64_t first = UINT64_MAX;
	pid_t pid = 0;

	for (size_t i = 0; i < device->n_holders; i++) {
		_cleanup_proc_process_ struct proc_process process = { 0 };
		int r = sys_proc_process(root, device->holders[i].pid, &process);

		if (r == -ENOMEM)
			return r;
		if (r == 0 && process.start < first) {
			first = process.start;
			pid = process.pid;
		}
	}
	*ret = pid;
	return 0;
}

/*
 * `pasid` of a UIO device is the number of who opened it last, and stays when that one closes
 * (uio_pci_sva_open(), uio_pci_sva_release()).
 */
static int add_sva(struct pasid_join *join, size_t i)
{
	const struct device *device = &join->list.v[i], *held = &join->held[i];
	_cleanup_(pasid_range_done) struct pasid_range range = {
		.kind = PASID_KIND_SVA,
		.record = field_u64(1),
	};
	_cleanup_close_ int dir = -1;
	uint64_t pasid;
	char link[512];
	pid_t pid;
	int r;

	snprintf(link, sizeof(link), "sys/bus/pci/devices/%s", device->id);
	dir = sys_dir_open(join->root, link);
	r = dir < 0 ? dir : sys_read_u64(dir, "pasid", &pasid);
	/* Nobody has opened it yet, or the number tells nothing. */
	if (r < 0 || pasid == 0 || pasid > PASID_MAX)
		return 0;
	r = find_opener(join->root, held, &pid);
	if (r < 0)
		return r;
	if (!pid && held->holders_status == 1)
		return 0;
	if (!pid && pasid_join_status(join, i) == 1 && !pasid_join_has(join, i, (uint32_t)pasid))
		return 0;
	range.lo = range.hi = (uint32_t)pasid;
	/* Without an opener the walk was not a whole one, which says why. */
	if (!pid)
		range.pid.status = range.command.status = range.uid.status = held->holders_status;
	r = start_range(join, device->id, i, &range);
	if (r == 0 && pid)
		r = set_process(join, pid, &range);
	return r == 0 ? pasid_join_claim(join, &range, i) : r;
}

/* A process that alone holds the device is who has its entries made: QEMU with a cdev of its own. */
static int sole_holder(struct pasid_join *join, const struct device *held,
		       struct pasid_range *range)
{
	for (size_t i = 1; i < held->n_holders; i++)
		if (held->holders[i].pid != held->holders[0].pid)
			return 0;
	return held->n_holders ? set_process(join, held->holders[0].pid, range) : 0;
}

static int add_rest(struct pasid_join *join, const struct pasid_entry *entry)
{
	_cleanup_(pasid_range_done) struct pasid_range range = {
		.kind = entry->sva ? PASID_KIND_SVA : PASID_KIND_UNKNOWN,
		.record = field_u64(0),
	};
	int r;

	if (!pasid_join_has_rest(join, entry))
		return 0;
	r = start_range(join, join->list.v[entry->device].id, entry->device, &range);
	if (r == 0)
		r = sole_holder(join, &join->held[entry->device], &range);
	return r == 0 ? pasid_join_rest(join, entry, &range) : r;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct pasid_range *x = a, *y = b;
	int order = str_compare(x->device, y->device);

	if (order)
		return order;
	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static int join_all(struct pasid_join *join, const struct pasid_record *records, size_t n_records)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_records; i++)
		r = add_record(join, &records[i]);
	if (r == 0)
		r = read_holders(join);
	for (size_t i = 0; r == 0 && i < join->list.n; i++)
		if (join->held[i].id && is_sva(&join->list.v[i]))
			r = add_sva(join, i);
	for (size_t i = 0; r == 0 && i < join->entries.n; i++)
		r = add_rest(join, &join->entries.v[i]);
	if (join->table.n > 1)
		qsort(join->table.v, join->table.n, sizeof(join->table.v[0]), compare_ranges);
	join->table.hardware_status = join->entries.status;
	return r;
}

int pasid_list(const struct sys_root *root, const char *device, const struct pasid_record *records,
	       size_t n_records, struct pasid_table *ret)
{
	_cleanup_(join_done) struct pasid_join join = { .root = root, .wanted = device };
	int r;

	r = device_list(root, LIST_NEED, &join.list);
	if (r < 0)
		return r;
	join.held = calloc(join.list.n + 1, sizeof(join.held[0]));
	join.claimed = calloc(join.list.n + 1, sizeof(join.claimed[0]));
	if (!join.held || !join.claimed)
		return -ENOMEM;
	r = pasid_entries_read(root, &join.list, device, &join.entries);
	if (r == 0)
		r = join_all(&join, records, n_records);
	if (r < 0)
		return r;
	*ret = join.table;
	join.table = (struct pasid_table){ 0 };
	return 0;
}

int pasid_confirm(const struct sys_root *root, const char *path, const struct ranges *pasids,
		  uint32_t *ret_missing)
{
	_cleanup_(pasid_entries_done) struct pasid_entries entries = { 0 };
	_cleanup_ranges_ struct ranges have = { 0 };
	_cleanup_device_ struct device device = { 0 };
	int r;

	r = device_get(root, path, LIST_NEED, &device);
	if (r == 0)
		r = pasid_entries_read(root, &(struct device_list){ &device, 1 }, device.id,
				       &entries);
	if (r < 0 || entries.status != 1)
		return r < 0 ? r : 1;
	for (size_t i = 0; i < entries.n; i++)
		if (ranges_add(&have, entries.v[i].lo, entries.v[i].hi) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < pasids->n; i++)
		for (uint64_t pasid = pasids->v[i].lo; pasid <= pasids->v[i].hi; pasid++)
			if (!ranges_has(&have, (uint32_t)pasid)) {
				*ret_missing = (uint32_t)pasid;
				return 0;
			}
	return 1;
}
