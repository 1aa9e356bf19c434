/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/dry_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holder/kernel.h"
#include "util/cleanup.h"

struct dry_run {
	pid_t pid;
	int fd; /* one end of a socket pair */
	struct varlink_in in;
};

/* Ids that only the kernel assigns; those it has already assigned are known. */
static const char *const given[] = { "id", "ioas", "hwpt" };

static int raise_plan(struct fault *fault, int r)
{
	if (r != -E2BIG)
		return fault_system(fault, "malloc", r, NULL);
	return fault_limit(fault, "bytes of a plan", PLAN_BYTES_MAX);
}

static void hide_unknown(struct call *call)
{
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		if (json_get_u64(call->reply, given[i], UINT32_MAX, &value) == 1 &&
		    kernel_is_planned((uint32_t)value))
			json_add_null(call->reply, given[i]);
	/* An IOVA that was asked for is the one that it would be. */
	if (!call_address(call, "iova", &value) && json_object_object_get(call->reply, "iova"))
		json_add_null(call->reply, "iova");
}

static void add_plan(struct call *call, struct plan *plan)
{
	json_object *lines;
	int r = plan_end(plan);

	if (call->fault.raised)
		return;
	if (r < 0) {
		raise_plan(&call->fault, r);
		return;
	}
	lines = json_object_new_array();
	for (size_t i = 0; i < plan->line.n; i++)
		json_append_string(lines, plan->line.v[i]);
	hide_unknown(call);
	json_add(call->reply, "plan", lines);
}

/* Runs the call to the end of its job. */
static void rehearse(struct context *context, struct call *call)
{
	struct plan plan = { 0 };
	struct job *job;

	context->plan = &plan;
	call_run(context, call);
	job = call->job;
	if (job) {
		while (!job_step(context, job))
			;
		if (job->kind == JOB_DESTROY)
			context_close(context);
		call->fault = job->fault;
		call->reply = job->reply;
	}
	add_plan(call, &plan);
}

/* Closes everything shared with the holder, in particular devices. */
static void keep_only(int fd)
{
	if (fd > 0)
		(void)syscall(SYS_close_range, 0, fd - 1, 0);
	(void)syscall(SYS_close_range, fd + 1, ~0U, 0);
}

/* Exits without handlers, flushing or destructors, which belong to the holder. */
__attribute__((noreturn)) static void run_child(struct context *context, struct call *call, int fd,
						pid_t parent)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct varlink_out out = { 0 };
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	keep_only(fd);
	rehearse(context, call);
	r = varlink_out_put(&out, call_answer(call), NULL, 0);
	while (r == 0 && varlink_out_pending(&out)) {
		r = varlink_out_write(&out, fd);
		if (r == -EAGAIN)
			r = poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
	}
	/* Nobody asks how: an answer that is not whole is none. */
	_exit(EXIT_SUCCESS);
}

int dry_run_begin(struct context *context, struct call *call, struct dry_run **ret)
{
	const struct sigaction keep_children = { .sa_handler = SIG_DFL };
	struct dry_run *run = calloc(1, sizeof(*run));
	pid_t parent = getpid();
	int fds[2], r;

	if (!run)
		return fault_system(&call->fault, "malloc", -ENOMEM, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		r = -errno;
		free(run);
		return fault_system(&call->fault, "socketpair", r, NULL);
	}
	/*
	 * If SIGCHLD was inherited as ignored, the child's pid could be reused before it is killed.
	 */
	(void)sigaction(SIGCHLD, &keep_children, NULL);
	run->pid = fork();
	if (run->pid == 0)
		run_child(context, call, fds[1], parent);
	r = run->pid < 0 ? -errno : 0;
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		free(run);
		return fault_system(&call->fault, "fork", r, NULL);
	}
	run->fd = fds[0];
	run->in.max = 2 * PLAN_BYTES_MAX;
	*ret = run;
	return 0;
}

pid_t dry_run_pid(const struct dry_run *run)
{
	return run->pid;
}

int dry_run_fd(const struct dry_run *run)
{
	return run->fd;
}

bool dry_run_step(struct dry_run *run)
{
	ssize_t n;

	do
		n = varlink_in_read(&run->in, run->fd);
	while (n > 0);
	return n != -EAGAIN && n != -ENOMEM;
}

/* Turns the child's message into the call's answer. */
static void take_answer(json_object *message, struct call *call)
{
	json_object *parameters = NULL;
	const char *error = NULL;

	if (json_get_string(message, "error", &error) < 0 ||
	    json_get_object(message, "parameters", &parameters) < 0)
		return;
	if (error) {
		fault_copy(&call->fault, error, json_object_get(parameters));
	} else {
		call->reply = json_object_get(parameters);
	}
}

void dry_run_end(struct dry_run *run, struct call *call)
{
	_cleanup_json_ json_object *message = NULL;

	/*
	 * After its last message the child only exits, so killing it is safe and waiting is short.
	 */
	(void)kill(run->pid, SIGKILL);
	while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (call && varlink_in_next(&run->in, &message) == 1)
		take_answer(message, call);
	if (call && !call->fault.raised && !call->reply)
		fault_system(&call->fault, "dry run", -ECHILD, NULL);
	close(run->fd);
	varlink_in_done(&run->in);
	free(run);
}
