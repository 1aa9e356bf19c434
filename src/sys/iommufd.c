/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/iommufd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/uapi.h"
#include "util/array.h"
#include "util/cleanup.h"

_Static_assert(UAPI_IOMMU_NR_END - UAPI_IOMMU_NR_DESTROY == IOMMUFD_IOCTL_N,
	       "enum iommufd_op follows the ioctl numbers");

static const char *const names[] = {
	[IOMMUFD_DESTROY] = "IOMMU_DESTROY",
	[IOMMUFD_IOAS_ALLOC] = "IOMMU_IOAS_ALLOC",
	[IOMMUFD_IOAS_ALLOW_IOVAS] = "IOMMU_IOAS_ALLOW_IOVAS",
	[IOMMUFD_IOAS_COPY] = "IOMMU_IOAS_COPY",
	[IOMMUFD_IOAS_IOVA_RANGES] = "IOMMU_IOAS_IOVA_RANGES",
	[IOMMUFD_IOAS_MAP] = "IOMMU_IOAS_MAP",
	[IOMMUFD_IOAS_UNMAP] = "IOMMU_IOAS_UNMAP",
	[IOMMUFD_OPTION] = "IOMMU_OPTION",
	[IOMMUFD_VFIO_IOAS] = "IOMMU_VFIO_IOAS",
	[IOMMUFD_HWPT_ALLOC] = "IOMMU_HWPT_ALLOC",
	[IOMMUFD_GET_HW_INFO] = "IOMMU_GET_HW_INFO",
	[IOMMUFD_HWPT_SET_DIRTY_TRACKING] = "IOMMU_HWPT_SET_DIRTY_TRACKING",
	[IOMMUFD_HWPT_GET_DIRTY_BITMAP] = "IOMMU_HWPT_GET_DIRTY_BITMAP",
	[IOMMUFD_HWPT_INVALIDATE] = "IOMMU_HWPT_INVALIDATE",
	[IOMMUFD_FAULT_QUEUE_ALLOC] = "IOMMU_FAULT_QUEUE_ALLOC",
	[IOMMUFD_IOAS_MAP_FILE] = "IOMMU_IOAS_MAP_FILE",
	[IOMMUFD_VIOMMU_ALLOC] = "IOMMU_VIOMMU_ALLOC",
	[IOMMUFD_VDEVICE_ALLOC] = "IOMMU_VDEVICE_ALLOC",
	[IOMMUFD_IOAS_CHANGE_PROCESS] = "IOMMU_IOAS_CHANGE_PROCESS",
	[IOMMUFD_VEVENTQ_ALLOC] = "IOMMU_VEVENTQ_ALLOC",
	[IOMMUFD_HW_QUEUE_ALLOC] = "IOMMU_HW_QUEUE_ALLOC",
	[IOMMUFD_IOAS_NOIOMMU_GET_PA] = "IOMMU_IOAS_NOIOMMU_GET_PA",
	[IOMMUFD_OPEN] = "open /dev/iommu",
	[IOMMUFD_VFIO_OPEN] = "open of the VFIO cdev",
	[IOMMUFD_VFIO_BIND] = "VFIO_DEVICE_BIND_IOMMUFD",
	[IOMMUFD_VFIO_SET_IRQS] = "VFIO_DEVICE_SET_IRQS",
	[IOMMUFD_VFIO_ATTACH] = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
	[IOMMUFD_VFIO_DETACH] = "VFIO_DEVICE_DETACH_IOMMUFD_PT",
	[IOMMUFD_VFIO_ATTACH_PASID] = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
	[IOMMUFD_VFIO_DETACH_PASID] = "VFIO_DEVICE_DETACH_IOMMUFD_PT",
	[IOMMUFD_VFIO_CLOSE] = "close of the VFIO cdev",
};
_Static_assert(ARRAY_SIZE(names) == IOMMUFD_OP_N, "every operation has a name");

#define HINT_OLD_KERNEL "this kernel does not know the operation; it needs a newer one"

