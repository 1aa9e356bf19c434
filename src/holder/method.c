/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/method.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/str.h"

/* The installed .varlink file, converted to a string by the Makefile. */
static const char description[] =
#include "wire/interface.h"
	;

/* org.varlink.service, from the varlink specification. */
static const char service_description[] =
	"interface " VARLINK_INTERFACE "\n"
	"\n"
	"method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

static int get_info(struct context *context, struct call *call)
{
	json_object *interfaces = json_object_new_array();

	(void)context;
	json_append_string(interfaces, VARLINK_INTERFACE);
	json_append_string(interfaces, HOLDER_INTERFACE);
	json_add_string(call->reply, "vendor", "ioasidctl");
	json_add_string(call->reply, "product", "ioasidctl context");
	json_add_string(call->reply, "version", IOASIDCTL_VERSION);
	json_add_string(call->reply, "url", "");
	json_add(call->reply, "interfaces", interfaces);
	return 0;
}

static int get_interface_description(struct context *context, struct call *call)
{
	const char *interface = call_string(call, "interface"), *text;

	(void)context;
	if (strcmp(interface, HOLDER_INTERFACE) == 0)
		text = description;
	else if (strcmp(interface, VARLINK_INTERFACE) == 0)
		text = service_description;
	else
		return fault_varlink(&call->fault, "InterfaceNotFound", "interface", interface);
	json_add_string(call->reply, "description", text);
	return 0;
}

#define REQUIRED(name, type) \
	{ \
		name, PARAMETER_##type, true \
	}
#define OPTIONAL(name, type) \
	{ \
		name, PARAMETER_##type, false \
	}

static const struct method service_methods[] = {
	{ "GetInfo", get_info, { { 0 } }, false, false },
	{ "GetInterfaceDescription",
	  get_interface_description,
	  { REQUIRED("interface", STRING) },
	  false,
	  false },
};

static const struct method methods[] = {
	{ .name = "Describe", .run = method_describe },
	{ .name = "ListBindings",
	  .run = method_list_bindings,
	  .parameter = { OPTIONAL("device", REFERENCE) },
	  .streams = true },
	{ .name = "ShowIoas",
	  .run = method_show_ioas,
	  .parameter = { REQUIRED("ioas", REFERENCE) } },
	{ .name = "GetFds",
	  .run = method_get_fds,
	  .parameter = { OPTIONAL("device", REFERENCES) } },
	{ .name = "GetMemory",
	  .run = method_get_memory,
	  .parameter = { REQUIRED("ioas", REFERENCE) } },
	{ .name = "Monitor",
	  .run = method_monitor,
	  .parameter = { OPTIONAL("since", U64) },
	  .streams = true },
	{ .name = "AddDevice",
	  .run = method_add_device,
	  .parameter = { REQUIRED("path", STRING), OPTIONAL("bind", BOOL) },
	  .changes = true },
	{ .name = "RemoveDevice",
	  .run = method_remove_device,
	  .parameter = { REQUIRED("device", REFERENCE), OPTIONAL("force", BOOL) },
	  .changes = true },
	{ .name = "AttachDevice",
	  .run = method_attach_device,
	  .parameter = { REQUIRED("device", REFERENCE), REQUIRED("target", REFERENCE),
			 OPTIONAL("replace", BOOL) },
	  .changes = true },
	{ .name = "DetachDevice",
	  .run = method_detach_device,
	  .parameter = { REQUIRED("device", REFERENCE) },
	  .changes = true },
	{ .name = "AllocIoas",
	  .run = method_alloc_ioas,
	  .parameter = { OPTIONAL("name", STRING) },
	  .changes = true },
	{ .name = "FreeIoas",
	  .run = method_free_ioas,
	  .parameter = { REQUIRED("ioas", REFERENCE) },
	  .changes = true },
	{ .name = "MapIoas",
	  .run = method_map_ioas,
	  .parameter = { REQUIRED("ioas", REFERENCE), REQUIRED("size", U64),
			 OPTIONAL("iova", ADDRESS), OPTIONAL("read", BOOL), OPTIONAL("write", BOOL),
			 OPTIONAL("file", U64), OPTIONAL("offset", ADDRESS) },
	  .changes = true,
	  .fds = 1 },
	{ .name = "UnmapIoas",
	  .run = method_unmap_ioas,
	  .parameter = { REQUIRED("ioas", REFERENCE), OPTIONAL("iova", ADDRESS),
			 OPTIONAL("length", U64), OPTIONAL("all", BOOL) },
	  .changes = true },
	{ .name = "AllocHwpt",
	  .run = method_alloc_hwpt,
	  .parameter = { REQUIRED("device", REFERENCE), REQUIRED("ioas", REFERENCE),
			 OPTIONAL("name", STRING), OPTIONAL("pasid", BOOL) },
	  .changes = true },
	{ .name = "FreeHwpt",
	  .run = method_free_hwpt,
	  .parameter = { REQUIRED("hwpt", REFERENCE) },
	  .changes = true },
	{ .name = "BindPasids",
	  .run = method_bind_pasids,
	  .parameter = { REQUIRED("device", REFERENCE), OPTIONAL("pasid", RANGES),
			 OPTIONAL("count", U64), REQUIRED("target", REFERENCE),
			 OPTIONAL("partial", BOOL) },
	  .changes = true },
	{ .name = "UnbindPasids",
	  .run = method_unbind_pasids,
	  .parameter = { REQUIRED("device", REFERENCE), OPTIONAL("pasid", RANGES),
			 OPTIONAL("all", BOOL) },
	  .changes = true },
	{ .name = "Destroy",
	  .run = method_destroy,
	  .parameter = { OPTIONAL("force", BOOL) },
	  .changes = true },
	{ .name = "Cancel", .run = method_cancel, .parameter = { REQUIRED("change", U64) } },
};

