/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's compute driver, amdkfd. A process that has /dev/kfd open has a PASID on every GPU. Before
 * 6.14 it is one for all GPUs, in sys/class/kfd/kfd/proc/PID/pasid. Since then there is one per
 * GPU, and the file reads 0 (kfd_procfs_show()); the numbers are in debugfs, kfd/proc/PID/pasid_GPU
 * (kfd_debugfs_create_pasid_files()). A process can have further contexts, in directories
 * "context_N".
 *
 * Since 6.6 these PASIDs only identify address spaces inside the GPU (amdgpu_pasid_alloc()); they
 * are in no IOMMU's table.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/pasid/sources.h"
#include "sys/kfd.h"
#include "util/cleanup.h"
#include "util/parse.h"
#include "util/str.h"

#define PROCESSES "sys/class/kfd/kfd/proc"
#define NUMBERS   "sys/kernel/debug/kfd/proc"

struct kfd {
	struct pasid_reader *reader;
	struct kfd_gpus gpus;
	struct sys_dir processes;
	struct sys_dir numbers; /* in debugfs */
	bool untold;            /* a number would have been in debugfs */
	int status;             /* 1, or the first error */
};

/* A process, or one of its further contexts. */
struct place {
	pid_t pid;
	const char *context; /* "" or "/context_1" */
	char path[64];       /* below PROCESSES and NUMBERS: "4711/context_1" */
	uint64_t pasid;      /* for all GPUs; 0: not reported */
};

static void note_error(struct kfd *kfd, const char *path, const char *file, int error)
{
	if (kfd->status != 1)
		return;
	kfd->status = error;
	pasid_reader_reason(kfd->reader, "/%s/%s/%s: %s", PROCESSES, path, file, strerror(-error));
}

static struct field_u64 read_faults(const struct kfd *kfd, const struct place *place, uint32_t gpu)
{
	struct field_u64 field = { .status = 1 };
	char name[128];
	int r;

	snprintf(name, sizeof(name), "%s/counters_%u/faults", place->path, gpu);
	r = sys_read_u64(kfd->processes, name, &field.value);
	if (r == -ENOENT)
		return (struct field_u64){ 0 };
	return r < 0 ? field_u64_error(r) : field;
}

/*
 * Returns 1 with the number, 0 if there is none, -ENODATA if it is not reported, or another -errno.
 */
static int read_number(struct kfd *kfd, const struct place *place, uint32_t gpu, uint64_t *ret)
{
	char name[128];
	int r;

	*ret = place->pasid;
	if (*ret)
		return 1;
	snprintf(name, sizeof(name), "%s/pasid_%u", place->path, gpu);
	r = sys_read_u64(kfd->numbers, name, ret);
	if (r < 0) {
		kfd->untold = true;
		return r == -ENOENT ? -ENODATA : r;
	}
	/* In debugfs, 0 means that the process has no address space on this GPU yet. */
	return *ret > PASID_MAX ? -EBADMSG : *ret != 0;
}

static int claim_gpu(struct kfd *kfd, const struct place *place, const struct kfd_gpu *gpu)
{
	struct binding claim = {
		.device = gpu->device,
		.what = PASID_CLAIM_NUMBER,
		.pid = field_u64((uint64_t)place->pid),
		.own = true,
	};
	char target[64];
	uint64_t pasid;
	int r;

	if (kfd->reader->device && strcmp(kfd->reader->device, gpu->device) != 0)
		return 0;
	r = read_number(kfd, place, gpu->id, &pasid);
	if (r == 0)
		return 0;
	if (r == -EBADMSG || r == -EINVAL)
		note_error(kfd, place->path, "pasid", r);
	if (r < 0)
		claim.what = PASID_CLAIM_SOME;
	else
		claim.lo = claim.hi = (uint32_t)pasid;
	snprintf(target, sizeof(target), "kfd%s", place->context);
	claim.through = field_str_borrow(target);
	claim.faults = read_faults(kfd, place, gpu->id);
	return pasid_reader_claim(kfd->reader, &claim);
}

