/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that change the context; they wait as long as another client's job runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"
#include "util/str.h"

void holder_plan(struct holder_client *client, holder_plan_fn *each, void *data)
{
	client->plan = each;
	client->plan_data = data;
}

static int hand_plan(const struct holder_client *client, json_object *reply,
		     struct holder_error *error)
{
	json_object *lines = NULL;

	if (json_get_array(reply, "plan", &lines) <= 0)
		return error_protocol(error);
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		json_object *line = json_object_array_get_idx(lines, i);
		_cleanup_free_ char *text = NULL;

		if (!json_object_is_type(line, json_type_string))
			return error_protocol(error);
		text = str_printable(json_object_get_string(line));
		if (!text)
			return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s",
					 strerror(ENOMEM));
		client->plan(text, client->plan_data);
	}
	return 0;
}

/* Makes a call that changes the context, with FD (-1: none). In a dry run, passes the plan on instead. */
static int call_change_with(struct holder_client *client, const char *method,
			    json_object *parameters, int fd, json_object **ret,
			    struct holder_error *error)
{
	_cleanup_json_ json_object *reply = NULL;
	int r;

	if (client->plan)
		json_add_bool(parameters, "dry_run", true);
	r = client_call_change(client, method, parameters, fd, &reply, error);
	if (r == 0 && client->plan)
		r = hand_plan(client, reply, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(reply);
	return 0;
}

static int call_change(struct holder_client *client, const char *method, json_object *parameters,
		       json_object **ret, struct holder_error *error)
{
	return call_change_with(client, method, parameters, -1, ret, error);
}

/* Makes a call and returns the reply's value of KEY, unless KEY is NULL. */
static int change(struct holder_client *client, const char *method, json_object *parameters,
		  const char *key, uint64_t *ret, struct holder_error *error)
{
	_cleanup_json_ json_object *reply = NULL;
	struct wire wire = { 0 };
	uint64_t value = 0;
	int r;

	r = call_change(client, method, parameters, &reply, error);
	if (r < 0 || client->plan)
		return r;
	wire.object = reply;
	if (key)
		value = wire_u64(&wire, key);
	if (wire.err < 0)
		return error_protocol(error);
	if (ret)
		*ret = value;
	return 0;
}

/* The same for the id of a new object. */
static int change_id(struct holder_client *client, const char *method, json_object *parameters,
		     const char *key, uint32_t *ret, struct holder_error *error)
{
	_cleanup_json_ json_object *reply = NULL;
	_cleanup_free_ char *name = NULL;
	struct wire wire = { 0 };
	uint32_t id;
	int r;

	r = call_change(client, method, parameters, &reply, error);
	if (r < 0 || client->plan)
		return r;
	wire.object = reply;
	id = wire_reference(&wire, key, &name);
	if (wire.err < 0 || id == 0)
		return error_protocol(error);
	*ret = id;
	return 0;
}

/* Only what is not the default is sent: a holder of an older version may not know the parameter. */
static void add_flag(json_object *parameters, const char *key, bool value, bool standard)
{
	if (value != standard)
		json_add_bool(parameters, key, value);
}

static void add_name(json_object *parameters, const char *name)
{
	if (name)
		json_add_string(parameters, "name", name);
}

static json_object *with_device(const char *name)
{
	json_object *parameters = json_object_new_object();

	json_add_reference(parameters, "device", reference_name(name));
	return parameters;
}

static json_object *with(struct holder_client *client, const char *key, const char *object)
{
	json_object *parameters = json_object_new_object();

	client_add_reference(client, parameters, key, object);
	return parameters;
}

int holder_add_device(struct holder_client *client, const char *path, bool bind,
		      struct field_u64 *ret_id, struct holder_error *error)
{
	json_object *parameters = json_object_new_object();
	_cleanup_json_ json_object *reply = NULL;
	struct wire wire = { 0 };
	struct field_u64 id;
	int r;

	json_add_string(parameters, "path", path);
	add_flag(parameters, "bind", bind, true);
	r = call_change(client, "AddDevice", parameters, &reply, error);
	if (r < 0 || client->plan)
		return r;
	wire.object = reply;
	id = wire_u32_optional(&wire, "id");
	if (wire.err < 0)
		return error_protocol(error);
	*ret_id = id;
	return 0;
}

int holder_remove_device(struct holder_client *client, const char *device, bool force,
			 struct holder_error *error)
{
	json_object *parameters = with_device(device);

