/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that bind and unbind many PASIDs, an ioctl each. */
#include <errno.h>
#include <inttypes.h>

#include "holder/engine/internal.h"
#include "util/cleanup.h"
#include "util/pasid.h"

/* What undoes other steps. */
static const struct step_kind step_unbind_pasids;

/*
 * PASIDs for the worker at a time: 10 to 30 ms with an emulated IOMMU, which takes 0.3 ms per
 * attach and 1 ms per detach. A dry run takes all that follow each other.
 */
#define CHUNK 32

/*
 * EBUSY means that a PASID is in use, or that the device is being reset, which then applies to all
 * of its million PASIDs. After so many in a row no more are tried.
 */
#define BUSY_MAX 64

bool sweep_stop(struct sweep *sweep, struct fault *fault)
{
	if (!sweep->partial || sweep->done.n == 0)
		return false;
	fault_done(&sweep->failure);
	sweep->failure = *fault;
	*fault = (struct fault){ 0 };
	return true;
}

static struct range cut(const struct context *context, struct range range, uint64_t max)
{
	if (!context->plan && max > CHUNK)
		max = CHUNK;
	if (range.hi - range.lo >= max)
		range.hi = range.lo + (uint32_t)(max - 1);
	return range;
}

/* The next of the list. */
static bool next_listed(const struct sweep *sweep, struct range *ret)
{
	if (sweep->next > PASID_MAX || !ranges_next(&sweep->todo, (uint32_t)sweep->next, ret))
		return false;
	if (ret->lo < sweep->next)
		ret->lo = (uint32_t)sweep->next;
	return true;
}

static int fail_at(struct change *change, const struct step *step, uint32_t pasid, int err)
{
	if (change->undoing)
		return FAULTED;
	fault_kernel(&change->fault, step->kind->op, err);
	json_add_u64(change->fault.parameters, "pasid", pasid);
	return FAULTED;
}

static void run_bind(struct work *work)
{
	for (work->done = 0; work->done <= work->run_of.hi - work->run_of.lo; work->done++) {
		work->err = vfio_attach_pasid(work->fd, work->run_of.lo + work->done, work->target);
		if (work->err < 0)
			return;
	}
}

static int prepare_bind(struct context *context, struct step *step)
{
	struct record_device *device = step_device(step);
	struct sweep *sweep = step->sweep;
	struct range range;
	bool found;

	step->work.run = run_bind;
	step->work.fd = device->fd;
	step->work.target = step->target->id;
	step->work.run_of = (struct range){ (uint32_t)sweep->next, (uint32_t)sweep->next };
	if (sweep->wanted && sweep->left == 0)
		return 0;
	/* An unbind or removal of the device is waiting for this change to end. */
	if (device->requested)
		return -ENODEV;
	/* An earlier step was given its number: somebody else destroyed it. */
	if (!step->target->id)
		return -ENOENT;
	found = sweep->wanted
			? record_pasid_free(&context->record, device, (uint32_t)sweep->next, &range)
			: next_listed(sweep, &range);
	if (!found)
		return sweep->wanted ? -ENOSPC : 0;
	range = cut(context, range, sweep->wanted ? sweep->left : UINT32_MAX);
	step->work.run_of = range;
	/* What would be done could not be answered. */
	if (sweep->done.n == RANGES_MAX && sweep->done.v[RANGES_MAX - 1].hi + 1 != range.lo)
		return -E2BIG;
	if (record_pasid_reserve(device, step->target) < 0 || ranges_reserve(&sweep->done) < 0 ||
	    ranges_reserve(&sweep->busy) < 0)
		return -ENOMEM;
	return 1;
}

static void note_pasids(struct context *context, struct step *step)
{
	struct work *work = &step->work;
	char last[16] = "";

	work->done = work->run_of.hi - work->run_of.lo + 1;
	if (work->done > 1)
		snprintf(last, sizeof(last), "-%" PRIu32, work->run_of.hi);
	plan_ioctl(context->plan, step->kind->op, "%s pasid %" PRIu32 "%s%s%s", step->object->name,
		   work->run_of.lo, last, step->target ? " " : "",
		   step->target ? plan_name(step->target).text : "");
}

