/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake kernel: the program's ioctl() and close() end here. It behaves as iommufd was seen to,
 * including silent successes, and fails or blocks on demand. A worker calls it in a thread of its
 * own, where no assertion of cmocka's may fail. Include it once, after <cmocka.h>.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holder/engine/context.h"
#include "holder_gate.h"
#include "holder_trace.h"
#include "sys/uapi.h"
#include "sys/vfio.h"

/* In JSON: PASIDs, and targets: an HWPT of IOAS NAME, without a name or with, and the IOAS itself. */
#define RANGE(lo, hi) "{\"lo\":" #lo ",\"hi\":" #hi "}"
#define TARGET(ioas, name, hwpt) \
	"{\"ioas\":{\"id\":" #ioas ",\"name\":\"" name "\"},\"hwpt\":{\"id\":" #hwpt \
	",\"name\":null}}"
#define ON_HWPT(ioas, name, hwpt, table) \
	"{\"ioas\":{\"id\":" #ioas ",\"name\":\"" name "\"},\"hwpt\":{\"id\":" #hwpt \
	",\"name\":\"" table "\"}}"
#define ON_IOAS(ioas, name) "{\"ioas\":{\"id\":" #ioas ",\"name\":\"" name "\"},\"hwpt\":null}"

/* As people name it: a number is an id. */
static inline struct reference named(const char *text)
{
	uint64_t id;

	return parse_u64(text, UINT32_MAX, &id) == 0 ? reference_id((uint32_t)id)
						     : reference_name(text);
}

/* The array KEY of ranges as "42,100-163", until the next call. */
static inline const char *pasids_text(json_object *object, const char *key)
{
	static char text[4096];
	_cleanup_ranges_ struct ranges list = { 0 };
	_cleanup_free_ char *formatted = NULL;

	assert_int_equal(json_get_ranges(object, key, &list), 1);
	formatted = ranges_format(&list);
	snprintf(text, sizeof(text), "%s", formatted);
	return text;
}

#define KERNEL_ID_MAX 64
#define KERNEL_PASIDS 4200
#define KERNEL_MAPS   64

enum kernel_type { KERNEL_NONE, KERNEL_IOAS, KERNEL_HWPT, KERNEL_DEVICE };

struct kernel_object {
	enum kernel_type type;
	uint32_t ioas; /* of an HWPT */
	bool pasid;
	int fd; /* of a device */
	int64_t group;
	unsigned int width;
	int request;  /* the holder's eventfd */
	uint32_t rid; /* target of its own requests; 0: none */
	uint32_t pasids[KERNEL_PASIDS];
	/* Of an IOAS; length 0: none. */
	struct {
		uint64_t iova, length;
	} map[KERNEL_MAPS];
};

static struct {
	struct kernel_object object[KERNEL_ID_MAX];
	unsigned long request;  /* the next ioctl of this kind, */
	unsigned int nth;       /* after so many successes, */
	int err;                /* fails with this; 0: none */
	uint32_t busy, busy_to; /* PASIDs used by a driver, or all during a reset */
	unsigned int next_width;
	int iommufd;
	size_t descriptors;        /* open before */
	unsigned int calls, reads; /* reads: what is read after changes of attachments */
	struct trace trace;
	uint32_t alignment; /* of IOVAs */
} kernel;
/* The loop closes fds while the worker is in a call. */
static pthread_mutex_t kernel_lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t kernel_alloc(enum kernel_type type)
{
	for (uint32_t id = 1; id < KERNEL_ID_MAX; id++)
		if (kernel.object[id].type == KERNEL_NONE) {
			memset(&kernel.object[id], 0, sizeof(kernel.object[id]));
			kernel.object[id].type = type;
			return id;
		}
	kernel_expect(false, "no object left");
	return 0;
}

static struct kernel_object *kernel_device(int fd)
{
	for (uint32_t id = 1; id < KERNEL_ID_MAX; id++)
		if (kernel.object[id].type == KERNEL_DEVICE && kernel.object[id].fd == fd)
			return &kernel.object[id];
	return NULL;
}

static uint32_t kernel_device_id(int fd)
{
	const struct kernel_object *o = kernel_device(fd);

	return o ? (uint32_t)(o - kernel.object) : 0;
}

static bool kernel_used(uint32_t id)
{
	for (uint32_t i = 1; i < KERNEL_ID_MAX; i++) {
		const struct kernel_object *o = &kernel.object[i];

		if (o->type == KERNEL_HWPT && o->ioas == id)
			return true;
		if (o->type != KERNEL_DEVICE)
			continue;
		if (o->rid == id)
			return true;
		for (size_t p = 0; p < KERNEL_PASIDS; p++)
			if (o->pasids[p] == id)
				return true;
	}
	return false;
}

