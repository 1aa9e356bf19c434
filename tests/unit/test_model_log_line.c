/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What logs put before and around a message of the kernel, and lines that belong together. */
#include "log_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define R     LOG_ACCESS_READ
#define SMMU3 "arm-smmu-v3 arm-smmu-v3.3.auto: "

#define FAULT \
	"DMAR: [DMA Write NO_PASID] Request device [0000:00:05.0] fault addr 0x1000 [fault reason " \
	"0x05] PTE Write access is not set"

static void check_prefix(const char *prefix, const char *time)
{
	char text[512];
	struct seen seen;

	snprintf(text, sizeof(text), "%s%s", prefix, FAULT);
	parse(text, &seen);
	if ((time && seen.n != 1) || (!time && seen.n != 0))
		fail_msg("'%s': %u faults", prefix, seen.n);
	if (time && strcmp(seen.last.time, time) != 0)
		fail_msg("'%s': time is '%s'", prefix, seen.last.time);
	if (time)
		assert_string_equal(seen.line, text);
}

static void prefixes(void **state)
{
	(void)state;
	check_prefix("", "");
	check_prefix("[   12.345678] ", "12.345678");
	check_prefix("[   12.345678][    T1] ", "12.345678");
	check_prefix("[   12.345678] [ T123] ", "12.345678");
	check_prefix("[Tue Nov 24 04:28:19 2026] ", "Tue Nov 24 04:28:19 2026");
	check_prefix("[  +0.000003] ", "+0.000003");
	check_prefix("[Nov24 04:28] ", "Nov24 04:28");
	check_prefix("<3>[   12.345678] ", "12.345678");
	check_prefix("<3>", "");
	check_prefix("kern  :err   : [   12.345678] ", "12.345678");
	check_prefix("3,1234,5678,-;", "0.005678");
	check_prefix("3,1234,12345678,-,caller=T1;", "12.345678");
	check_prefix("Nov 22 10:11:12 host kernel: ", "Nov 22 10:11:12");
	check_prefix("Nov  2 10:11:12 host kernel: [   12.345678] ", "Nov  2 10:11:12");
	check_prefix("Nov 22 10:11:12.123456 host kernel: ", "Nov 22 10:11:12.123456");
	check_prefix("2026-11-22T10:11:12+0000 host kernel: ", "2026-11-22T10:11:12+0000");
	check_prefix("2026-11-22T10:11:12.123456+00:00 host kernel: ",
		     "2026-11-22T10:11:12.123456+00:00");
	check_prefix("2026-11-24T04:28:19,123456+00:00 ", "2026-11-24T04:28:19,123456+00:00");
	/* journalctl -o short-monotonic, short-unix, short-full */
	check_prefix("[   12.345678] host kernel: ", "12.345678");
	check_prefix("1732443000.123456 host kernel: ", "1732443000.123456");
	check_prefix("Tue 2026-11-24 17:54:37 UTC host kernel: ", "Tue 2026-11-24 17:54:37 UTC");
}

/* Anybody may log anything; only the kernel knows of faults. */
static void not_the_kernel(void **state)
{
	(void)state;
	check_prefix("Nov 22 10:11:12 host evil[12]: ", NULL);
	check_prefix("Nov 22 10:11:12 host evil: x kernel: ", NULL);
	check_prefix("2026-11-22T10:11:12+0000 host evil: kernel: ", NULL);
	check_prefix("12,1234,5678,-;", NULL); /* facility 1: written to /dev/kmsg by a process */
	check_prefix("<11>", NULL);
	check_prefix("user  :err   : [   12.345678] ", NULL);
	check_prefix(" MESSAGE=", NULL);
	check_prefix("[   12.345678] host evil[12]: ", NULL);
	check_prefix("1732443000.123456 host evil[12]: ", NULL);
	check_prefix("1732443000.123456 host evil: kernel: ", NULL);
	check_prefix("Tue 2026-11-24 17:54:37 UTC host evil[12]: ", NULL);
	/* As journalctl shows the second line of a message. */
	check_prefix("                          x: ", NULL);
	check_prefix("\t", NULL);
}

