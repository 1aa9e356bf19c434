/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps that map and unmap memory. It is a memfd, one for each IOAS, so that a client can be given
 * it and the number of fds is bounded; a mapping begins where the last one in it ends. Or it is a file
 * that the client has brought: the kernel keeps it open, the holder does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder/engine/internal.h"
#include "util/cleanup.h"

/* What undoes other steps. */
static const struct step_kind step_unmap;

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u /* Linux 6.3 */
#endif

/* Nobody who is given it can take pages away that are mapped. */
static int open_memory(void)
{
	int fd = memfd_create("ioasidctl", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ioasidctl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0)
		(void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
	return fd < 0 ? -errno : fd;
}

static void free_memory(int file, const struct record_mapping *mapping)
{
	if (mapping->file)
		return;
	munmap(mapping->memory, mapping->length);
	(void)fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)mapping->offset,
			(off_t)mapping->length);
}

/* It can only grow: a larger mapping, which failed, may have left it longer. */
static int extend(int file, uint64_t size)
{
	struct stat st;

	if (fstat(file, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size >= size)
		return 0;
	return ftruncate(file, (off_t)size) < 0 ? -errno : 0;
}

/* Sets work->what on failure. */
static int get_memory(struct work *work)
{
	int r;

	if (work->file < 0) {
		work->what = "memfd_create";
		work->file = open_memory();
		if (work->file < 0)
			return work->file;
	}
	work->what = "ftruncate";
	r = extend(work->file, work->offset + work->length);
	if (r < 0)
		return r;
	work->what = "mmap";
	work->memory = mmap(NULL, work->length, PROT_READ | PROT_WRITE, MAP_SHARED, work->file,
			    (off_t)work->offset);
	if (work->memory == MAP_FAILED)
		return -errno;
	work->what = NULL;
	/* As far as the system wants it for shared memory: fewer entries in the I/O page table. */
	(void)madvise(work->memory, work->length, MADV_HUGEPAGE);
	return 0;
}

static void run_map(struct work *work)
{
	struct record_mapping mapping = { .length = work->length, .offset = work->offset };

	work->err = get_memory(work);
	if (work->err < 0)
		return;
	work->err = iommufd_ioas_map(work->iommufd, work->target, work->memory, work->length,
				     work->fixed ? &work->iova : NULL, work->flags, &work->iova);
	mapping.memory = work->memory;
	if (work->err < 0)
		free_memory(work->file, &mapping);
}

static int prepare_map(struct context *context, struct step *step)
{
	struct record_ioas *ioas = (struct record_ioas *)step->object;

	(void)context;
	step->work.run = run_map;
	step->work.target = ioas->object.id;
	step->work.length = step->length;
	step->work.iova = step->iova;
	step->work.fixed = step->fixed;
	step->work.flags = step->flags;
	step->work.file = ioas->memory;
	step->work.offset = ioas->extent;
	return record_mapping_reserve(ioas) < 0 ? -ENOMEM : 1;
}

/* WHAT: the file, or "". */
static void note(struct context *context, struct step *step, const char *what)
{
	const struct record_ioas *ioas = (const struct record_ioas *)step->object;
	struct work *work = &step->work;
	char at[32] = "";
	size_t first;
	bool whole;

	if (work->fixed &&
	    record_mapping_overlaps(ioas, work->iova, work->iova + (work->length - 1), &first,
				    &whole)) {
		work->err = -EEXIST; /* as the kernel would return */
		return;
	}
	if (work->fixed)
		snprintf(at, sizeof(at), " iova 0x%llx", (unsigned long long)work->iova);
	plan_ioctl(context->plan, step->kind->op, "%s%s size 0x%llx%s%s%s",
		   plan_name(step->object).text, what, (unsigned long long)work->length, at,
		   work->flags & IOMMUFD_MAP_READ ? " read" : "",
		   work->flags & IOMMUFD_MAP_WRITE ? " write" : "");
}

static void note_map(struct context *context, struct step *step)
{
	note(context, step, "");
}

/* Where the kernel has room, the record's mappings are gone. */
static void drop_gone(struct context *context, const struct step *step)
{
	struct record_ioas *ioas = (struct record_ioas *)step->object;
	const struct work *work = &step->work;
	size_t first, n;
	bool whole;

	n = record_mapping_overlaps(ioas, work->iova, work->iova + (work->length - 1), &first,
				    &whole);
	if (n == 0)
		return;
	step_notice(context, step->object,
		    "mappings are gone: a process that has the descriptors unmapped them");
	for (size_t i = first; i < first + n; i++)
		free_memory(ioas->memory, &ioas->mapping[i]);
	record_mapping_drop(&context->record, ioas, first, n);
}

static int add_mapping(struct context *context, struct change *change, struct step *step,
		       const struct record_mapping *mapping)
{
	if (!context->plan)
		drop_gone(context, step);
	record_mapping_add(&context->record, (struct record_ioas *)step->object, mapping);
	change->result = mapping->iova;
	step->made = true;
	return 0;
}

/* The file stays for the next one, whether the mapping was made or not. */
static int proceed_map(struct context *context, struct change *change, struct step *step)
{
	struct record_ioas *ioas = (struct record_ioas *)step->object;
	const struct work *work = &step->work;

	if (!context->plan && work->file >= 0)
		ioas->memory = work->file;
	if (work->err < 0)
		return work->what ? fault_system(&change->fault, work->what, work->err)
				  : fault_kernel(&change->fault, IOMMUFD_IOAS_MAP, work->err);
	ioas->extent = work->offset + work->length;
	return add_mapping(context, change, step,
			   &(struct record_mapping){ .iova = work->iova,
						     .length = work->length,
						     .flags = work->flags,
						     .memory = work->memory,
						     .offset = work->offset });
}

static void reverse_map(struct step *step)
{
	step->kind = &step_unmap;
	step->iova = step->work.iova;
	step->length = step->work.iova + (step->work.length - 1);
}

static const struct step_kind step_map = {
	.op = IOMMUFD_IOAS_MAP,
	.prepare = prepare_map,
	.note = note_map,
	.proceed = proceed_map,
	.reverse = reverse_map,
};

int change_map(struct change *change, struct record_ioas *ioas, uint64_t length,
	       const uint64_t *iova, unsigned int flags)
{
	struct step *step = step_push(change, &step_map, &ioas->object);

	if (!step)
		return -ENOMEM;
	step->length = length;
	step->fixed = iova;
	step->iova = iova ? *iova : 0;
	step->flags = flags;
	return 0;
}

static void run_map_file(struct work *work)
{
	work->err = iommufd_ioas_map_file(work->iommufd, work->target, work->file, work->offset,
					  work->length, work->fixed ? &work->iova : NULL,
					  work->flags, &work->iova);
}

static int prepare_map_file(struct context *context, struct step *step)
{
	const int r = prepare_map(context, step);

	step->work.run = run_map_file;
	step->work.file = step->file.fd;
	step->work.offset = step->file.offset;
	return r;
}

static void note_map_file(struct context *context, struct step *step)
{
	char what[40];

	snprintf(what, sizeof(what), " offset 0x%llx", (unsigned long long)step->file.offset);
	note(context, step, what);
}

static int proceed_map_file(struct context *context, struct change *change, struct step *step)
{
	const struct work *work = &step->work;

	if (work->err < 0)
		return fault_kernel(&change->fault, IOMMUFD_IOAS_MAP_FILE, work->err);
	return add_mapping(context, change, step,
			   &(struct record_mapping){ .iova = work->iova,
						     .length = work->length,
						     .flags = work->flags,
						     .file = true,
						     .offset = work->offset,
						     .absent = step->file.absent });
}

static const struct step_kind step_map_file = {
	.op = IOMMUFD_IOAS_MAP_FILE,
	.prepare = prepare_map_file,
	.note = note_map_file,
	.proceed = proceed_map_file,
	.reverse = reverse_map,
};

int change_map_file(struct change *change, struct record_ioas *ioas, const struct map_file *file,
		    uint64_t length, const uint64_t *iova, unsigned int flags)
{
	struct step *step = NULL;
	int r = change_map(change, ioas, length, iova, flags);

	if (r < 0)
		return r;
	step = &change->step[change->n_steps - 1];
	step->kind = &step_map_file;
	step->file = *file;
	return 0;
}

/* ENOENT: they are gone already, and so may be the memory. */
static void run_unmap(struct work *work)
{
	uint64_t length = 0;

	work->err =
		iommufd_ioas_unmap(work->iommufd, work->target, work->iova, work->length, &length);
	if (work->err < 0 && work->err != -ENOENT)
		return;
	for (size_t i = 0; i < work->n_mappings; i++)
		free_memory(work->file, &work->mapping[i]);
}

static int prepare_unmap(struct context *context, struct step *step)
{
	struct record_ioas *ioas = (struct record_ioas *)step->object;
	size_t first = 0, n;
	bool whole;

	(void)context;
	n = record_mapping_overlaps(ioas, step->iova, step->length, &first, &whole);
	/* Everything is asked for once even if the record has nothing: it may be wrong. */
	if (n == 0 && (!step->whole || step->made))
		return 0;
	step->made = true;
	step->work.run = run_unmap;
	step->work.target = ioas->object.id;
	step->work.file = ioas->memory;
	step->work.mapping = n ? &ioas->mapping[first] : NULL;
	step->work.n_mappings = step->whole ? n : 1;
	step->work.iova = step->whole ? 0 : ioas->mapping[first].iova;
	step->work.length = step->whole ? UINT64_MAX : ioas->mapping[first].length;
	return 1;
}

static void note_unmap(struct context *context, struct step *step)
{
	plan_ioctl(context->plan, IOMMUFD_IOAS_UNMAP, "%s iova 0x%llx size 0x%llx",
		   plan_name(step->object).text, (unsigned long long)step->work.iova,
		   (unsigned long long)step->work.length);
}

static int proceed_unmap(struct context *context, struct change *change, struct step *step)
{
	struct record_ioas *ioas = (struct record_ioas *)step->object;
	const struct work *work = &step->work;
	const bool gone = work->err == -ENOENT && work->n_mappings;

	if (work->err < 0 && work->err != -ENOENT)
		return change->undoing
			       ? FAULTED
			       : fault_kernel(&change->fault, IOMMUFD_IOAS_UNMAP, work->err);
	if (gone)
		step_notice(context, step->object,
			    "mappings were gone: a process that has the descriptors unmapped them");
	for (size_t i = 0; i < work->n_mappings; i++)
		change->result += work->mapping[i].length;
	if (work->n_mappings)
		record_mapping_drop(&context->record, ioas, (size_t)(work->mapping - ioas->mapping),
				    work->n_mappings);
	return step->whole ? 0 : 1;
}

static const struct step_kind step_unmap = {
	.op = IOMMUFD_IOAS_UNMAP,
	.prepare = prepare_unmap,
	.note = note_unmap,
	.proceed = proceed_unmap,
};

int change_unmap(struct change *change, struct record_ioas *ioas, uint64_t iova, uint64_t last,
		 bool whole)
{
	struct step *step = step_push(change, &step_unmap, &ioas->object);

	if (!step)
		return -ENOMEM;
	step->iova = iova;
	step->length = last;
	step->whole = whole;
	return 0;
}