static int kernel_do_destroy(const struct uapi_iommu_destroy *arg)
{
	struct kernel_object *o = &kernel.object[arg->id % KERNEL_ID_MAX];

	if (o->type == KERNEL_NONE)
		return ENOENT;
	if (o->type == KERNEL_DEVICE || kernel_used(arg->id))
		return EBUSY;
	o->type = KERNEL_NONE;
	return 0;
}

/*
 * A device must use the page table of its group (iommufd_hwpt_attach_device()); moving an attached
 * one moves the group (iommufd_device_do_replace()).
 */
static int kernel_attach_group(struct kernel_object *o, uint32_t to)
{
	for (uint32_t id = 1; id < KERNEL_ID_MAX; id++) {
		struct kernel_object *other = &kernel.object[id];

		if (other == o || other->type != KERNEL_DEVICE || o->group == -1 ||
		    other->group != o->group || other->rid == 0)
			continue;
		if (o->rid == 0 && other->rid != to)
			return EINVAL;
		other->rid = to;
	}
	o->rid = to;
	return 0;
}

/* iommufd_hwpt_pasid_compat() */
static int kernel_do_attach(const struct uapi_vfio_attach_iommufd_pt *arg, struct kernel_object *o)
{
	const struct kernel_object *to = &kernel.object[arg->pt_id % KERNEL_ID_MAX];
	bool fit = to->type == KERNEL_HWPT && to->pasid, any = false;

	if (to->type != KERNEL_IOAS && to->type != KERNEL_HWPT)
		return to->type == KERNEL_NONE ? ENOENT : EINVAL;
	if (!(arg->flags & UAPI_VFIO_ATTACH_PASID)) {
		for (size_t p = 0; p < KERNEL_PASIDS; p++)
			any = any || o->pasids[p];
		if (any && !fit)
			return EINVAL;
		return kernel_attach_group(o, arg->pt_id);
	}
	if (!fit || (o->rid && !kernel.object[o->rid].pasid))
		return EINVAL;
	if (arg->pasid == 0 || arg->pasid == kernel.busy ||
	    (arg->pasid > kernel.busy && arg->pasid <= kernel.busy_to))
		return EBUSY;
	if (o->width == 0)
		return 0; /* and does nothing */
	if (arg->pasid >= 1u << o->width || arg->pasid >= KERNEL_PASIDS)
		return EINVAL;
	o->pasids[arg->pasid] = arg->pt_id;
	return 0;
}

static int kernel_do_detach(const struct uapi_vfio_detach_iommufd_pt *arg, struct kernel_object *o)
{
	if (!(arg->flags & UAPI_VFIO_DETACH_PASID))
		o->rid = 0;
	else if (arg->pasid < KERNEL_PASIDS)
		o->pasids[arg->pasid] = 0;
	return 0;
}

static uint64_t kernel_mapped(const struct kernel_object *o)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < KERNEL_MAPS; i++)
		bytes += o->map[i].length;
	return bytes;
}

static int kernel_map(struct uapi_iommu_ioas_map *arg)
{
	struct kernel_object *o = &kernel.object[arg->ioas_id % KERNEL_ID_MAX];
	size_t at = KERNEL_MAPS;

	if (o->type != KERNEL_IOAS)
		return ENOENT;
	if (!(arg->flags & UAPI_IOMMU_MAP_FIXED_IOVA))
		arg->iova = 0x100000 + kernel_mapped(o);
	for (size_t i = 0; i < KERNEL_MAPS; i++) {
		if (o->map[i].length == 0)
			at = i;
		else if (arg->iova <= o->map[i].iova + (o->map[i].length - 1) &&
			 o->map[i].iova <= arg->iova + (arg->length - 1))
			return EEXIST;
	}
	if (at == KERNEL_MAPS)
		return ENOMEM;
	o->map[at].iova = arg->iova;
	o->map[at].length = arg->length;
	return 0;
}

/* The struct differs in what is mapped. As memfd_pin_folios() does, if a device is attached. */
static int kernel_map_file(struct uapi_iommu_ioas_map_file *arg)
{
	return fcntl(arg->fd, F_GET_SEALS) < 0 ? EINVAL : kernel_map((void *)arg);
}

/* Whole mappings, else ENOENT; unmapping everything succeeds if there is nothing. */
static int kernel_unmap(struct uapi_iommu_ioas_unmap *arg)
{
	struct kernel_object *o = &kernel.object[arg->ioas_id % KERNEL_ID_MAX];
	bool all = arg->length == UINT64_MAX;
	uint64_t last = all ? UINT64_MAX : arg->iova + (arg->length - 1), bytes = 0;

	if (o->type != KERNEL_IOAS)
		return ENOENT;
	for (size_t i = 0; i < KERNEL_MAPS; i++) {
		uint64_t iova = o->map[i].iova, length = o->map[i].length;

		if (!length || iova + (length - 1) < arg->iova || iova > last)
			continue;
		if (iova < arg->iova || iova + (length - 1) > last)
			return ENOENT;
		o->map[i].length = 0;
		bytes += length;
	}
	arg->length = bytes;
	return bytes || all ? 0 : ENOENT;
}

