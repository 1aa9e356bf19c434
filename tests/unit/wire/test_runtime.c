/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets: their owner, whether a process listens, and what may be in their place. */
#include "wire/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"

struct place {
	char path[64];
	int dir;
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	snprintf(place->path, sizeof(place->path), "/tmp/ioasidctl-unit-XXXXXX");
	assert_non_null(mkdtemp(place->path));
	place->dir = open(place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(place->dir >= 0);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	char command[128];

	close(place->dir);
	snprintf(command, sizeof(command), "rm -rf %s", place->path);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static void live_and_stale(void **state)
{
	const struct place *place = *state;
	struct stat st;
	int a = -1, b = -1, c = -1;

	assert_int_equal(runtime_connect(place->dir, "x.sock", geteuid(), &a), -ENOENT);
	assert_int_equal(runtime_listen(place->dir, place->path, "x.sock", &a), 0);
	assert_int_equal(fstatat(place->dir, "x.sock", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(runtime_listen(place->dir, place->path, "x.sock", &b), -EEXIST);
	assert_int_equal(runtime_forget(place->dir, "x.sock", false), -EEXIST);
	assert_int_equal(runtime_connect(place->dir, "x.sock", geteuid(), &c), 0);
	assert_true(fcntl(c, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(c, F_GETFL) & O_NONBLOCK);
	close(c);
	/* Another user's listener under our name. */
	assert_int_equal(runtime_connect(place->dir, "x.sock", geteuid() + 1, &c), -EPERM);
	close(a);
	assert_int_equal(runtime_connect(place->dir, "x.sock", geteuid(), &c), -ECONNREFUSED);
	assert_int_equal(runtime_forget(place->dir, "x.sock", true), 0);
	assert_int_equal(runtime_listen(place->dir, place->path, "x.sock", &b), 0);
	close(b);
	assert_int_equal(runtime_forget(place->dir, "x.sock", false), 0);
	assert_int_equal(runtime_forget(place->dir, "x.sock", false), -ENOENT);
}

int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);

/* Whoever connects to LISTENER and then asks who listens is sent something before the answer. */
static struct {
	int listener;
	bool sent;
} peer = { .listener = -1 };

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	int accepted = peer.listener < 0 ? -1 : accept(peer.listener, NULL, NULL);

	peer.sent = accepted >= 0 && send(accepted, "x", 1, MSG_NOSIGNAL) == 1;
	close(accepted);
	return __real_getsockopt(fd, level, option, value, size);
}

/* A process that is only looked for cannot send anything, not even at once. */
static void probed(void **state)
{
	const struct place *place = *state;
	int fd = -1;
	pid_t pid = 7;

	assert_int_equal(runtime_probe(place->dir, "x.sock", geteuid(), &pid), -ENOENT);
	assert_int_equal(runtime_listen(place->dir, place->path, "x.sock", &peer.listener), 0);
	assert_int_equal(runtime_probe(place->dir, "x.sock", geteuid() + 1, &pid), -EPERM);
	assert_int_equal(pid, 7);
	assert_false(peer.sent);
	assert_int_equal(runtime_probe(place->dir, "x.sock", geteuid(), &pid), 0);
	assert_int_equal(pid, getpid());
	assert_false(peer.sent);
	assert_int_equal(runtime_connect(place->dir, "x.sock", geteuid(), &fd), 0);
	assert_true(peer.sent);
	close(fd);
	close(peer.listener);
	peer.listener = -1;
	assert_int_equal(runtime_probe(place->dir, "x.sock", geteuid(), &pid), -ECONNREFUSED);
}

/* A full queue means that a process listens: it must not be replaced. */
static void busy(void **state)
{
	const struct place *place = *state;
	int listener = -1, other = -1, fd[200], n = 0, r = 0;

	assert_int_equal(runtime_listen(place->dir, place->path, "x.sock", &listener), 0);
	while (n < 200 && (r = runtime_connect(place->dir, "x.sock", geteuid(), &fd[n])) == 0)
		n++;
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(runtime_listen(place->dir, place->path, "x.sock", &other), -EEXIST);
	while (n-- > 0)
		close(fd[n]);
	close(listener);
}

static void in_the_way(void **state)
{
	const struct place *place = *state;
	int fd = -1, listener = -1;

	assert_int_equal(symlinkat("real.sock", place->dir, "x.sock"), 0);
	assert_int_equal(runtime_listen(place->dir, place->path, "real.sock", &listener), 0);
	/* Links are not followed, and only sockets are removed. */
	assert_int_equal(runtime_connect(place->dir, "x.sock", geteuid(), &fd), -ENOTSOCK);
	assert_int_equal(runtime_listen(place->dir, place->path, "x.sock", &fd), -ENOTSOCK);
	close(listener);
}

static void long_path(void **state)
{
	const struct place *place = *state;
	char path[256], name[65];
	int dir, fd = -1, other = -1;

	memset(name, 'n', 64);
	name[64] = '\0';
	assert_int_equal(mkdirat(place->dir, name, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", place->path, name);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(runtime_listen(dir, path, name, &fd), 0);
	assert_int_equal(runtime_connect(dir, name, geteuid(), &other), 0);
	close(other);
	close(fd);
	close(dir);
}

static void owner(void **state)
{
	const struct place *place = *state;
	char path[128];
	int fd = -1;

	assert_int_equal(runtime_open_user(place->path, geteuid(), &fd), 0);
	close(fd);
	assert_int_equal(runtime_open_user(place->path, geteuid() + 1, &fd), -EPERM);
	assert_int_equal(chmod(place->path, 0770), 0);
	assert_int_equal(runtime_open_user(place->path, geteuid(), &fd), -EPERM);
	assert_int_equal(chmod(place->path, 0700), 0);
	assert_int_equal(symlinkat(".", place->dir, "link"), 0);
	snprintf(path, sizeof(path), "%s/link", place->path);
	assert_int_equal(runtime_open_user(path, geteuid(), &fd), -EPERM);
	snprintf(path, sizeof(path), "%s/none", place->path);
	assert_int_equal(runtime_open_user(path, geteuid(), &fd), -ENOENT);
}

/* For all users but root, the environment gives the directory, which is checked. */
static void environment(void **state)
{
	const struct place *place = *state;
	_cleanup_free_ char *path = NULL;
	uid_t before = geteuid();
	struct stat st;
	int fd = -1;

	if (before == 0) {
		assert_int_equal(chown(place->path, 65534, 65534), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(runtime_open(true, &path, &fd), -ENXIO);
	setenv("XDG_RUNTIME_DIR", "", 1);
	assert_int_equal(runtime_open(true, &path, &fd), -ENXIO);
	setenv("XDG_RUNTIME_DIR", "tmp", 1);
	assert_int_equal(runtime_open(true, &path, &fd), -EINVAL);
	setenv("XDG_RUNTIME_DIR", "/tmp", 1);
	assert_int_equal(runtime_open(true, &path, &fd), -EPERM);
	setenv("XDG_RUNTIME_DIR", place->path, 1);
	assert_int_equal(runtime_open(false, &path, &fd), -ENOENT);
	assert_int_equal(runtime_open(true, &path, &fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	close(fd);
	assert_int_equal(seteuid(before), 0);
}

static void lock(void **state)
{
	const struct place *place = *state;
	int fd = -1;

	assert_int_equal(runtime_lock(place->dir, 0, &fd), 0);
	close(fd);
	assert_int_equal(runtime_lock(place->dir, 0, &fd), 0);
	close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(live_and_stale), TEST(probed), TEST(busy),        TEST(in_the_way),
		TEST(long_path),      TEST(owner),  TEST(environment), TEST(lock),
	};

	return cmocka_run_group_tests_name("holder runtime", tests, NULL, NULL);
}
