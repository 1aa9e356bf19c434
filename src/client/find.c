/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a context and connects to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/internal.h"
#include "wire/runtime.h"
#include "util/parse.h"
#include "util/str.h"

void holder_close(struct holder_client *client)
{
	if (!client)
		return;
	cleanup_close(&client->fd);
	free(client->reference);
	varlink_in_done(&client->in);
	json_object_put(client->sent);
	json_object_put(client->captured);
	free(client);
}

const char *holder_reference(const struct holder_client *client)
{
	return client->reference;
}

const char *holder_foreign(const struct holder_client *client)
{
	return client->foreign ? client->reference : NULL;
}

/* NAME as given by the caller, UID the owner. */
static int connect_error(struct holder_error *error, const char *name, uid_t uid, int r)
{
	switch (r) {
	case -ENOENT:
		return error_set(error, HOLDER_ERROR_UNKNOWN, ENOENT, "there is no context %s",
				 name);
	case -ECONNREFUSED:
		r = error_set(error, HOLDER_ERROR_UNKNOWN, ECONNREFUSED,
			      "the holder of context %s is dead, and everything in it is gone",
			      name);
		if (uid == geteuid())
			error_hint(
				error,
				"'ioasidctl context create' with the same name creates it again, "
				"'context destroy' removes what is left");
		else
			error_hint(error, "its owner's 'context destroy' removes what is left");
		return r;
	case -EACCES:
	case -EPERM:
		r = error_set(error, HOLDER_ERROR_PERMISSION, EACCES,
			      "no permission to use context %s", name);
		if (uid != geteuid())
			error_hint(error, "only its own user and root may use a context");
		return r;
	case -EAGAIN:
		return error_set(error, HOLDER_ERROR_PROTOCOL, ETIMEDOUT,
				 "the holder of context %s does not answer", name);
	default:
		return error_set(error, HOLDER_ERROR_SYSTEM, -r, "cannot connect to context %s: %s",
				 name, strerror(-r));
	}
}

/* Suggests other users' contexts of the same name, each as it has to be written. */
static void hint_others(const struct holder_entries *list, const char *name,
			struct holder_error *error)
{
	_cleanup_strv_ struct strv found = { 0 };
	_cleanup_free_ char *text = NULL, *names = NULL;
	const bool roots = list->own != 0 && strv_has(&list->roots, name);

	for (size_t i = 0; i < list->n && found.n < 8; i++)
		if (list->v[i].uid != list->own && list->v[i].status == HOLDER_LIVE &&
		    strcmp(list->v[i].name, name) == 0)
			(void)strv_push(&found, list->v[i].reference);
	names = strv_join(&found, ", ");
	if (roots)
		error_hint(error, "root has a context of that name, which only root may use");
	else if (found.n && names &&
		 asprintf(&text, "another user has a context of that name: %s", names) >= 0)
		error_hint(error, text);
}

/* EAGAIN: the listener's queue is full, for example because the process is stopped. */
static int connect_patiently(int dir, const char *file, uid_t uid, int *ret_fd)
{
	int r = runtime_connect(dir, file, uid, ret_fd);

	for (unsigned int i = 0; r == -EAGAIN && i < CLIENT_PATIENCE / 100; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		r = runtime_connect(dir, file, uid, ret_fd);
	}
	return r;
}

/* Checks that a holder answers and speaks the protocol. */
static int greet(struct holder_client *client, struct holder_error *error)
{
	_cleanup_json_ json_object *reply = NULL;
	json_object *interfaces = NULL;
	int r;

	r = client_call(client, VARLINK_INTERFACE ".GetInfo", NULL, &reply, error);
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

/* ASKED is the name as given by the caller. */
static int connect_in(int dir, const struct client_name *name, const char *asked,
		      struct holder_client **ret, struct holder_error *error)
{
	_cleanup_holder_client_ struct holder_client *client = calloc(1, sizeof(*client));
	_cleanup_free_ char *file = runtime_socket_name(name->name);
	int r;

	if (client)
		client->reference = client_reference(name->name, name->uid, geteuid());
	if (!client || !file || !client->reference)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	client->foreign = name->uid != geteuid();
	client->in.max = (size_t)8 << 20;
	client->fd = -1;
	r = connect_patiently(dir, file, name->uid, &client->fd);
	if (r < 0)
		return connect_error(error, asked, name->uid, r);
	r = client->foreign ? client_shield(client, "/sys") : 0;
	if (r < 0)
		return error_set(error, HOLDER_ERROR_SYSTEM, -r,
				 "cannot start a process to talk to the holder of context %s: %s",
				 asked, strerror(-r));
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
	struct client_name name = { .uid = entry->uid };
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
	snprintf(name.name, sizeof(name.name), "%s", entry->name);
	r = runtime_open_user(path, entry->uid, &dir);
	if (r < 0)
		return connect_error(error, entry->reference, entry->uid, r);
	return connect_in(dir, &name, entry->reference, ret, error);
}

int client_lock_error(struct holder_error *error)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	pid_t pid = 0;

	if (runtime_open(false, &path, &dir) < 0 || runtime_lock_owner(dir, &pid) < 0)
		return error_set(error, HOLDER_ERROR_SYSTEM, EBUSY,
				 "another process has the lock of the runtime directory");
	(void)error_set(error, HOLDER_ERROR_SYSTEM, EBUSY,
			"process %d, which creates or removes a context, has the lock of %s",
			(int)pid, path);
	if (error)
		error_hint(error, "when it has gone on or ended, try again");
	return -EBUSY;
}

