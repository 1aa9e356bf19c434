/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces of a device. */
#include "model/machine/gather.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/parse.h"

#define IFF_UP_BIT 1 /* of /sys/class/net/NAME/flags */

static struct field_u64 flags_up(const struct sys_root *root, const char *name)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[512], text[32];
	uint64_t flags;
	ssize_t len;

	snprintf(path, sizeof(path), "sys/class/net/%s", name);
	dir = sys_dir_open(root, path);
	len = sys_read(dir, "flags", text, sizeof(text));
	if (len < 0)
		return field_u64_error((int)len);
	return parse_hex(text, &flags) < 0 ? field_u64_error(-EBADMSG)
					   : field_u64(flags & IFF_UP_BIT);
}

/* From rtnetlink if permitted and on a live machine; else from sysfs. */
static struct field_u64 interface_up(const struct gather *gather, const char *name)
{
	for (size_t i = 0; i < gather->links.n; i++)
		if (strcmp(gather->links.v[i].name, name) == 0)
			return field_u64(gather->links.v[i].up);
	return flags_up(gather->root, name);
}

int gather_nets(const struct gather *gather, struct device *device)
{
	const struct class_links *links = &gather->nets;

	device->nets_status = links->status;
	if (device->path.status != 1)
		device->nets_status = device->path.status;
	for (size_t i = 0; device->nets_status == 1 && i < links->n; i++) {
		struct device_net net = { 0 }, *slot;

		if (!gather_owns(device->path.value, links->v[i].path))
			continue;
		net.name = strdup(links->v[i].name);
		slot = net.name ? array_push(device->nets, device->n_nets) : NULL;
		if (!slot) {
			free(net.name);
			return -ENOMEM;
		}
		net.up = interface_up(gather, net.name);
		*slot = net;
	}
	return 0;
}
