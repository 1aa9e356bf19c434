/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context: an open /dev/iommu, the record of what is in it, and who was given its descriptors. */
#pragma once

#include "holder/common/lent.h"
#include "holder/common/log.h"
#include "holder/record/record.h"

struct change;
struct plan;

struct context {
	struct record record;
	int iommufd;
	struct lent_list lent;
	struct log *log;             /* for what is noticed on the way; may be NULL */
	const struct change *change; /* that is being made, NULL: none */
	struct plan *
		plan; /* of a dry run, whose record is a copy: changes are noted here and not made */
};

/* Opens /dev/iommu. Returns 0 or -errno. */
int context_open(struct context *context, const char *name);
/* Frees the record and closes the iommufd, and with it, unless others have it, all that is in it. */
void context_done(struct context *context);

/*
 * A copy of the record for a dry run, to be noted in PLAN, with the lent list on loan. Returns 0 or
 * -errno.
 */
int context_copy(const struct context *context, struct plan *plan, struct context *ret);
