/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adding and removing devices, and attaching their own requests (RID). */
#include "holder/context.h"

#include <errno.h>
#include <unistd.h>

#include "holder/kernel.h"
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
		return fault_system(fault, "read of the device in sysfs", r, NULL);
	}
}

static int open_node(struct context *context, const struct vfio_node *node, struct fault *fault,
		     int *ret_fd)
{
	int r = kernel_open(context, node, ret_fd);

	if (r == -ENODEV)
		return fault_raise_string(fault, "NoVfioDevice", "path", node->path);
	return r < 0 ? fault_kernel(fault, IOMMUFD_VFIO_OPEN, r) : 0;
}

/* Sets what binding returns. The device leaves the iommufd with the last close of its fd. */
static int bind_device(struct context *context, struct record_device *device, struct fault *fault)
{
	struct iommufd_hw_info info = { 0 };
	int r;

	r = kernel_bind(context, device);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_VFIO_BIND, r);
	r = kernel_get_hw_info(context, device, &info);
	/*
	 * ENOENT: an mdev, which is an access and not a device for iommufd. EOPNOTSUPP: no IOMMU.
	 * Neither has PASIDs. Any other failure must not count as "no PASIDs".
	 */
	if (r < 0 && r != -ENOENT && r != -EOPNOTSUPP)
		return fault_kernel(fault, IOMMUFD_GET_HW_INFO, r);
	r = kernel_watch_request(context, device);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_VFIO_SET_IRQS, r);
	device->bound = true;
	device->pasid_width = info.pasid_width > 20 ? 20 : info.pasid_width;
	return 0;
}

int context_add_device(struct context *context, const char *path, bool bind, struct fault *fault,
		       struct record_device **ret)
{
	_cleanup_(vfio_node_done) struct vfio_node node = { 0 };
	struct record_device entry = { .group = -1, .request = -1 }, *device;
	_cleanup_close_ int fd = -1;

	if (find_node(path, fault, &node) < 0)
		return FAULTED;
	if (record_device_find(&context->record, node.path))
		return fault_raise_string(fault, "DeviceInUse", "path", node.path);
	if (context_check_new(context, NULL, "devices", context->record.device_n,
			      CONTEXT_DEVICE_MAX, fault) < 0)
		return FAULTED;
	if (open_node(context, &node, fault, &fd) < 0)
		return FAULTED;
	entry.path = node.path;
	entry.cdev = node.cdev;
	entry.fd = fd;
	if (node.has_group)
		entry.group = node.group;
	if (bind && bind_device(context, &entry, fault) < 0)
		return FAULTED;
	device = record_device_add(&context->record, &entry);
	if (!device) {
		kernel_close(context, entry.request);
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	}
	(void)TAKE_FD(fd);
	*ret = device;
	return 0;
}

void context_remove_device(struct context *context, struct record_device *device)
{
	uint32_t hwpt = device->hwpt;

	if (device->attached)
		(void)kernel_detach(context, device);
	device->attached = false;
	context_put_hwpt(context, hwpt);
	kernel_close(context, device->request);
	kernel_close(context, device->fd);
	record_device_drop(&context->record, device);
}

/* If the group may have PASIDs now or later, a plain page table would block them. */
static bool group_has_pasids(const struct record *record, const struct record_device *device)
{
	for (size_t i = 0; i < record->device_n; i++) {
		const struct record_device *other = &record->device[i];

		if (other->pasid_width == 0)
			continue;
		if (other == device || (other->group == device->group && device->group != -1))
			return true;
	}
	return false;
}

static int refuse_target(const struct context *context, const char *error,
			 const struct record_device *device, const struct record_device *sibling,
			 struct fault *fault)
{
	const struct record_device *attached = sibling ? sibling : device;
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "device", device->name);
	if (sibling)
		json_add_string(parameters, "sibling", sibling->name);
	context_add_ioas_name(context, parameters, attached->ioas);
	if (attached->hwpt)
		json_add_u64(parameters, "hwpt", attached->hwpt);
	return fault_raise(fault, error, parameters);
}

static bool same_target(const struct context *context, const struct record_device *device,
			const struct context_target *target)
{
	const struct record_hwpt *hwpt = record_hwpt_by_id(&context->record, device->hwpt);

	if (!device->attached || device->ioas != target->ioas)
		return false;
	return target->hwpt ? device->hwpt == target->hwpt : !hwpt || hwpt->automatic;
}

/* Would bound PASIDs of the device's group forbid the plain HWPT? */
static int check_plain(const struct context *context, const struct record_device *device,
		       const struct context_target *target, struct fault *fault)
{
	const struct record_hwpt *hwpt = record_hwpt_by_id(&context->record, target->hwpt);
	json_object *parameters;

	if (!hwpt || hwpt->pasid)
		return 0;
	for (size_t i = 0; i < context->record.device_n; i++) {
		const struct record_device *other = &context->record.device[i];

		if (other != device && (device->group == -1 || other->group != device->group))
			continue;
		if (!record_device_pasids(other))
			continue;
		parameters = json_object_new_object();
		json_add_u64(parameters, "hwpt", hwpt->id);
		json_add_string(parameters, "device", other->name);
		return fault_raise(fault, "HwptNotForPasids", parameters);
	}
	return 0;
}

/* The HWPT to attach to for TARGET, 0 for the IOAS itself. */
static int choose_hwpt(struct context *context, const struct record_device *device,
		       const struct context_target *target, struct fault *fault, uint32_t *ret)
{
	const struct record_device *sibling = record_sibling_attached(&context->record, device);

	/*
	 * The kernel attaches all devices of a group to the target of the first. Moving one of them
	 * moves the others (iommufd_device_do_replace()).
	 */
	if (sibling && !device->attached) {
		if (!same_target(context, sibling, target))
			return refuse_target(context, "GroupAttached", device, sibling, fault);
		*ret = sibling->hwpt;
		return 0;
	}
	if (target->hwpt || !group_has_pasids(&context->record, device)) {
		*ret = target->hwpt;
		return 0;
	}
	if (context_get_hwpt(context, device, target->ioas, fault, ret) == 0)
		return 0;
	if (fault->err != EOPNOTSUPP)
		return FAULTED;
	/* The IOMMU has no PASIDs, whatever the device supports. */
	fault_done(fault);
	*ret = 0;
	return 0;
}

int context_attach_device(struct context *context, struct record_device *device,
			  const struct context_target *target, bool replace, struct fault *fault)
{
	uint32_t hwpt, old = device->hwpt;
	int r;

	if (same_target(context, device, target))
		return 0;
	if (device->attached && !replace)
		return refuse_target(context, "AlreadyAttached", device, NULL, fault);
	if (check_plain(context, device, target, fault) < 0 ||
	    choose_hwpt(context, device, target, fault, &hwpt) < 0)
		return FAULTED;
	r = kernel_attach(context, device, hwpt ? hwpt : target->ioas);
	if (r < 0) {
		context_put_hwpt(context, hwpt);
		return fault_kernel(fault, IOMMUFD_VFIO_ATTACH, r);
	}
	record_attach(&context->record, device, target->ioas, hwpt);
	context_put_hwpt(context, old);
	return 0;
}

int context_detach_device(struct context *context, struct record_device *device,
			  struct fault *fault)
{
	uint32_t hwpt = device->hwpt;
	int r;

	if (!device->attached)
		return fault_raise_string(fault, "NotAttached", "device", device->name);
	r = kernel_detach(context, device);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_VFIO_DETACH, r);
	device->attached = false;
	device->hwpt = 0;
	context_put_hwpt(context, hwpt);
	return 0;
}
