/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs of records: fields that cannot be forged say who logged them. */
#include "../log_seen.h"

#define FAULT_1 \
	"DMAR: [DMA Write NO_PASID] Request device [0000:00:05.0] fault addr 0x1000 [fault reason 0x05] x"
#define FAULT_2 \
	"DMAR: [DMA Write NO_PASID] Request device [0000:00:05.0] fault addr 0x2000 [fault reason 0x05] x"

/* Parses TEXT; expects so many faults and doubted lines. */
static void check(const char *text, unsigned int n, unsigned int doubted, uint64_t iova,
		  const char *time)
{
	struct seen seen;

	parse(text, &seen);
	if (seen.n != n || seen.doubted != doubted)
		fail_msg("%u faults, %u doubted: %s", seen.n, (unsigned int)seen.doubted, text);
	if (n && (seen.last.iova.value != iova || strcmp(seen.last.time, time) != 0))
		fail_msg("0x%llx at '%s': %s", (unsigned long long)seen.last.iova.value,
			 seen.last.time, text);
}

static void json(void **state)
{
	(void)state;
	/* journalctl -o json, json-sse, json-seq; with fields in any order */
	check("{\"MESSAGE\":\"" FAULT_1 "\",\"_TRANSPORT\":\"kernel\",\"__REALTIME_TIMESTAMP\":"
	      "\"1798369203000000\"}",
	      1, 0, 0x1000, "2026-12-27T11:00:03.000000Z");
	check("data: {\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"" FAULT_1 "\"}\n", 1, 0, 0x1000, "");
	check("\x1e{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"" FAULT_1 "\"}\n", 1, 0, 0x1000, "");
	/* A message with escapes, and one as an array of bytes. */
	check("{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"\\u0044MAR: \\t[DMA Write NO_PASID] Request device "
	      "[0000:00:05.0] fault addr 0x1000 [fault reason 0x05] \\\"x\\\"\"}",
	      1, 0, 0x1000, "");
	check("{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[ 68, 77,65,82,58,32,102,97,117,108,116,255 ]}",
	      1, 0, 0, "");
	/* dmesg --json */
	check("{\n   \"dmesg\": [\n      {\n         \"pri\": 3,\n         \"time\":    12.345678,\n"
	      "         \"msg\": \"" FAULT_1 "\"\n      },{\n         \"pri\": 3,\n"
	      "         \"time\":    13.345678,\n         \"msg\": \"" FAULT_2
	      "\"\n      }\n   ]\n}",
	      2, 0, 0x2000, "13.345678");
	check("{\"fac\": \"kern\", \"pri\": \"err\", \"msg\": \"" FAULT_1 "\"}", 1, 0, 0x1000, "");
	/* Docker's json-file: a normal line inside. */
	check("{\"log\":\"[    1.000000] " FAULT_1
	      "\\n\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\"time\":"
	      "\"2026-11-27T12:00:00.0Z\"}",
	      1, 0, 0x1000, "1.000000");
	check("{\"log\":\"" FAULT_1 "\\n\",\"time\":\"2026-11-27T12:00:00.0Z\"}", 1, 0, 0x1000,
	      "2026-11-27T12:00:00.0Z");
	check("{\"log\":\"Nov 27 12:00:00 host evil[3]: " FAULT_1 "\\n\",\"time\":\"x\"}", 0, 1, 0,
	      "");
	/*
	 * Two records on a line; one that ends on the next; and lines after it that are not JSON.
	 */
	check("{\"msg\":\"" FAULT_1 "\"}{\"msg\":\"" FAULT_2 "\"}", 2, 0, 0x2000, "");
	check("{\"x\":1,\n\"msg\":\"" FAULT_1 "\",\n" FAULT_2, 1, 0, 0x2000, "");
}

static void not_the_kernel(void **state)
{
	static const char *const others[] = {
		"\"_TRANSPORT\":\"syslog\"",
		"\"_TRANSPORT\":\"journal\",\"SYSLOG_IDENTIFIER\":\"kernel\"",
		"\"_TRANSPORT\":\"stdout\",\"_TRANSPORT\":\"kernel\"",
		"\"_TRANSPORT\":[\"syslog\",\"kernel\"]",
		"\"SYSLOG_IDENTIFIER\":\"evil\"",
		"\"SYSLOG_IDENTIFIER\":\"kernel\",\"_PID\":\"3\"",
		"\"__REALTIME_TIMESTAMP\":\"1798369203000000\"",
		"\"pri\":11",
		"\"fac\":\"user\",\"pri\":\"err\"",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(text, sizeof(text), "{%s,\"MESSAGE\":\"" FAULT_1 "\"}", others[i]);
		check(text, 0, 1, 0, "");
		snprintf(text, sizeof(text), "{\"MESSAGE\":\"x\\n" FAULT_1 "\",%s}", others[i]);
		check(text, 0, 1, 0, "");
	}
	/* Of two messages in one record, journalctl does not show the second either. */
	check("{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[\"x\",\"" FAULT_1 "\"]}", 0, 0, 0, "");
}

