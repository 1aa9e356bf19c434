/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokenizer for the JSON in logs, line by line. Does not validate the sequence of tokens. */
#pragma once

#include "model/faultlog/span.h"

enum log_json_kind {
	LOG_JSON_OPEN,  /* { */
	LOG_JSON_CLOSE, /* } */
	LOG_JSON_ARRAY, /* [ */
	LOG_JSON_END,   /* ] */
	LOG_JSON_KEY,   /* a string followed by a colon */
	LOG_JSON_STRING,
	LOG_JSON_OTHER, /* a number, true, false, null */
};

struct log_json_token {
	enum log_json_kind kind;
	struct log_span text; /* of the last three; a string is unescaped into the buffer */
};

/*
 * Takes the next token off TEXT; a string longer than SIZE is truncated. Returns 1, 0 at the end of
 * TEXT, -1 if it is not JSON.
 */
int log_json_next(struct log_span *text, char *buf, size_t size, struct log_json_token *ret);
