/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "util/str.h"

void log_open(const struct log *log)
{
	if (!log->foreground)
		openlog("ioasidctl", LOG_PID, LOG_DAEMON);
}

void log_line(const struct log *log, int priority, const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *line = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return;
	}
	line = str_printable(text);
	if (!line)
		return;
	if (log->foreground)
		fprintf(stderr, "ioasidctl: context %s: %s\n", log->context, line);
	else
		syslog(priority, "context %s: %s", log->context, line);
}
