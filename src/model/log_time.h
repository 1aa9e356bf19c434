/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times of logs, in any language: recognized by their place, and read no further. */
#pragma once

#include "model/log_span.h"

enum log_time {
	LOG_TIME_NONE,
	LOG_TIME_DATE,  /* of a log with hosts and programs: "Nov 22 10:11:12" */
	LOG_TIME_ZONE,  /* the same, which may have a year or a zone behind it */
	LOG_TIME_ALONE, /* of one that has but messages: dmesg --time-format iso */
};

/* A time at the front of SPAN is taken off it. */
enum log_time log_time_take(struct log_span *span, struct log_span *ret);

/*
 * "[   12.345678] ", "[Tue Nov 24 04:28:19 2026] ", "[  +0.000003] ", "[   12.345678][    T1] ". RET is
 * left alone where there is something in it, or no time in the bracket. False: no bracket of this kind.
 */
bool log_time_take_bracket(struct log_span *span, struct log_span *ret);
