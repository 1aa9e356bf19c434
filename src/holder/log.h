/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a holder has to say: on stderr in the foreground, else to syslog (LOG_DAEMON). */
#pragma once

#include <stdbool.h>
#include <syslog.h>

struct log {
	const char *context;
	bool foreground;
};

void log_open(const struct log *log);

/*
 * PRIORITY is LOG_NOTICE or the like. One line, without newline; control characters are made
 * visible.
 */
void log_line(const struct log *log, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
