/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Methods that change nothing. They are served while a job runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holder/method.h"
#include "util/cleanup.h"

/* Entries per reply of ListBindings, about 120 bytes each. */
#define BATCH 256

static void add_optional(json_object *object, const char *key, bool known, uint64_t value)
{
	if (known)
		json_add_u64(object, key, value);
	else
		json_add_null(object, key);
}

static json_object *json_device(const struct record *record, const struct object *entry)
{
	const struct record_device *device = (const struct record_device *)entry;
	json_object *object = json_object_new_object();

	(void)record;
	json_add_string(object, "device", device->object.name);
	json_add_string(object, "path", device->path);
	json_add_string(object, "cdev", device->cdev);
	add_optional(object, "group", device->group != -1, (uint64_t)device->group);
	add_optional(object, "id", device->bound, device->object.id);
	add_optional(object, "pasid_width", device->bound, device->pasid_width);
	if (device->target)
		context_add_target(object, "attached", device->target);
	else
		json_add_null(object, "attached");
	json_add_u64(object, "pasid_count", record_device_pasids(device));
	return object;
}

static json_object *json_ioas(const struct record *record, const struct object *entry)
{
	const struct record_ioas *ioas = (const struct record_ioas *)entry;
	json_object *object = json_object_new_object();

	json_add_u64(object, "id", entry->id);
	json_add_string(object, "name", entry->name);
	json_add_u64(object, "mapped", record_ioas_mapped(ioas));
	json_add_u64(object, "mapping_count", ioas->n_mappings);
	json_add_u64(object, "user_count", record_users(record, entry));
	return object;
}

static json_object *json_hwpt(const struct record *record, const struct object *entry)
{
	const struct record_hwpt *hwpt = (const struct record_hwpt *)entry;
	json_object *object = json_object_new_object();

	json_add_u64(object, "id", entry->id);
	json_add_string(object, "name", entry->name);
	context_add_object(object, "ioas", &hwpt->ioas->object);
	json_add_string(object, "device", strrchr(hwpt->device, '/') + 1);
	json_add_bool(object, "pasid", hwpt->pasid);
	json_add_bool(object, "automatic", entry->automatic);
	json_add_u64(object, "user_count", record_users(record, entry));
	return object;
}

/* How each kind is described: an array in the reply under its word. */
static json_object *(*const describe[OBJECT_KINDS])(const struct record *record,
						    const struct object *object) = {
	[OBJECT_DEVICE] = json_device,
	[OBJECT_IOAS] = json_ioas,
	[OBJECT_HWPT] = json_hwpt,
};

/* Beyond the first version of the interface. */
static const char *const features[] = { "cancel", "progress", "busy", "shared",
					"memory", "monitor",  "file" };

static json_object *json_busy(const struct change *change)
{
	json_object *object = json_object_new_object();

	add_optional(object, "change", change->number, change->number);
	json_add_string(object, "method", change->method);
	json_add_string(object, "device", change->device ? change->device->object.name : NULL);
	json_add_u64(object, "since", change->since);
	json_add_string(object, "call", change_call(change));
	return object;
}

int method_describe(struct context *context, struct call *call)
{
	const struct record *record = &context->record;
	json_object *list = json_object_new_array();
	const struct object *object;

	json_add_string(call->reply, "name", record->name);
	json_add_u64(call->reply, "pid", (uint64_t)record->pid);
	json_add_u64(call->reply, "uid", record->uid);
	json_add_u64(call->reply, "created", record->created);
	json_add_bool(call->reply, "iommufd", context->iommufd >= 0);
	json_add_bool(call->reply, "shared", record->shared);
	if (context->change)
		json_add(call->reply, "busy", json_busy(context->change));
	else
		json_add_null(call->reply, "busy");
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		json_append_string(list, features[i]);
	json_add(call->reply, "features", list);
	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++) {
		json_object *array = json_object_new_array();

		for (size_t i = 0; (object = record_at(record, kind, i)) != NULL; i++)
			json_append(array, describe[kind](record, object));
		json_add(call->reply, object_class(kind)->word, array);
	}
	return 0;
}

static json_object *json_binding(const struct record_device *device, struct range range,
				 struct object *target)
{
	json_object *object = json_object_new_object();

	json_add_string(object, "device", device->object.name);
	json_add_u64(object, "lo", range.lo);
	json_add_u64(object, "hi", range.hi);
	context_add_target(object, "target", target);
	return object;
}

/*
 * Replies in batches from a cursor (device, PASID), not from a snapshot: what changes meanwhile may
 * be missing, but nothing is listed twice.
 */
