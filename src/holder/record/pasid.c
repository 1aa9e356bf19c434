/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PASIDs of devices: bound and free ones. */
#include <errno.h>
#include <stdlib.h>

#include "holder/record/journal.h"

uint64_t record_device_pasids(const struct record_device *device)
{
	uint64_t count = 0;

	for (size_t i = 0; i < device->n_bindings; i++)
		count += ranges_count(&device->binding[i].pasid);
	return count;
}

static struct record_binding *binding_of(const struct record_device *device, uint32_t pasid)
{
	for (size_t i = 0; i < device->n_bindings; i++)
		if (ranges_has(&device->binding[i].pasid, pasid))
			return &device->binding[i];
	return NULL;
}

struct object *record_pasid_target(const struct record_device *device, uint32_t pasid)
{
	const struct record_binding *binding = binding_of(device, pasid);

	return binding ? binding->target : NULL;
}

static struct record_binding *binding_to(struct record_device *device, const struct object *target)
{
	for (size_t i = 0; i < device->n_bindings; i++)
		if (device->binding[i].target == target)
			return &device->binding[i];
	return NULL;
}

static int add_binding(struct record_device *device, struct object *target)
{
	size_t capacity = device->binding_capacity ? 2 * device->binding_capacity : 1;
	struct record_binding *v = device->binding;

	if (device->n_bindings == device->binding_capacity) {
		v = reallocarray(v, capacity, sizeof(v[0]));
		if (!v)
			return -ENOMEM;
		device->binding = v;
		device->binding_capacity = capacity;
	}
	v[device->n_bindings++] = (struct record_binding){ .target = target };
	return 0;
}

int record_pasid_reserve(struct record_device *device, struct object *target)
{
	if (!binding_to(device, target) && add_binding(device, target) < 0)
		return -ENOMEM;
	return ranges_reserve(&binding_to(device, target)->pasid);
}

void record_pasid_bind(struct record *record, struct record_device *device, struct range pasid,
		       struct object *target)
{
	struct record_binding *binding = binding_to(device, target);

	if (!binding)
		return;
	(void)ranges_add(&binding->pasid, pasid.lo, pasid.hi);
	journal_note(record->journal, &(struct happening){ .kind = EVENT_BOUND,
							   .object = &device->object,
							   .target = target,
							   .pasid = pasid });
}

void record_pasid_unbind(struct record *record, struct record_device *device, struct range pasid)
{
	struct record_binding *binding = binding_of(device, pasid.lo);

	if (!binding)
		return;
	(void)ranges_cut(&binding->pasid, pasid.lo, pasid.hi);
	journal_note(record->journal, &(struct happening){ .kind = EVENT_UNBOUND,
							   .object = &device->object,
							   .target = binding->target,
							   .pasid = pasid });
	if (binding->pasid.n)
		return;
	ranges_done(&binding->pasid);
	*binding = device->binding[--device->n_bindings];
}

bool record_pasid_next(const struct record_device *device, uint32_t from, struct range *ret_range,
		       struct object **ret_target)
{
	struct object *target = NULL;
	struct range best = { 0 }, range;

	for (size_t i = 0; i < device->n_bindings; i++) {
		if (!ranges_next(&device->binding[i].pasid, from, &range))
			continue;
		if (target && range.lo >= best.lo)
			continue;
		best = range;
		target = device->binding[i].target;
	}
	if (!target)
		return false;
	if (best.lo < from)
		best.lo = from;
	*ret_range = best;
	*ret_target = target;
	return true;
}

/*
 * PASIDs are shared by the group, so those bound by a sibling count too: the lowest consecutive
 * taken ones from FROM on. Returns false if there are none.
 */
static bool next_taken(const struct record *record, const struct record_device *device,
		       uint32_t from, struct range *ret)
{
	const struct record_device *other;
	struct object *target;
	struct range range;
	bool found = false;

	for (size_t i = 0; (other = record_device_at(record, i)) != NULL; i++) {
		if (!record_same_group(device, other) ||
		    !record_pasid_next(other, from, &range, &target) ||
		    (found && range.lo >= ret->lo))
			continue;
		*ret = range;
		found = true;
	}
	return found;
}

bool record_pasid_free(const struct record *record, const struct record_device *device,
		       uint32_t from, struct range *ret)
{
	const uint32_t end = UINT32_C(1) << device->pasid_width;
	struct range run = { from ? from : 1, end - 1 }, taken;

	while (run.lo < end && next_taken(record, device, run.lo, &taken)) {
		if (taken.lo > run.lo) {
			run.hi = taken.lo < end ? taken.lo - 1 : end - 1;
			break;
		}
		run.lo = taken.hi + 1;
	}
	if (run.lo >= end)
		return false;
	*ret = run;
	return true;
}

uint32_t record_pasid_count_free(const struct record *record, const struct record_device *device)
{
	uint32_t count = 0;
	struct range run;

	for (uint32_t from = 1; record_pasid_free(record, device, from, &run); from = run.hi + 1)
		count += run.hi - run.lo + 1;
	return count;
}
