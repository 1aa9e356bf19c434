/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be in the JSON of a view, as a JSON schema (draft 2020-12), from its column table. */
#pragma once

#include <stdio.h>

#include "out/value.h"

struct out_schema {
	const char *title;
	const struct out_column *columns;
	bool single; /* one object; else an array of them */
	bool tree;   /* with further ones in their "children" */
	bool whole;  /* all columns are there; else any that were chosen */
};

/* Returns 0 or -ENOMEM, and nothing is printed then. */
int out_schema_print(const struct out_schema *schema, FILE *f);
