/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommufd, one function per ioctl, without policy or state. FD is an open /dev/iommu; other numbers
 * are ids of its objects. All return 0 or -errno; outputs are untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Operations that can fail: iommufd's ioctls in the order of their numbers, then those of a VFIO
 * cdev.
 */
enum iommufd_op {
	IOMMUFD_DESTROY,
	IOMMUFD_IOAS_ALLOC,
	IOMMUFD_IOAS_ALLOW_IOVAS,
	IOMMUFD_IOAS_COPY,
	IOMMUFD_IOAS_IOVA_RANGES,
	IOMMUFD_IOAS_MAP,
	IOMMUFD_IOAS_UNMAP,
	IOMMUFD_OPTION,
	IOMMUFD_VFIO_IOAS,
	IOMMUFD_HWPT_ALLOC,
	IOMMUFD_GET_HW_INFO,
	IOMMUFD_HWPT_SET_DIRTY_TRACKING,
	IOMMUFD_HWPT_GET_DIRTY_BITMAP,
	IOMMUFD_HWPT_INVALIDATE,
	IOMMUFD_FAULT_QUEUE_ALLOC,
	IOMMUFD_IOAS_MAP_FILE,
	IOMMUFD_VIOMMU_ALLOC,
	IOMMUFD_VDEVICE_ALLOC,
	IOMMUFD_IOAS_CHANGE_PROCESS,
	IOMMUFD_VEVENTQ_ALLOC,
	IOMMUFD_HW_QUEUE_ALLOC,
	IOMMUFD_IOAS_NOIOMMU_GET_PA,
	IOMMUFD_IOCTL_N, /* number of iommufd ioctls */

	IOMMUFD_OPEN = IOMMUFD_IOCTL_N,
	IOMMUFD_VFIO_OPEN,
	IOMMUFD_VFIO_BIND,
	IOMMUFD_VFIO_SET_IRQS,
	IOMMUFD_VFIO_ATTACH,
	IOMMUFD_VFIO_DETACH,
	IOMMUFD_VFIO_ATTACH_PASID,
	IOMMUFD_VFIO_DETACH_PASID,
	IOMMUFD_VFIO_CLOSE,
	IOMMUFD_OP_N,
};

/* The name in the kernel's headers: "IOMMU_HWPT_ALLOC"; for opening, "open /dev/iommu". */
const char *iommufd_op_name(enum iommufd_op op);

/*
 * What to do about errno ERR of the operation with this name, with a PASID or without, a clause without full stop; NULL
 * if nothing is known beyond the errno's text.
 */
const char *iommufd_hint(const char *operation, bool pasid, int err);

/*
 * Does the kernel know the ioctl OP (below IOMMUFD_IOCTL_N)? Returns 1, 0 or -errno. Has no effect,
 * because the struct passed is too short for any ioctl.
 */
int iommufd_probe(int fd, enum iommufd_op op);

/* Opens /dev/iommu, close-on-exec. */
int iommufd_open(int *ret_fd);

int iommufd_destroy(int fd, uint32_t id);
int iommufd_ioas_alloc(int fd, uint32_t *ret_ioas);

struct iommufd_iova_range {
	uint64_t first, last; /* both inclusive */
};

/*
 * The IOVA ranges available for mappings. RET_RANGE has room for *N; -EMSGSIZE if that is too
 * small, with the number needed in *N. RET_ALIGNMENT is in bytes.
 */
int iommufd_ioas_iova_ranges(int fd, uint32_t ioas, uint32_t *n,
			     struct iommufd_iova_range *ret_range, uint64_t *ret_alignment);

enum iommufd_map_flags {
	IOMMUFD_MAP_READ = 1,
	IOMMUFD_MAP_WRITE = 2,
};

/* IOVA is in and out; NULL: the kernel chooses it. LENGTH is in bytes. */
int iommufd_ioas_map(int fd, uint32_t ioas, void *memory, uint64_t length, const uint64_t *iova,
		     unsigned int flags, uint64_t *ret_iova);
/* The same with LENGTH bytes of FILE from OFFSET on. */
int iommufd_ioas_map_file(int fd, uint32_t ioas, int file, uint64_t offset, uint64_t length,
			  const uint64_t *iova, unsigned int flags, uint64_t *ret_iova);
/* IOVA 0 and LENGTH UINT64_MAX unmap everything. RET_LENGTH: bytes unmapped. */
int iommufd_ioas_unmap(int fd, uint32_t ioas, uint64_t iova, uint64_t length, uint64_t *ret_length);

/*
 * PASID: allocate with IOMMU_HWPT_ALLOC_PASID, for PASIDs and for the RID of a device that uses
 * them.
 */
int iommufd_hwpt_alloc(int fd, uint32_t device, uint32_t ioas, bool pasid, uint32_t *ret_hwpt);

struct iommufd_hw_info {
	uint32_t type; /* enum iommu_hw_info_type: 0 none, 1 VT-d, 2 SMMUv3, 3 Tegra241, 4 AMD */
	unsigned int pasid_width; /* bits; 0: no PASIDs, or the kernel is too old to report it */
	uint64_t capabilities;    /* enum iommufd_hw_capabilities */
};
int iommufd_get_hw_info(int fd, uint32_t device, struct iommufd_hw_info *ret);