/* A parameter of every method that changes something. */
static const struct parameter dry_run = OPTIONAL("dry_run", BOOL);

/* INTERFACE.METHOD */
static int find_method(const char *name, struct call *call)
{
	const char *dot = strrchr(name, '.');
	const struct method *table = NULL;
	_cleanup_free_ char *interface = strndup(name, dot ? (size_t)(dot - name) : strlen(name));
	size_t n = 0;

	if (interface && strcmp(interface, HOLDER_INTERFACE) == 0) {
		table = methods;
		n = ARRAY_SIZE(methods);
	} else if (interface && strcmp(interface, VARLINK_INTERFACE) == 0) {
		table = service_methods;
		n = ARRAY_SIZE(service_methods);
	}
	if (!dot || !table)
		return fault_varlink(&call->fault, "InterfaceNotFound", "interface", interface);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].name, dot + 1) != 0)
			continue;
		call->method = &table[i];
		return 0;
	}
	return fault_varlink(&call->fault, "MethodNotFound", "method", name);
}

/* Only those of the interface, exactly one of which is given. */
static bool is_reference(json_object *value)
{
	struct reference reference;

	if (json_as_reference(value, &reference) < 0)
		return false;
	json_object_object_foreach(value, key, inner)
	{
		(void)inner;
		if (strcmp(key, "id") != 0 && strcmp(key, "name") != 0)
			return false;
	}
	return !json_object_object_get(value, "id") != !json_object_object_get(value, "name");
}

static int check_references(json_object *object, const char *key)
{
	json_object *array = NULL;
	int r = json_get_array(object, key, &array);

	for (size_t i = 0; r > 0 && i < json_object_array_length(array); i++)
		if (!is_reference(json_object_array_get_idx(array, i)))
			r = -EINVAL;
	return r;
}

