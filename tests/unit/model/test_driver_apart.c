/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs in a child process, because it may never return. */
#include "../tree.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "model/driver/internal.h"
#include "sys/lock.h"
#include "util/clock.h"

/* Pipes: a task waits until GO is closed, and writes what it does to DONE. */
struct job {
	int go[2], done[2];
	int result;
};

static void job_open(struct job *job)
{
	assert_int_equal(pipe(job->go), 0);
	assert_int_equal(pipe(job->done), 0);
}

static int task(const void *data)
{
	const struct job *job = data;
	char byte;

	if (job->go[1] >= 0)
		close(job->go[1]);
	(void)!read(job->go[0], &byte, 1);
	return job->result;
}

static int left(const void *data)
{
	const struct job *job = data;

	return write(job->done[1], "l", 1) == 1 ? 0 : -EIO;
}

static int at_once(const void *data)
{
	return *(const int *)data;
}

static int dies(const void *data)
{
	(void)data;
	raise(SIGKILL);
	return 0;
}

static void returns_what_the_task_does(void **state)
{
	static const int results[] = { 0, -EINVAL, -EINTR, -ETIMEDOUT };
	pid_t pid = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		const struct driver_apart apart = { .task = at_once,
						    .data = &results[i],
						    .stop = -1 };

		assert_int_equal(driver_apart(&apart, &pid), results[i]);
	}
	assert_int_equal(driver_apart(&(struct driver_apart){ .task = dies, .stop = -1 }, &pid),
			 -ECHILD);
	assert_int_equal(pid, 0);
}

/* With a result, nothing else happens: the follow-up is only for an abandoned child. */
static void does_nothing_more_when_awaited(void **state)
{
	struct job job = { .result = -EINVAL };
	const struct driver_apart apart = { .task = task, .left = left, .data = &job, .stop = -1 };
	pid_t pid = 0;
	char byte;

	(void)state;
	job_open(&job);
	close(job.go[1]);
	job.go[1] = -1;
	assert_int_equal(driver_apart(&apart, &pid), -EINVAL);
	close(job.done[1]);
	assert_int_equal(read(job.done[0], &byte, 1), 0);
	close(job.go[0]);
	close(job.done[0]);
}

/* Because it may outlive this process, a terminal, and a pipe whose reader waits for its end. */
static int is_apart(const void *data)
{
	const pid_t *parent = data;
	int held = 0;

	for (int fd = 0; fd <= 2; fd++)
		held += fcntl(fd, F_GETFD) >= 0;
	return held == 0 && getppid() == *parent && getsid(0) == getpid() ? 42 : -EBUSY;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void is_of_its_own(void **state)
{
	const pid_t self = getpid();
	const struct driver_apart apart = { .task = is_apart, .data = &self, .stop = -1 };
	const int fds = count_fds();
	pid_t pid = 0;

	(void)state;
	assert_int_equal(driver_apart(&apart, &pid), 42);
	assert_int_equal(pid, 0);
	assert_int_equal(getpid(), self);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(count_fds(), fds);
}

static void has_no_more_fds(void **state)
{
	const int result = 0;
	const struct driver_apart apart = { .task = at_once, .data = &result, .stop = -1 };
	struct rlimit old, none;
	pid_t pid = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(driver_apart(&apart, &pid), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

/* The argument of WAITS, which writes a byte. */
struct watching {
	unsigned int calls, seconds;
	int fd;
};

static void waits(void *data, unsigned int seconds)
{
	struct watching *watching = data;

	watching->calls++;
	watching->seconds = seconds;
	(void)!write(watching->fd, "x", 1);
}

static double used_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* A long wait is reported once; a stop request ends it after some time, without polling. */
static void leaves_when_it_is_to_stop(void **state)
{
	struct job job = { .result = 0 };
	struct watching watching = { .fd = -1 };
	const struct driver_watch watch = { .waits = waits, .data = &watching };
	struct driver_apart apart = {
		.task = task, .left = left, .data = &job, .watch = &watch, .limit_ms = 60000
	};
	const int64_t begun = clock_ms();
	const double used = used_seconds();
	int stop[2];
	pid_t pid = 0;
	char byte = 0;

	(void)state;
	job_open(&job);
	assert_int_equal(pipe(stop), 0);
	apart.stop = stop[0];
	watching.fd = stop[1];
	assert_int_equal(driver_apart(&apart, &pid), -EINPROGRESS);
	assert_in_range(clock_ms() - begun, 5000, 7000);
	assert_true(used_seconds() - used < 0.05);
	assert_int_equal(watching.calls, 1);
	assert_int_equal(watching.seconds, 3);
	assert_int_equal(kill(pid, 0), 0);
	close(job.go[1]);
	assert_int_equal(read(job.done[0], &byte, 1), 1);
	assert_int_equal(byte, 'l');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 2; i++)
		close(stop[i]), close(job.done[i]);
	close(job.go[0]);
}

/* Stopped before: a task that ends within the grace time still has a result. */
static void takes_what_ends_soon(void **state)
{
	static const struct timespec soon = { .tv_nsec = 300 * 1000000 };
	struct job job = { .result = -EIO };
	struct driver_apart apart = { .task = task, .left = left, .data = &job };
	int stop[2];
	pid_t pid = 0, helper;
	char byte;

	(void)state;
	job_open(&job);
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "x", 1), 1);
	apart.stop = stop[0];
	helper = fork();
	if (helper == 0) {
		nanosleep(&soon, NULL);
		_exit(0);
	}
	close(job.go[1]);
	job.go[1] = -1;
	assert_int_equal(driver_apart(&apart, &pid), -EIO);
	assert_int_equal(pid, 0);
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	close(job.done[1]);
	assert_int_equal(read(job.done[0], &byte, 1), 0);
	close(job.done[0]);
	close(job.go[0]);
	for (int i = 0; i < 2; i++)
		close(stop[i]);
}

