/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/engine/context.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "holder/record/journal.h"
#include "sys/iommufd.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "wire/json.h"

int context_open(struct context *context, const char *name)
{
	struct context new = {
		.record = { .uid = geteuid(), .pid = getpid(), .created = (uint64_t)time(NULL) },
		.iommufd = -1,
	};
	int r;

	r = str_replace(&new.record.name, name);
	if (r == 0)
		new.record.journal = journal_new();
	if (r == 0 && !new.record.journal)
		r = -ENOMEM;
	if (r == 0)
		r = iommufd_open(&new.iommufd);
	if (r < 0) {
		record_done(&new.record);
		return r;
	}
	*context = new;
	return 0;
}

static void close_device(struct record_device *device)
{
	cleanup_close(&device->request);
	cleanup_close(&device->fd);
}

void context_done(struct context *context)
{
	struct record *record = &context->record;
	struct record_device *device;
	struct record_ioas *ioas;

	for (size_t i = 0; (device = record_device_at(record, i)) != NULL; i++)
		close_device(device);
	cleanup_close(&context->iommufd);
	for (size_t i = 0; (ioas = record_ioas_at(record, i)) != NULL; i++) {
		for (size_t j = 0; ioas->memory >= 0 && j < ioas->n_mappings; j++)
			if (!ioas->mapping[j].file)
				munmap(ioas->mapping[j].memory, ioas->mapping[j].length);
		cleanup_close(&ioas->memory);
	}
	record_done(record);
	if (!context->plan)
		lent_done(&context->lent);
	context->iommufd = -1;
}

int context_copy(const struct context *context, struct plan *plan, struct context *ret)
{
	_cleanup_json_ json_object *written = record_write(&context->record);
	struct context copy = { .iommufd = -1, .plan = plan, .lent = context->lent };
	int r;

	if (!json_is_whole(written))
		return -ENOMEM;
	r = record_read(written, &copy.record);
	if (r < 0)
		return r;
	*ret = copy;
	return 0;
}
