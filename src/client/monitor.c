/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The changes of a context as they are made. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"
#include "util/clock.h"

static void object_done(struct holder_object *object)
{
	free(object->kind);
	free(object->name);
}

static void events_done(struct holder_events *events)
{
	for (size_t i = 0; i < events->n; i++) {
		object_done(&events->v[i].object);
		object_done(&events->v[i].target);
		free(events->v[i].what);
	}
	free(events->v);
}

static void read_object(struct wire *wire, const char *key, struct holder_object *object)
{
	struct wire inner = { .object = wire_object_optional(wire, key) };

	if (!inner.object)
		return;
	object->kind = wire_string(&inner, "kind");
	object->id = wire_u32_optional(&inner, "id");
	object->name = wire_string_optional(&inner, "name");
	wire->err = wire->err ? wire->err : inner.err;
}

/* Whoever prints it computes the ends of its ranges. */
static bool is_consistent(const struct holder_event *event)
{
	const struct field_u64 *iova = &event->iova, *length = &event->length;

	if (!event->object.kind)
		return false;
	return iova->status != 1 ||
	       (length->value && length->value - 1 <= UINT64_MAX - iova->value);
}

static void read_event(struct wire *wire, void *element)
{
	struct holder_event *event = element;
	struct range pasid = { 0 };

	event->number = wire_u64(wire, "number");
	event->time = wire_u64(wire, "time");
	event->what = wire_string(wire, "what");
	read_object(wire, "object", &event->object);
	read_object(wire, "target", &event->target);
	if (wire_range_optional(wire, "pasid", &pasid)) {
		event->lo = field_u64(pasid.lo);
		event->hi = field_u64(pasid.hi);
	}
	event->iova = wire_address_optional(wire, "iova");
	event->length = wire_u64_optional(wire, "length");
	/* Each is nothing without the other. */
	if (event->iova.status != 1 || event->length.status != 1)
		event->iova = event->length = (struct field_u64){ 0 };
	if (wire->err == 0 && !is_consistent(event))
		wire->err = -EPROTO;
}

static int pass_on(json_object *reply, holder_events_fn *each, void *data,
		   struct holder_error *error)
{
	_cleanup_(events_done) struct holder_events events = { 0 };
	struct wire wire = { .object = reply };

	events.v = wire_array(&wire, "event", sizeof(events.v[0]), read_event, &events.n);
	events.lost = wire_u64(&wire, "lost");
	return wire.err < 0 ? wire_error(&wire, error) : each(&events, data);
}

int holder_monitor(struct holder_client *client, struct field_u64 since, holder_events_fn *each,
		   void *data, struct holder_error *error)
{
	json_object *parameters = json_object_new_object();
	int64_t patience = clock_ms() + CLIENT_PATIENCE;
	bool continues = true;
	int r;

	if (since.status == 1)
		json_add_u64(parameters, "since", since.value);
	r = client_send(client, "Monitor", parameters, -1, true, patience);
	if (r < 0)
		return client_transport_error(error, r);
	while (continues && r == 0) {
		_cleanup_json_ json_object *reply = NULL;

		r = client_receive(client, -1, patience, &reply, &continues, error);
		if (r == 0)
			r = pass_on(reply, each, data, error);
		/* Only the first reply comes at once. */
		patience = -1;
	}
	return r;
}
