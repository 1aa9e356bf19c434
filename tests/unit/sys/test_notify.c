/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sys/notify.h"

/* A manager's socket at ADDRESS; sets NOTIFY_SOCKET to NAME. */
static int manager(const struct sockaddr_un *address, size_t len, const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)address, (socklen_t)len), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void expect(int fd, const char *text)
{
	char buf[64] = "";

	assert_int_equal(recv(fd, buf, sizeof(buf) - 1, 0), strlen(text));
	assert_string_equal(buf, text);
}

static void reports_to(int server)
{
	int fd = sys_notify_open();

	assert_true(fd >= 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	sys_notify(fd, "READY=1\nSTATUS=x");
	expect(server, "READY=1\nSTATUS=x");
	/* A manager that does not read. */
	for (int i = 0; i < 10000; i++)
		sys_notify(fd, "STATUS=y");
	/* One that has ended. */
	close(server);
	sys_notify(fd, "STATUS=z");
	close(fd);
}

static void reports_to_a_path(void **state)
{
	const struct tree *tree = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	tree_place(tree, "notify", address.sun_path, sizeof(address.sun_path));
	reports_to(manager(&address, sizeof(address), address.sun_path));
}

static void reports_to_an_abstract_name(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64];
	int n;

	(void)state;
	n = snprintf(name, sizeof(name), "@ioasidctl-unit-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, (size_t)n - 1);
	reports_to(manager(&address, sizeof(sa_family_t) + (size_t)n, name));
}

static void expect_error(const char *name, int error)
{
	if (name)
		assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	assert_int_equal(sys_notify_open(), error);
	assert_null(getenv("NOTIFY_SOCKET"));
}

static void does_without_a_manager(void **state)
{
	char path[200];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	expect_error(NULL, -ESRCH);
	expect_error("", -ESRCH);
	expect_error("vsock:2:1234", -EAFNOSUPPORT);
	expect_error("relative", -EAFNOSUPPORT);
	expect_error("/nonexistent/notify", -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	path[0] = '/';
	expect_error(path, -ENAMETOOLONG);
	/* One byte longer than the longest. */
	path[108] = '\0';
	expect_error(path, -ENAMETOOLONG);
	path[0] = '@';
	expect_error(path, -ECONNREFUSED);
	sys_notify(-1, "READY=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(reports_to_a_path),
		cmocka_unit_test(reports_to_an_abstract_name),
		cmocka_unit_test(does_without_a_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
