/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's DSA and IAA, driver idxd: Documentation/ABI/stable/sysfs-driver-dma-idxd and
 * drivers/dma/idxd/cdev.c. The bus "dsa" has the devices ("dsa0", "iax1"), their work queues
 * ("wq0.1"), and since 6.4 an entry for every open of a queue ("file7"), all below the PCI
 * function. None of them has the PASID; the number of "file7" is from file_ida. But a process that
 * has opened a queue with PASIDs enabled has one bound (idxd_cdev_open()), and it is the process's
 * PASID, so the same one for all queues of a device.
 */
#include "model/pasid/sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/proc.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/str.h"

#define BUS       "sys/bus/dsa/devices"
#define WORD_SIZE 32
#define ID_SIZE   64

/* A work queue, "wq0.1" of "dsa0". */
struct queue {
	char name[WORD_SIZE];
	char device[ID_SIZE]; /* the PCI function */
	char type[WORD_SIZE], mode[WORD_SIZE];
	bool enabled;
	bool seen; /* has an entry "fileN" */
	uint64_t clients;
};

struct idxd {
	struct pasid_reader *reader;
	struct strv entries;
	struct queue *queues;
	size_t n;
	struct strv with_pasids;     /* PCI functions whose pasid_enabled is 1 */
	size_t n_devices, n_without; /* number of devices; number of those with pasid_enabled 0 */
	int status;                  /* 1, or the first error */
};

static void idxd_done(struct idxd *idxd)
{
	strv_done(&idxd->entries);
	strv_done(&idxd->with_pasids);
	free(idxd->queues);
}

/* Reading continues after an error, but unreadable entries may have bindings. */
static void note_error(struct idxd *idxd, const char *entry, const char *file, int error)
{
	if (idxd->status != 1)
		return;
	idxd->status = error;
	pasid_reader_reason(idxd->reader, "%s/%s/%s: %s", "/" BUS, entry, file, strerror(-error));
}

/* Is TEXT made of PREFIX, a decimal number and SUFFIX? */
static bool is_numbered(const char *text, const char *prefix, const char *suffix)
{
	size_t len = strlen(prefix), digits;

	if (!str_starts(text, prefix))
		return false;
	digits = strspn(text + len, "0123456789");
	return digits > 0 && digits < 10 && strcmp(text + len + digits, suffix) == 0;
}

static bool is_queue(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && is_numbered(name, "wq", dot) && is_numbered(dot, ".", "");
}

static struct sys_dir open_entry(const struct idxd *idxd, const char *entry)
{
	char path[512];

	snprintf(path, sizeof(path), BUS "/%s", entry);
	return sys_dir_open(idxd->reader->root, path);
}

static int find_device(const struct idxd *idxd, const char *entry, char *buf, size_t size)
{
	char path[512];

	snprintf(path, sizeof(path), BUS "/%s", entry);
	return pasid_source_device(idxd->reader->root, path, buf, size);
}

static bool is_wanted(const struct idxd *idxd, const char *device)
{
	return !idxd->reader->device || strcmp(idxd->reader->device, device) == 0;
}

/* pasid_enabled exists since 5.11; before, users could not have PASIDs. */
static int read_device(struct idxd *idxd, const char *entry)
{
	_cleanup_sys_dir_ struct sys_dir dir = open_entry(idxd, entry);
	uint64_t enabled = 0;
	char device[ID_SIZE];
	int r = sys_read_u64(dir, "pasid_enabled", &enabled);

	idxd->n_devices++;
	if (r < 0 && r != -ENOENT)
		note_error(idxd, entry, "pasid_enabled", r);
	if (r == 0 && enabled) {
		r = find_device(idxd, entry, device, sizeof(device));
		if (r < 0)
			note_error(idxd, entry, "..", r);
		return r < 0 ? 0 : strv_push(&idxd->with_pasids, device);
	}
	idxd->n_without += r == 0 || r == -ENOENT;
	return 0;
}

