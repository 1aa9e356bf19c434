/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/cleanup.h"

/* Placeholder ids of objects in a plan, from the top: the kernel's grow from 1. */
#define PLAN_ID_MIN (UINT32_MAX - 1024)

bool kernel_is_planned(uint32_t id)
{
	return id >= PLAN_ID_MIN;
}

/* TEXT NULL: out of memory. */
static void push(struct plan *plan, const char *text)
{
	plan->bytes += text ? strlen(text) : 0;
	if (plan->err == 0 && plan->bytes > PLAN_BYTES_MAX)
		plan->err = -E2BIG;
	if (plan->err == 0)
		plan->err = text ? strv_push(&plan->line, text) : -ENOMEM;
}

/* Turns the collected PASIDs into a line. */
int plan_end(struct plan *plan)
{
	_cleanup_free_ char *before = TAKE_PTR(plan->pasid.before);
	_cleanup_free_ char *after = TAKE_PTR(plan->pasid.after);
	uint32_t lo = plan->pasid.lo, hi = plan->pasid.hi;
	_cleanup_free_ char *text = NULL;
	char last[16] = "";

	plan->pasid.hi = 0;
	if (hi == 0)
		return plan->err;
	if (hi != lo)
		snprintf(last, sizeof(last), "-%" PRIu32, hi);
	if (asprintf(&text, "%s%" PRIu32 "%s%s", before, lo, last, after) < 0)
		text = NULL;
	push(plan, text);
	return plan->err;
}

void plan_done(struct plan *plan)
{
	(void)plan_end(plan);
	strv_done(&plan->line);
	*plan = (struct plan){ 0 };
}

/* Adds a line if there is a plan. Returns whether there is one. */
__attribute__((format(printf, 2, 3))) static bool note(struct plan *plan, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	if (!plan)
		return false;
	(void)plan_end(plan);
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	push(plan, text);
	return true;
}

static uint32_t new_id(struct plan *plan)
{
	plan->id = plan->id ? plan->id - 1 : UINT32_MAX;
	return plan->id;
}

static const char *device_name(const struct record_device *device)
{
	const char *slash = strrchr(device->path, '/');

	return slash ? slash + 1 : device->path;
}

struct object_name {
	char text[32];
};

/* A call creates at most one object of each kind, so new ones need no distinct names. */
static struct object_name object_name(const struct context *context, uint32_t id)
{
	const char *kind = record_hwpt_by_id(&context->record, id) ? "hwpt" : "ioas";
	struct object_name name;

	if (kernel_is_planned(id))
		snprintf(name.text, sizeof(name.text), "%s NEW", kind);
	else
		snprintf(name.text, sizeof(name.text), "%s %" PRIu32, kind, id);
	return name;
}

/*
 * Returns whether there is a plan. Adds PASID to the last line if that is for the same call and the
 * previous PASID.
 */
static bool note_pasid(struct context *context, enum iommufd_op op,
		       const struct record_device *device, uint32_t pasid, uint32_t hwpt)
{
	struct plan *plan = context->plan;

	if (!plan)
		return false;
	if (plan->pasid.hi && plan->pasid.hi + 1 == pasid && plan->pasid.op == op &&
	    plan->pasid.serial == device->serial && plan->pasid.hwpt == hwpt) {
		plan->pasid.hi = pasid;
		return true;
	}
	(void)plan_end(plan);
	plan->pasid.op = op;
	plan->pasid.serial = device->serial;
	plan->pasid.hwpt = hwpt;
	plan->pasid.lo = plan->pasid.hi = pasid;
	if (asprintf(&plan->pasid.before, "ioctl %s %s pasid ", iommufd_op_name(op),
		     device_name(device)) < 0)
		plan->pasid.before = NULL;
	if (asprintf(&plan->pasid.after, "%s%s", hwpt ? " " : "",
		     hwpt ? object_name(context, hwpt).text : "") < 0)
		plan->pasid.after = NULL;
	if (!plan->pasid.before || !plan->pasid.after) {
		plan->err = -ENOMEM;
		plan->pasid.hi = 0;
	}
	return true;
}

int kernel_open(struct context *context, const struct vfio_node *node, int *ret_fd)
{
	int r;

	if (!context->plan)
		return vfio_node_open(node, ret_fd);
	r = vfio_node_check(node);
	if (r == 0)
		note(context->plan, "open /dev/vfio/devices/%s", node->cdev);
	return r;
}

void kernel_close(struct context *context, int fd)
{
	if (!context->plan && fd >= 0)
		close(fd);
}

int kernel_bind(struct context *context, struct record_device *device)
{
	if (!note(context->plan, "ioctl %s %s", iommufd_op_name(IOMMUFD_VFIO_BIND),
		  device_name(device)))
		return vfio_bind(device->fd, context->iommufd, &device->id);
	device->id = new_id(context->plan);
	return 0;
}

int kernel_watch_request(struct context *context, struct record_device *device)
{
	_cleanup_close_ int event = -1;
	int r;

	if (note(context->plan, "ioctl %s %s", iommufd_op_name(IOMMUFD_VFIO_SET_IRQS),
		 device_name(device)))
		return 0;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return -errno;
	r = vfio_set_request_event(device->fd, event);
	/* A mediated or platform device, or a driver without the request interrupt. */
	if (r == -EINVAL || r == -ENOTTY)
		return 0;
	if (r < 0)
		return r;
	device->request = TAKE_FD(event);
	return 0;
}

