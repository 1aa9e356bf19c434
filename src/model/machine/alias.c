/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/alias.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

#define DEVICES "/sys/bus/pci/devices"

int alias_resolve(const struct sys_root *root, const char *id, char **ret_bridge,
		  struct strv *members)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, &DEVICES[1]);
	_cleanup_strv_ struct strv all = { 0 };
	char link[PATH_MAX], path[PATH_MAX], bus[16];
	struct pci_address address;
	const char *first = NULL;
	ssize_t size;
	int r = sys_list(dir, ".", &all);

	if (r < 0)
		return r;
	if (parse_pci_address(id, &address) < 0 || address.device || address.function ||
	    strv_has(&all, id))
		return -ENODEV;
	snprintf(bus, sizeof(bus), "%04x:%02x:", address.domain, address.bus);
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (str_starts(all.v[i], bus)) {
			first = first ? first : all.v[i];
			r = strv_push(members, all.v[i]);
		}
	if (r < 0)
		return r;
	if (!first)
		return -ENODEV;
	size = sys_link(dir, first, link, sizeof(link));
	r = size < 0 ? (int)size : sys_path_resolve(DEVICES, link, path, sizeof(path));
	if (r < 0)
		return r;
	*strrchr(path, '/') = '\0';
	/* A root bus has no bridge above it. */
	if (parse_pci_address(strrchr(path, '/') + 1, &address) < 0)
		return -ENODEV;
	*ret_bridge = strdup(path);
	return *ret_bridge ? 0 : -ENOMEM;
}
