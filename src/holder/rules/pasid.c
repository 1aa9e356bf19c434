/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single PASIDs; jobs process lists of them. */
#include <errno.h>

#include "holder/rules/internal.h"
#include "util/cleanup.h"

static int refuse_pasid(const char *error, const struct record_device *device, uint32_t pasid,
			struct fault *fault)
{
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", device->object.name);
	json_add_u64(parameters, "pasid", pasid);
	if (device->bound)
		json_add_u64(parameters, "pasid_width", device->pasid_width);
	return fault_raise(fault, error, parameters);
}

/*
 * PASIDs left out of a list because they are already bound, and the fault that the first one would
 * raise.
 */
struct taken {
	struct ranges pasid;
	struct fault fault;
};

static void taken_done(struct taken *taken)
{
	ranges_done(&taken->pasid);
	fault_done(&taken->fault);
}

/*
 * The first of PASIDS that OWNER has bound to something other than BUT (NULL: anything), with the
 * consecutive ones on the same target.
 */
static bool find_used(const struct record_device *owner, const struct ranges *pasids,
		      const struct object *but, struct range *ret, struct object **ret_target)
{
	struct range used, asked;
	struct object *target;

	for (uint32_t from = 0; record_pasid_next(owner, from, &used, &target);) {
		if (!ranges_next(pasids, used.lo, &asked))
			break;
		/* Of a million there may be few to look at. */
		from = asked.lo > used.hi ? asked.lo : used.hi + 1;
		if (asked.lo > used.hi || target == but)
			continue;
		ret->lo = asked.lo > used.lo ? asked.lo : used.lo;
		ret->hi = asked.hi < used.hi ? asked.hi : used.hi;
		*ret_target = target;
		return true;
	}
	return false;
}

static int refuse_used(const struct record_device *owner, uint32_t pasid, struct object *target,
		       struct fault *fault)
{
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", owner->object.name);
	json_add_u64(parameters, "pasid", pasid);
	context_add_target(parameters, "target", target);
	return fault_raise(fault, "PasidInUse", parameters);
}

/* Refuses PASIDs that OWNER has bound, or with TAKEN leaves them out. */
static int check_unused(const struct record_device *owner, struct ranges *pasid,
			const struct object *but, struct taken *taken, struct fault *fault)
{
	struct object *target;
	struct range used;

	while (find_used(owner, pasid, but, &used, &target)) {
		if (!taken)
			return refuse_used(owner, used.lo, target, fault);
		if (!taken->fault.raised)
			refuse_used(owner, used.lo, target, &taken->fault);
		if (ranges_cut(pasid, used.lo, used.hi) < 0 ||
		    ranges_add(&taken->pasid, used.lo, used.hi) < 0)
			return fault_system(fault, "malloc", -ENOMEM);
	}
	return 0;
}

static int check_numbers(const struct record_device *device, const struct ranges *pasid,
			 struct fault *fault)
{
	const uint32_t end = UINT32_C(1) << device->pasid_width;
	struct range wide;

	if (ranges_has(pasid, 0))
		return refuse_pasid("PasidZero", device, 0, fault);
	if (ranges_next(pasid, end, &wide))
		return refuse_pasid("PasidTooWide", device, wide.lo > end ? wide.lo : end, fault);
	return 0;
}

/* Devices of an IOMMU group share their PASIDs: a second one can only join the same HWPT. */
static int check_siblings(const struct context *context, const struct record_device *device,
			  struct ranges *pasid, const struct object *target, struct taken *taken,
			  struct fault *fault)
{
	const struct record_device *other;

	for (size_t i = 0; (other = record_device_at(&context->record, i)) != NULL; i++)
		if (other != device && record_same_group(device, other) &&
		    check_unused(other, pasid, target, taken, fault) < 0)
			return FAULTED;
	return 0;
}

