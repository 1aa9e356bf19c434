/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes of kernel messages in all log formats, and lines that belong together. */
#include "../log_seen.h"

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
	/* A line that is not believed is counted. */
	if (strlen(prefix) && seen.doubted != !time)
		fail_msg("'%s': %u were doubted", prefix, (unsigned int)seen.doubted);
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

/* One record as printed by journalctl of systemd 252 with each -o, with and without a host name. */
static void journals(void **state)
{
	static const struct {
		const char *time, *shown;
	} forms[] = {
		{ "Dec 27 12:00:03", "Dec 27 12:00:03" },               /* short */
		{ "Dec 27 12:00:03.000000", "Dec 27 12:00:03.000000" }, /* short-precise */
		{ "Sun 2026-12-27 12:00:03 CET",
		  "Sun 2026-12-27 12:00:03 CET" }, /* short-full, with-unit */
		{ "2026-12-27T12:00:03+0100", "2026-12-27T12:00:03+0100" },   /* short-iso */
		{ "2026-12-27T12:00:03+01:00", "2026-12-27T12:00:03+01:00" }, /* of systemd 255 */
		{ "2026-12-27T12:00:03.000000+0100", "2026-12-27T12:00:03.000000+0100" },
		{ "1798369203.000000", "1798369203.000000" },      /* short-unix */
		{ "[   15.345678]", "15.345678" },                 /* short-monotonic */
		{ "[   15.345678 <    1.500000 >]", "15.345678" }, /* short-delta */
		{ "[   15.345678 <    1.500000*>]", "15.345678" },
		{ "[   15.345678                ]", "15.345678" },
		/* short, in de_DE, fr_FR, ja_JP, ru_RU, vi_VN, ar_EG, fa_IR, fi_FI, ko_KR, cs_CZ of glibc 2.36 */
		{ "Dez 27 12:00:03", "Dez 27 12:00:03" },
		{ "déc. 27 12:00:03", "déc. 27 12:00:03" },
		{ "12月 27 12:00:03", "12月 27 12:00:03" },
		{ "дек 27 12:00:03", "дек 27 12:00:03" },
		{ "Thg 12 27 12:00:03", "Thg 12 27 12:00:03" },
		{ "ديس 27 12:00:03", "ديس 27 12:00:03" },
		{ "دسامبر 27 12:00:03", "دسامبر 27 12:00:03" },
		{ "joulu 27 12:00:03", "joulu 27 12:00:03" },
		{ "12월 27 12:00:03", "12월 27 12:00:03" },
		{ "pro 27 12:00:03", "pro 27 12:00:03" },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		snprintf(text, sizeof(text), "%s box kernel: ", forms[i].time);
		check_prefix(text, forms[i].shown);
		snprintf(text, sizeof(text), "%s kernel: ", forms[i].time);
		check_prefix(text, forms[i].shown);
		snprintf(text, sizeof(text), "%s box kernel: [   12.345678] ", forms[i].time);
		check_prefix(text, forms[i].shown);
		snprintf(text, sizeof(text), "%s box evil[4321]: ", forms[i].time);
		check_prefix(text, NULL);
		snprintf(text, sizeof(text), "%s evil[4321]: ", forms[i].time);
		check_prefix(text, NULL);
		/* logger -t kernel, and unit of with-unit */
		snprintf(text, sizeof(text), "%s box kernel[4321]: ", forms[i].time);
		check_prefix(text, NULL);
		snprintf(text, sizeof(text), "%s kernel[4321]: ", forms[i].time);
		check_prefix(text, NULL);
		snprintf(text, sizeof(text),
			 "%s box user@1000.service[4321]: kernel: ", forms[i].time);
		check_prefix(text, NULL);
	}
}

/* dmesg of util-linux 2.38, with each of its options, in C and in ja_JP. */
static void dmesgs(void **state)
{
	(void)state;
	check_prefix("[Fri Nov 27 14:17:58 2026] ", "Fri Nov 27 14:17:58 2026"); /* -T */
	check_prefix("[金 11月 27 14:17:58 2026] ", "金 11月 27 14:17:58 2026");
	check_prefix("kern  :err   : [金 11月 27 14:17:58 2026] ",
		     "金 11月 27 14:17:58 2026"); /* -Tx */
	check_prefix("[金 11月 27 14:17:58 2026 <    0.010000>] ",
		     "金 11月 27 14:17:58 2026");                    /* -Td */
	check_prefix("[   12.355678 <    0.010000>] ", "12.355678"); /* -d */
	check_prefix("[<    0.010000>] ", "<    0.010000>");         /* -dt */
	check_prefix("[11月27 14:17] ", "11月27 14:17");             /* -e */
	check_prefix("[  +0.010000] ", "+0.010000");
	check_prefix("[ +12.010000] ", "+12.010000");
	check_prefix("kern  :err   : [   12.355678 <    0.010000>] ", "12.355678"); /* -dx */
	check_prefix("daemon:err   : [   12.355678 <    0.010000>] ", NULL);
	check_prefix("local0:err   : [   12.355678] ", NULL);
	check_prefix("<11>[   12.345678] ", NULL); /* -r */
	check_prefix("2026-11-27T14:17:58,345678+00:00 ", "2026-11-27T14:17:58,345678+00:00");
	check_prefix("\033[32m[   12.345678] \033[0m\033[33m", "12.345678"); /* --color=always */
}

