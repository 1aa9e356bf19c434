/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the parser takes a line. All return 0, -ENOMEM or what the caller's function has returned. */
#pragma once

#include "model/log.h"

/* A line, and the callback that gets its faults. */
struct log_input {
	const char *text; /* as it was read */
	size_t size;
	log_each *each;
	void *data;
	size_t front;     /* where in it, at most, a message begins */
	bool unknown;     /* a form that is not known will do */
	const char *host; /* the same of the host */
	const char *time; /* of the record that it is in, where the text has none; or NULL */
};

/* Gives those that are complete, as far as no older one is in front of them, or COUNT at least. */
int log_release(struct log_parser *parser, unsigned int count, log_each *each, void *data);

/* Counts a line that is not about faults. */
int log_pass(struct log_parser *parser, log_each *each, void *data);

/* Adds LINE to the newest that is held and that it belongs to, if any. */
bool log_join_any(struct log_parser *parser, const struct log_line *line);

/*
 * The second line of a message is the kernel's where it stands right behind the first, and adds to it;
 * alone it may be anybody's.
 */
bool log_join_indented(struct log_parser *parser, const struct log_line *line);

/*
 * All lines of a message, the rest of which LINE has; they are separated by what rsyslog and /dev/kmsg
 * write for a newline. RET_KNOWN: some are understood, be it as a fault or not.
 */
int log_take_messages(struct log_parser *parser, struct log_line *line, const struct log_input *in,
		      bool *ret_known);

/* Does TEXT look like a fault, whoever wrote it? */
bool log_is_doubtful(const struct log_span *text);

/* A line of pasted text. */
int log_take_pasted(struct log_parser *parser, const struct log_span *text, struct log_input *in);

/* What is left in pieces is given as it is, where it looks like a fault. */
int log_give_pieces(struct log_parser *parser, log_each *each, void *data);
