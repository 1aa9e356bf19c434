/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a confined holder can still do; each test in a child process. */
#include "../tree.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "holder/confine.h"
#include "sys/landlock.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* In a confined child, for which cmocka's assertions are of no use. */
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, \
				errno); \
			_exit(1); \
		} \
	} while (0)
#define REFUSED(call, error) CHECK((errno = 0, (call)) < 0 && errno == (error))

#define OTHER_SOCKET "/var/tmp/ioasidctl-unit.sock"

static struct confinement confinement;

/* Not in /tmp, where a sanitizer may write. */
struct place {
	char above[48], runtime[64];
};

static void run_child(void (*body)(const struct place *), const struct place *place, int ready)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	confine(place->runtime, &confinement);
	CHECK(write(ready, "", 1) == 1);
	body(place);
	_exit(0);
}

/* REMOVE: once it is confined, the directory is removed. Returns its status. */
static int confined(void (*body)(const struct place *), bool remove)
{
	struct place place = { .above = "/var/tmp/ioasidctl-unit.XXXXXX" };
	int status, ready[2];
	char byte;
	pid_t pid;

	assert_non_null(mkdtemp(place.above));
	snprintf(place.runtime, sizeof(place.runtime), "%s/ioasidctl", place.above);
	assert_int_equal(mkdir(place.runtime, 0700), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		run_child(body, &place, ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	if (remove)
		assert_int_equal(rmdir(place.runtime), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(rmdir(place.runtime), 0);
	assert_int_equal(rmdir(place.above), 0);
	return status;
}

/* Of this kernel; a test of what it does not have proves nothing. */
static bool has_landlock(int at_least)
{
	int abi = 0, fd = sys_landlock_open(&abi);

	if (fd >= 0)
		close(fd);
	return abi >= at_least;
}

static void says_what_it_did(const struct place *place)
{
	char text[4096] = "";
	FILE *f = fopen("/proc/self/status", "r");

	(void)place;
	CHECK(f && fread(text, 1, sizeof(text) - 1, f) > 0);
	CHECK((confinement.seccomp == 0) == (strstr(text, "\nSeccomp:\t2\n") != NULL));
	CHECK(confinement.seccomp == 0 || confinement.seccomp == -EOPNOTSUPP ||
	      confinement.seccomp == -EINVAL);
	CHECK(confinement.landlock > 0 || confinement.landlock == -ENOSYS ||
	      confinement.landlock == -EOPNOTSUPP);
}

static void runs_no_program(const struct place *place)
{
	char name[] = "true", *const argv[] = { name, NULL };

	(void)place;
	REFUSED(execv("/bin/true", argv), ENOSYS);
	REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0), ENOSYS);
	/* None in memory either; the sanitizers need that. */
	if (SANITIZED)
		return;
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      MAP_FAILED);
	REFUSED(mprotect((void *)((uintptr_t)runs_no_program & ~4095ul), 4096,
			 PROT_READ | PROT_WRITE | PROT_EXEC),
		ENOSYS);
}

static void has_no_power_over_the_system(const struct place *place)
{
	static const long calls[] = {
		SYS_mount,          SYS_umount2,    SYS_pivot_root,  SYS_chroot,
		SYS_setns,          SYS_unshare,    SYS_bpf,         SYS_perf_event_open,
		SYS_init_module,    SYS_kexec_load, SYS_reboot,      SYS_swapon,
		SYS_setuid,         SYS_capset,     SYS_keyctl,      SYS_userfaultfd,
		SYS_io_uring_setup, SYS_chown,      SYS_chmod,       SYS_fchmodat,
		SYS_link,           SYS_symlink,    SYS_rename,      SYS_mknod,
		SYS_truncate,       SYS_setxattr,   SYS_clone3,      SYS_process_vm_readv,
		SYS_pidfd_getfd,    SYS_chdir,      SYS_personality, SYS_settimeofday,
	};

	(void)place;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		REFUSED(syscall(calls[i], 0, 0, 0, 0, 0, 0), ENOSYS);
}

static void has_no_power_over_processes(const struct place *place)
{
	(void)place;
	/* The search for leaks needs what is refused here. */
	if (SANITIZED)
		return;
	REFUSED(kill(getppid(), SIGTERM), ENOSYS);
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), SIGTERM), ENOSYS);
	REFUSED(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL), ENOSYS);
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), ENOSYS);
	REFUSED(syscall(SYS_prlimit64, getppid(), RLIMIT_CORE, &(struct rlimit){ 0 }, NULL),
		ENOSYS);
}

