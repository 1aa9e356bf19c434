/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record written down and read back. */
#include <errno.h>
#include <string.h>

#include "holder/record/record.h"
#include "util/cleanup.h"
#include "util/pasid.h"
#include "util/str.h"
#include "wire/json.h"

/* References are serial numbers: an id can be missing. */
static void write_serial(json_object *object, const char *key, const struct object *to)
{
	if (to)
		json_add_u64(object, key, to->serial);
}

static void write_group(json_object *object, int64_t group)
{
	if (group != -1)
		json_add_u64(object, "group", (uint64_t)group);
}

static void write_device(const struct record_device *device, json_object *object)
{
	json_object *bindings = json_object_new_array();

	json_add_string(object, "path", device->path);
	json_add_string(object, "cdev", device->cdev);
	write_group(object, device->group);
	json_add_bool(object, "bound", device->bound);
	json_add_u64(object, "pasid_width", device->pasid_width);
	write_serial(object, "target", device->target);
	for (size_t i = 0; i < device->n_bindings; i++) {
		_cleanup_free_ char *pasid = ranges_format(&device->binding[i].pasid);
		json_object *binding;

		if (device->binding[i].pasid.n == 0)
			continue;
		binding = json_object_new_object();
		write_serial(binding, "target", device->binding[i].target);
		json_add(binding, "pasid", pasid ? json_object_new_string(pasid) : NULL);
		json_append(bindings, binding);
	}
	json_add(object, "binding", bindings);
}

static void write_ioas(const struct record_ioas *ioas, json_object *object)
{
	json_object *mappings = json_object_new_array();

	json_add_address(object, "extent", ioas->extent);
	for (size_t i = 0; i < ioas->n_mappings; i++) {
		const struct record_mapping *m = &ioas->mapping[i];
		json_object *mapping = json_object_new_object();

		json_add_address(mapping, "iova", m->iova);
		json_add_address(mapping, "length", m->length);
		json_add_address(mapping, "offset", m->offset);
		json_add_u64(mapping, "flags", m->flags);
		if (m->file)
			json_add_address(mapping, "absent", m->absent);
		json_append(mappings, mapping);
	}
	json_add(object, "mapping", mappings);
}

static void write_hwpt(const struct record_hwpt *hwpt, json_object *object)
{
	write_serial(object, "ioas", &hwpt->ioas->object);
	json_add_string(object, "device", hwpt->device);
	write_group(object, hwpt->group);
	json_add_bool(object, "pasid", hwpt->pasid);
}

static json_object *write_object(const struct object *object)
{
	json_object *written = json_object_new_object();

	json_add_string(written, "kind", object_class(object->kind)->word);
	json_add_u64(written, "serial", object->serial);
	json_add_u64(written, "id", object->id);
	json_add_string(written, "name", object->name);
	json_add_bool(written, "automatic", object->automatic);
	switch (object->kind) {
	case OBJECT_DEVICE:
		write_device((const struct record_device *)object, written);
		break;
	case OBJECT_IOAS:
		write_ioas((const struct record_ioas *)object, written);
		break;
	case OBJECT_HWPT:
		write_hwpt((const struct record_hwpt *)object, written);
		break;
	case OBJECT_KINDS:
		break;
	}
	return written;
}

json_object *record_write(const struct record *record)
{
	json_object *written = json_object_new_object(), *objects = json_object_new_array();
	const struct object *object;

	json_add_u64(written, "record", RECORD_VERSION);
	json_add_string(written, "name", record->name);
	json_add_u64(written, "uid", record->uid);
	json_add_u64(written, "pid", (uint64_t)record->pid);
	json_add_u64(written, "created", record->created);
	json_add_u64(written, "serial", record->serial);
	json_add_bool(written, "shared", record->shared);
	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++)
		for (size_t i = 0; (object = record_at(record, kind, i)) != NULL; i++)
			json_append(objects, write_object(object));
	json_add(written, "object", objects);
	return written;
}

/* What is being read: the first error stays. */
struct reading {
	struct record *record;
	json_object *from;
	int err;
};

static void wrong(struct reading *reading, int err)
{
	if (reading->err == 0)
		reading->err = err;
}

static uint64_t read_u64(struct reading *reading, const char *key, uint64_t max)
{
	uint64_t value = 0;

	if (json_get_u64(reading->from, key, max, &value) <= 0)
		wrong(reading, -EINVAL);
	return value;
}

static uint64_t read_address(struct reading *reading, const char *key)
{
	uint64_t value = 0;

	if (json_get_address(reading->from, key, &value) <= 0)
		wrong(reading, -EINVAL);
	return value;
}

