/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last changes of a record, numbered from 1 on. A reader keeps the number of the last event that
 * it has seen, and nothing is kept for it: what was pushed out meanwhile, or could not be noted
 * because memory ran out, it finds missing.
 */
#pragma once

#include "holder/record/record.h"

/* Events that are kept. */
#define JOURNAL_SIZE 1024

enum event_kind {
	EVENT_ADDED,
	EVENT_REMOVED,
	EVENT_CHANGED, /* a device was bound to the iommufd, and has a number now */
	EVENT_ATTACHED,
	EVENT_DETACHED,
	EVENT_BOUND,
	EVENT_UNBOUND,
	EVENT_MAPPED,
	EVENT_UNMAPPED,
	EVENT_SHARED, /* of the context: descriptors were handed out for the first time */
};

/* What happens to OBJECT (NULL: the context). */
struct happening {
	enum event_kind kind;
	const struct object *object, *target; /* target may be NULL */
	struct range pasid;                   /* hi 0: none */
	uint64_t iova, length;                /* bytes; length 0: none */
};

/* An object as it was then. */
struct event_object {
	const char *kind; /* "ioas"; "context"; NULL: there is none */
	uint32_t id;      /* 0: it had none */
	char *name;       /* NULL: it had none */
};

struct event {
	uint64_t number;
	uint64_t time; /* seconds since 1970 */
	enum event_kind kind;
	struct event_object object, target;
	struct range pasid;
	uint64_t iova, length;
};

struct journal {
	uint64_t last;  /* number of the last event */
	uint64_t given; /* events up to this one were read, and do not change any more */
	bool ended;     /* there will be no more */
	/* By number; a slot with another number is of an event that was lost. */
	struct event event[JOURNAL_SIZE];
};

/* NULL if out of memory. */
struct journal *journal_new(void);
/* Accepts NULL. */
void journal_free(struct journal *journal);

/*
 * JOURNAL may be NULL. PASIDs that follow those of the last event, if nobody has read that, become
 * part of it.
 */
void journal_note(struct journal *journal, const struct happening *happening);

/*
 * The first event after number *CURSOR that is left, and moves *CURSOR there; adds to *LOST those
 * before it that are not. NULL if there is none; borrowed, until the next one is noted.
 */
const struct event *journal_next(struct journal *journal, uint64_t *cursor, uint64_t *lost);

/* "added"; a constant. */
const char *event_word(enum event_kind kind);