int method_list_bindings(struct context *context, struct call *call)
{
	const bool one = call_has(call, "device");
	struct record_device *device = NULL;
	json_object *array;
	size_t n = 0;

	if (one &&
	    context_find_device(context, call_reference(call, "device"), &call->fault, &device) < 0)
		return FAULTED;
	if (device && call->serial < device->object.serial) {
		call->serial = device->object.serial;
		call->pasid = 0;
	}
	array = json_object_new_array();
	while ((device = record_device_from(&context->record, call->serial)) != NULL) {
		struct object *target;
		struct range range;

		if (device->object.serial != call->serial)
			call->pasid = 0;
		call->serial = device->object.serial;
		for (; n < BATCH && record_pasid_next(device, call->pasid, &range, &target); n++) {
			json_append(array, json_binding(device, range, target));
			call->pasid = range.hi + 1;
		}
		call->continues = n == BATCH;
		if (call->continues || one)
			break;
		call->serial++;
		call->pasid = 0;
	}
	json_add(call->reply, "binding", array);
	return 0;
}

int method_show_ioas(struct context *context, struct call *call)
{
	struct record_ioas *ioas = NULL;

	if (context_find_ioas(context, call_reference(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	json_add(call->reply, "ioas", context_show_ioas(ioas));
	return 0;
}

/* Duplicates, because fds are closed once sent. A device that is being closed has none any more. */
static int push_fd(struct call *call, json_object *names, const char *name, int fd)
{
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return 0;

	if (copy < 0)
		return fault_system(&call->fault, "dup", -errno);
	call->fd[call->fd_n++] = copy;
	json_append_string(names, name);
	return 0;
}

static int push_devices(struct context *context, struct call *call, json_object *names)
{
	json_object *wanted = NULL;
	struct record_device *device = NULL;

	if (json_get_array(call->parameters, "device", &wanted) <= 0) {
		for (size_t i = 0; (device = record_device_at(&context->record, i)) != NULL; i++)
			if (push_fd(call, names, device->object.name, device->fd) < 0)
				return FAULTED;
		return 0;
	}
	if (json_object_array_length(wanted) > object_class(OBJECT_DEVICE)->max)
		return fault_parameter(&call->fault, "device");
	for (size_t i = 0; i < json_object_array_length(wanted); i++) {
		struct reference reference = { 0 };

		(void)json_as_reference(json_object_array_get_idx(wanted, i), &reference);
		if (context_find_device(context, reference, &call->fault, &device) < 0 ||
		    push_fd(call, names, device->object.name, device->fd) < 0)
			return FAULTED;
	}
	return 0;
}

int method_get_fds(struct context *context, struct call *call)
{
	_cleanup_json_ json_object *names = json_object_new_array();

	call->fd = calloc(VARLINK_FD_MAX, sizeof(int));
	if (!call->fd)
		return fault_system(&call->fault, "malloc", -ENOMEM);
	if (push_fd(call, names, "iommufd", context->iommufd) < 0 ||
	    push_devices(context, call, names) < 0)
		return FAULTED;
	call->lends = true;
	json_add(call->reply, "name", TAKE_PTR(names));
	return 0;
}

int method_get_memory(struct context *context, struct call *call)
{
	json_object *parameters, *array;
	struct record_ioas *ioas = NULL;
	size_t own = 0;

	if (context_find_ioas(context, call_reference(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	for (size_t i = 0; i < ioas->n_mappings; i++)
		own += !ioas->mapping[i].file;
	if (own == 0) {
		parameters = json_object_new_object();
		context_add_object(parameters, "ioas", &ioas->object);
		return fault_raise(&call->fault, "NotMapped", parameters);
	}
	call->fd = calloc(1, sizeof(int));
	if (!call->fd)
		return fault_system(&call->fault, "malloc", -ENOMEM);
	call->fd[0] = fcntl(ioas->memory, F_DUPFD_CLOEXEC, 0);
	if (call->fd[0] < 0)
		return fault_system(&call->fault, "dup", -errno);
	call->fd_n = 1;
	array = json_object_new_array();
	for (size_t i = 0; i < ioas->n_mappings; i++) {
		json_object *memory;

		if (ioas->mapping[i].file)
			continue;
		memory = json_object_new_object();
		json_add_address(memory, "iova", ioas->mapping[i].iova);
		json_add_u64(memory, "length", ioas->mapping[i].length);
		json_add_address(memory, "offset", ioas->mapping[i].offset);
		json_append(array, memory);
	}
	json_add(call->reply, "memory", array);
	return 0;
}
