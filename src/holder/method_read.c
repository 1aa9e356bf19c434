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

static json_object *json_target(const struct context *context, const struct record_device *device)
{
	json_object *object = json_object_new_object();

	context_add_ioas_name(context, object, device->ioas);
	add_optional(object, "hwpt", device->hwpt, device->hwpt);
	return object;
}

static json_object *json_device(const struct context *context, const struct record_device *device)
{
	json_object *object = json_object_new_object();

	json_add_string(object, "device", device->name);
	json_add_string(object, "path", device->path);
	json_add_string(object, "cdev", device->cdev);
	add_optional(object, "group", device->group != -1, (uint64_t)device->group);
	add_optional(object, "id", device->bound, device->id);
	add_optional(object, "pasid_width", device->bound, device->pasid_width);
	if (device->attached)
		json_add(object, "attached", json_target(context, device));
	else
		json_add_null(object, "attached");
	json_add_u64(object, "pasid_count", record_device_pasids(device));
	return object;
}

static json_object *json_ioas(const struct context *context, const struct record_ioas *ioas)
{
	json_object *object = json_object_new_object();

	json_add_u64(object, "id", ioas->id);
	json_add_string(object, "name", ioas->name);
	json_add_u64(object, "mapped", record_ioas_mapped(ioas));
	json_add_u64(object, "mapping_count", ioas->mapping_n);
	json_add_u64(object, "user_count", record_ioas_users(&context->record, ioas->id));
	return object;
}

static json_object *json_hwpt(const struct context *context, const struct record_hwpt *hwpt)
{
	json_object *object = json_object_new_object();

	json_add_u64(object, "id", hwpt->id);
	json_add_string(object, "name", hwpt->name);
	json_add_u64(object, "ioas", hwpt->ioas);
	json_add_string(object, "device", strrchr(hwpt->device, '/') + 1);
	json_add_bool(object, "pasid", hwpt->pasid);
	json_add_bool(object, "automatic", hwpt->automatic);
	json_add_u64(object, "user_count", record_hwpt_users(&context->record, hwpt->id));
	return object;
}

int method_describe(struct context *context, struct call *call)
{
	const struct record *record = &context->record;
	json_object *device = json_object_new_array(), *ioas = json_object_new_array(),
		    *hwpt = json_object_new_array();

	for (size_t i = 0; i < record->device_n; i++)
		json_append(device, json_device(context, &record->device[i]));
	for (size_t i = 0; i < record->ioas_n; i++)
		json_append(ioas, json_ioas(context, &record->ioas[i]));
	for (size_t i = 0; i < record->hwpt_n; i++)
		json_append(hwpt, json_hwpt(context, &record->hwpt[i]));
	json_add_string(call->reply, "name", record->name);
	json_add_u64(call->reply, "pid", (uint64_t)record->pid);
	json_add_u64(call->reply, "uid", record->uid);
	json_add_u64(call->reply, "created", record->created);
	json_add_bool(call->reply, "iommufd", context->iommufd >= 0);
	json_add(call->reply, "device", device);
	json_add(call->reply, "ioas", ioas);
	json_add(call->reply, "hwpt", hwpt);
	return 0;
}

static json_object *json_binding(const struct context *context, const struct record_device *device,
				 struct range range, uint32_t hwpt)
{
	const struct record_hwpt *entry = record_hwpt_by_id(&context->record, hwpt);
	json_object *object = json_object_new_object();

	json_add_string(object, "device", device->name);
	json_add_u64(object, "lo", range.lo);
	json_add_u64(object, "hi", range.hi);
	context_add_ioas_name(context, object, entry ? entry->ioas : 0);
	json_add_u64(object, "hwpt", hwpt);
	return object;
}

/*
 * Replies in batches from a cursor (device, PASID), not from a snapshot: what changes meanwhile may
 * be missing, but nothing is listed twice.
 */
int method_list_bindings(struct context *context, struct call *call)
{
	const char *name = call_string(call, "device");
	struct record_device *device = NULL;
	json_object *array;
	size_t n = 0;

	if (name && context_find_device(context, name, &call->fault, &device) < 0)
		return FAULTED;
	if (device && call->serial < device->serial) {
		call->serial = device->serial;
		call->pasid = 0;
	}
	array = json_object_new_array();
	while ((device = record_device_from(&context->record, call->serial)) != NULL) {
		struct range range;
		uint32_t hwpt;

		if (device->serial != call->serial)
			call->pasid = 0;
		call->serial = device->serial;
		for (; n < BATCH && record_pasid_next(device, call->pasid, &range, &hwpt); n++) {
			json_append(array, json_binding(context, device, range, hwpt));
			call->pasid = range.hi + 1;
		}
		call->continues = n == BATCH;
		if (call->continues || name)
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
	json_object *object = NULL;

	if (context_find_ioas(context, call_string(call, "ioas"), &call->fault, &ioas) < 0 ||
	    context_show_ioas(context, ioas, &call->fault, &object) < 0)
		return FAULTED;
	json_add(call->reply, "ioas", object);
	return 0;
}

/* Duplicates, because fds are closed once sent. */
static int push_fd(struct call *call, json_object *names, const char *name, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return fault_system(&call->fault, "dup", -errno, NULL);
	call->fd[call->fd_n++] = copy;
	json_append_string(names, name);
	return 0;
}

static int push_devices(struct context *context, struct call *call, json_object *names)
{
	json_object *wanted = NULL;
	struct record_device *device = NULL;

	if (json_get_array(call->parameters, "device", &wanted) <= 0) {
		for (size_t i = 0; i < context->record.device_n; i++) {
			device = &context->record.device[i];
			if (push_fd(call, names, device->name, device->fd) < 0)
				return FAULTED;
		}
		return 0;
	}
	if (json_object_array_length(wanted) > CONTEXT_DEVICE_MAX)
		return fault_parameter(&call->fault, "device");
	for (size_t i = 0; i < json_object_array_length(wanted); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(wanted, i));

		if (context_find_device(context, text, &call->fault, &device) < 0 ||
		    push_fd(call, names, device->name, device->fd) < 0)
			return FAULTED;
	}
	return 0;
}

int method_get_fds(struct context *context, struct call *call)
{
	_cleanup_json_ json_object *names = json_object_new_array();

	call->fd = calloc(VARLINK_FD_MAX, sizeof(int));
	if (!call->fd)
		return fault_system(&call->fault, "malloc", -ENOMEM, NULL);
	if (push_fd(call, names, "iommufd", context->iommufd) < 0 ||
	    push_devices(context, call, names) < 0)
		return FAULTED;
	json_add(call->reply, "name", TAKE_PTR(names));
	return 0;
}
