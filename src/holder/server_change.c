/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The change that is being made, dry runs, and the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "holder/server.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* Calls that a dry run notes per turn of the loop. */
#define REHEARSE 256

bool server_is_busy(const struct server *server)
{
	return server->change || server->dry.change;
}

/* Takes over CHANGE, whose first call is posted by server_change(). */
static void begin(struct server *server, struct change *change, struct client *client)
{
	server->change = change;
	server->change_client = client;
	server->orphaned = server->giving_back = false;
	change->since = (uint64_t)time(NULL);
	if (client) {
		change->method = client->call.method->name;
		change->number = client->call.number;
	}
	server->context->change = change;
}

static void rehearsal_done(struct rehearsal *dry)
{
	change_free(dry->change);
	context_done(&dry->context);
	plan_done(&dry->plan);
	*dry = (struct rehearsal){ 0 };
}

static void begin_dry(struct server *server, struct client *client)
{
	struct call *call = &client->call;
	int r = context_copy(server->context, &server->dry.plan, &server->dry.context);

	if (r < 0) {
		fault_system(&call->fault, "malloc", r);
		return;
	}
	call_run(&server->dry.context, call);
	server->dry.change = TAKE_PTR(call->change);
	if (server->dry.change)
		server->change_client = client;
	else
		rehearsal_done(&server->dry);
}

/* Cancels what waits or runs under this number. False if there is none. */
static bool cancel_number(struct server *server, uint64_t number)
{
	for (size_t i = 0; i < server->client_n; i++) {
		struct client *client = server->client[i];

		if (client->state != CLIENT_QUEUED || client->call.number != number)
			continue;
		fault_raise(&client->call.fault, "Cancelled", json_object_new_object());
		server_client_answer(server, client);
		return true;
	}
	if (server->dry.change && server->change_client &&
	    server->change_client->call.number == number) {
		change_cancel(server->dry.change);
		return true;
	}
	if (!server->change || server->change->number != number || server->change->final)
		return false;
	change_cancel(server->change);
	return true;
}

static void refuse_cancel(struct call *call)
{
	json_object *parameters = json_object_new_object();

	json_add_u64(parameters, "change", call->cancel);
	fault_raise(&call->fault, "NoSuchChange", parameters);
}

void server_call(struct server *server, struct client *client)
{
	struct call *call = &client->call;

	client->turn = server->turn;
	if (call_is_dry(call)) {
		begin_dry(server, client);
	} else {
		call_run(server->context, call);
		if (call->change)
			begin(server, TAKE_PTR(call->change), client);
		if (call->cancel && !call->fault.raised && !cancel_number(server, call->cancel))
			refuse_cancel(call);
	}
	if (server->change_client == client)
		client->state = CLIENT_BUSY;
	else
		server_client_answer(server, client);
}

static void end_context(struct server *server)
{
	server->journal = TAKE_PTR(server->context->record.journal);
	if (server->journal)
		server->journal->ended = true;
	context_done(server->context);
	if (server->unlink)
		server->unlink(server->userdata);
	server->ending = true;
}

static void log_end(struct server *server, const struct change *change)
{
	const char *device = change->device ? change->device->object.name : "";

	if (server->giving_back && change->fault.raised)
		log_line(server->log, LOG_WARNING,
			 "the device that the kernel wants back could not be given: %s",
			 change->fault.id);
	else if (server->orphaned)
		log_line(server->log, LOG_NOTICE, "%s%s%s: the client went away, the change %s",
			 change->method, *device ? " of " : "", device,
			 change->fault.raised ? "failed" : "was done to the end");
	if (change->final && !server->leaving)
		log_line(server->log, LOG_NOTICE, "destroyed");
}

static void change_ended(struct server *server)
{
	_cleanup_change_ struct change *change = TAKE_PTR(server->change);
	struct client *client = TAKE_PTR(server->change_client);

	server->context->change = NULL;
	log_end(server, change);
	if (change->final)
		end_context(server);
	if (!client)
		return;
	client->call.fault = change->fault;
	client->call.reply = TAKE_PTR(change->reply);
	change->fault = (struct fault){ 0 };
	server_client_answer(server, client);
}

/* Posts the next call to the worker, if it is free. */
static void go_on(struct server *server)
{
	struct work *work;

	if (worker_has_work(server->worker)) {
		if (!worker_take(server->worker))
			return;
		change_done(server->context, server->change);
	}
	work = change_next(server->context, server->change);
	if (work)
		worker_post(server->worker, work);
	else
		change_ended(server);
}

/* Objects whose ids only the kernel assigns; those it has already assigned are known. */
static void hide_new(json_object *object)
{
	static const char *const keys[] = { "ioas", "hwpt" };
	struct reference reference = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_get_reference(object, keys[i], &reference) == 1 &&
		    plan_is_new(reference.id))
			json_add_null(object, keys[i]);
}

