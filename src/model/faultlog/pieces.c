/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pasted text: a message may begin anywhere in a line, and end in a later one. */
#include <stdio.h>
#include <string.h>

#include "model/faultlog/internal.h"

/* Finds a message anywhere in TEXT. Known forms are preferred over unknown ones. */
static bool find_anywhere(const struct log_span *text, size_t front, struct log_line *line,
			  struct log_match *match, struct log_fault *fault)
{
	struct log_span rest = { 0 }, unknown = { 0 }, time = { text->s, text->s };
	bool found = false;

	while (!found && log_paste_next_start(text, front, &rest)) {
		if (log_line_split(rest.s, log_span_size(&rest), line) == LOG_NOBODYS)
			continue;
		if (time.s == time.end)
			time = line->time;
		if (!log_match_find(line, match, fault))
			continue;
		found = match->pattern;
		if (!unknown.s)
			unknown = rest;
	}
	if (!found && unknown.s)
		found = log_line_split(unknown.s, log_span_size(&unknown), line) != LOG_NOBODYS &&
			log_match_find(line, match, fault);
	/* It may begin further in front. */
	if (found && line->time.s == line->time.end)
		line->time = time;
	return found;
}

bool log_is_doubtful(const struct log_span *text)
{
	struct log_fault fault;
	struct log_match match;
	struct log_line line;
	const struct log_span bare = log_paste_strip(text);

	return log_paste_may_tell(text) &&
	       find_anywhere(&bare, LOG_FRONT_MAX, &line, &match, &fault) &&
	       !log_match_is_nothing(&match);
}

/* Does TEXT, from some position on, continue a held fault? */
static bool join_anywhere(struct log_parser *parser, const struct log_span *text, size_t front)
{
	struct log_span rest = { 0 };
	struct log_line line;

	while (parser->n_held && log_paste_next_start(text, front, &rest))
		if (log_line_split(rest.s, log_span_size(&rest), &line) != LOG_NOBODYS &&
		    log_join_any(parser, &line))
			return true;
	return false;
}

/* Parses TEXT if it contains a message. */
static int parse_anywhere(struct log_parser *parser, const struct log_span *text,
			  const struct log_input *in, bool *ret_taken)
{
	struct log_fault fault;
	struct log_match match;
	struct log_line line;
	bool known;
	int r;

	*ret_taken = join_anywhere(parser, text, in->front);
	if (*ret_taken)
		return log_release(parser, 0, in->each, in->data);
	if (!log_paste_may_tell(text) || !find_anywhere(text, in->front, &line, &match, &fault) ||
	    !(match.pattern || in->unknown))
		return 0;
	*ret_taken = true;
	/* Reports the remaining pieces before it first. */
	r = in->unknown ? 0 : log_give_pieces(parser, in->each, in->data);
	return r ? r : log_take_messages(parser, &line, in, &known);
}

int log_give_pieces(struct log_parser *parser, log_each *each, void *data)
{
	struct log_pieces *pieces = &parser->pieces;
	unsigned int n = pieces->n;
	bool taken;
	int r = 0;

	pieces->n = 0;
	for (unsigned int i = 0; i < n && r == 0; i++) {
		const struct log_input in = { .text = pieces->text[i],
					      .size = pieces->size[i],
					      .each = each,
					      .data = data,
					      .front = LOG_FRONT_MAX,
					      .unknown = true };
		const struct log_span text = { in.text, in.text + in.size };

		r = parse_anywhere(parser, &text, &in, &taken);
	}
	return r;
}

/* Tries TEXT as the end of the COUNT pieces before it. */
static int parse_pieces(struct log_parser *parser, const struct log_span *text, unsigned int count,
			const char *between, const struct log_input *in, bool *ret_taken)
{
	struct log_pieces *pieces = &parser->pieces;
	char buf[(LOG_PIECES_MAX + 1) * (LOG_PIECE_MAX + 1)];
	struct log_input joined = *in;
	unsigned int all = pieces->n;
	size_t n = 0;
	int r;

	for (unsigned int i = all - count; i < all; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%.*s%s", (int)pieces->size[i],
				      pieces->text[i], between);
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%.*s", (int)log_span_size(text), text->s);
	joined.text = buf;
	joined.size = n;
	/* The earlier pieces are not part of it. */
	if (pieces->size[all - count] < joined.front)
		joined.front = pieces->size[all - count];
	pieces->n = all - count;
	r = parse_anywhere(parser, &(struct log_span){ buf, buf + n }, &joined, ret_taken);
	if (!*ret_taken)
		pieces->n = all;
	return r;
}

/* Keeps TEXT, which is incomplete by itself, for the next lines. */
static int add_piece(struct log_parser *parser, const struct log_span *text,
		     const struct log_input *in)
{
	struct log_pieces *pieces = &parser->pieces;
	int r = 0;

	if (pieces->n == LOG_PIECES_MAX)
		r = log_give_pieces(parser, in->each, in->data);
	if (r == 0 && (pieces->n || log_paste_may_tell(text))) {
		memcpy(pieces->text[pieces->n], text->s, log_span_size(text));
		pieces->size[pieces->n++] = log_span_size(text);
	}
	return r;
}

int log_take_pasted(struct log_parser *parser, const struct log_span *text, struct log_input *in)
{
	const struct log_span bare = log_paste_strip(text);
	bool taken;
	int r = parse_anywhere(parser, &bare, in, &taken);

	if (taken || bare.s == bare.end)
		return r;
	if (log_span_size(&bare) >= LOG_PIECE_MAX || memchr(bare.s, '\0', log_span_size(&bare))) {
		in->unknown = true;
		return parse_anywhere(parser, &bare, in, &taken);
	}
	for (unsigned int i = parser->pieces.n; i > 0 && !taken; i--) {
		r = parse_pieces(parser, &bare, i, " ", in, &taken);
		if (!taken)
			r = parse_pieces(parser, &bare, i, "", in, &taken);
	}
	return taken ? r : add_piece(parser, &bare, in);
}
