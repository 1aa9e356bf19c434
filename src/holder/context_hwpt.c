/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables: those requested by clients, and those that attaching needs. */
#include "holder/context.h"

#include <errno.h>

#include "holder/kernel.h"
#include "util/cleanup.h"

static int hwpt_alloc(struct context *context, const struct record_device *device,
		      const struct record_hwpt *entry, struct fault *fault, uint32_t *ret)
{
	struct record_hwpt *hwpt;
	uint32_t id;
	int r;

	if (context_check_new(context, entry->name, "HWPTs", context->record.hwpt_n,
			      CONTEXT_HWPT_MAX, fault) < 0)
		return FAULTED;
	r = kernel_hwpt_alloc(context, device, entry->ioas, entry->pasid, &id);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_HWPT_ALLOC, r);
	hwpt = record_hwpt_add(&context->record, entry);
	if (!hwpt) {
		(void)kernel_destroy(context, id);
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	}
	hwpt->id = id;
	*ret = id;
	return 0;
}

int context_alloc_hwpt(struct context *context, const struct record_device *device, uint32_t ioas,
		       const char *name, bool pasid, struct fault *fault, uint32_t *ret)
{
	const struct record_hwpt entry = {
		.name = (char *)name,
		.ioas = ioas,
		.device = device->path,
		.group = device->group,
		.pasid = pasid,
	};

	return hwpt_alloc(context, device, &entry, fault, ret);
}

int context_free_hwpt(struct context *context, struct record_hwpt *hwpt, struct fault *fault)
{
	uint64_t users = record_hwpt_users(&context->record, hwpt->id);
	json_object *parameters;
	int r;

	if (users) {
		parameters = json_object_new_object();
		json_add_u64(parameters, "hwpt", hwpt->id);
		json_add_u64(parameters, "user_count", users);
		return fault_raise(fault, "HwptInUse", parameters);
	}
	r = kernel_destroy(context, hwpt->id);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_DESTROY, r);
	record_hwpt_drop(&context->record, hwpt);
	return 0;
}

int context_get_hwpt(struct context *context, const struct record_device *device, uint32_t ioas,
		     struct fault *fault, uint32_t *ret)
{
	const struct record_hwpt *hwpt = record_hwpt_automatic(&context->record, device, ioas);
	const struct record_hwpt entry = {
		.ioas = ioas,
		.device = device->path,
		.group = device->group,
		.pasid = true,
		.automatic = true,
	};

	if (!hwpt)
		return hwpt_alloc(context, device, &entry, fault, ret);
	*ret = hwpt->id;
	return 0;
}

void context_put_hwpt(struct context *context, uint32_t hwpt)
{
	struct record_hwpt *entry = hwpt ? record_hwpt_by_id(&context->record, hwpt) : NULL;

	if (!entry || !entry->automatic || record_hwpt_users(&context->record, hwpt))
		return;
	/* EBUSY: a process that received the fds uses it. It stays for the next attach. */
	if (kernel_destroy(context, hwpt) == 0)
		record_hwpt_drop(&context->record, entry);
}
