/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/kfd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/str.h"

#define NODES "sys/class/kfd/kfd/topology/nodes"

void sys_kfd_gpus_done(struct kfd_gpus *gpus)
{
	free(gpus->v);
	*gpus = (struct kfd_gpus){ 0 };
}

/* The number after KEY and a space, in the line from AT to END. */
static bool line_value(const char *at, const char *end, const char *key, uint32_t *ret)
{
	size_t len = strlen(key);
	uint64_t value = 0;

	if ((size_t)(end - at) < len + 2 || memcmp(at, key, len) != 0 || at[len] != ' ')
		return false;
	for (at += len + 1; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		value = value * 10 + (uint64_t)(*at - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*ret = (uint32_t)value;
	return true;
}

int sys_kfd_properties_parse(const char *text, size_t size, uint32_t *ret_domain,
			     uint32_t *ret_location)
{
	const char *end = text + size;
	uint32_t domain = 0, location = 0;
	bool found = false;

	for (const char *at = text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		/*
		 * "domain" exists since 5.4; before, GPUs of other domains were not distinguished.
		 */
		(void)line_value(at, stop, "domain", &domain);
		found |= line_value(at, stop, "location_id", &location);
		at = newline ? newline + 1 : end;
	}
	if (!found)
		return -EBADMSG;
	*ret_domain = domain;
	*ret_location = location;
	return 0;
}

static bool has_driver(const struct sys_root *root, const char *device)
{
	char path[128], driver[64];
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", device);
	dir = sys_dir_open(root, path);
	return sys_read_link(dir, "driver", driver, sizeof(driver)) == 0 &&
	       strcmp(driver, "amdgpu") == 0;
}

/* For a partitioned GPU, the location has the partition in place of the function, which is 0. */
static void name_device(const struct sys_root *root, uint32_t domain, uint32_t location,
			struct kfd_gpu *gpu)
{
	unsigned int bus = location >> 8 & 0xff, device = location >> 3 & 0x1f;
	char whole[sizeof(gpu->device)];

	snprintf(whole, sizeof(whole), "%04x:%02x:%02x.0", domain, bus, device);
	snprintf(gpu->device, sizeof(gpu->device), "%04x:%02x:%02x.%x", domain, bus, device,
		 location & 7);
	if (!has_driver(root, gpu->device) && has_driver(root, whole))
		memcpy(gpu->device, whole, sizeof(whole));
}

/* Returns 1 for a GPU, 0 for a CPU (gpu_id 0), or -errno. */
static int read_node(const struct sys_root *root, struct sys_dir nodes, const char *node,
		     struct kfd_gpu *ret)
{
	char name[300], text[8192];
	uint32_t domain, location;
	uint64_t id;
	ssize_t len;
	int r;

	if ((size_t)snprintf(name, sizeof(name), "%s/gpu_id", node) >= sizeof(name))
		return -ENAMETOOLONG;
	r = sys_read_u64(nodes, name, &id);
	if (r < 0 || id == 0)
		return r;
	if (id > UINT32_MAX)
		return -EBADMSG;
	snprintf(name, sizeof(name), "%s/properties", node);
	len = sys_read(nodes, name, text, sizeof(text));
	r = len < 0 ? (int)len : sys_kfd_properties_parse(text, (size_t)len, &domain, &location);
	if (r < 0)
		return r;
	ret->id = (uint32_t)id;
	name_device(root, domain, location, ret);
	return 1;
}

int sys_kfd_gpus(const struct sys_root *root, struct kfd_gpus *ret)
{
	_cleanup_kfd_gpus_ struct kfd_gpus gpus = { .status = 1 };
	_cleanup_strv_ struct strv names = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	dir = sys_dir_open(root, NODES);
	r = sys_list(dir, ".", &names);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++) {
		struct kfd_gpu gpu = { 0 }, *place;

		r = read_node(root, dir, names.v[i], &gpu);
		if (r < 0)
			gpus.status = r;
		if (r <= 0)
			continue;
		place = array_push(gpus.v, gpus.n);
		if (!place)
			return -ENOMEM;
		*place = gpu;
	}
	*ret = gpus;
	gpus = (struct kfd_gpus){ 0 };
	return 0;
}
