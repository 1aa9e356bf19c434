/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The replies of a machine's holders as one text, and calls answered from such a text:
 *
 *  { "uid": UID, "context": [ { "name", "socket", "uid", "status": "live",
 *      "describe": REPLY, "bindings": [ REPLY, ... ], "ioas": [ REPLY, ... ] }, ... ] }
 *
 * and optionally "error": ERRNO, why UID cannot have contexts; "roots": [ NAME, ... ], root's
 * contexts, visible to others but not usable.
 *
 * REPLY is what the methods Describe, ListBindings and ShowIoas return. UID is the user who
 * captured. A call that failed has "error": { "err", "message" } instead.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/parse.h"

#define FORMAT (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

static const char *const states[] = {
	[HOLDER_LIVE] = "live", [HOLDER_STALE] = "stale", [HOLDER_DENIED] = "denied"
};

/*
 * Other users' holders must not fill the memory, nor the file, nor talk without end: what one may send, what its part
 * of the text may be, and that of all, in bytes; for how long one may talk, and all, in ms.
 */
#define SENT_MAX     ((uint64_t)8 << 20)
#define CONTEXT_MAX  ((size_t)16 << 20)
#define CONTEXTS_MAX ((size_t)48 << 20)
#define TALK_MAX     (2 * CLIENT_PATIENCE)
#define TALKS_MAX    (6 * CLIENT_PATIENCE)

/* What the contexts so far have cost. */
struct spent {
	size_t text;
	int64_t until; /* ms: then no more are asked */
};

/* A holder that is asked, and its replies to one method. */
struct asked {
	struct holder_client *client;
	json_object *replies;
	int64_t until; /* ms */
};

static int fail_large(struct holder_error *error)
{
	return error_set(error, HOLDER_ERROR_PROTOCOL, EMSGSIZE,
			 "the context is larger than a capture can have it");
}

static int add_reply(void *userdata, json_object *reply, struct holder_error *error)
{
	const struct asked *asked = userdata;
	const struct varlink_in *in = &asked->client->in;

	if (in->origin + in->begin > SENT_MAX)
		return fail_large(error);
	if (clock_ms() > asked->until)
		return client_transport_error(error, -ETIMEDOUT);
	json_append(asked->replies, json_object_get(reply));
	return 0;
}

/* Hides the names in VALUE, which users have chosen, wherever they are; those of devices are no "name". */
static void hide_names_in(json_object *value)
{
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			hide_names_in(json_object_array_get_idx(value, i));
	if (!json_object_is_type(value, json_type_object))
		return;
	if (json_object_object_get(value, "name"))
		json_add_null(value, "name");
	json_object_object_foreach(value, key, inner)
	{
		(void)key;
		hide_names_in(inner);
	}
}

/* A context is named by its index in the list. */
static void hide_names(json_object *context, const char *name)
{
	json_object *describe = NULL;
	char socket[96];

	snprintf(socket, sizeof(socket), "/run/ioasidctl/%s.sock", name);
	hide_names_in(context);
	json_add_string(context, "name", name);
	json_add_string(context, "socket", socket);
	if (json_get_object(context, "describe", &describe) > 0)
		json_add_string(describe, "name", name);
}

/* ShowIoas of each IOAS in DESCRIBE. */
static int ask_ioases(struct asked *asked, json_object *describe, struct holder_error *error)
{
	json_object *list = NULL;
	int r = 0;

	if (json_get_array(describe, "ioas", &list) <= 0)
		return 0;
	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++) {
		_cleanup_json_ json_object *reply = NULL;
		json_object *parameters;
		uint32_t id;

		if (json_get_u32(json_object_array_get_idx(list, i), "id", &id) <= 0)
			return error_protocol(error);
		parameters = json_object_new_object();
		json_add_reference(parameters, "ioas", reference_id(id));
		r = client_call(asked->client, "ShowIoas", parameters, &reply, error);
		if (r == 0)
			r = add_reply(asked, reply, error);
	}
	return r;
}

static int ask(const struct holder_entry *entry, json_object *context, struct holder_error *error)
{
	_cleanup_holder_client_ struct holder_client *client = NULL;
	json_object *bindings = json_object_new_array(), *ioases = json_object_new_array();
	struct asked asked = { .replies = bindings, .until = clock_ms() + TALK_MAX };
	json_object *describe = NULL;
	pid_t pid;
	uid_t uid;
	int r;

	json_add(context, "bindings", bindings);
	json_add(context, "ioas", ioases);
	r = holder_connect_entry(entry, &client, error);
	if (r == 0)
		r = client_call(client, "Describe", NULL, &describe, error);
	if (r < 0)
		return r;
	json_add(context, "describe", describe);
	/*
	 * Overwrite what the kernel knows better than the holder; in a captured machine that is
	 * already done.
	 */
	if (!client->captured) {
		r = client_peer(client, &pid, &uid);
		if (r < 0)
			return error_set(error, HOLDER_ERROR_PROTOCOL, -r, "%s", strerror(-r));
		json_add_u64(describe, "pid", (uint64_t)pid);
		json_add_u64(describe, "uid", uid);
	}
	asked.client = client;
	r = client_call_more(client, "ListBindings", json_object_new_object(), add_reply, &asked,
			     error);
	asked.replies = ioases;
	return r < 0 ? r : ask_ioases(&asked, describe, error);
}

