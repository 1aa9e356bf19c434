/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dry runs: their answers, what they leave undone, and their processes. */
#include "holder/server.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../holder_world.h"

static bool held;      /* a child stops itself before its first step */
static int fork_errno; /* forking fails with this */
static int pair_errno; /* the socket pair fails with this */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

pid_t fork(void)
{
	errno = fork_errno;
	return fork_errno ? -1 : REAL(fork)();
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
	errno = pair_errno;
	return pair_errno ? -1 : REAL(socketpair)(domain, type, protocol, fds);
}

int prctl(int option, ...)
{
	va_list args;
	unsigned long value;

	va_start(args, option);
	value = va_arg(args, unsigned long);
	va_end(args);
	if (held)
		raise(SIGSTOP);
	return (int)REAL(syscall)(SYS_prctl, option, value, 0, 0, 0);
}

static unsigned int descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* After closing what it shares with the holder, a child has only its socket. */
long syscall(long number, ...)
{
	long a[6], r;
	va_list args;

	va_start(args, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	r = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_close_range && (unsigned int)a[1] == ~0U && descriptors() != 1)
		_exit(98);
	return r;
}

/* Begins the one that PEER asked for, and stops it there. Returns its process. */
static pid_t begin_held(struct world *world, struct peer *peer)
{
	siginfo_t how;
	pid_t pid;

	held = true;
	say(peer, CALL("BindPasids", "{\"device\":\"a\",\"pasid\":\"1-1000\","
				     "\"target\":\"guest\",\"dry_run\":true}"));
	while (!world->server.dry)
		server_turn(&world->server);
	held = false;
	pid = dry_run_pid(world->server.dry);
	assert_int_equal(waitid(P_PID, (id_t)pid, &how, WSTOPPED | WNOWAIT), 0);
	assert_int_equal(how.si_code, CLD_STOPPED);
	return pid;
}

/* TEXT has the plan's lines, each with a newline. */
static void expect_plan(struct world *world, struct peer *peer, const char *expected)
{
	_cleanup_json_ json_object *message = hear(world, peer);
	json_object *parameters = NULL, *lines = NULL;
	char text[2000] = "";

	if (json_get_object(message, "parameters", &parameters) != 1 ||
	    json_get_array(parameters, "plan", &lines) != 1)
		fail_msg("%s", json_object_to_json_string(message));
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		strcat(text, json_object_get_string(json_object_array_get_idx(lines, i)));
		strcat(text, "\n");
	}
	assert_string_equal(text, expected);
}

/*
 * A dry run prints what would be done and does nothing: the fake kernel kills a child that calls
 * it.
 */
