/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timestamps of logs, in any language: recognized by their place and shape, not interpreted. */
#pragma once

#include "model/faultlog/span.h"

enum log_time {
	LOG_TIME_NONE,
	LOG_TIME_DATE,  /* of a log with host and program: "Nov 22 10:11:12" */
	LOG_TIME_ZONE,  /* the same, optionally followed by a year or zone */
	LOG_TIME_ALONE, /* of a log with only messages: dmesg --time-format iso */
};

/* Takes a timestamp off the front of SPAN. */
enum log_time log_time_take(struct log_span *span, struct log_span *ret);

/*
 * Takes "[   12.345678] ", "[Tue Nov 24 04:28:19 2026] ", "[  +0.000003] " or "[   12.345678][
 * T1] " off SPAN. RET is not changed if it is already set or the bracket has no time. Returns false
 * if there is no such bracket.
 */
bool log_time_take_bracket(struct log_span *span, struct log_span *ret);
