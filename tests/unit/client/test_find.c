/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client with holders that follow the interface, and with others. */
#include "client/internal.h"

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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "holder/method.h"

/* A connection to a peer that answers N calls with ANSWERS, each with COUNT fds of FILE. */
static struct holder_client *dial(const char *const *answers, size_t n, const char *file,
				  size_t count)
{
	struct holder_client *client = calloc(1, sizeof(*client));
	int fds[2];

	assert_non_null(client);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	fflush(NULL);
	if (fork() == 0) {
		struct varlink_in in = { .max = 100000 };

		close(fds[0]);
		for (size_t i = 0; i < n; i++) {
			struct varlink_out out = { 0 };
			json_object *call = NULL, *answer = json_tokener_parse(answers[i]);
			int *fd = calloc(count ? count : 1, sizeof(int));

			while (varlink_in_next(&in, &call) == 0 &&
			       varlink_in_read(&in, fds[1]) != 0)
				;
			json_object_put(call);
			for (size_t j = 0; j < count; j++)
				fd[j] = open(file, O_RDONLY | O_CLOEXEC);
			/* Text that is not JSON is sent as it is. */
			if (answer)
				varlink_out_put(&out, answer, fd, count);
			else if (write(fds[1], answers[i], strlen(answers[i]) + 1) < 0)
				_exit(1);
			while (varlink_out_write(&out, fds[1]) == -EAGAIN)
				;
		}
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	client->fd = fds[0];
	client->reference = strdup("c");
	client->in.max = (size_t)1 << 20;
	return client;
}

static void hang_up(struct holder_client *client)
{
	holder_close(client);
	assert_true(wait(NULL) > 0);
}

#define BOUND(members) "{\"parameters\":{\"count\":1," members "}}"
#define RANGE(lo, hi)  "{\"lo\":" #lo ",\"hi\":" #hi "}"
#define ON             "\"target\":{\"ioas\":{\"id\":3,\"name\":\"g\"},\"hwpt\":{\"id\":4,\"name\":null}}"

#define DEVICE \
	"{\"device\":\"a\",\"path\":\"/sys/devices/a\",\"cdev\":\"vfio0\",\"group\":null,\"id\":1," \
	"\"pasid_width\":20,\"attached\":{\"ioas\":{\"id\":3,\"name\":\"g\"},\"hwpt\":null}," \
	"\"pasid_count\":7}"
#define DESCRIBE(device) \
	"{\"parameters\":{\"name\":\"c\",\"pid\":1,\"uid\":0,\"created\":5,\"iommufd\":true," \
	"\"device\":[" device \
	"],\"ioas\":[{\"id\":3,\"name\":\"g\",\"mapped\":0,\"mapping_count\":0,\"user_count\":8}]," \
	"\"hwpt\":[]}}"

static void describe(void **state)
{
	static const char *const answer[] = { DESCRIBE(DEVICE "," DEVICE) };
	_cleanup_holder_context_ struct holder_context context = { 0 };
	struct holder_client *client = dial(answer, 1, "/dev/null", 3);

	(void)state;
	assert_int_equal(holder_describe(client, &context, NULL), 0);
	/* Unrequested fds are not received. */
	assert_int_equal(client->in.fds.n, 0);
	assert_int_equal(context.device_n, 2);
	assert_int_equal(context.device[1].group.status, 0);
	assert_int_equal(context.device[1].pasid_width.value, 20);
	assert_true(context.device[1].attached);
	assert_string_equal(context.device[1].target.ioas_name, "g");
	assert_int_equal(context.device[1].target.hwpt.status, 0);
	assert_int_equal(context.ioas[0].user_count, 8);
	hang_up(client);
}

static void hostile(void **state)
{
	static const char *const answers[] = {
		"{\"parameters\":{}}",
		"{\"parameters\":[]}",
		"{\"error\":1}",
		"{\"error\":\"x\"}",
		"{\"error\":\"com.example.KernelError\",\"parameters\":{\"errno\":5}}",
		"[]",
		"x",
		DESCRIBE("1"),
		DESCRIBE("{}"),
		DESCRIBE("{\"device\":\"a\"}"),
		DESCRIBE("{\"device\":\"a\",\"path\":\"p\",\"cdev\":\"c\",\"group\":-1,\"id\":null,"
			 "\"pasid_width\":null,\"attached\":null,\"pasid_count\":0}"),
		DESCRIBE(
			"{\"device\":\"a\",\"path\":\"p\",\"cdev\":\"c\",\"group\":1,\"id\":4294967296,"
			"\"pasid_width\":null,\"attached\":null,\"pasid_count\":0}"),
		"{\"parameters\":{\"name\":\"c\",\"pid\":2147483648,\"uid\":0,\"created\":5,"
		"\"iommufd\":true,\"device\":[],\"ioas\":[],\"hwpt\":[]}}",
		"{\"parameters\":{},\"continues\":true}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct holder_context context = { .name = (char *)"untouched" };
		struct holder_client *client = dial(&answers[i], 1, NULL, 0);

		if (holder_describe(client, &context, &error) != -EPROTO)
			fail_msg("taken: %s", answers[i]);
		assert_int_equal(error.kind, HOLDER_ERROR_PROTOCOL);
		assert_non_null(error.message);
		assert_string_equal(context.name, "untouched");
		hang_up(client);
	}
}

static void bindings(void **state)
{
	static const char *const answer[] = {
		"{\"parameters\":{\"binding\":[{\"device\":\"a\",\"lo\":5,\"hi\":4," ON "}]}}",
		"{\"parameters\":{\"binding\":[{\"device\":\"a\",\"lo\":0,\"hi\":4," ON "}]}}",
		"{\"parameters\":{\"binding\":[{\"device\":\"a\",\"lo\":5,\"hi\":9,\"target\":{\"ioas\":{\"id\":3,\"name\":null},\"hwpt\":{\"id\":4,\"name\":null}}}]}}",
	};
	_cleanup_holder_bindings_ struct holder_bindings list = { 0 };
	struct holder_client *client = dial(answer, 3, NULL, 0);

	(void)state;
	assert_int_equal(holder_list_bindings(client, NULL, &list, NULL), -EPROTO);
	assert_int_equal(holder_list_bindings(client, NULL, &list, NULL), -EPROTO);
	assert_int_equal(holder_list_bindings(client, "a", &list, NULL), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.v[0].hi, 9);
	hang_up(client);
}

/*
 * N bindings of a and b: PASIDs 1-2, then each STEP further; starts again at 1 for the second
 * device.
 */
static char *bindings_answer(size_t n, unsigned int step)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	fprintf(f, "{\"parameters\":{\"binding\":[");
	for (size_t i = 0; i < n; i++) {
		unsigned int lo = 1 + (unsigned int)i * step;

		fprintf(f,
			"%s{\"device\":\"%c\",\"lo\":%u,\"hi\":%u,\"target\":{\"ioas\":{\"id\":3,\"name\":null},\"hwpt\":{\"id\":4,\"name\":null}}}",
			i ? "," : "", i < n / 2 ? 'a' : 'b', lo, lo + 1);
	}
	fprintf(f, "]}}");
	assert_int_equal(fclose(f), 0);
	return text;
}

