/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that allocate and destroy IOASes and HWPTs. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "holder/engine/internal.h"
#include "util/cleanup.h"

/* What undoes other steps. */
static const struct step_kind step_destroy;

/* Of an IOAS that is gone, so that nothing can reach it any more. */
static void free_memory(const struct record_mapping *mapping, size_t n, int *file)
{
	for (size_t i = 0; *file >= 0 && i < n; i++)
		if (!mapping[i].file)
			munmap(mapping[i].memory, mapping[i].length);
	cleanup_close(file);
}

static void run_alloc_ioas(struct work *work)
{
	work->err = iommufd_ioas_alloc(work->iommufd, &work->id);
}

/* There may be several in a change: for each, when it is its turn. */
static int reserve(struct context *context, const struct step *step)
{
	return record_reserve(&context->record, step->object->kind) < 0 ? -ENOMEM : 1;
}

static int prepare_alloc_ioas(struct context *context, struct step *step)
{
	step->work.run = run_alloc_ioas;
	return reserve(context, step);
}

static void note_alloc_ioas(struct context *context, struct step *step)
{
	plan_ioctl(context->plan, IOMMUFD_IOAS_ALLOC, "%s", "");
	step->work.id = plan_new_id(context->plan);
}

static void forget_hwpts(struct context *context, struct change *change, const struct object *ioas);

/*
 * An object is gone, and so is what was in it. Steps may still refer to it: it is kept, without a
 * number, until the change ends.
 */
static void forget(struct context *context, struct change *change, struct object *object)
{
	step_notice(context, object, "is gone: a process that has the descriptors freed it");
	if (object->kind == OBJECT_IOAS) {
		struct record_ioas *ioas = (struct record_ioas *)object;

		forget_hwpts(context, change, object);
		free_memory(ioas->mapping, ioas->n_mappings, &ioas->memory);
		/* For steps that may still come. */
		ioas->n_mappings = 0;
		ioas->memory = -1;
	}
	record_remove(&context->record, object);
	object->id = 0;
	object->next = change->gone;
	change->gone = object;
}

static void forget_hwpts(struct context *context, struct change *change, const struct object *ioas)
{
	for (size_t i = context->record.of[OBJECT_HWPT].n; i-- > 0;) {
		struct record_hwpt *hwpt = record_hwpt_at(&context->record, i);

		if (&hwpt->ioas->object == ioas)
			forget(context, change, &hwpt->object);
	}
}

/* The kernel gives out a number again as soon as its object is destroyed. */
static void commit_alloc(struct context *context, struct change *change, struct step *step)
{
	struct object *stale = record_by_id(&context->record, step->work.id);

	if (stale)
		forget(context, change, stale);
	step->object->id = step->work.id;
	record_insert(&context->record, TAKE_PTR(step->owned));
}

static void reverse_alloc(struct step *step)
{
	step->kind = &step_destroy;
}

static const struct step_kind step_alloc_ioas = {
	.op = IOMMUFD_IOAS_ALLOC,
	.prepare = prepare_alloc_ioas,
	.note = note_alloc_ioas,
	.commit = commit_alloc,
	.reverse = reverse_alloc,
};

static struct step *push_new(struct context *context, struct change *change,
			     const struct step_kind *kind, struct object *object)
{
	struct step *step = step_push(change, kind, object);

	if (!step) {
		object_free(object);
		return NULL;
	}
	step->owned = object;
	return record_reserve(&context->record, object->kind) < 0 ? NULL : step;
}

int change_alloc_ioas(struct context *context, struct change *change, struct record_ioas *ioas)
{
	return push_new(context, change, &step_alloc_ioas, &ioas->object) ? 0 : -ENOMEM;
}

static void run_alloc_hwpt(struct work *work)
{
	work->err =
		iommufd_hwpt_alloc(work->iommufd, work->id, work->target, work->pasid, &work->id);
}

static int prepare_alloc_hwpt(struct context *context, struct step *step)
{
	const struct record_hwpt *hwpt = record_target_hwpt(step->object);

	step->work.run = run_alloc_hwpt;
	step->work.id = step->target->id;
	step->work.target = hwpt->ioas->object.id;
	step->work.pasid = hwpt->pasid;
	return reserve(context, step);
}

