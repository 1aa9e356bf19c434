/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The obstacles to changing a driver with all their fields, one per line. */
#pragma once

#define MEMORY_FENCED
#include "memory.h"

#include "model/driver/plan.h"

static inline void obstacles_check(const struct driver_obstacles *list, const char *expected)
{
	static const char *const kinds[] = { "bridge",  "network", "mount", "swap",
					     "stacked", "claimed", "vfs",   "opener" };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (size_t i = 0; i < list->n; i++) {
		const struct driver_obstacle *obstacle = &list->v[i];

		fprintf(f, "%s%s: %s %s", obstacle->unknown ? "unknown " : "",
			kinds[obstacle->kind], obstacle->object, obstacle->detail);
		if (obstacle->command)
			fprintf(f, " [%s]", obstacle->command);
		if (obstacle->pid)
			fprintf(f, " (%d)", (int)obstacle->pid);
		fprintf(f, "\n");
	}
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}
