/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

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

/* Removes the element at AT. */
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
	/* If the last component matches devices on two buses, it names none. */
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
		 * A group is attached as a whole: two HWPTs of one IOAS would exclude each other.
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

/* Those beyond MAX are only counted. */
struct user_list {
	struct record_user *user;
	size_t max, n;
};

static void push_user(struct user_list *list, const struct record_user *user)
{
	if (list->n < list->max)
		list->user[list->n] = *user;
	list->n++;
}

static void push_device_users(const struct record *record, const struct record_device *device,
			      uint32_t ioas, struct user_list *list)
{
	struct record_user user = { .device = device };
	uint32_t hwpt;

	if (device->attached && device->ioas == ioas)
		push_user(list, &user);
	for (uint32_t from = 0; record_pasid_next(device, from, &user.pasid, &hwpt);
	     from = user.pasid.hi + 1) {
		const struct record_hwpt *entry = record_hwpt_by_id(record, hwpt);

		if (entry && entry->ioas == ioas)
			push_user(list, &user);
	}
}

size_t record_ioas_list_users(const struct record *record, uint32_t ioas, size_t max,
			      struct record_user *ret)
{
	struct user_list list = { .user = ret, .max = max };

	for (size_t i = 0; i < record->device_n; i++)
		push_device_users(record, &record->device[i], ioas, &list);
	for (size_t i = 0; i < record->hwpt_n; i++)
		if (record->hwpt[i].ioas == ioas && !record->hwpt[i].automatic)
			push_user(&list, &(struct record_user){ .hwpt = &record->hwpt[i] });
	return list.n;
}
