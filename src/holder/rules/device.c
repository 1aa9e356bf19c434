/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "holder/rules/internal.h"
#include "sys/vfio.h"
#include "util/cleanup.h"

static int find_node(const char *path, struct fault *fault, struct vfio_node *ret)
{
	int r = vfio_node_find(path, ret);

	switch (r) {
	case 0:
		return 0;
	case -EINVAL:
		return fault_parameter(fault, "path");
	case -ENOENT:
	case -ENOTDIR:
		return fault_raise_string(fault, "NoSuchDevice", "path", path);
	case -ENODEV:
		return fault_raise_string(fault, "NoVfioDevice", "path", path);
	default:
		return fault_system(fault, "read of the device in sysfs", r);
	}
}

static void finish_add(const struct context *context, struct change *change, json_object *reply)
{
	const struct record_device *device = change->device;

	(void)context;
	json_add_string(reply, "device", device->object.name);
	if (device->bound)
		json_add_u64(reply, "id", device->object.id);
	else
		json_add_null(reply, "id");
}

static int push_add(struct context *context, const struct vfio_node *node, bool bind,
		    struct change *change)
{
	struct record_device *device = record_device_new(node->path, node->cdev);
	int r;

	if (!device)
		return -ENOMEM;
	if (node->has_group)
		device->group = node->group;
	change->device = device;
	change->finish = finish_add;
	r = change_open(context, change, device);
	return r == 0 && bind ? change_bind(change, device) : r;
}

int context_add_device(struct context *context, const char *path, bool bind, struct fault *fault,
		       struct change **ret)
{
	_cleanup_(vfio_node_done) struct vfio_node node = { 0 };
	_cleanup_change_ struct change *change = NULL;

	if (find_node(path, fault, &node) < 0)
		return FAULTED;
	if (record_device_find(&context->record, node.path))
		return fault_raise_string(fault, "DeviceInUse", "path", node.path);
	if (rules_check_new(context, OBJECT_DEVICE, NULL, fault) < 0)
		return FAULTED;
	change = change_new();
	return rules_end(&change, change ? push_add(context, &node, bind, change) : -ENOMEM, fault,
			 ret);
}

/* What is released comes last: with it gone, the device could not be attached again. */
static int push_remove(struct change *change, struct record_device *device)
{
	int r = change_clear_pasids(change, device);

	change->device = device;
	if (r == 0 && device->target)
		r = change_detach(change, device);
	if (r == 0)
		r = change_close(change, device);
	if (r == 0)
		r = rules_release_pasids(change, device, NULL);
	return r == 0 ? change_release(change, device->target) : r;
}

int context_remove_device(struct record_device *device, bool force, struct fault *fault,
			  struct change **ret)
{
	uint64_t count = record_device_pasids(device);
	_cleanup_change_ struct change *change = NULL;
	json_object *parameters;

	if (!force && (count || device->target)) {
		parameters = json_object_new_object();
		json_add_string(parameters, "device", device->object.name);
		json_add_u64(parameters, "pasid_count", count);
		json_add_bool(parameters, "attached", device->target);
		return fault_raise(fault, "StillBound", parameters);
	}
	change = change_new();
	return rules_end(&change, change ? push_remove(change, device) : -ENOMEM, fault, ret);
}

/* If the group may have PASIDs now or later, a plain page table would block them. */
static bool group_has_pasids(const struct record *record, const struct record_device *device)
{
	const struct record_device *other;

	for (size_t i = 0; (other = record_device_at(record, i)) != NULL; i++)
		if (other->pasid_width && record_same_group(device, other))
			return true;
	return false;
}

int rules_refuse_target(const char *error, const struct record_device *device,
			const struct record_device *sibling, struct fault *fault)
{
	struct object *target = sibling ? sibling->target : device->target;
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", device->object.name);
	if (sibling)
		json_add_string(parameters, "sibling", sibling->object.name);
	context_add_target(parameters, "target", target);
	return fault_raise(fault, error, parameters);
}

