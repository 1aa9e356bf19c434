/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single PASIDs; jobs process lists of them. */
#include "holder/context.h"

#include <errno.h>

#include "holder/kernel.h"
#include "util/cleanup.h"

static int refuse_pasid(const char *error, const struct record_device *device, uint32_t pasid,
			struct fault *fault)
{
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", device->name);
	json_add_u64(parameters, "pasid", pasid);
	if (device->bound)
		json_add_u64(parameters, "pasid_width", device->pasid_width);
	return fault_raise(fault, error, parameters);
}

void context_taken_done(struct context_taken *taken)
{
	ranges_done(&taken->pasid);
	fault_done(&taken->fault);
}

/*
 * The first of PASIDS that OWNER has bound to another HWPT than this (0: any), with the consecutive
 * ones on the same HWPT.
 */
static bool find_used(const struct record_device *owner, const struct ranges *pasids,
		      uint32_t hwpt_but, struct range *ret, uint32_t *ret_hwpt)
{
	struct range used, asked;
	uint32_t hwpt;

	for (uint32_t from = 0; record_pasid_next(owner, from, &used, &hwpt); from = used.hi + 1) {
		if (!ranges_next(pasids, used.lo, &asked))
			break;
		if (asked.lo > used.hi || hwpt == hwpt_but)
			continue;
		ret->lo = asked.lo > used.lo ? asked.lo : used.lo;
		ret->hi = asked.hi < used.hi ? asked.hi : used.hi;
		*ret_hwpt = hwpt;
		return true;
	}
	return false;
}

static int refuse_used(const struct context *context, const struct record_device *owner,
		       uint32_t pasid, uint32_t hwpt, struct fault *fault)
{
	const struct record_hwpt *entry = record_hwpt_by_id(&context->record, hwpt);
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", owner->name);
	json_add_u64(parameters, "pasid", pasid);
	context_add_ioas_name(context, parameters, entry ? entry->ioas : 0);
	json_add_u64(parameters, "hwpt", hwpt);
	return fault_raise(fault, "PasidInUse", parameters);
}

/* Moves PASIDs of FROM to TO. Returns 0 or -ENOMEM, with some of them moved. */
static int move_pasids(struct ranges *from, struct ranges *to, struct range range)
{
	for (uint64_t pasid = range.lo; pasid <= range.hi; pasid++)
		if (ranges_remove(from, (uint32_t)pasid) < 0)
			return -ENOMEM;
	return ranges_add(to, range.lo, range.hi);
}

/* Refuses PASIDs that OWNER has bound, or with TAKEN leaves them out. */
static int check_unused(const struct context *context, const struct record_device *owner,
			struct ranges *pasid, uint32_t hwpt_but, struct context_taken *taken,
			struct fault *fault)
{
	struct range used;
	uint32_t hwpt;

	while (find_used(owner, pasid, hwpt_but, &used, &hwpt)) {
		if (!taken)
			return refuse_used(context, owner, used.lo, hwpt, fault);
		if (!taken->fault.raised)
			refuse_used(context, owner, used.lo, hwpt, &taken->fault);
		if (move_pasids(pasid, &taken->pasid, used) < 0)
			return fault_system(fault, "malloc", -ENOMEM, NULL);
	}
	return 0;
}

int context_check_pasids(const struct context *context, const struct record_device *device,
			 struct ranges *pasid, struct context_taken *taken, struct fault *fault)
{
	const uint32_t end = UINT32_C(1) << device->pasid_width;
	struct range wide;

	if (ranges_has(pasid, 0))
		return refuse_pasid("PasidZero", device, 0, fault);
	if (ranges_next(pasid, end, &wide))
		return refuse_pasid("PasidTooWide", device, wide.lo > end ? wide.lo : end, fault);
	/* The kernel would silently move it to the new target. */
	return check_unused(context, device, pasid, 0, taken, fault);
}

int context_check_siblings(const struct context *context, const struct record_device *device,
			   struct ranges *pasid, uint32_t hwpt, struct context_taken *taken,
			   struct fault *fault)
{
	for (size_t i = 0; i < context->record.device_n; i++) {
		const struct record_device *other = &context->record.device[i];

		if (other == device || device->group == -1 || other->group != device->group)
			continue;
		if (check_unused(context, other, pasid, hwpt, taken, fault) < 0)
			return FAULTED;
	}
	return 0;
}

