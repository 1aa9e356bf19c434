/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "client/holder.h"
#include "out/value.h"

/* The columns of a context. */

/* A context. What only its holder knows is absent if that does not answer. */
struct context_row {
	const struct holder_entry *entry; /* NULL in a "show" if it ended meanwhile */
	struct holder_context context;
	char user[64]; /* name of its owner, else the number; "" if not needed */
	int described; /* 1, 0, or -errno */
};

/* Facts from the holder, and from the machine's list of users. */
enum { CONTEXT_NEED_DESCRIBE = 1, CONTEXT_NEED_USER = 2 };

extern const struct out_column context_columns[];

struct cmd;

extern const struct cmd context_monitor_cmd;
