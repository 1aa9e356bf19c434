/* SPDX-License-Identifier: GPL-2.0-or-later */
/* context monitor */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/common/session.h"
#include "cmd/context/internal.h"
#include "cmd/nouns.h"
#include "util/cleanup.h"

/* An event, and how many before it were missed. */
struct row {
	const struct holder_event *event;
	uint64_t lost;
};

static const struct holder_event *event_of(const void *p)
{
	return ((const struct row *)p)->event;
}

static void get_number(const void *p, struct out_value *ret)
{
	out_number(ret, event_of(p)->number);
}

static void get_lost(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct row *)p)->lost);
}

static void get_time(const void *p, struct out_value *ret)
{
	out_time(ret, event_of(p)->time);
}

static const char *const events[] = { "added",    "removed", "changed", "attached",
				      "detached", "bound",   "unbound", "mapped",
				      "unmapped", "shared",  NULL };

static void get_event(const void *p, struct out_value *ret)
{
	out_string(ret, event_of(p)->what);
}

static void get_object_kind(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_object *)p)->kind);
}

static void get_object_id(const void *p, struct out_value *ret)
{
	out_field_number(ret, &((const struct holder_object *)p)->id);
}

static void get_object_name(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_object *)p)->name);
}

static const struct out_column object_columns[] = {
	{ "kind", "device, ioas, hwpt, or context: the context itself", OUT_ALWAYS, 0,
	  get_object_kind },
	{ "id", "Its number in the iommufd", OUT_IS_NUMBER, 0, get_object_id },
	{ "name", "Its name", 0, 0, get_object_name },
	{ 0 },
};

/* A device is known by its name, everything else by its number. */
static void get_object(const struct holder_object *object, struct out_value *ret)
{
	const char *name = object->name;

	if (!object->kind)
		return;
	if (name && strcmp(object->kind, "device") == 0)
		out_text(ret, "%s", name);
	else if (object->id.status == 1)
		out_text(ret, "%s %" PRIu64 "%s%s%s", object->kind, object->id.value,
			 name ? " (" : "", name ? name : "", name ? ")" : "");
	else
		out_text(ret, "%s%s%s", object->kind, name ? " " : "", name ? name : "");
	out_object(ret, object_columns, object);
}

static void get_what(const void *p, struct out_value *ret)
{
	get_object(&event_of(p)->object, ret);
}

static void get_target(const void *p, struct out_value *ret)
{
	get_object(&event_of(p)->target, ret);
}

static void get_lo(const void *p, struct out_value *ret)
{
	out_field_number(ret, &event_of(p)->lo);
}

static void get_hi(const void *p, struct out_value *ret)
{
	out_field_number(ret, &event_of(p)->hi);
}

static const struct out_column pasid_columns[] = {
	{ "lo", "The first", OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get_lo },
	{ "hi", "The last", OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get_hi },
	{ 0 },
};

static void get_pasid(const void *p, struct out_value *ret)
{
	const struct holder_event *event = event_of(p);
	const uint64_t lo = event->lo.value, hi = event->hi.value;

	if (event->lo.status != 1)
		return;
	if (lo == hi)
		out_text(ret, "%" PRIu64, lo);
	else
		out_text(ret, "%" PRIu64 "-%" PRIu64, lo, hi);
	out_object(ret, pasid_columns, p);
}

static void get_iova(const void *p, struct out_value *ret)
{
	out_field_address(ret, &event_of(p)->iova);
}

static void get_length(const void *p, struct out_value *ret)
{
	out_size(ret, event_of(p)->length.value);
}

static const struct out_column mapping_columns[] = {
	{ "iova", "Where it begins", OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_iova },
	{ "length", "Bytes", OUT_IS_SIZE | OUT_ALWAYS, 0, get_length },
	{ 0 },
};

static void get_mapping(const void *p, struct out_value *ret)
{
	const struct holder_event *event = event_of(p);
	const uint64_t iova = event->iova.value;

	if (event->iova.status != 1)
		return;
	out_text(ret, "0x%" PRIx64 "-0x%" PRIx64, iova, iova + (event->length.value - 1));
	out_object(ret, mapping_columns, p);
}

