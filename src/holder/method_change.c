/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Methods that change the context: turns parameters into calls of context_*(). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holder/method.h"
#include "util/cleanup.h"

/*
 * Limit on the text of a list of PASIDs, because longer ones take long to parse; ranges are
 * shorter.
 */
#define PASID_TEXT_MAX ((size_t)32 << 10)

int method_add_device(struct context *context, struct call *call)
{
	struct record_device *device = NULL;

	if (context_add_device(context, call_string(call, "path"), call_bool(call, "bind", true),
			       &call->fault, &device) < 0)
		return FAULTED;
	json_add_string(call->reply, "device", device->name);
	if (device->bound)
		json_add_u64(call->reply, "id", device->id);
	else
		json_add_null(call->reply, "id");
	return 0;
}

int method_remove_device(struct context *context, struct call *call)
{
	struct record_device *device = NULL;

	if (context_find_device(context, call_string(call, "device"), &call->fault, &device) < 0)
		return FAULTED;
	return job_remove(device, call_bool(call, "force", false), &call->fault, &call->job);
}

int method_attach_device(struct context *context, struct call *call)
{
	struct record_device *device = NULL;
	struct context_target target;

	if (context_find_bound(context, call_string(call, "device"), &call->fault, &device) < 0 ||
	    context_find_target(context, call_string(call, "target"), &call->fault, &target) < 0)
		return FAULTED;
	return context_attach_device(context, device, &target, call_bool(call, "replace", false),
				     &call->fault);
}

int method_detach_device(struct context *context, struct call *call)
{
	struct record_device *device = NULL;

	if (context_find_bound(context, call_string(call, "device"), &call->fault, &device) < 0)
		return FAULTED;
	return context_detach_device(context, device, &call->fault);
}

int method_alloc_ioas(struct context *context, struct call *call)
{
	uint32_t ioas = 0;

	if (context_alloc_ioas(context, call_string(call, "name"), &call->fault, &ioas) < 0)
		return FAULTED;
	json_add_u64(call->reply, "ioas", ioas);
	return 0;
}

int method_free_ioas(struct context *context, struct call *call)
{
	struct record_ioas *ioas = NULL;

	if (context_find_ioas(context, call_string(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	return context_free_ioas(context, ioas, &call->fault);
}

int method_map_ioas(struct context *context, struct call *call)
{
	unsigned int flags = (call_bool(call, "read", true) ? IOMMUFD_MAP_READ : 0u) |
			     (call_bool(call, "write", true) ? IOMMUFD_MAP_WRITE : 0u);
	struct record_ioas *ioas = NULL;
	uint64_t iova = 0;
	bool fixed = call_address(call, "iova", &iova);

	if (flags == 0)
		return fault_parameter(&call->fault, "read");
	if (context_find_ioas(context, call_string(call, "ioas"), &call->fault, &ioas) < 0 ||
	    context_map_ioas(context, ioas, call_u64(call, "size", 0), fixed ? &iova : NULL, flags,
			     &call->fault, &iova) < 0)
		return FAULTED;
	json_add_address(call->reply, "iova", iova);
	return 0;
}

int method_unmap_ioas(struct context *context, struct call *call)
{
	uint64_t iova = 0, length = call_u64(call, "length", 0), done = 0;
	bool all = call_bool(call, "all", false), at = call_address(call, "iova", &iova);
	struct record_ioas *ioas = NULL;
	int r;

	if (at == all || (all && length))
		return fault_parameter(&call->fault, at == all ? "iova" : "length");
	if (context_find_ioas(context, call_string(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	r = all ? context_unmap_ioas_all(context, ioas, &call->fault, &done)
		: context_unmap_ioas(context, ioas, iova, length, &call->fault, &done);
	if (r < 0)
		return FAULTED;
	json_add_u64(call->reply, "length", done);
	return 0;
}

int method_alloc_hwpt(struct context *context, struct call *call)
{
	struct record_device *device = NULL;
	struct record_ioas *ioas = NULL;
	uint32_t hwpt = 0;

	if (context_find_bound(context, call_string(call, "device"), &call->fault, &device) < 0 ||
	    context_find_ioas(context, call_string(call, "ioas"), &call->fault, &ioas) < 0 ||
	    context_alloc_hwpt(context, device, ioas->id, call_string(call, "name"),
			       call_bool(call, "pasid", false), &call->fault, &hwpt) < 0)
		return FAULTED;
	json_add_u64(call->reply, "hwpt", hwpt);
	return 0;
}

int method_free_hwpt(struct context *context, struct call *call)
{
	struct record_hwpt *hwpt = NULL;

	if (context_find_hwpt(context, call_string(call, "hwpt"), &call->fault, &hwpt) < 0)
		return FAULTED;
	return context_free_hwpt(context, hwpt, &call->fault);
}

static int read_pasids(struct call *call, struct ranges *ret)
{
	const char *text = call_string(call, "pasid");
	int r = -EINVAL;

	if (strlen(text) <= PASID_TEXT_MAX)
		r = parse_ranges(text, UINT32_MAX, ret);
	if (r == -ENOMEM)
		return fault_system(&call->fault, "malloc", r, NULL);
	return r < 0 ? fault_parameter(&call->fault, "pasid") : 0;
}

int method_bind_pasids(struct context *context, struct call *call)
{
	bool automatic = strcmp(call_string(call, "pasid"), "auto") == 0;
	uint64_t count = call_u64(call, "count", automatic ? 1 : 0);
	struct job_request request = { .partial = call_bool(call, "partial", false) };
	struct record_device *device = NULL;
	struct context_target target;
	int r;

	if (automatic ? count == 0 || count > PASID_MAX : count != 0)
		return fault_parameter(&call->fault, "count");
	request.count = (uint32_t)count;
	if (!automatic && read_pasids(call, &request.pasid) < 0)
		return FAULTED;
	r = context_find_bound(context, call_string(call, "device"), &call->fault, &device);
	if (r == 0)
		r = context_find_target(context, call_string(call, "target"), &call->fault,
					&target);
	if (r == 0)
		r = job_bind(context, device, &target, &request, &call->fault, &call->job);
	ranges_done(&request.pasid);
	return r;
}

int method_unbind_pasids(struct context *context, struct call *call)
{
	_cleanup_ranges_ struct ranges pasid = { 0 };
	struct record_device *device = NULL;

	if (strcmp(call_string(call, "pasid"), "all") != 0 && read_pasids(call, &pasid) < 0)
		return FAULTED;
	if (context_find_bound(context, call_string(call, "device"), &call->fault, &device) < 0)
		return FAULTED;
	return job_unbind(device, &pasid, &call->fault, &call->job);
}

int method_destroy(struct context *context, struct call *call)
{
	return job_destroy(context, call_bool(call, "force", false), &call->fault, &call->job);
}
