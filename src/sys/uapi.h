/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's iommufd and VFIO cdev interfaces, declared here because older headers lack them
 * (Debian 12 has no linux/iommufd.h). All names have a prefix, so that both can be included;
 * tests/unit/holder/test_uapi.c compares them with the kernel's headers where those are installed.
 */
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

/* __aligned_u64: aligned to 8 bytes on 32-bit machines too. */
typedef uint64_t uapi_u64 __attribute__((aligned(8)));

#define UAPI_TYPE (';')

/* linux/iommufd.h: IOMMUFD_CMD_* */
enum uapi_iommu_nr {
	UAPI_IOMMU_NR_DESTROY = 0x80,
	UAPI_IOMMU_NR_IOAS_ALLOC,
	UAPI_IOMMU_NR_IOAS_ALLOW_IOVAS,
	UAPI_IOMMU_NR_IOAS_COPY,
	UAPI_IOMMU_NR_IOAS_IOVA_RANGES,
	UAPI_IOMMU_NR_IOAS_MAP,
	UAPI_IOMMU_NR_IOAS_UNMAP,
	UAPI_IOMMU_NR_OPTION,
	UAPI_IOMMU_NR_VFIO_IOAS,
	UAPI_IOMMU_NR_HWPT_ALLOC,
	UAPI_IOMMU_NR_GET_HW_INFO,
	UAPI_IOMMU_NR_HWPT_SET_DIRTY_TRACKING,
	UAPI_IOMMU_NR_HWPT_GET_DIRTY_BITMAP,
	UAPI_IOMMU_NR_HWPT_INVALIDATE,
	UAPI_IOMMU_NR_FAULT_QUEUE_ALLOC,
	UAPI_IOMMU_NR_IOAS_MAP_FILE,
	UAPI_IOMMU_NR_VIOMMU_ALLOC,
	UAPI_IOMMU_NR_VDEVICE_ALLOC,
	UAPI_IOMMU_NR_IOAS_CHANGE_PROCESS,
	UAPI_IOMMU_NR_VEVENTQ_ALLOC,
	UAPI_IOMMU_NR_HW_QUEUE_ALLOC,
	UAPI_IOMMU_NR_IOAS_NOIOMMU_GET_PA,
	UAPI_IOMMU_NR_END,
};

struct uapi_iommu_destroy {
	uint32_t size;
	uint32_t id;
};
#define UAPI_IOMMU_DESTROY _IO(UAPI_TYPE, UAPI_IOMMU_NR_DESTROY)

struct uapi_iommu_ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t out_ioas_id;
};
#define UAPI_IOMMU_IOAS_ALLOC _IO(UAPI_TYPE, UAPI_IOMMU_NR_IOAS_ALLOC)

struct uapi_iommu_iova_range {
	uapi_u64 start;
	uapi_u64 last;
};

struct uapi_iommu_ioas_iova_ranges {
	uint32_t size;
	uint32_t ioas_id;
	uint32_t num_iovas;
	uint32_t reserved;
	uapi_u64 allowed_iovas;
	uapi_u64 out_iova_alignment;
};
#define UAPI_IOMMU_IOAS_IOVA_RANGES _IO(UAPI_TYPE, UAPI_IOMMU_NR_IOAS_IOVA_RANGES)

enum uapi_iommu_map_flags {
	UAPI_IOMMU_MAP_FIXED_IOVA = 1 << 0,
	UAPI_IOMMU_MAP_WRITEABLE = 1 << 1,
	UAPI_IOMMU_MAP_READABLE = 1 << 2,
};

struct uapi_iommu_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	uint32_t reserved;
	uapi_u64 user_va;
	uapi_u64 length;
	uapi_u64 iova;
};
#define UAPI_IOMMU_IOAS_MAP _IO(UAPI_TYPE, UAPI_IOMMU_NR_IOAS_MAP)

/* FD: shared memory (memfd, tmpfs, hugetlbfs). Since 6.13. */
struct uapi_iommu_ioas_map_file {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	int32_t fd;
	uapi_u64 start;
	uapi_u64 length;
	uapi_u64 iova;
};
#define UAPI_IOMMU_IOAS_MAP_FILE _IO(UAPI_TYPE, UAPI_IOMMU_NR_IOAS_MAP_FILE)