static int read_queue(struct idxd *idxd, const char *entry)
{
	struct queue *queue = array_push(idxd->queues, idxd->n);
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char state[WORD_SIZE] = "";
	ssize_t r;

	if (!queue)
		return -ENOMEM;
	*queue = (struct queue){ 0 };
	snprintf(queue->name, sizeof(queue->name), "%s", entry);
	dir = open_entry(idxd, entry);
	r = dir.error < 0 ? dir.error
			  : find_device(idxd, entry, queue->device, sizeof(queue->device));
	if (r >= 0)
		r = sys_read(dir, "state", state, sizeof(state));
	if (r >= 0)
		r = sys_read(dir, "type", queue->type, sizeof(queue->type));
	if (r >= 0)
		r = sys_read(dir, "mode", queue->mode, sizeof(queue->mode));
	if (r >= 0)
		r = sys_read_u64(dir, "clients", &queue->clients);
	/* Removed since the bus was listed. */
	if (r < 0 && r != -ENOENT)
		note_error(idxd, entry, "{state,type,mode,clients}", (int)r);
	queue->enabled = strcmp(state, "enabled") == 0;
	return 0;
}

/* The queue of an entry "fileN" at ".../wq0.1/dsa!wq0.1/file7"; NULL: not listed. Modifies PATH. */
static struct queue *find_queue(struct idxd *idxd, char *path)
{
	const char *name = NULL;

	for (int i = 0; i < 3; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return NULL;
		*slash = '\0';
		name = slash + 1;
	}
	for (size_t i = 0; i < idxd->n; i++)
		if (strcmp(idxd->queues[i].name, name) == 0)
			return &idxd->queues[i];
	return NULL;
}

static struct field_u64 read_counter(struct idxd *idxd, struct sys_dir dir, const char *entry,
				     const char *name)
{
	struct field_u64 field = { .status = 1 };
	int r = sys_read_u64(dir, name, &field.value);

	if (r == -ENOENT || r == -ENODEV)
		return (struct field_u64){ 0 };
	if (r < 0)
		note_error(idxd, entry, name, r);
	return r < 0 ? field_u64_error(r) : field;
}

static struct binding claim_of(const struct queue *queue, enum pasid_kind kind)
{
	return (struct binding){ .device = queue->device,
				 .what = PASID_CLAIM_SOME,
				 .kind = kind,
				 .through = field_str_borrow(queue->name) };
}

static int claim_file(struct idxd *idxd, struct sys_dir dir, const char *entry,
		      const struct queue *queue)
{
	struct binding claim = claim_of(queue, PASID_KIND_SVA);
	uint64_t pid;
	int r = sys_read_u64(dir, "pid", &pid);

	/* The entry has no files without PASIDs (cdev_file_attr_visible()). */
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r == 0 && pid > INT32_MAX)
		r = -EBADMSG;
	if (r < 0)
		note_error(idxd, entry, "pid", r);
	/* The number is that of the thread that opened it. */
	claim.pid = r < 0 ? field_u64_error(r)
			  : field_u64((uint64_t)sys_proc_leader(idxd->reader->root, (pid_t)pid));
	claim.faults = read_counter(idxd, dir, entry, "cr_faults");
	claim.fault_failures = read_counter(idxd, dir, entry, "cr_fault_failures");
	return pasid_reader_claim(idxd->reader, &claim);
}

static int read_file(struct idxd *idxd, const char *entry)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char link[512], path[1024];
	struct queue *queue;
	int r;

	snprintf(link, sizeof(link), BUS "/%s", entry);
	r = sys_root_realpath(idxd->reader->root, link, path, sizeof(path));
	dir = r < 0 ? SYS_DIR_FAILED(r) : sys_dir_open(idxd->reader->root, path + 1);
	/* Closed since the bus was listed. */
	if (dir.error == -ENOENT)
		return 0;
	queue = dir.error < 0 ? NULL : find_queue(idxd, path);
	if (!queue) {
		note_error(idxd, entry, "pid", dir.error < 0 ? dir.error : -EBADMSG);
		return 0;
	}
	queue->seen = true;
	return is_wanted(idxd, queue->device) ? claim_file(idxd, dir, entry, queue) : 0;
}

