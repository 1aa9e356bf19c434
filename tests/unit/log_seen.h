/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The faults that the log parser finds. Include after cmocka.h's headers. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/faultlog/fault.h"

struct seen {
	unsigned int n;
	uint64_t doubted;
	struct log_fault last;
	char line[256];
};

static inline int collect(const struct log_fault *fault, void *data)
{
	struct seen *seen = data;

	seen->n++;
	seen->last = *fault;
	assert_non_null(fault->line);
	snprintf(seen->line, sizeof(seen->line), "%s", fault->line);
	seen->last.line = NULL;
	return 0;
}

static inline void parse(const char *text, struct seen *seen)
{
	_cleanup_log_parser_ struct log_parser parser = { 0 };

	*seen = (struct seen){ 0 };
	while (*text) {
		size_t size = strcspn(text, "\n");

		assert_int_equal(log_parse(&parser, text, size, collect, seen), 0);
		text += size + (text[size] == '\n');
	}
	assert_int_equal(log_flush(&parser, collect, seen), 0);
	assert_int_equal(parser.faults, seen->n);
	seen->doubted = parser.doubted;
}
