/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process between us and another user's holder. */
#include "client/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/varlink.h"
#include "util/clock.h"

/* Far less than what is waited for if anything is waited for, and more than a slow machine needs. */
#define SOON 5000 /* ms */

/* A socket that nobody reads: the last close() of it takes a minute. */
static int slow_to_close(void)
{
	static const struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bytes[65536] = { 0 };

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	return fd;
}

/*
 * A holder that answers one call with ANSWER and N descriptors, which it has no more then, and waits until its
 * client is gone. RET_FD is the client's end. Its exit status is 0 where that was soon.
 */
static pid_t holder(const char *answer, int *fd, size_t n, int *ret_fd)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct varlink_out out = { 0 };
		char call[4096];

		close(pair[0]);
		alarm(2 * SOON / 1000);
		if (read(pair[1], call, sizeof(call)) <= 0 ||
		    varlink_out_put(&out, json_tokener_parse(answer), fd, n) < 0)
			_exit(1);
		while (varlink_out_write(&out, pair[1]) == -EAGAIN)
			usleep(1000);
		_exit(read(pair[1], call, 1) == 0 ? 0 : 2);
	}
	close(pair[1]);
	for (size_t i = 0; i < n; i++)
		close(fd[i]);
	free(fd);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	*ret_fd = pair[0];
	return pid;
}

static struct holder_client *shielded(int fd, const char *sysfs)
{
	struct holder_client *client = calloc(1, sizeof(*client));

	assert_non_null(client);
	client->fd = fd;
	client->reference = strdup("1000:c");
	client->in.max = (size_t)8 << 20;
	assert_int_equal(client_shield(client, sysfs), 0);
	return client;
}

