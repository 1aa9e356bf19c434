/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/operand.h"

#include <errno.h>
#include <string.h>

#include "model/machine/group.h"
#include "model/machine/iommu.h"
#include "model/machine/select.h"
#include "util/cleanup.h"
#include "util/str.h"

int operand_device(struct app *app, const struct sys_root *root, const char *operand,
		   char **ret_path)
{
	_cleanup_strv_ struct strv candidates = { 0 };
	_cleanup_free_ char *names = NULL;
	int r;

	r = select_device(root, operand, ret_path, &candidates);
	switch (-r) {
	case 0:
		return 0;
	case ENOTUNIQ:
		names = strv_join(&candidates, ", ");
		app_fail(app, STATUS_USAGE, operand, "is the name of several devices: %s",
			 names ? names : "");
		app_hint(app, "use one of these names");
		return STATUS_USAGE;
	case ENODEV:
	case ENOENT:
	case EINVAL:
		app_fail(app, STATUS_NOT_FOUND, operand, "no such device");
		app_hint(app, "'ioasidctl device list' shows all devices");
		return STATUS_NOT_FOUND;
	default:
		return app_fail_errno(app, r, operand, "cannot look up the device");
	}
}

static void hint_open(struct app *app, const struct device *device)
{
	for (size_t i = 0; i < device->n_openers; i++) {
		const struct device_opener *opener = &device->openers[i];

		app_hint(app, "pid %d (%s)%s%s has %s of %s open", (int)opener->pid, opener->comm,
			 opener->unit ? " of " : "", opener->unit ? opener->unit : "", opener->node,
			 device->id);
	}
	if (device->n_openers == 0 && device->openers_status < 0)
		app_hint(app, "it could not be read which processes have %s open", device->id);
}

void operand_hint_openers(struct app *app, const char *path)
{
	_cleanup_device_ struct device device = { 0 };

	if (device_get(&app->root, path, DEVICE_NEED_OPENERS, &device) == 0)
		hint_open(app, &device);
}

/*
 * Returns true if another member of its group has a kernel driver, or is open; SAY: also prints a
 * hint for each.
 */
static bool look_at_group(struct app *app, const char *path, bool say)
{
	const unsigned int need = DEVICE_NEED_DRIVER | DEVICE_NEED_VFIO | DEVICE_NEED_OPENERS;
	_cleanup_device_ struct device device = { 0 };
	_cleanup_group_ struct group group = { 0 };
	bool taken = false;

	if (device_get(&app->root, path, DEVICE_NEED_GROUP, &device) < 0 ||
	    device.group.status != 1 ||
	    group_get(&app->root, (uint32_t)device.group.value, GROUP_NEED_MEMBERS, need, &group) <
		    0)
		return false;
	for (size_t i = 0; i < group.n_members; i++) {
		const struct device *member = &group.members[i];
		const bool driven = member->driver.status == 1 && !device_releases_group(member);

		if (strcmp(member->id, device.id) == 0)
			continue;
		taken = taken || driven || member->n_openers;
		if (say && driven)
			app_hint(app, "%s of the same IOMMU group %u has the driver %s", member->id,
				 group.number, member->driver.value);
		if (say)
			hint_open(app, member);
	}
	return taken;
}

bool operand_group_is_taken(struct app *app, const char *path)
{
	return look_at_group(app, path, false);
}

void operand_hint_group(struct app *app, const char *path)
{
	(void)look_at_group(app, path, true);
}

void operand_hint_regions(struct app *app, const char *path)
{
	_cleanup_device_ struct device device = { 0 };
	_cleanup_group_ struct group group = { 0 };

	if (device_get(&app->root, path, DEVICE_NEED_GROUP, &device) < 0 ||
	    device.group.status != 1 ||
	    group_get(&app->root, (uint32_t)device.group.value, GROUP_NEED_REGIONS, 0, &group) < 0)
		return;
	if (group_is_direct(&group))
		app_hint(
			app,
			"the firmware demands direct regions for IOMMU group %u, for which the kernel refuses it: "
			"'ioasidctl group why %u' shows them",
			group.number, group.number);
}

int operand_group(struct app *app, const struct sys_root *root, const char *operand, uint32_t *ret)
{
	_cleanup_device_ struct device device = { 0 };
	_cleanup_free_ char *path = NULL;
	int r;

	r = select_group(root, operand, ret);
	if (r == 0)
		return 0;
	if (r == -ENOENT) {
		app_fail(app, STATUS_NOT_FOUND, operand, "no such IOMMU group");
		app_hint(app, "'ioasidctl group list' shows all groups");
		return STATUS_NOT_FOUND;
	}
	r = operand_device(app, root, operand, &path);
	if (r)
		return r;
	r = device_get(root, path, DEVICE_NEED_GROUP, &device);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the device");
	if (device.group.status < 0)
		return app_fail_errno(app, device.group.status, operand, "cannot read its group");
	if (device.group.status == 0)
		return app_fail(app, STATUS_NOT_FOUND, operand, "the device is in no IOMMU group");
	*ret = (uint32_t)device.group.value;
	return 0;
}

int operand_unit(struct app *app, const struct sys_root *root, const char *operand)
{
	_cleanup_iommu_ struct iommu iommu = { 0 };
	int r = iommu_get(root, operand, 0, &iommu);

	if (r == -ENOENT || r == -EINVAL) {
		app_fail(app, STATUS_NOT_FOUND, operand, "no such IOMMU unit");
		app_hint(app, "'ioasidctl iommu list' shows all units");
		return STATUS_NOT_FOUND;
	}
	return r < 0 ? app_fail_errno(app, r, operand, "cannot read the IOMMU unit") : 0;
}
