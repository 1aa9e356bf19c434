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

extern const char *const use_names[]; /* indexed by enum use, up to a NULL: "passthrough" */
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

/* What a diagnosis asks. Its strings are constants. */
struct question {
	const char *check;   /* a keyword for programs: "ats-enabled"; never renamed */
	unsigned int uses;   /* those that need it to be in order, bits of enum use; 0: all */
	const char *meaning; /* if it is not in order; NULL: what was seen says it all */
	const char *fine;    /* the meaning if it is in order, or only noted; mostly NULL */
	enum status status;  /* exit status if it blocks; DONE: depends on the result */
};

/* The answer to a question, and a row of output. */
struct finding {
	const char *check; /* of the question */
	enum finding_result result;
	char *object;        /* what was looked at: "0000:03:00.0", "dmar0"; NULL: the machine */
	char *seen;          /* what was measured, with its value; never NULL */
	const char *meaning; /* of what was seen; NULL if that says it all */
	char *remedy;        /* what to do; NULL if nothing */
	unsigned int uses;   /* of the question */
	enum status status;  /* of the question, if it blocks */
	int error;           /* of FINDING_UNKNOWN: its -errno; 0: another reason */
	pid_t pid;           /* the process that blocks, perhaps a context's holder; 0: none */
};

/* Findings in the order of their questions, after the verdicts on them. */
struct finding_list {
	struct finding *v;
	size_t n;
	unsigned int asked; /* what none of these uses needs is at most a note; 0: all matter */
	const char *moot;   /* why nothing that is added matters for now; NULL: it does */
	int error;          /* -ENOMEM: nothing is added after it */
};

void finding_list_done(struct finding_list *list);
#define _cleanup_finding_list_ _cleanup_(finding_list_done)

/* Moves LIST to RET if it is complete. Returns 0 or its error. */
int finding_list_take(struct finding_list *list, struct finding_list *ret);

/*
 * Adds the answer to QUESTION; FORMAT is of what was seen. OBJECT and REMEDY, which may be NULL, are
 * copied; what is in order or only noted gets no remedy. What does not have to be in order becomes a
 * note. Returns the finding, which stays where it is until the next one, or NULL, with `error` set.
 */
struct finding *finding_add(struct finding_list *list, const struct question *question,
			    enum finding_result result, const char *object, const char *remedy,
			    const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Adds that it could not be measured, for NEGATIVE_ERRNO. */
struct finding *finding_unknown(struct finding_list *list, const struct question *question,
				const char *object, int negative_errno);

/* Removes finding I. */
void finding_drop(struct finding_list *list, size_t i);

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
 * Adds, after the verdicts in LIST, the one on OBJECT (a use, a device, a group) that follows from
 * the findings for USES.
 */
void finding_judge(struct finding_list *list, unsigned int uses, const char *object);

/* Is it a verdict, that is a finding whose check is "ready"? */
bool finding_is_verdict(const struct finding *finding);

extern const char *const finding_result_names[]; /* indexed by the result, up to a NULL: "ok" */
