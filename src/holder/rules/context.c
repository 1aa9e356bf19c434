/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all rules need: finding objects, and changes as such; the end of a context. */
#include <errno.h>
#include <stdlib.h>

#include "holder/rules/internal.h"
#include "util/cleanup.h"
#include "util/str.h"

int rules_end(struct change **change, int r, struct fault *fault, struct change **ret)
{
	if (r < 0)
		return fault_system(fault, "malloc", r);
	*ret = TAKE_PTR(*change);
	return 0;
}

int rules_check_new(const struct context *context, enum object_kind kind, const char *name,
		    struct fault *fault)
{
	const struct object_class *class = object_class(kind);

	if (name && !parse_is_name(name))
		return fault_parameter(fault, "name");
	if (name && record_name_used(&context->record, name))
		return fault_raise_string(fault, "NameInUse", "name", name);
	if (context->record.of[kind].n < class->max)
		return 0;
	return fault_limit(fault, class->word, class->max);
}

/* KIND is what was looked for: a kind of object, or "target". */
static int refuse_unknown(const char *kind, struct reference reference, struct fault *fault)
{
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "kind", kind);
	json_add_reference(parameters, "object", reference);
	return fault_raise(fault, "UnknownObject", parameters);
}

static int find(const struct context *context, enum object_kind kind, struct reference reference,
		struct fault *fault, struct object **ret)
{
	struct object *object = record_find(&context->record, kind, reference);

	if (!object)
		return refuse_unknown(object_class(kind)->word, reference, fault);
	*ret = object;
	return 0;
}

int context_find_device(const struct context *context, struct reference reference,
			struct fault *fault, struct record_device **ret)
{
	return find(context, OBJECT_DEVICE, reference, fault, (struct object **)ret);
}

int context_find_bound(const struct context *context, struct reference reference,
		       struct fault *fault, struct record_device **ret)
{
	struct record_device *device = NULL;

	if (context_find_device(context, reference, fault, &device) < 0)
		return FAULTED;
	if (!device->bound)
		return fault_raise_string(fault, "DeviceNotBound", "device", device->object.name);
	*ret = device;
	return 0;
}

int context_find_ioas(const struct context *context, struct reference reference,
		      struct fault *fault, struct record_ioas **ret)
{
	return find(context, OBJECT_IOAS, reference, fault, (struct object **)ret);
}

int context_find_hwpt(const struct context *context, struct reference reference,
		      struct fault *fault, struct record_hwpt **ret)
{
	return find(context, OBJECT_HWPT, reference, fault, (struct object **)ret);
}

int context_find_target(const struct context *context, struct reference reference,
			struct fault *fault, struct object **ret)
{
	struct object *target = record_find(&context->record, OBJECT_IOAS, reference);

	if (!target)
		target = record_find(&context->record, OBJECT_HWPT, reference);
	if (!target)
		return refuse_unknown("target", reference, fault);
	*ret = target;
	return 0;
}

/* Maximum number of users named. */
#define USERS_SHOWN 8

static json_object *json_user(const struct record_user *user)
{
	json_object *object = json_object_new_object();

	json_add_string(object, "kind",
			user->pasid.hi ? "pasid" : object_class(user->object->kind)->word);
	if (user->object->kind != OBJECT_DEVICE) {
		context_add_object(object, object_class(user->object->kind)->word, user->object);
		return object;
	}
	json_add_string(object, "device", user->object->name);
	if (user->pasid.hi)
		json_add_range(object, "pasid", user->pasid);
	return object;
}

int rules_check_unused(const struct context *context, const struct object *object,
		       struct fault *fault)
{
	json_object *parameters, *array;
	struct record_user users[USERS_SHOWN];
	size_t n = record_list_users(&context->record, object, USERS_SHOWN, users);

	if (n == 0)
		return 0;
	array = json_object_new_array();
	for (size_t i = 0; i < n && i < USERS_SHOWN; i++)
		json_append(array, json_user(&users[i]));
	parameters = json_object_new_object();
	json_add_string(parameters, "kind", object_class(object->kind)->word);
	context_add_object(parameters, "object", object);
	json_add(parameters, "user", array);
	json_add_u64(parameters, "more", n > USERS_SHOWN ? n - USERS_SHOWN : 0);
	return fault_raise(fault, "ObjectInUse", parameters);
}

void context_add_object(json_object *json, const char *key, const struct object *object)
{
	json_add_reference(json, key, (struct reference){ object->id, object->name });
}

void context_add_target(json_object *json, const char *key, struct object *target)
{
	json_object *inner = json_object_new_object();

	context_add_object(inner, "ioas", &record_target_ioas(target)->object);
	if (record_target_hwpt(target))
		context_add_object(inner, "hwpt", target);
	else
		json_add_null(inner, "hwpt");
	json_add(json, key, inner);
}

/* Maximum number named in a message. */
#define PROCESSES_MAX 8

static int refuse_lent(const struct lent_list *list, struct fault *fault)
{
	json_object *parameters = json_object_new_object(), *processes = json_object_new_array();

	for (size_t i = 0; i < list->n && i < PROCESSES_MAX; i++) {
		json_object *process = json_object_new_object();
		/* The name of a process can be any bytes, not only text. */
		const struct lent_command name = lent_command(&list->v[i]);
		_cleanup_free_ char *command = str_printable(name.text);

		json_add_u64(process, "pid", (uint64_t)list->v[i].pid);
		json_add_string(process, "command", str_set(command) ? command : NULL);
		json_append(processes, process);
	}
	json_add(parameters, "process", processes);
	json_add_u64(parameters, "count", list->n);
	return fault_raise(fault, "FdsInUse", parameters);
}

/* Users before what they use. */
static int push_all(const struct record *record, struct change *change)
{
	struct record_device *device;
	struct record_ioas *ioas;
	struct object *hwpt;
	int r = 0;

	for (size_t i = 0; r == 0 && (device = record_device_at(record, i)) != NULL; i++) {
		r = change_clear_pasids(change, device);
		if (r == 0 && device->target)
			r = change_detach(change, device);
	}
	for (size_t i = 0; r == 0 && (hwpt = record_at(record, OBJECT_HWPT, i)) != NULL; i++)
		r = change_destroy(change, hwpt);
	for (size_t i = 0; r == 0 && (ioas = record_ioas_at(record, i)) != NULL; i++) {
		r = change_unmap(change, ioas, 0, UINT64_MAX, true);
		if (r == 0)
			r = change_destroy(change, &ioas->object);
	}
	for (size_t i = 0; r == 0 && (device = record_device_at(record, i)) != NULL; i++)
		r = change_close(change, device);
	return r;
}

/*
 * The last close would undo everything, but other processes may have received the fds. So every
 * object is destroyed explicitly. What fails is in use by another process.
 */
int context_destroy(const struct context *context, bool force, struct fault *fault,
		    struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;
	int r;

	if (context->lent.n && !force)
		return refuse_lent(&context->lent, fault);
	change = change_new();
	r = change ? push_all(&context->record, change) : -ENOMEM;
	if (r == 0) {
		change->final = true;
		change_tolerate(change);
	}
	return rules_end(&change, r, fault, ret);
}
