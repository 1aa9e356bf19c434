/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adding and removing devices, in a directory that looks like sysfs as far as VFIO nodes are
 * concerned, with failures at each step.
 */
#include "holder/server.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "../holder_world.h"

static char sysfs[64];  /* used as /sys/devices */
static int sysfs_errno; /* it cannot be read */

/* Intercepts openat2() of a path below /sys/devices; passes on the others. */
long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long a, b, c, d, e, f;
	va_list args;
	int dir;

	va_start(args, number);
	a = va_arg(args, long);
	b = va_arg(args, long);
	c = va_arg(args, long);
	d = va_arg(args, long);
	e = va_arg(args, long);
	f = va_arg(args, long);
	va_end(args);
	if (number != SYS_openat2)
		return real(number, a, b, c, d, e, f);
	if (sysfs_errno) {
		errno = sysfs_errno;
		return -1;
	}
	dir = open(sysfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	a = real(number, dir, b, c, d, e, f);
	real(SYS_close, dir);
	return a;
}

static const char *iommu = "/dev/null";

static const char *node_of(const char *path)
{
	return strncmp(path, "/dev/vfio/devices/", 18) == 0 ? "/dev/null" : path;
}

int faccessat(int dir, const char *path, int mode, int flags)
{
	__typeof__(&faccessat) real = (__typeof__(&faccessat))dlsym(RTLD_NEXT, "faccessat");

	return real(dir, node_of(path), mode, flags);
}

int lstat(const char *path, struct stat *ret)
{
	return fstatat(AT_FDCWD, node_of(path), ret, AT_SYMLINK_NOFOLLOW);
}

/* Every cdev is /dev/null, on which the fake kernel accepts ioctls. */
int open(const char *path, int flags, ...)
{
	return openat(AT_FDCWD, strcmp(path, "/dev/iommu") == 0 ? iommu : node_of(path), flags,
		      0600);
}

static void run(const char *shell)
{
	char command[400];

	snprintf(command, sizeof(command), "S=%s; %s", sysfs, shell);
	assert_int_equal(system(command), 0);
}

/* x (group 7) and y (no group) have nodes, z has no VFIO driver, w a kernel without cdevs. */
static int setup_sysfs(void **state)
{
	struct change *change = NULL;
	struct fault fault = { 0 };
	struct context *context;
	struct world *world;

	assert_int_equal(setup(state), 0);
	world = *state;
	context = &world->context;
	assert_int_equal(
		context_remove_device(record_device_at(&context->record, 0), true, &fault, &change),
		0);
	make(context, change);
	assert_int_equal(context_free_ioas(context, record_ioas_find(&context->record, "guest"),
					   &fault, &change),
			 0);
	make(context, change);
	snprintf(sysfs, sizeof(sysfs), "/tmp/ioasidctl-unit-XXXXXX");
	assert_non_null(mkdtemp(sysfs));
	run("mkdir -p $S/x/vfio-dev/vfio3 $S/y/vfio-dev/vfio9 $S/z $S/w/vfio-dev/vfio5; "
	    "ln -s ../../iommu_groups/7 $S/x/iommu_group; "
	    "echo 1:3 >$S/x/vfio-dev/vfio3/dev; echo 1:3 >$S/y/vfio-dev/vfio9/dev");
	kernel.next_width = 20;
	return 0;
}

static int teardown_sysfs(void **state)
{
	run("rm -r $S");
	return teardown(state);
}