static int kernel_ranges(struct uapi_iommu_ioas_iova_ranges *arg)
{
	struct uapi_iommu_iova_range *range = (void *)(uintptr_t)arg->allowed_iovas;
	uint32_t room = arg->num_iovas;

	arg->num_iovas = 20;
	arg->out_iova_alignment = kernel.alignment;
	for (uint32_t i = 0; i < 20 && i < room; i++)
		range[i] = (struct uapi_iommu_iova_range){ i * 0x10000, i * 0x10000 + 0xfff };
	return room < 20 ? EMSGSIZE : 0;
}

static int kernel_do_hwpt_alloc(struct uapi_iommu_hwpt_alloc *arg)
{
	if (kernel.object[arg->pt_id % KERNEL_ID_MAX].type != KERNEL_IOAS)
		return ENOENT;
	arg->out_hwpt_id = kernel_alloc(KERNEL_HWPT);
	kernel.object[arg->out_hwpt_id].ioas = arg->pt_id;
	kernel.object[arg->out_hwpt_id].pasid = arg->flags & UAPI_IOMMU_HWPT_PASID;
	return 0;
}

static int kernel_do_bind(int fd, struct uapi_vfio_bind_iommufd *arg)
{
	kernel_expect(arg->iommufd == kernel.iommufd, "bound to another iommufd");
	if (kernel_device(fd))
		return EINVAL;
	arg->out_devid = kernel_alloc(KERNEL_DEVICE);
	kernel.object[arg->out_devid].fd = fd;
	kernel.object[arg->out_devid].width = kernel.next_width;
	return 0;
}

static int kernel_hw_info(struct uapi_iommu_hw_info *arg)
{
	const struct kernel_object *o = &kernel.object[arg->dev_id % KERNEL_ID_MAX];

	if (o->type != KERNEL_DEVICE)
		return ENOENT;
	arg->out_max_pasid_log2 = (uint8_t)o->width;
	return 0;
}

static int kernel_set_irqs(const struct uapi_vfio_irq_set *arg, struct kernel_object *o)
{
	if (!o || arg->index != UAPI_VFIO_PCI_REQ_IRQ_INDEX || arg->count != 1 || arg->start != 0 ||
	    arg->flags != (UAPI_VFIO_IRQ_SET_EVENTFD | UAPI_VFIO_IRQ_SET_TRIGGER))
		return EINVAL;
	o->request = arg->eventfd;
	return 0;
}

