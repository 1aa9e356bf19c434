/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What blocks assigning a group. */
#include "model/diagnosis/why_group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/driver/plan.h"
#include "model/diagnosis/internal.h"
#include "util/cleanup.h"
#include "util/str.h"

static const char check_driver[] = "driver";
static const char check_region[] = "reserved-region";

/* Indexed by enum driver_obstacle_kind. Bridges are missing, because they are not bound. */
static const struct {
	const char *check, *meaning;
} kinds[] = {
	[DRIVER_OBSTACLE_NETWORK] = { "network", "the interface goes with the driver" },
	[DRIVER_OBSTACLE_MOUNT] = { "mount", "the file system would lose its disk" },
	[DRIVER_OBSTACLE_SWAP] = { "swap", "the processes whose memory is there would end" },
	[DRIVER_OBSTACLE_STACKED] = { "stacked", "what is stacked on the disk would lose it" },
	[DRIVER_OBSTACLE_CLAIMED] = { "claimed", "what holds the disk would lose it" },
	[DRIVER_OBSTACLE_VFS] = { "virtual-functions", "they go with the driver" },
	[DRIVER_OBSTACLE_OPENER] = { "in-use",
				     "only one process can have a group, and a driver waits "
				     "until it is closed" },
};

/* All members share the group's node: list it once. */
static bool is_listed(const struct finding_list *list, const char *check, const char *seen)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].check, check) == 0 && strcmp(list->v[i].seen, seen) == 0)
			return true;
	return false;
}

static int add_obstacle(const struct device *device, const struct driver_obstacle *obstacle,
			struct finding_list *list)
{
	struct finding finding = {
		.check = kinds[obstacle->kind].check,
		.result = obstacle->unknown ? FINDING_UNKNOWN : FINDING_BLOCKED,
		.object = device->id,
		.meaning = obstacle->unknown ? NULL : kinds[obstacle->kind].meaning,
		.remedy = obstacle->command,
	};
	_cleanup_free_ char *seen = NULL;

	/* Only the contexts know which one it is the holder of. */
	finding.pid = obstacle->pid;
	if (!finding.remedy && obstacle->pid)
		finding.remedy = "ioasidctl context list";
	/* Do not repeat OBJECT if it is the device itself. */
	if (asprintf(&seen, "%s%s%s", strcmp(obstacle->object, device->id) ? obstacle->object : "",
		     strcmp(obstacle->object, device->id) ? " " : "", obstacle->detail) < 0) {
		seen = NULL;
		return -ENOMEM;
	}
	if (obstacle->kind == DRIVER_OBSTACLE_OPENER && is_listed(list, finding.check, seen))
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

		/* If the driver can stay, nothing is lost with it. */
		if (kind == DRIVER_OBSTACLE_BRIDGE || (stays && kind != DRIVER_OBSTACLE_OPENER))
			continue;
		r = add_obstacle(device, &obstacles.v[i], list);
	}
	return r;
}

/* Device names on other buses come from whoever adds the devices, so they are quoted. */
static int join_command(const char *id, const char *file, char **ret)
{
	_cleanup_free_ char *quoted_id = str_quote(id), *quoted_file = str_quote(file);

	return quoted_id && quoted_file ? asprintf(ret, "echo %s > %s", quoted_id, quoted_file)
					: -1;
}

/* How to change the driver. Never for a bridge; `driver set` only for PCI devices. */
static int driver_remedy(const struct device *device, char **ret)
{
	_cleanup_free_ char *id = str_quote(device->id), *file = NULL;
	char *command;
	int n = -1;

	if (device->bus && strcmp(device->bus, "pci") == 0 && !device_is_bridge(device))
		n = id ? asprintf(&command, "ioasidctl driver set %s vfio-pci", id) : -1;
	else if (asprintf(&file, "/sys/bus/%s/drivers/%s/unbind", device->bus ? device->bus : "?",
			  device->driver.value) >= 0)
		n = join_command(device->id, file, &command);
	else
		file = NULL;
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
		finding.error = device->driver.status;
		reason = finding_reason(device->driver.status, &finding.remedy);
		return finding_add(list, &finding, "could not be measured: %s", reason);
	}
	if (device->driver.status == 0)
		return finding_add(list, &finding, "no driver");
	if (device_releases_group(device)) {
		finding.meaning = device_is_bridge(device)
					  ? "a bridge's driver does no DMA and stays"
					  : "the driver does no DMA of its own and stays";
		return finding_add(list, &finding, "bound to %s", device->driver.value);
	}
	r = driver_remedy(device, &command);
	if (r < 0)
		return r;
	finding.result = FINDING_BLOCKED;
	finding.meaning = "the kernel does not assign a group while a kernel driver has a member";
	finding.remedy = command;
	return finding_add(list, &finding, "bound to %s", device->driver.value);
}

