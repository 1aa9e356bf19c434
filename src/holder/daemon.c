/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holder/common/place.h"
#include "holder/confine.h"
#include "holder/server.h"
#include "sys/memory.h"
#include "sys/notify.h"
#include "util/cleanup.h"

/* Room for many times the fds of devices and clients; the soft limit may be as low as 256. */
#define FD_LIMIT 8192

/*
 * Killing a holder takes devices away from those who use them, so it comes last, as dbus-daemon
 * does. But it is not exempt (-1000): what fills the memory may be what is mapped in its context.
 */
#define OOM_SCORE -900

/* From linux/capability.h. */
#define CAP_VERSION_3 0x20080522u
#define CAP_IPC_LOCK  14
struct cap_header {
	uint32_t version;
	int32_t pid;
};
struct cap_data {
	uint32_t effective, permitted, inheritable;
};

struct holder {
	struct context context;
	struct log log;
	struct place place;
	struct confinement confinement;
	struct server *server;
	struct worker worker;
	bool working; /* there is a worker */
	int signals;
	int manager; /* of services; negative: none */
};

static void holder_done(struct holder *holder)
{
	if (holder->working)
		worker_stop(&holder->worker);
	context_done(&holder->context);
	place_done(&holder->place);
	cleanup_close(&holder->signals);
	cleanup_close(&holder->manager);
	log_close(&holder->log);
}

static void remove_socket(void *userdata)
{
	struct holder *holder = userdata;

	place_remove(&holder->place);
}

/*
 * Root is only needed to open the nodes, which root owns; CAP_IPC_LOCK exempts mappings from
 * RLIMIT_MEMLOCK.
 */
static int drop_privileges(void)
{
	struct cap_header header = { .version = CAP_VERSION_3 };
	struct cap_data data[2] = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	data[0].permitted &= 1u << CAP_IPC_LOCK;
	data[0].effective = data[0].permitted;
	data[0].inheritable = 0;
	data[1] = (struct cap_data){ 0 };
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* Sets the name; leaves the caller's directory so as not to keep its file system busy. */
static int set_process(const char *name)
{
	struct rlimit limit;
	char text[16]; /* TASK_COMM_LEN */

	snprintf(text, sizeof(text), "ioasid:%s", name);
	(void)prctl(PR_SET_NAME, text, 0, 0, 0);
	umask(077);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FD_LIMIT) {
		limit.rlim_cur = limit.rlim_max < FD_LIMIT ? limit.rlim_max : FD_LIMIT;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	return chdir("/") < 0 ? -errno : 0;
}

/* Only root may; other users' holders are left as they are. */
static void lower_oom_score(void)
{
	struct sys_root root;

	if (sys_root_open(NULL, &root, NULL) < 0)
		return;
	(void)memory_oom_lower(&root, OOM_SCORE);
	sys_root_close(&root);
}

static int take_signals(struct holder *holder)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	if (holder->log.foreground)
		sigaddset(&mask, SIGHUP);
	else
		signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* A limit on the size of files is no reason to end the context. */
	signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	holder->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	return holder->signals < 0 ? -errno : 0;
}

/* Called by the loop: if the socket was recreated, serve on the new one. */
static bool attend_place(void *userdata, int *ret_again)
{
	struct holder *holder = userdata;
	bool there = place_attend(&holder->place, holder->log.context, &holder->log, ret_again);

	holder->server->listener = holder->place.listener;
	holder->server->watch = holder->place.watch;
	return there;
}