static bool read_bool(struct reading *reading, const char *key)
{
	bool value = false;

	if (json_get_bool(reading->from, key, &value) <= 0)
		wrong(reading, -EINVAL);
	return value;
}

/* May be absent. */
static const char *read_string(struct reading *reading, const char *key)
{
	const char *value = NULL;

	if (json_get_string(reading->from, key, &value) < 0)
		wrong(reading, -EINVAL);
	return value;
}

/* May be absent. */
static int64_t read_group(struct reading *reading)
{
	uint64_t group = 0;
	int found = json_get_u64(reading->from, "group", INT64_MAX, &group);

	if (found < 0)
		wrong(reading, -EINVAL);
	return found > 0 ? (int64_t)group : -1;
}

static struct object *by_serial(const struct record *record, uint64_t serial)
{
	struct object *object;

	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++)
		for (size_t i = 0; (object = record_at(record, kind, i)) != NULL; i++)
			if (object->serial == serial)
				return object;
	return NULL;
}

/* An IOAS or, with ANY, an HWPT. NULL if there is none, which is an error unless OPTIONAL. */
static struct object *read_target(struct reading *reading, const char *key, bool any, bool optional)
{
	struct object *object = NULL;
	uint64_t serial = 0;
	int found = json_get_u64(reading->from, key, INT64_MAX, &serial);

	if (found > 0)
		object = by_serial(reading->record, serial);
	if (found > 0 && object &&
	    (object->kind == OBJECT_IOAS || (any && object->kind == OBJECT_HWPT)))
		return object;
	if (found != 0 || !optional)
		wrong(reading, -EINVAL);
	return NULL;
}

/* Is one of PASIDS bound already? */
static bool is_bound(const struct record_device *device, const struct ranges *pasids)
{
	struct object *target;
	struct range bound;

	for (size_t i = 0; i < pasids->n; i++)
		if (record_pasid_next(device, pasids->v[i].lo, &bound, &target) &&
		    bound.lo <= pasids->v[i].hi)
			return true;
	return false;
}

static void read_binding(struct reading *reading, void *data)
{
	struct object *target = read_target(reading, "target", true, false);
	const char *text = read_string(reading, "pasid");
	_cleanup_ranges_ struct ranges list = { 0 };
	struct record_device *device = data;
	size_t n = device->n_bindings;
	int r = text && target ? parse_ranges(text, PASID_MAX, &list) : -EINVAL;

	if ((r < 0 && r != -ENOMEM) || is_bound(device, &list))
		r = -EINVAL;
	if (r == 0)
		r = record_pasid_reserve(device, target);
	/* A target is there once. */
	if (r == 0 && device->n_bindings == n)
		r = -EINVAL;
	if (r < 0) {
		wrong(reading, r);
		return;
	}
	ranges_done(&device->binding[n].pasid);
	device->binding[n].pasid = list;
	list = (struct ranges){ 0 };
}

/* Calls EACH for the elements of array KEY. */
static void read_array(struct reading *reading, const char *key,
		       void (*each)(struct reading *reading, void *data), void *data)
{
	json_object *array = NULL;

	if (json_get_array(reading->from, key, &array) <= 0) {
		wrong(reading, -EINVAL);
		return;
	}
	for (size_t i = 0; reading->err == 0 && i < json_object_array_length(array); i++) {
		struct reading inner = { .record = reading->record,
					 .from = json_object_array_get_idx(array, i) };

		if (json_object_is_type(inner.from, json_type_object))
			each(&inner, data);
		else
			inner.err = -EINVAL;
		reading->err = inner.err;
	}
}

static struct object *read_device(struct reading *reading)
{
	const char *path = read_string(reading, "path"), *cdev = read_string(reading, "cdev");
	struct record_device *device = path && cdev ? record_device_new(path, cdev) : NULL;

	if (!device) {
		reading->err = path && cdev ? -ENOMEM : -EINVAL;
		return NULL;
	}
	device->group = read_group(reading);
	device->bound = read_bool(reading, "bound");
	device->pasid_width = (unsigned int)read_u64(reading, "pasid_width", 20);
	device->target = read_target(reading, "target", true, true);
	read_array(reading, "binding", read_binding, device);
	return &device->object;
}

