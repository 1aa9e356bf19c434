/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a holder: to stderr in the foreground, else to syslog (LOG_DAEMON). The receiver may
 * be slow, stopped or gone, so this never blocks; lost messages are counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

struct log {
	const char *context;
	bool foreground;
	const char *socket; /* of syslog; NULL: the default */
	int fd;             /* -1: not open */
	unsigned long lost; /* lines lost since the last one that was sent */
};

/*
 * Call before dropping privileges. Reopens stderr, because O_NONBLOCK on a shared file description
 * would affect other processes.
 */
void log_open(struct log *log);
void log_close(struct log *log);

/*
 * PRIORITY is LOG_NOTICE etc. Writes one line, given without newline, truncated so that a pipe
 * takes it atomically; control characters are made visible.
 */
void log_line(struct log *log, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Events that others can trigger at will are logged once per LOG_INTERVAL, and counted in between.
 */
#define LOG_INTERVAL 10000 /* ms */

struct log_limit {
	const char *what;         /* is happening */
	int64_t next;             /* ms, CLOCK_MONOTONIC: suppressed until then */
	unsigned long suppressed; /* since then */
};

/* Returns true if the line should be logged. */
bool log_limit(struct log_limit *limit);
/*
 * Logs the number of suppressed lines if it is time. Returns the ms until then, -1 if there are
 * none.
 */
int log_limit_flush(struct log *log, struct log_limit *limit, bool now);