/* Tabs as the log's ways change them. */
static void tabs(void **state)
{
	static const char *const forms[] = { "\t", " ", "#011", "\\x09", "" };
	struct seen seen;
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		snprintf(text, sizeof(text),
			 SMMU3 "unexpected PRI request received:\n" SMMU3
			       "%ssid 0x00000300.0x00007: [1] privileged R access at iova 0x1000",
			 forms[i]);
		parse(text, &seen);
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.last.iova.value, 0x1000);
		assert_int_equal(seen.last.access, R);
	}
}

/* Two SMMUs, and others, print at once. */
static void interleaved(void **state)
{
	struct seen seen;

	(void)state;
	parse(SMMU3 "event 0x10 received:\n"
		    "e1000e 0000:00:03.0: eth0: link\n" SMMU3 "\t0x0000020000000010\n" SMMU3
		    "\t0x0000020800000000\n" FAULT "\n",
	      &seen);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.last.source, "dmar");
	parse(SMMU3 "event 0x10 received:\narm-smmu-v3 arm-smmu-v3.4.auto: event 0x11 received:\n",
	      &seen);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.last.code.value, 0x11);
	/* A second event of the same SMMU begins anew. */
	parse(SMMU3 "event 0x10 received:\n" SMMU3 "\t0x0000020000000010\n" SMMU3
		    "event 0x13 received:\n" SMMU3 "\t0x0000030000000013\n",
	      &seen);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.last.code.value, 0x13);
	assert_int_equal(seen.last.n_raw, 1);
}

/* What is held back is given when too many lines of others come. */
static void held_for_long(void **state)
{
	_cleanup_log_parser_ struct log_parser parser = { 0 };
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(log_parse(&parser, SMMU3 "event 0x10 received:",
				   strlen(SMMU3 "event 0x10 received:"), collect, &seen),
			 0);
	for (unsigned int i = 0; i < 40; i++)
		assert_int_equal(log_parse(&parser, "other", 5, collect, &seen), 0);
	assert_int_equal(seen.n, 1);
}

static int refuse(const struct log_fault *fault, void *data)
{
	(void)fault;
	return ++*(int *)data;
}

static void stops_when_told(void **state)
{
	_cleanup_log_parser_ struct log_parser parser = { 0 };
	int calls = 0;

	(void)state;
	assert_int_equal(log_parse(&parser, FAULT, strlen(FAULT), refuse, &calls), 1);
	assert_int_equal(calls, 1);
}

/* Nothing that is longer than its room, or no number, is taken for a part of it. */
static void hostile(void **state)
{
	static const char nul[] =
		"DMAR: [DMA Read NO_PASID] Request device [0000:00:05.0] fault addr 0x1\0"
		"000 [fault reason 0x05] x";
	static const char *const lines[] = {
		"DMAR: [DMA Write NO_PASID] Request device [0000:00:05.8] fault addr 0x1 [fault reason "
		"0x05] x",
		"DMAR: [DMA Write NO_PASID] Request device [0000:00:05.0] fault addr "
		"0x1ffffffffffffffff [fault reason 0x05] x",
		"DMAR: [DMA Dance NO_PASID] Request device [0000:00:05.0] fault addr 0x1 [fault reason "
		"0x05] x",
		"DMAR: [DMA Write NO_PASID] Request device [0000:00:05.0] fault addr [fault reason 0x05] x",
	};
	_cleanup_log_parser_ struct log_parser parser = { 0 };
	struct seen seen = { 0 };
	char *big;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		parse(lines[i], &seen);
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.last.kind, LOG_KIND_UNKNOWN);
		assert_int_equal(seen.last.iova.status, 0);
	}
	assert_int_equal(log_parse(&parser, nul, sizeof(nul) - 1, collect, &seen), 0);
	assert_int_equal(seen.last.kind, LOG_KIND_UNKNOWN);
	assert_non_null(strstr(seen.line, "0x1?000"));
	big = malloc(1 << 20);
	assert_non_null(big);
	memset(big, '[', 1 << 20);
	assert_int_equal(log_parse(&parser, big, 1 << 20, collect, &seen), 0);
	assert_int_equal(log_parse(&parser, big, 8000, collect, &seen), 0);
	assert_int_equal(log_parse(&parser, big, 0, collect, &seen), 0);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes),      cmocka_unit_test(not_the_kernel),
		cmocka_unit_test(tabs),          cmocka_unit_test(interleaved),
		cmocka_unit_test(held_for_long), cmocka_unit_test(stops_when_told),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