/* An automatic HWPT of an IOAS stands for the IOAS. */
static bool same_target(const struct record_device *device, struct object *target)
{
	struct object *on = device->target;

	if (!on || record_target_ioas(on) != record_target_ioas(target))
		return false;
	return on == target || (target->kind == OBJECT_IOAS && on->automatic);
}

int rules_refuse_plain(const struct record_hwpt *hwpt, const struct record_device *device,
		       struct fault *fault)
{
	json_object *parameters = json_object_new_object();

	context_add_object(parameters, "hwpt", &hwpt->object);
	json_add_string(parameters, "device", device->object.name);
	return fault_raise(fault, "HwptNotForPasids", parameters);
}

/* Would bound PASIDs of the device's group forbid the plain HWPT? */
static int check_plain(const struct context *context, const struct record_device *device,
		       struct object *target, struct fault *fault)
{
	const struct record_hwpt *hwpt = record_target_hwpt(target);
	const struct record_device *other;

	if (!hwpt || hwpt->pasid)
		return 0;
	for (size_t i = 0; (other = record_device_at(&context->record, i)) != NULL; i++)
		if (record_same_group(device, other) && record_device_pasids(other))
			return rules_refuse_plain(hwpt, other, fault);
	return 0;
}

/* Pushes the attachment to TARGET, or to the HWPT that stands for it. */
static int push_attach(struct context *context, struct change *change, struct record_device *device,
		       struct object *target, struct fault *fault)
{
	const struct record_device *sibling = record_sibling_attached(&context->record, device);
	struct record_hwpt *hwpt = NULL;
	struct object *old = device->target;
	int r;

	/*
	 * The kernel attaches all devices of a group to the target of the first. Moving one of them
	 * moves the others (iommufd_device_do_replace()).
	 */
	if (sibling && !old && !same_target(sibling, target))
		return rules_refuse_target("GroupAttached", device, sibling, fault);
	if (sibling && !old)
		r = change_attach(change, device, sibling->target, NULL);
	else if (target->kind == OBJECT_HWPT || !group_has_pasids(&context->record, device))
		r = change_attach(change, device, target, NULL);
	else if (rules_get_hwpt(context, change, device, (struct record_ioas *)target, true, fault,
				&hwpt) < 0)
		return FAULTED;
	else
		r = change_attach(change, device, &hwpt->object, target);
	if (r == 0)
		r = change_release(change, old);
	return r < 0 ? fault_system(fault, "malloc", r) : 0;
}

int context_attach_device(struct context *context, struct record_device *device,
			  struct object *target, bool replace, struct fault *fault,
			  struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;

	if (!same_target(device, target) && device->target && !replace)
		return rules_refuse_target("AlreadyAttached", device, NULL, fault);
	if (!same_target(device, target) &&
	    (check_plain(context, device, target, fault) < 0 ||
	     rules_check_memory(context, record_target_ioas(target), 0, fault) < 0))
		return FAULTED;
	change = change_new();
	if (!change)
		return fault_system(fault, "malloc", -ENOMEM);
	change->device = device;
	if (!same_target(device, target) && push_attach(context, change, device, target, fault) < 0)
		return FAULTED;
	return rules_end(&change, 0, fault, ret);
}

int context_detach_device(struct record_device *device, struct fault *fault, struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;
	int r = -ENOMEM;

	if (!device->target)
		return fault_raise_string(fault, "NotAttached", "device", device->object.name);
	change = change_new();
	if (change) {
		change->device = device;
		r = change_detach(change, device);
	}
	if (r == 0)
		r = change_release(change, device->target);
	return rules_end(&change, r, fault, ret);
}

int context_watch_devices(const struct context *context, struct fault *fault, struct change **ret)
{
	_cleanup_change_ struct change *change = change_new();
	struct record_device *device;
	int r = change ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && (device = record_device_at(&context->record, i)) != NULL; i++)
		if (device->request >= 0)
			r = change_watch(change, device);
	if (r == 0)
		change_tolerate(change);
	return rules_end(&change, r, fault, ret);
}