static void hide_unknown(struct call *call)
{
	json_object *target = NULL;
	uint64_t value;

	hide_new(call->reply);
	if (json_get_object(call->reply, "target", &target) == 1)
		hide_new(target);
	if (json_get_u64(call->reply, "id", UINT32_MAX, &value) == 1 &&
	    plan_is_new((uint32_t)value))
		json_add_null(call->reply, "id");
	/* An IOVA that was asked for is the one that it would be. */
	if (!call_address(call, "iova", &value) && json_object_object_get(call->reply, "iova"))
		json_add_null(call->reply, "iova");
}

static void add_plan(struct call *call, const struct plan *plan)
{
	json_object *lines;

	if (plan->err == -E2BIG) {
		fault_limit(&call->fault, "plan", PLAN_BYTES_MAX);
	} else if (plan->err < 0) {
		fault_system(&call->fault, "malloc", plan->err);
	} else if (!call->fault.raised) {
		lines = json_object_new_array();
		for (size_t i = 0; i < plan->line.n; i++)
			json_append_string(lines, plan->line.v[i]);
		hide_unknown(call);
		json_add(call->reply, "plan", lines);
	}
}

/* Turns the end of a dry run into the answer. */
static void dry_run_ended(struct server *server)
{
	struct client *client = TAKE_PTR(server->change_client);
	struct rehearsal *dry = &server->dry;

	if (client) {
		client->call.fault = dry->change->fault;
		client->call.reply = TAKE_PTR(dry->change->reply);
		dry->change->fault = (struct fault){ 0 };
		add_plan(&client->call, &dry->plan);
		server_client_answer(server, client);
	}
	rehearsal_done(dry);
}

/* An unbind or removal of these devices is waiting for the holder to close them. */
static void begin_requested(struct server *server)
{
	struct record_device *device;

	for (size_t i = 0; !server_is_busy(server) &&
			   (device = record_device_at(&server->context->record, i)) != NULL;
	     i++) {
		_cleanup_fault_ struct fault fault = { 0 };
		struct change *change = NULL;

		if (!device->requested)
			continue;
		device->requested = false; /* the kernel repeats it until the device is closed */
		log_line(server->log, LOG_NOTICE,
			 "%s: the kernel wants it back: its PASIDs are unbound and it is closed",
			 device->object.name);
		if (context_remove_device(device, true, &fault, &change) == 0) {
			begin(server, change, NULL);
			server->giving_back = true;
		} else {
			log_line(server->log, LOG_WARNING, "%s: cannot give it back: %s",
				 device->object.name, fault.id);
		}
	}
}

static void begin_own(struct server *server, int (*make)(const struct context *context,
							 struct fault *fault, struct change **ret))
{
	_cleanup_fault_ struct fault fault = { 0 };
	struct change *change = NULL;

	if (make(server->context, &fault, &change) == 0)
		begin(server, change, NULL);
	else
		log_line(server->log, LOG_WARNING, "%s", fault.id);
}

static int destroy(const struct context *context, struct fault *fault, struct change **ret)
{
	return context_destroy(context, true, fault, ret);
}

static struct client *next_queued(const struct server *server)
{
	struct client *next = NULL;

	for (size_t i = 0; i < server->client_n; i++) {
		struct client *client = server->client[i];

		if (client->state == CLIENT_QUEUED && !client->dead &&
		    (!next || client->ticket < next->ticket))
			next = client;
	}
	return next;
}

/* What the holder has to do itself comes first. */
static void begin_next(struct server *server)
{
	struct client *client;

	if (server->leaving) {
		begin_own(server, destroy);
		/* Out of memory: the last close does most of it. */
		if (!server_is_busy(server))
			end_context(server);
		return;
	}
	begin_requested(server);
	if (!server_is_busy(server) && server->rewatch) {
		server->rewatch = false;
		begin_own(server, context_watch_devices);
	}
	while (!server_is_busy(server) && (client = next_queued(server)) != NULL)
		server_call(server, client);
}

void server_change(struct server *server)
{
	if (server->dry.change &&
	    (!server->change_client ||
	     change_rehearse(&server->dry.context, server->dry.change, REHEARSE)))
		dry_run_ended(server);
	while (!server->ending) {
		struct change *change = server->change;

		if (change)
			go_on(server);
		else if (!server->dry.change)
			begin_next(server);
		/* Either it waits for the worker, or there is nothing to begin. */
		if (server->change == change)
			break;
	}
}

void server_leave(struct server *server)
{
	const struct record *record = &server->context->record;
	const struct record_device *device;
	uint64_t pasids = 0;

	server->leaving = true;
	for (size_t i = 0; (device = record_device_at(record, i)) != NULL; i++)
		pasids += record_device_pasids(device);
	log_line(server->log, LOG_NOTICE,
		 "ended by %s%s: %" PRIu64 " PASIDs of %zu devices and %zu IOASes are freed",
		 server->signal ? "SIG" : "the loss of its socket",
		 server->signal ? sigabbrev_np(server->signal) : "", pasids,
		 record->of[OBJECT_DEVICE].n, record->of[OBJECT_IOAS].n);
	if (server->change)
		change_cancel(server->change);
	server->change_client = server->dry.change ? NULL : server->change_client;
	if (server->dry.change)
		dry_run_ended(server);
}