static void plans(void **state)
{
	static const struct {
		const char *message, *plan;
	} cases[] = {
		{ CALL("AllocIoas", "{\"name\":\"x\",\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_ALLOC\n" },
		{ CALL("FreeIoas", "{\"ioas\":\"guest\",\"dry_run\":true}"),
		  "ioctl IOMMU_DESTROY ioas 2\n" },
		{ CALL("MapIoas", "{\"ioas\":\"guest\",\"size\":8192,\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_MAP ioas 2 size 0x2000 read write\n" },
		{ CALL("UnmapIoas", "{\"ioas\":\"guest\",\"all\":true,\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\n" },
		{ CALL("AttachDevice", "{\"device\":\"a\",\"target\":\"guest\",\"dry_run\":true}"),
		  "ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\n"
		  "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a hwpt NEW\n" },
		{ CALL("BindPasids",
		       "{\"device\":\"a\",\"pasid\":\"7,100-163\",\"target\":\"guest\","
		       "\"dry_run\":true}"),
		  "ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\n"
		  "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 7 hwpt NEW\n"
		  "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 100-163 hwpt NEW\n" },
		{ CALL("RemoveDevice", "{\"device\":\"a\",\"dry_run\":true}"), "" },
		{ CALL("Destroy", "{\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\n"
		  "ioctl IOMMU_DESTROY ioas 2\n" },
	};
	struct world *world = *state;
	struct peer peer = join(world);
	unsigned int calls = kernel.calls;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		say(&peer, cases[i].message);
		expect_plan(world, &peer, cases[i].plan);
	}
	assert_int_equal(kernel.calls, calls);
	kernel_agrees(&world->context);
	assert_false(world->unlinked);
	leave(&peer);
}

/* Steps are undone in the right order; a refusal is the same as the real one. */
static void dry_run_of_bound(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	say(&peer, BIND("5-9"));
	expect_reply(world, &peer);
	say(&peer, CALL("UnbindPasids", "{\"device\":\"a\",\"pasid\":\"6\",\"dry_run\":true}"));
	expect_plan(world, &peer, "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 6\n");
	say(&peer, CALL("RemoveDevice", "{\"device\":\"a\",\"force\":true,\"dry_run\":true}"));
	expect_plan(world, &peer,
		    "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 5-9\n"
		    "ioctl IOMMU_DESTROY hwpt 3\n");
	say(&peer, CALL("RemoveDevice", "{\"device\":\"a\",\"dry_run\":true}"));
	expect_error(world, &peer, "org.ioasidctl.Context.StillBound", NULL);
	say(&peer, CALL("FreeIoas", "{\"ioas\":\"guest\",\"dry_run\":true}"));
	expect_error(world, &peer, "org.ioasidctl.Context.IoasInUse", NULL);
	say(&peer, CALL("Describe", "{\"dry_run\":true}"));
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "dry_run");
	say(&peer, CALL("Destroy", "{\"dry_run\":1}"));
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "dry_run");
	kernel_agrees(&world->context);
	assert_int_equal(bound(world), 5);
	leave(&peer);
}

/*
 * Meanwhile calls that read are served, those that change wait, and a client that disconnects
 * cancels its dry run.
 */
static void dry_run_and_others(void **state)
{
	struct world *world = *state;
	struct peer dry = join(world), reader = join(world), other = join(world);

	(void)begin_held(world, &dry);
	say(&reader, CALL("Describe", "{}"));
	expect_reply(world, &reader);
	say(&other, CALL("AllocIoas", "{}"));
	server_turn(&world->server);
	assert_null(heard(&other));
	assert_non_null(world->server.dry);
	/* The child, stopped before its first step, has a copy of the connection. */
	shutdown(dry.fd, SHUT_RDWR);
	leave(&dry);
	expect_reply(world, &other);
	assert_null(world->server.dry);
	leave(&reader);
	leave(&other);
}

/* Its pid is not reused until it is reaped, even if the holder was started with SIGCHLD ignored. */
static void dry_run_killed(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	siginfo_t how;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = begin_held(world, &peer);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT), 0);
	assert_int_equal(how.si_status, SIGKILL);
	expect_error(world, &peer, "org.ioasidctl.Context.KernelError", NULL);
	say(&peer, CALL("Describe", "{}"));
	expect_reply(world, &peer);
	/* A dry run that is active when the holder ends is ended with it: see teardown(). */
	say(&peer, CALL("Destroy", "{\"dry_run\":true}"));
	server_turn(&world->server);
	leave(&peer);
	signal(SIGCHLD, SIG_DFL);
}

/* Compares the whole answer; CALL may have been made already. */
static void expect_answer(struct world *world, struct peer *peer, const char *call,
			  const char *expected)
{
	_cleanup_json_ json_object *message = NULL;

	if (call)
		say(peer, call);
	message = hear(world, peer);
	assert_string_equal(
		json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE),
		expected);
	assert_null(world->server.dry);
	/* Its process has been reaped. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

#define DRY "\"dry_run\":true}"

/* Values that only the kernel assigns are null, those it has already assigned are not. */
static void answers(void **state)
{
	static const struct {
		const char *call, *answer;
	} cases[] = {
		{ CALL("AllocIoas", "{" DRY),
		  "{\"parameters\":{\"ioas\":null,\"plan\":[\"ioctl IOMMU_IOAS_ALLOC\"]}}" },
		{ CALL("AllocHwpt", "{\"device\":\"a\",\"ioas\":\"2\",\"pasid\":true," DRY),
		  "{\"parameters\":{\"hwpt\":null,\"plan\":[\"ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\"]}}" },
		{ CALL("BindPasids", "{\"device\":\"a\",\"pasid\":\"5\",\"target\":\"guest\"," DRY),
		  "{\"parameters\":{\"pasid\":\"5\",\"count\":1,\"ioas\":2,\"hwpt\":null,\"failure\":null,"
		  "\"reserved\":null,\"plan\":[\"ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\","
		  "\"ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 5 hwpt NEW\"]}}" },
		{ CALL("MapIoas", "{\"ioas\":\"guest\",\"size\":4096,\"iova\":\"0x5000\"," DRY),
		  "{\"parameters\":{\"iova\":\"0x5000\",\"plan\":["
		  "\"ioctl IOMMU_IOAS_MAP ioas 2 size 0x1000 iova 0x5000 read write\"]}}" },
		{ CALL("MapIoas", "{\"ioas\":\"guest\",\"size\":4096,\"iova\":null," DRY),
		  "{\"parameters\":{\"iova\":null,\"plan\":["
		  "\"ioctl IOMMU_IOAS_MAP ioas 2 size 0x1000 read write\"]}}" },
		{ CALL("UnmapIoas", "{\"ioas\":\"guest\",\"iova\":\"0x5000\"," DRY),
		  "{\"error\":\"org.ioasidctl.Context.NotMapped\",\"parameters\":{\"ioas\":2,"
		  "\"ioas_name\":\"guest\",\"iova\":\"0x5000\"}}" },
		{ CALL("DetachDevice", "{\"device\":\"a\"," DRY),
		  "{\"error\":\"org.ioasidctl.Context.NotAttached\",\"parameters\":{\"device\":\"a\"}}" },
		{ CALL("AttachDevice", "{\"device\":\"a\",\"target\":\"guest\"," DRY),
		  "{\"parameters\":{\"plan\":[\"ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\","
		  "\"ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a hwpt NEW\"]}}" },
		{ CALL("RemoveDevice", "{\"device\":\"a\"," DRY),
		  "{\"parameters\":{\"plan\":[]}}" },
		{ CALL("Destroy", "{" DRY),
		  "{\"parameters\":{\"plan\":["
		  "\"ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\","
		  "\"ioctl IOMMU_DESTROY ioas 2\"]}}" },
	};
	struct world *world = *state;
	struct peer peer = join(world);
	unsigned int before = descriptors();

	kernel_forget();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_answer(world, &peer, cases[i].call, cases[i].answer);
	kernel_asked("");
	kernel_agrees(&world->context);
	assert_int_equal(descriptors(), before);
	leave(&peer);
}

