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
#include <sys/resource.h>
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

/* N values in an array, or NULL. */
static json_object *parse_many(const char *value, size_t n)
{
	char *text = NULL;
	size_t length = 0;
	FILE *f = open_memstream(&text, &length);
	json_object *object = NULL;
	int r;

	assert_non_null(f);
	fputs("{\"x\":[0", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, ",%s", value);
	fputs("]}", f);
	fclose(f);
	r = json_parse(text, length, &object);
	assert_int_equal(r, object ? 0 : -EBADMSG);
	free(text);
	return object;
}

/* What is cheap to send and expensive to keep. */
static void dense(void **state)
{
	_cleanup_json_ json_object *ranges = parse_many("{\"lo\":1048574,\"hi\":1048575}", 20000);
	_cleanup_json_ json_object *few = parse_many("{}", 4000);

	(void)state;
	assert_non_null(ranges);
	assert_non_null(few);
	assert_null(parse_many("{}", 21000));
	assert_null(parse_many("[]", 2700000));
	assert_null(parse_many("{\"\":{}}", 1000000));
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
	assert_int_equal(in.fds.n, VARLINK_FD_MAX);
	assert_true(fcntl(in.fds.v[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(unwanted.fds.n, 0);
	close(fds[0]);
	close(fds[1]);
}

/* Sends N copies of the read end of a pipe with BYTES. */
static void send_with(int socket, const char *bytes, size_t length, size_t n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * VARLINK_FD_MAX)];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, length };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (n) {
		struct cmsghdr *c;

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n);
		for (size_t i = 0; i < n; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &header, MSG_DONTWAIT), length);
	close(fd);
}

static unsigned int dropped;

static void drop(void *userdata, int fd)
{
	assert_ptr_equal(userdata, &dropped);
	dropped++;
	close(fd);
}

#define CATCHING(limit) \
	{ \
		.max = 100, .fd_wanted = true, .fd_max = (limit), \
		.fds = { .drop = drop, .userdata = &dropped }, \
	}

/* The next message has this key and value, and N fds. */
static void expect_fds(struct varlink_in *in, uint64_t value, size_t n)
{
	struct varlink_fds fds = { 0 };

	expect_message(in, "a", value);
	assert_int_equal(varlink_in_fds(in, &fds), 0);
	assert_int_equal(fds.n, n);
	for (size_t i = 0; i < n; i++)
		assert_true(fcntl(fds.v[i], F_GETFD) & FD_CLOEXEC);
	dropped = 0;
	varlink_fds_done(&fds);
	assert_int_equal(dropped, n);
}

/* Whatever is read at once, fds are those of the message with whose bytes they came. */
static void belonging(void **state)
{
	static const struct {
		const char *bytes;
		size_t length, fds;
	} parts[] = {
		{ "{\"a\":1}\0{\"a\"", 12, 0 },
		{ ":2}\0", 4, 2 }, /* of the second message */
		{ "{\"a\":3}\0", 8, 0 },
		{ "{\"a\":4}\0{\"a\":5}\0", 16, 3 }, /* of the first of two */
		{ "{\"a\":", 5, 1 },
		{ "6", 1, 1 },
		{ "}\0", 2, 1 }, /* three times of one message */
		{ "{\"a\":7}\0", 8, 0 },
	};
	static const size_t n[] = { 0, 2, 0, 3, 0, 3, 0 };

	(void)state;
	/* All of it first, or each part read when it comes. */
	for (unsigned int each = 0; each < 2; each++) {
		_cleanup_in_ struct varlink_in in = CATCHING(0);
		int fds[2];

		pair(fds);
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
			send_with(fds[0], parts[i].bytes, parts[i].length, parts[i].fds);
			while (each && varlink_in_read(&in, fds[1]) > 0)
				;
		}
		while (varlink_in_read(&in, fds[1]) > 0)
			;
		for (size_t i = 0; i < ARRAY_SIZE(n); i++)
			expect_fds(&in, i + 1, n[i]);
		assert_int_equal(in.fds.n, 0);
		close(fds[0]);
		assert_int_equal(varlink_in_read(&in, fds[1]), 0);
		close(fds[1]);
	}
}

/* They are dropped, and the message is known to have had more; the next one is whole again. */
static void too_many(void **state)
{
	_cleanup_in_ struct varlink_in in = CATCHING(4);
	struct varlink_fds got = { 0 };
	bool any;
	int fds[2];

	(void)state;
	pair(fds);
	dropped = 0;
	assert_false(varlink_is_unread(fds[1], &any));
	send_with(fds[0], "{\"a\"", 4, 3);
	assert_true(varlink_is_unread(fds[1], &any) && any);
	send_with(fds[0], ":1}\0", 4, 2);
	assert_int_equal(varlink_in_read(&in, fds[1]), 4);
	assert_int_equal(dropped, 0);
	assert_int_equal(varlink_in_read(&in, fds[1]), 4);
	assert_int_equal(dropped, 1);
	expect_message(&in, "a", 1);
	assert_int_equal(varlink_in_fds(&in, &got), -EMSGSIZE);
	assert_int_equal(got.n, 0);
	assert_int_equal(dropped, 5);
	send_with(fds[0], "{\"a\":2}\0", 8, VARLINK_FD_MAX);
	assert_int_equal(varlink_in_read(&in, fds[1]), 8);
	assert_int_equal(dropped, 5 + VARLINK_FD_MAX - 4);
	expect_message(&in, "a", 2);
	assert_int_equal(varlink_in_fds(&in, &got), -EMSGSIZE);
	send_with(fds[0], "{\"a\":3}\0", 8, 4);
	assert_true(varlink_is_unread(fds[1], &any) && any);
	assert_int_equal(varlink_in_read(&in, fds[1]), 8);
	expect_fds(&in, 3, 4);
	/* What nobody takes is dropped with the rest. */
	send_with(fds[0], "{", 1, 2);
	assert_int_equal(varlink_in_read(&in, fds[1]), 1);
	dropped = 0;
	varlink_in_done(&in);
	assert_int_equal(dropped, 2);
	close(fds[0]);
	close(fds[1]);
}

/* Beyond RLIMIT_NOFILE the kernel itself closes some. */
static void truncated(void **state)
{
	_cleanup_in_ struct varlink_in in = CATCHING(0);
	struct rlimit limit, low;
	int fds[2];

	(void)state;
	pair(fds);
	send_with(fds[0], "{\"a\":1}\0", 8, 8);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = (rlim_t)fds[1] + 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(varlink_in_read(&in, fds[1]), -EPROTO);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(in.fds.n < 8);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partial),     cmocka_unit_test(oversize),
		cmocka_unit_test(garbage),     cmocka_unit_test(dense),
		cmocka_unit_test(types),       cmocka_unit_test(long_message),
		cmocka_unit_test(descriptors), cmocka_unit_test(belonging),
		cmocka_unit_test(too_many),    cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests_name("holder varlink", tests, NULL, NULL);
}