/* The entries "vram_GPU" show which GPUs a process uses; they exist since 5.8. */
static int claim_gpus(struct kfd *kfd, const struct place *place, const struct strv *entries)
{
	bool some = false;
	int r = 0;

	for (size_t i = 0; i < entries->n && !some; i++)
		some = str_starts(entries->v[i], "vram_");
	for (size_t i = 0; r == 0 && i < kfd->gpus.n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "vram_%u", kfd->gpus.v[i].id);
		if (!some || strv_has(entries, name))
			r = claim_gpu(kfd, place, &kfd->gpus.v[i]);
	}
	return r;
}

static int read_place(struct kfd *kfd, struct place *place, struct strv *entries)
{
	char name[sizeof(place->path) + sizeof("/pasid")];
	int r;

	snprintf(name, sizeof(name), "%s/pasid", place->path);
	r = sys_list(kfd->processes, place->path, entries);
	if (r == 0)
		r = sys_read_u64(kfd->processes, name, &place->pasid);
	if (r == 0 && place->pasid > PASID_MAX)
		r = -EBADMSG;
	/* The process ended since the directory was listed. */
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r < 0) {
		note_error(kfd, place->path, "pasid", r);
		return r == -ENOMEM ? r : 0;
	}
	return claim_gpus(kfd, place, entries);
}

static int read_process(struct kfd *kfd, const char *entry)
{
	_cleanup_strv_ struct strv entries = { 0 };
	struct place place = { .context = "" };
	uint64_t pid;
	int r;

	if (parse_u64(entry, INT32_MAX, &pid) < 0 || pid == 0 || strlen(entry) > 10)
		return 0;
	place.pid = (pid_t)pid;
	snprintf(place.path, sizeof(place.path), "%s", entry);
	r = read_place(kfd, &place, &entries);
	for (size_t i = 0; r == 0 && i < entries.n; i++) {
		_cleanup_strv_ struct strv more = { 0 };
		struct place other = { .pid = place.pid };
		char context[40];

		if (!str_starts(entries.v[i], "context_") || strlen(entries.v[i]) > 20)
			continue;
		snprintf(context, sizeof(context), "/%s", entries.v[i]);
		snprintf(other.path, sizeof(other.path), "%s%s", entry, context);
		other.context = context;
		r = read_place(kfd, &other, &more);
	}
	return r;
}

static int read_processes(struct kfd *kfd)
{
	_cleanup_strv_ struct strv entries = { 0 };
	int r = sys_list(kfd->processes, ".", &entries);

	for (size_t i = 0; r == 0 && i < entries.n; i++)
		r = read_process(kfd, entries.v[i]);
	if (r < 0)
		return r;
	if (kfd->gpus.status < 0 && kfd->status == 1) {
		pasid_reader_reason(kfd->reader, "some GPUs in the topology could not be read: %s",
				    strerror(-kfd->gpus.status));
		return kfd->gpus.status;
	}
	if (!kfd->untold || kfd->status < 0)
		return kfd->status;
	r = kfd->numbers.error == -ENOENT || !kfd->numbers.error ? -EOPNOTSUPP : kfd->numbers.error;
	pasid_reader_reason(kfd->reader, "this kernel shows the numbers only in debugfs (/%s): %s",
			    NUMBERS, r == -EOPNOTSUPP ? "absent" : strerror(-r));
	return r;
}

static int kfd_read(struct pasid_reader *reader)
{
	_cleanup_sys_dir_ struct sys_dir processes = sys_dir_open(reader->root, PROCESSES);
	_cleanup_sys_dir_ struct sys_dir numbers = SYS_DIR_NONE;
	_cleanup_kfd_gpus_ struct kfd_gpus gpus = { 0 };
	struct kfd kfd = { .reader = reader, .processes = processes, .status = 1 };
	int r = processes.error < 0 ? processes.error : sys_kfd_gpus(reader->root, &gpus);

	if (r == -ENOENT) {
		pasid_reader_reason(reader, "the driver amdkfd is not loaded");
		return 0;
	}
	if (r < 0)
		return r;
	numbers = sys_dir_open(reader->root, NUMBERS);
	kfd.gpus = gpus;
	kfd.numbers = numbers;
	return read_processes(&kfd);
}

const struct pasid_source pasid_source_kfd = {
	.name = "kfd",
	.what = "The GPU address spaces of processes that compute on AMD GPUs",
	.path = "/" PROCESSES,
	.read = kfd_read,
};
