/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to a context. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "holder/client_wire.h"
#include "holder/runtime.h"
#include "util/parse.h"
#include "util/str.h"

void holder_close(struct holder_client *client)
{
	if (!client)
		return;
	cleanup_close(&client->fd);
	varlink_in_done(&client->in);
	json_object_put(client->captured);
	free(client);
}

/* UID is whose context it is, or would be. */
static int connect_error(struct holder_error *error, const char *name, uid_t uid, int r)
{
	switch (r) {
	case -ENOENT:
		return error_set(error, HOLDER_ERROR_UNKNOWN, ENOENT, "there is no context %s",
				 name);
	case -ECONNREFUSED:
		r = error_set(error, HOLDER_ERROR_UNKNOWN, ECONNREFUSED,
			      "the holder of context %s is dead, and all it had is gone", name);
		if (error && uid == geteuid())
			error_hint(error,
				   "'ioasidctl context create' with the same name starts anew, "
				   "'context destroy' removes what is left");
		return r;
	case -EACCES:
	case -EPERM:
		return error_set(error, HOLDER_ERROR_PERMISSION, EACCES,
				 "no permission to use context %s", name);
	case -EAGAIN:
		return error_set(error, HOLDER_ERROR_PROTOCOL, ETIMEDOUT,
				 "the holder of context %s does not answer", name);
	default:
		return error_set(error, HOLDER_ERROR_SYSTEM, -r, "connect to context %s: %s", name,
				 strerror(-r));
	}
}

/* EAGAIN: its queue of connections is full, as that of a stopped process gets. */
static int connect_patiently(int dir, const char *file, uid_t uid, int *ret_fd)
{
	int r = runtime_connect(dir, file, uid, ret_fd);

	for (unsigned int i = 0; r == -EAGAIN && i < CLIENT_PATIENCE / 100; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		r = runtime_connect(dir, file, uid, ret_fd);
	}
	return r;
}

/* Proves that somebody answers, and in our language. */
static int greet(struct holder_client *client, struct holder_error *error)
{
	_cleanup_json_ json_object *reply = NULL;
	json_object *interfaces = NULL;
	int r;

	r = client_call(client, VARLINK_INTERFACE ".GetInfo", NULL, true, &reply, error);
	if (r < 0)
		return r;
	if (json_get_array(reply, "interfaces", &interfaces) > 0)
		for (size_t i = 0; i < json_object_array_length(interfaces); i++) {
			json_object *name = json_object_array_get_idx(interfaces, i);

			if (json_object_is_type(name, json_type_string) &&
			    strcmp(json_object_get_string(name), HOLDER_INTERFACE) == 0)
				return 0;
		}
	return error_protocol(error);
}

static int connect_in(int dir, const char *name, uid_t uid, struct holder_client **ret,
		      struct holder_error *error)
{
	_cleanup_holder_client_ struct holder_client *client = calloc(1, sizeof(*client));
	_cleanup_free_ char *file = runtime_socket_name(name);
	int r;

	if (!client || !file)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	client->in.max = (size_t)8 << 20;
	client->in.fd_wanted = true;
	client->fd = -1;
	r = connect_patiently(dir, file, uid, &client->fd);
	if (r < 0)
		return connect_error(error, name, uid, r);
	r = greet(client, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(client);
	return 0;
}

int holder_connect_entry(const struct holder_entry *entry, struct holder_client **ret,
			 struct holder_error *error)
{
	_cleanup_free_ char *path = strdup(entry->socket);
	_cleanup_close_ int dir = -1;
	char *slash;
	int r;

