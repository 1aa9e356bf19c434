/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line on a terminal for changes that take longer. */
#include "cmd/common/internal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What PROGRESS puts on a terminal of 80 columns instead of stderr. */
static const char *shown(const struct holder_progress *progress)
{
	static char text[4096];
	const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), before = dup(2);
	ssize_t n;
	int fd;

	assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	fflush(stderr);
	dup2(fd, 2);
	session_progress(progress, NULL);
	dup2(before, 2);
	n = read(terminal, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	close(terminal);
	close(before);
	return text;
}

static void line(void **state)
{
	struct holder_progress progress = { .call = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
					    .done = 7,
					    .total = field_u64(100),
					    .elapsed = 3000 };

	(void)state;
	assert_string_equal(shown(&progress),
			    "\rVFIO_DEVICE_ATTACH_IOMMUFD_PT, 7 of 100 PASIDs, 3 s\033[K");
	progress.elapsed = 500;
	assert_string_equal(shown(&progress), "");
}

/* Another user's holder may say anything. */
static void long_call(void **state)
{
	char call[400] = "";
	struct holder_progress progress = { .call = call,
					    .done = UINT64_MAX,
					    .total = field_u64(UINT32_MAX),
					    .elapsed = INT64_MAX,
					    .cancelled = true };

	(void)state;
	for (size_t n = 80; n < sizeof(call); n += 8) {
		memset(call, 'x', n);
		assert_int_equal(strlen(shown(&progress)), strlen("\r\033[K") + 79);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line),
		cmocka_unit_test(long_call),
	};

	setenv("COLUMNS", "80", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