static int add_obstacles(const struct sys_root *root, const struct group *group,
			 struct finding_list *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < group->n_members; i++)
		r = add_uses(root, &group->members[i], list);
	for (size_t i = 0; r == 0 && i < group->n_members; i++)
		r = add_driver(&group->members[i], list);
	return r;
}

/*
 * Regions belong to the group: if it has several members, the kernel does not say which one has the
 * region.
 */
static int group_name(const struct group *group, char **ret)
{
	char *name;

	if (group->n_members == 1)
		name = strdup(group->members[0].id);
	else if (asprintf(&name, "group %" PRIu32, group->number) < 0)
		name = NULL;
	*ret = name;
	return name ? 0 : -ENOMEM;
}

/*
 * A device with a "direct" region must never lose its mapping, so the kernel refuses it a blocking
 * domain (__iommu_device_set_domain()), with which VFIO and iommufd begin
 * (iommu_group_claim_dma_owner()). That does not apply to "direct-relaxable".
 */
int group_why_regions(const struct group *group, enum finding_result result, unsigned int uses,
		      struct finding_list *list)
{
	_cleanup_free_ char *name = NULL;
	struct finding finding = {
		.check = check_region,
		.result = result,
		.uses = uses,
		.meaning = "the firmware demands that the device reaches this memory at all times: "
			   "the kernel "
			   "refuses it to VFIO and iommufd",
		.remedy = "look in the firmware's setup for what shares this memory with the "
			  "device (management, "
			  "legacy support); no option of the kernel lifts it",
		.status = STATUS_UNSUPPORTED,
	};
	int r = group_name(group, &name);

	finding.object = name;
	/* Kernels before 4.11 publish no regions and refuse none. */
	if (r == 0 && group->regions_status < 0 && group->regions_status != -ENOENT) {
		const struct finding unknown = {
			.check = finding.check,
			.result = FINDING_UNKNOWN,
			.object = name,
			.uses = uses,
			.error = group->regions_status,
		};
		const char *remedy;

		r = finding_add(list, &unknown, "could not be measured: %s",
				finding_reason(group->regions_status, &remedy));
	}
	for (size_t i = 0; r == 0 && i < group->n_regions; i++) {
		const struct group_region *region = &group->regions[i];

		if (group_region_is_direct(region))
			r = finding_add(list, &finding, "direct region %#" PRIx64 "-%#" PRIx64,
					region->start, region->end);
	}
	return r;
}

/* Puts the verdict first. Empties FOUND. */
static int conclude(const struct group *group, struct finding_list *found,
		    struct finding_list *list)
{
	char object[32];
	int r;

	snprintf(object, sizeof(object), "group %" PRIu32, group->number);
	r = finding_judge(found, 0, object, list);
	return r == 0 ? finding_list_move(list, found) : r;
}

int group_why(const struct sys_root *root, uint32_t number, bool wake, struct finding_list *ret)
{
	_cleanup_finding_list_ struct finding_list found = { 0 }, list = { 0 };
	_cleanup_(share_done) struct share share = { 0 };
	_cleanup_group_ struct group group = { 0 };
	int r;

	r = group_get(root, number, GROUP_NEED_MEMBERS | GROUP_NEED_REGIONS, DRIVER_GUARD_NEED,
		      &group);
	if (r == 0 && group.members_status < 0)
		r = group.members_status;
	if (r == 0)
		r = share_read(root, &group, wake, &found, &share);
	if (r == 0 && share.n > 0)
		r = share_explain(&share);
	if (r == 0)
		r = group_why_regions(&group, FINDING_BLOCKED, 0, &found);
	if (r == 0)
		r = add_obstacles(root, &group, &found);
	if (r == 0)
		r = conclude(&group, &found, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct finding_list){ 0 };
	return 0;
}