static void has_no_network(const struct place *place)
{
	int fd, unread = 7;

	(void)place;
	REFUSED(socket(AF_INET, SOCK_STREAM, 0), ENOSYS);
	REFUSED(socket(AF_INET6, SOCK_DGRAM, 0), ENOSYS);
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0), ENOSYS);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0), ENOSYS);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(fd >= 0);
	/* Whether a client has read what it was sent. */
	CHECK(ioctl(fd, TIOCOUTQ, &unread) == 0 && unread == 0);
}

static void types_nothing_on_a_terminal(const struct place *place)
{
	int fds[2];

	(void)place;
	CHECK(pipe2(fds, O_CLOEXEC) == 0);
	REFUSED(ioctl(fds[0], TIOCSTI, "x"), ENOSYS);
	REFUSED(ioctl(fds[0], FIONREAD, &fds[1]), ENOSYS);
	/* iommufd's and VFIO's reach the file. */
	REFUSED(ioctl(fds[0], _IO(';', 0x80), NULL), ENOTTY);
}

static void opens_no_other_files(const struct place *place)
{
	char path[128], target[8];

	REFUSED(open("/etc/shadow", O_RDONLY), EACCES);
	REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
	REFUSED(open("/", O_RDONLY | O_DIRECTORY), EACCES);
	REFUSED(open("/bin/sh", O_RDONLY), EACCES);
	REFUSED(open("/var/tmp/ioasidctl-unit", O_WRONLY | O_CREAT, 0600), EACCES);
	REFUSED(mkdir("/var/tmp/ioasidctl-unit", 0700), EACCES);
	REFUSED(unlink("/etc/passwd"), EACCES);
	REFUSED(open("/proc/self/comm", O_WRONLY), EACCES);
	REFUSED(open("/proc/sys/kernel/hostname", O_WRONLY), EACCES);
	REFUSED(open("/sys/bus/pci/rescan", O_WRONLY), EACCES);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)getppid());
	REFUSED(readlink(path, target, sizeof(target)), EACCES);
	/* Where it may create, it may not create other kinds. */
	REFUSED(mkfifo(place->above, 0600), ENOSYS);
}

static void not_in_tmp(const struct place *place)
{
	(void)place;
	/* Its reports are there. */
	if (SANITIZED)
		return;
	REFUSED(open("/tmp/ioasidctl-unit", O_WRONLY | O_CREAT, 0600), EACCES);
}

static void connects_to_no_other_sockets(const struct place *place)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = OTHER_SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)place;
	REFUSED(connect(fd, (struct sockaddr *)&address, sizeof(address)), EACCES);
}

static void *in_thread(void *data)
{
	char name[] = "true", *const argv[] = { name, NULL };

	REFUSED(execv("/bin/true", argv), ENOSYS);
	if (confinement.landlock > 0)
		REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
	CHECK(prctl(PR_SET_NAME, "worker", 0, 0, 0) == 0);
	return data;
}

static void confines_later_threads_too(const struct place *place)
{
	pthread_t thread;
	void *result = NULL;
	int value;

	(void)place;
	CHECK(pthread_create(&thread, NULL, in_thread, &value) == 0);
	CHECK(pthread_join(thread, &result) == 0 && result == &value);
}

static void *wait_for_it(void *data)
{
	char byte;

	return read(*(int *)data, &byte, 1) == 1 ? data : NULL;
}

static void test_refuses_to_confine_one_thread_of_two(void **state)
{
	pthread_t thread;
	int fds[2], rules, abi;

	(void)state;
	/* Nothing to refuse. */
	if (!has_landlock(1))
		return;
	rules = sys_landlock_open(&abi);
	assert_true(rules >= 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &fds[0]), 0);
	assert_int_equal(sys_landlock_restrict(rules), -EBUSY);
	assert_int_equal(write(fds[1], "", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(rules);
	close(fds[0]);
	close(fds[1]);
}

static void check_readable(const char *path)
{
	char buf[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0 && read(fd, buf, sizeof(buf)) >= 0);
	close(fd);
}

static void reads_what_it_has_to(const struct place *place)
{
	char path[64];
	DIR *dir;

	(void)place;
	check_readable("/proc/meminfo");
	check_readable("/proc/self/limits");
	check_readable("/proc/self/cgroup");
	check_readable("/dev/urandom");
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)getppid());
	check_readable(path);
	dir = opendir("/sys/devices");
	CHECK(dir && readdir(dir));
	closedir(dir);
	CHECK(access("/sys/bus", F_OK) == 0);
	/* Alive, whether or not that may be known more exactly. */
	CHECK(kill(getppid(), 0) == 0 || errno == EPERM);
	CHECK(kill(INT32_MAX, 0) < 0 && errno == ESRCH);
	CHECK((int)syscall(SYS_pidfd_open, getppid(), 0) >= 0 || errno == ENOSYS);
}