/* Only ambiguous ones; otherwise the errno's own text is used. */
static const struct {
	enum iommufd_op op;
	int err;
	const char *hint;
} hints[] = {
	{ IOMMUFD_OPEN, ENOENT,
	  "the kernel has no iommufd: it needs CONFIG_IOMMUFD, or its module is not loaded" },
	{ IOMMUFD_OPEN, ENODEV,
	  "the kernel has no iommufd: it needs CONFIG_IOMMUFD, or its module is not loaded" },
	{ IOMMUFD_OPEN, EACCES,
	  "only root may open /dev/iommu, unless the system grants others access to it" },
	{ IOMMUFD_VFIO_OPEN, ENOENT,
	  "no node in /dev/vfio/devices: the kernel needs CONFIG_VFIO_DEVICE_CDEV" },
	{ IOMMUFD_VFIO_OPEN, EACCES,
	  "the holder may not open the node in /dev/vfio/devices, which must belong to the "
	  "holder's user" },
	{ IOMMUFD_VFIO_OPEN, ESTALE,
	  "the node in /dev/vfio/devices is not the device's own: is udev running?" },
	{ IOMMUFD_VFIO_BIND, EPERM,
	  "the platform does not remap interrupts, so the device could forge them (the module "
	  "parameter iommufd.allow_unsafe_interrupts=1 permits it and weakens isolation), or "
	  "another process has a device of the same IOMMU group" },
	{ IOMMUFD_VFIO_BIND, EINVAL,
	  "another process has already bound the device, or its DMA is not cache-coherent" },
	{ IOMMUFD_VFIO_BIND, EBUSY,
	  "the device's IOMMU group is in use by a kernel driver of another member, or through "
	  "an open VFIO group" },
	{ IOMMUFD_VFIO_BIND, EACCES,
	  "a virtual function whose physical function is in VFIO too needs its VF token" },
	{ IOMMUFD_VFIO_BIND, ENOTTY, HINT_OLD_KERNEL " (6.6)" },
	{ IOMMUFD_VFIO_ATTACH, EINVAL,
	  "the target is of another kind of IOMMU, does not support PASIDs while some are bound, "
	  "or the device's IOMMU group is attached to another one" },
	{ IOMMUFD_VFIO_ATTACH, EBUSY, "the device is being reset" },
	{ IOMMUFD_VFIO_ATTACH, EADDRINUSE,
	  "a mapping of the IOAS lies in a reserved region of the device" },
	{ IOMMUFD_VFIO_ATTACH_PASID, EINVAL,
	  "the kernel is older than 6.15, the target does not support PASIDs, the device's own "
	  "requests use one that does not, or its IOMMU group uses the number for another target" },
	{ IOMMUFD_VFIO_ATTACH_PASID, EBUSY,
	  "the device is being reset, or the number is in use in its IOMMU group, by a kernel "
	  "driver (SVA) or another process" },
	{ IOMMUFD_VFIO_ATTACH_PASID, EOPNOTSUPP,
	  "the device's VFIO driver or its IOMMU driver cannot attach PASIDs" },
	{ IOMMUFD_VFIO_ATTACH_PASID, ENOSPC, "the IOMMU has no domain ids left" },
	{ IOMMUFD_HWPT_ALLOC, EOPNOTSUPP,
	  "the device's IOMMU has no support for what was asked: no PASIDs, or no page tables of "
	  "the user's own" },
	{ IOMMUFD_HWPT_ALLOC, EADDRINUSE,
	  "a mapping of the IOAS lies beyond what the device's IOMMU can address" },
	{ IOMMUFD_HWPT_ALLOC, ENOTTY, HINT_OLD_KERNEL " (6.6)" },
	{ IOMMUFD_IOAS_MAP, EEXIST, "something is already mapped there" },
	{ IOMMUFD_IOAS_MAP, EINVAL,
	  "the IOVA is in a reserved region or beyond what an attached device can address" },
	{ IOMMUFD_IOAS_MAP, ENOMEM,
	  "out of memory, or beyond what may be pinned (RLIMIT_MEMLOCK)" },
	{ IOMMUFD_IOAS_MAP, ENOSPC, "no free IOVA range is that long" },
	{ IOMMUFD_IOAS_MAP, EOVERFLOW, "the mapping would end beyond the last IOVA" },
	{ IOMMUFD_IOAS_MAP_FILE, ENOTTY, HINT_OLD_KERNEL " (6.13)" },
	{ IOMMUFD_IOAS_MAP_FILE, EEXIST, "something is already mapped there" },
	{ IOMMUFD_IOAS_MAP_FILE, EINVAL,
	  "the IOVA is in a reserved region or beyond what an attached device can address, or the "
	  "file is not one whose pages can be pinned" },
	{ IOMMUFD_IOAS_MAP_FILE, ENOMEM,
	  "out of memory or huge pages, or beyond what may be pinned (RLIMIT_MEMLOCK)" },
	{ IOMMUFD_IOAS_MAP_FILE, ENOSPC, "no free IOVA range is that long" },
	{ IOMMUFD_IOAS_MAP_FILE, EOVERFLOW, "the mapping would end beyond the last IOVA" },
	{ IOMMUFD_IOAS_UNMAP, ENOENT,
	  "nothing is mapped there, or only part of a mapping was named" },
	{ IOMMUFD_DESTROY, EBUSY,
	  "something still uses it, perhaps a process that was given the descriptors" },
	{ IOMMUFD_GET_HW_INFO, ENOTTY, HINT_OLD_KERNEL " (6.6)" },
};

