/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the way of giving a group away. */
#include "model/why_group.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/driver.h"
#include "model/why_group_share.h"
#include "util/cleanup.h"

static const char check_driver[] = "driver";

/* In the order of enum driver_obstacle_kind; a bridge is not bound, and so none. */
static const struct {
	const char *check, *meaning;
} kinds[] = {
	[DRIVER_OBSTACLE_NETWORK] = { "network", "the interface goes with the driver" },
	[DRIVER_OBSTACLE_MOUNT] = { "mount", "the file system would lose its disk" },
	[DRIVER_OBSTACLE_SWAP] = { "swap", "the processes whose memory is there would end" },
	[DRIVER_OBSTACLE_STACKED] = { "stacked", "what is stacked on the disk would lose it" },
	[DRIVER_OBSTACLE_CLAIMED] = { "claimed", "who holds the disk would lose it" },
	[DRIVER_OBSTACLE_VFS] = { "virtual-functions", "they go with the driver" },
	[DRIVER_OBSTACLE_HOLDER] = { "in-use",
				     "only one can have a group, and a driver waits until it is closed" },
};

/* A group's node is every member's. */
static bool is_told(const struct finding_list *list, const char *check, const char *seen)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].check, check) == 0 && strcmp(list->v[i].seen, seen) == 0)
			return true;
	return false;
}

static int add_obstacle(const struct device *device, const struct driver_obstacle *obstacle,
			struct finding_list *list)
{
	const struct finding finding = {
		.check = kinds[obstacle->kind].check,
		.result = obstacle->unknown ? FINDING_UNKNOWN : FINDING_BROKEN,
		.object = device->id,
		.meaning = obstacle->unknown ? NULL : kinds[obstacle->kind].meaning,
		.remedy = obstacle->command,
	};
	_cleanup_free_ char *seen = NULL;

	/* Of what the device itself is or has, OBJECT says it already. */
	if (asprintf(&seen, "%s%s%s", strcmp(obstacle->object, device->id) ? obstacle->object : "",
		     strcmp(obstacle->object, device->id) ? " " : "", obstacle->detail) < 0) {
		seen = NULL;
		return -ENOMEM;
	}
	if (obstacle->kind == DRIVER_OBSTACLE_HOLDER && is_told(list, finding.check, seen))
		return 0;
	return finding_add(list, &finding, "%s", seen);
}

/* What would be lost with the device's driver. */
static int add_uses(const struct sys_root *root, const struct device *device,
		    struct finding_list *list)
{
	_cleanup_driver_obstacles_ struct driver_obstacles obstacles = { 0 };
	bool stays = device_releases_group(device);
	int r = driver_guard_device(root, device, &obstacles);

	for (size_t i = 0; r == 0 && i < obstacles.n; i++) {
		enum driver_obstacle_kind kind = obstacles.v[i].kind;

		/* Where the driver can stay, what goes with it stays too. */
		if (kind == DRIVER_OBSTACLE_BRIDGE || (stays && kind != DRIVER_OBSTACLE_HOLDER))
			continue;
		r = add_obstacle(device, &obstacles.v[i], list);
	}
	return r;
}

/* What another driver is given by; never to a bridge, and by `driver set` to PCI devices alone. */
static int driver_remedy(const struct device *device, char **ret)
{
	char *command;
	int n;

	if (device->bus && strcmp(device->bus, "pci") == 0 && !device_is_bridge(device))
		n = asprintf(&command, "ioasidctl driver set %s vfio-pci", device->id);
	else
		n = asprintf(&command, "echo %s > /sys/bus/%s/drivers/%s/unbind", device->id,
			     device->bus ? device->bus : "?", device->driver.value);
	if (n < 0)
		return -ENOMEM;
	*ret = command;
	return 0;
}

static int add_driver(const struct device *device, struct finding_list *list)
{
	struct finding finding = { .check = check_driver, .object = device->id };
	_cleanup_free_ char *command = NULL;
	const char *reason;
	int r;

	if (device->driver.status < 0) {
		finding.result = FINDING_UNKNOWN;
		reason = finding_reason(device->driver.status, &finding.remedy);
		return finding_add(list, &finding, "could not be measured: %s", reason);
	}
	if (device->driver.status == 0)
		return finding_add(list, &finding, "no driver");
	if (device_releases_group(device)) {
		finding.meaning = device_is_bridge(device)
					  ? "a bridge's driver does no DMA and stays"
					  : "the driver gives the device away";
		return finding_add(list, &finding, "driver %s", device->driver.value);
	}
	r = driver_remedy(device, &command);
	if (r < 0)
		return r;
	finding.result = FINDING_BROKEN;
	finding.meaning =
		"the kernel gives a group to nobody while a driver of its own has a member";
	finding.remedy = command;
	return finding_add(list, &finding, "driver %s", device->driver.value);
}

static int add_obstacles(const struct sys_root *root, const struct group *group,
			 struct finding_list *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < group->n_members; i++) {
		r = add_uses(root, &group->members[i], list);
		if (r == 0)
			r = add_driver(&group->members[i], list);
	}
	return r;
}

int group_why(const struct sys_root *root, uint32_t number, bool wake, struct finding_list *ret)
{
	_cleanup_finding_list_ struct finding_list list = { 0 };
	_cleanup_(share_done) struct share share = { 0 };
	_cleanup_group_ struct group group = { 0 };
	int r;

	r = group_get(root, number, GROUP_NEED_MEMBERS, DRIVER_GUARD_NEED, &group);
	if (r == 0 && group.members_status < 0)
		r = group.members_status;
	if (r == 0)
		r = share_read(root, &group, wake, &list, &share);
	if (r == 0 && share.n > 0)
		r = share_explain(&share);
	if (r == 0)
		r = add_obstacles(root, &group, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct finding_list){ 0 };
	return 0;
}

const struct finding *group_why_obstacle(const struct finding_list *list, bool *ret_in_use)
{
	const struct finding *driver = NULL;

	*ret_in_use = false;
	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];

		if (finding->result != FINDING_BROKEN)
			continue;
		if (strcmp(finding->check, check_driver) != 0) {
			*ret_in_use = true;
			return finding;
		}
		driver = driver ? driver : finding;
	}
	return driver;
}