static int check_ranges(json_object *object, const char *key)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	json_object *array = NULL;
	int r = json_get_ranges(object, key, &list);

	(void)json_get_array(object, key, &array);
	for (size_t i = 0; r > 0 && i < json_object_array_length(array); i++)
		if (json_object_object_length(json_object_array_get_idx(array, i)) != 2)
			r = -EINVAL;
	return r;
}

/* Returns a negative errno if the value is not of the type. */
static int check_value(json_object *object, const struct parameter *parameter)
{
	const char *text, *name = parameter->name;
	json_object *inner = NULL;
	uint64_t number;
	bool yes;
	int r = -EINVAL;

	switch (parameter->type) {
	case PARAMETER_STRING:
		return json_get_string(object, name, &text);
	case PARAMETER_BOOL:
		return json_get_bool(object, name, &yes);
	case PARAMETER_U64:
		return json_get_u64(object, name, INT64_MAX, &number);
	case PARAMETER_ADDRESS:
		return json_get_address(object, name, &number);
	case PARAMETER_REFERENCE:
		r = json_get_object(object, name, &inner);
		return r > 0 && !is_reference(inner) ? -EINVAL : r;
	case PARAMETER_REFERENCES:
		return check_references(object, name);
	case PARAMETER_RANGES:
		return check_ranges(object, name);
	case PARAMETER_END:
		break;
	}
	return r;
}

static int check_type(struct call *call, const struct parameter *parameter)
{
	int r = check_value(call->parameters, parameter);

	if (r == -E2BIG)
		return fault_limit(&call->fault, "range", RANGES_MAX);
	if (r == -ENOMEM)
		return fault_system(&call->fault, "malloc", r);
	return r < 0 ? fault_parameter(&call->fault, parameter->name) : 0;
}

/* NULL after the last one. */
static const struct parameter *parameter_at(const struct method *method, size_t i)
{
	const struct parameter *p = &method->parameter[i];

	return i < METHOD_PARAMETER_MAX && p->type != PARAMETER_END ? p : NULL;
}

static const struct parameter *find_parameter(const struct method *method, const char *name)
{
	const struct parameter *p;

	for (size_t i = 0; (p = parameter_at(method, i)) != NULL; i++)
		if (strcmp(p->name, name) == 0)
			return p;
	return method->changes && strcmp(dry_run.name, name) == 0 ? &dry_run : NULL;
}

static int check_parameters(struct call *call)
{
	const struct parameter *p;

	json_object_object_foreach(call->parameters, key, value)
	{
		p = find_parameter(call->method, key);

		(void)value;
		if (!p)
			return fault_parameter(&call->fault, key);
		if (check_type(call, p) < 0)
			return FAULTED;
	}
	for (size_t i = 0; (p = parameter_at(call->method, i)) != NULL; i++)
		if (p->required && !json_object_object_get(call->parameters, p->name))
			return fault_parameter(&call->fault, p->name);
	return 0;
}

/* Keeps only the parameters of MESSAGE, and refuses those that the method does not have. */
static int open_call(json_object *message, struct call *ret)
{
	json_object *parameters = NULL;
	const char *name = NULL;
	bool upgrade = false;

	if (json_get_bool(message, "oneway", &ret->oneway) < 0)
		return fault_parameter(&ret->fault, "oneway");
	if (json_get_bool(message, "more", &ret->more) < 0)
		return fault_parameter(&ret->fault, "more");
	if (json_get_bool(message, "upgrade", &upgrade) < 0 || upgrade)
		return fault_parameter(&ret->fault, "upgrade");
	if (json_get_string(message, "method", &name) <= 0)
		return fault_parameter(&ret->fault, "method");
	if (json_get_object(message, "parameters", &parameters) < 0)
		return fault_parameter(&ret->fault, "parameters");
	ret->parameters = parameters ? json_object_get(parameters) : json_object_new_object();
	if (!ret->parameters)
		return fault_system(&ret->fault, "malloc", -ENOMEM);
	if (find_method(name, ret) < 0 || check_parameters(ret) < 0)
		return FAULTED;
	if (ret->method->streams && !ret->more)
		return fault_varlink(&ret->fault, "ExpectedMore", NULL, NULL);
	return 0;
}

