/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of a diagnosis, one finding per question: what was seen, what it means, what to do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/cleanup.h"
#include "util/status.h"

/* What a machine, a group or a device may be ready for. */
enum use {
	USE_PASSTHROUGH,  /* devices for VMs and user-space drivers, through VFIO */
	USE_PASID,        /* PASIDs with page tables of an IOAS, through VFIO and iommufd */
	USE_SVA,          /* PASIDs with address spaces of processes, by the devices' own drivers */
	USE_UNPRIVILEGED, /* passthrough by unprivileged users */
	USE_COUNT,
};

#define USE_BIT(use) (1u << (use))

enum {
	USE_ALL = USE_BIT(USE_COUNT) - 1,
};

extern const char *const use_names[]; /* the names of all uses, up to a NULL */
const char *use_name(enum use use);   /* "passthrough" */
bool use_parse(const char *name, enum use *ret);

/* From good to bad, except UNKNOWN. */
enum finding_result {
	FINDING_OK,
	FINDING_NOTE,    /* worth knowing, nothing to fix */
	FINDING_UNKNOWN, /* could not be measured: `seen` says why */
	FINDING_WARNING, /* works, with a risk or a cost */
	FINDING_BLOCKED, /* works in principle, but something blocks it or is still to be done */
	FINDING_BROKEN,  /* does not work */
};

struct finding {
	const char *check; /* the question, a keyword for programs: "ats-enabled"; never renamed */
	enum finding_result result;
	char *object;        /* what was looked at: "0000:03:00.0", "dmar0"; NULL: the machine */
	char *seen;          /* what was measured, with its value; never NULL */
	const char *meaning; /* of what was seen; NULL if that says it all */
	const char *remedy;  /* what to do; NULL if nothing; copied by finding_add() */
	unsigned int uses;   /* the uses that need it to be ok, bits of enum use; 0: all */
	enum status status;  /* exit status if it blocks; DONE: depends on the result */
	int error;           /* of FINDING_UNKNOWN: its -errno; 0: another reason */
	pid_t pid;           /* the process that blocks, perhaps a context's holder; 0: none */
};

struct finding_list {
	struct finding *v;
	size_t n;
};

void finding_done(struct finding *finding);
void finding_list_done(struct finding_list *list);
#define _cleanup_finding_list_ _cleanup_(finding_list_done)

/*
 * Appends a copy of FINDING with `seen` formatted from FORMAT. CHECK and MEANING are borrowed and
 * must be constants. Returns 0 or -ENOMEM.
 */
int finding_add(struct finding_list *list, const struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Moves all findings of FROM to the end of LIST. Returns 0 or -ENOMEM. */
int finding_list_move(struct finding_list *list, struct finding_list *from);

/*
 * Why something could not be measured, in words. RET_REMEDY is what helps, or NULL. Constants, or
 * from strerror().
 */
const char *finding_reason(int negative_errno, const char **ret_remedy);

/*
 * The exit status that FINDING leads to: its own if set, else UNSUPPORTED if broken, UNSAFE if
 * blocked, DONE otherwise.
 */
enum status finding_status(const struct finding *finding);

/* The worse of two statuses. From good to bad: DONE, NOT_PERMITTED, UNSAFE, UNSUPPORTED. */
enum status finding_worse(enum status a, enum status b);

/*
 * The finding in LIST that blocks any of USES (0: all): the first of those with the worst status;
 * NULL if none does.
 */
const struct finding *finding_cause(const struct finding_list *list, unsigned int uses);

/*
 * Appends to VERDICTS the verdict on OBJECT (a use, a device, a group) that follows from the
 * findings of LIST for USES.
 */
int finding_judge(const struct finding_list *list, unsigned int uses, const char *object,
		  struct finding_list *verdicts);

/* Is it a verdict, that is a finding whose check is "ready"? */
bool finding_is_verdict(const struct finding *finding);

extern const char *const finding_result_names[];             /* all names, up to a NULL */
const char *finding_result_name(enum finding_result result); /* "ok", "note", "unknown", ... */
