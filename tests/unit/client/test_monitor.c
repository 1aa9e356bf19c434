/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor, with replies of holders that follow the interface, and of others. */
#include "client/internal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct told {
	char text[1000];
	unsigned int calls, stop_at;
};

static int tell(const struct holder_events *events, void *data)
{
	struct told *told = data;

	for (size_t i = 0; i < events->n; i++) {
		const struct holder_event *event = &events->v[i];

		snprintf(told->text + strlen(told->text), sizeof(told->text) - strlen(told->text),
			 "%d %s %s;", (int)event->number, event->what, event->object.kind);
	}
	if (events->lost)
		snprintf(told->text + strlen(told->text), sizeof(told->text) - strlen(told->text),
			 "lost %d;", (int)events->lost);
	return ++told->calls == told->stop_at ? 7 : 0;
}

/* The holder sends REPLIES, each with a NUL, in N bytes and is gone. Returns what holder_monitor() does. */
static int monitor(const char *replies, size_t n, struct told *told, struct holder_error *error)
{
	struct holder_client client = { .reference = (char *)"c", .in = { .max = 65536 } };
	int ends[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	assert_int_equal(write(ends[1], replies, n), n);
	assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	client.fd = ends[0];
	r = holder_monitor(&client, (struct field_u64){ 0 }, tell, told, error);
	varlink_in_done(&client.in);
	json_object_put(client.sent);
	close(ends[0]);
	close(ends[1]);
	return r;
}

#define EVENT(n, more) \
	"{\"number\":" #n ",\"time\":5,\"what\":\"bound\",\"object\":{\"kind\":\"device\"}" more "}"
#define REPLY(events, lost, end) \
	"{\"parameters\":{\"event\":[" events "],\"lost\":" #lost ",\"last\":1}" end "}\0"
#define GOES_ON ",\"continues\":true"

static void replies(void **state)
{
	static const char text[] = REPLY("", 0, GOES_ON)
		REPLY(EVENT(1, "") "," EVENT(2, ",\"pasid\":{\"lo\":1,\"hi\":1048575}"), 0, GOES_ON)
			REPLY(EVENT(9, ",\"iova\":\"0x0\""), 6, "");
	struct told told = { 0 }, stopped = { .stop_at = 2 };

	(void)state;
	assert_int_equal(monitor(text, sizeof(text) - 1, &told, NULL), 0);
	assert_string_equal(told.text, "1 bound device;2 bound device;9 bound device;lost 6;");
	assert_int_equal(told.calls, 3);
	assert_int_equal(monitor(text, sizeof(text) - 1, &stopped, NULL), 7);
	assert_string_equal(stopped.text, "1 bound device;2 bound device;");
}

static void failures(void **state)
{
	static const char gone[] = "the context's holder has gone away",
			  invalid[] = "invalid reply from the context's holder";
	static const struct {
		const char *reply, *message;
		int r;
	} cases[] = {
		{ REPLY("", 0, GOES_ON), gone, -ECONNRESET },
		{ "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":"
		  "{\"method\":\"org.ioasidctl.Context.Monitor\"}}",
		  "the holder of context c is of an older version, which has no Monitor",
		  -EOPNOTSUPP },
		{ "{}", invalid, -EPROTO },
		{ REPLY("1", 0, ""), invalid, -EPROTO },
		{ REPLY("{}", 0, ""), invalid, -EPROTO },
		{ REPLY(EVENT(-1, ""), 0, ""), invalid, -EPROTO },
		{ REPLY(EVENT(1, ",\"target\":{}"), 0, ""), invalid, -EPROTO },
		{ REPLY(EVENT(1, ",\"pasid\":{\"lo\":1}"), 0, ""), invalid, -EPROTO },
		{ REPLY(EVENT(1, ",\"pasid\":{\"lo\":0,\"hi\":1}"), 0, ""), invalid, -EPROTO },
		{ REPLY(EVENT(1, ",\"pasid\":{\"lo\":2,\"hi\":1}"), 0, ""), invalid, -EPROTO },
		{ REPLY(EVENT(1, ",\"pasid\":{\"lo\":2,\"hi\":1048576}"), 0, ""), invalid,
		  -EPROTO },
		{ REPLY(EVENT(1, ",\"iova\":\"0x1\",\"length\":0"), 0, ""), invalid, -EPROTO },
		{ REPLY(EVENT(1, ",\"iova\":\"0xffffffffffffffff\",\"length\":2"), 0, ""), invalid,
		  -EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct told told = { 0 };

		assert_int_equal(monitor(cases[i].reply, strlen(cases[i].reply) + 1, &told, &error),
				 cases[i].r);
		assert_string_equal(error.message, cases[i].message);
		assert_string_equal(told.text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests_name("client monitor", tests, NULL, NULL);
}