/* rsyslog's templates, RFC 5424, busybox's syslogd and OpenWrt's logread, containers, consoles, phones. */
static void daemons(void **state)
{
	(void)state;
	check_prefix("2026-11-27T12:00:00.123456+01:00 host kernel: [   12.345678] ",
		     "2026-11-27T12:00:00.123456+01:00");
	check_prefix("<3>Nov 27 12:00:00 host kernel: ", "Nov 27 12:00:00");
	check_prefix("<11>Nov 27 12:00:00 host kernel: ", NULL);
	check_prefix("<3>2026-11-27T12:00:00.123456+01:00 host kernel: ",
		     "2026-11-27T12:00:00.123456+01:00");
	check_prefix("<3>1 2026-11-27T12:00:00.123456Z host kernel - - - [   12.345678] ",
		     "2026-11-27T12:00:00.123456Z");
	check_prefix(
		"<3>1 2026-11-27T12:00:00.123456Z host kernel - - [a b=\"c\\\"] d\"][e] \xef\xbb\xbf",
		"2026-11-27T12:00:00.123456Z");
	check_prefix("1 2026-11-27T12:00:00Z host kernel - - - ", "2026-11-27T12:00:00Z");
	check_prefix("<11>1 2026-11-27T12:00:00Z host kernel - - - ", NULL);
	check_prefix("<3>1 2026-11-27T12:00:00Z host evil - - - ", NULL);
	check_prefix("<3>1 2026-11-27T12:00:00Z host kernel 12 - - ", NULL);
	check_prefix("<3>1 2026-11-27T12:00:00Z host evil - - - kernel: ", NULL);
	check_prefix("Nov 27 12:00:00 host kern.err kernel: [   12.345678] ", "Nov 27 12:00:00");
	check_prefix("Nov 27 12:00:00 host user.err kernel: ", NULL);
	check_prefix("Fri Nov 27 12:00:00 2026 kern.err kernel: [    1.000000] ",
		     "Fri Nov 27 12:00:00 2026");
	check_prefix("Fri Nov 27 12:00:00 2026 user.err kernel: ", NULL);
	check_prefix("Fri Nov 27 12:00:00 2026 daemon.err evil[3]: ", NULL);
	check_prefix("Fri Nov 27 12:00:00 2026 local0.err kernel: ", NULL);
	check_prefix("Fri Nov 27 12:00:00 CET 2026 kernel: ", "Fri Nov 27 12:00:00 CET 2026");
	check_prefix("2026-11-27T12:00:00.000000000Z stdout F [    1.000000] ", "1.000000");
	check_prefix("2026-11-27T12:00:00.000000000Z stderr F ", "2026-11-27T12:00:00.000000000Z");
	check_prefix("2026-11-27T12:00:00.000000000Z stdout F Nov 27 12:00:01 host kernel: ",
		     "Nov 27 12:00:01");
	check_prefix("2026-11-27T12:00:00.000000000Z stdout F Nov 27 12:00:01 host evil[1]: ",
		     NULL);
	check_prefix("2026-11-27T12:00:00.000000000Z [    1.000000] ",
		     "2026-11-27T12:00:00.000000000Z"); /* kubectl logs --timestamps */
	check_prefix("Nov 27 12:00:00 [    1.000000] ", "Nov 27 12:00:00"); /* ts, conserver */
	check_prefix("[2026-11-27 12:00:00] [    1.000000] ", "2026-11-27 12:00:00");
	check_prefix("12:00:00.123 [    1.000000] ", "12:00:00.123");
	check_prefix("Nov 27 12:00:00 [kernel] [    1.000000] ", "Nov 27 12:00:00"); /* metalog */
	check_prefix("Nov 27 12:00:00 [evil] [    1.000000] ", NULL);
	check_prefix("Nov 27 12:00:00 host kernel:[    1.000000] ", "Nov 27 12:00:00");
	check_prefix("Nov 27 12:00:00 host kernel:x[    1.000000] ", NULL);
	check_prefix("\r[    1.000000] ", "1.000000"); /* a serial console's */
	check_prefix("[    1.000000] kernel: ", "1.000000");
	check_prefix("kernel: [    1.000000] ", "1.000000");
	check_prefix("kernel: ", "");
	check_prefix("<3> [    1.000000] ", "1.000000");
	check_prefix("<3>[    1.000000][T123] ", "1.000000");
	check_prefix("<3>[    1.000000][    C0] ", "1.000000");
	check_prefix("[    1.000000] c0    123 ", "1.000000");
	check_prefix("<3>[    1.000000]  (0)[1:swapper/0]", "1.000000");
	check_prefix("[    1.000000]  [0:  kworker/u8:1:   12] ", "1.000000");
	check_prefix("[    1.000000][pid:134,cpu0,irq/12-smmu]", "1.000000");
	check_prefix("<3>[    1.000000] [pid:0,cpu7,in irq] ", "1.000000");
	check_prefix("[    1.000000] [pid:134,irq/12-smmu]", NULL);
	check_prefix("11-27 12:00:00.000     0     0 E kernel  : ", "11-27 12:00:00.000");
	check_prefix("11-27 12:00:00.000     0     0 E         : [    1.000000] ",
		     "11-27 12:00:00.000");
	check_prefix("11-27 12:00:00.000     0     0 E ", "11-27 12:00:00.000");
	check_prefix("11-27 12:00:00.000  1234  1235 E kernel  : ", NULL);
	check_prefix("\xef\xbb\xbf[    1.000000] ", "1.000000");
}

