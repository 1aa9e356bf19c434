/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/spawn.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static int start(const char *const argv[], const int fds[3], const posix_spawnattr_t *attr,
		 pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return r;
	for (int i = 0; r == 0 && i < 3; i++)
		r = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (r == 0)
		r = posix_spawnp(ret_pid, argv[0], &actions, attr, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* Signals that our parent ignored or blocked must not affect the program. */
static int start_afresh(const char *const argv[], const int fds[3], pid_t *ret_pid)
{
	posix_spawnattr_t attr;
	sigset_t set;
	int r = posix_spawnattr_init(&attr);

	if (r)
		return r;
	sigemptyset(&set);
	r = posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGCHLD);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attr, &set);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = start(argv, fds, &attr, ret_pid);
	posix_spawnattr_destroy(&attr);
	return r;
}

int spawn_wait(const char *const argv[], const int fds[3], int *ret_status)
{
	const struct sigaction keep_children = { .sa_handler = SIG_DFL };
	struct sigaction before;
	int r, status = 0;
	pid_t pid = 0;

	/* If SIGCHLD is ignored, the kernel discards the exit status of children. */
	if (sigaction(SIGCHLD, &keep_children, &before) < 0)
		return -errno;
	r = start_afresh(argv, fds, &pid);
	while (r == 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			r = errno;
	(void)sigaction(SIGCHLD, &before, NULL);
	if (r)
		return -r;
	*ret_status = status;
	return 0;
}