static int refuse_busy(struct change *change, const struct step *step)
{
	const struct sweep *sweep = step->sweep;
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", step->object->name);
	json_add_ranges(parameters, "tried", &sweep->busy);
	json_add_u64(parameters, "count", sweep->wanted);
	json_add_u64(parameters, "found", ranges_count(&sweep->done));
	fault_raise(&change->fault, "PasidsBusy", parameters);
	return FAULTED;
}

static int proceed_bind(struct context *context, struct change *change, struct step *step)
{
	const struct work *work = &step->work;
	const struct range done = { work->run_of.lo, work->run_of.lo + work->done - 1 };
	struct sweep *sweep = step->sweep;
	uint32_t failed = work->run_of.lo + work->done;

	if (work->done) {
		record_pasid_bind(&context->record, step_device(step), done, step->target);
		(void)ranges_add(&sweep->done, done.lo, done.hi);
		step->made = true;
		sweep->left -= sweep->wanted ? work->done : 0;
		sweep->busy.n = 0;
	}
	sweep->next = failed;
	if (work->err == 0)
		return 1;
	/* The number is in use by a driver or another process. */
	if (work->err == -EBUSY && sweep->wanted) {
		sweep->next++;
		(void)ranges_add(&sweep->busy, failed, failed);
		return ranges_count(&sweep->busy) == BUSY_MAX ? refuse_busy(change, step) : 1;
	}
	return fail_at(change, step, failed, work->err);
}

/* What was bound is unbound, from the end. */
static void reverse_bind(struct step *step)
{
	step->kind = &step_unbind_pasids;
	step->target = NULL;
}

/* prepare_bind() failed. */
static void fault_bind(const struct step *step, int err, struct fault *fault)
{
	const struct sweep *sweep = step->sweep;
	json_object *parameters;

	if (err == -E2BIG) {
		fault_limit(fault, "range", RANGES_MAX);
		return;
	}
	if (err == -ENOSPC) {
		parameters = json_object_new_object();
		json_add_u64(parameters, "count", sweep->wanted);
		json_add_u64(parameters, "found", ranges_count(&sweep->done));
		fault_raise(fault, "PasidsExhausted", parameters);
		return;
	}
	fault_kernel(fault, step->kind->op, err);
	json_add_u64(fault->parameters, "pasid", step->work.run_of.lo);
}

static const struct step_kind step_bind_pasids = {
	.op = IOMMUFD_VFIO_ATTACH_PASID,
	.prepare = prepare_bind,
	.note = note_pasids,
	.proceed = proceed_bind,
	.reverse = reverse_bind,
	.fault = fault_bind,
};

int change_bind_pasids(struct change *change, struct record_device *device, struct object *target)
{
	struct step *step = step_push(change, &step_bind_pasids, &device->object);

	if (!step)
		return -ENOMEM;
	step->sweep = &change->sweep;
	step->target = target;
	return 0;
}

static void run_unbind(struct work *work)
{
	for (work->done = 0; work->done <= work->run_of.hi - work->run_of.lo; work->done++) {
		work->err = vfio_detach_pasid(work->fd, work->run_of.lo + work->done);
		if (work->err < 0)
			return;
	}
}

/* RANGE: consecutive PASIDs with one target. */
static int prepare_run(struct step *step, struct range range)
{
	struct record_device *device = step_device(step);

	step->work.run = run_unbind;
	step->work.fd = device->fd;
	step->work.run_of = range;
	return record_pasid_reserve(device, record_pasid_target(device, range.lo)) < 0 ? -ENOMEM
										       : 1;
}

