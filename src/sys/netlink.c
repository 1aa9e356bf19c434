/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define DUMP_ATTEMPTS 8
#define SEQUENCE      1

static void link_done(struct netlink_link *link)
{
	free(link->name);
	free(link->parent);
}

void netlink_links_done(struct netlink_links *list)
{
	for (size_t i = 0; i < list->n; i++)
		link_done(&list->v[i]);
	free(list->v);
	*list = (struct netlink_links){ 0 };
}

static void socket_close(struct mnl_socket **socket)
{
	if (*socket)
		mnl_socket_close(*socket);
}

/* Copies a string attribute; RET is NULL if it is incomplete or not NUL-terminated. */
static int copy_string(const struct nlattr *attr, char **ret)
{
	char *copy;

	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return 0;
	copy = strdup(mnl_attr_get_str(attr));
	if (!copy)
		return -ENOMEM;
	free(*ret);
	*ret = copy;
	return 0;
}

static int read_link(const struct nlmsghdr *message, struct netlink_link *link)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	int r = 0;

	link->index = info->ifi_index;
	link->up = info->ifi_flags & IFF_UP;
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			r = copy_string(attr, &link->name);
			break;
		case IFLA_PARENT_DEV_NAME:
			r = copy_string(attr, &link->parent);
			break;
		}
		if (r < 0)
			return r;
	}
	return link->name ? 0 : -EBADMSG;
}

static int on_link(const struct nlmsghdr *message, void *data)
{
	struct netlink_links *list = data;
	struct netlink_link link = { 0 }, *slot = NULL;
	int r;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct ifinfomsg))
		return MNL_CB_OK;
	r = read_link(message, &link);
	if (r == 0)
		slot = array_push(list->v, list->n);
	if (!slot) {
		link_done(&link);
		errno = r < 0 ? -r : ENOMEM;
		return MNL_CB_ERROR;
	}
	*slot = link;
	return MNL_CB_OK;
}

/* An interface that was removed in the meantime has no name. */
static int add_name(unsigned int index, struct strv *names)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(index, name) || strv_has(names, name))
		return 0;
	return strv_push(names, name);
}

static int add_hops(const struct nlattr *attr, struct strv *names)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr), r = 0;

	for (; r == 0 && RTNH_OK(hop, left); hop = RTNH_NEXT(hop)) {
		r = add_name((unsigned int)hop->rtnh_ifindex, names);
		left -= RTNH_ALIGN(hop->rtnh_len);
	}
	return r;
}

/* The interface of a default route, or of each of its next hops. */
static int add_route(const struct nlmsghdr *message, struct strv *names)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	int r = 0;

	mnl_attr_for_each(attr, message, sizeof(*route))
	{
		if (mnl_attr_get_type(attr) == RTA_OIF &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			r = add_name(mnl_attr_get_u32(attr), names);
		else if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			r = add_hops(attr, names);
		if (r < 0)
			return r;
	}
	return 0;
}

static int on_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	int r;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*route) || route->rtm_dst_len != 0 ||
	    route->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	r = add_route(message, data);
	if (r == 0)
		return MNL_CB_OK;
	errno = -r;
	return MNL_CB_ERROR;
}

/* Requests a dump of TYPE. Both kinds of header begin with the family and are zero otherwise. */
static int request(struct mnl_socket *socket, uint16_t type, size_t header, char *buf)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = SEQUENCE;
	mnl_nlmsg_put_extra_header(message, header);
	return mnl_socket_sendto(socket, message, message->nlmsg_len) < 0 ? -errno : 0;
}

/* Uses its own socket: an aborted dump leaves messages in it. */
static int dump(uint16_t type, size_t header, mnl_cb_t callback, void *data)
{
	_cleanup_(socket_close) struct mnl_socket *socket = NULL;
	char buf[32768];
	int r;

	socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	r = request(socket, type, header, buf);
	if (r < 0)
		return r;
	do {
		ssize_t len = mnl_socket_recvfrom(socket, buf, sizeof(buf));

		if (len < 0)
			return -errno;
		r = mnl_cb_run(buf, (size_t)len, SEQUENCE, mnl_socket_get_portid(socket), callback,
			       data);
		if (r < 0)
			return -errno;
	} while (r > MNL_CB_STOP);
	return 0;
}

int sys_netlink_links(struct netlink_links *ret)
{
	int r = -EINTR;

	/* EINTR: interfaces changed during the dump, which may be incomplete (NLM_F_DUMP_INTR). */
	for (int i = 0; r == -EINTR && i < DUMP_ATTEMPTS; i++) {
		_cleanup_netlink_links_ struct netlink_links list = { 0 };

		r = dump(RTM_GETLINK, sizeof(struct ifinfomsg), on_link, &list);
		if (r < 0)
			continue;
		*ret = list;
		list = (struct netlink_links){ 0 };
	}
	return r;
}

static int captured_routes(const struct sys_root *root, struct strv *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, NETLINK_ROUTES_CAPTURED);

	return sys_list(dir, ".", ret);
}

int sys_netlink_default_routes(const struct sys_root *root, struct strv *ret)
{
	int r = -EINTR;

	if (root->captured)
		return captured_routes(root, ret);
	for (int i = 0; r == -EINTR && i < DUMP_ATTEMPTS; i++) {
		_cleanup_strv_ struct strv names = { 0 };

		r = dump(RTM_GETROUTE, sizeof(struct rtmsg), on_route, &names);
		if (r < 0)
			continue;
		*ret = names;
		names = (struct strv){ 0 };
	}
	return r;
}
