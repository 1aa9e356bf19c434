/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Methods that change the context: turns parameters into calls of context_*(). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holder/method.h"
#include "util/cleanup.h"
#include "util/pasid.h"

int method_add_device(struct context *context, struct call *call)
{
	return context_add_device(context, call_string(call, "path"), call_bool(call, "bind", true),
				  &call->fault, &call->change);
}

int method_remove_device(struct context *context, struct call *call)
{
	struct record_device *device = NULL;

	if (context_find_device(context, call_reference(call, "device"), &call->fault, &device) < 0)
		return FAULTED;
	return context_remove_device(device, call_bool(call, "force", false), &call->fault,
				     &call->change);
}

int method_attach_device(struct context *context, struct call *call)
{
	struct record_device *device = NULL;
	struct object *target = NULL;

	if (context_find_bound(context, call_reference(call, "device"), &call->fault, &device) <
		    0 ||
	    context_find_target(context, call_reference(call, "target"), &call->fault, &target) < 0)
		return FAULTED;
	return context_attach_device(context, device, target, call_bool(call, "replace", false),
				     &call->fault, &call->change);
}

int method_detach_device(struct context *context, struct call *call)
{
	struct record_device *device = NULL;

	if (context_find_bound(context, call_reference(call, "device"), &call->fault, &device) < 0)
		return FAULTED;
	return context_detach_device(device, &call->fault, &call->change);
}

int method_alloc_ioas(struct context *context, struct call *call)
{
	return context_alloc_ioas(context, call_string(call, "name"), &call->fault, &call->change);
}

int method_free_ioas(struct context *context, struct call *call)
{
	struct record_ioas *ioas = NULL;

	if (context_find_ioas(context, call_reference(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	return context_free_ioas(context, ioas, &call->fault, &call->change);
}

/* The one that is named must be there, and the other way round. Returns 1, 0 if there is none, FAULTED. */
static int get_file(struct call *call, struct map_file *ret)
{
	const uint64_t index = call_u64(call, "file", UINT64_MAX);
	const bool at = call_address(call, "offset", &ret->offset);

	if (index == UINT64_MAX && at)
		return fault_parameter(&call->fault, "offset");
	if (index == UINT64_MAX && call->fds.n == 0)
		return 0;
	if (index >= call->fds.n)
		return fault_parameter(&call->fault, "file");
	ret->fd = call->fds.v[index];
	return 1;
}

int method_map_ioas(struct context *context, struct call *call)
{
	unsigned int flags = (call_bool(call, "read", true) ? IOMMUFD_MAP_READ : 0u) |
			     (call_bool(call, "write", true) ? IOMMUFD_MAP_WRITE : 0u);
	struct map_file file = { .fd = -1 };
	struct record_ioas *ioas = NULL;
	const uint64_t size = call_u64(call, "size", 0);
	uint64_t iova = 0;
	bool fixed = call_address(call, "iova", &iova);
	int r = get_file(call, &file);

	if (r < 0)
		return r;
	if (flags == 0)
		return fault_parameter(&call->fault, "read");
	if (context_find_ioas(context, call_reference(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	if (r == 0)
		return context_map_ioas(context, ioas, size, fixed ? &iova : NULL, flags,
					&call->fault, &call->change);
	r = context_map_file(context, ioas, &file, size, fixed ? &iova : NULL, flags, &call->fault,
			     &call->change);
	if (r == 0) {
		call->change->fds = call->fds;
		call->fds = (struct varlink_fds){ 0 };
	}
	return r;
}

int method_unmap_ioas(struct context *context, struct call *call)
{
	uint64_t iova = 0, length = call_u64(call, "length", 0);
	bool all = call_bool(call, "all", false), at = call_address(call, "iova", &iova);
	struct record_ioas *ioas = NULL;

	if (at == all || (all && length))
		return fault_parameter(&call->fault, at == all ? "iova" : "length");
	if (context_find_ioas(context, call_reference(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	return all ? context_unmap_ioas_all(ioas, &call->fault, &call->change)
		   : context_unmap_ioas(ioas, iova, length, &call->fault, &call->change);
}

int method_alloc_hwpt(struct context *context, struct call *call)
{
	struct record_device *device = NULL;
	struct record_ioas *ioas = NULL;

	if (context_find_bound(context, call_reference(call, "device"), &call->fault, &device) <
		    0 ||
	    context_find_ioas(context, call_reference(call, "ioas"), &call->fault, &ioas) < 0)
		return FAULTED;
	return context_alloc_hwpt(context, device, ioas, call_string(call, "name"),
				  call_bool(call, "pasid", false), &call->fault, &call->change);
}

int method_free_hwpt(struct context *context, struct call *call)
{
	struct record_hwpt *hwpt = NULL;

	if (context_find_hwpt(context, call_reference(call, "hwpt"), &call->fault, &hwpt) < 0)
		return FAULTED;
	return context_free_hwpt(context, hwpt, &call->fault, &call->change);
}

/* None at all is no list. */
static int read_pasids(struct call *call, struct ranges *ret)
{
	if (json_get_ranges(call->parameters, "pasid", ret) < 0)
		return fault_system(&call->fault, "malloc", -ENOMEM);
	return ret->n ? 0 : fault_parameter(&call->fault, "pasid");
}

int method_bind_pasids(struct context *context, struct call *call)
{
	const bool automatic = !call_has(call, "pasid");
	uint64_t count = call_u64(call, "count", automatic ? 1 : 0);
	struct bind_request request = { .partial = call_bool(call, "partial", false) };
	struct record_device *device = NULL;
	struct object *target = NULL;
	int r;

	if (automatic ? count == 0 || count > PASID_MAX : count != 0)
		return fault_parameter(&call->fault, "count");
	request.count = (uint32_t)count;
	if (!automatic && read_pasids(call, &request.pasid) < 0)
		return FAULTED;
	r = context_find_bound(context, call_reference(call, "device"), &call->fault, &device);
	if (r == 0)
		r = context_find_target(context, call_reference(call, "target"), &call->fault,
					&target);
	if (r == 0)
		r = context_bind_pasids(context, device, target, &request, &call->fault,
					&call->change);
	ranges_done(&request.pasid);
	return r;
}

int method_unbind_pasids(struct context *context, struct call *call)
{
	_cleanup_ranges_ struct ranges pasid = { 0 };
	struct record_device *device = NULL;

	if (call_has(call, "pasid") == call_bool(call, "all", false))
		return fault_parameter(&call->fault, "pasid");
	if (call_has(call, "pasid") && read_pasids(call, &pasid) < 0)
		return FAULTED;
	if (context_find_bound(context, call_reference(call, "device"), &call->fault, &device) < 0)
		return FAULTED;
	return context_unbind_pasids(device, &pasid, &call->fault, &call->change);
}

int method_destroy(struct context *context, struct call *call)
{
	return context_destroy(context, call_bool(call, "force", false), &call->fault,
			       &call->change);
}

int method_cancel(struct context *context, struct call *call)
{
	(void)context;
	call->cancel = call_u64(call, "change", 0);
	return call->cancel ? 0 : fault_parameter(&call->fault, "change");
}