const char *iommufd_op_name(enum iommufd_op op)
{
	return (size_t)op < ARRAY_SIZE(names) ? names[op] : "unknown operation";
}

/* The same ioctl is for the device's own requests and for a PASID of it. */
static bool is_operation(enum iommufd_op op, const char *name, bool pasid)
{
	if (op == IOMMUFD_VFIO_ATTACH || op == IOMMUFD_VFIO_DETACH)
		return !pasid && strcmp(names[op], name) == 0;
	if (op == IOMMUFD_VFIO_ATTACH_PASID || op == IOMMUFD_VFIO_DETACH_PASID)
		return pasid && strcmp(names[op], name) == 0;
	return strcmp(names[op], name) == 0;
}

const char *iommufd_hint(const char *operation, bool pasid, int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].err == err && is_operation(hints[i].op, operation, pasid))
			return hints[i].hint;
	return NULL;
}

static int iommufd_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int iommufd_probe(int fd, enum iommufd_op op)
{
	/*
	 * iommufd_fops_ioctl() first looks up the number (ENOTTY), then checks the minimum size
	 * (EINVAL), and only then executes. A zeroed struct of full size would allocate
	 * (IOAS_ALLOC, FAULT_QUEUE_ALLOC) or move accounting (IOAS_CHANGE_PROCESS).
	 */
	uint32_t size = 0;
	int r;

	r = iommufd_ioctl(fd, _IO(UAPI_TYPE, UAPI_IOMMU_NR_DESTROY + (unsigned int)op), &size);
	if (r == -EINVAL)
		return 1;
	return r == -ENOTTY ? 0 : r == 0 ? -EPROTO : r;
}

int iommufd_open(int *ret_fd)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int iommufd_destroy(int fd, uint32_t id)
{
	struct uapi_iommu_destroy arg = { .size = sizeof(arg), .id = id };

	return iommufd_ioctl(fd, UAPI_IOMMU_DESTROY, &arg);
}

int iommufd_ioas_alloc(int fd, uint32_t *ret_ioas)
{
	struct uapi_iommu_ioas_alloc arg = { .size = sizeof(arg) };
	int r;

	r = iommufd_ioctl(fd, UAPI_IOMMU_IOAS_ALLOC, &arg);
	if (r < 0)
		return r;
	*ret_ioas = arg.out_ioas_id;
	return 0;
}

