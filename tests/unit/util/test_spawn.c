/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "util/cleanup.h"

/* Runs SCRIPT with INPUT as stdin; OUTPUT is what it printed. Returns its status. */
static int run(const char *script, const char *input, char *output, size_t size)
{
	_cleanup_close_ int in = memfd_create("in", MFD_CLOEXEC);
	_cleanup_close_ int out = memfd_create("out", MFD_CLOEXEC);
	int status = -1;
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(pwrite(in, input, strlen(input), 0), strlen(input));
	assert_int_equal(spawn_wait((const char *const[]){ "sh", "-c", script, NULL },
				    (const int[]){ in, out, out }, &status),
			 0);
	n = pread(out, output, size - 1, 0);
	assert_true(n >= 0);
	output[n] = '\0';
	/* No child is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return status;
}

static void passes_files(void **state)
{
	char output[64];

	(void)state;
	assert_int_equal(run("tr a-z A-Z; echo error >&2", "text ", output, sizeof(output)), 0);
	assert_string_equal(output, "TEXT error\n");
}

static void tells_how_it_ended(void **state)
{
	char output[64];
	int status;

	(void)state;
	status = run("exit 3", "", output, sizeof(output));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	status = run("kill -9 $$", "", output, sizeof(output));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void no_such_program(void **state)
{
	int status = 7;

	(void)state;
	assert_int_equal(spawn_wait((const char *const[]){ "no-such-program", NULL },
				    (const int[]){ 0, 1, 2 }, &status),
			 -ENOENT);
	assert_int_equal(status, 7);
}

/* Our parent may ignore or block signals: that does not affect the program or waiting for it. */
static void signals_are_its_own(void **state)
{
	char output[64];
	sigset_t set, before;
	int status;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
	assert_ptr_not_equal(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	assert_ptr_not_equal(signal(SIGCHLD, SIG_IGN), SIG_ERR);
	status = run("kill -TERM $$; exit 4", "", output, sizeof(output));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = run("kill -PIPE $$; exit 4", "", output, sizeof(output));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN);
	assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_IGN);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

/* Inherited fds without close-on-exec stay open; our own do not. */
static void hands_down_three_files(void **state)
{
	_cleanup_close_ int extra = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char output[64], script[64];

	(void)state;
	assert_true(extra > 2);
	snprintf(script, sizeof(script), "[ -e /proc/self/fd/%d ] || echo closed", extra);
	assert_int_equal(run(script, "", output, sizeof(output)), 0);
	assert_string_equal(output, "closed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_files),           cmocka_unit_test(tells_how_it_ended),
		cmocka_unit_test(no_such_program),        cmocka_unit_test(signals_are_its_own),
		cmocka_unit_test(hands_down_three_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
