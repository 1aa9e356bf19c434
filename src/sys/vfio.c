/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/vfio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "sys/uapi.h"
#include "util/cleanup.h"
#include "util/parse.h"
#include "util/str.h"

#define DEVICES    "/sys/devices/"
#define VFIO_NODES "/dev/vfio/devices/"

void vfio_node_done(struct vfio_node *node)
{
	free(node->path);
	free(node->cdev);
	*node = (struct vfio_node){ 0 };
}

/* openat2 makes the kernel refuse links and paths outside /sys/devices. */
static int device_open(const char *path, int *ret_fd)
{
	const struct open_how how = {
		.flags = O_DIRECTORY | O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_close_ int devices = -1;
	long fd;

	if (!str_starts(path, DEVICES) || !path[strlen(DEVICES)])
		return -EINVAL;
	devices = open(DEVICES, O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (devices < 0)
		return -errno;
	fd = syscall(SYS_openat2, devices, path + strlen(DEVICES), &how, sizeof(how));
	if (fd < 0)
		return errno == ELOOP || errno == EXDEV ? -EINVAL : -errno;
	*ret_fd = (int)fd;
	return 0;
}

/* "a//b/../c" is another name of the same device: use the kernel's. */
static int device_path(int dir, char **ret)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	len = readlink(link, path, sizeof(path));
	if (len < 0)
		return -errno;
	if ((size_t)len == sizeof(path))
		return -ENAMETOOLONG;
	*ret = strndup(path, (size_t)len);
	return *ret ? 0 : -ENOMEM;
}

/* The entry of vfio-dev/, which exists only with a VFIO driver. */
static int device_cdev(int dir, char **ret)
{
	_cleanup_closedir_ DIR *list = NULL;
	struct dirent *entry;
	int fd;

	fd = openat(dir, "vfio-dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	list = fdopendir(fd);
	if (!list) {
		close(fd);
		return -ENOMEM;
	}
	while ((errno = 0, entry = readdir(list)) != NULL) {
		if (!str_starts(entry->d_name, "vfio"))
			continue;
		*ret = strdup(entry->d_name);
		return *ret ? 0 : -ENOMEM;
	}
	return errno ? -errno : -ENODEV;
}

/* A missing link means no group; an unreadable one does not. */
static int device_group(int dir, struct vfio_node *node)
{
	char target[PATH_MAX];
	const char *number;
	uint64_t group;
	ssize_t len;

	len = readlinkat(dir, "iommu_group", target, sizeof(target) - 1);
	if (len < 0)
		return errno == ENOENT ? 0 : -errno;
	target[len] = '\0';
	number = strrchr(target, '/');
	if (!number || parse_u64(number + 1, UINT32_MAX, &group) < 0)
		return -EBADMSG;
	node->group = (uint32_t)group;
	node->has_group = true;
	return 0;
}

int vfio_node_find(const char *path, struct vfio_node *ret)
{
	_cleanup_(vfio_node_done) struct vfio_node node = { 0 };
	_cleanup_close_ int dir = -1;
	int r;

	r = device_open(path, &dir);
	if (r < 0)
		return r;
	r = device_path(dir, &node.path);
	if (r < 0)
		return r;
	r = device_cdev(dir, &node.cdev);
	if (r < 0)
		return r;
	r = device_group(dir, &node);
	if (r < 0)
		return r;
	*ret = node;
	node = (struct vfio_node){ 0 };
	return 0;
}

/* The device number of the node according to sysfs. */
static int node_number(const struct vfio_node *node, dev_t *ret)
{
	_cleanup_free_ char *path = NULL;
	unsigned int major_number, minor_number;
	_cleanup_fclose_ FILE *f = NULL;

	if (asprintf(&path, "%s/vfio-dev/%s/dev", node->path, node->cdev) < 0)
		return -ENOMEM;
	f = fopen(path, "re");
	if (!f)
		/* Without CONFIG_VFIO_DEVICE_CDEV, vfio-dev/ exists but has no number. */
		return errno == ENOENT ? -ENODEV : -errno;
	if (fscanf(f, "%u:%u", &major_number, &minor_number) != 2)
		return -ENODEV;
	*ret = makedev(major_number, minor_number);
	return 0;
}

/*
 * Between reading sysfs and opening, the name and number may have been reused. On newer kernels,
 * fdinfo shows which device was opened.
 */
static int check_opened(const struct vfio_node *node, int fd)
{
	static const char key[] = "vfio-device-syspath:";
	char path[64], line[PATH_MAX + sizeof(key)];
	_cleanup_fclose_ FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!str_starts(line, key))
			continue;
		line[strcspn(line, "\n")] = '\0';
		return strcmp(line + strlen(key) + strspn(line + strlen(key), " \t"), node->path) ==
				       0
			       ? 0
			       : -ESTALE;
	}
	return 0;
}

