/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes that take longer: how far they are, and cancelling them. */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "client/internal.h"
#include "util/clock.h"
#include "util/str.h"

void holder_watch(struct holder_client *client, holder_progress_fn *each, void *data)
{
	client->watch = each;
	client->watch_data = data;
}

/* After a signal, for a holder that does not say how far it is. */
#define SIGNAL_PATIENCE 2000 /* ms */

/* A change that is being made. */
struct wait {
	struct holder_client *client;
	int signals;     /* signalfd, -1: none */
	sigset_t before; /* the caller's mask */
	uint64_t change; /* its number, 0: not known yet */
	int64_t begun;   /* ms */
	bool reported;   /* there was progress */
	bool signalled, cancelled;
	bool ended;       /* there was nothing left to cancel */
	int64_t deadline; /* after a signal, for the number to come; -1: forever */
};

/* Signals are for the change as long as it is made. */
static void wait_begin(struct wait *wait)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&mask, signals[i]);
	sigprocmask(SIG_BLOCK, &mask, &wait->before);
	wait->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Then they end the process, and the holder goes on. */
	if (wait->signals < 0)
		sigprocmask(SIG_SETMASK, &wait->before, NULL);
}

static bool take_signal(const struct wait *wait)
{
	struct signalfd_siginfo info;

	return wait->signals >= 0 && read(wait->signals, &info, sizeof(info)) == sizeof(info);
}

static void tell(const struct wait *wait, struct holder_progress *progress)
{
	progress->cancelled = wait->cancelled;
	progress->elapsed = clock_ms() - wait->begun;
	if (wait->client->watch)
		wait->client->watch(progress, wait->client->watch_data);
}

/* R: how it ended. */
static void wait_end(struct wait *wait, int r)
{
	struct holder_progress end = { .ended = true };
	bool late = wait->signalled && (!wait->cancelled || wait->ended);

	/* With an answer that was on its way. */
	late = take_signal(wait) || late;
	end.late = late && r == 0;
	if (wait->reported || end.late)
		tell(wait, &end);
	cleanup_close(&wait->signals);
	sigprocmask(SIG_SETMASK, &wait->before, NULL);
}

/* Over a connection of its own: this one waits for the answer. */
static void cancel(struct wait *wait)
{
	_cleanup_holder_client_ struct holder_client *other = NULL;
	_cleanup_json_ json_object *reply = NULL;
	json_object *parameters;

	if (!wait->signalled || wait->cancelled || !wait->change)
		return;
	wait->cancelled = true;
	wait->deadline = -1;
	if (holder_connect(wait->client->reference, &other, NULL) < 0)
		return;
	parameters = json_object_new_object();
	json_add_u64(parameters, "change", wait->change);
	wait->ended = client_call(other, "Cancel", parameters, &reply, NULL) < 0;
}

static int report(struct wait *wait, json_object *reply, struct holder_error *error)
{
	struct holder_progress progress = { 0 };
	_cleanup_free_ char *text = NULL, *call = NULL;
	struct wire wire = { 0 };

	if (json_get_object(reply, "progress", &wire.object) <= 0)
		return error_protocol(error);
	text = wire_string_optional(&wire, "call");
	call = text ? str_printable(text) : NULL;
	wait->change = wire_u64(&wire, "change");
	progress.call = call;
	progress.done = wire_u64(&wire, "done");
	progress.total = wire_u32_optional(&wire, "total");
	if (wire.err < 0)
		return error_protocol(error);
	wait->reported = true;
	tell(wait, &progress);
	return 0;
}

static int fail_unknown(struct holder_error *error)
{
	return error_set(error, HOLDER_ERROR_SYSTEM, EINTR,
			 "interrupted: the holder goes on, and it is not known how it ends");
}

static int signalled(struct wait *wait, struct holder_error *error)
{
	if (!take_signal(wait))
		return 0;
	if (wait->signalled)
		return fail_unknown(error);
	wait->signalled = true;
	wait->deadline = clock_ms() + SIGNAL_PATIENCE;
	return 0;
}

static int wait_reply(struct wait *wait, json_object **ret, struct holder_error *error)
{
	bool continues = true;
	int r = 0;

	while (continues && r == 0) {
		_cleanup_json_ json_object *reply = NULL;

		cancel(wait);
		r = client_receive(wait->client, wait->signals, wait->deadline, &reply, &continues,
				   error);
		if (r == -EINTR)
			r = signalled(wait, error);
		else if (r == -ETIMEDOUT && wait->signalled)
			r = fail_unknown(error);
		else if (r == 0 && continues)
			r = report(wait, reply, error);
		else if (r == 0)
			*ret = TAKE_PTR(reply);
	}
	return r;
}

int client_call_change(struct holder_client *client, const char *method, json_object *parameters,
		       int fd, json_object **ret, struct holder_error *error)
{
	struct wait wait = { .client = client, .signals = -1, .begun = clock_ms(), .deadline = -1 };
	int r = client_send(client, method, parameters, fd, true, clock_ms() + CLIENT_PATIENCE);

	if (r < 0)
		return client_transport_error(error, r);
	if (client->watch)
		wait_begin(&wait);
	r = wait_reply(&wait, ret, error);
	if (client->watch)
		wait_end(&wait, r);
	return r;
}
