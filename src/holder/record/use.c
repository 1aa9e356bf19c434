/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses what: targets, users, attachments. */
#include <string.h>

#include "holder/record/journal.h"

struct record_ioas *record_target_ioas(struct object *target)
{
	return target->kind == OBJECT_HWPT ? ((struct record_hwpt *)target)->ioas
					   : (struct record_ioas *)target;
}

struct record_hwpt *record_target_hwpt(struct object *target)
{
	return target && target->kind == OBJECT_HWPT ? (struct record_hwpt *)target : NULL;
}

/* Those beyond MAX are only counted. */
struct user_list {
	struct record_user *user;
	size_t max, n;
};

static void push_user(struct user_list *list, const struct object *object, struct range pasid)
{
	if (list && list->n < list->max)
		list->user[list->n] = (struct record_user){ object, pasid };
	if (list)
		list->n++;
}

/* A device's references to OBJECT. Returns their number. */
static uint64_t device_uses(const struct record_device *device, const struct object *object,
			    struct user_list *list)
{
	const bool attached = device->target == object;
	uint64_t count = attached;
	struct object *target;
	struct range range;

	if (attached)
		push_user(list, &device->object, (struct range){ 0 });
	for (size_t i = 0; i < device->n_bindings; i++)
		if (device->binding[i].target == object)
			count += ranges_count(&device->binding[i].pasid);
	if (!list)
		return count;
	for (uint32_t from = 0; record_pasid_next(device, from, &range, &target);
	     from = range.hi + 1)
		if (target == object)
			push_user(list, &device->object, range);
	return count;
}

static uint64_t uses(const struct record *record, const struct object *object,
		     struct user_list *list)
{
	const struct record_device *device;
	const struct record_hwpt *hwpt;
	uint64_t count = 0;

	for (size_t i = 0; (device = record_device_at(record, i)) != NULL; i++)
		count += device_uses(device, object, list);
	if (object->kind != OBJECT_IOAS)
		return count;
	for (size_t i = 0; (hwpt = record_hwpt_at(record, i)) != NULL; i++) {
		if (&hwpt->ioas->object != object)
			continue;
		if (!hwpt->object.automatic)
			push_user(list, &hwpt->object, (struct range){ 0 });
		count += uses(record, &hwpt->object, list) + !hwpt->object.automatic;
	}
	return count;
}

uint64_t record_users(const struct record *record, const struct object *object)
{
	return uses(record, object, NULL);
}

size_t record_list_users(const struct record *record, const struct object *object, size_t max,
			 struct record_user *ret)
{
	struct user_list list = { .user = ret, .max = max };

	(void)uses(record, object, &list);
	return list.n;
}

struct record_hwpt *record_hwpt_automatic(const struct record *record,
					  const struct record_device *device,
					  const struct record_ioas *ioas)
{
	struct record_hwpt *hwpt;

	for (size_t i = 0; (hwpt = record_hwpt_at(record, i)) != NULL; i++) {
		if (!hwpt->object.automatic || !hwpt->pasid || hwpt->ioas != ioas)
			continue;
		/*
		 * A group is attached as a whole: two HWPTs of one IOAS would exclude each other.
		 */
		if (hwpt->group == -1 ? strcmp(hwpt->device, device->path) == 0
				      : hwpt->group == device->group)
			return hwpt;
	}
	return NULL;
}

bool record_same_group(const struct record_device *device, const struct record_device *other)
{
	return device == other || (device->group != -1 && device->group == other->group);
}

struct record_device *record_sibling_attached(const struct record *record,
					      const struct record_device *device)
{
	struct record_device *other;

	for (size_t i = 0; (other = record_device_at(record, i)) != NULL; i++)
		if (other != device && other->target && record_same_group(device, other))
			return other;
	return NULL;
}

/* DEVICE is on TARGET now. */
static void note_attached(const struct record *record, const struct record_device *device,
			  const struct object *target)
{
	journal_note(record->journal,
		     &(struct happening){ EVENT_ATTACHED, &device->object, target });
}

void record_attach(struct record *record, struct record_device *device, struct object *target)
{
	struct record_device *other;

	if (device->target)
		record_target_ioas(device->target)->stale = true;
	record_target_ioas(target)->stale = true;
	device->target = target;
	note_attached(record, device, target);
	for (size_t i = 0; (other = record_device_at(record, i)) != NULL; i++) {
		if (!other->target || other->target == target || !record_same_group(device, other))
			continue;
		other->target = target;
		note_attached(record, other, target);
	}
}

void record_detach(struct record *record, struct record_device *device)
{
	const struct object *target = device->target;

	if (!target)
		return;
	record_target_ioas(device->target)->stale = true;
	device->target = NULL;
	journal_note(record->journal,
		     &(struct happening){ EVENT_DETACHED, &device->object, target });
}

void record_bind_device(struct record *record, struct record_device *device, uint32_t id)
{
	device->bound = true;
	device->object.id = id;
	journal_note(record->journal, &(struct happening){ EVENT_CHANGED, &device->object });
}

void record_share(struct record *record)
{
	if (!record->shared)
		journal_note(record->journal, &(struct happening){ EVENT_SHARED });
	record->shared = true;
}