/* The parent is killed before it reads the result. */
static void follows_when_nobody_takes_the_result(void **state)
{
	static const struct timespec moment = { .tv_nsec = 200 * 1000000 };
	struct job job = { .result = 0 };
	const struct driver_apart apart = { .task = task, .left = left, .data = &job, .stop = -1 };
	pid_t waiter, pid = 0;
	char byte = 0;

	(void)state;
	job_open(&job);
	waiter = fork();
	if (waiter == 0) {
		close(job.go[1]);
		job.go[1] = -1;
		_exit(driver_apart(&apart, &pid) != 0);
	}
	nanosleep(&moment, NULL);
	assert_int_equal(kill(waiter, SIGSTOP), 0);
	close(job.go[1]);
	nanosleep(&moment, NULL);
	assert_int_equal(kill(waiter, SIGKILL), 0);
	assert_int_equal(waitpid(waiter, NULL, 0), waiter);
	assert_int_equal(read(job.done[0], &byte, 1), 1);
	assert_int_equal(byte, 'l');
	close(job.go[0]);
	for (int i = 0; i < 2; i++)
		close(job.done[i]);
}

/* An abandoned child does its follow-up after the task, and not before. */
static void leaves_what_does_not_end(void **state)
{
	struct job job = { .result = -EINVAL };
	const struct driver_apart apart = {
		.task = task, .left = left, .data = &job, .stop = -1, .limit_ms = 50
	};
	pid_t pid = 0;
	char byte = 0;

	(void)state;
	job_open(&job);
	assert_int_equal(driver_apart(&apart, &pid), -EINPROGRESS);
	assert_true(pid > 0);
	assert_int_equal(kill(pid, 0), 0);
	close(job.go[1]);
	assert_int_equal(read(job.done[0], &byte, 1), 1);
	assert_int_equal(byte, 'l');
	close(job.go[0]);
	close(job.done[0]);
	close(job.done[1]);
}

/* Format of /proc/locks (lock_get_status()); the last one waits for the second. */
static void finds_who_has_a_lock(void **state)
{
	static const char text[] = "1: POSIX  ADVISORY  WRITE 11 00:16:77 0 EOF\n"
				   "2: FLOCK  ADVISORY  WRITE 12 00:16:78 0 EOF\n"
				   "2: -> FLOCK  ADVISORY  WRITE 13 00:16:77 0 EOF\n"
				   "3: FLOCK  ADVISORY  WRITE 14 08:02:77 0 EOF\n"
				   "4: FLOCK  ADVISORY  READ  15 00:16:77 0 EOF";

	(void)state;
	assert_int_equal(sys_lock_owner(text, makedev(0, 0x16), 78), 12);
	assert_int_equal(sys_lock_owner(text, makedev(8, 2), 77), 14);
	assert_int_equal(sys_lock_owner(text, makedev(0, 0x16), 77), 15);
	assert_int_equal(sys_lock_owner(text, makedev(0, 0x16), 7), 0);
	assert_int_equal(sys_lock_owner("", makedev(0, 0x16), 7), 0);
	assert_int_equal(sys_lock_owner("x: FLOCK\n\n", makedev(0, 0x16), 7), 0);
}

