/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "holder/rules/internal.h"
#include "util/cleanup.h"

static void finish_alloc(const struct context *context, struct change *change, json_object *reply)
{
	(void)context;
	context_add_object(reply, "hwpt", change->object);
}

int context_alloc_hwpt(struct context *context, struct record_device *device,
		       struct record_ioas *ioas, const char *name, bool pasid, struct fault *fault,
		       struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;
	struct record_hwpt *hwpt = NULL;
	int r = -ENOMEM;

	if (rules_check_new(context, OBJECT_HWPT, name, fault) < 0 ||
	    rules_check_memory(context, ioas, 0, fault) < 0)
		return FAULTED;
	change = change_new();
	if (change)
		hwpt = record_hwpt_new(name, ioas, device, pasid);
	if (hwpt) {
		change->object = &hwpt->object;
		change->finish = finish_alloc;
		r = change_alloc_hwpt(context, change, hwpt, device, false);
	}
	return rules_end(&change, r, fault, ret);
}

int context_free_hwpt(const struct context *context, struct record_hwpt *hwpt, struct fault *fault,
		      struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;

	if (rules_check_unused(context, &hwpt->object, fault) < 0)
		return FAULTED;
	change = change_new();
	return rules_end(&change, change ? change_destroy(change, &hwpt->object) : -ENOMEM, fault,
			 ret);
}

int rules_get_hwpt(struct context *context, struct change *change, struct record_device *device,
		   struct record_ioas *ioas, bool optional, struct fault *fault,
		   struct record_hwpt **ret)
{
	struct record_hwpt *hwpt = record_hwpt_automatic(&context->record, device, ioas);

	if (hwpt) {
		*ret = hwpt;
		return 0;
	}
	if (rules_check_new(context, OBJECT_HWPT, NULL, fault) < 0)
		return FAULTED;
	hwpt = record_hwpt_new(NULL, ioas, device, true);
	if (!hwpt)
		return fault_system(fault, "malloc", -ENOMEM);
	hwpt->object.automatic = true;
	if (change_alloc_hwpt(context, change, hwpt, device, optional) < 0)
		return fault_system(fault, "malloc", -ENOMEM);
	*ret = hwpt;
	return 0;
}
