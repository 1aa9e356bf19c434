/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where mappings are allowed in an IOAS depends on what is attached to it. It is read after each
 * change and kept, so that nobody who asks for it waits for the locks of the kernel.
 */
#include <errno.h>
#include <stdlib.h>

#include "holder/engine/internal.h"
#include "util/cleanup.h"

/* iommufd says how many there are; attaching in another process can change it in between. */
static void run_refresh(struct work *work)
{
	struct iommufd_iova_range *range = NULL;
	uint32_t n = 16;

	do {
		void *larger = reallocarray(range, n, sizeof(range[0]));

		if (!larger) {
			work->err = -ENOMEM;
			break;
		}
		range = larger;
		work->err = iommufd_ioas_iova_ranges(work->iommufd, work->target, &n, range,
						     &work->alignment);
	} while (work->err == -EMSGSIZE);
	work->iovas = work->err == 0 ? calloc(n ? n : 1, sizeof(work->iovas[0])) : NULL;
	for (uint32_t i = 0; work->iovas && i < n; i++)
		work->iovas[i] = (struct record_iova){ range[i].first, range[i].last };
	work->n_iovas = n;
	free(range);
}

/* The kernel is asked again, once in each change, for what it did not say after the last one. */
static void begin(const struct record *record, struct change *change)
{
	struct record_ioas *ioas;

	change->refresh = calloc(1, sizeof(*change->refresh));
	for (size_t i = 0; (ioas = record_ioas_at(record, i)) != NULL; i++) {
		ioas->known = ioas->known && (change->refresh || !ioas->stale);
		ioas->stale = ioas->stale || !ioas->known;
	}
}

struct work *refresh_next(struct context *context, struct change *change)
{
	struct record_ioas *ioas;
	size_t i = 0;

	if (change->final)
		return NULL;
	if (!change->refresh)
		begin(&context->record, change);
	while ((ioas = record_ioas_at(&context->record, i)) != NULL && !ioas->stale)
		i++;
	if (!ioas || !change->refresh)
		return NULL;
	change->refresh->object = &ioas->object;
	change->refresh->work = (struct work){
		.run = run_refresh,
		.iommufd = context->iommufd,
		.target = ioas->object.id,
	};
	return &change->refresh->work;
}

void refresh_done(struct change *change)
{
	struct record_ioas *ioas = (struct record_ioas *)change->refresh->object;
	struct work *work = &change->refresh->work;

	ioas->stale = false;
	ioas->known = work->iovas;
	if (!ioas->known)
		return;
	free(ioas->iova);
	ioas->iova = TAKE_PTR(work->iovas);
	ioas->n_iovas = work->n_iovas;
	ioas->alignment = work->alignment;
}
