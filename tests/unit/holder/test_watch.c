/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loop does when processes that it gave fds to have ended. */
#include "holder/server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../holder_world.h"

static pid_t sender; /* the peer of every socket; 0: who it is */

int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	if (sender && option == SO_PEERCRED) {
		((struct ucred *)value)->pid = sender;
		return 0;
	}
	if (sender) {
		*(int *)value = (int)syscall(SYS_pidfd_open, sender, 0);
		return 0;
	}
	return (int)syscall(SYS_getsockopt, fd, level, option, value, size);
}

/* A process that lives until it is killed. */
static pid_t begin(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static pid_t borrow(struct world *world, struct peer *peer)
{
	pid_t pid = sender = begin();

	say(peer, CALL("GetFds", "{}"));
	expect_reply(world, peer);
	sender = 0;
	return pid;
}

/*
 * After the last process with fds, by which the kernel may have been told otherwise, the eventfds
 * are set anew: when a change that is made has ended, and before those that wait.
 */
static void watch_again(void **state)
{
	struct world *world = *state;
	struct record_device *device = record_device_at(&world->context.record, 0);
	struct peer peer = join(world), waiting = join(world);
	int before = device->request = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pid_t first, last;

	assert_false(world->context.record.shared);
	first = borrow(world, &peer);
	last = borrow(world, &peer);
	assert_true(world->context.record.shared);
	end(first);
	server_turn(&world->server);
	assert_int_equal(world->context.lent.n, 1);
	assert_false(server_is_busy(&world->server));
	kernel_forget();
	kernel_block(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0);
	say(&peer, BIND(RANGE(5, 6)));
	reach(world, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	say(&waiting, BIND(RANGE(7, 7)));
	end(last);
	server_turn(&world->server);
	kernel_release();
	expect_reply(world, &waiting);
	kernel_asked("alloc hwpt for device 1 in 2 with pasids\n"
		     "attach device 1 pasid 5 to 3\n"
		     "attach device 1 pasid 6 to 3\n"
		     "other\n"
		     "other\n"
		     "attach device 1 pasid 7 to 3\n");
	assert_true(device->request >= 0 && device->request != before);
	assert_int_equal(fcntl(before, F_GETFD), -1);
	assert_true(world->context.record.shared);
	/* The kernel has the new one. */
	assert_int_equal(kernel.object[device->object.id].request, device->request);
	assert_int_equal(eventfd_write(device->request, 1), 0);
	while (record_device_at(&world->context.record, 0))
		server_turn(&world->server);
	leave(&peer);
	leave(&waiting);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(watch_again),
	};

	return cmocka_run_group_tests_name("holder watch", tests, NULL, NULL);
}