static const struct out_column columns[] = {
	{ "number", "Number of the event, counted from 1; what is skipped was lost",
	  OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_number },
	{ "lost", "How many events before it were lost", OUT_IS_NUMBER | OUT_ALWAYS, 0, get_lost },
	{ "time", "When (UTC)", OUT_DEFAULT | OUT_IS_TIME, 0, get_time },
	{ "event", "What happened to the object", OUT_DEFAULT | OUT_OPEN | OUT_ALWAYS, 0, get_event,
	  events },
	{ "object", "What has changed", OUT_DEFAULT | OUT_SHRINK | OUT_IS_OBJECT | OUT_ALWAYS, 0,
	  get_what, NULL, OUT_INNER(object_columns) },
	{ "target", "IOAS or hardware page table that it is, or was, attached or bound to",
	  OUT_DEFAULT | OUT_SHRINK | OUT_IS_OBJECT, 0, get_target, NULL,
	  OUT_INNER(object_columns) },
	{ "pasid", "PASIDs that were bound or unbound", OUT_DEFAULT | OUT_IS_OBJECT, 0, get_pasid,
	  NULL, OUT_INNER(pasid_columns) },
	{ "mapping", "I/O addresses that were mapped or unmapped", OUT_DEFAULT | OUT_IS_OBJECT, 0,
	  get_mapping, NULL, OUT_INNER(mapping_columns) },
	{ 0 },
};

struct monitor_args {
	struct view_args view;
	struct option_number since;
};

struct printer {
	struct app *app;
	struct inspection in;
	uint64_t lost; /* and not reported with an event yet */
};

/* Nobody reads what cannot be written any more: that ends the command. */
static int print_events(const struct holder_events *list, void *data)
{
	struct printer *printer = data;
	int r = 0;

	if (list->lost)
		app_note(printer->app, "%" PRIu64 " event%s lost", list->lost,
			 list->lost == 1 ? " was" : "s were");
	printer->lost += list->lost;
	for (size_t i = 0; i < list->n && r == 0; i++) {
		r = inspect_row(&printer->in,
				&(struct row){ .event = &list->v[i], .lost = printer->lost });
		printer->lost = 0;
	}
	return r == 0 && ferror(stdout) ? 1 : r;
}

static int run(struct app *app, const void *p)
{
	const struct monitor_args *args = p;
	const char *operand = args->view.operands.n ? args->view.operands.v[0] : NULL;
	const struct context_args context = { .name = operand };
	const struct field_u64 since = { .value = args->since.value,
					 .status = args->since.text != NULL };
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	struct printer printer = { .app = app };
	int r;

	if (operand && app->context)
		return app_fail(app, STATUS_USAGE, operand, "NAME and -c cannot be combined");
	if (app->sysroot)
		return app_fail(app, STATUS_USAGE, app->sysroot, "a capture does not change");
	r = inspect_open(app, &args->view, &in);
	if (r == 0)
		r = session_open_reading(app, &context, &client);
	if (r)
		return r;
	printer.in = in;
	r = holder_monitor(client, since, print_events, &printer, &error);
	if (r < 0 && error.message)
		return session_fail(app, operand, &error);
	return inspect_end(app, &printer.in, r < 0 ? r : 0);
}

static const struct cmd_option options[] = {
	{ "since", 0, "N", "Go on after event N; 0: the oldest that the holder still has",
	  OPTION_NUMBER, offsetof(struct monitor_args, since), .max = INT64_MAX - 1,
	  .what = "number of an event" },
	ROWS_OF(struct monitor_args, view, view_options),
	CONTEXT_OPTION,
	{ 0 },
};

static const struct monitor_args defaults = {
	.view = { .columns = columns, .operands = { .max = 1 }, .out.stream = true },
};

const struct cmd context_monitor_cmd = {
	.name = "monitor",
	.summary = "Print the changes of a context as they are made",
	.example = "ioasidctl context monitor lab",
	.statuses = "126",
	.options = options,
	.takes = "[NAME]",
	.doc = "Print the changes of a context as they are made, one on each line, until it is "
	       "destroyed. With --json each line is a JSON object.",
	.operands = offsetof(struct monitor_args, view.operands),
	.defaults = &defaults,
	.args_size = sizeof(defaults),
	.run = run,
};
