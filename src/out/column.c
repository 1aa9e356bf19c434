/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/column.h"

#include <ctype.h>
#include <string.h>

void out_column_name(const struct out_column *column, char *buf, size_t size)
{
	size_t i;

	for (i = 0; column->key[i] && i + 1 < size; i++)
		buf[i] = column->key[i] == '_' ? '-' : (char)toupper((unsigned char)column->key[i]);
	buf[i] = '\0';
}

const struct out_column *out_column_find(const struct out_column *columns, const char *name)
{
	char known[64];

	for (; columns->key; columns++) {
		out_column_name(columns, known, sizeof(known));
		if (strcasecmp(known, name) == 0 || strcasecmp(columns->key, name) == 0)
			return columns;
	}
	return NULL;
}

void out_columns_print(const struct out_column *columns, FILE *f)
{
	for (; columns->key; columns++) {
		char name[64];

		out_column_name(columns, name, sizeof(name));
		fprintf(f, "%-20s %s%s\n", name, columns->help,
			columns->flags & OUT_DEFAULT ? " (default)" : "");
	}
}
