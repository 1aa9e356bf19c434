/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "client/holder.h"
#include "out/value.h"

/* The columns of a context. */

/* One context; what only its holder knows is absent while that does not answer. */
struct context_row {
	const struct holder_entry *entry; /* NULL in a "show" of one that ended meanwhile */
	struct holder_context context;
	char user[64]; /* its owner's name, else number; "" where it is not wanted */
	int described; /* 1, 0, or -errno */
};

/* What only the holder knows, and what the machine's list of users says. */
enum { CONTEXT_NEED_DESCRIBE = 1, CONTEXT_NEED_USER = 2 };

extern const struct out_column context_columns[];