/* Are all of them bound? */
static int check_bound(const struct record_device *device, const struct ranges *pasid,
		       struct fault *fault)
{
	if (ranges_has(pasid, 0))
		return refuse_pasid("PasidZero", device, 0, fault);
	for (size_t i = 0; i < pasid->n; i++) {
		uint64_t at = pasid->v[i].lo;

		while (at <= pasid->v[i].hi) {
			struct object *target;
			struct range bound;

			if (!record_pasid_next(device, (uint32_t)at, &bound, &target) ||
			    bound.lo != at)
				return refuse_pasid("PasidNotBound", device, (uint32_t)at, fault);
			at = bound.hi + UINT64_C(1);
		}
	}
	return 0;
}

/*
 * iommufd_hwpt_pasid_compat(): no PASID can be attached while the group's RID is on a page table
 * without IOMMU_HWPT_ALLOC_PASID. Moving the RID within the same IOAS is safe, because it sees the
 * same memory.
 */
static int push_room(struct context *context, struct change *change, struct record_device *device,
		     struct record_ioas *ioas, struct fault *fault)
{
	struct record_device *rid =
		device->target ? device : record_sibling_attached(&context->record, device);
	const struct record_hwpt *on = rid ? record_target_hwpt(rid->target) : NULL;
	struct record_hwpt *hwpt = NULL;

	if (!rid || (on && on->pasid))
		return 0;
	if (record_target_ioas(rid->target) != ioas)
		return rules_refuse_target("RidInTheWay", rid, NULL, fault);
	if (rules_get_hwpt(context, change, rid, ioas, false, fault, &hwpt) < 0)
		return FAULTED;
	change->target = &hwpt->object;
	return change_attach(change, rid, &hwpt->object, NULL) < 0
		       ? fault_system(fault, "malloc", -ENOMEM)
		       : 0;
}

/* Pushes what has to be done first, and sets the change's target: what to attach PASIDs to. */
static int push_target(struct context *context, struct change *change, struct record_device *device,
		       struct object *target, struct fault *fault)
{
	struct record_hwpt *hwpt = record_target_hwpt(target);
	struct record_ioas *ioas = record_target_ioas(target);

	if (hwpt && !hwpt->pasid)
		return rules_refuse_plain(hwpt, device, fault);
	if (push_room(context, change, device, ioas, fault) < 0)
		return FAULTED;
	if (!hwpt && change->target)
		return 0;
	if (!hwpt && rules_get_hwpt(context, change, device, ioas, false, fault, &hwpt) < 0)
		return FAULTED;
	change->target = &hwpt->object;
	return 0;
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
		       const struct sweep *sweep, struct fault *fault)
{
	uint32_t found = record_pasid_count_free(&context->record, device);

	if (sweep->wanted <= found || (sweep->partial && found))
		return 0;
	return refuse_count(sweep->wanted, found, fault);
}

