/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the parser handles a line. All functions return 0, -ENOMEM or what the caller's function
 * returned.
 */
#pragma once

#include "model/faultlog/fault.h"

/* A line, and the callback for its faults. */
struct log_input {
	const char *text; /* as it was read */
	size_t size;
	log_each *each;
	void *data;
	size_t front;     /* a message begins within so many bytes */
	bool unknown;     /* accept forms that are not known */
	const char *host; /* host of the record that contains the line, or NULL */
	const char *time; /* time of that record, if the text has none; or NULL */
};

/* Reports the complete faults at the front of the queue, and at least COUNT of them. */
int log_release(struct log_parser *parser, unsigned int count, log_each *each, void *data);

/* Counts a line that is not about faults. */
int log_pass(struct log_parser *parser, log_each *each, void *data);

/* Adds LINE to the newest held fault that it continues. Returns false if there is none. */
bool log_join_any(struct log_parser *parser, const struct log_line *line);

/*
 * The second line of a message is the kernel's if it follows the first one directly and continues
 * it; by itself it could be from anyone.
 */
bool log_join_indented(struct log_parser *parser, const struct log_line *line);

/*
 * Handles all lines of a message, which LINE contains; rsyslog and /dev/kmsg escape the newlines
 * between them. RET_KNOWN: at least one was understood, as a fault or not.
 */
int log_take_messages(struct log_parser *parser, struct log_line *line, const struct log_input *in,
		      bool *ret_known);

/* Does TEXT look like a fault, whoever logged it? */
bool log_is_doubtful(const struct log_span *text);

/* A line of pasted text. */
int log_take_pasted(struct log_parser *parser, const struct log_span *text, struct log_input *in);

/* Reports the remaining incomplete lines as they are, if they look like a fault. */
int log_give_pieces(struct log_parser *parser, log_each *each, void *data);
