/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cleans text that was copied from terminals, files and mails. */
#pragma once

#include "model/faultlog/line.h"

/*
 * Copies TEXT to BUF of the same size, without terminal escape sequences and byte order marks, and
 * with non-breaking spaces as spaces. Returns the size.
 */
size_t log_paste_clean(const char *text, size_t size, char *buf);

/* Takes the first line of a message off the front of SPAN. RET_MORE: more lines follow. */
struct log_span log_paste_take_line(struct log_span *span, bool *ret_more);

/*
 * Removes the escaping that web pages, mails and programs add to TEXT, in place: "&gt;", "\\\"".
 * Returns the size.
 */
size_t log_paste_unquote(char *text, size_t size);

/* TEXT without the marks of quotations, lists and code around it. */
struct log_span log_paste_strip(const struct log_span *text);

/* Maximum length of what precedes a message in a line. */
#define LOG_FRONT_MAX 256

/*
 * Iterates over the positions in the first FRONT bytes of TEXT where a message may begin. RET,
 * empty before the first call, is the text from there on. Returns false at the end.
 */
bool log_paste_next_start(const struct log_span *text, size_t front, struct log_span *ret);

/* Could TEXT be about a fault at all? A cheap test before the expensive ones. */
bool log_paste_may_tell(const struct log_span *text);
