/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/gather.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/parse.h"

/* Adds what the facts in NEED depend on, or are read together with. */
static unsigned int complete_need(unsigned int need)
{
	if (need & DEVICE_NEED_OPENERS)
		need |= DEVICE_NEED_VFIO | DEVICE_NEED_PATH;
	if (need & DEVICE_NEED_VFIO)
		need |= DEVICE_NEED_GROUP;
	if (need & (DEVICE_NEED_NET | DEVICE_NEED_BLOCK))
		need |= DEVICE_NEED_PATH;
	if (need & DEVICE_NEED_NAME)
		need |= DEVICE_NEED_IDS;
	return need;
}

void gather_set(struct field_str *field, const char *value)
{
	char *copy = strdup(value);

	field_str_done(field);
	*field = (struct field_str){ .value = copy, .status = copy ? 1 : -ENOMEM };
}

static int status_of(int error)
{
	return error == -ENOENT ? 0 : error;
}

void gather_str(struct sys_dir dir, const char *name, struct field_str *ret)
{
	char text[4096];
	ssize_t len = sys_read(dir, name, text, sizeof(text));

	if (len < 0)
		*ret = (struct field_str){ .status = status_of((int)len) };
	else
		gather_set(ret, text);
}

void gather_link(struct sys_dir dir, const char *name, struct field_str *ret)
{
	char last[NAME_MAX + 1];
	int r = sys_read_link(dir, name, last, sizeof(last));

	if (r < 0)
		*ret = (struct field_str){ .status = status_of(r) };
	else
		gather_set(ret, last);
}

struct field_u64 gather_u64(struct sys_dir dir, const char *name)
{
	uint64_t value;
	int r = sys_read_u64(dir, name, &value);

	if (r < 0)
		return field_u64_error(status_of(r));
	return field_u64(value);
}

void class_links_done(struct class_links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		free(links->v[i].name);
		free(links->v[i].path);
	}
	free(links->v);
	*links = (struct class_links){ 0 };
}

static int add_class_link(const char *name, const char *path, struct class_links *links)
{
	struct class_link link = { .name = strdup(name), .path = strdup(path) }, *slot = NULL;

	if (link.name && link.path)
		slot = array_push(links->v, links->n);
	if (!slot) {
		free(link.name);
		free(link.path);
		return -ENOMEM;
	}
	*slot = link;
	return 0;
}

int gather_class(const struct sys_root *root, const char *name, struct class_links *ret)
{
	char directory[128], target[PATH_MAX], path[PATH_MAX];
	struct class_links links = { .status = 1 };
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	snprintf(directory, sizeof(directory), "/sys/class/%s", name);
	dir = sys_dir_open(root, directory + 1);
	r = sys_list(dir, ".", &list);
	/* An empty class may be missing. */
	if (r < 0)
		links.status = r == -ENOENT ? 1 : r;
	for (size_t i = 0; i < list.n; i++) {
		/* Skip plain files such as bonding_masters. */
		if (sys_link(dir, list.v[i], target, sizeof(target)) < 0 ||
		    sys_path_resolve(directory, target, path, sizeof(path)) < 0)
			continue;
		if (add_class_link(list.v[i], path, &links) < 0) {
			class_links_done(&links);
			return -ENOMEM;
		}
	}
	*ret = links;
	return 0;
}

bool gather_owns(const char *device_path, const char *path)
{
	size_t len = strlen(device_path);
	struct pci_address address;
	char part[32];

	if (strncmp(path, device_path, len) != 0 || path[len] != '/')
		return false;
	for (path += len; *path == '/';) {
		size_t n = strcspn(++path, "/");

		if (n < sizeof(part)) {
			memcpy(part, path, n);
			part[n] = '\0';
			if (parse_pci_address(part, &address) == 0)
				return false;
		}
		path += n;
	}
	return true;
}

static int open_block(struct gather *gather)
{
	int r;

	r = gather_class(gather->root, "block", &gather->blocks);
	if (r < 0)
		return r;
	gather->uses_status = 1;
	r = sys_proc_mounts(gather->root, &gather->mounts);
	if (r == 0)
		r = sys_proc_swaps(gather->root, &gather->swaps);
	if (r < 0)
		gather->uses_status = r;
	return r == -ENOMEM ? r : 0;
}

static int open_parts(struct gather *gather)
{
	int r = 0;

	if (gather->need & DEVICE_NEED_VFIO) {
		_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(gather->root, "sys/class/vfio");

		if (!dir.error)
			(void)sys_list(dir, ".", &gather->vfio_groups);
	}
	if (gather->need & DEVICE_NEED_NET) {
		r = gather_class(gather->root, "net", &gather->nets);
		if (r < 0)
			return r;
		/* If netlink fails, sysfs has the same. */
		if (!gather->root->captured)
			(void)sys_netlink_links(&gather->links);
	}
	if (gather->need & DEVICE_NEED_BLOCK)
		r = open_block(gather);
	return r;
}

int gather_open(const struct sys_root *root, unsigned int need, struct gather *ret)
{
	struct gather gather = {
		.root = root,
		.need = complete_need(need),
		.base = SYS_DIR_NONE,
	};
	int r;

	r = open_parts(&gather);
	if (r < 0) {
		gather_close(&gather);
		return r;
	}
	*ret = gather;
	return 0;
}

void gather_close(struct gather *gather)
{
	for (size_t i = 0; i < gather->n_names; i++) {
		free(gather->names[i].modalias);
		field_str_done(&gather->names[i].name);
	}
	free(gather->names);
	strv_done(&gather->vfio_groups);
	class_links_done(&gather->nets);
	netlink_links_done(&gather->links);
	class_links_done(&gather->blocks);
	proc_mounts_done(&gather->mounts);
	strv_done(&gather->swaps);
	*gather = (struct gather){ 0 };
}
