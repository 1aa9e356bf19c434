/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/cleanup.h"
#include "util/str.h"

/* 10 to 30 ms with an emulated IOMMU, which takes 0.3 ms per attach and 1 ms per detach. */
#define SLICE 32

/*
 * EBUSY means that a PASID is in use, or that the device is being reset, which then applies to all
 * of its million PASIDs. After so many in a row no more are tried.
 */
#define BUSY_MAX 64

void job_free(struct job *job)
{
	if (!job)
		return;
	ranges_done(&job->todo);
	ranges_done(&job->done);
	ranges_done(&job->busy);
	context_taken_done(&job->taken);
	fault_done(&job->fault);
	json_object_put(job->reply);
	free(job);
}

static int refuse_count(uint32_t wanted, uint64_t found, struct fault *fault)
{
	json_object *parameters = json_object_new_object();

	json_add_u64(parameters, "count", wanted);
	json_add_u64(parameters, "found", found);
	return fault_raise(fault, "PasidsExhausted", parameters);
}

/* According to the record, are there so many free PASIDs? */
static int check_count(const struct context *context, const struct record_device *device,
		       const struct job *job, struct fault *fault)
{
	uint32_t found = record_pasid_count_free(&context->record, device);

	if (job->wanted <= found || (job->partial && found))
		return 0;
	return refuse_count(job->wanted, found, fault);
}

/* If nothing of a list is left, raise the fault of its first PASID. */
static int refuse_nothing(struct job *job, struct fault *fault)
{
	if (job->wanted || job->todo.n)
		return 0;
	*fault = job->taken.fault;
	job->taken.fault = (struct fault){ 0 };
	return FAULTED;
}

static int job_new(enum job_kind kind, const struct record_device *device, struct fault *fault,
		   struct job **ret)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	job->kind = kind;
	job->serial = device ? device->serial : 0;
	*ret = job;
	return 0;
}

int job_bind(struct context *context, struct record_device *device,
	     const struct context_target *target, struct job_request *request, struct fault *fault,
	     struct job **ret)
{
	_cleanup_(job_freep) struct job *job = NULL;
	struct context_taken *taken;

	if (device->pasid_width == 0)
		return fault_raise_string(fault, "NoPasidSupport", "device", device->name);
	if (job_new(JOB_BIND, device, fault, &job) < 0)
		return FAULTED;
	job->partial = request->partial;
	job->wanted = job->left = request->pasid.n ? 0 : request->count;
	job->todo = request->pasid;
	request->pasid = (struct ranges){ 0 };
	taken = job->partial ? &job->taken : NULL;
	if (check_count(context, device, job, fault) < 0 ||
	    context_check_pasids(context, device, &job->todo, taken, fault) < 0 ||
	    refuse_nothing(job, fault) < 0 ||
	    context_begin_pasids(context, device, target, fault, &job->undo, &job->hwpt) < 0)
		return FAULTED;
	if (context_check_siblings(context, device, &job->todo, job->hwpt, taken, fault) < 0 ||
	    refuse_nothing(job, fault) < 0) {
		context_end_pasids(context, job->hwpt, &job->undo, true);
		return FAULTED;
	}
	job->ioas = target->ioas;
	*ret = TAKE_PTR(job);
	return 0;
}

/* All PASIDs bound on DEVICE. */
static int all_pasids(const struct record_device *device, struct ranges *ret)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	struct range range;
	uint32_t hwpt;

	for (uint32_t from = 0; record_pasid_next(device, from, &range, &hwpt); from = range.hi + 1)
		if (ranges_add(&list, range.lo, range.hi) < 0)
			return -ENOMEM;
	*ret = list;
	list = (struct ranges){ 0 };
	return 0;
}

int job_unbind(struct record_device *device, struct ranges *pasid, struct fault *fault,
	       struct job **ret)
{
	_cleanup_(job_freep) struct job *job = NULL;

	if (context_check_bound(device, pasid, fault) < 0 ||
	    job_new(JOB_UNBIND, device, fault, &job) < 0)
		return FAULTED;
	if (pasid->n == 0 && all_pasids(device, pasid) < 0)
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	job->todo = *pasid;
	*pasid = (struct ranges){ 0 };
	*ret = TAKE_PTR(job);
	return 0;
}

int job_remove(struct record_device *device, bool force, struct fault *fault, struct job **ret)
{
	uint64_t count = record_device_pasids(device);
	_cleanup_(job_freep) struct job *job = NULL;
	json_object *parameters;

	if (!force && (count || device->attached)) {
		parameters = json_object_new_object();
		json_add_string(parameters, "device", device->name);
		json_add_u64(parameters, "pasid_count", count);
		json_add_bool(parameters, "attached", device->attached);
		return fault_raise(fault, "StillBound", parameters);
	}
	if (job_new(JOB_REMOVE, device, fault, &job) < 0)
		return FAULTED;
	if (all_pasids(device, &job->todo) < 0)
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	*ret = TAKE_PTR(job);
	return 0;
}

