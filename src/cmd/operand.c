/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/operand.h"

#include <errno.h>

#include "model/device.h"
#include "model/select.h"
#include "util/cleanup.h"

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
		app_fail(app, STATUS_USAGE, operand, "means several devices: %s",
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