/* In an order that leaves nothing behind on failure: the socket is created last but one. */
static int prepare(struct holder *holder, const char *name, const char **stage)
{
	int r;

	*stage = "change of directory";
	r = set_process(name);
	if (r < 0)
		return r;
	*stage = DAEMON_STAGE_IOMMU;
	r = context_open(&holder->context, name);
	if (r < 0)
		return r;
	*stage = "signals";
	r = take_signals(holder);
	if (r < 0)
		return r;
	r = place_open(&holder->place, name, PLACE_PATIENCE, stage);
	if (r < 0)
		return r;
	lower_oom_score();
	*stage = "drop of privileges";
	r = drop_privileges();
	if (r == 0) {
		confine(holder->place.directory, &holder->confinement);
		/* Afterwards, since privileges are a thread's. */
		*stage = "worker thread";
		r = worker_start(&holder->worker);
		holder->working = r == 0;
	}
	if (r < 0)
		remove_socket(holder);
	place_unlock(&holder->place);
	return r;
}

static void report_start(struct holder *holder)
{
	const struct confinement *confinement = &holder->confinement;
	char landlock[32] = "";

	if (confinement->landlock < 0)
		log_line(&holder->log, LOG_WARNING, "its files are not confined by Landlock: %s",
			 strerror(-confinement->landlock));
	else
		snprintf(landlock, sizeof(landlock), ", Landlock ABI %d", confinement->landlock);
	if (confinement->seccomp < 0)
		log_line(&holder->log, LOG_WARNING,
			 "its system calls are not confined by seccomp: %s",
			 strerror(-confinement->seccomp));
	log_line(&holder->log, LOG_NOTICE, "started, %s/%s%s%s", holder->place.directory,
		 holder->place.file, landlock, confinement->seccomp < 0 ? "" : ", seccomp");
}

static void report_ready(struct holder *holder)
{
	char lines[256];

	if (holder->manager < 0 && holder->manager != -ESRCH)
		log_line(&holder->log, LOG_WARNING, "cannot report to the service manager: %s",
			 strerror(-holder->manager));
	snprintf(lines, sizeof(lines), "READY=1\nSTATUS=Context %s", holder->log.context);
	sys_notify(holder->manager, lines);
}

int daemon_run(const struct daemon_options *options, const char **ret_stage)
{
	_cleanup_(holder_done) struct holder holder = {
		.context = { .iommufd = -1 },
		.log = { .context = options->name, .foreground = options->foreground },
		.place = PLACE_NONE,
		.signals = -1,
		.manager = options->foreground ? sys_notify_open() : -ESRCH,
	};
	struct server server = {
		.context = &holder.context,
		.log = &holder.log,
		.worker = &holder.worker,
		.unlink = remove_socket,
		.attend = attend_place,
		.userdata = &holder,
	};
	int r;

	log_open(&holder.log);
	r = prepare(&holder, options->name, ret_stage);
	if (r < 0)
		return r;
	holder.context.log = &holder.log;
	holder.server = &server;
	server.listener = holder.place.listener;
	server.watch = holder.place.watch;
	if (server.watch < 0)
		log_line(&holder.log, LOG_WARNING,
			 "cannot watch the runtime directory: a socket that is removed stays so");
	server.signals = holder.signals;
	report_start(&holder);
	options->ready(options->userdata);
	report_ready(&holder);
	server_run(&server);
	sys_notify(holder.manager, "STOPPING=1");
	/* The worker may be in a call that does not end: nothing is waited for. */
	if (server.hasty) {
		remove_socket(&holder);
		_exit(EXIT_FAILURE);
	}
	return 0;
}

int daemon_detach(int *keep)
{
	_cleanup_close_ int null = -1;
	int kept;

	/*
	 * Moves it above 0 to 2, which are about to be replaced, and out of the range of
	 * close_range().
	 */
	kept = fcntl(*keep, F_DUPFD_CLOEXEC, 3);
	if (kept < 0)
		return -errno;
	if (kept != 3) {
		if (dup3(kept, 3, O_CLOEXEC) < 0)
			return -errno;
		close(kept);
	}
	*keep = 3;
	if (setsid() < 0)
		return -errno;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	if (syscall(SYS_close_range, 4, ~0U, 0) < 0)
		return -errno;
	null = -1;
	return 0;
}