/* The host, if the log has it. */
static void hosts(void **state)
{
	static const struct {
		const char *prefix, *host;
	} forms[] = {
		{ "Nov 27 12:00:00 box kernel: ", "box" },
		{ "Nov 27 12:00:00 kernel: ", "" },
		{ "Sun 2026-12-27 12:00:03 CET box.example.org kernel: [   12.345678] ",
		  "box.example.org" },
		{ "[   12.345678] box kernel: ", "box" },
		{ "[   12.345678] kernel: ", "" },
		{ "[   12.345678] ", "" },
		{ "<3>1 2026-11-27T12:00:00Z box kernel - - - ", "box" },
		{ "<3>1 2026-11-27T12:00:00Z - kernel - - - ", "" },
		{ "Nov 27 12:00:00 box kern.err kernel: ", "box" },
		{ "Fri Nov 27 12:00:00 2026 kern.err kernel: ", "" },
		{ "2026-11-27T12:00:00.0Z stdout F Nov 27 12:00:01 box kernel: ", "box" },
		{ "3,1234,5678,-;", "" },
		{ "", "" },
	};
	struct seen seen;
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		snprintf(text, sizeof(text), "%s%s", forms[i].prefix, FAULT);
		parse(text, &seen);
		assert_int_equal(seen.n, 1);
		assert_string_equal(seen.last.host, forms[i].host);
	}
}

/* Prefixes that programs could have written before a forged fault. */
static void enemies(void **state)
{
	(void)state;
	/* A line from /dev/log whose tag ends at a space: rsyslog appends the rest. */
	check_prefix("Nov 27 12:00:00 host evil kernel: ", NULL);
	check_prefix("2026-11-27T12:00:00.123456+01:00 host evil kernel: ", NULL);
	check_prefix("Nov 27 12:00:00 host kern.err evil kernel: ", NULL);
	check_prefix("Nov 27 12:00:00 host evil: [    1.000000] ", NULL);
	check_prefix("Nov 27 12:00:00 host [    1.000000] ", NULL);
	check_prefix("Nov 27 12:00:00 host ", NULL);
	check_prefix("Nov 27 12:00:00 host kernel ", NULL);
	check_prefix("Nov 27 12:00:00 ", NULL);
	check_prefix("Nov 27 12:00:00 host kern9.err kernel: ", NULL);
	/* Name of a USB device, label of a file system, name of a task. */
	check_prefix("usb 1-1: Product: ", NULL);
	check_prefix("[    1.000000] usb 1-1: Product: ", NULL);
	check_prefix("EXT4-fs (sda1): ", NULL);
	check_prefix("[    1.000000] evil[12]: ", NULL);
	check_prefix("[    1.000000] kernel[12]: ", NULL);
}

/* Any process can log anything; only the kernel is believed. */
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
	/* journalctl's format of the second line of a message. */
	check_prefix("                          x: ", NULL);
	check_prefix("\t", NULL);
}

/* Tabs as different loggers rewrite them. */
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

#define OTHER3 "arm-smmu-v3 arm-smmu-v3.4.auto: "