/* Undoing: the last ones that were bound. Those that cannot be unbound are reported as done. */
static int prepare_back(struct step *step)
{
	const struct ranges *done = &step->sweep->done;
	struct range last;

	if (done->n == 0)
		return 0;
	last = done->v[done->n - 1];
	if (last.hi - last.lo >= CHUNK)
		last.lo = last.hi - (CHUNK - 1);
	return ranges_reserve(&step->sweep->done) < 0 ? -ENOMEM : prepare_run(step, last);
}

static int prepare_unbind(struct context *context, struct step *step)
{
	struct sweep *sweep = step->sweep;
	struct range range, bound;
	struct object *target;

	if (step->reversed)
		return prepare_back(step);
	step->work.run_of = (struct range){ (uint32_t)sweep->next, (uint32_t)sweep->next };
	if (!next_listed(sweep, &range))
		return 0;
	/* All are bound, perhaps to several targets. */
	if (record_pasid_next(step_device(step), range.lo, &bound, &target) && bound.hi < range.hi)
		range.hi = bound.hi;
	if (ranges_reserve(&sweep->done) < 0)
		return -ENOMEM;
	return prepare_run(step, cut(context, range, UINT32_MAX));
}

static int proceed_unbind(struct context *context, struct change *change, struct step *step)
{
	const struct work *work = &step->work;
	const struct range done = { work->run_of.lo, work->run_of.lo + work->done - 1 };
	struct sweep *sweep = step->sweep;

	if (work->done)
		record_pasid_unbind(&context->record, step_device(step), done);
	if (work->done && step->reversed)
		(void)ranges_cut(&sweep->done, done.lo, done.hi);
	else if (work->done)
		(void)ranges_add(&sweep->done, done.lo, done.hi);
	sweep->next = work->run_of.lo + work->done;
	return work->err == 0 ? 1 : fail_at(change, step, (uint32_t)sweep->next, work->err);
}

static const struct step_kind step_unbind_pasids = {
	.op = IOMMUFD_VFIO_DETACH_PASID,
	.prepare = prepare_unbind,
	.note = note_pasids,
	.proceed = proceed_unbind,
	.fault = fault_bind,
};

int change_unbind_pasids(struct change *change, struct record_device *device)
{
	struct step *step = step_push(change, &step_unbind_pasids, &device->object);

	if (!step)
		return -ENOMEM;
	step->sweep = &change->sweep;
	return 0;
}

static int prepare_clear(struct context *context, struct step *step)
{
	struct range range;
	struct object *target;

	step->work.run_of = (struct range){ (uint32_t)step->iova, (uint32_t)step->iova };
	if (!record_pasid_next(step_device(step), (uint32_t)step->iova, &range, &target))
		return 0;
	if (ranges_reserve(&step->sweep->done) < 0)
		return -ENOMEM;
	return prepare_run(step, cut(context, range, UINT32_MAX));
}

static int proceed_clear(struct context *context, struct change *change, struct step *step)
{
	const struct work *work = &step->work;
	const uint32_t failed = work->run_of.lo + work->done;
	const struct range done = { work->run_of.lo, failed - 1 };

	if (work->done) {
		record_pasid_unbind(&context->record, step_device(step), done);
		(void)ranges_add(&step->sweep->done, done.lo, done.hi);
	}
	step->iova = failed;
	if (work->err == 0)
		return 1;
	if (step->tolerant) {
		step->iova++;
		return 1;
	}
	fault_kernel(&change->fault, step->kind->op, work->err);
	json_add_u64(change->fault.parameters, "pasid", failed);
	return FAULTED;
}

static const struct step_kind step_clear_pasids = {
	.op = IOMMUFD_VFIO_DETACH_PASID,
	.prepare = prepare_clear,
	.note = note_pasids,
	.proceed = proceed_clear,
	.fault = fault_bind,
};

int change_clear_pasids(struct change *change, struct record_device *device)
{
	struct step *step = step_push(change, &step_clear_pasids, &device->object);

	if (!step)
		return -ENOMEM;
	step->sweep = &change->sweep;
	return 0;
}
