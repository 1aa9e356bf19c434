/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower bound for 'group list': reads the same files of every member of every group by
 * directory fds, without storing or printing anything.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GROUPS "/sys/kernel/iommu_groups"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void read_file(int dir, const char *name)
{
	char buf[4096];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(name);
	if (read(fd, buf, sizeof(buf)) < 0)
		die(name);
	close(fd);
}

static void read_device(int devices, const char *name)
{
	int dir = openat(devices, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char target[4096];

	if (dir < 0)
		die(name);
	read_file(dir, "uevent");
	if (readlinkat(dir, "iommu", target, sizeof(target)) < 0)
		die("iommu");
	close(dir);
}

static size_t read_group(int groups, const char *name)
{
	int dir = openat(groups, name, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	struct dirent *entry;
	size_t members = 0;
	DIR *devices;

	if (dir < 0)
		die(name);
	read_file(dir, "type");
	fd = openat(dir, "devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	devices = fd < 0 ? NULL : fdopendir(fd);
	if (!devices)
		die("devices");
	while ((entry = readdir(devices))) {
		if (entry->d_name[0] == '.')
			continue;
		read_device(fd, entry->d_name);
		members++;
	}
	closedir(devices);
	close(dir);
	return members;
}

int main(void)
{
	DIR *groups = opendir(GROUPS);
	struct dirent *entry;
	size_t members = 0;

	if (!groups)
		die(GROUPS);
	while ((entry = readdir(groups)))
		if (entry->d_name[0] != '.')
			members += read_group(dirfd(groups), entry->d_name);
	closedir(groups);
	fprintf(stderr, "%zu devices\n", members);
	return 0;
}