int holder_forget(const char *text, bool dry, char **ret_path, struct holder_error *error)
{
	_cleanup_free_ char *path = NULL, *file = NULL, *socket = NULL;
	_cleanup_close_ int dir = -1, lock = -1;
	struct client_name name;
	int r;

	if (client_name_parse(text, geteuid(), false, &name, NULL) < 0 || name.uid != geteuid())
		return -ENOENT;
	file = runtime_socket_name(name.name);
	if (!file)
		return -ENOMEM;
	r = runtime_open(false, &path, &dir);
	if (r == 0)
		r = runtime_lock(dir, CLIENT_PATIENCE, &lock);
	if (r == -EBUSY)
		return client_lock_error(error);
	if (r == 0)
		r = runtime_forget(dir, file, dry);
	runtime_unlock(&lock);
	if (r < 0)
		return r == -EEXIST ? -ENOENT : r;
	if (asprintf(&socket, "%s/%s", path, file) < 0) {
		socket = NULL;
		return -ENOMEM;
	}
	*ret_path = TAKE_PTR(socket);
	return 0;
}

/* Contexts of other users. If they cannot be read there is just no hint. */
static void list_others(const char *name, struct holder_entries *list)
{
	_cleanup_free_ char *path = NULL;

	list->own = geteuid();
	if (list->own == 0) {
		(void)client_list_users(list);
		return;
	}
	/* Root's sockets are visible to everyone, but only root can connect. */
	if (asprintf(&path, RUNTIME_ROOT "/%s.sock", name) < 0)
		path = NULL;
	else if (access(path, F_OK) == 0)
		(void)strv_push(&list->roots, name);
}

static int connect_own(const struct client_name *name, const char *asked,
		       struct holder_client **ret, struct holder_error *error)
{
	_cleanup_holder_entries_ struct holder_entries others = { 0 };
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	int r;

	r = runtime_open(false, &path, &dir);
	if (r == 0)
		r = connect_in(dir, name, asked, ret, error);
	else if (r == -ENOENT)
		(void)connect_error(error, asked, name->uid, r);
	else
		(void)client_directory_error(error, r);
	if (r == 0 || (r != -ENOENT && dir >= 0))
		return r;
	list_others(name->name, &others);
	/* A user who cannot have contexts probably means root's. */
	if (r != -ENOENT && others.roots.n)
		r = connect_error(error, asked, name->uid, -ENOENT);
	if (r == -ENOENT)
		hint_others(&others, name->name, error);
	return r;
}

static int connect_other(const struct client_name *name, const char *asked,
			 struct holder_client **ret, struct holder_error *error)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	int r;

	if (name->uid == 0)
		path = strdup(RUNTIME_ROOT);
	else if (asprintf(&path, RUNTIME_USERS "/%u/ioasidctl", (unsigned int)name->uid) < 0)
		path = NULL;
	if (!path)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	r = runtime_open_user(path, name->uid, &dir);
	return r < 0 ? connect_error(error, asked, name->uid, r)
		     : connect_in(dir, name, asked, ret, error);
}

int holder_connect(const char *text, struct holder_client **ret, struct holder_error *error)
{
	struct client_name name;
	int r = client_name_parse(text, geteuid(), false, &name, error);

	if (r < 0)
		return r;
	return name.uid == geteuid() ? connect_own(&name, text, ret, error)
				     : connect_other(&name, text, ret, error);
}

const struct holder_entry *holder_find_pid(const struct holder_entries *list, pid_t pid)
{
	for (size_t i = 0; pid > 0 && i < list->n; i++)
		if (list->v[i].pid == pid)
			return &list->v[i];
	return NULL;
}

static int check_live(const struct holder_entry *entry, const char *asked,
		      struct holder_error *error)
{
	if (entry->status == HOLDER_LIVE)
		return 0;
	return connect_error(error, asked, entry->uid,
			     entry->status == HOLDER_STALE ? -ECONNREFUSED : -EACCES);
}

int holder_find(const struct holder_entries *list, const char *text,
		const struct holder_entry **ret, struct holder_error *error)
{
	struct client_name name;
	int r = client_name_parse(text, list->own, list->captured, &name, error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].uid == name.uid && strcmp(list->v[i].name, name.name) == 0) {
			r = check_live(&list->v[i], text, error);
			if (r == 0)
				*ret = &list->v[i];
			return r;
		}
	if (name.uid == 0 && list->own != 0 && strv_has(&list->roots, name.name))
		return connect_error(error, text, 0, -EACCES);
	if (name.uid == list->own && list->error < 0 && !strv_has(&list->roots, name.name))
		return client_directory_error(error, list->error);
	r = connect_error(error, text, name.uid, -ENOENT);
	if (name.uid == list->own)
		hint_others(list, name.name, error);
	return r;
}

int holder_connect_captured(const struct holder_entries *list, const char *name,
			    struct holder_client **ret, struct holder_error *error)
{
	const struct holder_entry *entry = NULL;
	int r = holder_find(list, name, &entry, error);

	return r < 0 ? r : client_captured_connect(entry, ret, error);
}