	add_flag(parameters, "force", force, false);
	return change(client, "RemoveDevice", parameters, NULL, NULL, error);
}

int holder_attach_device(struct holder_client *client, const char *device, const char *target,
			 bool replace, struct holder_error *error)
{
	json_object *parameters = with_device(device);

	client_add_reference(client, parameters, "target", target);
	add_flag(parameters, "replace", replace, false);
	return change(client, "AttachDevice", parameters, NULL, NULL, error);
}

int holder_detach_device(struct holder_client *client, const char *device,
			 struct holder_error *error)
{
	return change(client, "DetachDevice", with_device(device), NULL, NULL, error);
}

int holder_alloc_ioas(struct holder_client *client, const char *name, uint32_t *ret_ioas,
		      struct holder_error *error)
{
	json_object *parameters = json_object_new_object();

	add_name(parameters, name);
	return change_id(client, "AllocIoas", parameters, "ioas", ret_ioas, error);
}

int holder_free_ioas(struct holder_client *client, const char *ioas, struct holder_error *error)
{
	return change(client, "FreeIoas", with(client, "ioas", ioas), NULL, NULL, error);
}

int holder_alloc_hwpt(struct holder_client *client, const char *device, const char *ioas,
		      const char *name, bool pasid, uint32_t *ret_hwpt, struct holder_error *error)
{
	json_object *parameters = with_device(device);

	client_add_reference(client, parameters, "ioas", ioas);
	add_name(parameters, name);
	add_flag(parameters, "pasid", pasid, false);
	return change_id(client, "AllocHwpt", parameters, "hwpt", ret_hwpt, error);
}

int holder_free_hwpt(struct holder_client *client, const char *hwpt, struct holder_error *error)
{
	return change(client, "FreeHwpt", with(client, "hwpt", hwpt), NULL, NULL, error);
}

int holder_map_ioas(struct holder_client *client, const char *ioas, const struct holder_file *file,
		    uint64_t size, const uint64_t *iova, bool read, bool write, uint64_t *ret_iova,
		    struct holder_error *error)
{
	json_object *parameters = with(client, "ioas", ioas);
	_cleanup_json_ json_object *reply = NULL;
	struct wire wire = { 0 };
	uint64_t at;
	int r;

	json_add_u64(parameters, "size", size);
	if (iova)
		json_add_address(parameters, "iova", *iova);
	add_flag(parameters, "read", read, true);
	add_flag(parameters, "write", write, true);
	if (file) {
		json_add_u64(parameters, "file", 0);
		json_add_address(parameters, "offset", file->offset);
	}
	r = call_change_with(client, "MapIoas", parameters, file ? file->fd : -1, &reply, error);
	if (r < 0 || client->plan)
		return r;
	wire.object = reply;
	at = wire_address(&wire, "iova");
	if (wire.err < 0)
		return error_protocol(error);
	*ret_iova = at;
	return 0;
}

int holder_unmap_ioas(struct holder_client *client, const char *ioas, uint64_t iova,
		      uint64_t length, uint64_t *ret_length, struct holder_error *error)
{
	json_object *parameters = with(client, "ioas", ioas);

	json_add_address(parameters, "iova", iova);
	if (length)
		json_add_u64(parameters, "length", length);
	return change(client, "UnmapIoas", parameters, "length", ret_length, error);
}

int holder_unmap_ioas_all(struct holder_client *client, const char *ioas, uint64_t *ret_length,
			  struct holder_error *error)
{
	json_object *parameters = with(client, "ioas", ioas);