/* Maximum number named in a message. */
#define PROCESSES_MAX 8

static int refuse_lent(const struct lent_list *list, struct fault *fault)
{
	json_object *parameters = json_object_new_object(), *processes = json_object_new_array();

	for (size_t i = 0; i < list->n && i < PROCESSES_MAX; i++) {
		json_object *process = json_object_new_object();
		/* The name of a process can be any bytes, not only text. */
		const struct lent_command name = lent_command(&list->v[i]);
		_cleanup_free_ char *command = str_printable(name.text);

		json_add_u64(process, "pid", (uint64_t)list->v[i].pid);
		json_add_string(process, "command", str_set(command) ? command : NULL);
		json_append(processes, process);
	}
	json_add(parameters, "process", processes);
	json_add_u64(parameters, "count", list->n);
	return fault_raise(fault, "FdsInUse", parameters);
}

int job_destroy(const struct context *context, bool force, struct fault *fault, struct job **ret)
{
	if (context->lent.n && !force)
		return refuse_lent(&context->lent, fault);
	return job_new(JOB_DESTROY, NULL, fault, ret);
}

/* Adds LIST unless it is empty. */
static void add_ranges(const struct ranges *list, json_object *object, const char *key)
{
	_cleanup_free_ char *text = list->n ? ranges_format(list) : NULL;

	if (list->n)
		json_add(object, key, text ? json_object_new_string(text) : NULL);
}

/* Being done in part is not an error: the failure is part of the reply. */
static void add_failure(struct fault *fault, json_object *reply)
{
	json_object *failure;

	if (!fault->raised) {
		json_add_null(reply, "failure");
		return;
	}
	failure = json_object_new_object();
	json_add_string(failure, "error", fault->id);
	json_add(failure, "parameters", TAKE_PTR(fault->parameters));
	fault_done(fault);
	json_add(reply, "failure", failure);
}

static void add_reserved(const struct context *context, const struct job *job)
{
	const struct record_device *device = record_device_by_serial(&context->record, job->serial);
	json_object *reserved = NULL;

	if (device && context_reserved(context, device, job->ioas, &reserved))
		json_add(job->reply, "reserved", reserved);
	else
		json_add_null(job->reply, "reserved");
}

static void end_bind(struct context *context, struct job *job)
{
	bool failed = job->fault.raised;

	context_end_pasids(context, job->hwpt, &job->undo, job->done.n == 0);
	if (failed && !(job->partial && job->done.n)) {
		add_ranges(&job->done, job->fault.parameters, "done");
		return;
	}
	job->reply = json_object_new_object();
	add_ranges(&job->done, job->reply, "pasid");
	json_add_u64(job->reply, "count", ranges_count(&job->done));
	json_add_u64(job->reply, "ioas", job->ioas);
	json_add_u64(job->reply, "hwpt", job->hwpt);
	add_failure(failed ? &job->fault : &job->taken.fault, job->reply);
	add_ranges(&job->taken.pasid, job->reply, "taken");
	add_reserved(context, job);
}

static void end(struct context *context, struct job *job)
{
	struct record_device *device = record_device_by_serial(&context->record, job->serial);

	if (job->kind == JOB_BIND) {
		end_bind(context, job);
		return;
	}
	if (job->fault.raised) {
		add_ranges(&job->done, job->fault.parameters, "done");
		return;
	}
	job->reply = json_object_new_object();
	if (job->kind == JOB_UNBIND)
		json_add_u64(job->reply, "count", ranges_count(&job->done));
	if (job->kind == JOB_REMOVE && device)
		context_remove_device(context, device);
}

/*
 * PASID failed: starts undoing what was bound, or keeps it with `partial`. Returns true if the job
 * has ended.
 */
static bool fail(struct job *job, enum iommufd_op op, uint32_t pasid, int r)
{
	fault_kernel(&job->fault, op, r);
	json_add_u64(job->fault.parameters, "pasid", pasid);
	job->undoing = job->kind == JOB_BIND && !job->partial;
	return !job->undoing;
}

static bool exhausted(struct job *job)
{
	refuse_count(job->wanted, ranges_count(&job->done), &job->fault);
	job->undoing = !job->partial;
	return !job->undoing;
}

/* That is the end, too, when nothing has to be undone. */
static bool give_up(struct job *job, const struct record_device *device)
{
	_cleanup_free_ char *tried = ranges_format(&job->busy);
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", device->name);
	json_add(parameters, "tried", tried ? json_object_new_string(tried) : NULL);
	json_add_u64(parameters, "count", job->wanted);
	json_add_u64(parameters, "found", ranges_count(&job->done));
	fault_raise(&job->fault, "PasidsBusy", parameters);
	job->undoing = !job->partial;
	return !job->undoing;
}

