/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor: the changes of the record, as they are made. */
#include <errno.h>

#include "holder/method.h"

/* Events per reply, about 300 bytes each. */
#define BATCH 256

static json_object *json_noted(const struct event_object *noted)
{
	json_object *object = json_object_new_object();

	json_add_string(object, "kind", noted->kind);
	if (noted->id)
		json_add_u64(object, "id", noted->id);
	else
		json_add_null(object, "id");
	json_add_string(object, "name", noted->name);
	return object;
}

static json_object *json_event(const struct event *event)
{
	json_object *object = json_object_new_object();

	json_add_u64(object, "number", event->number);
	json_add_u64(object, "time", event->time);
	json_add_string(object, "what", event_word(event->kind));
	json_add(object, "object", json_noted(&event->object));
	if (event->target.kind)
		json_add(object, "target", json_noted(&event->target));
	if (event->pasid.hi)
		json_add_range(object, "pasid", event->pasid);
	if (event->length) {
		json_add_address(object, "iova", event->iova);
		json_add_u64(object, "length", event->length);
	}
	return object;
}

/* Only the first reply comes at once, perhaps without events: the caller knows then that it misses none. */
static int begin(struct context *context, struct call *call)
{
	struct journal *journal = context->record.journal;

	if (!journal)
		return fault_system(&call->fault, "malloc", -ENOMEM);
	call->serial = call_u64(call, "since", journal->last);
	if (call->serial > journal->last)
		return fault_parameter(&call->fault, "since");
	call->journal = journal;
	return 0;
}

int method_monitor(struct context *context, struct call *call)
{
	const struct event *event;
	json_object *array;
	uint64_t lost = 0;

	if (!call->journal && begin(context, call) < 0)
		return FAULTED;
	array = json_object_new_array();
	for (size_t n = 0; n < BATCH; n++) {
		event = journal_next(call->journal, &call->serial, &lost);
		if (!event)
			break;
		json_append(array, json_event(event));
	}
	json_add(call->reply, "event", array);
	json_add_u64(call->reply, "lost", lost);
	json_add_u64(call->reply, "last", call->serial);
	call->continues = !call->journal->ended || call->serial < call->journal->last;
	return 0;
}
