/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/column.h"

#include <string.h>

void out_column_name(const struct out_column *column, char *buf, size_t size)
{
	size_t i;

	for (i = 0; column->key[i] && i + 1 < size; i++)
		buf[i] = column->key[i] == '_' ? '-' : str_upper(column->key[i]);
	buf[i] = '\0';
}

const struct out_column *out_column_find(const struct out_column *columns, const char *name)
{
	char known[64];

	for (; columns->key; columns++) {
		out_column_name(columns, known, sizeof(known));
		if (str_same(known, name) || str_same(columns->key, name))
			return columns;
	}
	return NULL;
}

/* Is KEY in the comma-separated LIST? */
static bool is_listed(const char *list, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, key, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool out_column_is_default(const struct out_column *column, const char *defaults, bool single)
{
	if (defaults)
		return is_listed(defaults, column->key);
	return single ? !(column->flags & OUT_SHOWLESS) : column->flags & OUT_DEFAULT;
}