/* The number is in use by a driver or another process. */
static bool skip(struct job *job, const struct record_device *device, uint32_t pasid)
{
	if (ranges_add(&job->busy, pasid, pasid) < 0)
		return fail(job, IOMMUFD_VFIO_ATTACH_PASID, pasid, -ENOMEM);
	return ranges_count(&job->busy) == BUSY_MAX && give_up(job, device);
}

/* The next PASID to bind or unbind; returns false if there is none. */
static bool next_pasid(const struct context *context, const struct job *job,
		       const struct record_device *device, uint32_t *ret)
{
	struct range range;

	if (job->wanted) {
		*ret = record_pasid_free(&context->record, device, (uint32_t)job->next);
		return *ret != 0;
	}
	if (job->next > PASID_MAX || !ranges_next(&job->todo, (uint32_t)job->next, &range))
		return false;
	*ret = range.lo > job->next ? range.lo : (uint32_t)job->next;
	return true;
}

static bool bind_one(struct context *context, struct job *job, struct record_device *device)
{
	uint32_t pasid;
	int r;

	if (job->wanted && job->left == 0)
		return true;
	/* An unbind or removal of the device is waiting for this job to end. */
	if (device->requested)
		return fail(job, IOMMUFD_VFIO_ATTACH_PASID, (uint32_t)job->next, -ENODEV);
	if (!next_pasid(context, job, device, &pasid))
		return job->wanted ? exhausted(job) : true;
	job->next = pasid + UINT64_C(1);
	r = context_bind_pasid(context, device, pasid, job->hwpt);
	if (r == -EBUSY && job->wanted)
		return skip(job, device, pasid);
	if (r < 0)
		return fail(job, IOMMUFD_VFIO_ATTACH_PASID, pasid, r);
	ranges_done(&job->busy);
	if (ranges_add(&job->done, pasid, pasid) < 0) {
		(void)context_unbind_pasid(context, device, pasid);
		return fail(job, IOMMUFD_VFIO_ATTACH_PASID, pasid, -ENOMEM);
	}
	if (job->wanted)
		job->left--;
	return false;
}

static bool unbind_one(struct context *context, struct job *job, struct record_device *device)
{
	uint32_t pasid;
	int r;

	if (!next_pasid(context, job, device, &pasid))
		return true;
	job->next = pasid + UINT64_C(1);
	r = context_unbind_pasid(context, device, pasid);
	if (r < 0)
		return fail(job, IOMMUFD_VFIO_DETACH_PASID, pasid, r);
	/* Only used for the count, so a failure does not matter. */
	(void)ranges_add(&job->done, pasid, pasid);
	return false;
}

/* From the end, so that the list only shrinks and needs no memory. */
static bool undo_one(struct context *context, struct job *job, struct record_device *device)
{
	struct range *last;

	if (job->done.n == 0)
		return true;
	last = &job->done.v[job->done.n - 1];
	/* A PASID that cannot be detached stays bound, and is reported as done. */
	if (context_unbind_pasid(context, device, last->hi) < 0)
		return true;
	if (last->hi-- == last->lo)
		job->done.n--;
	return false;
}

/* Unbinds one PASID of any device. */
static bool destroy_one(struct context *context)
{
	for (size_t i = 0; i < context->record.device_n; i++) {
		struct record_device *device = &context->record.device[i];
		struct range range;
		uint32_t hwpt;

		if (record_pasid_next(device, 0, &range, &hwpt))
			return context_unbind_pasid(context, device, range.lo) < 0;
	}
	return true;
}

static bool step_one(struct context *context, struct job *job)
{
	struct record_device *device = record_device_by_serial(&context->record, job->serial);

	if (job->kind == JOB_DESTROY)
		return destroy_one(context);
	if (!device)
		return true;
	if (job->undoing)
		return undo_one(context, job, device);
	return job->kind == JOB_BIND ? bind_one(context, job, device)
				     : unbind_one(context, job, device);
}

bool job_step(struct context *context, struct job *job)
{
	for (unsigned int i = 0; i < SLICE; i++) {
		if (step_one(context, job)) {
			end(context, job);
			return true;
		}
	}
	return false;
}

char *job_describe(const struct context *context, const struct job *job)
{
	static const char *const words[] = {
		[JOB_BIND] = "bind of PASIDs",
		[JOB_UNBIND] = "unbind of PASIDs",
		[JOB_REMOVE] = "removal",
		[JOB_DESTROY] = "end of the context",
	};
	const struct record_device *device = record_device_by_serial(&context->record, job->serial);
	char *text;

	if (!device)
		return asprintf(&text, "%s", words[job->kind]) < 0 ? NULL : text;
	return asprintf(&text, "%s (device %s)", words[job->kind], device->name) < 0 ? NULL : text;
}
