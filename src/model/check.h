/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this machine ready, and what for? */
#pragma once

#include <stdbool.h>

#include "model/finding.h"
#include "sys/root.h"

/* What it may be ready for. A finding's `uses` are bits of these. */
enum check_use {
	CHECK_PASSTHROUGH, /* devices for VMs and user-space drivers, through VFIO */
	CHECK_PASID,       /* PASIDs with page tables of an IOAS, through VFIO and iommufd */
	CHECK_SVA, /* PASIDs with address spaces of processes, by the devices' own drivers */
	CHECK_UNPRIVILEGED, /* passthrough, by users who are not root */
	CHECK_USE_COUNT,
};

enum {
	CHECK_USE_ALL = (1u << CHECK_USE_COUNT) - 1,
};

const char *check_use_name(enum check_use use); /* "passthrough" */
bool check_use_parse(const char *name, enum check_use *ret);

/* From good to bad. */
enum check_verdict {
	CHECK_READY,         /* as far as could be measured */
	CHECK_NOT_PERMITTED, /* nothing but permissions is missing */
	CHECK_UNSUPPORTED,   /* this kernel or hardware, as it is set up, cannot */
};

struct check {
	struct finding_list findings; /* what stands on what comes after it; the verdicts last */
	enum check_verdict verdicts[CHECK_USE_COUNT];
};

void check_done(struct check *check);
#define _cleanup_check_ _cleanup_(check_done)

/*
 * Looks at all that any of USES, bits, needs, and judges each of them: a finding "ready" with its name as
 * the object. Unless WAKE, what sleeps is left alone. Nothing is opened but files to read. Returns 0 or -ENOMEM; what cannot be read
 * is a finding that says so.
 */
int check_machine(const struct sys_root *root, unsigned int uses, bool wake, struct check *ret);

bool check_is_verdict(const struct finding *finding);

/* Of all in LIST that any of USES needs, the first that is broken for good; NULL: none. */
const struct finding *check_first_broken(const struct finding_list *list, unsigned int uses);