_Static_assert(sizeof(struct iommufd_iova_range) == sizeof(struct uapi_iommu_iova_range),
	       "the kernel fills our array");

int iommufd_ioas_iova_ranges(int fd, uint32_t ioas, uint32_t *n,
			     struct iommufd_iova_range *ret_range, uint64_t *ret_alignment)
{
	struct uapi_iommu_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.num_iovas = *n,
		.allowed_iovas = (uintptr_t)ret_range,
	};
	int r;

	r = iommufd_ioctl(fd, UAPI_IOMMU_IOAS_IOVA_RANGES, &arg);
	if (r == 0 || r == -EMSGSIZE)
		*n = arg.num_iovas;
	if (r < 0)
		return r;
	*ret_alignment = arg.out_iova_alignment;
	return 0;
}

static uint32_t map_flags(const uint64_t *iova, unsigned int flags)
{
	return (iova ? UAPI_IOMMU_MAP_FIXED_IOVA : 0u) |
	       (flags & IOMMUFD_MAP_WRITE ? UAPI_IOMMU_MAP_WRITEABLE : 0u) |
	       (flags & IOMMUFD_MAP_READ ? UAPI_IOMMU_MAP_READABLE : 0u);
}

int iommufd_ioas_map(int fd, uint32_t ioas, void *memory, uint64_t length, const uint64_t *iova,
		     unsigned int flags, uint64_t *ret_iova)
{
	struct uapi_iommu_ioas_map arg = {
		.size = sizeof(arg),
		.flags = map_flags(iova, flags),
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = iova ? *iova : 0,
	};
	int r;

	r = iommufd_ioctl(fd, UAPI_IOMMU_IOAS_MAP, &arg);
	if (r < 0)
		return r;
	*ret_iova = arg.iova;
	return 0;
}

int iommufd_ioas_map_file(int fd, uint32_t ioas, int file, uint64_t offset, uint64_t length,
			  const uint64_t *iova, unsigned int flags, uint64_t *ret_iova)
{
	struct uapi_iommu_ioas_map_file arg = {
		.size = sizeof(arg),
		.flags = map_flags(iova, flags),
		.ioas_id = ioas,
		.fd = file,
		.start = offset,
		.length = length,
		.iova = iova ? *iova : 0,
	};
	int r;

	r = iommufd_ioctl(fd, UAPI_IOMMU_IOAS_MAP_FILE, &arg);
	if (r < 0)
		return r;
	*ret_iova = arg.iova;
	return 0;
}

int iommufd_ioas_unmap(int fd, uint32_t ioas, uint64_t iova, uint64_t length, uint64_t *ret_length)
{
	struct uapi_iommu_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};
	int r;

	r = iommufd_ioctl(fd, UAPI_IOMMU_IOAS_UNMAP, &arg);
	if (r < 0)
		return r;
	*ret_length = arg.length;
	return 0;
}

int iommufd_hwpt_alloc(int fd, uint32_t device, uint32_t ioas, bool pasid, uint32_t *ret_hwpt)
{
	struct uapi_iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = pasid ? UAPI_IOMMU_HWPT_PASID : 0,
		.dev_id = device,
		.pt_id = ioas,
	};
	int r;

	r = iommufd_ioctl(fd, UAPI_IOMMU_HWPT_ALLOC, &arg);
	if (r < 0)
		return r;
	*ret_hwpt = arg.out_hwpt_id;
	return 0;
}

int iommufd_get_hw_info(int fd, uint32_t device, struct iommufd_hw_info *ret)
{
	struct uapi_iommu_hw_info arg = { .size = sizeof(arg), .dev_id = device };
	int r;

	r = iommufd_ioctl(fd, UAPI_IOMMU_GET_HW_INFO, &arg);
	if (r < 0)
		return r;
	*ret = (struct iommufd_hw_info){
		.type = arg.out_data_type,
		.pasid_width = arg.out_max_pasid_log2,
		.capabilities = arg.out_capabilities,
	};
	return 0;
}
