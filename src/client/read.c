/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that read. Only the syntax of a reply is trusted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client/internal.h"
#include "util/pasid.h"

static void target_done(struct holder_target *target)
{
	free(target->ioas_name);
}

static void device_done(struct holder_device *device)
{
	free(device->device);
	free(device->path);
	free(device->cdev);
	target_done(&device->target);
}

void holder_context_done(struct holder_context *context)
{
	for (size_t i = 0; i < context->device_n; i++)
		device_done(&context->device[i]);
	for (size_t i = 0; i < context->ioas_n; i++)
		free(context->ioas[i].name);
	for (size_t i = 0; i < context->hwpt_n; i++) {
		free(context->hwpt[i].name);
		free(context->hwpt[i].device);
	}
	free(context->device);
	free(context->ioas);
	free(context->hwpt);
	free(context->name);
	free(context->busy.method);
	free(context->busy.device);
	free(context->busy.call);
	*context = (struct holder_context){ 0 };
}

static void read_device(struct wire *wire, void *element)
{
	struct holder_device *device = element;

	device->device = wire_string(wire, "device");
	device->path = wire_string(wire, "path");
	device->cdev = wire_string(wire, "cdev");
	device->group = wire_u32_optional(wire, "group");
	device->id = wire_u32_optional(wire, "id");
	device->pasid_width = wire_u32_optional(wire, "pasid_width");
	device->pasid_count = wire_u64(wire, "pasid_count");
	device->attached = wire_target_optional(wire, "attached", &device->target);
}

static void read_ioas(struct wire *wire, void *element)
{
	struct holder_ioas *ioas = element;

	ioas->id = wire_u32(wire, "id");
	ioas->name = wire_name_optional(wire, "name");
	ioas->mapped = wire_u64(wire, "mapped");
	ioas->mapping_count = wire_u64(wire, "mapping_count");
	ioas->user_count = wire_u64(wire, "user_count");
}

static void read_hwpt(struct wire *wire, void *element)
{
	struct holder_hwpt *hwpt = element;
	_cleanup_free_ char *ioas_name = NULL;

	hwpt->id = wire_u32(wire, "id");
	hwpt->name = wire_name_optional(wire, "name");
	hwpt->ioas = wire_reference(wire, "ioas", &ioas_name);
	hwpt->device = wire_string(wire, "device");
	hwpt->pasid = wire_bool(wire, "pasid");
	hwpt->automatic = wire_bool(wire, "automatic");
	hwpt->user_count = wire_u64(wire, "user_count");
}

int client_peer(const struct holder_client *client, pid_t *ret_pid, uid_t *ret_uid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (client->peer_pid) {
		*ret_pid = client->peer_pid;
		*ret_uid = client->peer_uid;
		return 0;
	}
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	*ret_pid = peer.pid;
	*ret_uid = peer.uid;
	return 0;
}

/* A holder of an older version has none of it. */
static void read_news(struct wire *wire, struct holder_context *context)
{
	struct wire busy = { .object = wire_object_optional(wire, "busy") };

	if (json_get_bool(wire->object, "shared", &context->shared) < 0 && wire->err == 0)
		wire->err = -EPROTO;
	context->busy.is = busy.object;
	if (!busy.object)
		return;
	context->busy.method = wire_string_optional(&busy, "method");
	context->busy.device = wire_string_optional(&busy, "device");
	context->busy.call = wire_string(&busy, "call");
	context->busy.since = wire_u64(&busy, "since");
	wire->err = wire->err ? wire->err : busy.err;
}

int holder_describe(struct holder_client *client, struct holder_context *ret,
		    struct holder_error *error)
{
	_cleanup_holder_context_ struct holder_context context = { 0 };
	_cleanup_json_ json_object *reply = NULL;
	struct wire wire = { 0 };
	uint32_t pid;
	int r;

	r = client_call(client, "Describe", NULL, &reply, error);
	if (r < 0)
		return r;
	wire.object = reply;
	context.name = strdup(client->reference);
	pid = wire_u32(&wire, "pid");
	if (pid > INT32_MAX && wire.err == 0)
		wire.err = -EPROTO;
	context.pid = (pid_t)pid;
	context.uid = wire_u32(&wire, "uid");
	context.created = wire_u64(&wire, "created");
	context.iommufd = wire_bool(&wire, "iommufd");
	read_news(&wire, &context);
	context.device = wire_array(&wire, "device", sizeof(context.device[0]), read_device,
				    &context.device_n);
	context.ioas =
		wire_array(&wire, "ioas", sizeof(context.ioas[0]), read_ioas, &context.ioas_n);
	context.hwpt =
		wire_array(&wire, "hwpt", sizeof(context.hwpt[0]), read_hwpt, &context.hwpt_n);
	if (!context.name && wire.err == 0)
		wire.err = -ENOMEM;
	if (wire.err < 0)
		return wire_error(&wire, error);
	/* The kernel knows the holder's pid and uid; the reply's may be wrong. */
	r = client->captured ? 0 : client_peer(client, &context.pid, &context.uid);
	if (r < 0)
		return error_set(error, HOLDER_ERROR_PROTOCOL, -r, "%s", strerror(-r));
	*ret = context;
	context = (struct holder_context){ 0 };
	return 0;
}

void holder_bindings_done(struct holder_bindings *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].device);
		free(list->v[i].ioas_name);
	}
	free(list->v);
	*list = (struct holder_bindings){ 0 };
}

