/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that went through terminals, files and mails before it came here. */
#pragma once

#include "model/log_line.h"

/*
 * Copies TEXT into BUF of the same size, without escape sequences of terminals and marks of byte order,
 * and with blanks for blanks that do not break. Returns the size.
 */
size_t log_paste_clean(const char *text, size_t size, char *buf);

/* The first line of a message at the front of SPAN is taken off it. RET_MORE: there are others. */
struct log_span log_paste_take_line(struct log_span *span, bool *ret_more);

/* Undoes what web pages, mails and programs that quote do to TEXT, in place: "&gt;", "\\\"". */
size_t log_paste_unquote(char *text, size_t size);

/* What is left of TEXT when the marks of quotations, lists and code around it are taken off. */
struct log_span log_paste_strip(const struct log_span *text);

/* What stands before a message is no longer than that. */
#define LOG_FRONT_MAX 256

/*
 * Gives the places in the first FRONT bytes of TEXT, first to last, where a message may begin. RET is
 * all from there on; it is empty before the first call. False: there is no other.
 */
bool log_paste_next_start(const struct log_span *text, size_t front, struct log_span *ret);

/* Might TEXT be of a fault at all? It takes long to know more. */
bool log_paste_may_tell(const struct log_span *text);