	if (entry->captured)
		return client_captured_connect(entry, ret, error);
	if (!path)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	r = runtime_open_user(path, entry->uid, &dir);
	if (r < 0)
		return connect_error(error, entry->name, entry->uid, r);
	return connect_in(dir, entry->name, entry->uid, ret, error);
}

int holder_forget(const char *name, bool dry, char **ret_path)
{
	_cleanup_free_ char *path = NULL, *file = NULL, *socket = NULL;
	_cleanup_close_ int dir = -1, lock = -1;
	int r;

	if (!parse_is_name(name))
		return -ENOENT;
	file = runtime_socket_name(name);
	if (!file)
		return -ENOMEM;
	r = runtime_open(false, &path, &dir);
	if (r == 0)
		r = runtime_lock(dir, &lock);
	if (r == 0)
		r = runtime_forget(dir, file, dry);
	if (r < 0)
		return r == -EEXIST ? -ENOENT : r;
	if (asprintf(&socket, "%s/%s", path, file) < 0) {
		socket = NULL;
		return -ENOMEM;
	}
	*ret_path = TAKE_PTR(socket);
	return 0;
}

/* Root's second look: among the users', where a name can be there more than once. */
static int connect_users(const char *name, struct holder_client **ret, struct holder_error *error)
{
	_cleanup_holder_entries_ struct holder_entries list = { 0 };
	const struct holder_entry *found = NULL;
	int r;

	r = client_list_users(&list);
	if (r < 0)
		return client_directory_error(error, r);
	for (size_t i = 0; i < list.n; i++) {
		if (strcmp(list.v[i].name, name) != 0)
			continue;
		if (found)
			return error_set(error, HOLDER_ERROR_UNKNOWN, ENOTUNIQ,
					 "several users have a context %s (%u, %u)", name,
					 found->uid, list.v[i].uid);
		found = &list.v[i];
	}
	return found ? holder_connect_entry(found, ret, error)
		     : connect_error(error, name, geteuid(), -ENOENT);
}

/* Has root a context of that name? Everybody may see its socket, and nobody else connect. */
static bool is_roots(const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, RUNTIME_ROOT "/%s.sock", name) < 0) {
		path = NULL;
		return false;
	}
	return access(path, F_OK) == 0;
}

int holder_connect(const char *name, struct holder_client **ret, struct holder_error *error)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	int r;

	if (!parse_is_name(name))
		return error_set(error, HOLDER_ERROR_USAGE, EINVAL, "'%s' is no name of a context",
				 name);
	r = runtime_open(false, &path, &dir);
	if (r < 0 && r != -ENOENT)
		return geteuid() != 0 && is_roots(name) ? connect_error(error, name, 0, -EACCES)
							: client_directory_error(error, r);
	r = r < 0 ? connect_error(error, name, geteuid(), r)
		  : connect_in(dir, name, geteuid(), ret, error);
	if (r == -ENOENT && geteuid() != 0 && is_roots(name))
		return connect_error(error, name, 0, -EACCES);
	/* A dead holder of root's own does not hide a live one of a user. */
	if ((r == -ENOENT || r == -ECONNREFUSED) && geteuid() == 0) {
		_cleanup_holder_error_ struct holder_error other = { 0 };
		int r2 = connect_users(name, ret, &other);

		if (r2 == -ENOENT)
			return r;
		r = r2;
		if (error && r < 0) {
			holder_error_done(error);
			*error = other;
			other = (struct holder_error){ 0 };
		}
	}
	return r;
}

/* The caller's own of that name, else for root a user's, where there is but one. */
static int find_captured(const struct holder_entries *list, const char *name,
			 const struct holder_entry **ret, struct holder_error *error)
{
	const struct holder_entry *own = NULL, *other = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct holder_entry *entry = &list->v[i];

		if (strcmp(entry->name, name) != 0)
			continue;
		if (entry->uid == list->own)
			own = entry;
		else if (other)
			return error_set(error, HOLDER_ERROR_UNKNOWN, ENOTUNIQ,
					 "several users have a context %s (%u, %u)", name,
					 other->uid, entry->uid);
		else
			other = entry;
	}
	if (other && (!own || own->status == HOLDER_STALE))
		own = other;
	if (!own && strv_has(&list->roots, name))
		return connect_error(error, name, 0, -EACCES);
	if (!own)
		return list->error < 0 ? client_directory_error(error, list->error)
				       : connect_error(error, name, list->own, -ENOENT);
	*ret = own;
	return 0;
}

int holder_connect_captured(const struct holder_entries *list, const char *name,
			    struct holder_client **ret, struct holder_error *error)
{
	const struct holder_entry *entry = NULL;
	int r;

	if (!parse_is_name(name))
		return error_set(error, HOLDER_ERROR_USAGE, EINVAL, "'%s' is no name of a context",
				 name);
	r = find_captured(list, name, &entry, error);
	if (r < 0)
		return r;
	switch (entry->status) {
	case HOLDER_STALE:
		return connect_error(error, name, entry->uid, -ECONNREFUSED);
	case HOLDER_DENIED:
		return connect_error(error, name, entry->uid, -EACCES);
	case HOLDER_LIVE:
		break;
	}
	return client_captured_connect(entry, ret, error);
}
