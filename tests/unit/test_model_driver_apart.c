/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done apart, since it may never end. */
#include "tree.h"

#include <errno.h>
#include <signal.h>
#include <sys/sysmacros.h>

#include "model/driver_apart.h"
#include "sys/lock.h"

/* Two ends of a pipe: a task waits until GO is closed, and what it does is written to DONE. */
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

/* What is left to itself does what is to follow, and only then. */
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

/* As /proc/locks has it (lock_get_status()); the last waits for the second. */
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

/* What virtual functions and their physical one share a process must not wait for itself to give back. */
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
	assert_true(driver_is_locked(&live, "/d/vf0", lock));
	assert_true(driver_is_locked(&live, "/d/vf1", lock));
	assert_true(driver_is_locked(&live, "/d/pf", lock));
	assert_false(driver_is_locked(&live, "/d/stranger", lock));
	assert_false(driver_is_locked(&live, "/d/vf1", -1));
	close(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_what_the_task_does),
		cmocka_unit_test(leaves_what_does_not_end),
		cmocka_unit_test(finds_who_has_a_lock),
		tree_test(one_of_two_has_a_lock),
		tree_test(functions_of_one_device_share_a_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