static void expect_answer(struct world *world, struct peer *peer, const char *call,
			  const char *expected)
{
	_cleanup_json_ json_object *message = NULL;
	char *text, *at;

	say(peer, call);
	message = hear(world, peer);
	text = strdup(json_object_to_json_string_ext(
		message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	/* The directory's name does not matter. */
	while ((at = strstr(text, sysfs)) != NULL) {
		*at = 'S';
		memmove(at + 1, at + strlen(sysfs), strlen(at + strlen(sysfs)) + 1);
	}
	assert_string_equal(text, expected);
	free(text);
}

#define ADD(device) CALL("AddDevice", "{\"path\":\"/sys/devices/" device "\"}")
#define DESCRIBED(devices) \
	"{\"parameters\":{\"name\":\"test\",\"pid\":77,\"uid\":42,\"created\":1,\"iommufd\":true," \
	"\"shared\":false,\"busy\":null," \
	"\"features\":[\"cancel\",\"progress\",\"busy\",\"shared\",\"memory\",\"monitor\",\"file\"],\"device\":[" devices \
	"],\"ioas\":[],\"hwpt\":[]}}"
#define X \
	"{\"device\":\"x\",\"path\":\"S/x\",\"cdev\":\"vfio3\",\"group\":7,\"id\":1,\"pasid_width\":20," \
	"\"attached\":null,\"pasid_count\":0}"
#define Y \
	"{\"device\":\"y\",\"path\":\"S/y\",\"cdev\":\"vfio9\",\"group\":null,\"id\":null," \
	"\"pasid_width\":null,\"attached\":null,\"pasid_count\":0}"
#define ERROR(name, parameters) \
	"{\"error\":\"org.ioasidctl.Context." name "\",\"parameters\":" parameters "}"

static struct peer begin(struct world *world)
{
	world->context.record.pid = 77;
	world->context.record.uid = 42;
	return join(world);
}

static void added_and_removed(void **state)
{
	struct world *world = *state;
	struct peer peer = begin(world);
	const struct record_device *device;
	int request, fd;

	expect_answer(world, &peer, ADD("x"), "{\"parameters\":{\"device\":\"x\",\"id\":1}}");
	device = record_device_at(&world->context.record, 0);
	request = device->request;
	fd = device->fd;
	/* The kernel can ask for it back. */
	assert_true(request >= 0);
	assert_int_equal(kernel.object[1].request, request);
	assert_true(fcntl(request, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(request, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	expect_answer(world, &peer, ADD("x"), ERROR("DeviceInUse", "{\"path\":\"S/x\"}"));
	/* Only opened, to be bound by another process. */
	expect_answer(world, &peer,
		      CALL("AddDevice", "{\"path\":\"/sys/devices/y\",\"bind\":false}"),
		      "{\"parameters\":{\"device\":\"y\",\"id\":null}}");
	expect_answer(world, &peer, CALL("Describe", "{}"), DESCRIBED(X "," Y));
	assert_int_equal(record_device_at(&world->context.record, 1)->request, -1);
	/* Not usable before it is bound. */
	expect_answer(world, &peer,
		      CALL("AttachDevice", "{\"device\":{\"name\":\"y\"},\"target\":{\"id\":2}}"),
		      ERROR("DeviceNotBound", "{\"device\":\"y\"}"));
	expect_answer(world, &peer, CALL("DetachDevice", "{\"device\":{\"name\":\"y\"}}"),
		      ERROR("DeviceNotBound", "{\"device\":\"y\"}"));
	expect_answer(
		world, &peer,
		CALL("UnbindPasids", "{\"device\":{\"name\":\"y\"},\"pasid\":[" RANGE(1, 1) "]}"),
		ERROR("DeviceNotBound", "{\"device\":\"y\"}"));
	/* By id, cdev, name and path; unknown ids are refused. */
	expect_answer(world, &peer, CALL("DetachDevice", "{\"device\":{\"id\":1}}"),
		      ERROR("NotAttached", "{\"device\":\"x\"}"));
	expect_answer(world, &peer, CALL("DetachDevice", "{\"device\":{\"name\":\"vfio3\"}}"),
		      ERROR("NotAttached", "{\"device\":\"x\"}"));
	expect_answer(world, &peer, CALL("DetachDevice", "{\"device\":{\"id\":0}}"),
		      ERROR("UnknownObject",
			    "{\"kind\":\"device\",\"object\":{\"id\":0,\"name\":null}}"));
	expect_answer(world, &peer, CALL("RemoveDevice", "{\"device\":{\"name\":\"vfio9\"}}"),
		      "{\"parameters\":{}}");
	expect_answer(world, &peer, CALL("RemoveDevice", "{\"device\":{\"name\":\"x\"}}"),
		      "{\"parameters\":{}}");
	expect_answer(world, &peer, CALL("Describe", "{}"), DESCRIBED(""));
	/* Both fds are closed. */
	assert_int_equal(fcntl(request, F_GETFD), -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(kernel_count(KERNEL_DEVICE), 0);
	leave(&peer);
}

static void not_to_be_had(void **state)
{
	struct world *world = *state;
	struct peer peer = begin(world);

	expect_answer(world, &peer, ADD("none"),
		      ERROR("NoSuchDevice", "{\"path\":\"/sys/devices/none\"}"));
	expect_answer(world, &peer, ADD("z"),
		      ERROR("NoVfioDevice", "{\"path\":\"/sys/devices/z\"}"));
	expect_answer(world, &peer, ADD("w"), ERROR("NoVfioDevice", "{\"path\":\"S/w\"}"));
	/* The device number belongs to another node. */
	run("echo 1:5 >$S/x/vfio-dev/vfio3/dev");
	expect_answer(world, &peer, ADD("x"),
		      ERROR("KernelError",
			    "{\"operation\":\"open of the VFIO cdev\",\"errno\":116,\"errno_name\":"
			    "\"ESTALE\"}"));
	expect_answer(world, &peer, CALL("Describe", "{}"), DESCRIBED(""));
	run("echo 1:3 >$S/x/vfio-dev/vfio3/dev; touch $S/file");
	expect_answer(world, &peer, ADD("file"),
		      ERROR("NoSuchDevice", "{\"path\":\"/sys/devices/file\"}"));
	expect_answer(world, &peer, ADD("../x"),
		      "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{"
		      "\"parameter\":\"path\"}}");
	sysfs_errno = EIO;
	expect_answer(world, &peer, ADD("x"),
		      ERROR("KernelError", "{\"operation\":\"read of the device in sysfs\","
					   "\"errno\":5,\"errno_name\":\"EIO\"}"));
	sysfs_errno = 0;
	leave(&peer);
}

/* As many as GetFds can return, and no more. */
static void too_many(void **state)
{
	struct world *world = *state;
	struct record *record = &world->context.record;
	struct peer peer = begin(world);

	while (record->of[OBJECT_DEVICE].n < 252 - 1) {
		struct record_device *device = record_device_new("/d", "vfio1");

		assert_non_null(device);
		assert_int_equal(record_reserve(record, OBJECT_DEVICE), 0);
		record_insert(record, &device->object);
	}
	kernel_forget();
	expect_answer(world, &peer,
		      CALL("AddDevice", "{\"path\":\"/sys/devices/y\",\"bind\":false}"),
		      "{\"parameters\":{\"device\":\"y\",\"id\":null}}");
	expect_answer(world, &peer, ADD("x"),
		      ERROR("LimitReached", "{\"what\":\"device\",\"limit\":252}"));
	kernel_asked("");
	while (record->of[OBJECT_DEVICE].n > 1) {
		struct object *device = record_at(record, OBJECT_DEVICE, 0);

		record_remove(record, device);
		object_free(device);
	}
	leave(&peer);
}

/* The plan, as far as it can be known. */
static void planned(void **state)
{
	struct world *world = *state;
	struct peer peer = begin(world);

	kernel_forget();
	expect_answer(world, &peer,
		      CALL("AddDevice", "{\"path\":\"/sys/devices/x\",\"dry_run\":true}"),
		      "{\"parameters\":{\"device\":\"x\",\"id\":null,\"plan\":["
		      "\"open /dev/vfio/devices/vfio3\",\"ioctl VFIO_DEVICE_BIND_IOMMUFD x\","
		      "\"ioctl IOMMU_GET_HW_INFO x\",\"ioctl VFIO_DEVICE_SET_IRQS x\"]}}");
	expect_answer(
		world, &peer,
		CALL("AddDevice", "{\"path\":\"/sys/devices/y\",\"bind\":false,\"dry_run\":true}"),
		"{\"parameters\":{\"device\":\"y\",\"id\":null,\"plan\":["
		"\"open /dev/vfio/devices/vfio9\"]}}");
	expect_answer(world, &peer,
		      CALL("AddDevice", "{\"path\":\"/sys/devices/z\",\"dry_run\":true}"),
		      ERROR("NoVfioDevice", "{\"path\":\"/sys/devices/z\"}"));
	run("echo 1:5 >$S/x/vfio-dev/vfio3/dev");
	expect_answer(world, &peer,
		      CALL("AddDevice", "{\"path\":\"/sys/devices/x\",\"dry_run\":true}"),
		      ERROR("KernelError",
			    "{\"operation\":\"open of the VFIO cdev\",\"errno\":116,\"errno_name\":"
			    "\"ESTALE\"}"));
	kernel_asked("");
	expect_answer(world, &peer, CALL("Describe", "{}"), DESCRIBED(""));
	leave(&peer);
}

/* Number of open fds of this process. */
static unsigned int descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Whichever step fails, nothing is left: no fd, no device in the kernel, no record. */
static void steps_fail(void **state)
{
	static const struct {
		unsigned long request;
		int err;
		const char *operation; /* NULL: not a failure */
		const char *described;
	} cases[] = {
		{ UAPI_VFIO_DEVICE_BIND_IOMMUFD, EBUSY, "VFIO_DEVICE_BIND_IOMMUFD", NULL },
		{ UAPI_IOMMU_GET_HW_INFO, EIO, "IOMMU_GET_HW_INFO", NULL },
		{ UAPI_VFIO_DEVICE_SET_IRQS, EIO, "VFIO_DEVICE_SET_IRQS", NULL },
		{ UAPI_VFIO_DEVICE_GET_INFO, EIO, "VFIO_DEVICE_SET_IRQS", NULL },
		/* An mdev, a device without IOMMU, a driver without request interrupt. */
		{ UAPI_IOMMU_GET_HW_INFO, ENOENT, NULL, "\"pasid_width\":0" },
		{ UAPI_IOMMU_GET_HW_INFO, EOPNOTSUPP, NULL, "\"pasid_width\":0" },
		{ UAPI_VFIO_DEVICE_SET_IRQS, EINVAL, NULL, "\"pasid_width\":20" },
		{ UAPI_VFIO_DEVICE_GET_INFO, ENOTTY, NULL, "\"pasid_width\":20" },
	};
	struct world *world = *state;
	struct peer peer = begin(world);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int before = descriptors();
		_cleanup_json_ json_object *message = NULL, *described = NULL;
		const char *text;

		kernel_fail(cases[i].request, 0, cases[i].err);
		say(&peer, ADD("x"));
		message = hear(world, &peer);
		text = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN);
		assert_int_equal(kernel.err, 0);
		if (cases[i].operation) {
			assert_non_null(strstr(text, cases[i].operation));
			assert_int_equal(world->context.record.of[OBJECT_DEVICE].n, 0);
		} else {
			assert_null(strstr(text, "error"));
			say(&peer, CALL("Describe", "{}"));
			described = hear(world, &peer);
			assert_non_null(strstr(
				json_object_to_json_string_ext(described, JSON_C_TO_STRING_PLAIN),
				cases[i].described));
			assert_int_equal(record_device_at(&world->context.record, 0)->request < 0,
					 cases[i].request != UAPI_IOMMU_GET_HW_INFO);
			expect_answer(world, &peer,
				      CALL("RemoveDevice", "{\"device\":{\"name\":\"x\"}}"),
				      "{\"parameters\":{}}");
		}
		assert_int_equal(kernel_count(KERNEL_DEVICE), 0);
		assert_int_equal(descriptors(), before);
	}
	leave(&peer);
}

/* PASIDs have 20 bits, whatever a device claims. */
static void widths(void **state)
{
	static const unsigned int cases[][2] = { { 0, 0 }, { 1, 1 }, { 20, 20 }, { 21, 20 } };
	struct world *world = *state;
	struct peer peer = begin(world);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel.next_width = cases[i][0];
		say(&peer, ADD("x"));
		expect_reply(world, &peer);
		assert_int_equal(record_device_at(&world->context.record, 0)->pasid_width,
				 cases[i][1]);
		say(&peer, CALL("RemoveDevice", "{\"device\":{\"name\":\"x\"}}"));
		expect_reply(world, &peer);
	}
	leave(&peer);
}

static void opened(void **state)
{
	struct context context = { .iommufd = -7 };
	uint64_t now = (uint64_t)time(NULL);

	(void)state;
	iommu = "/nowhere/iommu";
	assert_int_equal(context_open(&context, "lab"), -ENOENT);
	/* Untouched. */
	assert_int_equal(context.iommufd, -7);
	assert_null(context.record.name);
	iommu = "/dev/null";
	assert_int_equal(context_open(&context, "lab"), 0);
	assert_true(context.iommufd >= 0);
	assert_true(fcntl(context.iommufd, F_GETFD) & FD_CLOEXEC);
	assert_string_equal(context.record.name, "lab");
	assert_int_equal(context.record.uid, geteuid());
	assert_int_equal(context.record.pid, getpid());
	assert_true(context.record.created >= now && context.record.created <= now + 10);
	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++)
		assert_int_equal(context.record.of[kind].n, 0);
	assert_null(context.plan);
	kernel.iommufd = context.iommufd;
	context_done(&context);
	assert_int_equal(fcntl(kernel.iommufd, F_GETFD), -1);
	assert_int_equal(context.iommufd, -1);
	assert_null(context.record.name);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_sysfs, teardown_sysfs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(added_and_removed), TEST(not_to_be_had), TEST(too_many), TEST(planned),
		TEST(steps_fail),        TEST(widths),        TEST(opened),
	};

	return cmocka_run_group_tests_name("holder device", tests, NULL, NULL);
}