static void ends_well(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int *one(int fd)
{
	int *list = malloc(sizeof(*list));

	*list = fd;
	return list;
}

static void slow(void **state)
{
	static const char *const answers[] = {
		"{\"parameters\":{\"name\":[\"iommufd\"]}}",
		"{\"parameters\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		const int64_t begin = clock_ms();
		struct holder_fds fds = { 0 };
		struct holder_client *client;
		int fd;
		const pid_t pid = holder(answers[i], one(slow_to_close()), 1, &fd);

		client = shielded(fd, "/sys");
		assert_int_equal(holder_get_fds(client, &fds, &error), -EPROTO);
		assert_string_equal(
			error.message,
			i ? "invalid reply from the context's holder"
			  : "the holder of context 1000:c passed something that is not an open "
			    "/dev/iommu");
		holder_close(client);
		assert_true(clock_ms() - begin < SOON);
		/* It is the process between that waits. */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static dev_t number(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_rdev;
}

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

/* A sysfs in which /dev/null is the iommu, /dev/zero a device's cdev, and /dev/full nothing like it. */
static void fit(void **state)
{
	static const char *const file[] = { "/dev/null", "/dev/full", "/dev/zero", "/dev/zero" };
	char top[] = "/tmp/ioasidctl-unit-XXXXXX", command[512];
	int *list = calloc(ARRAY_SIZE(file), sizeof(int)), fd;
	json_object *reply = NULL;
	struct holder_client *client;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(
		command, sizeof(command),
		"cd %s && mkdir -p class/misc/iommu dev/char devices/a/vfio-dev/vfio0 && "
		"echo 1:3 >class/misc/iommu/dev && ln -s ../../devices/a/vfio-dev/vfio0 dev/char/1:5",
		top);
	run(command);
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		list[i] = open(file[i], (i == 3 ? O_WRONLY : O_RDWR) | O_CLOEXEC);
	pid = holder("{\"parameters\":{}}", list, ARRAY_SIZE(file), &fd);
	client = shielded(fd, top);
	client->in.fd_wanted = true;
	assert_int_equal(client_call(client, "GetFds", NULL, &reply, NULL), 0);
	json_object_put(reply);
	assert_int_equal(client->in.fds.n, ARRAY_SIZE(file));
	for (size_t i = 0; i < ARRAY_SIZE(file); i++) {
		assert_int_equal(number(client->in.fds.v[i]),
				 i == 2 ? makedev(1, 5) : makedev(1, 3));
		assert_int_equal(fcntl(client->in.fds.v[i], F_GETFL) & O_ACCMODE,
				 i == 0 || i == 2 ? O_RDWR : O_RDONLY);
		assert_int_equal(fcntl(client->in.fds.v[i], F_GETFD), FD_CLOEXEC);
	}
	holder_close(client);
	ends_well(pid);
	snprintf(command, sizeof(command), "rm -r %s", top);
	run(command);
}

/* More than any buffer between has room for; and no process of ours is left to be waited for. */
static void much(void **state)
{
	const size_t n = (size_t)3 << 20;
	char *answer = malloc(n + 64);
	json_object *reply = NULL;
	struct holder_client *client;
	const char *text = NULL;
	pid_t pid;
	int fd;

	(void)state;
	strcpy(answer, "{\"parameters\":{\"x\":\"");
	memset(answer + strlen(answer), 'a', n);
	strcpy(answer + strlen("{\"parameters\":{\"x\":\"") + n, "\"}}");
	pid = holder(answer, NULL, 0, &fd);
	client = shielded(fd, "/sys");
	assert_int_equal(client_call(client, "Describe", NULL, &reply, NULL), 0);
	assert_int_equal(json_get_string(reply, "x", &text), 1);
	assert_int_equal(strlen(text), n);
	json_object_put(reply);
	holder_close(client);
	ends_well(pid);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	free(answer);
}

/* What the caller sends is his own affair, of whatever kind it is. The holder's end is ours. */
static void sent(void **state)
{
	struct varlink_in in = { .max = 100000, .fd_wanted = true };
	const int file = memfd_create("caller", MFD_CLOEXEC);
	struct stat of_file, got;
	struct holder_client *client;
	json_object *call = NULL;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	client = shielded(pair[0], "/sys");
	assert_int_equal(client_send(client, "MapIoas", NULL, file, true, clock_ms() + SOON), 0);
	while (varlink_in_next(&in, &call) == 0)
		(void)varlink_in_read(&in, pair[1]);
	assert_int_equal(in.fds.n, 1);
	assert_int_equal(fstat(file, &of_file), 0);
	assert_int_equal(fstat(in.fds.v[0], &got), 0);
	assert_int_equal(got.st_ino, of_file.st_ino);
	json_object_put(call);
	varlink_in_done(&in);
	holder_close(client);
	close(pair[1]);
	close(file);
}

/* It does not read what it is asked: the holder's end is ours. */
static void refused(void **state)
{
	static const char refusal[] = "{\"error\":\"org.varlink.service.PermissionDenied\"}";
	_cleanup_holder_error_ struct holder_error error = { 0 };
	struct holder_client *client;
	json_object *reply = NULL;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	assert_int_equal(write(pair[1], refusal, sizeof(refusal)), sizeof(refusal));
	close(pair[1]);
	client = shielded(pair[0], "/sys");
	assert_int_equal(client_call(client, "Describe", NULL, &reply, &error), -EACCES);
	assert_int_equal(error.kind, HOLDER_ERROR_PERMISSION);
	holder_close(client);
}

/* The holder's end is ours. */
static void dead(void **state)
{
	_cleanup_holder_error_ struct holder_error error = { 0 };
	struct holder_client *client;
	json_object *reply = NULL;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	client = shielded(pair[0], "/sys");
	close(pair[1]);
	assert_int_equal(client_call(client, "Describe", NULL, &reply, &error), -ECONNRESET);
	holder_close(client);
}

/* Ctrl-C is for the caller, who cancels his change and waits for the answer. */
static void interrupted(void **state)
{
	static const char answer[] = "{\"parameters\":{}}";
	struct holder_client *client;
	json_object *reply = NULL;
	sigset_t mask, before;
	int pair[2], r;

	(void)state;
	/* A group of its own, as a shell makes it. */
	assert_true(getpgrp() == getpid() || setpgid(0, 0) == 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	client = shielded(pair[0], "/sys");
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	assert_int_equal(sigprocmask(SIG_BLOCK, &mask, &before), 0);
	assert_int_equal(kill(0, SIGINT), 0);
	assert_int_equal(sigwaitinfo(&mask, NULL), SIGINT);
	assert_int_equal(write(pair[1], answer, sizeof(answer)), sizeof(answer));
	r = client_call(client, "Describe", NULL, &reply, NULL);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(r, 0);
	json_object_put(reply);
	holder_close(client);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow),        cmocka_unit_test(fit),     cmocka_unit_test(much),
		cmocka_unit_test(sent),        cmocka_unit_test(refused), cmocka_unit_test(dead),
		cmocka_unit_test(interrupted),
	};

	return cmocka_run_group_tests_name("client shield", tests, NULL, NULL);
}