static void read_mapping(struct reading *reading, void *data)
{
	struct record_mapping m = {
		.iova = read_address(reading, "iova"),
		.length = read_address(reading, "length"),
		.offset = read_address(reading, "offset"),
		.flags = (unsigned int)read_u64(reading, "flags", 3),
	};
	const int absent = json_get_address(reading->from, "absent", &m.absent);
	struct record_ioas *ioas = data;
	size_t first;
	bool whole;

	m.file = absent > 0;
	if (reading->err == 0 &&
	    (absent < 0 || m.absent > m.length || m.length == 0 ||
	     m.length - 1 > UINT64_MAX - m.iova ||
	     record_mapping_overlaps(ioas, m.iova, m.iova + (m.length - 1), &first, &whole)))
		reading->err = -EINVAL;
	if (reading->err == 0)
		reading->err = record_mapping_reserve(ioas);
	if (reading->err == 0)
		record_mapping_add(reading->record, ioas, &m);
}

static struct object *read_ioas(struct reading *reading)
{
	struct object *object = object_new(OBJECT_IOAS, read_string(reading, "name"));

	if (!object) {
		reading->err = -ENOMEM;
		return NULL;
	}
	((struct record_ioas *)object)->extent = read_address(reading, "extent");
	read_array(reading, "mapping", read_mapping, object);
	return object;
}

static struct object *read_hwpt(struct reading *reading)
{
	struct object *ioas = read_target(reading, "ioas", false, false);
	const char *path = read_string(reading, "device"), *name = read_string(reading, "name");
	const struct record_device device = { .path = (char *)path, .group = read_group(reading) };
	struct record_hwpt *hwpt;

	if (!ioas || !path || !strchr(path, '/')) {
		reading->err = -EINVAL;
		return NULL;
	}
	hwpt = record_hwpt_new(name, (struct record_ioas *)ioas, &device,
			       read_bool(reading, "pasid"));
	if (!hwpt)
		reading->err = -ENOMEM;
	return hwpt ? &hwpt->object : NULL;
}

/* Those that others refer to come first. */
static const struct {
	enum object_kind kind;
	struct object *(*read)(struct reading *reading);
} readers[] = { { OBJECT_IOAS, read_ioas },
		{ OBJECT_HWPT, read_hwpt },
		{ OBJECT_DEVICE, read_device } };

static void read_object(struct reading *reading, size_t reader)
{
	const uint64_t serial = read_u64(reading, "serial", INT64_MAX);
	const uint32_t id = (uint32_t)read_u64(reading, "id", UINT32_MAX);
	const bool automatic = read_bool(reading, "automatic");
	const uint64_t last = reading->record->serial;
	struct object *object;

	if (reading->err < 0)
		return;
	if (by_serial(reading->record, serial) || record_by_id(reading->record, id)) {
		reading->err = -EINVAL;
		return;
	}
	object = readers[reader].read(reading);
	if (reading->err == 0)
		reading->err = record_reserve(reading->record, object->kind);
	if (reading->err < 0) {
		object_free(object);
		return;
	}
	record_insert(reading->record, object);
	reading->record->serial = last;
	object->serial = serial;
	object->id = id;
	object->automatic = automatic;
}

static void read_if_kind(struct reading *reading, void *data)
{
	const size_t *reader = data;
	const char *kind = read_string(reading, "kind");

	if (!kind)
		reading->err = -EINVAL;
	else if (strcmp(kind, object_class(readers[*reader].kind)->word) == 0)
		read_object(reading, *reader);
}

/* No objects but those of known kinds. */
static void check_count(struct reading *reading)
{
	json_object *array = NULL;
	size_t n = 0;

	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++)
		n += reading->record->of[kind].n;
	if (reading->err == 0 && (json_get_array(reading->from, "object", &array) <= 0 ||
				  json_object_array_length(array) != n))
		reading->err = -EINVAL;
}

int record_read(json_object *written, struct record *ret)
{
	struct record record = { 0 };
	struct reading reading = { .record = &record, .from = written };
	const char *name = read_string(&reading, "name");

	if (read_u64(&reading, "record", UINT32_MAX) != RECORD_VERSION || !name)
		return -EINVAL;
	record.uid = (uid_t)read_u64(&reading, "uid", UINT32_MAX);
	record.pid = (pid_t)read_u64(&reading, "pid", INT32_MAX);
	record.created = read_u64(&reading, "created", INT64_MAX);
	record.serial = read_u64(&reading, "serial", INT64_MAX);
	record.shared = read_bool(&reading, "shared");
	if (reading.err == 0)
		reading.err = str_replace(&record.name, name);
	for (size_t i = 0; reading.err == 0 && i < ARRAY_SIZE(readers); i++)
		read_array(&reading, "object", read_if_kind, &i);
	check_count(&reading);
	if (reading.err < 0) {
		record_done(&record);
		return reading.err;
	}
	*ret = record;
	return 0;
}