int kernel_get_hw_info(struct context *context, const struct record_device *device,
		       struct iommufd_hw_info *ret)
{
	if (!note(context->plan, "ioctl %s %s", iommufd_op_name(IOMMUFD_GET_HW_INFO),
		  device_name(device)))
		return iommufd_get_hw_info(context->iommufd, device->id, ret);
	*ret = (struct iommufd_hw_info){ 0 };
	return 0;
}

int kernel_attach(struct context *context, const struct record_device *device, uint32_t target)
{
	return note(context->plan, "ioctl %s %s %s", iommufd_op_name(IOMMUFD_VFIO_ATTACH),
		    device_name(device), object_name(context, target).text)
		       ? 0
		       : vfio_attach(device->fd, target);
}

int kernel_detach(struct context *context, const struct record_device *device)
{
	return note(context->plan, "ioctl %s %s", iommufd_op_name(IOMMUFD_VFIO_DETACH),
		    device_name(device))
		       ? 0
		       : vfio_detach(device->fd);
}

int kernel_attach_pasid(struct context *context, const struct record_device *device, uint32_t pasid,
			uint32_t hwpt)
{
	return note_pasid(context, IOMMUFD_VFIO_ATTACH_PASID, device, pasid, hwpt)
		       ? 0
		       : vfio_attach_pasid(device->fd, pasid, hwpt);
}

int kernel_detach_pasid(struct context *context, const struct record_device *device, uint32_t pasid)
{
	return note_pasid(context, IOMMUFD_VFIO_DETACH_PASID, device, pasid, 0)
		       ? 0
		       : vfio_detach_pasid(device->fd, pasid);
}

int kernel_ioas_alloc(struct context *context, uint32_t *ret_ioas)
{
	if (!note(context->plan, "ioctl %s", iommufd_op_name(IOMMUFD_IOAS_ALLOC)))
		return iommufd_ioas_alloc(context->iommufd, ret_ioas);
	*ret_ioas = new_id(context->plan);
	return 0;
}

int kernel_hwpt_alloc(struct context *context, const struct record_device *device, uint32_t ioas,
		      bool pasid, uint32_t *ret_hwpt)
{
	if (!note(context->plan, "ioctl %s %s %s%s", iommufd_op_name(IOMMUFD_HWPT_ALLOC),
		  device_name(device), object_name(context, ioas).text, pasid ? " for PASIDs" : ""))
		return iommufd_hwpt_alloc(context->iommufd, device->id, ioas, pasid, ret_hwpt);
	*ret_hwpt = new_id(context->plan);
	return 0;
}

int kernel_destroy(struct context *context, uint32_t id)
{
	return note(context->plan, "ioctl %s %s", iommufd_op_name(IOMMUFD_DESTROY),
		    object_name(context, id).text)
		       ? 0
		       : iommufd_destroy(context->iommufd, id);
}

int kernel_ioas_map(struct context *context, const struct record_ioas *ioas,
		    const struct record_mapping *mapping, const uint64_t *iova, uint64_t *ret_iova)
{
	char at[32] = "";
	size_t first;
	bool whole;

	if (!context->plan)
		return iommufd_ioas_map(context->iommufd, ioas->id, mapping->memory,
					mapping->length, iova, mapping->flags, ret_iova);
	if (iova &&
	    record_mapping_overlaps(ioas, *iova, *iova + (mapping->length - 1), &first, &whole))
		return -EEXIST; /* as the kernel would return */
	if (iova)
		snprintf(at, sizeof(at), " iova 0x%" PRIx64, *iova);
	note(context->plan, "ioctl %s %s size 0x%" PRIx64 "%s%s%s",
	     iommufd_op_name(IOMMUFD_IOAS_MAP), object_name(context, ioas->id).text,
	     mapping->length, at, mapping->flags & IOMMUFD_MAP_READ ? " read" : "",
	     mapping->flags & IOMMUFD_MAP_WRITE ? " write" : "");
	*ret_iova = iova ? *iova : 0;
	return 0;
}

int kernel_ioas_unmap(struct context *context, const struct record_ioas *ioas, uint64_t iova,
		      uint64_t length, uint64_t *ret_length)
{
	uint64_t bytes = 0;
	size_t first = 0, n;
	bool whole;

	if (!note(context->plan, "ioctl %s %s iova 0x%" PRIx64 " size 0x%" PRIx64,
		  iommufd_op_name(IOMMUFD_IOAS_UNMAP), object_name(context, ioas->id).text, iova,
		  length))
		return iommufd_ioas_unmap(context->iommufd, ioas->id, iova, length, ret_length);
	n = record_mapping_overlaps(ioas, iova, iova + (length - 1), &first, &whole);
	for (size_t i = first; i < first + n; i++)
		bytes += ioas->mapping[i].length;
	*ret_length = bytes;
	return 0;
}

int kernel_memory_get(struct context *context, uint64_t size, void **ret)
{
	void *memory = NULL;

	if (context->plan) {
		*ret = NULL;
		return 0;
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	/* It is pinned: a fork would have to copy every page. */
	(void)madvise(memory, size, MADV_DONTFORK);
	*ret = memory;
	return 0;
}

/* In a dry run the memory does not exist, and its address may be used for something else. */
void kernel_memory_put(struct context *context, void *memory, uint64_t size)
{
	if (!context->plan)
		munmap(memory, size);
}