static int list(const struct log_fault *fault, void *data)
{
	char *text = data, *at = text + strlen(text);

	snprintf(at, 1024 - (size_t)(at - text), "%s %s code %llx words %u last %llx\n",
		 fault->source, fault->iommu, (unsigned long long)fault->code.value, fault->n_raw,
		 fault->n_raw ? (unsigned long long)fault->raw[fault->n_raw - 1] : 0);
	return 0;
}

static void check_list(const char *text, const char *expected)
{
	_cleanup_log_parser_ struct log_parser parser = { 0 };
	char seen[1024] = "";

	while (*text) {
		size_t size = strcspn(text, "\n");

		assert_int_equal(log_parse(&parser, text, size, list, seen), 0);
		text += size + (text[size] == '\n');
	}
	assert_int_equal(log_flush(&parser, list, seen), 0);
	assert_string_equal(seen, expected);
}

/*
 * Two SMMUs and other drivers print at once: each line is added to its own fault, in the order of
 * the first lines.
 */
static void interleaved(void **state)
{
	(void)state;
	check_list(SMMU3 "event 0x10 received:\n"
			 "e1000e 0000:00:03.0: eth0: link\n" SMMU3 "\t0x0000020000000010\n" OTHER3
			 "event 0x13 received:\n" SMMU3 "\t0x0000020800000000\n" FAULT "\n" OTHER3
			 "\t0x0000030000000013\n" SMMU3 "\t0x0000000000001000\n" OTHER3
			 "\t0x0000020800000000\n" SMMU3 "\t0x00000000000000aa\n" OTHER3
			 "\t0x0000000000001000\n" OTHER3 "\t0x00000000000000bb\n",
		   "arm-smmu-v3 arm-smmu-v3.3.auto code 10 words 4 last aa\n"
		   "arm-smmu-v3 arm-smmu-v3.4.auto code 13 words 4 last bb\n"
		   "dmar  code 5 words 0 last 0\n");
	/* A second event of the same SMMU starts a new fault; others may continue. */
	check_list(OTHER3 "event 0x13 received:\n" SMMU3 "event 0x10 received:\n" OTHER3
			  "event 0x11 received:\n" OTHER3 "\t0x0000030000000011\n",
		   "arm-smmu-v3 arm-smmu-v3.4.auto code 13 words 0 last 0\n"
		   "arm-smmu-v3 arm-smmu-v3.3.auto code 10 words 0 last 0\n"
		   "arm-smmu-v3 arm-smmu-v3.4.auto code 11 words 1 last 30000000011\n");
	/* Beyond the limit of held faults, only continuation lines are lost. */
	check_list("arm-smmu-v3 a: event 0x10 received:\narm-smmu-v3 b: event 0x10 received:\n"
		   "arm-smmu-v3 c: event 0x10 received:\narm-smmu-v3 d: event 0x10 received:\n"
		   "arm-smmu-v3 e: event 0x10 received:\narm-smmu-v3 a: 0x0000020000000010\n",
		   "arm-smmu-v3 a code 10 words 0 last 0\n"
		   "arm-smmu-v3 b code 10 words 0 last 0\n"
		   "arm-smmu-v3 c code 10 words 0 last 0\n"
		   "arm-smmu-v3 d code 10 words 0 last 0\n"
		   "arm-smmu-v3 e code 10 words 0 last 0\n");
}

/* A held fault is reported after too many unrelated lines. */
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

/*
 * "fault" must be a word, or the start of one: intel_iommu_probe_device() and others say "default".
 */
static void words(void **state)
{
	struct seen seen;

	(void)state;
	parse("pci 0000:03:00.0: DMAR: device default domain type is identity\n"
	      "DMAR: defaults of a table\nDMAR: segfaults\n",
	      &seen);
	assert_int_equal(seen.n, 0);
	parse("DMAR: default, then faults of a table\nDMAR: fault\nAMD-Vi: A_NEW_FAULT came\n",
	      &seen);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.last.kind, LOG_KIND_UNKNOWN);
	/*
	 * Unknown errors of an IOMMU are reported; those of a driver that also has other errors are
	 * not.
	 */
	parse("arm-smmu-v3 a: a new error of the queue\nAMD-Vi: a new violation\nDMAR: queue timed out\n",
	      &seen);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.last.kind, LOG_KIND_UNKNOWN);
	parse("vfio-pci 0000:03:00.0: error of its own\nDMAR: terrors, gerrors\nDMAR: Host address width 39\n",
	      &seen);
	assert_int_equal(seen.n, 0);
}

/* Text that is too long for its field, or not a number, is not truncated to fit. */
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
		cmocka_unit_test(journals),      cmocka_unit_test(dmesgs),
		cmocka_unit_test(daemons),       cmocka_unit_test(enemies),
		cmocka_unit_test(hosts),         cmocka_unit_test(hostile),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