/* The number of devices, and of PASIDs per device, is bounded: an endless list is refused. */
/* What a name could be taken for where it is printed: in commands and shell completion. */
static void hostile_names(void **state)
{
	static const char binding[] =
		"{\"parameters\":{\"binding\":[{\"device\":\"a\",\"lo\":5,\"hi\":9,\"target\":"
		"{\"ioas\":{\"id\":3,\"name\":\"%s\"},\"hwpt\":{\"id\":4,\"name\":null}}}]}}";
	static const char ioas[] =
		"{\"parameters\":{\"ioas\":{\"id\":3,\"name\":\"%s\",\"alignment\":4096,"
		"\"range\":[],\"mapping\":[]}}}";
	static const struct {
		const char *name;
		int r;
	} names[] = {
		{ "guest-1.x", 0 }, { "", -EPROTO },  { "$(id)", -EPROTO },
		{ "a;b", -EPROTO }, { "3", -EPROTO }, { "a b", -EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_holder_bindings_ struct holder_bindings list = { 0 };
		_cleanup_holder_ioas_info_ struct holder_ioas_info info = { 0 };
		char one[512], two[512];
		const char *answers[] = { one, two };
		struct holder_client *client;

		snprintf(one, sizeof(one), binding, names[i].name);
		snprintf(two, sizeof(two), ioas, names[i].name);
		client = dial(answers, 2, NULL, 0);
		assert_int_equal(holder_list_bindings(client, NULL, &list, NULL), names[i].r);
		assert_int_equal(holder_show_ioas(client, "3", &info, NULL), names[i].r);
		hang_up(client);
	}
}

static void endless_bindings(void **state)
{
	static const struct {
		size_t n;
		unsigned int step;
		int r;
	} cases[] = {
		{ VARLINK_FD_MAX - 1, 0, 0 },
		{ VARLINK_FD_MAX, 0, -EPROTO },
		{ VARLINK_FD_MAX, 1, -EPROTO }, /* each overlaps the previous one */
		{ 3000, 2, 0 },                 /* two devices */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_bindings_ struct holder_bindings list = { 0 };
		char *answer = bindings_answer(cases[i].n, cases[i].step);
		struct holder_client *client = dial((const char *const *)&answer, 1, NULL, 0);

		assert_int_equal(holder_list_bindings(client, NULL, &list, NULL), cases[i].r);
		assert_int_equal(list.n, cases[i].r ? 0 : cases[i].n);
		hang_up(client);
		free(answer);
	}
}

/* As many fds as names; then they are checked, and /dev/null is neither. */
static void descriptors(void **state)
{
	static const char *const answer[] = { "{\"parameters\":{\"name\":[\"iommufd\",\"a\"]}}",
					      "{\"parameters\":{\"name\":[\"a\",\"iommufd\"]}}" };
	static const char protocol[] = "invalid reply from the context's holder";
	static const char device[] =
		"the holder of context c passed something that is not an open /dev/iommu";
	static const struct {
		size_t answer, n;
		const char *message;
	} cases[] = {
		{ 0, 2, device },   { 0, 1, protocol }, { 0, 3, protocol },
		{ 0, 0, protocol }, { 1, 2, protocol },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct holder_fds fds = { .n = 77 };
		struct holder_client *client =
			dial(&answer[cases[i].answer], 1, "/dev/null", cases[i].n);

		assert_int_equal(holder_get_fds(client, &fds, &error), -EPROTO);
		assert_string_equal(error.message, cases[i].message);
		assert_int_equal(error.kind, HOLDER_ERROR_PROTOCOL);
		assert_int_equal(fds.n, 77);
		hang_up(client);
	}
}

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

/*
 * A sysfs in which /dev/null is iommu, /dev/zero the cdev of device a, /dev/full another node of a,
 * and /dev/random the cdev of device b.
 */
static void check_fds(void **state)
{
	static const struct {
		const char *file[2], *name;
		int flags, r;
	} cases[] = {
		{ { "/dev/null", "/dev/zero" }, "a", O_RDWR, 0 },
		{ { "/dev/null", "/dev/random" }, "b", O_RDWR, 0 },
		{ { "/dev/null", NULL }, NULL, O_RDWR, 0 },
		{ { "/dev/null", "/dev/zero" }, "b", O_RDWR, -EPROTO },
		{ { "/dev/null", "/dev/random" }, "a", O_RDWR, -EPROTO },
		{ { "/dev/null", "/dev/full" }, "a", O_RDWR, -EPROTO },
		{ { "/dev/null", "/dev/null" }, "a", O_RDWR, -EPROTO },
		{ { "/dev/null", "/tmp" }, "a", O_PATH, -EPROTO },
		{ { "/dev/zero", "/dev/zero" }, "a", O_RDWR, -EPROTO },
		{ { "/dev/null", "/dev/zero" }, "a", O_RDONLY, -EPROTO },
		{ { "/dev/null", "/dev/zero" }, "a", O_PATH, -EPROTO },
	};
	char top[] = "/tmp/ioasidctl-unit-XXXXXX", command[512];
	struct holder_client client = { .reference = (char *)"c" };

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p class/misc/iommu dev/char devices/p/a/vfio-dev/vfio0 "
		 "devices/p/a/other "
		 "devices/b/vfio-dev/vfio1 && echo 1:3 >class/misc/iommu/dev && cd dev/char && "
		 "ln -s ../../devices/p/a/vfio-dev/vfio0 1:5 && ln -s ../../devices/p/a/other 1:7 "
		 "&& "
		 "ln -s ../../devices/b/vfio-dev/vfio1 1:8",
		 top);
	run(command);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct holder_fds list = { .v = calloc(2, sizeof(list.v[0])) };

		for (; list.n < 2 && cases[i].file[list.n]; list.n++)
			list.v[list.n] = (struct holder_fd){
				.name = strdup(list.n ? cases[i].name : "iommufd"),
				.fd = open(cases[i].file[list.n], cases[i].flags | O_CLOEXEC),
			};
		if (client_check_fds(&client, &list, top, "/none", &error) != cases[i].r)
			fail_msg("case %zu: %s", i, error.message ? error.message : "taken");
		assert_true(cases[i].r ? error.message != NULL : error.message == NULL);
		holder_fds_done(&list);
	}
	snprintf(command, sizeof(command), "rm -r %s", top);
	run(command);
}

