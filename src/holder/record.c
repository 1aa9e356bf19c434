/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

/* So many ranges of PASIDs are named. */
#define RANGES_MAX 32

static void device_done(struct record_device *device)
{
	for (size_t i = 0; i < device->binding_n; i++)
		ranges_done(&device->binding[i].pasid);
	free(device->binding);
	free(device->name);
	free(device->path);
	free(device->cdev);
}

static void ioas_done(struct record_ioas *ioas)
{
	free(ioas->mapping);
	free(ioas->name);
}

static void hwpt_done(struct record_hwpt *hwpt)
{
	free(hwpt->name);
	free(hwpt->device);
}

void record_done(struct record *record)
{
	for (size_t i = 0; i < record->device_n; i++)
		device_done(&record->device[i]);
	for (size_t i = 0; i < record->ioas_n; i++)
		ioas_done(&record->ioas[i]);
	for (size_t i = 0; i < record->hwpt_n; i++)
		hwpt_done(&record->hwpt[i]);
	free(record->device);
	free(record->ioas);
	free(record->hwpt);
	free(record->name);
	*record = (struct record){ 0 };
}

/* Closes the gap that the element at AT leaves. */
#define ARRAY_DROP(array, n, at) \
	do { \
		size_t at_ = (at); \
		(n)--; \
		memmove(&(array)[at_], &(array)[at_ + 1], ((n)-at_) * sizeof((array)[0])); \
	} while (0)

struct record_device *record_device_add(struct record *record, const struct record_device *entry)
{
	const char *slash = strrchr(entry->path, '/');
	_cleanup_free_ char *name = strdup(slash ? slash + 1 : entry->path);
	_cleanup_free_ char *path = strdup(entry->path), *cdev = strdup(entry->cdev);
	struct record_device *device;

	if (!name || !path || !cdev)
		return NULL;
	device = array_push(record->device, record->device_n);
	if (!device)
		return NULL;
	*device = *entry;
	device->serial = ++record->serial;
	device->name = TAKE_PTR(name);
	device->path = TAKE_PTR(path);
	device->cdev = TAKE_PTR(cdev);
	return device;
}

void record_device_drop(struct record *record, struct record_device *device)
{
	device_done(device);
	ARRAY_DROP(record->device, record->device_n, (size_t)(device - record->device));
}

struct record_ioas *record_ioas_add(struct record *record, uint32_t id, const char *name)
{
	_cleanup_free_ char *copy = NULL;
	struct record_ioas *ioas;

	if (str_replace(&copy, name) < 0)
		return NULL;
	ioas = array_push(record->ioas, record->ioas_n);
	if (!ioas)
		return NULL;
	*ioas = (struct record_ioas){ .id = id, .name = TAKE_PTR(copy) };
	return ioas;
}

void record_ioas_drop(struct record *record, struct record_ioas *ioas)
{
	ioas_done(ioas);
	ARRAY_DROP(record->ioas, record->ioas_n, (size_t)(ioas - record->ioas));
}

struct record_hwpt *record_hwpt_add(struct record *record, const struct record_hwpt *entry)
{
	_cleanup_free_ char *name = NULL, *device = NULL;
	struct record_hwpt *hwpt;

	if (str_replace(&name, entry->name) < 0 || str_replace(&device, entry->device) < 0)
		return NULL;
	hwpt = array_push(record->hwpt, record->hwpt_n);
	if (!hwpt)
		return NULL;
	*hwpt = *entry;
	hwpt->name = TAKE_PTR(name);
	hwpt->device = TAKE_PTR(device);
	return hwpt;
}

void record_hwpt_drop(struct record *record, struct record_hwpt *hwpt)
{
	hwpt_done(hwpt);
	ARRAY_DROP(record->hwpt, record->hwpt_n, (size_t)(hwpt - record->hwpt));
}

static bool is_number(const char *text, uint32_t *ret)
{
	uint64_t value;

	if (parse_u64(text, UINT32_MAX, &value) < 0)
		return false;
	*ret = (uint32_t)value;
	return true;
}

struct record_device *record_device_find(const struct record *record, const char *text)
{
	struct record_device *named = NULL;
	uint32_t id = 0;
	bool number = is_number(text, &id), several = false;

	for (size_t i = 0; i < record->device_n; i++) {
		struct record_device *device = &record->device[i];

		if (strcmp(device->path, text) == 0 || strcmp(device->cdev, text) == 0 ||
		    (number && device->bound && device->id == id))
			return device;
		if (strcmp(device->name, text) == 0) {
			several = named;
			named = device;
		}
	}
	/* The last component alone names devices of two buses: then it names none. */
	return several ? NULL : named;
}

struct record_device *record_device_from(const struct record *record, uint64_t serial)
{
	for (size_t i = 0; i < record->device_n; i++)
		if (record->device[i].serial >= serial)
			return &record->device[i];
	return NULL;
}

struct record_device *record_device_by_serial(const struct record *record, uint64_t serial)
{
	struct record_device *device = record_device_from(record, serial);

	return device && device->serial == serial ? device : NULL;
}

struct record_ioas *record_ioas_by_id(const struct record *record, uint32_t id)
{
	for (size_t i = 0; i < record->ioas_n; i++)
		if (record->ioas[i].id == id)
			return &record->ioas[i];
	return NULL;
}

