/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of objects: kinds, insertion, names and numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holder/record/journal.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "wire/varlink.h"

/* Limits that keep a reply within one message, and GetFds within SCM_RIGHTS. */
static const struct object_class classes[OBJECT_KINDS] = {
	[OBJECT_DEVICE] = { "device", VARLINK_FD_MAX - 1, sizeof(struct record_device) },
	[OBJECT_IOAS] = { "ioas", 1024, sizeof(struct record_ioas) },
	[OBJECT_HWPT] = { "hwpt", 4096, sizeof(struct record_hwpt) },
};

const struct object_class *object_class(enum object_kind kind)
{
	return &classes[kind];
}

struct object *object_new(enum object_kind kind, const char *name)
{
	struct object *object = calloc(1, classes[kind].size);

	if (!object || str_replace(&object->name, name) < 0) {
		free(object);
		return NULL;
	}
	object->kind = kind;
	if (kind == OBJECT_IOAS)
		*(struct record_ioas *)object =
			(struct record_ioas){ .object = *object, .memory = -1, .stale = true };
	return object;
}

void object_free(struct object *object)
{
	struct record_device *device = (struct record_device *)object;

	if (!object)
		return;
	switch (object->kind) {
	case OBJECT_DEVICE:
		for (size_t i = 0; i < device->n_bindings; i++)
			ranges_done(&device->binding[i].pasid);
		free(device->binding);
		free(device->path);
		free(device->cdev);
		break;
	case OBJECT_IOAS:
		free(((struct record_ioas *)object)->mapping);
		free(((struct record_ioas *)object)->iova);
		break;
	case OBJECT_HWPT:
		free(((struct record_hwpt *)object)->device);
		break;
	case OBJECT_KINDS:
		break;
	}
	free(object->name);
	free(object);
}

struct record_device *record_device_new(const char *path, const char *cdev)
{
	const char *slash = strrchr(path, '/');
	struct object *object = object_new(OBJECT_DEVICE, slash ? slash + 1 : path);
	struct record_device *device = (struct record_device *)object;

	if (!device)
		return NULL;
	device->group = -1;
	device->fd = device->request = -1;
	if (str_replace(&device->path, path) == 0 && str_replace(&device->cdev, cdev) == 0)
		return device;
	object_free(object);
	return NULL;
}

struct record_hwpt *record_hwpt_new(const char *name, struct record_ioas *ioas,
				    const struct record_device *device, bool pasid)
{
	struct object *object = object_new(OBJECT_HWPT, name);
	struct record_hwpt *hwpt = (struct record_hwpt *)object;

	if (!hwpt)
		return NULL;
	if (str_replace(&hwpt->device, device->path) < 0) {
		object_free(object);
		return NULL;
	}
	hwpt->ioas = ioas;
	hwpt->group = device->group;
	hwpt->pasid = pasid;
	return hwpt;
}

void record_done(struct record *record)
{
	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++) {
		for (size_t i = 0; i < record->of[kind].n; i++)
			object_free(record->of[kind].v[i]);
		free(record->of[kind].v);
	}
	free(record->name);
	journal_free(record->journal);
	*record = (struct record){ 0 };
}

int record_reserve(struct record *record, enum object_kind kind)
{
	struct object_list *list = &record->of[kind];
	size_t capacity = list->capacity ? 2 * list->capacity : 4;
	struct object **v;

	if (list->n < list->capacity)
		return 0;
	v = reallocarray(list->v, capacity, sizeof(struct object *));
	if (!v)
		return -ENOMEM;
	list->v = v;
	list->capacity = capacity;
	return 0;
}

void record_insert(struct record *record, struct object *object)
{
	struct object_list *list = &record->of[object->kind];

	object->serial = ++record->serial;
	list->v[list->n++] = object;
	journal_note(record->journal, &(struct happening){ EVENT_ADDED, object });
}

static void drop_binding(struct record *record, struct record_device *device, size_t at)
{
	struct record_binding *binding = &device->binding[at];

	for (size_t i = 0; i < binding->pasid.n; i++)
		journal_note(record->journal, &(struct happening){ .kind = EVENT_UNBOUND,
								   .object = &device->object,
								   .target = binding->target,
								   .pasid = binding->pasid.v[i] });
	ranges_done(&binding->pasid);
	*binding = device->binding[--device->n_bindings];
}

/* Only what others did with fds that were handed out leaves references behind. */
static void detach_all(struct record *record, const struct object *object)
{
	struct record_device *device;

	for (size_t i = 0; (device = record_device_at(record, i)) != NULL; i++) {
		if (device->target == object)
			record_detach(record, device);
		for (size_t j = device->n_bindings; j-- > 0;)
			if (device->binding[j].target == object)
				drop_binding(record, device, j);
	}
}

void record_remove(struct record *record, struct object *object)
{
	struct object_list *list = &record->of[object->kind];
	size_t at = 0;

	while (at < list->n && list->v[at] != object)
		at++;
	if (at == list->n)
		return;
	list->n--;
	memmove(&list->v[at], &list->v[at + 1], (list->n - at) * sizeof(struct object *));
	detach_all(record, object);
	journal_note(record->journal, &(struct happening){ EVENT_REMOVED, object });
}

struct object *record_at(const struct record *record, enum object_kind kind, size_t i)
{
	return i < record->of[kind].n ? record->of[kind].v[i] : NULL;
}

static struct object *find_device(const struct record *record, const char *name)
{
	struct object *named = NULL, *object;
	bool several = false;

	for (size_t i = 0; (object = record_at(record, OBJECT_DEVICE, i)) != NULL; i++) {
		const struct record_device *device = (struct record_device *)object;

		if (strcmp(device->path, name) == 0 || strcmp(device->cdev, name) == 0)
			return object;
		if (strcmp(object->name, name) == 0) {
			several = named;
			named = object;
		}
	}
	/* If the last component matches devices on two buses, it names none. */
	return several ? NULL : named;
}

struct object *record_find(const struct record *record, enum object_kind kind,
			   struct reference reference)
{
	const char *name = reference.name;
	struct object *object;

	if (kind == OBJECT_DEVICE && name)
		return find_device(record, name);
	for (size_t i = 0; (object = record_at(record, kind, i)) != NULL; i++)
		if (name ? object->name && strcmp(object->name, name) == 0
			 : reference.id && object->id == reference.id)
			return object;
	return NULL;
}

struct object *record_by_id(const struct record *record, uint32_t id)
{
	struct object *object;

	for (enum object_kind kind = 0; id && kind < OBJECT_KINDS; kind++)
		for (size_t i = 0; (object = record_at(record, kind, i)) != NULL; i++)
			if (object->id == id)
				return object;
	return NULL;
}

struct record_device *record_device_from(const struct record *record, uint64_t serial)
{
	struct record_device *device;

	for (size_t i = 0; (device = record_device_at(record, i)) != NULL; i++)
		if (device->object.serial >= serial)
			return device;
	return NULL;
}

bool record_name_used(const struct record *record, const char *name)
{
	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++)
		if (kind != OBJECT_DEVICE && record_find(record, kind, reference_name(name)))
			return true;
	return false;
}