struct uapi_iommu_ioas_unmap {
	uint32_t size;
	uint32_t ioas_id;
	uapi_u64 iova;
	uapi_u64 length;
};
#define UAPI_IOMMU_IOAS_UNMAP _IO(UAPI_TYPE, UAPI_IOMMU_NR_IOAS_UNMAP)

enum uapi_iommu_hwpt_flags {
	UAPI_IOMMU_HWPT_NEST_PARENT = 1 << 0,
	UAPI_IOMMU_HWPT_DIRTY_TRACKING = 1 << 1,
	UAPI_IOMMU_HWPT_FAULT_ID_VALID = 1 << 2,
	UAPI_IOMMU_HWPT_PASID = 1 << 3,
};

struct uapi_iommu_hwpt_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t pt_id;
	uint32_t out_hwpt_id;
	uint32_t reserved;
	uint32_t data_type;
	uint32_t data_len;
	uapi_u64 data_uptr;
	uint32_t fault_id;
	uint32_t reserved2;
};
#define UAPI_IOMMU_HWPT_ALLOC _IO(UAPI_TYPE, UAPI_IOMMU_NR_HWPT_ALLOC)

enum uapi_iommu_hw_caps {
	UAPI_IOMMU_HW_CAP_DIRTY_TRACKING = 1 << 0,
	UAPI_IOMMU_HW_CAP_PASID_EXEC = 1 << 1,
	UAPI_IOMMU_HW_CAP_PASID_PRIV = 1 << 2,
};

struct uapi_iommu_hw_info {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t data_len;
	uapi_u64 data_uptr;
	uint32_t out_data_type;
	uint8_t out_max_pasid_log2; /* since 6.15; reserved before, and written as 0 */
	uint8_t reserved[3];
	uapi_u64 out_capabilities;
};
#define UAPI_IOMMU_GET_HW_INFO _IO(UAPI_TYPE, UAPI_IOMMU_NR_GET_HW_INFO)

/* linux/vfio.h: VFIO_BASE + n */
enum uapi_vfio_nr {
	UAPI_VFIO_NR_DEVICE_GET_INFO = 100 + 7,
	UAPI_VFIO_NR_DEVICE_SET_IRQS = 100 + 10,
	UAPI_VFIO_NR_DEVICE_BIND_IOMMUFD = 100 + 18,
	UAPI_VFIO_NR_DEVICE_ATTACH_IOMMUFD_PT = 100 + 19,
	UAPI_VFIO_NR_DEVICE_DETACH_IOMMUFD_PT = 100 + 20,
};

struct uapi_vfio_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
	uint32_t cap_offset;
	uint32_t pad;
};
#define UAPI_VFIO_DEVICE_FLAGS_PCI (1u << 1)
#define UAPI_VFIO_DEVICE_GET_INFO  _IO(UAPI_TYPE, UAPI_VFIO_NR_DEVICE_GET_INFO)

/* With one fd, for VFIO_IRQ_SET_DATA_EVENTFD on a single interrupt. */
struct uapi_vfio_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
	int32_t eventfd;
};
#define UAPI_VFIO_IRQ_SET_EVENTFD   (1u << 2)
#define UAPI_VFIO_IRQ_SET_TRIGGER   (1u << 5)
#define UAPI_VFIO_PCI_REQ_IRQ_INDEX 4
#define UAPI_VFIO_DEVICE_SET_IRQS   _IO(UAPI_TYPE, UAPI_VFIO_NR_DEVICE_SET_IRQS)

/* Without the token added in 6.18: argsz is shorter. */
struct uapi_vfio_bind_iommufd {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t out_devid;
};
#define UAPI_VFIO_DEVICE_BIND_IOMMUFD _IO(UAPI_TYPE, UAPI_VFIO_NR_DEVICE_BIND_IOMMUFD)

#define UAPI_VFIO_ATTACH_PASID (1u << 0) /* since 6.15, like the field pasid */
struct uapi_vfio_attach_iommufd_pt {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pt_id;
	uint32_t pasid;
};
#define UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(UAPI_TYPE, UAPI_VFIO_NR_DEVICE_ATTACH_IOMMUFD_PT)

#define UAPI_VFIO_DETACH_PASID (1u << 0)
struct uapi_vfio_detach_iommufd_pt {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pasid;
};
#define UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT _IO(UAPI_TYPE, UAPI_VFIO_NR_DEVICE_DETACH_IOMMUFD_PT)