int context_check_bound(const struct record_device *device, const struct ranges *pasid,
			struct fault *fault)
{
	if (ranges_has(pasid, 0))
		return refuse_pasid("PasidZero", device, 0, fault);
	for (size_t i = 0; i < pasid->n; i++) {
		uint64_t at = pasid->v[i].lo;

		while (at <= pasid->v[i].hi) {
			struct range bound;
			uint32_t hwpt;

			if (!record_pasid_next(device, (uint32_t)at, &bound, &hwpt) ||
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
static int make_room(struct context *context, struct record_device *device, uint32_t ioas,
		     struct fault *fault, struct context_undo *ret_undo)
{
	struct record_device *rid =
		device->attached ? device : record_sibling_attached(&context->record, device);
	const struct record_hwpt *on = rid ? record_hwpt_by_id(&context->record, rid->hwpt) : NULL;
	uint32_t hwpt, old;
	json_object *parameters;
	int r;

	*ret_undo = (struct context_undo){ 0 };
	if (!rid || (on && on->pasid))
		return 0;
	if (rid->ioas != ioas) {
		parameters = json_object_new_object();
		json_add_string(parameters, "device", rid->name);
		context_add_ioas_name(context, parameters, rid->ioas);
		if (rid->hwpt)
			json_add_u64(parameters, "hwpt", rid->hwpt);
		return fault_raise(fault, "RidInTheWay", parameters);
	}
	if (context_get_hwpt(context, rid, ioas, fault, &hwpt) < 0)
		return FAULTED;
	old = rid->hwpt;
	r = kernel_attach(context, rid, hwpt);
	if (r < 0) {
		context_put_hwpt(context, hwpt);
		return fault_kernel(fault, IOMMUFD_VFIO_ATTACH, r);
	}
	record_attach(&context->record, rid, ioas, hwpt);
	*ret_undo = (struct context_undo){ .moved = true, .serial = rid->serial, .hwpt = old };
	return 0;
}

int context_begin_pasids(struct context *context, struct record_device *device,
			 const struct context_target *target, struct fault *fault,
			 struct context_undo *ret_undo, uint32_t *ret_hwpt)
{
	const struct record_hwpt *hwpt = record_hwpt_by_id(&context->record, target->hwpt);
	json_object *parameters;

	if (hwpt && !hwpt->pasid) {
		parameters = json_object_new_object();
		json_add_u64(parameters, "hwpt", hwpt->id);
		json_add_string(parameters, "device", device->name);
		return fault_raise(fault, "HwptNotForPasids", parameters);
	}
	if (make_room(context, device, target->ioas, fault, ret_undo) < 0)
		return FAULTED;
	if (target->hwpt) {
		*ret_hwpt = target->hwpt;
		return 0;
	}
	/* Finds the HWPT that make_room() allocated, so it only fails if nothing was moved. */
	return context_get_hwpt(context, device, target->ioas, fault, ret_hwpt);
}

void context_end_pasids(struct context *context, uint32_t hwpt, const struct context_undo *undo,
			bool rollback)
{
	struct record_device *rid = record_device_by_serial(&context->record, undo->serial);
	uint32_t moved_to;

	if (rollback && undo->moved && rid) {
		moved_to = rid->hwpt;
		if (kernel_attach(context, rid, undo->hwpt ? undo->hwpt : rid->ioas) == 0) {
			record_attach(&context->record, rid, rid->ioas, undo->hwpt);
			context_put_hwpt(context, moved_to);
		}
	}
	context_put_hwpt(context, hwpt);
}

int context_bind_pasid(struct context *context, struct record_device *device, uint32_t pasid,
		       uint32_t hwpt)
{
	int r;

	/* Allocate first, so that undoing it cannot fail. */
	r = record_pasid_bind(device, pasid, hwpt);
	if (r < 0)
		return r;
	r = kernel_attach_pasid(context, device, pasid, hwpt);
	if (r < 0)
		record_pasid_unbind(device, pasid);
	return r;
}

int context_unbind_pasid(struct context *context, struct record_device *device, uint32_t pasid)
{
	uint32_t hwpt = record_pasid_hwpt(device, pasid);
	int r;

	r = record_pasid_split(device, pasid);
	if (r < 0)
		return r;
	r = kernel_detach_pasid(context, device, pasid);
	if (r < 0) {
		record_pasid_join(device, pasid);
		return r;
	}
	record_pasid_unbind(device, pasid);
	/* Only the last PASID leaves the HWPT unused, and only then counting is worthwhile. */
	if (!record_pasid_serves(device, hwpt))
		context_put_hwpt(context, hwpt);
	return 0;
}