/* If nothing of a list is left, raises the fault of its first PASID. */
static int refuse_nothing(struct change *change, struct taken *taken, struct fault *fault)
{
	if (change->sweep.wanted || change->sweep.todo.n)
		return 0;
	*fault = taken->fault;
	taken->fault = (struct fault){ 0 };
	return FAULTED;
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

static void finish_bind(const struct context *context, struct change *change, json_object *reply)
{
	const struct record_ioas *ioas = record_target_ioas(change->target);
	struct sweep *sweep = &change->sweep;

	(void)context;
	json_add_ranges(reply, "pasid", &sweep->done);
	json_add_u64(reply, "count", ranges_count(&sweep->done));
	context_add_target(reply, "target", change->target);
	add_failure(&sweep->failure, reply);
	json_add_ranges(reply, "taken", &sweep->taken);
	if (change->reserved)
		json_add(reply, "reserved", rules_reserved(change->reserved, ioas));
	else
		json_add_null(reply, "reserved");
}

/* Refuses what the record knows; TAKEN NULL: all PASIDs of a list must be free. */
static int check_bind(struct context *context, struct change *change, struct object *target,
		      struct taken *taken, struct fault *fault)
{
	struct record_device *device = change->device;
	struct sweep *sweep = &change->sweep;
	struct taken *leave = sweep->partial ? taken : NULL;

	/* The kernel would silently move a bound one to the new target. */
	if (check_count(context, device, sweep, fault) < 0 ||
	    check_numbers(device, &sweep->todo, fault) < 0 ||
	    check_unused(device, &sweep->todo, NULL, leave, fault) < 0 ||
	    refuse_nothing(change, taken, fault) < 0 ||
	    push_target(context, change, device, target, fault) < 0 ||
	    check_siblings(context, device, &sweep->todo, change->target, leave, fault) < 0 ||
	    refuse_nothing(change, taken, fault) < 0)
		return FAULTED;
	/* Of one range many may be taken. */
	if (sweep->todo.n > RANGES_MAX || taken->pasid.n > RANGES_MAX)
		return fault_limit(fault, "range", RANGES_MAX);
	return 0;
}

int context_bind_pasids(struct context *context, struct record_device *device,
			struct object *target, struct bind_request *request, struct fault *fault,
			struct change **ret)
{
	_cleanup_(taken_done) struct taken taken = { 0 };
	_cleanup_change_ struct change *change = NULL;
	struct sweep *sweep;
	int r;

	if (device->pasid_width == 0)
		return fault_raise_string(fault, "NoPasidSupport", "device", device->object.name);
	change = change_new();
	if (!change)
		return fault_system(fault, "malloc", -ENOMEM);
	sweep = &change->sweep;
	sweep->partial = request->partial;
	sweep->wanted = sweep->left = request->pasid.n ? 0 : request->count;
	sweep->todo = request->pasid;
	request->pasid = (struct ranges){ 0 };
	change->device = device;
	change->finish = finish_bind;
	if (check_bind(context, change, target, &taken, fault) < 0 ||
	    rules_check_memory(context, record_target_ioas(target), 0, fault) < 0)
		return FAULTED;
	sweep->taken = taken.pasid;
	sweep->failure = taken.fault;
	taken = (struct taken){ 0 };
	r = change_bind_pasids(change, device, change->target);
	if (r == 0)
		r = change_read_reserved(change, device);
	return rules_end(&change, r, fault, ret);
}

int rules_release_pasids(struct change *change, const struct record_device *device,
			 const struct ranges *pasids)
{
	for (size_t i = 0; i < device->n_bindings; i++) {
		const struct record_binding *binding = &device->binding[i];
		bool any = !pasids;

		for (size_t j = 0; !any && j < pasids->n; j++) {
			struct range bound;

			any = ranges_next(&binding->pasid, pasids->v[j].lo, &bound) &&
			      bound.lo <= pasids->v[j].hi;
		}
		if (any && change_release(change, binding->target) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* All PASIDs bound on DEVICE. */
static int all_pasids(const struct record_device *device, struct ranges *ret)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	struct object *target;
	struct range range;

	for (uint32_t from = 0; record_pasid_next(device, from, &range, &target);
	     from = range.hi + 1)
		if (ranges_add(&list, range.lo, range.hi) < 0)
			return -ENOMEM;
	*ret = list;
	list = (struct ranges){ 0 };
	return 0;
}

static void finish_unbind(const struct context *context, struct change *change, json_object *reply)
{
	(void)context;
	json_add_u64(reply, "count", ranges_count(&change->sweep.done));
}

int context_unbind_pasids(struct record_device *device, struct ranges *pasid, struct fault *fault,
			  struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;
	int r = -ENOMEM;

	if (check_bound(device, pasid, fault) < 0)
		return FAULTED;
	change = change_new();
	if (change && (pasid->n || all_pasids(device, pasid) == 0)) {
		change->sweep.todo = *pasid;
		*pasid = (struct ranges){ 0 };
		change->device = device;
		change->finish = finish_unbind;
		r = change_unbind_pasids(change, device);
	}
	if (r == 0)
		r = rules_release_pasids(change, device, &change->sweep.todo);
	return rules_end(&change, r, fault, ret);
}
