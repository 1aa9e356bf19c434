/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps of a device: opening, binding, attaching its own requests, and back. */
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "holder/engine/internal.h"
#include "util/cleanup.h"

/* What undoes other steps. */
static const struct step_kind step_close, step_attach, step_detach;

/* Bytes of reserved_regions: far more than there are. */
#define RESERVED_MAX 65536

static void note_nothing(struct context *context, struct step *step)
{
	(void)context;
	(void)step;
}

static int ready(struct context *context, struct step *step)
{
	struct record_device *device = step_device(step);

	(void)context;
	step->work.fd = device->fd;
	step->work.id = device->object.id;
	return 1;
}

static void run_open(struct work *work)
{
	work->err = vfio_node_open(&work->node, &work->fd);
}

static int prepare_open(struct context *context, struct step *step)
{
	struct record_device *device = step_device(step);

	if (record_reserve(&context->record, OBJECT_DEVICE) < 0)
		return -ENOMEM;
	step->work.node = (struct vfio_node){ .path = device->path, .cdev = device->cdev };
	step->work.run = run_open;
	return 1;
}

static void note_open(struct context *context, struct step *step)
{
	step->work.fd = -1;
	step->work.err = vfio_node_check(&step->work.node);
	if (step->work.err == 0)
		plan_note(context->plan, "open /dev/vfio/devices/%s", step->work.node.cdev);
}

static void commit_open(struct context *context, struct change *change, struct step *step)
{
	(void)change;
	step_device(step)->fd = step->work.fd;
	record_insert(&context->record, TAKE_PTR(step->owned));
}

static void fault_open(const struct step *step, int err, struct fault *fault)
{
	const struct record_device *device = (const struct record_device *)step->object;

	if (err == -ENODEV)
		fault_raise_string(fault, "NoVfioDevice", "path", device->path);
	else
		fault_kernel(fault, IOMMUFD_VFIO_OPEN, err);
}

static void reverse_open(struct step *step)
{
	step->kind = &step_close;
}

static const struct step_kind step_open = {
	.op = IOMMUFD_VFIO_OPEN,
	.prepare = prepare_open,
	.note = note_open,
	.commit = commit_open,
	.reverse = reverse_open,
	.fault = fault_open,
};

int change_open(struct context *context, struct change *change, struct record_device *device)
{
	struct step *step = step_push(change, &step_open, &device->object);

	if (!step) {
		object_free(&device->object);
		return -ENOMEM;
	}
	step->owned = &device->object;
	return record_reserve(&context->record, OBJECT_DEVICE);
}

static void run_bind(struct work *work)
{
	work->err = vfio_bind(work->fd, work->iommufd, &work->id);
}

static int prepare_bind(struct context *context, struct step *step)
{
	step->work.run = run_bind;
	return ready(context, step);
}

static void note_device(struct context *context, struct step *step)
{
	plan_ioctl(context->plan, step->kind->op, "%s", step->object->name);
}

static void note_bind(struct context *context, struct step *step)
{
	note_device(context, step);
	step->work.id = plan_new_id(context->plan);
}

static void commit_bind(struct context *context, struct change *change, struct step *step)
{
	(void)change;
	record_bind_device(&context->record, step_device(step), step->work.id);
}

static const struct step_kind step_bind = {
	.op = IOMMUFD_VFIO_BIND,
	.prepare = prepare_bind,
	.note = note_bind,
	.commit = commit_bind,
};

/*
 * ENOENT: an mdev, which is an access and not a device for iommufd. EOPNOTSUPP: no IOMMU. Neither
 * has PASIDs. Any other failure must not count as "no PASIDs".
 */
static void run_info(struct work *work)
{
	struct iommufd_hw_info info = { 0 };
	int r = iommufd_get_hw_info(work->iommufd, work->id, &info);

	work->err = r == -ENOENT || r == -EOPNOTSUPP ? 0 : r;
	work->width = info.pasid_width > 20 ? 20 : info.pasid_width;
}

static int prepare_info(struct context *context, struct step *step)
{
	step->work.run = run_info;
	return ready(context, step);
}

static void commit_info(struct context *context, struct change *change, struct step *step)
{
	(void)context;
	(void)change;
	step_device(step)->pasid_width = step->work.width;
}

static const struct step_kind step_info = {
	.op = IOMMUFD_GET_HW_INFO,
	.prepare = prepare_info,
	.note = note_device,
	.commit = commit_info,
};

static void run_watch(struct work *work)
{
	_cleanup_close_ int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r;

	if (event < 0) {
		work->what = "eventfd";
		work->err = -errno;
		return;
	}
	r = vfio_set_request_event(work->fd, event);
	/* A mediated or platform device, or a driver without the request interrupt. */
	if (r == -EINVAL || r == -ENOTTY)
		r = 0;
	else if (r == 0)
		work->request = TAKE_FD(event);
	work->err = r;
}

static int prepare_watch(struct context *context, struct step *step)
{
	step->work.run = run_watch;
	step->work.request = -1;
	return ready(context, step);
}

static void commit_watch(struct context *context, struct change *change, struct step *step)
{
	struct record_device *device = step_device(step);

	(void)context;
	(void)change;
	cleanup_close(&device->request);
	device->request = step->work.request;
}

