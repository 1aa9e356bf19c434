/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/context.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "holder/kernel.h"
#include "util/cleanup.h"

int context_open(struct context *context, const char *name)
{
	struct context new = {
		.record = { .uid = geteuid(), .pid = getpid(), .created = (uint64_t)time(NULL) },
		.iommufd = -1,
	};
	int r;

	r = str_replace(&new.record.name, name);
	if (r == 0)
		r = iommufd_open(&new.iommufd);
	if (r < 0) {
		record_done(&new.record);
		return r;
	}
	*context = new;
	return 0;
}

/*
 * The last close would undo everything, but other processes may have received the fds. So every
 * object is destroyed explicitly. What fails here is in use by another process.
 */
void context_close(struct context *context)
{
	struct record *record = &context->record;
	uint64_t bytes;

	for (size_t i = 0; i < record->device_n; i++) {
		struct range range;
		uint32_t hwpt;

		for (uint32_t from = 0; record_pasid_next(&record->device[i], from, &range, &hwpt);
		     from = range.lo + 1)
			(void)kernel_detach_pasid(context, &record->device[i], range.lo);
		if (record->device[i].attached)
			(void)kernel_detach(context, &record->device[i]);
	}
	for (size_t i = 0; i < record->hwpt_n; i++)
		(void)kernel_destroy(context, record->hwpt[i].id);
	for (size_t i = 0; i < record->ioas_n; i++) {
		(void)kernel_ioas_unmap(context, &record->ioas[i], 0, UINT64_MAX, &bytes);
		(void)kernel_destroy(context, record->ioas[i].id);
	}
	for (size_t i = 0; i < record->device_n; i++) {
		kernel_close(context, record->device[i].request);
		kernel_close(context, record->device[i].fd);
	}
	kernel_close(context, context->iommufd);
	for (size_t i = 0; i < record->ioas_n; i++)
		for (size_t j = 0; j < record->ioas[i].mapping_n; j++)
			kernel_memory_put(context, record->ioas[i].mapping[j].memory,
					  record->ioas[i].mapping[j].length);
	record_done(record);
	lent_done(&context->lent);
	context->iommufd = -1;
}

int context_find_device(const struct context *context, const char *text, struct fault *fault,
			struct record_device **ret)
{
	struct record_device *device = record_device_find(&context->record, text);

	if (!device)
		return fault_raise_string(fault, "UnknownDevice", "device", text);
	*ret = device;
	return 0;
}

int context_find_bound(const struct context *context, const char *text, struct fault *fault,
		       struct record_device **ret)
{
	struct record_device *device = NULL;

	if (context_find_device(context, text, fault, &device) < 0)
		return FAULTED;
	if (!device->bound)
		return fault_raise_string(fault, "DeviceNotBound", "device", device->name);
	*ret = device;
	return 0;
}

int context_find_ioas(const struct context *context, const char *text, struct fault *fault,
		      struct record_ioas **ret)
{
	struct record_ioas *ioas = record_ioas_find(&context->record, text);

	if (!ioas)
		return fault_raise_string(fault, "UnknownIoas", "ioas", text);
	*ret = ioas;
	return 0;
}

int context_find_hwpt(const struct context *context, const char *text, struct fault *fault,
		      struct record_hwpt **ret)
{
	struct record_hwpt *hwpt = record_hwpt_find(&context->record, text);

	if (!hwpt)
		return fault_raise_string(fault, "UnknownHwpt", "hwpt", text);
	*ret = hwpt;
	return 0;
}

int context_find_target(const struct context *context, const char *text, struct fault *fault,
			struct context_target *ret)
{
	const struct record_ioas *ioas = record_ioas_find(&context->record, text);
	const struct record_hwpt *hwpt = record_hwpt_find(&context->record, text);

	if (!ioas && !hwpt)
		return fault_raise_string(fault, "UnknownTarget", "target", text);
	*ret = ioas ? (struct context_target){ .ioas = ioas->id }
		    : (struct context_target){ .ioas = hwpt->ioas, .hwpt = hwpt->id };
	return 0;
}

int context_check_new(const struct context *context, const char *name, const char *what, size_t n,
		      size_t max, struct fault *fault)
{
	if (name && !parse_is_name(name))
		return fault_parameter(fault, "name");
	if (name && record_name_used(&context->record, name))
		return fault_raise_string(fault, "NameInUse", "name", name);
	if (n < max)
		return 0;
	return fault_limit(fault, what, max);
}

void context_add_ioas_name(const struct context *context, json_object *object, uint32_t ioas)
{
	const struct record_ioas *entry = record_ioas_by_id(&context->record, ioas);

	json_add_u64(object, "ioas", ioas);
	json_add_string(object, "ioas_name", entry ? entry->name : NULL);
}