static void one_of_two_has_a_lock(void **state)
{
	const struct tree *tree = *state;
	struct sys_root live = tree->root;
	pid_t owner = 0;
	int first = -1, second = -1;

	live.captured = false;
	tree_file(tree, "lock", "");
	assert_int_equal(sys_lock(&tree->root, "/lock", 0, &first, &owner), -EROFS);
	assert_int_equal(sys_lock(&live, "/lock", 0, &first, &owner), 0);
	assert_int_equal(sys_lock(&live, "/lock", 60, &second, &owner), -EBUSY);
	assert_int_equal(second, -1);
	close(first);
	assert_int_equal(sys_lock(&live, "/lock", 0, &second, &owner), 0);
	close(second);
	assert_int_equal(sys_lock(&live, "/none", 0, &second, &owner), -ENOENT);
}

/* Virtual functions and their PF share a lock, so that a process need not wait for itself. */
static void functions_of_one_device_share_a_lock(void **state)
{
	const struct tree *tree = *state;
	struct sys_root live = tree->root;
	pid_t owner = 0;
	int lock = -1, other = -1;

	live.captured = false;
	tree_file(tree, "d/pf/rescan", "");
	tree_file(tree, "d/stranger/rescan", "");
	tree_file(tree, "d/vf0/class", "");
	tree_file(tree, "d/vf1/class", "");
	tree_link(tree, "d/vf0/physfn", "../pf");
	tree_link(tree, "d/vf1/physfn", "../pf");
	assert_int_equal(driver_lock(&live, "/d/vf0", 0, &lock, &owner), 0);
	assert_true(lock >= 0);
	assert_int_equal(driver_lock(&live, "/d/vf1", 0, &other, &owner), -EBUSY);
	assert_int_equal(driver_lock(&live, "/d/pf", 0, &other, &owner), -EBUSY);
	assert_int_equal(other, -1);
	assert_true(driver_is_locked(&live, "/d/vf0", lock));
	assert_true(driver_is_locked(&live, "/d/vf1", lock));
	assert_true(driver_is_locked(&live, "/d/pf", lock));
	assert_false(driver_is_locked(&live, "/d/stranger", lock));
	assert_false(driver_is_locked(&live, "/d/vf1", -1));
	close(lock);
}

/* A user who may not lock may not change anything either, and fails at the first write instead. */
static void locks_what_it_may(void **state)
{
	const struct tree *tree = *state;
	struct sys_root live = tree->root;
	pid_t owner = 0;
	int lock = 7, other = 7;

	live.captured = false;
	tree_file(tree, "d/own/rescan", "");
	tree_file(tree, "d/own/physfn/rescan", "");
	tree_dir(tree, "d/bare");
	tree_dir(tree, "d/odd/rescan");
	assert_int_equal(driver_lock(&live, "/d/bare", 0, &lock, &owner), 0);
	assert_int_equal(lock, -1);
	lock = 7;
	assert_int_equal(driver_lock(&tree->root, "/d/own", 0, &lock, &owner), 0);
	assert_int_equal(lock, -1);
	assert_int_equal(driver_lock(&live, "/d/odd", 0, &lock, &owner), -EISDIR);
	/* Its own file, not that of its PF. */
	assert_int_equal(driver_lock(&live, "/d/own", 0, &lock, &owner), 0);
	assert_int_equal(sys_lock(&live, "/d/own/physfn/rescan", 0, &other, &owner), 0);
	close(other);
	close(lock);
}

/*
 * Runs in a process that reports when everything was done, because one that exits early may look
 * successful.
 */
static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_what_the_task_does),
		cmocka_unit_test(does_nothing_more_when_awaited),
		cmocka_unit_test(is_of_its_own),
		cmocka_unit_test(has_no_more_fds),
		cmocka_unit_test(follows_when_nobody_takes_the_result),
		cmocka_unit_test(leaves_what_does_not_end),
		cmocka_unit_test(leaves_when_it_is_to_stop),
		cmocka_unit_test(takes_what_ends_soon),
		cmocka_unit_test(finds_who_has_a_lock),
		tree_test(one_of_two_has_a_lock),
		tree_test(functions_of_one_device_share_a_lock),
		tree_test(locks_what_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	int done[2], failed = -1;
	pid_t pid;

	if (pipe(done) < 0 || (pid = fork()) < 0)
		return 1;
	if (pid == 0) {
		failed = run();
		return write(done[1], &failed, sizeof(failed)) != sizeof(failed);
	}
	close(done[1]);
	return read(done[0], &failed, sizeof(failed)) != sizeof(failed) || failed ||
	       waitpid(pid, NULL, 0) != pid;
}