static void note_alloc_hwpt(struct context *context, struct step *step)
{
	const struct record_hwpt *hwpt = record_target_hwpt(step->object);

	plan_ioctl(context->plan, IOMMUFD_HWPT_ALLOC, "%s %s%s", step->target->name,
		   plan_name(&hwpt->ioas->object).text, hwpt->pasid ? " for PASIDs" : "");
	step->work.id = plan_new_id(context->plan);
}

/* EOPNOTSUPP: the IOMMU has no PASIDs, whatever the device supports. */
static int proceed_alloc_hwpt(struct context *context, struct change *change, struct step *step)
{
	int r = step->work.err;

	if (r == -EOPNOTSUPP && step->optional)
		return 0;
	if (r < 0)
		return change->undoing ? FAULTED
				       : fault_kernel(&change->fault, IOMMUFD_HWPT_ALLOC, r);
	commit_alloc(context, change, step);
	record_target_ioas(step->object)->stale = true;
	step->made = true;
	return 0;
}

static const struct step_kind step_alloc_hwpt = {
	.op = IOMMUFD_HWPT_ALLOC,
	.prepare = prepare_alloc_hwpt,
	.note = note_alloc_hwpt,
	.proceed = proceed_alloc_hwpt,
	.reverse = reverse_alloc,
};

int change_alloc_hwpt(struct context *context, struct change *change, struct record_hwpt *hwpt,
		      struct record_device *device, bool optional)
{
	struct step *step = push_new(context, change, &step_alloc_hwpt, &hwpt->object);

	if (!step)
		return -ENOMEM;
	step->target = &device->object;
	step->optional = optional;
	return 0;
}

static void run_destroy(struct work *work)
{
	work->err = iommufd_destroy(work->iommufd, work->id);
	if (work->err < 0 && work->err != -ENOENT)
		return;
	free_memory(work->mapping, work->n_mappings, &work->file);
}

static int prepare_destroy(struct context *context, struct step *step)
{
	const struct record_ioas *ioas = (const struct record_ioas *)step->object;

	/* It is destroyed already, or somebody uses it. */
	if (!step->object->id || (step->if_unused && record_users(&context->record, step->object)))
		return 0;
	step->work.run = run_destroy;
	step->work.id = step->object->id;
	step->work.file = -1;
	step->work.n_mappings = 0;
	if (step->object->kind == OBJECT_IOAS) {
		step->work.mapping = ioas->mapping;
		step->work.n_mappings = ioas->n_mappings;
		step->work.file = ioas->memory;
	}
	return 1;
}

static void note_destroy(struct context *context, struct step *step)
{
	plan_ioctl(context->plan, IOMMUFD_DESTROY, "%s", plan_name(step->object).text);
}

static int proceed_destroy(struct context *context, struct change *change, struct step *step)
{
	int r = step->work.err;

	if (r == -ENOENT)
		step_notice(context, step->object,
			    "was gone: a process that has the descriptors freed it");
	else if (r < 0)
		return change->undoing ? FAULTED : fault_kernel(&change->fault, IOMMUFD_DESTROY, r);
	if (step->object->kind == OBJECT_IOAS)
		forget_hwpts(context, change, step->object);
	else
		record_target_ioas(step->object)->stale = true;
	record_remove(&context->record, step->object);
	step->object->id = 0;
	step->owned = step->object;
	return 0;
}

static const struct step_kind step_destroy = {
	.op = IOMMUFD_DESTROY,
	.prepare = prepare_destroy,
	.note = note_destroy,
	.proceed = proceed_destroy,
};

int change_destroy(struct change *change, struct object *object)
{
	return step_push(change, &step_destroy, object) ? 0 : -ENOMEM;
}

int change_release(struct change *change, struct object *target)
{
	struct step *step;

	if (!target || !target->automatic)
		return 0;
	step = step_push(change, &step_destroy, target);
	if (!step)
		return -ENOMEM;
	/* EBUSY: a process that received the fds uses it. It stays for the next attach. */
	step->if_unused = step->tolerant = true;
	return 0;
}
