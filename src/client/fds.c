/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks the fds received from a holder. A program is about to use them, perhaps root's on another
 * user's, and their names prove nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "client/internal.h"
#include "util/str.h"

void holder_fds_done(struct holder_fds *list)
{
	for (size_t i = 0; i < list->n; i++) {
		cleanup_close(&list->v[i].fd);
		free(list->v[i].name);
	}
	free(list->v);
	*list = (struct holder_fds){ 0 };
}

/* Takes the fds received with the reply, each with its name. */
static int take_fds(struct holder_client *client, json_object *reply, struct holder_fds *list)
{
	struct wire wire = { .object = reply };
	size_t n = 0;
	char **names = wire_strings(&wire, "name", &n);
	bool fine = wire.err == 0 && n > 0 && n == client->in.fds.n;

	list->v = fine ? calloc(n, sizeof(list->v[0])) : NULL;
	for (size_t i = 0; i < n; i++) {
		if (!list->v) {
			free(names[i]);
			continue;
		}
		list->v[list->n++] =
			(struct holder_fd){ .name = names[i], .fd = TAKE_FD(client->in.fds.v[i]) };
	}
	free(names);
	if (list->v)
		client->in.fds.n = 0;
	return fine && list->v && strcmp(list->v[0].name, "iommufd") == 0 ? 0 : -EPROTO;
}

/*
 * The device number if FD is a character device opened for reading and writing; else 0. fstat()
 * would ask the daemon of a FUSE file.
 */
static dev_t open_device(int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	struct statx st;

	if (flags < 0 || flags & O_PATH || (flags & O_ACCMODE) != O_RDWR ||
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0 ||
	    !S_ISCHR(st.stx_mode))
		return 0;
	return makedev(st.stx_rdev_major, st.stx_rdev_minor);
}

/* The device number of the misc device iommu; 0 if there is none. */
static dev_t iommu_device(const char *sysfs)
{
	_cleanup_free_ char *path = NULL;
	unsigned int major, minor;
	FILE *f;
	int n;

	if (asprintf(&path, "%s/class/misc/iommu/dev", sysfs) < 0) {
		path = NULL;
		return 0;
	}
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fscanf(f, "%u:%u", &major, &minor);
	fclose(f);
	return n == 2 ? makedev(major, minor) : 0;
}

/*
 * "pci0000:00/0000:00:10.0", the path below devices/ of the VFIO device NUMBER; NULL if it is none.
 */
static char *vfio_path(const char *sysfs, dev_t number)
{
	_cleanup_free_ char *link = NULL, *real = NULL, *top = NULL;
	char *cdev;
	size_t length;

	if (asprintf(&link, "%s/dev/char/%u:%u", sysfs, major(number), minor(number)) < 0)
		link = NULL;
	real = link ? realpath(link, NULL) : NULL;
	top = real ? realpath(sysfs, NULL) : NULL;
	length = top ? strlen(top) : 0;
	cdev = real ? strstr(real, "/vfio-dev/vfio") : NULL;
	if (!top || !cdev || strchr(cdev + strlen("/vfio-dev/"), '/') ||
	    strncmp(real, top, length) != 0 || !str_starts(real + length, "/devices/"))
		return NULL;
	*cdev = '\0';
	return strdup(real + length + strlen("/devices/"));
}

/*
 * Returns true if FDINFO, "/proc/self/fdinfo", says that FD is of another device than PATH. Kernels
 * before 6.17 do not say.
 */
static bool is_of_another(const char *fdinfo, int fd, const char *path)
{
	static const char key[] = "vfio-device-syspath: ";
	_cleanup_free_ char *file = NULL, *line = NULL;
	size_t size = 0;
	bool another = false;
	FILE *f;

	if (asprintf(&file, "%s/%d", fdinfo, fd) < 0) {
		file = NULL;
		return true;
	}
	f = fopen(file, "re");
	if (!f)
		return false;
	while (getline(&line, &size, f) > 0) {
		const char *at;

		line[strcspn(line, "\n")] = '\0';
		at = str_starts(line, key) ? strstr(line + strlen(key), "/devices/") : NULL;
		if (str_starts(line, key))
			another = !at || strcmp(at + strlen("/devices/"), path) != 0;
	}
	fclose(f);
	return another;
}

bool client_fd_is_fit(int fd, const char *sysfs)
{
	const dev_t number = open_device(fd);
	_cleanup_free_ char *path = number ? vfio_path(sysfs, number) : NULL;

	return path || (number && number == iommu_device(sysfs));
}

static bool is_device(const char *sysfs, const char *fdinfo, const struct holder_fd *fd)
{
	const dev_t number = open_device(fd->fd);
	_cleanup_free_ char *path = number ? vfio_path(sysfs, number) : NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && strcmp(slash ? slash + 1 : path, fd->name) == 0 &&
	       !is_of_another(fdinfo, fd->fd, path);
}

int client_check_fds(const struct holder_client *client, const struct holder_fds *list,
		     const char *sysfs, const char *fdinfo, struct holder_error *error)
{
	const dev_t iommu = iommu_device(sysfs), first = open_device(list->v[0].fd);

	if (!iommu || first != iommu)
		return error_set(
			error, HOLDER_ERROR_PROTOCOL, EPROTO,
			"the holder of context %s passed something that is not an open /dev/iommu",
			client->reference);
	for (size_t i = 1; i < list->n; i++)
		if (!is_device(sysfs, fdinfo, &list->v[i]))
			return error_set(
				error, HOLDER_ERROR_PROTOCOL, EPROTO,
				"the holder of context %s passed something that is not the open "
				"VFIO device %s",
				client->reference, list->v[i].name);
	return 0;
}

int holder_get_fds(struct holder_client *client, struct holder_fds *ret, struct holder_error *error)
{
	_cleanup_holder_fds_ struct holder_fds list = { 0 };
	_cleanup_json_ json_object *reply = NULL;
	int r;

	/* Only for this call: closing an fd made by another user may block forever. */
	client->in.fd_wanted = true;
	r = client_call(client, "GetFds", NULL, &reply, error);
	client->in.fd_wanted = false;
	if (r < 0)
		return r;
	if (take_fds(client, reply, &list) < 0)
		return error_protocol(error);
	r = client_check_fds(client, &list, "/sys", "/proc/self/fdinfo", error);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct holder_fds){ 0 };
	return 0;
}
