/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts: which there are, and the way to one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "holder/client_wire.h"
#include "holder/runtime.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/str.h"

void holder_entries_done(struct holder_entries *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].socket);
		json_object_put(list->v[i].captured);
	}
	free(list->v);
	strv_done(&list->roots);
	*list = (struct holder_entries){ 0 };
}

static int push_entry(struct holder_entries *list, const char *directory, const char *file,
		      uid_t uid, enum holder_status status)
{
	_cleanup_free_ char *name = strndup(file, strlen(file) - strlen(".sock")), *path = NULL;
	struct holder_entry *entry;

	if (!name || asprintf(&path, "%s/%s", directory, file) < 0)
		return -ENOMEM;
	entry = array_push(list->v, list->n);
	if (!entry)
		return -ENOMEM;
	*entry = (struct holder_entry){
		.name = TAKE_PTR(name),
		.socket = TAKE_PTR(path),
		.uid = uid,
		.status = status,
	};
	return 0;
}

/* "NAME.sock" with a NAME that a context can have. */
static bool is_socket_name(const char *file)
{
	char name[NAME_LENGTH_MAX + 1];
	size_t length = strlen(file);

	if (!str_ends(file, ".sock") || length - strlen(".sock") > NAME_LENGTH_MAX)
		return false;
	memcpy(name, file, length - strlen(".sock"));
	name[length - strlen(".sock")] = '\0';
	return parse_is_name(name);
}

/* False for what is no socket, or has gone by now. */
static bool probe(int dir, const char *file, uid_t uid, enum holder_status *ret)
{
	_cleanup_close_ int fd = -1;
	int r = runtime_connect(dir, file, uid, &fd);

	switch (r) {
	case 0:
	case -EAGAIN:
		*ret = HOLDER_LIVE;
		return true;
	case -ECONNREFUSED:
		*ret = HOLDER_STALE;
		return true;
	case -EACCES:
	case -EPERM:
		*ret = HOLDER_DENIED;
		return true;
	default:
		return false;
	}
}

static int list_directory(int dir, const char *path, uid_t uid, struct holder_entries *list)
{
	_cleanup_closedir_ DIR *stream = NULL;
	enum holder_status status;
	struct dirent *entry;
	int fd, r = 0;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	stream = fdopendir(fd);
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(stream)) != NULL)
		if (is_socket_name(entry->d_name) && probe(dir, entry->d_name, uid, &status))
			r = push_entry(list, path, entry->d_name, uid, status);
	return r;
}

static int list_user(const char *number, struct holder_entries *list)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	uint64_t uid;

	if (parse_u64(number, UINT32_MAX - 1, &uid) < 0)
		return 0;
	if (asprintf(&path, RUNTIME_USERS "/%s/ioasidctl", number) < 0)
		return -ENOMEM;
	/* Nothing there, or something that the user does not answer for: no contexts. */
	if (runtime_open_user(path, (uid_t)uid, &dir) < 0)
		return 0;
	return list_directory(dir, path, (uid_t)uid, list);
}

static int list_users(struct holder_entries *list)
{
	_cleanup_closedir_ DIR *stream = opendir(RUNTIME_USERS);
	struct dirent *entry;
	int r = 0;

	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(stream)) != NULL)
		r = list_user(entry->d_name, list);
	return r;
}

static int list_own(struct holder_entries *list)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	int r;

	r = runtime_open(false, &path, &dir);
	list->error = r == -ENOENT ? 0 : r;
	if (r < 0)
		/* Without XDG_RUNTIME_DIR (-ENXIO) a user can have made none. */
		return r == -ENOENT || r == -ENXIO ? 0 : r;
	return list_directory(dir, path, geteuid(), list);
}

/* By their sockets, to which nobody else may connect. */
static int list_roots(struct holder_entries *list)
{
	_cleanup_closedir_ DIR *stream = opendir(RUNTIME_ROOT);
	struct dirent *entry;
	int r = 0;

	while (stream && r == 0 && (entry = readdir(stream)) != NULL)
		if (is_socket_name(entry->d_name)) {
			entry->d_name[strlen(entry->d_name) - strlen(".sock")] = '\0';
			r = strv_push(&list->roots, entry->d_name);
		}
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct holder_entry *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return strverscmp(x->name, y->name);
}

int client_directory_error(struct holder_error *error, int r)
{
	switch (r) {
	case -ENXIO:
		(void)error_set(error, HOLDER_ERROR_SYSTEM, ENXIO, "XDG_RUNTIME_DIR is not set");
		error_hint(error, "a login session has it, as a rule /run/user/UID");
		return r;
	case -EINVAL:
		return error_set(error, HOLDER_ERROR_SYSTEM, EINVAL,
				 "XDG_RUNTIME_DIR is no absolute path");
	case -EPERM:
		return error_set(
			error, HOLDER_ERROR_PERMISSION, EPERM,
			"the runtime directory is not the caller's own, or others may write to it");
	default:
		return error_set(error, HOLDER_ERROR_SYSTEM, -r, "runtime directory: %s",
				 strerror(-r));
	}
}

int holder_list(struct holder_entries *ret, struct holder_error *error)
{
	_cleanup_holder_entries_ struct holder_entries list = { 0 };
	int r;

	r = list_own(&list);
	if (r == 0)
		r = geteuid() == 0 ? list_users(&list) : list_roots(&list);
	if (r < 0)
		return client_directory_error(error, r);
	if (list.n > 1)
		qsort(list.v, list.n, sizeof(list.v[0]), compare);
	list.own = geteuid();
	*ret = list;
	list = (struct holder_entries){ 0 };
	return 0;
}

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

	r = list_users(&list);
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
