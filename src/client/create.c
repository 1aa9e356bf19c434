/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/internal.h"
#include "holder/daemon.h"
#include "wire/runtime.h"
#include "sys/iommufd.h"
#include "util/cleanup.h"
#include "util/parse.h"

/* Sent once from the new holder to its parent. */
struct verdict {
	int err; /* positive, 0: ready */
	char stage[64];
};

static int create_error(struct holder_error *error, const char *name, int err, const char *stage)
{
	enum holder_error_kind kind = HOLDER_ERROR_SYSTEM;
	int r;

	if (err == EEXIST)
		return error_set(error, kind, EEXIST, "context %s already exists", name);
	if (err == EBUSY && strcmp(stage, DAEMON_STAGE_LOCK) == 0)
		return client_lock_error(error);
	if (strcmp(stage, DAEMON_STAGE_DIRECTORY) == 0)
		return client_directory_error(error, -err);
	if (err == EACCES || err == EPERM)
		kind = HOLDER_ERROR_PERMISSION;
	else if (strcmp(stage, DAEMON_STAGE_IOMMU) == 0 && (err == ENOENT || err == ENODEV))
		kind = HOLDER_ERROR_UNSUPPORTED;
	r = error_set(error, kind, err, "%s: %s", stage, strerror(err));
	if (strcmp(stage, DAEMON_STAGE_IOMMU) == 0)
		error_hint(error, iommufd_hint(iommufd_op_name(IOMMUFD_OPEN), false, err));
	return r;
}

static void tell(int fd, int err, const char *stage)
{
	struct verdict verdict = { .err = err };

	snprintf(verdict.stage, sizeof(verdict.stage), "%s", stage);
	/* The parent may have ended. */
	if (write(fd, &verdict, sizeof(verdict)) < 0)
		return;
}

static void tell_ready(void *userdata)
{
	int *fd = userdata;

	tell(*fd, 0, "");
	close(*fd);
	*fd = -1;
}

static void ready_in_foreground(void *userdata)
{
	(void)userdata;
}

__attribute__((noreturn)) static void run_child(const char *name, int fd)
{
	const struct daemon_options options = { .name = name,
						.ready = tell_ready,
						.userdata = &fd };
	const char *stage = "new session";
	int r;

	r = daemon_detach(&fd);
	if (r == 0)
		r = daemon_run(&options, &stage);
	if (r < 0 && fd >= 0)
		tell(fd, -r, stage);
	/* The parent's buffers must not be flushed twice. */
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int read_verdict(int fd, struct verdict *ret)
{
	ssize_t n;

	do {
		n = read(fd, ret, sizeof(*ret));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	ret->stage[sizeof(ret->stage) - 1] = '\0';
	return (size_t)n == sizeof(*ret) ? 0 : -ECHILD;
}

static int create_in_background(const char *name, pid_t *ret_pid, struct holder_error *error)
{
	struct verdict verdict = { 0 };
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return create_error(error, name, errno, "pipe");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run_child(name, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return create_error(error, name, errno, "fork");
	}
	r = read_verdict(fds[0], &verdict);
	close(fds[0]);
	if (r == 0 && verdict.err == 0) {
		if (ret_pid)
			*ret_pid = pid;
		return 0;
	}
	(void)waitpid(pid, NULL, 0);
	return r < 0 ? create_error(error, name, -r, "start of the holder")
		     : create_error(error, name, verdict.err, verdict.stage);
}

/* Plans the steps up to the socket. A missing directory has no socket. */
static int plan_socket(const char *name, holder_plan_fn *each, void *data, const char **stage)
{
	_cleanup_free_ char *path = NULL, *opened = NULL, *file = runtime_socket_name(name);
	_cleanup_free_ char *line = NULL;
	_cleanup_close_ int dir = -1;
	pid_t pid;
	int r;

	*stage = DAEMON_STAGE_DIRECTORY;
	r = runtime_path(&path);
	if (r == 0)
		r = runtime_open(false, &opened, &dir);
	if (r < 0 && (r != -ENOENT || !path))
		return r;
	*stage = "socket";
	r = dir < 0 || !file ? -ENOENT : runtime_probe(dir, file, geteuid(), &pid);
	if (r == 0 || r == -EAGAIN)
		return -EEXIST;
	if (r != -ENOENT && r != -ECONNREFUSED)
		return r;
	if (!file || asprintf(&line, "listen %s/%s", path, file) < 0)
		return -ENOMEM;
	each("open /dev/iommu", data);
	each(line, data);
	return 0;
}

int holder_create_plan(const char *name, holder_plan_fn *each, void *data,
		       struct holder_error *error)
{
	const char *stage = DAEMON_STAGE_IOMMU;
	int r;

	if (!parse_is_name(name))
		return client_name_error(error, name);
	/* Not opened, because that could load a module. */
	r = faccessat(AT_FDCWD, "/dev/iommu", R_OK | W_OK, AT_EACCESS) < 0 ? -errno : 0;
	if (r == 0)
		r = plan_socket(name, each, data, &stage);
	return r < 0 ? create_error(error, name, -r, stage) : 0;
}

int holder_create(const char *name, bool foreground, pid_t *ret_pid, struct holder_error *error)
{
	const struct daemon_options options = {
		.name = name,
		.foreground = true,
		.ready = ready_in_foreground,
	};
	const char *stage = "";
	int r;

	if (!parse_is_name(name))
		return client_name_error(error, name);
	if (!foreground)
		return create_in_background(name, ret_pid, error);
	r = daemon_run(&options, &stage);
	if (r < 0)
		return create_error(error, name, -r, stage);
	if (ret_pid)
		*ret_pid = getpid();
	return 0;
}
