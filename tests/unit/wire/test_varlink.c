/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport of messages, and its strictness. */
#include "wire/varlink.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"

#define _cleanup_in_  _cleanup_(varlink_in_done)
#define _cleanup_out_ _cleanup_(varlink_out_done)

static void expect_message(struct varlink_in *in, const char *key, uint64_t value)
{
	_cleanup_json_ json_object *message = NULL;
	uint64_t number = 0;

	assert_true(varlink_in_ready(in));
	assert_int_equal(varlink_in_next(in, &message), 1);
	assert_int_equal(json_get_u64(message, key, 1000, &number), 1);
	assert_int_equal(number, value);
}

/* However the bytes are split, the messages are the same. */
static void partial(void **state)
{
	static const char bytes[] = "{\"a\":1}\0{\"a\":2}\0 {\"a\" : 3}\n\0{\"a\":4}";

	(void)state;
	for (size_t cut = 1; cut <= sizeof(bytes); cut++) {
		_cleanup_in_ struct varlink_in in = { .max = 100 };
		json_object *message = NULL;
		uint64_t seen = 0;

		for (size_t at = 0; at < sizeof(bytes); at += cut) {
			size_t n = sizeof(bytes) - at < cut ? sizeof(bytes) - at : cut;

			assert_int_equal(varlink_in_append(&in, bytes + at, n), 0);
			while (varlink_in_ready(&in))
				expect_message(&in, "a", ++seen);
			assert_int_equal(varlink_in_next(&in, &message), 0);
		}
		assert_int_equal(seen, 4);
	}
}

static void oversize(void **state)
{
	_cleanup_in_ struct varlink_in in = { .max = 10 };
	json_object *message = NULL;

	(void)state;
	/* Maximum length plus NUL. */
	assert_int_equal(varlink_in_append(&in, "{\"a\": 42}", 9), 0);
	assert_int_equal(varlink_in_append(&in, " \0", 2), 0);
	expect_message(&in, "a", 42);
	/* One byte more, without NUL. */
	assert_int_equal(varlink_in_append(&in, "{\"a\":  42} ", 11), 0);
	assert_true(varlink_in_ready(&in));
	assert_int_equal(varlink_in_next(&in, &message), -EMSGSIZE);
	assert_int_equal(varlink_in_append(&in, "x", 1), -EMSGSIZE);
	assert_null(message);
}

static void garbage(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"x",
		"1",
		"\"a\"",
		"[]",
		"null",
		"{",
		"{}}",
		"{} {}",
		"{\"a\":1,}",

		"{\"a\":\"\xff\xfe\"}",
		"{/**/}",
		"{\"a\":01}x",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		"{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_in_ struct varlink_in in = { .max = 1000 };
		json_object *message = NULL;

		assert_int_equal(varlink_in_append(&in, bad[i], strlen(bad[i]) + 1), 0);
		if (varlink_in_next(&in, &message) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		assert_null(message);
	}
}