static int listen_at(const struct place *place)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", place->runtime);
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0);
	return fd;
}

/* Its own connects to it, as a holder does that looks whether another has its name. */
static void makes_its_socket_again(const struct place *place)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[160];
	int fd;

	listen_at(place);
	snprintf(path, sizeof(path), "%s/.lock", place->runtime);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "1", 1) == 1 && ftruncate(fd, 0) == 0 && unlink(path) == 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", place->runtime);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(unlink(address.sun_path) == 0);
}

/* Of a directory that somebody else removed: waits for the parent process, which does. */
static void makes_its_directory_again(const struct place *place)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	while (access(place->runtime, F_OK) == 0)
		nanosleep(&pause, NULL);
	CHECK(mkdir(place->runtime, 0700) == 0);
	makes_its_socket_again(place);
}

static void works_as_before(const struct place *place)
{
	char name[16] = "";
	int fd, fds[2];
	char *memory;

	(void)place;
	fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0 && fallocate(fd, 0, 0, 4096) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED && munmap(memory, 1 << 20) == 0);
	memory = malloc(64 << 20);
	CHECK(memory);
	free(memory);
	CHECK(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) >= 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && send(fds[0], "x", 1, 0) == 1);
	CHECK(inotify_add_watch(inotify_init1(IN_CLOEXEC), place->runtime, IN_DELETE) >= 0);
	CHECK(prctl(PR_SET_NAME, name, 0, 0, 0) == 0);
	CHECK(snprintf(name, sizeof(name), "%s", strerror(EACCES)) > 0);
}

static void aborts(const struct place *place)
{
	(void)place;
	abort();
}

static void test_aborts(void **state)
{
	struct rlimit none = { 0 }, limit;
	int status;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_CORE, &none), 0);
	status = confined(aborts, false);
	assert_int_equal(setrlimit(RLIMIT_CORE, &limit), 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* Somebody else's, outside of the runtime directory. */
static void test_connects_to_no_other_sockets(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = OTHER_SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;

	(void)state;
	(void)unlink(OTHER_SOCKET);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	status = confined(connects_to_no_other_sockets, false);
	close(fd);
	assert_int_equal(unlink(OTHER_SOCKET), 0);
	/* An older kernel cannot refuse it. */
	assert_int_equal(status == 0, has_landlock(9));
}

#define TEST_IF(body, possible, remove) \
	static void test_##body(void **state) \
	{ \
		(void)state; \
		/* What the kernel cannot refuse is not refused. */ \
		assert_int_equal(confined(body, remove) == 0, (possible)); \
	}

TEST_IF(says_what_it_did, true, false)
TEST_IF(runs_no_program, true, false)
TEST_IF(has_no_power_over_the_system, true, false)
TEST_IF(has_no_power_over_processes, true, false)
TEST_IF(has_no_network, true, false)
TEST_IF(types_nothing_on_a_terminal, true, false)
TEST_IF(opens_no_other_files, has_landlock(1), false)
TEST_IF(not_in_tmp, has_landlock(1), false)
TEST_IF(confines_later_threads_too, true, false)
TEST_IF(reads_what_it_has_to, true, false)
TEST_IF(makes_its_socket_again, true, false)
TEST_IF(makes_its_directory_again, true, true)
TEST_IF(works_as_before, true, false)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_it_did),
		cmocka_unit_test(test_runs_no_program),
		cmocka_unit_test(test_has_no_power_over_the_system),
		cmocka_unit_test(test_has_no_power_over_processes),
		cmocka_unit_test(test_has_no_network),
		cmocka_unit_test(test_types_nothing_on_a_terminal),
		cmocka_unit_test(test_opens_no_other_files),
		cmocka_unit_test(test_not_in_tmp),
		cmocka_unit_test(test_connects_to_no_other_sockets),
		cmocka_unit_test(test_confines_later_threads_too),
		cmocka_unit_test(test_refuses_to_confine_one_thread_of_two),
		cmocka_unit_test(test_reads_what_it_has_to),
		cmocka_unit_test(test_makes_its_socket_again),
		cmocka_unit_test(test_makes_its_directory_again),
		cmocka_unit_test(test_works_as_before),
		cmocka_unit_test(test_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
