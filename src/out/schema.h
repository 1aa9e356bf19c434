/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A JSON schema (draft 2020-12) for a view, generated from its column table. */
#pragma once

#include <stdio.h>

#include "out/value.h"

struct out_schema {
	const char *title;
	const struct out_column *columns;
	bool single; /* one object; else an array */
	bool tree;   /* nested objects in "children" */
	bool whole;  /* all columns are present; else any chosen ones */
};

/* Prints nothing on failure. Returns 0 or -ENOMEM. */
int out_schema_print(const struct out_schema *schema, FILE *f);