static void types(void **state)
{
	static const char text[] =
		"{\"s\":\"x\",\"nul\":\"a\\u0000b\",\"n\":7,\"neg\":-1,\"big\":9223372036854775808,"
		"\"max\":9223372036854775807,\"d\":1.0,\"t\":true,\"z\":null,\"o\":{},\"l\":[],"
		"\"a\":\"0x1000\",\"a2\":\"1000\",\"a3\":\"0x\",\"a4\":\"0xffffffffffffffff\"}";
	_cleanup_json_ json_object *o = NULL;
	json_object *inner = NULL;
	const char *s = NULL;
	uint64_t n = 5;
	uint32_t n32 = 5;
	bool b = false;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), &o), 0);
	assert_int_equal(json_get_string(o, "s", &s), 1);
	assert_string_equal(s, "x");
	assert_int_equal(json_get_string(o, "nul", &s), -EINVAL);
	assert_int_equal(json_get_string(o, "n", &s), -EINVAL);
	assert_int_equal(json_get_string(o, "z", &s), 0);
	assert_int_equal(json_get_string(o, "absent", &s), 0);
	assert_int_equal(json_get_u64(o, "n", 7, &n), 1);
	assert_int_equal(n, 7);
	assert_int_equal(json_get_u64(o, "n", 6, &n), -EINVAL);
	assert_int_equal(json_get_u64(o, "neg", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(json_get_u64(o, "big", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(json_get_u64(o, "max", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(json_get_u64(o, "d", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(json_get_u64(o, "s", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(n, 7);
	assert_int_equal(json_get_u32(o, "max", &n32), -EINVAL);
	assert_int_equal(n32, 5);
	assert_int_equal(json_get_bool(o, "t", &b), 1);
	assert_true(b);
	assert_int_equal(json_get_bool(o, "n", &b), -EINVAL);
	assert_int_equal(json_get_object(o, "o", &inner), 1);
	assert_int_equal(json_get_object(o, "l", &inner), -EINVAL);
	assert_int_equal(json_get_array(o, "l", &inner), 1);
	assert_int_equal(json_get_array(o, "o", &inner), -EINVAL);
	assert_int_equal(json_get_address(o, "a", &n), 1);
	assert_int_equal(n, 0x1000);
	assert_int_equal(json_get_address(o, "a4", &n), 1);
	assert_true(n == UINT64_MAX);
	assert_int_equal(json_get_address(o, "a2", &n), -EINVAL);
	assert_int_equal(json_get_address(o, "a3", &n), -EINVAL);
	assert_int_equal(json_get_address(o, "n", &n), -EINVAL);
}

static void pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
}

/* More than a socket takes at once: back pressure, but everything arrives. */
static void long_message(void **state)
{
	_cleanup_in_ struct varlink_in in = { .max = (size_t)8 << 20 };
	_cleanup_out_ struct varlink_out out = { 0 };
	_cleanup_json_ json_object *got = NULL;
	json_object *message = json_object_new_object(), *array = json_object_new_array();
	unsigned int again = 0;
	int fds[2], r;

	(void)state;
	pair(fds);
	for (unsigned int i = 0; i < 300000; i++)
		json_append(array, json_object_new_uint64(i));
	json_add(message, "array", array);
	assert_int_equal(varlink_out_put(&out, message, NULL, 0), 0);
	do {
		r = varlink_out_write(&out, fds[0]);
		assert_true(r == 0 || r == -EAGAIN);
		again += r == -EAGAIN;
		while (varlink_in_read(&in, fds[1]) > 0)
			;
	} while (r == -EAGAIN);
	assert_true(again > 0);
	assert_int_equal(varlink_in_next(&in, &got), 1);
	assert_int_equal(json_get_array(got, "array", &array), 1);
	assert_int_equal(json_object_array_length(array), 300000);
	assert_int_equal(varlink_in_read(&in, fds[1]), -EAGAIN);
	close(fds[0]);
	assert_int_equal(varlink_in_read(&in, fds[1]), 0);
	assert_int_equal(varlink_out_put(&out, json_object_new_object(), NULL, 0), 0);
	assert_int_equal(varlink_out_write(&out, fds[1]), -EPIPE);
	close(fds[1]);
}

static void descriptors(void **state)
{
	_cleanup_in_ struct varlink_in in = { .max = 100, .fd_wanted = true };
	_cleanup_in_ struct varlink_in unwanted = { .max = 100 };
	_cleanup_out_ struct varlink_out out = { 0 };
	int fds[2];

	(void)state;
	pair(fds);
	for (unsigned int i = 0; i < 2; i++) {
		int *fd = calloc(VARLINK_FD_MAX, sizeof(int));

		assert_non_null(fd);
		for (size_t j = 0; j < VARLINK_FD_MAX; j++)
			fd[j] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_int_equal(
			varlink_out_put(&out, json_object_new_object(), fd, VARLINK_FD_MAX), 0);
		assert_int_equal(varlink_out_write(&out, fds[0]), 0);
		assert_int_equal(varlink_in_read(i ? &unwanted : &in, fds[1]), 3);
	}
	assert_int_equal(in.fd_n, VARLINK_FD_MAX);
	assert_true(fcntl(in.fd[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(unwanted.fd_n, 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partial),      cmocka_unit_test(oversize),
		cmocka_unit_test(garbage),      cmocka_unit_test(types),
		cmocka_unit_test(long_message), cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests_name("holder varlink", tests, NULL, NULL);
}