static int kernel_do(int fd, unsigned long request, void *arg)
{
	struct kernel_object *o = kernel_device(fd);

	/* Every struct begins with its size. */
	kernel_expect(*(uint32_t *)arg >= 8, "a struct has no size");
	switch (request) {
	case UAPI_IOMMU_DESTROY:
		return kernel_do_destroy(arg);
	case UAPI_IOMMU_IOAS_ALLOC:
		((struct uapi_iommu_ioas_alloc *)arg)->out_ioas_id = kernel_alloc(KERNEL_IOAS);
		return 0;
	case UAPI_IOMMU_IOAS_IOVA_RANGES:
		return kernel_ranges(arg);
	case UAPI_IOMMU_IOAS_MAP:
		return kernel_map(arg);
	case UAPI_IOMMU_IOAS_MAP_FILE:
		return kernel_map_file(arg);
	case UAPI_IOMMU_IOAS_UNMAP:
		return kernel_unmap(arg);
	case UAPI_IOMMU_HWPT_ALLOC:
		return kernel_do_hwpt_alloc(arg);
	case UAPI_VFIO_DEVICE_BIND_IOMMUFD:
		return kernel_do_bind(fd, arg);
	case UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return o ? kernel_do_attach(arg, o) : EINVAL;
	case UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return o ? kernel_do_detach(arg, o) : EINVAL;
	case UAPI_IOMMU_GET_HW_INFO:
		return kernel_hw_info(arg);
	case UAPI_VFIO_DEVICE_GET_INFO:
		((struct uapi_vfio_device_info *)arg)->flags = UAPI_VFIO_DEVICE_FLAGS_PCI;
		return 0;
	case UAPI_VFIO_DEVICE_SET_IRQS:
		return kernel_set_irqs(arg, o);
	default:
		return ENOTTY;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	int err;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	/* A socket's. */
	if (request == TIOCOUTQ)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	kernel_wait(request);
	pthread_mutex_lock(&kernel_lock);
	if (request == UAPI_IOMMU_IOAS_IOVA_RANGES)
		kernel.reads++;
	else
		kernel.calls++;
	/* What only reads, after every change of attachments, is left out. */
	if (request != UAPI_IOMMU_IOAS_IOVA_RANGES)
		trace_call(&kernel.trace, kernel_device_id(fd), request, arg);
	if (kernel.err && request == kernel.request && kernel.nth-- == 0) {
		err = kernel.err;
		kernel.err = 0;
	} else {
		err = kernel_do(fd, request, arg);
	}
	if (request != UAPI_IOMMU_IOAS_IOVA_RANGES)
		trace_result(&kernel.trace, err);
	pthread_mutex_unlock(&kernel_lock);
	errno = err;
	return err ? -1 : 0;
}

int close(int fd)
{
	struct kernel_object *o;

	pthread_mutex_lock(&kernel_lock);
	o = kernel_device(fd);
	if (o)
		memset(o, 0, sizeof(*o));
	pthread_mutex_unlock(&kernel_lock);
	return (int)syscall(SYS_close, fd);
}

/* The (N+1)th REQUEST from now fails. */
static inline void kernel_fail(unsigned long request, unsigned int n, int err)
{
	kernel.request = request;
	kernel.nth = n;
	kernel.err = err;
}

/* The calls since the last check. */
static inline void kernel_asked(const char *expected)
{
	assert_string_equal(kernel.trace.text, expected);
	kernel.trace = (struct trace){ 0 };
}

static inline void kernel_forget(void)
{
	kernel.trace = (struct trace){ 0 };
}

static inline unsigned int kernel_count(enum kernel_type type)
{
	unsigned int n = 0;

	for (uint32_t id = 1; id < KERNEL_ID_MAX; id++)
		n += kernel.object[id].type == type;
	return n;
}

/* How many descriptors this process has open. */
static inline size_t open_descriptors(void)
{
	DIR *fds = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(fds);
	while (readdir(fds))
		n++;
	closedir(fds);
	return n;
}

static inline void kernel_context(struct context *context)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.descriptors = open_descriptors();
	kernel.alignment = 4096;
	kernel.iommufd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(kernel.iommufd >= 0);
	*context = (struct context){
		.record = { .name = strdup("test"),
			    .uid = geteuid(),
			    .pid = getpid(),
			    .created = 1 },
		.iommufd = kernel.iommufd,
	};
}

/* Adds a bound device, without using sysfs. */
static inline struct record_device *kernel_add(struct context *context, const char *path,
					       unsigned int width, int64_t group)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct record_device *device;
	char cdev[32];

	snprintf(cdev, sizeof(cdev), "vfio%d", fd);
	device = record_device_new(path, cdev);
	assert_non_null(device);
	device->fd = fd;
	device->group = group;
	device->bound = true;
	device->pasid_width = width;
	kernel.next_width = width;
	assert_int_equal(vfio_bind(fd, context->iommufd, &device->object.id), 0);
	kernel.object[device->object.id].group = group;
	assert_int_equal(record_reserve(&context->record, OBJECT_DEVICE), 0);
	record_insert(&context->record, &device->object);
	return device;
}

static inline uint32_t kernel_recorded(const struct object *target)
{
	return target ? target->id : 0;
}

static inline void kernel_agrees_device(const struct record_device *device)
{
	const struct kernel_object *o = kernel_device(device->fd);

	assert_non_null(o);
	assert_int_equal(o->rid, kernel_recorded(device->target));
	for (uint32_t p = 0; p < KERNEL_PASIDS; p++) {
		uint32_t recorded = kernel_recorded(record_pasid_target(device, p));

		if (o->pasids[p] != recorded)
			fail_msg("PASID %u: kernel %u, record %u", p, o->pasids[p], recorded);
	}
}

/* Record and kernel agree on every attachment and object. */
static inline void kernel_agrees(const struct context *context)
{
	const struct record *record = &context->record;
	const struct record_device *device;
	const struct record_ioas *ioas;
	const struct object *hwpt;

	for (size_t i = 0; (device = record_device_at(record, i)) != NULL; i++)
		kernel_agrees_device(device);
	assert_int_equal(kernel_count(KERNEL_DEVICE), record->of[OBJECT_DEVICE].n);
	assert_int_equal(kernel_count(KERNEL_IOAS), record->of[OBJECT_IOAS].n);
	assert_int_equal(kernel_count(KERNEL_HWPT), record->of[OBJECT_HWPT].n);
	for (size_t i = 0; (hwpt = record_at(record, OBJECT_HWPT, i)) != NULL; i++)
		assert_int_equal(kernel.object[hwpt->id].type, KERNEL_HWPT);
	for (size_t i = 0; (ioas = record_ioas_at(record, i)) != NULL; i++)
		assert_int_equal(kernel_mapped(&kernel.object[ioas->object.id]),
				 record_ioas_mapped(ioas));
}