static void read_binding(struct wire *wire, void *element)
{
	struct holder_binding *binding = element;
	struct holder_target target = { 0 };

	binding->device = wire_string(wire, "device");
	binding->lo = wire_u32(wire, "lo");
	binding->hi = wire_u32(wire, "hi");
	(void)wire_target_optional(wire, "target", &target);
	binding->ioas = target.ioas;
	binding->ioas_name = target.ioas_name;
	binding->hwpt = (uint32_t)target.hwpt.value;
	if (wire->err == 0 && (target.ioas == 0 || binding->lo == 0 || binding->lo > binding->hi ||
			       binding->hi > PASID_MAX))
		wire->err = -EPROTO;
}

/* The fds of all devices and the iommufd fit in one message. */
#define DEVICES_MAX (VARLINK_FD_MAX - 1)

struct bindings_reader {
	struct holder_bindings list;
	size_t devices; /* number of devices in the list so far */
};

/*
 * The list must be grouped by device with ascending PASIDs, so that a holder cannot send it
 * endlessly: at most PASID_MAX per device.
 */
static bool is_within_bounds(struct bindings_reader *reader, const struct holder_bindings *batch)
{
	const struct holder_binding *last =
		reader->list.n ? &reader->list.v[reader->list.n - 1] : NULL;

	for (size_t i = 0; i < batch->n; last = &batch->v[i++])
		if (!last || batch->v[i].lo <= last->hi ||
		    strcmp(batch->v[i].device, last->device) != 0)
			reader->devices++;
	return reader->devices <= DEVICES_MAX;
}

static int add_bindings(void *userdata, json_object *reply, struct holder_error *error)
{
	struct bindings_reader *reader = userdata;
	struct holder_bindings *list = &reader->list;
	_cleanup_holder_bindings_ struct holder_bindings batch = { 0 };
	struct wire wire = { .object = reply };
	void *larger;

	batch.v = wire_array(&wire, "binding", sizeof(batch.v[0]), read_binding, &batch.n);
	if (wire.err < 0)
		return wire_error(&wire, error);
	if (batch.n == 0)
		return 0;
	if (!is_within_bounds(reader, &batch))
		return error_protocol(error);
	larger = reallocarray(list->v, list->n + batch.n, sizeof(list->v[0]));
	if (!larger)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	list->v = larger;
	memcpy(&list->v[list->n], batch.v, batch.n * sizeof(batch.v[0]));
	list->n += batch.n;
	batch.n = 0;
	return 0;
}

int holder_list_bindings(struct holder_client *client, const char *device,
			 struct holder_bindings *ret, struct holder_error *error)
{
	struct bindings_reader reader = { 0 };
	json_object *parameters = json_object_new_object();
	int r;

	if (device)
		json_add_reference(parameters, "device", reference_name(device));
	r = client_call_more(client, "ListBindings", parameters, add_bindings, &reader, error);
	if (r < 0) {
		holder_bindings_done(&reader.list);
		return r;
	}
	*ret = reader.list;
	return 0;
}

void holder_ioas_info_done(struct holder_ioas_info *info)
{
	for (size_t i = 0; i < info->mapping_n; i++)
		free(info->mapping[i].kind);
	free(info->mapping);
	free(info->range);
	free(info->name);
	*info = (struct holder_ioas_info){ 0 };
}

static void read_range(struct wire *wire, void *element)
{
	struct holder_iova_range *range = element;

	range->first = wire_address(wire, "first");
	range->last = wire_address(wire, "last");
	if (wire->err == 0 && range->first > range->last)
		wire->err = -EPROTO;
}

static void read_mapping(struct wire *wire, void *element)
{
	struct holder_mapping *mapping = element;

	mapping->iova = wire_address(wire, "iova");
	mapping->length = wire_u64(wire, "length");
	mapping->read = wire_bool(wire, "read");
	mapping->write = wire_bool(wire, "write");
	mapping->kind = wire_string(wire, "kind");
	/* Whoever prints it computes the last byte. */
	if (wire->err == 0 &&
	    (mapping->length == 0 || mapping->length - 1 > UINT64_MAX - mapping->iova))
		wire->err = -EPROTO;
}

int holder_show_ioas(struct holder_client *client, const char *ioas, struct holder_ioas_info *ret,
		     struct holder_error *error)
{
	_cleanup_holder_ioas_info_ struct holder_ioas_info info = { 0 };
	json_object *parameters = json_object_new_object(), *ranges = NULL;
	_cleanup_json_ json_object *reply = NULL;
	struct wire wire = { 0 };
	int r;

	client_add_reference(client, parameters, "ioas", ioas);
	r = client_call(client, "ShowIoas", parameters, &reply, error);
	if (r < 0)
		return r;
	wire.object = reply;
	wire.object = wire_object_optional(&wire, "ioas");
	if (!wire.object)
		return error_protocol(error);
	info.id = wire_u32(&wire, "id");
	info.name = wire_name_optional(&wire, "name");
	info.alignment = wire_u64_optional(&wire, "alignment");
	info.range_known = json_get_array(wire.object, "range", &ranges) != 0;
	if (info.range_known)
		info.range = wire_array(&wire, "range", sizeof(info.range[0]), read_range,
					&info.range_n);
	info.mapping = wire_array(&wire, "mapping", sizeof(info.mapping[0]), read_mapping,
				  &info.mapping_n);
	if (wire.err < 0)
		return wire_error(&wire, error);
	*ret = info;
	info = (struct holder_ioas_info){ 0 };
	return 0;
}
