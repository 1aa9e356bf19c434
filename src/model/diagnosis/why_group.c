/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What blocks assigning a group. */
#include "model/diagnosis/why_group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/diagnosis/guard.h"
#include "model/diagnosis/internal.h"
#include "util/cleanup.h"
#include "util/str.h"

static const struct question ask_driver = {
	"driver", 0, "the kernel does not assign a group while a kernel driver has a member"
};
static const struct question ask_bridge_driver = {
	"driver", .fine = "a bridge's driver does no DMA and stays"
};
static const struct question ask_idle_driver = {
	"driver", .fine = "the driver does no DMA of its own and stays"
};
static const struct question ask_region = {
	"reserved-region", FOR_VFIO,
	"the firmware demands that the device reaches this memory at all times: the kernel "
	"refuses it to VFIO and iommufd",
	.status = STATUS_UNSUPPORTED
};

static bool is_listed(const struct finding_list *list, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(list->v[k].check, list->v[i].check) == 0 &&
		    strcmp(list->v[k].seen, list->v[i].seen) == 0)
			return true;
	return false;
}

/* What would be lost with the device's driver, if it does not stay, and who has its node open. */
static void add_uses(const struct sys_root *root, const struct device *device,
		     struct finding_list *list)
{
	size_t i;

	if (!device_releases_group(device))
		driver_guard_device(root, device, GUARD_LOSSES, list);
	i = list->n;
	driver_guard_device(root, device, GUARD_OPENERS, list);
	while (i < list->n) {
		struct finding *finding = &list->v[i];

		/* Only the contexts know which one it is the holder of. */
		if (finding->pid && !finding->remedy &&
		    str_replace(&finding->remedy, "ioasidctl context list") < 0)
			list->error = -ENOMEM;
		/* All members share the group's node: list each of its openers once. */
		if (is_listed(list, i))
			finding_drop(list, i);
		else
			i++;
	}
}

/*
 * How to change the driver; NULL: out of memory. Never for a bridge; `driver set` only for PCI
 * devices. Device names on other buses come from whoever adds the devices, so they are quoted.
 */
static char *driver_remedy(const struct device *device)
{
	_cleanup_free_ char *id = str_quote(device->id), *file = NULL, *quoted = NULL;
	const char *bus = device->bus ? device->bus : "?";
	char *command;
	int n;

	if (asprintf(&file, "/sys/bus/%s/drivers/%s/unbind", bus, device->driver.value) < 0)
		file = NULL;
	quoted = file ? str_quote(file) : NULL;
	if (!id || !quoted)
		return NULL;
	if (strcmp(bus, "pci") == 0 && !device_is_bridge(device))
		n = asprintf(&command, "ioasidctl driver set %s vfio-pci", id);
	else
		n = asprintf(&command, "echo %s > %s", id, quoted);
	return n < 0 ? NULL : command;
}

static void add_driver(const struct device *device, struct finding_list *list)
{
	const struct question *question = &ask_driver;
	bool stays = device_releases_group(device);
	_cleanup_free_ char *command = NULL;

	if (device->driver.status < 0) {
		finding_unknown(list, question, device->id, device->driver.status);
		return;
	}
	if (device->driver.status == 0) {
		finding_add(list, question, FINDING_OK, device->id, NULL, "no driver");
		return;
	}
	if (stays)
		question = device_is_bridge(device) ? &ask_bridge_driver : &ask_idle_driver;
	else
		command = driver_remedy(device);
	if (!stays && !command)
		list->error = -ENOMEM;
	finding_add(list, question, stays ? FINDING_OK : FINDING_BLOCKED, device->id, command,
		    "bound to %s", device->driver.value);
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
void group_why_regions(const struct group *group, enum finding_result result,
		       struct finding_list *list)
{
	static const char remedy[] = "look in the firmware's setup for what shares this memory "
				     "with the device (management, legacy support); no option of "
				     "the kernel lifts it";
	_cleanup_free_ char *name = NULL;

	if (group_name(group, &name) < 0)
		list->error = -ENOMEM;
	/* Kernels before 4.11 publish no regions and refuse none. */
	if (group->regions_status < 0 && group->regions_status != -ENOENT)
		finding_unknown(list, &ask_region, name, group->regions_status);
	for (size_t i = 0; i < group->n_regions; i++) {
		const struct group_region *region = &group->regions[i];

		if (group_region_is_direct(region))
			finding_add(list, &ask_region, result, name, remedy,
				    "direct region %#" PRIx64 "-%#" PRIx64, region->start,
				    region->end);
	}
}

int group_why(const struct sys_root *root, uint32_t number, bool wake, struct finding_list *ret)
{
	_cleanup_finding_list_ struct finding_list list = { 0 };
	_cleanup_group_ struct group group = { 0 };
	char object[32];
	int r = group_get(root, number, GROUP_NEED_MEMBERS | GROUP_NEED_REGIONS, DRIVER_GUARD_NEED,
			  &group);

	if (r == 0 && group.members_status < 0)
		r = group.members_status;
	if (r == 0)
		r = share_explain(root, &group, wake, &list);
	if (r < 0)
		return r;
	group_why_regions(&group, FINDING_BLOCKED, &list);
	for (size_t i = 0; i < group.n_members; i++)
		add_uses(root, &group.members[i], &list);
	for (size_t i = 0; i < group.n_members; i++)
		add_driver(&group.members[i], &list);
	snprintf(object, sizeof(object), "group %" PRIu32, group.number);
	finding_judge(&list, 0, object);
	return finding_list_take(&list, ret);
}