static bool has_unlisted_openers(const struct idxd *idxd, const struct queue *queue)
{
	return !queue->seen && queue->clients > 0 && strcmp(queue->type, "user") == 0 &&
	       strv_has(&idxd->with_pasids, queue->device) && is_wanted(idxd, queue->device);
}

/* Before 6.4, a queue only has a count of its openers. */
static int claim_openers(struct idxd *idxd, const struct queue *queue)
{
	struct binding claim = claim_of(queue, PASID_KIND_SVA);
	struct pasid_node node;
	char sysfs[128], dev[64];
	const char *type;
	int r;

	/* The directory of the node is the name before the "!": "dsa!wq0.1" is /dev/dsa/wq0.1. */
	snprintf(sysfs, sizeof(sysfs), "dsa!%s", queue->name);
	type = strv_has(&idxd->entries, sysfs) ? "dsa" : "iax";
	snprintf(sysfs, sizeof(sysfs), BUS "/%s!%s", type, queue->name);
	snprintf(dev, sizeof(dev), "/dev/%s/%s", type, queue->name);
	pasid_node_get(idxd->reader->root, sysfs, dev, &node);
	r = pasid_reader_openers(idxd->reader, &node, &claim);
	if (r == -EACCES)
		note_error(idxd, queue->name, "clients", r);
	return r == -EACCES || r == 1 ? 0 : r;
}

static bool is_kernel(const struct queue *queue)
{
	return queue->enabled && strcmp(queue->type, "kernel") == 0 &&
	       strcmp(queue->mode, "shared") == 0;
}

/*
 * A kernel queue in shared mode can only be enabled if the device has a PASID in the kernel's DMA
 * domain (wq_shared_supported(), idxd_enable_system_pasid()). There is one per device.
 */
static int claim_kernel(struct idxd *idxd, const struct queue *queue)
{
	const struct binding claim = claim_of(queue, PASID_KIND_DMA);

	for (const struct queue *q = idxd->queues; q < queue; q++)
		if (is_kernel(q) && strcmp(q->device, queue->device) == 0)
			return 0;
	return pasid_reader_claim(idxd->reader, &claim);
}

static int read_entries(struct idxd *idxd)
{
	int r = 0;

	/* Queues first: the openers' entries refer to them. */
	for (size_t i = 0; r == 0 && i < idxd->entries.n; i++) {
		const char *entry = idxd->entries.v[i];

		if (is_numbered(entry, "dsa", "") || is_numbered(entry, "iax", ""))
			r = read_device(idxd, entry);
		else if (is_queue(entry))
			r = read_queue(idxd, entry);
	}
	for (size_t i = 0; r == 0 && i < idxd->entries.n; i++)
		if (is_numbered(idxd->entries.v[i], "file", ""))
			r = read_file(idxd, idxd->entries.v[i]);
	for (size_t i = 0; r == 0 && i < idxd->n; i++) {
		const struct queue *queue = &idxd->queues[i];

		if (is_kernel(queue))
			r = claim_kernel(idxd, queue);
		else if (has_unlisted_openers(idxd, queue))
			r = claim_openers(idxd, queue);
	}
	return r;
}

static int idxd_read(struct pasid_reader *reader)
{
	_cleanup_(idxd_done) struct idxd idxd = { .reader = reader, .status = 1 };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(reader->root, BUS);
	int r = sys_list(dir, ".", &idxd.entries);

	if (r == 0)
		r = read_entries(&idxd);
	if (r < 0)
		return r;
	if (idxd.n_devices == 0 && idxd.status == 1) {
		pasid_reader_reason(reader, "no device is bound to idxd");
		return 0;
	}
	if (idxd.n_without > 0 && idxd.status == 1)
		pasid_reader_reason(reader, "%zu of %zu devices have pasid_enabled 0",
				    idxd.n_without, idxd.n_devices);
	return idxd.status;
}

const struct pasid_source pasid_source_idxd = {
	.name = "idxd",
	.what = "The address spaces of processes that have a work queue of Intel DSA or IAA open",
	.path = "/" BUS,
	.absent = "the driver idxd is not loaded",
	.read = idxd_read,
};
