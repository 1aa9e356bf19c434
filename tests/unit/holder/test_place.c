/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket and its directory are removed by others: they are recreated, left to others, or the
 * holder ends.
 */
#include "holder/common/place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/runtime.h"
#include "util/cleanup.h"
#include "util/clock.h"

struct scene {
	char root[64]; /* of the user's own */
	struct place place;
	struct log log;
	int messages;
};

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void expect_message(struct scene *scene, const char *part)
{
	char text[1000] = "";

	assert_true(read(scene->messages, text, sizeof(text) - 1) > 0);
	if (!strstr(text, part))
		fail_msg("%s", text);
}

/* The shell script gets it as $R. */
static void run(const char *shell, const char *root)
{
	char command[200];

	snprintf(command, sizeof(command), "R=%s; %s", root, shell);
	assert_int_equal(system(command), 0);
}

static bool answers(struct scene *scene)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1, fd = -1;

	return runtime_open(false, &path, &dir) == 0 &&
	       runtime_connect(dir, "x.sock", geteuid(), &fd) == 0 &&
	       accept(scene->place.listener, NULL, NULL) >= 0;
}

static bool attend(struct scene *scene, int expected)
{
	int again = -2;
	bool r = place_attend(&scene->place, "x", &scene->log, &again);

	if (r)
		assert_int_equal(again, expected);
	return r;
}

/* Pretends that so many ms passed since it was missed or created. */
static void wait_ms(struct scene *scene, int64_t ms)
{
	if (scene->place.missing)
		scene->place.missing -= ms;
	if (scene->place.renewed)
		scene->place.renewed -= ms;
}

static void socket_removed(struct scene *scene)
{
	/* Nothing happens to it, so there is nothing to check. */
	assert_false(readable(scene->place.watch));
	assert_true(attend(scene, -1));
	run("touch $R/ioasidctl/other; rm $R/ioasidctl/other", scene->root);
	assert_true(attend(scene, -1));
	assert_true(answers(scene));
	run("rm $R/ioasidctl/x.sock", scene->root);
	assert_true(readable(scene->place.watch));
	assert_true(attend(scene, 500));
	assert_false(readable(scene->place.watch));
	/* Neither immediately nor before the interval. */
	wait_ms(scene, 300);
	assert_true(attend(scene, 1000));
	assert_false(answers(scene));
	wait_ms(scene, 200);
	assert_true(attend(scene, 1000));
	expect_message(scene, "created again");
	assert_true(answers(scene));
	assert_int_equal(scene->place.lock, -1);
	/* Checked for some time, and then no longer. */
	assert_true(attend(scene, 1000));
	wait_ms(scene, 9000);
	assert_true(attend(scene, 1000));
	wait_ms(scene, 1000);
	assert_true(attend(scene, -1));
	/* The new one is watched like the old one. */
	run("mv $R/ioasidctl/x.sock $R/ioasidctl/y.sock", scene->root);
	assert_true(readable(scene->place.watch));
	assert_true(attend(scene, 500));
	wait_ms(scene, 500);
	assert_true(attend(scene, 1000));
	assert_true(answers(scene));
}

/* It reappears by itself, or was only moved back and forth. */
static void socket_comes_back(struct scene *scene)
{
	run("mv $R/ioasidctl/x.sock $R/ioasidctl/y", scene->root);
	assert_true(attend(scene, 500));
	run("mv $R/ioasidctl/y $R/ioasidctl/x.sock", scene->root);
	assert_true(attend(scene, -1));
	assert_int_equal(scene->place.missing, 0);
	assert_true(answers(scene));
}

static void directory_removed(struct scene *scene)
{
	run("rm -r $R/ioasidctl", scene->root);
	assert_true(readable(scene->place.watch));
	assert_true(attend(scene, 500));
	wait_ms(scene, 500);
	assert_true(attend(scene, 1000));
	assert_true(answers(scene));
	/* Moved away with the socket in it. */
	run("mv $R/ioasidctl $R/moved", scene->root);
	assert_true(readable(scene->place.watch));
	assert_true(attend(scene, 500));
	wait_ms(scene, 500);
	assert_true(attend(scene, 1000));
	assert_true(answers(scene));
}

/* The user's last session has ended. */
static void everything_removed(struct scene *scene)
{
	run("rm -r $R/ioasidctl", scene->root);
	run("mv $R $R.gone", scene->root);
	assert_true(attend(scene, 500));
	wait_ms(scene, 600);
	assert_true(attend(scene, 1000));
	wait_ms(scene, 9000);
	assert_true(attend(scene, 1000));
	wait_ms(scene, 500);
	assert_false(attend(scene, 0));
	expect_message(scene,
		       "cannot be created again (runtime directory: No such file or directory)");
	run("mv $R.gone $R", scene->root);
}