/* As vfio_device_show_fdinfo() writes it. A minor number may have gone from one device to another. */
static void check_fdinfo(void **state)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "pos:\\t0\\nvfio-device-syspath: /sys/devices/p/a\\n", 0 },
		{ "pos:\\t0\\nvfio-device-syspath: /sys/devices/p/b\\n", -EPROTO },
		{ "pos:\\t0\\nvfio-device-syspath: /sys/devices/p/a/a\\n", -EPROTO },
		{ "vfio-device-syspath: /sys/devices/a", -EPROTO },
		{ "vfio-device-syspath: \\n", -EPROTO },
		{ "pos:\\t0\\nflags:\\t02\\n", 0 },
		{ "", 0 },
	};
	char top[] = "/tmp/ioasidctl-unit-XXXXXX", command[512];
	struct holder_client client = { .reference = (char *)"c" };
	struct holder_fds list = { .v = calloc(2, sizeof(list.v[0])), .n = 2 };

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p class/misc/iommu dev/char devices/p/a/vfio-dev/vfio0 && "
		 "echo 1:3 >class/misc/iommu/dev && "
		 "ln -s ../../devices/p/a/vfio-dev/vfio0 dev/char/1:5",
		 top);
	run(command);
	list.v[0] = (struct holder_fd){ strdup("iommufd"), open("/dev/null", O_RDWR | O_CLOEXEC) };
	list.v[1] = (struct holder_fd){ strdup("a"), open("/dev/zero", O_RDWR | O_CLOEXEC) };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };

		snprintf(command, sizeof(command), "printf '%s' >%s/%d", cases[i].text, top,
			 list.v[1].fd);
		run(command);
		if (client_check_fds(&client, &list, top, top, &error) != cases[i].r)
			fail_msg("case %zu: %s", i, error.message ? error.message : "taken");
		if (cases[i].r)
			assert_string_equal(error.message,
					    "the holder of context c passed something that is not "
					    "the open VFIO device a");
	}
	holder_fds_done(&list);
	snprintf(command, sizeof(command), "rm -r %s", top);
	run(command);
}

/* The holder dies, or stops in the middle of an answer and then dies. */
static void dead(void **state)
{
	static const char *const none[] = { "" };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	struct holder_context context;
	struct holder_client *client = dial(none, 0, NULL, 0);
	uint32_t ioas;

	(void)state;
	assert_int_equal(holder_describe(client, &context, &error), -ECONNRESET);
	assert_int_equal(error.kind, HOLDER_ERROR_PROTOCOL);
	assert_int_equal(holder_alloc_ioas(client, NULL, &ioas, &error), -ECONNRESET);
	/* The caller wanted it destroyed, so that is success. */
	assert_int_equal(holder_destroy(client, false, &error), 0);
	hang_up(client);
}