/* Keeps the origin of the message, in which the name of the context may have to be HIDDEN. */
static void add_message(json_object *failure, const struct holder_error *error, bool hidden)
{
	_cleanup_free_ char *text = NULL;

	if (hidden) {
		json_add_string(failure, "message", strerror(error->err));
		return;
	}
	if (error->holder && error->message &&
	    asprintf(&text, "its holder says: %s", error->message) < 0)
		text = NULL;
	json_add_string(failure, "message", text ? text : error->message);
}

static int check_size(json_object *context, struct spent *spent, struct holder_error *error)
{
	static const char *const parts[] = { "describe", "bindings", "ioas" };
	/* Whose text it is keeps it. */
	_cleanup_json_ json_object *writer = json_object_new_array();
	const char *text;
	size_t size;

	json_append(writer, json_object_get(context));
	text = json_object_to_json_string_ext(writer, FORMAT);
	size = text ? strlen(text) : CONTEXT_MAX;
	if (size < CONTEXT_MAX && size < CONTEXTS_MAX - spent->text) {
		spent->text += size;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		json_object_object_del(context, parts[i]);
	return fail_large(error);
}

static json_object *capture_entry(const struct holder_entry *entry, const char *hidden,
				  struct spent *spent)
{
	_cleanup_holder_error_ struct holder_error error = { 0 };
	json_object *context = json_object_new_object(), *failure;
	int r = 0;

	json_add_string(context, "name", entry->name);
	json_add_string(context, "socket", entry->socket);
	json_add_u64(context, "uid", entry->uid);
	json_add_string(context, "status", states[entry->status]);
	if (entry->status == HOLDER_LIVE && clock_ms() > spent->until)
		r = error_set(&error, HOLDER_ERROR_PROTOCOL, ETIMEDOUT,
			      "it was not asked: others took too long");
	else if (entry->status == HOLDER_LIVE)
		r = ask(entry, context, &error);
	if (check_size(context, spent, &error) < 0)
		r = -EMSGSIZE;
	if (r < 0) {
		failure = json_object_new_object();
		json_add_u64(failure, "err", (uint64_t)error.err);
		add_message(failure, &error, hidden != NULL);
		json_add(context, "error", failure);
	}
	if (hidden)
		hide_names(context, hidden);
	return context;
}

int holder_capture(const struct holder_entries *entries, bool anonymous, char **ret)
{
	_cleanup_json_ json_object *all = json_object_new_object();
	json_object *list = json_object_new_array(), *roots = json_object_new_array();
	const char *text;
	struct spent spent = { .until = clock_ms() + TALKS_MAX };

	json_add_u64(all, "uid", entries->own);
	if (entries->error < 0)
		json_add_u64(all, "error", (uint64_t)-entries->error);
	json_add(all, "roots", roots);
	for (size_t i = 0; i < entries->roots.n && !anonymous; i++)
		json_append(roots, json_object_new_string(entries->roots.v[i]));
	json_add(all, "context", list);
	for (size_t i = 0; i < entries->n; i++) {
		char hidden[32];

		snprintf(hidden, sizeof(hidden), "context-%zu", i + 1);
		json_append(list, capture_entry(&entries->v[i], anonymous ? hidden : NULL, &spent));
	}
	text = json_object_to_json_string_ext(all, FORMAT);
	if (!text || asprintf(ret, "%s\n", text) < 0)
		return -ENOMEM;
	return 0;
}

/* The pid of a live holder; 0 if it was not asked or did not answer. */
static pid_t captured_pid(json_object *context)
{
	json_object *describe = NULL;
	uint32_t pid = 0;

	if (json_get_object(context, "describe", &describe) <= 0 ||
	    json_get_u32(describe, "pid", &pid) <= 0 || pid > INT32_MAX)
		return 0;
	return (pid_t)pid;
}

static int read_entry(json_object *context, struct holder_entries *list)
{
	const char *name = NULL, *socket = NULL, *status = NULL;
	struct holder_entry entry = { 0 }, *slot;
	uint32_t uid;

	if (!json_object_is_type(context, json_type_object) ||
	    json_get_string(context, "name", &name) <= 0 || !parse_is_name(name) ||
	    json_get_string(context, "socket", &socket) <= 0 ||
	    json_get_string(context, "status", &status) <= 0 ||
	    json_get_u32(context, "uid", &uid) <= 0)
		return -EBADMSG;
	while (entry.status < ARRAY_SIZE(states) && strcmp(states[entry.status], status) != 0)
		entry.status++;
	if (entry.status >= ARRAY_SIZE(states))
		return -EBADMSG;
	slot = array_push(list->v, list->n);
	if (!slot)
		return -ENOMEM;
	entry.name = strdup(name);
	entry.reference = client_reference(name, uid, list->own);
	entry.socket = strdup(socket);
	entry.uid = uid;
	entry.pid = captured_pid(context);
	entry.captured = json_object_get(context);
	*slot = entry;
	return entry.name && entry.reference && entry.socket ? 0 : -ENOMEM;
}

static int read_roots(json_object *all, struct strv *ret)
{
	json_object *roots = NULL;
	int r = json_get_array(all, "roots", &roots) <= 0 ? -EBADMSG : 0;

	for (size_t i = 0; r == 0 && i < json_object_array_length(roots); i++) {
		json_object *name = json_object_array_get_idx(roots, i);

		r = json_object_is_type(name, json_type_string)
			    ? strv_push(ret, json_object_get_string(name))
			    : -EBADMSG;
	}
	return r;
}

int holder_list_captured(const char *text, struct holder_entries *ret)
{
	_cleanup_holder_entries_ struct holder_entries list = { 0 };
	_cleanup_json_ json_object *all = NULL;
	json_object *contexts = NULL;
	uint32_t own = 0, error = 0;
	int r = json_parse(text, strlen(text), &all);

	if (r == 0 &&
	    (json_get_u32(all, "uid", &own) <= 0 || json_get_u32(all, "error", &error) < 0 ||
	     error > 4095 || json_get_array(all, "context", &contexts) <= 0))
		r = -EBADMSG;
	list.own = own;
	list.captured = true;
	for (size_t i = 0; r == 0 && i < json_object_array_length(contexts); i++)
		r = read_entry(json_object_array_get_idx(contexts, i), &list);
	if (r == 0)
		r = read_roots(all, &list.roots);
	if (r < 0)
		return r;
	list.error = -(int)error;
	*ret = list;
	list = (struct holder_entries){ 0 };
	return 0;
}

int client_captured_connect(const struct holder_entry *entry, struct holder_client **ret,
			    struct holder_error *error)
{
	struct holder_client *client;
	json_object *failure = NULL;
	const char *message = NULL;
	uint32_t err = 0;

	if (json_get_object(entry->captured, "error", &failure) > 0) {
		(void)json_get_u32(failure, "err", &err);
		(void)json_get_string(failure, "message", &message);
		return error_set(error, HOLDER_ERROR_PROTOCOL,
				 err > 0 && err < 4096 ? (int)err : EPROTO, "%s",
				 message ? message : "the context could not be asked");
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	client->fd = -1;
	client->captured = json_object_get(entry->captured);
	client->reference = strdup(entry->reference);
	if (!client->reference) {
		holder_close(client);
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	}
	*ret = client;
	return 0;
}

/* As in record_find(). */
static bool is_ioas(json_object *reply, struct reference reference)
{
	json_object *ioas = NULL;
	const char *name = NULL;
	uint32_t id;

	if (json_get_object(reply, "ioas", &ioas) <= 0)
		return false;
	if (!reference.name)
		return json_get_u32(ioas, "id", &id) > 0 && id == reference.id;
	return json_get_string(ioas, "name", &name) > 0 && strcmp(name, reference.name) == 0;
}

static int show_ioas(const struct holder_client *client, json_object *parameters, json_object **ret,
		     struct holder_error *error)
{
	_cleanup_json_ json_object *unknown = NULL;
	struct reference reference = { 0 };
	json_object *list = NULL;

	if (json_get_reference(parameters, "ioas", &reference) <= 0 ||
	    json_get_array(client->captured, "ioas", &list) <= 0)
		return error_protocol(error);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (is_ioas(json_object_array_get_idx(list, i), reference)) {
			*ret = json_object_get(json_object_array_get_idx(list, i));
			return 0;
		}
	unknown = json_object_new_object();
	json_add_string(unknown, "kind", "ioas");
	json_add_reference(unknown, "object", reference);
	return client_error_from_reply(client, error, HOLDER_INTERFACE ".UnknownObject", unknown);
}

int client_captured_call(const struct holder_client *client, const char *method,
			 json_object *parameters, json_object **ret, struct holder_error *error)
{
	_cleanup_json_ json_object *owned = parameters;
	json_object *reply = NULL;

	if (strcmp(method, "ShowIoas") == 0)
		return show_ioas(client, owned, ret, error);
	if (strcmp(method, "Describe") != 0 ||
	    json_get_object(client->captured, "describe", &reply) <= 0)
		return error_protocol(error);
	*ret = json_object_get(reply);
	return 0;
}

int client_captured_more(const struct holder_client *client, const char *method,
			 json_object *parameters,
			 int (*each)(void *userdata, json_object *reply,
				     struct holder_error *error),
			 void *userdata, struct holder_error *error)
{
	json_object *list = NULL;
	int r = 0;

	/*
	 * Only the call for all devices is captured: no command that reads asks for a single one.
	 */
	json_object_put(parameters);
	if (strcmp(method, "ListBindings") != 0 ||
	    json_get_array(client->captured, "bindings", &list) <= 0)
		return error_protocol(error);
	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++) {
		json_object *reply = json_object_array_get_idx(list, i);

		r = json_object_is_type(reply, json_type_object) ? each(userdata, reply, error)
								 : error_protocol(error);
	}
	return r;
}