static const struct step_kind step_watch = {
	.op = IOMMUFD_VFIO_SET_IRQS,
	.prepare = prepare_watch,
	.note = note_device,
	.commit = commit_watch,
};

int change_bind(struct change *change, struct record_device *device)
{
	if (!step_push(change, &step_bind, &device->object) ||
	    !step_push(change, &step_info, &device->object))
		return -ENOMEM;
	return change_watch(change, device);
}

int change_watch(struct change *change, struct record_device *device)
{
	return step_push(change, &step_watch, &device->object) ? 0 : -ENOMEM;
}

/* The last close resets the device, which can take seconds. */
static void run_close(struct work *work)
{
	cleanup_close(&work->request);
	cleanup_close(&work->fd);
}

static int prepare_close(struct context *context, struct step *step)
{
	struct record_device *device = step_device(step);

	step->work.run = run_close;
	(void)ready(context, step);
	/* Nobody gets them any more. */
	step->work.request = device->request;
	device->fd = device->request = -1;
	return 1;
}

static void commit_close(struct context *context, struct change *change, struct step *step)
{
	(void)change;
	record_remove(&context->record, step->object);
	step->owned = step->object;
}

static const struct step_kind step_close = {
	.op = IOMMUFD_VFIO_CLOSE,
	.prepare = prepare_close,
	.note = note_nothing,
	.commit = commit_close,
};

int change_close(struct change *change, struct record_device *device)
{
	return step_push(change, &step_close, &device->object) ? 0 : -ENOMEM;
}

/* A read of sysfs: it waits for the group's lock. */
static void run_reserved(struct work *work)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t length;
	FILE *out;

	work->text = NULL;
	if (asprintf(&path, "%s/iommu_group/reserved_regions", work->node.path) < 0)
		return;
	f = fopen(path, "re");
	out = f ? open_memstream(&work->text, &length) : NULL;
	if (!out)
		return;
	for (int c, n = 0; n < RESERVED_MAX && (c = fgetc(f)) != EOF; n++)
		fputc(c, out);
	/* After an error the list is not complete. */
	if (fclose(out) != 0 || ferror(f) || !feof(f)) {
		free(work->text);
		work->text = NULL;
	}
}

static int prepare_reserved(struct context *context, struct step *step)
{
	(void)context;
	step->work.run = run_reserved;
	step->work.node.path = step_device(step)->path;
	return 1;
}

static void commit_reserved(struct context *context, struct change *change, struct step *step)
{
	(void)context;
	free(change->reserved);
	change->reserved = TAKE_PTR(step->work.text);
}

static const struct step_kind step_reserved = {
	.op = IOMMUFD_VFIO_ATTACH_PASID,
	.prepare = prepare_reserved,
	.note = note_nothing, /* in the loop, which does not wait for that lock */
	.commit = commit_reserved,
};

int change_read_reserved(struct change *change, struct record_device *device)
{
	return step_push(change, &step_reserved, &device->object) ? 0 : -ENOMEM;
}

static void run_attach(struct work *work)
{
	work->err = vfio_attach(work->fd, work->target);
}

static struct object *chosen(const struct step *step)
{
	return step->target->id || !step->otherwise ? step->target : step->otherwise;
}

static int prepare_attach(struct context *context, struct step *step)
{
	step->work.run = run_attach;
	step->work.target = chosen(step)->id;
	return ready(context, step);
}

static void note_attach(struct context *context, struct step *step)
{
	plan_ioctl(context->plan, IOMMUFD_VFIO_ATTACH, "%s %s", step->object->name,
		   plan_name(chosen(step)).text);
}

static void commit_attach(struct context *context, struct change *change, struct step *step)
{
	(void)change;
	step->before = step_device(step)->target;
	record_attach(&context->record, step_device(step), chosen(step));
}

static void reverse_attach(struct step *step)
{
	step->kind = step->before ? &step_attach : &step_detach;
	step->target = step->before;
	step->otherwise = NULL;
}

static const struct step_kind step_attach = {
	.op = IOMMUFD_VFIO_ATTACH,
	.prepare = prepare_attach,
	.note = note_attach,
	.commit = commit_attach,
	.reverse = reverse_attach,
};

int change_attach(struct change *change, struct record_device *device, struct object *target,
		  struct object *otherwise)
{
	struct step *step = step_push(change, &step_attach, &device->object);

	if (!step)
		return -ENOMEM;
	step->target = target;
	step->otherwise = otherwise;
	return 0;
}

static void run_detach(struct work *work)
{
	work->err = vfio_detach(work->fd);
}

static int prepare_detach(struct context *context, struct step *step)
{
	step->work.run = run_detach;
	return ready(context, step);
}

static void commit_detach(struct context *context, struct change *change, struct step *step)
{
	(void)change;
	step->before = step_device(step)->target;
	record_detach(&context->record, step_device(step));
}

static const struct step_kind step_detach = {
	.op = IOMMUFD_VFIO_DETACH,
	.prepare = prepare_detach,
	.note = note_device,
	.commit = commit_detach,
	.reverse = reverse_attach,
};

int change_detach(struct change *change, struct record_device *device)
{
	return step_push(change, &step_detach, &device->object) ? 0 : -ENOMEM;
}
