/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The obstacles to changing a driver with all their fields, one per line. */
#pragma once

#define MEMORY_FENCED
#include "memory.h"

#include "model/diagnosis/guard.h"

/* Each is of the device ID, and has a meaning if it is known to block. */
static inline void obstacles_check(const struct finding_list *list, const char *id,
				   const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];
		bool unknown = finding->result == FINDING_UNKNOWN;

		assert_string_equal(finding->object, id);
		assert_int_equal(finding->result, unknown ? FINDING_UNKNOWN : FINDING_BLOCKED);
		assert_int_equal(finding_status(finding), unknown ? STATUS_DONE : STATUS_UNSAFE);
		assert_true(unknown ? finding->error < 0 && !finding->meaning
				    : finding->error == 0 && finding->meaning);
		fprintf(f, "%s%s: %s", unknown ? "unknown " : "", finding->check, finding->seen);
		if (finding->remedy)
			fprintf(f, " [%s]", finding->remedy);
		if (finding->pid)
			fprintf(f, " (%d)", (int)finding->pid);
		fprintf(f, "\n");
	}
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}
