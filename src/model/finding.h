/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a diagnosis has found, one finding a question: what was seen, what that means, what to do. */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"

/* From good to bad; what could not be measured is neither. */
enum finding_result {
	FINDING_OK,
	FINDING_NOTE,    /* worth knowing, nothing to mend */
	FINDING_UNKNOWN, /* could not be measured: SEEN says why */
	FINDING_WARNING, /* works, with a risk or a cost */
	FINDING_BROKEN,  /* does not work */
};

struct finding {
	const char *check; /* which question, a word for programs: "ats-enabled"; never renamed */
	enum finding_result result;
	char *object;        /* what was looked at: "0000:03:00.0", "dmar0"; NULL: the machine */
	char *seen;          /* what was measured, in words with the value; never NULL */
	const char *meaning; /* of that; NULL: SEEN says it all */
	const char *remedy;  /* what to do; NULL where nothing is to be done; a list's own copy */
	unsigned int uses;   /* who needs it to be ok, as bits of the diagnosis's own; 0: untold */
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

/* Why something could not be measured, in words; RET_REMEDY: what helps, NULL for nothing. Constants, or strerror()'s. */
const char *finding_reason(int negative_errno, const char **ret_remedy);

size_t finding_count(const struct finding_list *list, enum finding_result result);

/* The first that is broken; NULL: none. */
const struct finding *finding_first_broken(const struct finding_list *list);

const char *finding_result_name(enum finding_result result); /* "ok", "note", "unknown", ... */
