/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of the kernel of holder_kernel.h, in order, one per line: "attach device 1 pasid 5 to
 * 4".
 */
#pragma once

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/uapi.h"

/* What does not fit is left out. */
struct trace {
	char text[8192];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static inline void trace_add(struct trace *trace,
								   const char *format, ...)
{
	size_t room = sizeof(trace->text) - trace->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(trace->text + trace->length, room, format, args);
	va_end(args);
	trace->length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static inline void trace_map(struct trace *trace, const struct uapi_iommu_ioas_map *arg)
{
	trace_add(trace, "map %u size 0x%" PRIx64, arg->ioas_id, (uint64_t)arg->length);
	if (arg->flags & UAPI_IOMMU_MAP_FIXED_IOVA)
		trace_add(trace, " at 0x%" PRIx64, (uint64_t)arg->iova);
	trace_add(trace, "%s%s", arg->flags & UAPI_IOMMU_MAP_READABLE ? " read" : "",
		  arg->flags & UAPI_IOMMU_MAP_WRITEABLE ? " write" : "");
}

static inline void trace_attach(struct trace *trace, uint32_t device,
				const struct uapi_vfio_attach_iommufd_pt *arg)
{
	trace_add(trace, "attach device %u", device);
	if (arg->flags & UAPI_VFIO_ATTACH_PASID)
		trace_add(trace, " pasid %u", arg->pasid);
	trace_add(trace, " to %u", arg->pt_id);
}

static inline void trace_detach(struct trace *trace, uint32_t device,
				const struct uapi_vfio_detach_iommufd_pt *arg)
{
	trace_add(trace, "detach device %u", device);
	if (arg->flags & UAPI_VFIO_DETACH_PASID)
		trace_add(trace, " pasid %u", arg->pasid);
}

/* DEVICE is the id of the device that is called, 0: no bound one. */
static inline void trace_call(struct trace *trace, uint32_t device, unsigned long request,
			      const void *arg)
{
	const struct uapi_iommu_hwpt_alloc *hwpt = arg;
	const struct uapi_iommu_ioas_unmap *unmap = arg;

	switch (request) {
	case UAPI_IOMMU_DESTROY:
		trace_add(trace, "destroy %u", ((const struct uapi_iommu_destroy *)arg)->id);
		break;
	case UAPI_IOMMU_IOAS_ALLOC:
		trace_add(trace, "alloc ioas");
		break;
	case UAPI_IOMMU_IOAS_MAP:
		trace_map(trace, arg);
		break;
	case UAPI_IOMMU_IOAS_MAP_FILE:
		trace_add(trace, "file offset 0x%" PRIx64 " ",
			  (uint64_t)((const struct uapi_iommu_ioas_map_file *)arg)->start);
		trace_map(trace, arg);
		break;
	case UAPI_IOMMU_IOAS_UNMAP:
		trace_add(trace, "unmap %u from 0x%" PRIx64 " size 0x%" PRIx64, unmap->ioas_id,
			  (uint64_t)unmap->iova, (uint64_t)unmap->length);
		break;
	case UAPI_IOMMU_HWPT_ALLOC:
		trace_add(trace, "alloc hwpt for device %u in %u%s", hwpt->dev_id, hwpt->pt_id,
			  hwpt->flags & UAPI_IOMMU_HWPT_PASID ? " with pasids" : "");
		break;
	case UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		trace_attach(trace, device, arg);
		break;
	case UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT:
		trace_detach(trace, device, arg);
		break;
	case UAPI_VFIO_DEVICE_BIND_IOMMUFD:
		trace_add(trace, "bind");
		break;
	default:
		trace_add(trace, "other");
	}
}

/* The result: ERR is positive. */
static inline void trace_result(struct trace *trace, int err)
{
	trace_add(trace, err ? ": %s\n" : "\n", strerrorname_np(err));
}