#define ERROR(name, parameters) \
	"{\"error\":\"org.ioasidctl.Context." name "\",\"parameters\":" parameters "}"

/*
 * A name alone is the caller's own, another user's begins with its owner; there is no other form.
 */
static void names(void **state)
{
	static const struct {
		const char *text;
		bool captured;
		int r;
		uid_t uid;
		const char *name;
	} cases[] = {
		{ "lab", false, 0, 7, "lab" },
		{ "0:lab", false, 0, 0, "lab" },
		{ "7:lab", true, 0, 7, "lab" },
		{ "4294967294:lab", false, 0, 4294967294, "lab" },
		{ "0x3e8:lab", false, 0, 1000, "lab" },
		{ "root/lab", false, 0, 0, "lab" },
		{ "0123456789/lab", false, -ENOENT, 0, NULL },
		{ "no-such-user/lab", false, -ENOENT, 0, NULL },
		{ "root/lab", true, -EINVAL, 0, NULL },
		{ "4294967295:lab", false, -EINVAL, 0, NULL },
		{ "-1:lab", false, -EINVAL, 0, NULL },
		{ "root:lab", false, -EINVAL, 0, NULL },
		{ ":lab", false, -EINVAL, 0, NULL },
		{ "/lab", false, -EINVAL, 0, NULL },
		{ "0:", false, -EINVAL, 0, NULL },
		{ "", false, -EINVAL, 0, NULL },
		{ "0:0:lab", false, -EINVAL, 0, NULL },
		{ "root/../lab", false, -EINVAL, 0, NULL },
		{ "../../run/ioasidctl/lab", false, -EINVAL, 0, NULL },
		{ "0:1ab", false, -EINVAL, 0, NULL },
		{ "0:la b", false, -EINVAL, 0, NULL },
		{ "lab\n", false, -EINVAL, 0, NULL },
	};
	char longest[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct client_name name = { .uid = 77, .name = "untouched" };
		int r = client_name_parse(cases[i].text, 7, cases[i].captured, &name, &error);

		if (r != cases[i].r)
			fail_msg("'%s': %d", cases[i].text, r);
		assert_int_equal(name.uid, r ? 77 : cases[i].uid);
		assert_string_equal(name.name, r ? "untouched" : cases[i].name);
		assert_true((error.message != NULL) == (r != 0));
	}
	memset(longest, 'n', sizeof(longest));
	memcpy(longest, "0:", 2);
	longest[2 + NAME_LENGTH_MAX] = '\0';
	assert_int_equal(client_name_parse(longest, 7, false, &(struct client_name){ 0 }, NULL), 0);
	longest[2 + NAME_LENGTH_MAX] = 'n';
	longest[3 + NAME_LENGTH_MAX] = '\0';
	assert_int_equal(client_name_parse(longest, 7, false, &(struct client_name){ 0 }, NULL),
			 -EINVAL);
}

/*
 * For a context that could not be asked, an anonymous capture has no name, not even in the error.
 */
static void captured(void **state)
{
	struct holder_entry entry = {
		.name = (char *)"secret",
		.reference = (char *)"secret",
		.socket = (char *)"/nowhere/secret.sock",
		.uid = geteuid(),
		.status = HOLDER_LIVE,
	};
	struct holder_entries list = { .v = &entry, .n = 1, .own = geteuid() };

	(void)state;
	for (int anonymous = 0; anonymous <= 1; anonymous++) {
		_cleanup_holder_entries_ struct holder_entries again = { 0 };
		_cleanup_holder_error_ struct holder_error error = { 0 };
		const char *name = anonymous ? "context-1" : "secret";
		struct holder_client *client = NULL;
		char *text = NULL;

		assert_int_equal(holder_capture(&list, anonymous, &text), 0);
		assert_true((strstr(text, "secret") == NULL) == (anonymous == 1));
		assert_int_equal(holder_list_captured(text, &again), 0);
		assert_int_equal(again.n, 1);
		assert_string_equal(again.v[0].reference, name);
		assert_int_equal(again.v[0].pid, 0);
		assert_null(holder_find_pid(&again, 0));
		assert_int_equal(holder_connect_captured(&again, name, &client, &error), -ENOENT);
		assert_string_equal(error.message, anonymous ? "No such file or directory"
							     : "there is no context secret");
		free(text);
	}
}

/* Determined by the kernel's SO_PEERCRED; a holder that did not answer is not found. */
static void find_pid(void **state)
{
	struct holder_entry v[] = {
		{ .reference = (char *)"a", .pid = 90 },
		{ .reference = (char *)"dead" },
		{ .reference = (char *)"1000:a", .uid = 1000, .pid = 91 },
	};
	const struct holder_entries list = { .v = v, .n = ARRAY_SIZE(v) };

	(void)state;
	assert_ptr_equal(holder_find_pid(&list, 90), &v[0]);
	assert_ptr_equal(holder_find_pid(&list, 91), &v[2]);
	assert_null(holder_find_pid(&list, 92));
	assert_null(holder_find_pid(&list, 0));
	assert_null(holder_find_pid(&list, -1));
}

