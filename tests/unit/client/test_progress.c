/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a change, with a holder that is not to be trusted. */
#include "client/internal.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRESS \
	"{\"parameters\":{\"progress\":{\"change\":1,\"call\":\"\\u001b[2Jx\",\"done\":1," \
	"\"total\":null}},\"continues\":true}"
#define END "{\"parameters\":{\"ioas\":{\"id\":7,\"name\":null}}}"

/* What the holder reported. */
struct seen {
	unsigned int n;
	bool late;
	char call[64];
};

static void note(const struct holder_progress *progress, void *data)
{
	struct seen *seen = data;

	seen->n++;
	seen->late = progress->late;
	if (progress->call)
		snprintf(seen->call, sizeof(seen->call), "%s", progress->call);
}

/* A holder that answers a call with TEXT. */
static pid_t holder(const char *text, size_t size, struct holder_client *ret)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		char call[4096];

		close(pair[0]);
		alarm(20);
		if (read(pair[1], call, sizeof(call)) <= 0)
			_exit(1);
		(void)!send(pair[1], text, size, MSG_NOSIGNAL);
		_exit(0);
	}
	close(pair[1]);
	*ret = (struct holder_client){ .fd = pair[0],
				       .reference = (char *)"missing",
				       .in = { .max = 65536 } };
	return pid;
}

static void done(pid_t pid, struct holder_client *client)
{
	close(client->fd);
	varlink_in_done(&client->in);
	json_object_put(client->sent);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The call's name goes to a terminal. */
static void printable(void **state)
{
	static const char text[] = PROGRESS "\0" END;
	_cleanup_json_ json_object *reply = NULL;
	struct holder_client client;
	struct seen seen = { 0 };
	const pid_t pid = holder(text, sizeof(text), &client);

	(void)state;
	holder_watch(&client, note, &seen);
	assert_int_equal(client_call_change(&client, "AllocIoas", NULL, -1, &reply, NULL), 0);
	assert_int_equal(seen.n, 2);
	assert_null(strchr(seen.call, '\033'));
	assert_non_null(strstr(seen.call, "[2Jx"));
	done(pid, &client);
}

static void interrupt(const struct holder_progress *progress, void *data)
{
	note(progress, data);
	if (!progress->ended)
		raise(SIGINT);
}

/*
 * A second signal ends the wait for a holder that does not stop talking, and then it is not said
 * that the change was made.
 */
static void talkative(void **state)
{
	static const char one[] = PROGRESS, end[] = END;
	static char text[400 * sizeof(one) + sizeof(end)];
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_json_ json_object *reply = NULL;
	struct holder_client client;
	struct seen seen = { 0 };
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < 400; i++)
		memcpy(text + i * sizeof(one), one, sizeof(one));
	memcpy(text + 400 * sizeof(one), end, sizeof(end));
	pid = holder(text, sizeof(text), &client);
	holder_watch(&client, interrupt, &seen);
	assert_int_equal(client_call_change(&client, "AllocIoas", NULL, -1, &reply, &error),
			 -EINTR);
	assert_false(seen.late);
	done(pid, &client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printable),
		cmocka_unit_test(talkative),
	};

	alarm(20);
	/* In the background of a shell it is ignored. */
	signal(SIGINT, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
