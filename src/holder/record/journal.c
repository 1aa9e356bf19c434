/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/record/journal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/str.h"

static const char *const words[] = {
	[EVENT_ADDED] = "added",       [EVENT_REMOVED] = "removed",   [EVENT_CHANGED] = "changed",
	[EVENT_ATTACHED] = "attached", [EVENT_DETACHED] = "detached", [EVENT_BOUND] = "bound",
	[EVENT_UNBOUND] = "unbound",   [EVENT_MAPPED] = "mapped",     [EVENT_UNMAPPED] = "unmapped",
	[EVENT_SHARED] = "shared",
};

const char *event_word(enum event_kind kind)
{
	return words[kind];
}

struct journal *journal_new(void)
{
	return calloc(1, sizeof(struct journal));
}

static void event_done(struct event *event)
{
	free(event->object.name);
	free(event->target.name);
	*event = (struct event){ 0 };
}

void journal_free(struct journal *journal)
{
	for (size_t i = 0; journal && i < JOURNAL_SIZE; i++)
		event_done(&journal->event[i]);
	free(journal);
}

static struct event *event_at(struct journal *journal, uint64_t number)
{
	return &journal->event[number % JOURNAL_SIZE];
}

static bool is_object(const struct event_object *noted, const struct object *object)
{
	const char *a = noted->name, *b = object ? object->name : NULL;

	if (!object || !noted->kind)
		return !object && !noted->kind;
	return noted->kind == object_class(object->kind)->word && noted->id == object->id &&
	       (a && b ? strcmp(a, b) == 0 : a == b);
}

/*
 * Many PASIDs are bound and unbound by many calls of the kernel: without a reader they would only
 * push out everything else.
 */
static bool is_continued(struct journal *journal, const struct happening *happening)
{
	struct event *last = event_at(journal, journal->last);
	const struct range more = happening->pasid;

	if (last->number != journal->last || journal->last <= journal->given || more.hi == 0 ||
	    last->kind != happening->kind || !is_object(&last->object, happening->object) ||
	    !is_object(&last->target, happening->target))
		return false;
	if (last->pasid.hi + 1 == more.lo)
		last->pasid.hi = more.hi;
	else if (more.hi + 1 == last->pasid.lo)
		last->pasid.lo = more.lo;
	else
		return false;
	last->time = (uint64_t)time(NULL);
	return true;
}

static bool note_object(struct event_object *noted, const struct object *object)
{
	if (!object)
		return true;
	noted->kind = object_class(object->kind)->word;
	noted->id = object->id;
	return str_replace(&noted->name, object->name) == 0;
}

void journal_note(struct journal *journal, const struct happening *happening)
{
	struct event *event;

	if (!journal || is_continued(journal, happening))
		return;
	event = event_at(journal, ++journal->last);
	event_done(event);
	if (!note_object(&event->object, happening->object) ||
	    !note_object(&event->target, happening->target)) {
		event_done(event);
		return;
	}
	if (!happening->object)
		event->object.kind = "context";
	event->number = journal->last;
	event->time = (uint64_t)time(NULL);
	event->kind = happening->kind;
	event->pasid = happening->pasid;
	event->iova = happening->iova;
	event->length = happening->length;
}

const struct event *journal_next(struct journal *journal, uint64_t *cursor, uint64_t *lost)
{
	const struct event *event = NULL;

	if (journal->last - *cursor > JOURNAL_SIZE) {
		*lost += journal->last - JOURNAL_SIZE - *cursor;
		*cursor = journal->last - JOURNAL_SIZE;
	}
	while (!event && *cursor < journal->last) {
		event = event_at(journal, ++*cursor);
		if (event->number != *cursor) {
			++*lost;
			event = NULL;
		}
	}
	if (journal->given < *cursor)
		journal->given = *cursor;
	return event;
}