int vfio_node_open(const struct vfio_node *node, int *ret_fd)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	dev_t number = 0;
	int r;

	r = node_number(node, &number);
	if (r < 0)
		return r;
	if (asprintf(&path, VFIO_NODES "%s", node->cdev) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != number)
		return -ESTALE;
	r = check_opened(node, fd);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int vfio_node_check(const struct vfio_node *node)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;
	dev_t number = 0;
	int r;

	r = node_number(node, &number);
	if (r < 0)
		return r;
	if (asprintf(&path, VFIO_NODES "%s", node->cdev) < 0)
		return -ENOMEM;
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) < 0 || lstat(path, &st) < 0)
		return -errno;
	return S_ISCHR(st.st_mode) && st.st_rdev == number ? 0 : -ESTALE;
}

static int vfio_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int vfio_bind(int fd, int iommufd, uint32_t *ret_id)
{
	struct uapi_vfio_bind_iommufd arg = { .argsz = sizeof(arg), .iommufd = iommufd };
	int r;

	r = vfio_ioctl(fd, UAPI_VFIO_DEVICE_BIND_IOMMUFD, &arg);
	if (r < 0)
		return r;
	*ret_id = arg.out_devid;
	return 0;
}

int vfio_set_request_event(int fd, int eventfd)
{
	struct uapi_vfio_device_info info = { .argsz = sizeof(info) };
	struct uapi_vfio_irq_set arg = {
		.argsz = sizeof(arg),
		.flags = UAPI_VFIO_IRQ_SET_EVENTFD | UAPI_VFIO_IRQ_SET_TRIGGER,
		.index = UAPI_VFIO_PCI_REQ_IRQ_INDEX,
		.count = 1,
		.eventfd = eventfd,
	};
	int r;

	r = vfio_ioctl(fd, UAPI_VFIO_DEVICE_GET_INFO, &info);
	if (r < 0)
		return r;
	if (!(info.flags & UAPI_VFIO_DEVICE_FLAGS_PCI))
		return -ENOTTY;
	return vfio_ioctl(fd, UAPI_VFIO_DEVICE_SET_IRQS, &arg);
}

int vfio_attach(int fd, uint32_t target)
{
	struct uapi_vfio_attach_iommufd_pt arg = { .argsz = sizeof(arg), .pt_id = target };

	return vfio_ioctl(fd, UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg);
}

int vfio_detach(int fd)
{
	struct uapi_vfio_detach_iommufd_pt arg = { .argsz = sizeof(arg) };

	return vfio_ioctl(fd, UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg);
}

int vfio_attach_pasid(int fd, uint32_t pasid, uint32_t hwpt)
{
	struct uapi_vfio_attach_iommufd_pt arg = {
		.argsz = sizeof(arg),
		.flags = UAPI_VFIO_ATTACH_PASID,
		.pt_id = hwpt,
		.pasid = pasid,
	};

	return vfio_ioctl(fd, UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg);
}

int vfio_detach_pasid(int fd, uint32_t pasid)
{
	struct uapi_vfio_detach_iommufd_pt arg = {
		.argsz = sizeof(arg),
		.flags = UAPI_VFIO_DETACH_PASID,
		.pasid = pasid,
	};

	return vfio_ioctl(fd, UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg);
}