static void messages(void **state)
{
	static const struct {
		const char *answer, *message;
		enum holder_error_kind kind;
		int err;
		const char *override;
	} cases[] = {
		{ ERROR("PasidTooWide", "{\"device\":\"a\",\"pasid\":256,\"pasid_width\":8}"),
		  "PASID 256 does not fit: the device's PASIDs are 8 bits wide",
		  HOLDER_ERROR_UNSUPPORTED, ERANGE, NULL },
		{ ERROR("StillBound", "{\"device\":\"a\",\"pasid_count\":66,\"attached\":false}"),
		  "the device is in use (PASIDs bound: 66, own requests attached: no)",
		  HOLDER_ERROR_REFUSED, EBUSY, "force" },
		{ ERROR("AlreadyAttached",
			"{\"device\":\"a\",\"target\":{\"ioas\":{\"id\":3,\"name\":\"g\"},\"hwpt\":null}}"),
		  "the device is attached to IOAS g", HOLDER_ERROR_REFUSED, EBUSY, "replace" },
		{ ERROR("AlreadyAttached",
			"{\"device\":\"a\",\"target\":{\"ioas\":{\"id\":3,\"name\":null},\"hwpt\":null}}"),
		  "the device is attached to IOAS 3", HOLDER_ERROR_REFUSED, EBUSY, "replace" },
		{ ERROR("PasidsBusy",
			"{\"device\":\"a\",\"tried\":[{\"lo\":5,\"hi\":68}],\"count\":10,\"found\":4}"),
		  "the kernel reports PASIDs 5-68 as in use, and no more were tried",
		  HOLDER_ERROR_SYSTEM, EBUSY, NULL },
		{ ERROR("ObjectInUse",
			"{\"kind\":\"ioas\",\"object\":{\"id\":3,\"name\":null},\"user\":[{\"kind\":\"hwpt\",\"hwpt\":{\"id\":7,\"name\":null}},"
			"{\"kind\":\"device\",\"device\":\"a\"}],\"more\":0}"),
		  "IOAS 3 is used by HWPT 7, device a", HOLDER_ERROR_REFUSED, EBUSY, NULL },
		{ ERROR("ObjectInUse",
			"{\"kind\":\"ioas\",\"object\":{\"id\":3,\"name\":null},\"user\":[{\"kind\":\"hwpt\",\"hwpt\":{\"id\":7,\"name\":\"t\"}},"
			"{\"kind\":\"pasid\",\"device\":\"a\",\"pasid\":{\"lo\":5,\"hi\":5}},"
			"{\"kind\":\"pasid\",\"device\":\"a\",\"pasid\":{\"lo\":7,\"hi\":9}}],\"more\":1}"),
		  "IOAS 3 is used by HWPT t, PASID 5 of a, PASID 7-9 of a and 1 more",
		  HOLDER_ERROR_REFUSED, EBUSY, NULL },
		/* An error with missing parameters */
		{ ERROR("ObjectInUse",
			"{\"kind\":\"ioas\",\"object\":{\"id\":3,\"name\":null},\"user\":[{\"kind\":\"pasid\"},\"x\",{},null]}"),
		  "IOAS 3 is used by PASID ? of ?, x, ?, ?", HOLDER_ERROR_REFUSED, EBUSY, NULL },
		{ ERROR("KernelError",
			"{\"operation\":\"mmap\",\"errno\":12,\"errno_name\":\"ENOMEM\"}"),
		  "mmap: Cannot allocate memory", HOLDER_ERROR_SYSTEM, ENOMEM, NULL },
		{ ERROR("FdsInUse", "{\"process\":[{\"pid\":12,\"command\":\"qemu\\u001b\"},"
				    "{\"pid\":13,\"command\":null}],\"count\":9}"),
		  "its descriptors were given to processes that have not ended (9): 12 ('qemu\\x1b'), "
		  "13 ('?')",
		  HOLDER_ERROR_REFUSED, EBUSY, "force" },
		/* About interrupt remapping, not about the caller. */
		{ ERROR("KernelError", "{\"operation\":\"VFIO_DEVICE_BIND_IOMMUFD\",\"errno\":1}"),
		  "VFIO_DEVICE_BIND_IOMMUFD: Operation not permitted", HOLDER_ERROR_UNSUPPORTED,
		  EPERM, NULL },
		{ ERROR("KernelError", "{\"operation\":\"open of the VFIO cdev\",\"errno\":13}"),
		  "open of the VFIO cdev: Permission denied", HOLDER_ERROR_PERMISSION, EACCES,
		  NULL },
		{ ERROR("KernelError", "{\"operation\":\"x\",\"errno\":70000}"), NULL,
		  HOLDER_ERROR_SYSTEM, EIO, NULL },
		{ ERROR("KernelError", "{}"), NULL, HOLDER_ERROR_SYSTEM, EIO, NULL },
		/* A holder must not control the terminal. */
		{ ERROR("UnknownObject",
			"{\"kind\":\"ioas\",\"object\":{\"name\":\"\\u001b[31m\\n\"}}"),
		  "there is no IOAS \\x1b[31m\\x0a in the context", HOLDER_ERROR_UNKNOWN, ENOENT,
		  NULL },
		{ ERROR("UnknownObject", "{\"kind\":\"ioas\"}"),
		  "there is no IOAS ? in the context", HOLDER_ERROR_UNKNOWN, ENOENT, NULL },
		/* Of a kind that only a newer holder has. */
		{ ERROR("UnknownObject",
			"{\"kind\":\"fault\",\"object\":{\"id\":null,\"name\":\"q\"}}"),
		  "there is no fault q in the context", HOLDER_ERROR_UNKNOWN, ENOENT, NULL },
		{ ERROR("UnknownObject", "{}"), "there is no ? ? in the context",
		  HOLDER_ERROR_UNKNOWN, ENOENT, NULL },
		{ ERROR("ObjectInUse",
			"{\"kind\":\"hwpt\",\"object\":{\"id\":4,\"name\":\"t\"},\"user\":"
			"[{\"kind\":\"device\",\"device\":\"a\"}],\"more\":2}"),
		  "HWPT t is used by device a and 2 more", HOLDER_ERROR_REFUSED, EBUSY, NULL },
		{ ERROR("LimitReached", "{\"what\":\"range\",\"limit\":2048}"),
		  "more than 2048 ranges of PASIDs, which is the most that one change can have",
		  HOLDER_ERROR_SYSTEM, E2BIG, NULL },
		{ ERROR("LimitReached", "{\"what\":\"ioas\",\"limit\":1024}"),
		  "the context's limit of 1024 IOASes is reached", HOLDER_ERROR_SYSTEM, ENOSPC,
		  NULL },
		/* A limit that only a newer holder has. */
		{ ERROR("LimitReached", "{\"what\":\"viommu\",\"limit\":1}"),
		  "the context's limit of 1 viommu is reached", HOLDER_ERROR_SYSTEM, ENOSPC, NULL },
		{ "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"x\"}}",
		  "x is not valid", HOLDER_ERROR_USAGE, EINVAL, NULL },
		{ "{\"error\":\"org.varlink.service.PermissionDenied\"}", NULL,
		  HOLDER_ERROR_PERMISSION, EACCES, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct holder_client *client = dial(&cases[i].answer, 1, NULL, 0);

		assert_int_equal(holder_free_ioas(client, "3", &error), -cases[i].err);
		assert_int_equal(error.err, cases[i].err);
		assert_int_equal(error.kind, cases[i].kind);
		if (cases[i].message)
			assert_string_equal(error.message, cases[i].message);
		if (cases[i].override)
			assert_string_equal(error.override, cases[i].override);
		else
			assert_null(error.override);
		assert_non_null(error.id);
		hang_up(client);
	}
}

/* What another user's holder says is not printed without end. */
static void lengthy(void **state)
{
	static const char *const forms[] = {
		"{\"error\":\"org.ioasidctl.Context.NameInUse\",\"parameters\":{\"name\":\"%s\"}}",
		"{\"error\":\"org.ioasidctl.Context.GroupAttached\",\"parameters\":{\"sibling\":\"%s\"}}",
		"{\"error\":\"%s\"}",
	};
	char *word = calloc(1, 80001);

	(void)state;
	assert_non_null(word);
	memset(word, 'x', 80000);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct holder_client *client;
		char *answer = NULL;

		assert_true(asprintf(&answer, forms[i], word) > 0);
		client = dial((const char *const *)&answer, 1, NULL, 0);
		assert_true(holder_free_ioas(client, "3", &error) < 0);
		assert_in_range(strlen(error.message), 4000, 5000);
		assert_true(!error.hint || strlen(error.hint) < 5000);
		hang_up(client);
		free(answer);
	}
	free(word);
}

