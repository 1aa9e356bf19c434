/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/confine.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/landlock.h"
#include "util/cleanup.h"
#include "util/str.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Paths. */

static const struct {
	const char *path;
	unsigned int mask;
} places[] = {
	{ "/proc", LANDLOCK_READ },
	{ "/sys/bus", LANDLOCK_READ },
	{ "/sys/class", LANDLOCK_READ },
	{ "/sys/devices", LANDLOCK_READ },
	{ "/sys/fs/cgroup", LANDLOCK_READ },
	{ "/sys/kernel/iommu_groups", LANDLOCK_READ },
	{ "/sys/kernel/mm", LANDLOCK_READ },
	{ "/sys/module", LANDLOCK_READ },
	{ "/dev/urandom", LANDLOCK_READ }, /* json-c, where getrandom(2) fails */
	/* Syslog, whose socket is another one after a restart; /dev/log can be a link. */
	{ "/dev", LANDLOCK_CONNECT },
	{ "/run/systemd/journal", LANDLOCK_CONNECT },
#ifdef SANITIZED
	/* Reports, with the names of functions. */
	{ "/tmp", LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_CREATE },
	{ "/proc/self/exe", LANDLOCK_READ },
#endif
};

/*
 * A rule is for a directory that exists now, and devtmpfs removes /dev/vfio/devices with its last
 * node. /dev/vfio is kept by the node "vfio", where there is one.
 */
static const char *nodes(void)
{
	return access("/dev/vfio/vfio", F_OK) == 0 ? "/dev/vfio" : "/dev";
}

/*
 * The directory may be removed and is then made again, so the rule is for the one above it: /run.
 * A user's is itself in one that ends with the session.
 */
static const char *above(const char *runtime, char *buf, size_t size)
{
	char *end;
	int levels = str_starts(runtime, "/run/user/") ? 2 : 1;

	snprintf(buf, size, "%s", runtime);
	for (int i = 0; i < levels; i++) {
		end = strrchr(buf, '/');
		if (end && end > buf)
			*end = '\0';
	}
	return buf;
}

static int allow_places(int rules, int abi, const char *runtime)
{
	char parent[PATH_MAX];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		r = sys_landlock_allow(rules, abi, places[i].path, places[i].mask);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	r = sys_landlock_allow(rules, abi, nodes(), LANDLOCK_READ | LANDLOCK_WRITE);
	if (r < 0)
		return r;
	/* To see whether another holder listens in its place. */
	r = sys_landlock_allow(rules, abi, runtime, LANDLOCK_CONNECT);
	if (r < 0)
		return r;
	return sys_landlock_allow(rules, abi, above(runtime, parent, sizeof(parent)),
				  LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_CREATE);
}

static int restrict_paths(const char *runtime)
{
	_cleanup_close_ int rules = -1;
	int abi, r;

	rules = sys_landlock_open(&abi);
	if (rules < 0)
		return rules;
	r = allow_places(rules, abi, runtime);
	if (r == 0)
		r = sys_landlock_restrict(rules);
	return r < 0 ? r : abi;
}

/* System calls. */

/* Those whose arguments do not matter; their effect on files is Landlock's. */
static const int calls[] = {
	/* Files. */
	SCMP_SYS(access),
	SCMP_SYS(close),
	SCMP_SYS(close_range),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fallocate),
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(fstatfs),
	SCMP_SYS(ftruncate),
	SCMP_SYS(getdents64),
	SCMP_SYS(inotify_add_watch),
	SCMP_SYS(inotify_init1),
	SCMP_SYS(inotify_rm_watch),
	SCMP_SYS(lseek),
	SCMP_SYS(lstat),
	SCMP_SYS(memfd_create),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(read),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(readv),
	SCMP_SYS(stat),
	SCMP_SYS(statx),
	SCMP_SYS(umask),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/* Waiting. */
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(nanosleep),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(signalfd4),
	SCMP_SYS(time),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_gettime),
	SCMP_SYS(timerfd_settime),
	/* Unix sockets. */
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(listen),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	/* Memory and threads. */
	SCMP_SYS(brk),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(futex),
	SCMP_SYS(get_robust_list),
	SCMP_SYS(getrandom),
	SCMP_SYS(madvise),
	SCMP_SYS(membarrier),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(sigaltstack),
	/* Facts. */
	SCMP_SYS(getegid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrlimit),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
#ifdef SANITIZED
	/* The search for leaks stops all threads; code may be made while running. */
	SCMP_SYS(clone),
	SCMP_SYS(getdents),
	SCMP_SYS(kill),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(prctl),
	SCMP_SYS(prlimit64),
	SCMP_SYS(ptrace),
	SCMP_SYS(setrlimit),
	SCMP_SYS(tgkill),
	SCMP_SYS(wait4),
#endif
};

/* ONLY may be NULL. */
static int allow_call(scmp_filter_ctx filter, int call, const struct scmp_arg_cmp *only)
{
	int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, only ? 1 : 0, only);

	/* This architecture does not have it, as many do not have open(2). */
	return r == -EDOM ? 0 : r;
}

static int allow_calls(scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(calls); i++)
		r = allow_call(filter, calls[i], NULL);
	return r;
}

/* On s390 the first two arguments of clone(2) are the other way round. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* The kernel only looks at the lower half of an int's register. */
#define INT_IS(argument, value) \
	SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)(value))
#define LACKS(argument, flag) SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, flag, 0)

/* Only these values of an argument; several rows for a call are alternatives. */
static int allow_arguments(scmp_filter_ctx filter)
{
	const struct {
		int call;
		struct scmp_arg_cmp only;
	} rows[] = {
		/* iommufd and VFIO have one type; not TIOCSTI on the terminal of --foreground. */
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, ';' << 8) },
		/* What a client has not read yet (SIOCOUTQ). */
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCOUTQ) },
		{ SCMP_SYS(socket), INT_IS(0, AF_UNIX) },
		{ SCMP_SYS(socketpair), INT_IS(0, AF_UNIX) },
#ifndef SANITIZED
		/* The worker. Of clone3(2) the flags are in memory; glibc does without it. */
		{ SCMP_SYS(clone),
		  SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) },
		{ SCMP_SYS(mmap), LACKS(2, PROT_EXEC) },
		{ SCMP_SYS(mprotect), LACKS(2, PROT_EXEC) },
		{ SCMP_SYS(prctl), INT_IS(0, PR_SET_NAME) },
		/* To read. */
		{ SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0) },
		/* To see whether a process lives; to end by abort(3). */
		{ SCMP_SYS(kill), INT_IS(1, 0) },
		{ SCMP_SYS(tgkill), INT_IS(0, getpid()) },
#endif
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		r = allow_call(filter, rows[i].call, &rows[i].only);
	return r;
}

/*
 * Other calls do not exist, which the C library expects of a kernel older than itself, and the
 * kernel's audit has a line for each. Not killed: with the holder all bindings would end.
 */
static int restrict_calls(void)
{
	scmp_filter_ctx filter;
	int r;

	/* The names above are those of 64 bits. */
	if (sizeof(void *) < 8)
		return -EOPNOTSUPP;
	filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return -ENOMEM;
	(void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	r = allow_calls(filter);
	if (r == 0)
		r = allow_arguments(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

void confine(const char *runtime, struct confinement *ret)
{
	ret->landlock = restrict_paths(runtime);
	ret->seccomp = restrict_calls();
}
