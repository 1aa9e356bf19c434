/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a holder has to say: on stderr in the foreground, else to syslog (LOG_DAEMON). Whoever takes that
 * may be slow, stopped or gone: nothing here ever waits, and what could not be said is counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

struct log {
	const char *context;
	bool foreground;
	const char *socket; /* of syslog; NULL: where it is */
	int fd;             /* -1: not open */
	unsigned long lost; /* lines since the last one that went out */
};

/* Before privileges are dropped: stderr is opened once more, for its being non-blocking is no other's affair. */
void log_open(struct log *log);
void log_close(struct log *log);

/*
 * PRIORITY is LOG_NOTICE or the like. One line, without newline, cut where it is too long for a pipe
 * to take it whole; control characters are made visible.
 */
void log_line(struct log *log, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What others can make happen as often as they like is said once in LOG_INTERVAL, and counted in between. */
#define LOG_INTERVAL 10000 /* ms */

struct log_limit {
	const char *what;         /* is happening */
	int64_t next;             /* ms, CLOCK_MONOTONIC: silent until then */
	unsigned long suppressed; /* since then */
};

/* True when the line is to be said. */
bool log_limit(struct log_limit *limit);
/* Says how many were not, once the time has come. Returns the ms until then, -1 for nothing to say. */
int log_limit_flush(struct log *log, struct log_limit *limit, bool now);