struct record_ioas *record_ioas_find(const struct record *record, const char *text)
{
	uint32_t id;

	if (is_number(text, &id))
		return record_ioas_by_id(record, id);
	for (size_t i = 0; i < record->ioas_n; i++)
		if (record->ioas[i].name && strcmp(record->ioas[i].name, text) == 0)
			return &record->ioas[i];
	return NULL;
}

struct record_hwpt *record_hwpt_by_id(const struct record *record, uint32_t id)
{
	for (size_t i = 0; i < record->hwpt_n; i++)
		if (record->hwpt[i].id == id)
			return &record->hwpt[i];
	return NULL;
}

struct record_hwpt *record_hwpt_find(const struct record *record, const char *text)
{
	uint32_t id;

	if (is_number(text, &id))
		return record_hwpt_by_id(record, id);
	for (size_t i = 0; i < record->hwpt_n; i++)
		if (record->hwpt[i].name && strcmp(record->hwpt[i].name, text) == 0)
			return &record->hwpt[i];
	return NULL;
}

bool record_name_used(const struct record *record, const char *name)
{
	return record_ioas_find(record, name) || record_hwpt_find(record, name);
}

struct record_hwpt *record_hwpt_automatic(const struct record *record,
					  const struct record_device *device, uint32_t ioas)
{
	for (size_t i = 0; i < record->hwpt_n; i++) {
		struct record_hwpt *hwpt = &record->hwpt[i];

		if (!hwpt->automatic || !hwpt->pasid || hwpt->ioas != ioas)
			continue;
		/*
		 * A group is attached as one: two HWPTs of one IOAS would exclude each other there.
		 */
		if (hwpt->group == -1 ? strcmp(hwpt->device, device->path) == 0
				      : hwpt->group == device->group)
			return hwpt;
	}
	return NULL;
}

uint64_t record_hwpt_users(const struct record *record, uint32_t hwpt)
{
	uint64_t users = 0;

	for (size_t i = 0; i < record->device_n; i++) {
		const struct record_device *device = &record->device[i];

		users += device->attached && device->hwpt == hwpt;
		for (size_t j = 0; j < device->binding_n; j++)
			if (device->binding[j].hwpt == hwpt)
				users += ranges_count(&device->binding[j].pasid);
	}
	return users;
}

uint64_t record_ioas_users(const struct record *record, uint32_t ioas)
{
	uint64_t users = 0;

	for (size_t i = 0; i < record->device_n; i++)
		users += record->device[i].attached && record->device[i].ioas == ioas &&
			 record->device[i].hwpt == 0;
	for (size_t i = 0; i < record->hwpt_n; i++)
		if (record->hwpt[i].ioas == ioas)
			users += record_hwpt_users(record, record->hwpt[i].id) +
				 !record->hwpt[i].automatic;
	return users;
}

__attribute__((format(printf, 2, 3))) static int push_format(struct strv *list, const char *format,
							     ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n < 0 ? -ENOMEM : strv_push(list, text);
}

/* PASIDS, cut, of DEVICE. */
static int push_pasids(const struct record_device *device, const struct ranges *pasids,
		       struct strv *list)
{
	const struct ranges shown = { .v = pasids->v,
				      .n = pasids->n < RANGES_MAX ? pasids->n : RANGES_MAX };
	uint64_t more = ranges_count(pasids) - ranges_count(&shown);
	_cleanup_free_ char *text = ranges_format(&shown);

	if (!text)
		return -ENOMEM;
	return more ? push_format(list, "PASID %s and %" PRIu64 " more of %s", text, more,
				  device->name)
		    : push_format(list, "PASID %s of %s", text, device->name);
}

/* The names of what there is beyond MAX are counted, and not made. */
struct user_names {
	struct strv list;
	size_t max;
	uint64_t more;
};

static bool is_full(struct user_names *names)
{
	if (names->list.n < names->max)
		return false;
	names->more++;
	return true;
}

static int device_user_names(const struct record *record, const struct record_device *device,
			     uint32_t ioas, struct user_names *names)
{
	int r = 0;

	if (device->attached && device->ioas == ioas && !is_full(names))
		r = push_format(&names->list, "device %s", device->name);
	for (size_t i = 0; r == 0 && i < device->binding_n; i++) {
		const struct record_hwpt *hwpt = record_hwpt_by_id(record, device->binding[i].hwpt);

		if (hwpt && hwpt->ioas == ioas && !is_full(names))
			r = push_pasids(device, &device->binding[i].pasid, &names->list);
	}
	return r;
}

int record_ioas_user_names(const struct record *record, uint32_t ioas, size_t max, struct strv *ret)
{
	struct user_names names = { .max = max };
	int r = 0;

	for (size_t i = 0; r == 0 && i < record->device_n; i++)
		r = device_user_names(record, &record->device[i], ioas, &names);
	for (size_t i = 0; r == 0 && i < record->hwpt_n; i++)
		if (record->hwpt[i].ioas == ioas && !record->hwpt[i].automatic && !is_full(&names))
			r = push_format(&names.list, "HWPT %u", record->hwpt[i].id);
	if (r == 0 && names.more)
		r = push_format(&names.list, "and %" PRIu64 " more", names.more);
	if (r < 0) {
		strv_done(&names.list);
		return r;
	}
	*ret = names.list;
	return 0;
}
