/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/str.h"

/* A pipe takes so many bytes atomically (PIPE_BUF), and syslog's datagrams are not longer. */
#define LINE_MAX_BYTES 1024

/*
 * Files never block. A pipe or terminal is reopened to get a file description of our own with
 * O_NONBLOCK. If that is not permitted (another user's pipe) or possible (a socket), the write
 * itself has to avoid blocking.
 */
static void open_stderr(struct log *log)
{
	struct stat st;

	log->fd = -1;
	if (fstat(STDERR_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		log->fd = open("/proc/self/fd/2",
			       O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (log->fd < 0)
		log->fd = STDERR_FILENO;
}

static void open_syslog(struct log *log)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 log->socket ? log->socket : "/dev/log");
	for (size_t i = 0; log->fd < 0 && i < ARRAY_SIZE(types); i++) {
		int fd = socket(AF_UNIX, types[i] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			log->fd = fd;
		else if (fd >= 0)
			close(fd);
	}
}

void log_open(struct log *log)
{
	log->fd = -1;
	if (log->foreground)
		open_stderr(log);
	else
		open_syslog(log);
}

void log_close(struct log *log)
{
	if (log->fd > STDERR_FILENO)
		close(log->fd);
	log->fd = -1;
}

static bool put(int fd, const char *text, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t r = send(fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (r < 0 && errno == ENOTSOCK)
		r = poll(&p, 1, 0) == 1 && p.revents & POLLOUT ? write(fd, text, n) : -1;
	return r >= 0;
}

/* Writes TEXT in the format of the receiver. */
static bool put_line(struct log *log, int priority, const char *text)
{
	char line[LINE_MAX_BYTES];
	int n;

	if (log->foreground) {
		n = snprintf(line, sizeof(line) - 1, "ioasidctl: context %s: %s", log->context,
			     text);
		n = n > (int)sizeof(line) - 2 ? (int)sizeof(line) - 2 : n;
		line[n++] = '\n';
		return put(log->fd, line, (size_t)n);
	}
	n = snprintf(line, sizeof(line), "<%d>ioasidctl[%d]: context %s: %s", LOG_DAEMON | priority,
		     (int)getpid(), log->context, text);
	/* On a stream socket, the NUL ends the message. */
	n = n > (int)sizeof(line) - 1 ? (int)sizeof(line) - 1 : n;
	if (log->fd < 0)
		open_syslog(log);
	if (put(log->fd, line, (size_t)n + 1))
		return true;
	if (errno == EAGAIN)
		return false;
	/* It was restarted. */
	log_close(log);
	open_syslog(log);
	return put(log->fd, line, (size_t)n + 1);
}

void log_line(struct log *log, int priority, const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *line = NULL;
	char lost[80];
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		text = NULL;
	line = text ? str_printable(text) : NULL;
	if (log->lost) {
		snprintf(lost, sizeof(lost), "messages that could not be written before this: %lu",
			 log->lost);
		if (put_line(log, LOG_WARNING, lost))
			log->lost = 0;
	}
	if (!line || !put_line(log, priority, line))
		log->lost++;
}

bool log_limit(struct log_limit *limit)
{
	int64_t now = clock_ms();

	if (now < limit->next) {
		limit->suppressed++;
		return false;
	}
	limit->next = now + LOG_INTERVAL;
	return true;
}

int log_limit_flush(struct log *log, struct log_limit *limit, bool now)
{
	int64_t left = limit->next - clock_ms();

	if (limit->suppressed == 0)
		return -1;
	if (left > 0 && !now)
		return (int)left;
	log_line(log, LOG_NOTICE, "%s: %lu more since the last message", limit->what,
		 limit->suppressed);
	limit->suppressed = 0;
	limit->next = clock_ms() + LOG_INTERVAL;
	return -1;
}