static void successor(struct scene *scene)
{
	_cleanup_(place_done) struct place other = PLACE_NONE;
	const char *stage;

	run("rm $R/ioasidctl/x.sock", scene->root);
	assert_int_equal(place_open(&other, "x", 0, &stage), 0);
	place_unlock(&other);
	assert_true(attend(scene, 500));
	wait_ms(scene, 500);
	assert_false(attend(scene, 0));
	expect_message(scene, "another context has the name");
	/* It belongs to another holder, so it is not removed. */
	place_remove(&scene->place);
	run("test -S $R/ioasidctl/x.sock", scene->root);
	place_remove(&other);
	run("test ! -e $R/ioasidctl/x.sock", scene->root);
}

/* A stopped process that creates a context has the lock: it is waited for, and named. */
static void lock_taken(struct scene *scene)
{
	_cleanup_(place_done) struct place other = PLACE_NONE;
	_cleanup_close_ int dir = -1, lock = -1;
	_cleanup_free_ char *path = NULL;
	const char *stage = "";
	int64_t begin;
	pid_t pid = 0;

	assert_int_equal(runtime_open(false, &path, &dir), 0);
	assert_int_equal(runtime_lock_owner(dir, &pid), -ESRCH);
	assert_int_equal(runtime_lock(dir, 0, &lock), 0);
	assert_int_equal(runtime_lock_owner(dir, &pid), 0);
	assert_int_equal(pid, getpid());
	begin = clock_ms();
	assert_int_equal(place_open(&other, "z", 120, &stage), -EBUSY);
	assert_true(clock_ms() - begin >= 120 && clock_ms() - begin < 5000);
	assert_string_equal(stage, PLACE_STAGE_LOCK);
	/* The loop does not wait for it. */
	run("rm $R/ioasidctl/x.sock", scene->root);
	assert_true(attend(scene, 500));
	wait_ms(scene, 500);
	begin = clock_ms();
	assert_true(attend(scene, 1000));
	assert_true(clock_ms() - begin < 100);
	assert_false(answers(scene));
	runtime_unlock(&lock);
	assert_int_equal(lock, -1);
	/* An owner that did not write its pid. */
	lock = openat(dir, ".lock", O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(runtime_lock_owner(dir, &pid), -ESRCH);
	cleanup_close(&lock);
	lock = -1;
	assert_true(attend(scene, 1000));
	assert_true(answers(scene));
	assert_int_equal(place_open(&other, "x", 0, &stage), -EEXIST);
	assert_string_equal(stage, "socket");
}

/* In a process of a user with its own runtime directory. */
static void in_scene(void (*play)(struct scene *scene))
{
	struct scene scene = { .place = PLACE_NONE };
	const char *stage;
	int fds[2], status;
	pid_t pid;

	snprintf(scene.root, sizeof(scene.root), "/tmp/ioasidctl-unit-XXXXXX");
	assert_non_null(mkdtemp(scene.root));
	if (geteuid() == 0)
		assert_int_equal(chown(scene.root, 65534, 65534), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(30);
		/* The user can rename the directory's parent. */
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		strcat(scene.root, "/run");
		assert_int_equal(mkdir(scene.root, 0700), 0);
		assert_int_equal(setenv("XDG_RUNTIME_DIR", scene.root, 1), 0);
		assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
		scene.messages = fds[0];
		scene.log = (struct log){ .context = "x", .foreground = true, .fd = fds[1] };
		assert_int_equal(place_open(&scene.place, "x", 0, &stage), 0);
		place_unlock(&scene.place);
		play(&scene);
		place_done(&scene.place);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	run("rm -r $R", scene.root);
	assert_int_equal(status, 0);
}

#define SCENE(name) \
	static void in_##name(void **state) \
	{ \
		(void)state; \
		in_scene(name); \
	}

SCENE(socket_removed)
SCENE(socket_comes_back)
SCENE(directory_removed)
SCENE(everything_removed)
SCENE(successor)
SCENE(lock_taken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_socket_removed),    cmocka_unit_test(in_socket_comes_back),
		cmocka_unit_test(in_directory_removed), cmocka_unit_test(in_everything_removed),
		cmocka_unit_test(in_successor),         cmocka_unit_test(in_lock_taken),
	};

	return cmocka_run_group_tests_name("holder place", tests, NULL, NULL);
}
