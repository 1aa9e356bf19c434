/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces and routes of this network namespace, from rtnetlink. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/str.h"

struct netlink_link {
	char *name;
	int index;
	bool up;      /* IFF_UP: set by the administrator, with or without link */
	char *parent; /* IFLA_PARENT_DEV_NAME: "0000:03:00.0", "virtio0"; NULL: none */
};

struct netlink_links {
	struct netlink_link *v;
	size_t n;
};

void netlink_links_done(struct netlink_links *list);
#define _cleanup_netlink_links_ _cleanup_(netlink_links_done)

/* One RTM_GETLINK dump. Returns 0 or -errno. */
int sys_netlink_links(struct netlink_links *ret);

/* Directory of a captured tree whose file names are the interfaces of default routes. */
#define NETLINK_ROUTES_CAPTURED "ioasidctl/default-routes"

/*
 * The interfaces of all default routes, of all families and tables. Returns 0; -ENOENT if not
 * captured; another -errno.
 */
int sys_netlink_default_routes(const struct sys_root *root, struct strv *ret);
