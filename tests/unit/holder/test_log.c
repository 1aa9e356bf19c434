/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receiver of the holder's messages may be full, slow, gone or restarted: the holder never
 * waits for it.
 */
#include "holder/common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"

/* A foreground log whose stderr is FD while that is open. */
static int put_stderr(struct log *log, int fd)
{
	int saved = dup(STDERR_FILENO);

	fflush(stderr);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	*log = (struct log){ .context = "lab", .foreground = true };
	log_open(log);
	return saved;
}

static void restore(struct log *log, int saved)
{
	log_close(log);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
}

static void expect_text(int fd, const char *expected)
{
	char text[4096] = "";
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void fill(int fd)
{
	static const char dots[1 << 16];
	int flags = fcntl(fd, F_GETFL);

	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	while (write(fd, dots, sizeof(dots)) > 0 || write(fd, dots, 1) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

static void drain(int fd)
{
	char text[1 << 16];

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (read(fd, text, sizeof(text)) > 0)
		;
}

/* A pipe that nobody reads, whose file description is shared. */
static void full_pipe(void **state)
{
	struct log log;
	int fds[2], saved;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	saved = put_stderr(&log, fds[1]);
	log_line(&log, LOG_NOTICE, "one %d\n\x1b", 1);
	fill(fds[1]);
	for (int i = 0; i < 3; i++)
		log_line(&log, LOG_NOTICE, "lost");
	drain(fds[0]);
	log_line(&log, LOG_NOTICE, "two");
	log_line(&log, LOG_NOTICE, "three");
	expect_text(fds[0],
		    "ioasidctl: context lab: messages that could not be written before this: 3\n"
		    "ioasidctl: context lab: two\nioasidctl: context lab: three\n");
	/* O_NONBLOCK is not changed for the other writers. */
	assert_false(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	assert_true(log.fd > STDERR_FILENO);
	assert_true(fcntl(log.fd, F_GETFD) & FD_CLOEXEC);
	/* If it cannot be reopened. */
	close(log.fd);
	log.fd = STDERR_FILENO;
	fill(fds[1]);
	log_line(&log, LOG_NOTICE, "lost");
	drain(fds[0]);
	log_line(&log, LOG_NOTICE, "four");
	expect_text(fds[0],
		    "ioasidctl: context lab: messages that could not be written before this: 1\n"
		    "ioasidctl: context lab: four\n");
	restore(&log, saved);
	close(fds[0]);
	close(fds[1]);
}

/* A reader that is gone must not end the holder, which ignores SIGPIPE. */
static void closed_pipe(void **state)
{
	struct log log;
	int fds[2], saved;

	(void)state;
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	saved = put_stderr(&log, fds[1]);
	close(fds[0]);
	log_line(&log, LOG_NOTICE, "x");
	assert_int_equal(log.lost, 1);
	restore(&log, saved);
	close(fds[1]);
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
}

/* As provided by a service manager, and by a shell. */
static void socket_and_file(void **state)
{
	struct log log;
	int fds[2], saved, file;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	saved = put_stderr(&log, fds[1]);
	log_line(&log, LOG_NOTICE, "one");
	expect_text(fds[0], "ioasidctl: context lab: one\n");
	fill(fds[1]);
	log_line(&log, LOG_NOTICE, "lost");
	assert_int_equal(log.lost, 1);
	restore(&log, saved);
	close(fds[0]);
	close(fds[1]);
	file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	saved = put_stderr(&log, file);
	assert_int_equal(write(file, "before\n", 7), 7);
	log_line(&log, LOG_NOTICE, "one");
	assert_int_equal(write(file, "after\n", 6), 6);
	restore(&log, saved);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	expect_text(file, "before\nioasidctl: context lab: one\nafter\n");
	close(file);
}

/* A line is truncated to what a pipe takes atomically: 1023 bytes and the newline. */
static void long_line(void **state)
{
	static const char begin[] = "ioasidctl: context lab: ";
	char text[3000], got[4096] = "";
	struct log log;
	int fds[2], saved;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	saved = put_stderr(&log, fds[1]);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_line(&log, LOG_NOTICE, "%s", text);
	assert_int_equal(read(fds[0], got, sizeof(got)), 1023);
	assert_int_equal(got[1022], '\n');
	assert_int_equal(got[1021], 'x');
	assert_int_equal(strncmp(got, begin, strlen(begin)), 0);
	restore(&log, saved);
	close(fds[0]);
	close(fds[1]);
}

/* syslog's socket at PATH. */
static int listen_at(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void expect_syslog(int fd, int priority, const char *message)
{
	char expected[300];

	snprintf(expected, sizeof(expected), "<%d>ioasidctl[%d]: context lab: %s",
		 LOG_DAEMON | priority, (int)getpid(), message);
	expect_text(fd, expected);
}

static void syslog_socket(void **state)
{
	char directory[] = "/tmp/ioasidctl-unit-XXXXXX", path[64];
	struct log log = { .context = "lab", .socket = path };
	int fd, peer;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/log", directory);
	/* First missing, then present. */
	log_open(&log);
	log_line(&log, LOG_NOTICE, "early");
	assert_int_equal(log.lost, 1);
	fd = listen_at(path, SOCK_DGRAM);
	log_line(&log, LOG_ERR, "one");
	expect_syslog(fd, LOG_WARNING, "messages that could not be written before this: 1");
	expect_syslog(fd, LOG_ERR, "one");
	/* Full: net.unix.max_dgram_qlen. */
	for (int i = 0; i < 5000; i++)
		log_line(&log, LOG_NOTICE, "many");
	assert_true(log.lost > 0);
	drain(fd);
	log_line(&log, LOG_NOTICE, "again");
	assert_int_equal(log.lost, 0);
	drain(fd);
	/* Restarted. */
	close(fd);
	fd = listen_at(path, SOCK_DGRAM);
	log_line(&log, LOG_NOTICE, "anew");
	expect_syslog(fd, LOG_NOTICE, "anew");
	close(fd);
	log_close(&log);
	/* Of the other type. */
	fd = listen_at(path, SOCK_STREAM);
	assert_int_equal(listen(fd, 1), 0);
	log_line(&log, LOG_NOTICE, "stream");
	peer = accept(fd, NULL, NULL);
	assert_true(peer >= 0);
	expect_syslog(peer, LOG_NOTICE, "stream");
	close(peer);
	close(fd);
	log_close(&log);
	unlink(path);
	rmdir(directory);
}

static void limits(void **state)
{
	struct log_limit limit = { .what = "doors closed" };
	struct log log;
	int fds[2], saved, left;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	saved = put_stderr(&log, fds[1]);
	assert_int_equal(log_limit_flush(&log, &limit, true), -1);
	assert_true(log_limit(&limit));
	assert_int_equal(log_limit_flush(&log, &limit, false), -1);
	assert_false(log_limit(&limit));
	assert_false(log_limit(&limit));
	left = log_limit_flush(&log, &limit, false);
	assert_true(left > LOG_INTERVAL - 5000 && left <= LOG_INTERVAL);
	/* Its time has come. */
	limit.next -= LOG_INTERVAL;
	assert_int_equal(log_limit_flush(&log, &limit, false), -1);
	expect_text(fds[0],
		    "ioasidctl: context lab: doors closed: 2 more since the last message\n");
	assert_int_equal(limit.suppressed, 0);
	/* Logging that counts as a message. */
	assert_false(log_limit(&limit));
	assert_int_equal(log_limit_flush(&log, &limit, true), -1);
	expect_text(fds[0],
		    "ioasidctl: context lab: doors closed: 1 more since the last message\n");
	limit.next -= LOG_INTERVAL;
	assert_true(log_limit(&limit));
	restore(&log, saved);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_pipe),       cmocka_unit_test(closed_pipe),
		cmocka_unit_test(socket_and_file), cmocka_unit_test(long_line),
		cmocka_unit_test(syslog_socket),   cmocka_unit_test(limits),
	};

	alarm(60);
	return cmocka_run_group_tests_name("holder log", tests, NULL, NULL);
}