static const struct ranges single = { .v = (struct range[]){ { 1, 1 } }, .n = 1 };

/* What is not PASIDs, and no target. */
static void bound(void **state)
{
	static const char *const answers[] = {
		BOUND("\"pasid\":\"1\"," ON),
		BOUND("\"pasid\":[]," ON),
		BOUND(ON),
		BOUND("\"pasid\":[" RANGE(0, 1) "]," ON),
		BOUND("\"pasid\":[" RANGE(1048576, 1048576) "]," ON),
		BOUND("\"pasid\":[" RANGE(1, 4294967296) "]," ON),
		BOUND("\"pasid\":[" RANGE(2, 1) "]," ON),
		BOUND("\"pasid\":[" RANGE(-1, 1) "]," ON),
		BOUND("\"pasid\":[" RANGE(1, 3) "," RANGE(3, 4) "]," ON),
		BOUND("\"pasid\":[{\"lo\":1}]," ON),
		BOUND("\"pasid\":[1]," ON),
		BOUND("\"pasid\":[" RANGE(1, 1) "],\"taken\":[" RANGE(0, 0) "]," ON),
		BOUND("\"pasid\":[" RANGE(1, 1) "]"),
		BOUND("\"pasid\":[" RANGE(1, 1) "],\"target\":{\"ioas\":3}"),
		BOUND("\"pasid\":[" RANGE(1,
					  1) "],\"target\":{\"ioas\":{\"id\":3,\"name\":\"1\"}}"),
		BOUND("\"pasid\":[" RANGE(
			1, 1) "],\"target\":{\"ioas\":{\"id\":null,\"name\":\"g\"}}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct holder_client *client = dial(&answers[i], 1, NULL, 0);
		struct holder_bound bound = { .count = 77 };

		assert_int_equal(
			holder_bind_pasids(client, "a", &single, 0, "3", false, &bound, &error),
			-EPROTO);
		assert_int_equal(bound.count, 77);
		hang_up(client);
	}
}

/* Another user's holder: its words are attributed to it. */
static void foreign(void **state)
{
	static const char *const answers[] = {
		"{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":{\"operation\":\"o\","
		"\"errno\":16,\"errno_name\":\"EBUSY\",\"hint\":\"run this as root\"}}",
		"{\"parameters\":{\"pasid\":[{\"lo\":1,\"hi\":1}],\"count\":1," ON ",\"failure\":"
		"{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":{\"errno\":16}}}}",
	};
	_cleanup_holder_error_ struct holder_error error = { 0 };
	struct holder_client *client = dial(answers, 2, NULL, 0);
	struct holder_bound bound = { 0 };

	(void)state;
	client->foreign = true;
	assert_string_equal(holder_foreign(client), "c");
	assert_int_equal(holder_free_ioas(client, "3", &error), -EBUSY);
	assert_string_equal(error.holder, "c");
	/* Hints are ours: nothing that it sends becomes one. */
	assert_null(error.hint);
	assert_int_equal(holder_bind_pasids(client, "a", &single, 0, "3", true, &bound, NULL), 0);
	assert_string_equal(bound.failure.holder, "c");
	holder_bound_done(&bound);
	/* The disconnect is reported in our own words. */
	assert_int_equal(holder_free_ioas(client, "3", &error), -ECONNRESET);
	assert_null(error.holder);
	hang_up(client);
}

static void partly(void **state)
{
	static const char *const answer[] = {
		"{\"parameters\":{\"pasid\":[{\"lo\":100,\"hi\":139}],\"count\":40," ON
		",\"failure\":"
		"{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":{\"operation\":"
		"\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":28,\"errno_name\":\"ENOSPC\",\"pasid\":140}}}}",
	};
	_cleanup_holder_error_ struct holder_error error = { 0 };
	struct holder_client *client = dial(answer, 1, NULL, 0);
	struct holder_bound bound = { 0 };

	(void)state;
	assert_int_equal(holder_bind_pasids(client, "a", &single, 0, "3", true, &bound, &error), 0);
	assert_int_equal(bound.pasid.n, 1);
	assert_int_equal(bound.pasid.v[0].lo, 100);
	assert_int_equal(bound.pasid.v[0].hi, 139);
	assert_int_equal(bound.ioas, 3);
	assert_int_equal(bound.hwpt, 4);
	assert_int_equal(bound.failure.err, ENOSPC);
	assert_int_equal(bound.failure.pasid.value, 140);
	assert_string_equal(bound.failure.hint, "the IOMMU has no domain ids left");
	holder_bound_done(&bound);
	hang_up(client);
}

/* An object is called as the user did, if it is that one. */
static void repeated(void **state)
{
	static const struct {
		const char *typed, *answer, *message;
	} cases[] = {
		{ "0x5",
		  ERROR("UnknownObject", "{\"kind\":\"ioas\",\"object\":{\"id\":5,\"name\":null}}"),
		  "there is no IOAS 0x5 in the context" },
		{ "0x5",
		  ERROR("UnknownObject", "{\"kind\":\"ioas\",\"object\":{\"id\":6,\"name\":null}}"),
		  "there is no IOAS 6 in the context" },
		{ "5", ERROR("NotMapped", "{\"ioas\":{\"id\":5,\"name\":\"g\"},\"iova\":\"0x0\"}"),
		  "IOAS 5 has no mapping at 0x0" },
		{ "g", ERROR("NotMapped", "{\"ioas\":{\"id\":5,\"name\":\"g\"},\"iova\":\"0x0\"}"),
		  "IOAS g has no mapping at 0x0" },
		/* Nobody types that; it is not cut. */
		{ "0x00000000000000000000005",
		  ERROR("UnknownObject", "{\"kind\":\"ioas\",\"object\":{\"id\":5,\"name\":null}}"),
		  "there is no IOAS 5 in the context" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };
		struct holder_client *client = dial(&cases[i].answer, 1, NULL, 0);

		assert_int_equal(holder_free_ioas(client, cases[i].typed, &error), -ENOENT);
		assert_string_equal(error.message, cases[i].message);
		hang_up(client);
	}
}

/* More ranges than a call can have are refused, not left out. */
static void too_many(void **state)
{
	static const char *const answers[] = { "{\"parameters\":{\"count\":2048}}" };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_ranges_ struct ranges list = { 0 };
	struct holder_client *client = dial(answers, ARRAY_SIZE(answers), NULL, 0);
	struct holder_bound bound = { 0 };

	(void)state;
	for (uint32_t i = 0; i <= RANGES_MAX; i++)
		assert_int_equal(ranges_add(&list, 2 * i + 1, 2 * i + 1), 0);
	assert_int_equal(holder_bind_pasids(client, "a", &list, 0, "3", false, &bound, &error),
			 -E2BIG);
	assert_string_equal(
		error.message,
		"more than 2048 ranges of PASIDs, which is the most that one change can have");
	assert_int_equal(holder_unbind_pasids(client, "a", &list, NULL, &error), -E2BIG);
	assert_int_equal(ranges_cut(&list, 1, 1), 0);
	assert_int_equal(holder_unbind_pasids(client, "a", &list, NULL, &error), 0);
	hang_up(client);
}

/* A file of the caller, whom it stays with; and a holder that does not know such. */
static void with_file(void **state)
{
	static const char *const answers[] = {
		"{\"parameters\":{\"iova\":\"0x5000\"}}",
		"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":"
		"\"file\"}}",
		/* It knows the word, but not there. */
		"{\"parameters\":{\"description\":\"interface x\\nmethod Map(file: ?int) -> ()\\n"
		"method MapIoas(\\n\\tioas: Reference,\\n\\tfiles: ?int, size: int\\n) -> (file: int)\\n\"}}",
		"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":"
		"\"size\"}}",
		"{\"parameters\":{\"description\":\"\\nmethod MapIoas(ioas: Reference,\\n\\tsize: int) -> ()\"}}",
		/* Of what was not sent it is not asked whether it knows it: that would be its own text. */
		"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":"
		"\"sense, run this\"}}",
		"{\"error\":\"org.ioasidctl.Context.UnfitFile\",\"parameters\":{\"kind\":"
		"\"too-short\",\"size\":8192}}",
		"{\"error\":\"org.ioasidctl.Context.UnfitFile\",\"parameters\":{\"kind\":\"new\"}}",
	};
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_(holder_file_done) struct holder_file file = { .fd = open("/dev/null",
									   O_RDWR | O_CLOEXEC) };
	struct holder_client *client = dial(answers, ARRAY_SIZE(answers), NULL, 0);
	uint64_t iova = 0;

	(void)state;
	assert_int_equal(holder_map_ioas(client, "3", &file, 4096, NULL, true, true, &iova, &error),
			 0);
	assert_int_equal(iova, 0x5000);
	assert_int_equal(holder_map_ioas(client, "3", &file, 4096, NULL, true, true, &iova, &error),
			 -EOPNOTSUPP);
	assert_string_equal(
		error.message,
		"the holder of context c is of an older version, which has no file in MapIoas");
	assert_int_equal(holder_map_ioas(client, "3", &file, 4096, NULL, true, true, &iova, &error),
			 -EINVAL);
	assert_string_equal(error.message, "size is not valid");
	assert_int_equal(holder_map_ioas(client, "3", &file, 4096, NULL, true, true, &iova, &error),
			 -EINVAL);
	assert_string_equal(error.message, "sense, run this is not valid");
	assert_int_equal(holder_map_ioas(client, "3", &file, 4096, NULL, true, true, &iova, &error),
			 -EINVAL);
	assert_string_equal(error.message, "it ends before what is to be mapped: it has 8K");
	assert_int_equal(holder_map_ioas(client, "3", &file, 4096, NULL, true, true, &iova, &error),
			 -EINVAL);
	assert_string_equal(error.message, "it cannot be mapped: new");
	assert_true(fcntl(file.fd, F_GETFD) >= 0);
	hang_up(client);
}

/* NAME of the next line "WORD NAME (" from *TEXT on. */
static bool next_name(const char **text, const char *word, char *name)
{
	char format[32];

	snprintf(format, sizeof(format), "\n%s %%63[A-Za-z]", word);
	while ((*text = strchr(*text, '\n')) != NULL) {
		if (sscanf(*text, format, name) == 1 &&
		    strncmp(*text + 1, word, strlen(word)) == 0) {
			++*text;
			return true;
		}
		++*text;
	}
	return false;
}

/* Interface file, methods and messages must agree. */
static void interface(void **state)
{
	struct call call = { 0 };
	json_object *message =
		json_tokener_parse("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
				   "\"parameters\":{\"interface\":\"org.ioasidctl.Context\"}}");
	const char *text = NULL, *at;
	unsigned int methods = 0, errors = 0;
	char name[64], full[128];

	(void)state;
	assert_int_equal(call_open(message, &call), 0);
	call_run(NULL, &call);
	assert_int_equal(json_get_string(call.reply, "description", &text), 1);
	for (at = text; next_name(&at, "error", name); errors++) {
		_cleanup_holder_error_ struct holder_error error = { 0 };

		snprintf(full, sizeof(full), HOLDER_INTERFACE ".%s", name);
		(void)error_from_reply(&error, full, NULL);
		if (error.kind == HOLDER_ERROR_PROTOCOL)
			fail_msg("no message for %s", name);
	}
	assert_int_equal(errors, 30);
	for (at = text; next_name(&at, "method", name); methods++) {
		struct call one = { 0 };

		message = json_object_new_object();
		snprintf(full, sizeof(full), HOLDER_INTERFACE ".%s", name);
		json_add_string(message, "method", full);
		(void)call_open(message, &one);
		if (!one.method)
			fail_msg("no method %s", name);
		call_done(&one);
	}
	assert_int_equal(methods, 20);
	call_done(&call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describe),      cmocka_unit_test(with_file),
		cmocka_unit_test(hostile),       cmocka_unit_test(bindings),
		cmocka_unit_test(hostile_names), cmocka_unit_test(endless_bindings),
		cmocka_unit_test(descriptors),   cmocka_unit_test(check_fds),
		cmocka_unit_test(check_fdinfo),  cmocka_unit_test(dead),
		cmocka_unit_test(messages),      cmocka_unit_test(names),
		cmocka_unit_test(lengthy),       cmocka_unit_test(captured),
		cmocka_unit_test(find_pid),      cmocka_unit_test(partly),
		cmocka_unit_test(repeated),      cmocka_unit_test(too_many),
		cmocka_unit_test(bound),         cmocka_unit_test(foreign),
		cmocka_unit_test(interface),
	};

	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	return cmocka_run_group_tests_name("holder client", tests, NULL, NULL);
}