int call_open(json_object *message, struct call *ret)
{
	int r;

	*ret = (struct call){ 0 };
	r = open_call(message, ret);
	json_object_put(message);
	return r;
}

int call_take_fds(struct call *call, struct varlink_fds *fds, int r)
{
	if (r == -ENOMEM)
		return fault_system(&call->fault, "malloc", r);
	if (r < 0 || fds->n > call->method->fds)
		return fault_parameter(&call->fault, "descriptors");
	call->fds = *fds;
	*fds = (struct varlink_fds){ 0 };
	return 0;
}

void call_done(struct call *call)
{
	varlink_fds_done(&call->fds);
	for (size_t i = 0; i < call->fd_n; i++)
		close(call->fd[i]);
	free(call->fd);
	change_free(call->change);
	json_object_put(call->reply);
	json_object_put(call->parameters);
	fault_done(&call->fault);
	*call = (struct call){ 0 };
}

bool call_changes(const struct call *call)
{
	return call->method->changes;
}

bool call_ready(const struct call *call)
{
	const struct journal *journal = call->journal;

	return !journal || journal->ended || call->serial < journal->last;
}

bool call_is_dry(const struct call *call)
{
	return call->method->changes && call_bool(call, dry_run.name, false);
}

json_object *call_progress(const struct call *call, const struct change *change)
{
	json_object *message = json_object_new_object(), *parameters = json_object_new_object(),
		    *progress = json_object_new_object();
	uint64_t done = 0, total = 0;

	if (change)
		change_progress(change, &done, &total);
	json_add_u64(progress, "change", call->number);
	json_add_string(progress, "call", change ? change_call(change) : NULL);
	json_add_u64(progress, "done", done);
	if (total)
		json_add_u64(progress, "total", total);
	else
		json_add_null(progress, "total");
	json_add(parameters, "progress", progress);
	json_add(message, "parameters", parameters);
	json_add_bool(message, "continues", true);
	return message;
}

json_object *call_answer(struct call *call)
{
	json_object *message = json_object_new_object();

	if (call->fault.raised) {
		json_add_string(message, "error", call->fault.id);
		/* Out of memory: at least send the name of the error. */
		if (json_is_whole(call->fault.parameters))
			json_add(message, "parameters", TAKE_PTR(call->fault.parameters));
		return message;
	}
	json_add(message, "parameters", TAKE_PTR(call->reply));
	if (call->continues)
		json_add_bool(message, "continues", true);
	return message;
}

void call_run(struct context *context, struct call *call)
{
	call->continues = false;
	call->reply = json_object_new_object();
	if (call->method->run(context, call) == 0 && !call->change)
		return;
	json_object_put(call->reply);
	call->reply = NULL;
}

bool call_has(const struct call *call, const char *key)
{
	return json_object_object_get(call->parameters, key);
}

struct reference call_reference(const struct call *call, const char *key)
{
	struct reference reference = { 0 };

	(void)json_get_reference(call->parameters, key, &reference);
	return reference;
}

const char *call_string(const struct call *call, const char *key)
{
	const char *value = NULL;

	(void)json_get_string(call->parameters, key, &value);
	return value;
}

bool call_bool(const struct call *call, const char *key, bool value)
{
	(void)json_get_bool(call->parameters, key, &value);
	return value;
}

uint64_t call_u64(const struct call *call, const char *key, uint64_t value)
{
	(void)json_get_u64(call->parameters, key, INT64_MAX, &value);
	return value;
}

bool call_address(const struct call *call, const char *key, uint64_t *ret)
{
	return json_get_address(call->parameters, key, ret) > 0;
}