/* One that cannot be started, or ends without an answer, is an error, and the next one works. */
static void without_process(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	unsigned int before = descriptors();

	fork_errno = EAGAIN;
	expect_answer(world, &peer, CALL("AllocIoas", "{" DRY),
		      "{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":{"
		      "\"operation\":\"fork\",\"errno\":11,\"errno_name\":\"EAGAIN\"}}");
	fork_errno = 0;
	pair_errno = EMFILE;
	expect_answer(world, &peer, CALL("AllocIoas", "{" DRY),
		      "{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":{"
		      "\"operation\":\"socketpair\",\"errno\":24,\"errno_name\":\"EMFILE\"}}");
	pair_errno = 0;
	assert_int_equal(kill(begin_held(world, &peer), SIGKILL), 0);
	expect_answer(world, &peer, NULL,
		      "{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":{"
		      "\"operation\":\"dry run\",\"errno\":10,\"errno_name\":\"ECHILD\"}}");
	expect_answer(world, &peer, CALL("AllocIoas", "{" DRY),
		      "{\"parameters\":{\"ioas\":null,\"plan\":[\"ioctl IOMMU_IOAS_ALLOC\"]}}");
	assert_int_equal(descriptors(), before);
	leave(&peer);
}

/* Of a name as long as names get: each PASID of it costs a long line. */
#define LONG_NAME 255

/* The removal of the second device, which has N scattered PASIDs. */
static json_object *plan_of(struct world *world, struct peer *peer, uint32_t n)
{
	struct record_device *device = &world->context.record.device[1];
	json_object *message;

	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(record_pasid_bind(device, 100001 + 2 * i, 9), 0);
	say(peer, CALL("RemoveDevice", "{\"device\":\"vfio99\",\"force\":true," DRY));
	message = hear(world, peer);
	ranges_done(&device->binding[0].pasid);
	device->binding_n = 0;
	return message;
}

/* A long plan is complete however slowly it is read; one that is too long is refused. */
static void long_plans(void **state)
{
	const uint32_t length =
		strlen("ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT  pasid 100001") + LONG_NAME;
	const uint32_t fits = (4 << 20) / length;
	_cleanup_json_ json_object *whole = NULL, *none = NULL;
	json_object *parameters = NULL, *lines = NULL;
	char path[LONG_NAME + 2] = "/", last[LONG_NAME + 80];
	struct world *world = *state;
	struct peer peer = join(world);

	memset(path + 1, 'n', LONG_NAME);
	kernel_add(&world->context, path, 20, 5);
	assert_int_equal(str_replace(&world->context.record.device[1].cdev, "vfio99"), 0);
	whole = plan_of(world, &peer, fits);
	assert_int_equal(json_get_object(whole, "parameters", &parameters), 1);
	assert_int_equal(json_get_array(parameters, "plan", &lines), 1);
	assert_int_equal(json_object_array_length(lines), fits);
	snprintf(last, sizeof(last), "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT %s pasid %u", path + 1,
		 100001 + 2 * (fits - 1));
	assert_string_equal(json_object_get_string(json_object_array_get_idx(lines, fits - 1)),
			    last);
	none = plan_of(world, &peer, fits + 1);
	assert_string_equal(json_object_to_json_string_ext(none, JSON_C_TO_STRING_PLAIN),
			    "{\"error\":\"org.ioasidctl.Context.LimitReached\",\"parameters\":{"
			    "\"what\":\"bytes of a plan\",\"limit\":4194304}}");
	leave(&peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plans),          TEST(dry_run_of_bound), TEST(dry_run_and_others),
		TEST(dry_run_killed), TEST(answers),          TEST(without_process),
		TEST(long_plans),
	};

	return cmocka_run_group_tests_name("holder dry run", tests, NULL, NULL);
}