#define HEAD "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1798369203000000\n"

static void export(void **state)
{
	(void)state;
	check(HEAD "_TRANSPORT=kernel\nMESSAGE=" FAULT_1 "\n\n" HEAD "MESSAGE=" FAULT_2
		   "\n_TRANSPORT=kernel\n",
	      2, 0, 0x2000, "2026-12-27T11:00:03.000000Z");
	check(HEAD "_TRANSPORT=syslog\nMESSAGE=" FAULT_1 "\n\n", 0, 1, 0, "");
	check(HEAD "MESSAGE=" FAULT_1 "\n\n", 0, 1, 0, "");
	/* Plain text after it is recognized. */
	check(HEAD "_TRANSPORT=syslog\nMESSAGE=x\n\n" FAULT_2, 1, 0, 0x2000, "");
}

static int add(const struct log_fault *fault, void *data)
{
	(void)fault;
	++*(unsigned int *)data;
	return 0;
}

/*
 * A message of several lines that look like the kernel's fields; its length contains a newline
 * byte.
 */
static void blobs(void **state)
{
	static const char fields[] = "\n\n" HEAD "_TRANSPORT=kernel\nMESSAGE=" FAULT_1 "\n\n";

	(void)state;
	for (size_t pad = 0; pad < 300; pad++) {
		_cleanup_log_parser_ struct log_parser parser = { 0 };
		char text[1024];
		uint64_t length = pad + sizeof(fields) - 1;
		size_t n =
			(size_t)snprintf(text, sizeof(text), HEAD "_TRANSPORT=syslog\nMESSAGE\n");
		unsigned int faults = 0;

		memcpy(text + n, &length, 8);
		memset(text + n + 8, 'x', pad);
		memcpy(text + n + 8 + pad, fields, sizeof(fields) - 1);
		n += 8 + length;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\n_PID=3\n\n%s", FAULT_2);
		for (const char *s = text, *end = text + n; s < end;) {
			const char *newline = memchr(s, '\n', (size_t)(end - s));
			size_t size = newline ? (size_t)(newline - s) : (size_t)(end - s);

			assert_int_equal(log_parse(&parser, s, size, add, &faults), 0);
			s += size + 1;
		}
		assert_int_equal(log_flush(&parser, add, &faults), 0);
		assert_int_equal(faults, 1);
		assert_int_equal(parser.doubted, 1);
	}
}

/* After a lost line, what follows may be part of a message. */
static void torn(void **state)
{
	static const char *const lines[] = { "__CURSOR=1", "_TRANSPORT=kernel", "MESSAGE=" FAULT_1,
					     "" };
	_cleanup_log_parser_ struct log_parser parser = { 0 };
	unsigned int faults = 0;

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
			assert_int_equal(
				log_parse(&parser, lines[i], strlen(lines[i]), add, &faults), 0);
		if (round == 0) {
			assert_int_equal(faults, 1);
			assert_int_equal(log_parse(&parser, "__CURSOR=1", 10, add, &faults), 0);
			assert_int_equal(log_parse(&parser, "MESSAGE", 7, add, &faults), 0);
			log_tear(&parser);
		}
	}
	assert_int_equal(faults, 1);
	assert_int_equal(parser.doubted, 2);
}

#define HEADING "Sun 2026-12-27 12:00:03.000000 CET [s=95ff;i=1;b=01;m=bc;t=66;x=66]\n"

static void verbose(void **state)
{
	(void)state;
	check(HEADING "    _TRANSPORT=kernel\n    MESSAGE=" FAULT_1 "\n" HEADING
		      "    MESSAGE=" FAULT_2 "\n    _TRANSPORT=kernel\n",
	      2, 0, 0x2000, "Sun 2026-12-27 12:00:03.000000 CET");
	check(HEADING "    _TRANSPORT=syslog\n    MESSAGE=x\n            " FAULT_1
		      "\n            _TRANSPORT=kernel\n",
	      0, 1, 0, "");
	check(HEADING "    MESSAGE=" FAULT_1 "\n", 0, 1, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json),   cmocka_unit_test(not_the_kernel),
		cmocka_unit_test(export), cmocka_unit_test(blobs),
		cmocka_unit_test(torn),   cmocka_unit_test(verbose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
