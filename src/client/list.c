/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists contexts. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/internal.h"
#include "wire/runtime.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/str.h"

void holder_entries_done(struct holder_entries *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].reference);
		free(list->v[i].socket);
		json_object_put(list->v[i].captured);
	}
	free(list->v);
	strv_done(&list->roots);
	*list = (struct holder_entries){ 0 };
}

/* ENTRY has all fields but the strings. */
static int push_entry(struct holder_entries *list, const char *directory, const char *file,
		      const struct holder_entry *entry)
{
	_cleanup_free_ char *name = strndup(file, strlen(file) - strlen(".sock")), *path = NULL;
	_cleanup_free_ char *reference = NULL;
	struct holder_entry *slot;

	reference = name ? client_reference(name, entry->uid, geteuid()) : NULL;
	if (!reference || asprintf(&path, "%s/%s", directory, file) < 0)
		return -ENOMEM;
	slot = array_push(list->v, list->n);
	if (!slot)
		return -ENOMEM;
	*slot = *entry;
	slot->name = TAKE_PTR(name);
	slot->reference = TAKE_PTR(reference);
	slot->socket = TAKE_PTR(path);
	return 0;
}

/* "NAME.sock" with a valid context name. */
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

/* Returns false if it is not a socket, or has been removed. */
static bool probe(int dir, const char *file, struct holder_entry *entry)
{
	switch (runtime_probe(dir, file, entry->uid, &entry->pid)) {
	case 0:
	case -EAGAIN:
		entry->status = HOLDER_LIVE;
		return true;
	case -ECONNREFUSED:
		entry->status = HOLDER_STALE;
		return true;
	case -EACCES:
	case -EPERM:
		entry->status = HOLDER_DENIED;
		return true;
	default:
		return false;
	}
}

static int list_directory(int dir, const char *path, uid_t uid, struct holder_entries *list)
{
	_cleanup_closedir_ DIR *stream = NULL;
	struct dirent *file;
	int fd, r = 0;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	stream = fdopendir(fd);
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (file = readdir(stream)) != NULL) {
		struct holder_entry entry = { .uid = uid };

		if (is_socket_name(file->d_name) && probe(dir, file->d_name, &entry))
			r = push_entry(list, path, file->d_name, &entry);
	}
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
	/* Missing, or not owned by that user: no contexts. */
	if (runtime_open_user(path, (uid_t)uid, &dir) < 0)
		return 0;
	return list_directory(dir, path, (uid_t)uid, list);
}

int client_list_users(struct holder_entries *list)
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
		/* Without XDG_RUNTIME_DIR (-ENXIO) a user cannot have created one. */
		return r == -ENOENT || r == -ENXIO ? 0 : r;
	return list_directory(dir, path, geteuid(), list);
}

/* Found by their sockets, to which only root can connect. */
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
		error_hint(error, "a login session sets it, usually to /run/user/UID");
		return r;
	case -EINVAL:
		return error_set(error, HOLDER_ERROR_SYSTEM, EINVAL,
				 "XDG_RUNTIME_DIR is not an absolute path");
	case -EPERM:
		return error_set(
			error, HOLDER_ERROR_PERMISSION, EPERM,
			"the runtime directory does not belong to the caller, or others may "
			"write to it");
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
		r = geteuid() == 0 ? client_list_users(&list) : list_roots(&list);
	if (r < 0)
		return client_directory_error(error, r);
	if (list.n > 1)
		qsort(list.v, list.n, sizeof(list.v[0]), compare);
	list.own = geteuid();
	*ret = list;
	list = (struct holder_entries){ 0 };
	return 0;
}
