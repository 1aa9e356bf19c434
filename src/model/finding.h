/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a diagnosis has found, one finding a question: what was seen, what that means, what to do. */
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
	USE_UNPRIVILEGED, /* passthrough, by users who are not root */
	USE_COUNT,
};

#define USE_BIT(use) (1u << (use))

enum {
	USE_ALL = USE_BIT(USE_COUNT) - 1,
};

const char *use_name(enum use use); /* "passthrough" */
bool use_parse(const char *name, enum use *ret);

/* From good to bad; what could not be measured is neither. */
enum finding_result {
	FINDING_OK,
	FINDING_NOTE,    /* worth knowing, nothing to mend */
	FINDING_UNKNOWN, /* could not be measured: SEEN says why */
	FINDING_WARNING, /* works, with a risk or a cost */
	FINDING_BLOCKED, /* nothing is broken, but something blocks it or is still to be done */
	FINDING_BROKEN,  /* does not work */
};

struct finding {
	const char *check; /* which question, a word for programs: "ats-enabled"; never renamed */
	enum finding_result result;
	char *object;        /* what was looked at: "0000:03:00.0", "dmar0"; NULL: the machine */
	char *seen;          /* what was measured, in words with the value; never NULL */
	const char *meaning; /* of that; NULL: SEEN says it all */
	const char *remedy;  /* what to do; NULL where nothing is to be done; a list's own copy */
	unsigned int
		uses; /* the uses that need it to be ok, bits of enum use; 0: any that is asked about */
	enum status
		status; /* that it leads to where it is in the way; DONE: as its result has it */
	int error;      /* of FINDING_UNKNOWN: the -errno for which it is; 0: another reason */
	pid_t pid;      /* the process in the way, which may hold a context; 0 */
};

struct finding_list {
	struct finding *v;
	size_t n;
};

void finding_done(struct finding *finding);
void finding_list_done(struct finding_list *list);
#define _cleanup_finding_list_ _cleanup_(finding_list_done)

/*
 * Appends a copy of FINDING, whose `seen` is FORMAT; CHECK and MEANING are borrowed, so constants.
 * Returns 0 or -ENOMEM.
 */
int finding_add(struct finding_list *list, const struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Moves all of FROM to the end of LIST. Returns 0 or -ENOMEM. */
int finding_list_move(struct finding_list *list, struct finding_list *from);

/* Why something could not be measured, in words; RET_REMEDY: what helps, NULL for nothing. Constants, or strerror()'s. */
const char *finding_reason(int negative_errno, const char **ret_remedy);

/*
 * The status that it leads to: UNSUPPORTED where it is broken, UNSAFE where it is blocked, or as it says
 * itself; DONE where it is not in the way.
 */
enum status finding_status(const struct finding *finding);

/* Which of two statuses is further from ready: DONE, NOT_PERMITTED, UNSAFE, UNSUPPORTED. */
enum status finding_worse(enum status a, enum status b);

/*
 * Of all in LIST that any of USES needs (0: of all), the one that is in the way: the first of those with the
 * worst status; NULL: none is.
 */
const struct finding *finding_cause(const struct finding_list *list, unsigned int uses);

/* The verdict on OBJECT (a use, a device, a group), from what LIST has for USES: appended to VERDICTS. */
int finding_judge(const struct finding_list *list, unsigned int uses, const char *object,
		  struct finding_list *verdicts);

/* One of those: a finding whose check is "ready". */
bool finding_is_verdict(const struct finding *finding);

const char *finding_result_name(enum finding_result result); /* "ok", "note", "unknown", ... */
