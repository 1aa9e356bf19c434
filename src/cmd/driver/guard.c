/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What driver set and driver reset refuse. */
#include "cmd/driver/internal.h"

#include <errno.h>
#include <string.h>

#include "cmd/common/diagnosis.h"
#include "model/diagnosis/guard.h"
#include "model/driver/plan.h"
#include "model/driver/match.h"
#include "util/cleanup.h"
#include "util/str.h"

int driver_refuse_use(struct app *app, const struct sys_root *root, const char *operand,
		      const struct driver_plan *plan)
{
	_cleanup_finding_list_ struct finding_list list = { 0 };
	int r = driver_guard(root, plan->path, &list);

	if (r < 0)
		return app_fail_errno(app, r, operand, "whether it is in use could not be read");
	diagnosis_name_contexts(app, &list);
	for (size_t i = 0; i < list.n; i++) {
		app_fail(app, STATUS_UNSAFE, operand, "refused: %s", list.v[i].seen);
		if (list.v[i].remedy)
			app_hint(app, "to free it: %s", list.v[i].remedy);
	}
	return list.n ? STATUS_UNSAFE : STATUS_DONE;
}

static void hint_made(struct app *app, const struct driver_plan *plan, const struct driver_fit *fit)
{
	bool given =
		plan->old_override || (plan->old_driver && driver_is_generic(plan->old_driver));
	_cleanup_free_ char *quoted = str_quote(plan->id);
	_cleanup_free_ char *names = strv_join(&fit->made, ", ");

	if (fit->made.n && names)
		app_hint(app, "drivers made for it: %s", names);
	/* Without an override there is nothing to reset. */
	if (given)
		app_hint(app, "to let the kernel choose its driver: ioasidctl driver reset %s",
			 quoted ? quoted : "DEVICE");
	app_hint(app, "--force=driver-match overrides this check");
}

int driver_refuse_mismatch(struct app *app, const struct sys_root *root, const char *operand,
			   const struct driver_plan *plan)
{
	_cleanup_driver_fit_ struct driver_fit fit = { 0 };
	int r = driver_match(root, plan->path, plan->driver, &fit);

	if (r < 0)
		return app_fail_errno(app, r, operand,
				      "whether %s is made for it could not be read", plan->driver);
	switch (fit.match) {
	case DRIVER_MATCH_ANY:
	case DRIVER_MATCH_YES:
		return STATUS_DONE;
	case DRIVER_MATCH_NO:
		app_fail(
			app, STATUS_UNSAFE, operand,
			"refused: %s is not made for this device, and could bring the machine down",
			plan->driver);
		break;
	case DRIVER_MATCH_UNKNOWN:
		app_fail(app, STATUS_UNSAFE, operand,
			 "refused: it could not be determined whether %s is made for this device: "
			 "%s",
			 plan->driver, driver_match_reason(fit.error));
		break;
	}
	hint_made(app, plan, &fit);
	return STATUS_UNSAFE;
}

int driver_require_group(struct app *app, const struct sys_root *root, const char *operand,
			 const struct driver_plan *plan)
{
	_cleanup_device_ struct device device = { 0 };
	int r;

	if (!str_starts(plan->driver, "vfio"))
		return 0;
	r = device_get(root, plan->path, DEVICE_NEED_GROUP, &device);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the device");
	if (device.group.status != 0)
		return 0;
	app_fail(app, STATUS_UNSUPPORTED, operand,
		 "the device is in no IOMMU group, and %s requires one", plan->driver);
	app_hint(app, "the machine has no IOMMU, or the kernel does not use it for this device");
	return STATUS_UNSUPPORTED;
}