	json_add_bool(parameters, "all", true);
	return change(client, "UnmapIoas", parameters, "length", ret_length, error);
}

void holder_bound_done(struct holder_bound *bound)
{
	for (size_t i = 0; i < bound->reserved_n; i++)
		free(bound->reserved[i].kind);
	free(bound->reserved);
	ranges_done(&bound->pasid);
	ranges_done(&bound->taken);
	holder_error_done(&bound->failure);
	*bound = (struct holder_bound){ 0 };
}

/* More than a holder lists. */
#define RESERVED_MAX 64

static void read_reserved(struct wire *wire, void *element)
{
	struct holder_reserved *reserved = element;

	reserved->iova = wire_address(wire, "iova");
	reserved->length = wire_u64(wire, "length");
	reserved->first = wire_address(wire, "first");
	reserved->last = wire_address(wire, "last");
	reserved->kind = wire_string(wire, "kind");
}

static void read_bound(struct wire *wire, struct holder_bound *bound, bool numbers)
{
	struct wire failure = { .object = wire_object_optional(wire, "failure") };
	struct holder_target target = { 0 };
	_cleanup_free_ char *id = NULL;

	wire_ranges_optional(wire, "pasid", &bound->pasid);
	bound->count = wire_u64(wire, "count");
	if (numbers) {
		(void)wire_target_optional(wire, "target", &target);
		bound->ioas = target.ioas;
		bound->hwpt = (uint32_t)target.hwpt.value;
		free(target.ioas_name);
	}
	wire_ranges_optional(wire, "taken", &bound->taken);
	if (json_object_object_get(wire->object, "reserved"))
		bound->reserved = wire_array(wire, "reserved", sizeof(bound->reserved[0]),
					     read_reserved, &bound->reserved_n);
	if (wire->err == 0 && ((numbers && (bound->pasid.n == 0 || bound->ioas == 0)) ||
			       bound->reserved_n > RESERVED_MAX))
		wire->err = -EPROTO;
	if (!failure.object)
		return;
	id = wire_string(&failure, "error");
	if (wire->err == 0)
		wire->err = failure.err;
	if (id)
		(void)error_from_reply(&bound->failure, id,
				       wire_object_optional(&failure, "parameters"));
}

/* The holder's own check: a call with more ranges than that may be too long for it to read. */
static int check_ranges(const struct ranges *pasid, struct holder_error *error)
{
	_cleanup_json_ json_object *parameters = NULL;

	if (!pasid || pasid->n <= RANGES_MAX)
		return 0;
	parameters = json_object_new_object();
	json_add_string(parameters, "what", "range");
	json_add_u64(parameters, "limit", RANGES_MAX);
	return error_from_reply(error, HOLDER_INTERFACE ".LimitReached", parameters);
}

int holder_bind_pasids(struct holder_client *client, const char *device, const struct ranges *pasid,
		       uint32_t count, const char *target, bool partial, struct holder_bound *ret,
		       struct holder_error *error)
{
	_cleanup_(holder_bound_done) struct holder_bound bound = { 0 };
	_cleanup_json_ json_object *reply = NULL;
	json_object *parameters;
	struct wire wire = { 0 };
	int r = check_ranges(pasid, error);

	if (r < 0)
		return r;
	parameters = with_device(device);
	if (pasid)
		json_add_ranges(parameters, "pasid", pasid);
	if (count)
		json_add_u64(parameters, "count", count);
	client_add_reference(client, parameters, "target", target);
	add_flag(parameters, "partial", partial, false);
	r = call_change(client, "BindPasids", parameters, &reply, error);
	if (r < 0)
		return r;
	wire.object = reply;
	read_bound(&wire, &bound, !client->plan);
	if (wire.err < 0)
		return error_protocol(error);
	*ret = bound;
	error_attribute(&ret->failure, client);
	bound = (struct holder_bound){ 0 };
	return 0;
}

int holder_unbind_pasids(struct holder_client *client, const char *device,
			 const struct ranges *pasid, uint64_t *ret_count,
			 struct holder_error *error)
{
	json_object *parameters;
	int r = check_ranges(pasid, error);

	if (r < 0)
		return r;
	parameters = with_device(device);
	if (pasid)
		json_add_ranges(parameters, "pasid", pasid);
	else
		json_add_bool(parameters, "all", true);
	return change(client, "UnbindPasids", parameters, "count", ret_count, error);
}

int holder_destroy(struct holder_client *client, bool force, struct holder_error *error)
{
	_cleanup_holder_error_ struct holder_error own = { 0 };
	json_object *parameters = json_object_new_object();
	int r;

	add_flag(parameters, "force", force, false);
	r = change(client, "Destroy", parameters, NULL, NULL, &own);
	/* Another client destroyed it first. */
	if (r == -ECONNRESET)
		return 0;
	if (r < 0 && error) {
		holder_error_done(error);
		*error = own;
		own = (struct holder_error){ 0 };
	}
	return r;
}
