/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/parse.h"

void proc_process_done(struct proc_process *process)
{
	free(process->unit);
	process->unit = NULL;
}

/*
 * The command in /proc/PID/stat may contain spaces and parentheses, so fields are counted from the
 * last ')'.
 */
static int start_time(struct sys_dir dir, uint64_t *ret)
{
	char text[2048], *at, *save = NULL;
	ssize_t len;

	len = sys_read(dir, "stat", text, sizeof(text));
	if (len < 0)
		return (int)len;
	at = strrchr(text, ')');
	if (!at)
		return -EBADMSG;
	/* Field 22; the first one after the parenthesis is the third. */
	at = strtok_r(at + 1, " ", &save);
	for (int field = 3; at && field < 22; field++)
		at = strtok_r(NULL, " ", &save);
	return at ? parse_u64(at, UINT64_MAX, ret) : -EBADMSG;
}

static struct field_u64 real_uid(struct sys_dir dir)
{
	_cleanup_free_ char *text = NULL;
	unsigned int uid;
	size_t size;
	char *at;
	int r;

	/* The length is unbounded: it lists all groups of the user. */
	r = sys_read_all(dir, "status", &text, &size);
	if (r < 0)
		return field_u64_error(r);
	at = strstr(text, "\nUid:");
	if (!at || sscanf(at, "\nUid: %u", &uid) != 1)
		return field_u64_error(-EBADMSG);
	return field_u64(uid);
}

static int process_unit(struct sys_dir dir, struct proc_process *process)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = sys_read_all(dir, "cgroup", &text, &size);
	/* Without the unit, the process is still reported. */
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = sys_proc_cgroup_unit(text, &process->unit);
	process->service = process->unit && sys_proc_cgroup_service(text, process->unit);
	return r;
}

/* With hidepid=, /proc hides other users' processes. */
static int missing_process(const struct sys_root *root, pid_t pid)
{
	bool runs = !root->captured && pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);

	return runs ? -EACCES : -ESRCH;
}

int sys_proc_process(const struct sys_root *root, pid_t pid, struct proc_process *ret)
{
	_cleanup_proc_process_ struct proc_process process = { .pid = pid };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[32];
	ssize_t len;
	int r;

	snprintf(path, sizeof(path), "proc/%d", (int)pid);
	dir = sys_dir_open(root, path);
	if (dir.error < 0)
		return dir.error == -ENOENT ? missing_process(root, pid) : dir.error;
	len = sys_read(dir, "comm", process.comm, sizeof(process.comm));
	if (len < 0)
		return len == -ENOENT ? -ESRCH : (int)len;
	process.uid = real_uid(dir);
	r = start_time(dir, &process.start);
	if (r < 0 && !root->captured)
		return r == -ENOENT ? -ESRCH : r;
	r = process_unit(dir, &process);
	if (r < 0)
		return r;
	*ret = process;
	process.unit = NULL;
	return 0;
}

int sys_proc_boot_time(const struct sys_root *root, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char *line;
	size_t size;
	int r;

	dir = sys_dir_open(root, "proc");
	r = sys_read_all(dir, "stat", &text, &size);
	if (r < 0)
		return r;
	/* Larger values cannot be a time. */
	line = str_starts(text, "btime ") ? text : strstr(text, "\nbtime ");
	if (!line)
		return -EBADMSG;
	line += strcspn(line, " ") + 1;
	line[strcspn(line, "\n")] = '\0';
	return parse_u64(line, UINT64_C(1) << 40, ret);
}

ssize_t sys_proc_fdinfo(const struct proc_file *file, char *buf, size_t size)
{
	char name[64];

	if ((size_t)snprintf(name, sizeof(name), "fdinfo/%s", file->fd) >= sizeof(name))
		return -ENAMETOOLONG;
	return sys_read(file->dir, name, buf, size);
}

bool sys_proc_fdinfo_value(const char *text, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line > len && strncmp(text, key, len) == 0 && text[len] == ':') {
			size_t blanks = strspn(text + len + 1, " \t");

			len += 1 + blanks;
			return line >= len && (size_t)snprintf(buf, size, "%.*s", (int)(line - len),
							       text + len) < size;
		}
		text += line;
		text += *text == '\n';
	}
	return false;
}

/* fdinfo of a VFIO device has its path on newer kernels, however the fd was obtained. */
static bool vfio_syspath(const struct proc_file *file, char *buf, size_t size)
{
	char text[PATH_MAX + 256];

	return sys_proc_fdinfo(file, text, sizeof(text)) >= 0 &&
	       sys_proc_fdinfo_value(text, "vfio-device-syspath", buf, size);
}

/* Skips what every process has open; keeps /dev/dsa, /dev/vfio and others. */
static bool may_be_device(const char *target)
{
	static const char *const common[] = { "/dev/null",    "/dev/pts/",    "/dev/tty",
					      "/dev/urandom", "/dev/console", "/dev/shm/",
					      "/dev/zero" };

	if (!str_starts(target, "/dev/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (str_starts(target, common[i]))
			return false;
	return true;
}

struct file_walk {
	const struct sys_root *root;
	int (*each)(const struct proc_file *, void *);
	void *data;
};

static int visit_file(const struct file_walk *walk, pid_t pid, struct sys_dir dir,
		      struct sys_dir fds, const char *fd)
{
	char target[PATH_MAX], syspath[PATH_MAX];
	struct proc_file file = { .pid = pid, .path = target, .dir = dir, .fd = fd };
	struct stat st;

	if (sys_link(fds, fd, target, sizeof(target)) < 0)
		return 0;
	if (strstr(target, "[vfio-device]")) {
		if (!vfio_syspath(&file, syspath, sizeof(syspath)))
			return 0;
		file.vfio_syspath = syspath;
	} else if (!may_be_device(target)) {
		return 0;
	} else if (!walk->root->captured) {
		if (fstatat(fds.fd, fd, &st, 0) < 0 ||
		    !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
			return 0;
		file.block = S_ISBLK(st.st_mode);
		file.rdev = st.st_rdev;
	}
	return walk->each(&file, walk->data);
}

/* Returns -EACCES if the process's files are hidden; a process that ended has none. */
static int visit_process(const struct file_walk *walk, struct sys_dir proc, const char *name)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	_cleanup_sys_dir_ struct sys_dir fds = SYS_DIR_NONE;
	uint64_t pid;
	int r;

	if (parse_u64(name, INT_MAX, &pid) < 0)
		return 0;
	if (!walk->root->captured && pid == (uint64_t)getpid())
		return 0;
	dir = sys_dir_open_in(proc, name);
	r = sys_list(dir, "fd", &list);
	if (r < 0)
		return r == -EACCES || r == -EPERM ? -EACCES : r == -ENOMEM ? r : 0;
	if (list.n == 0)
		return 0;
	fds = sys_dir_open_in(dir, "fd");
	for (size_t i = 0; !fds.error && i < list.n; i++) {
		r = visit_file(walk, (pid_t)pid, dir, fds, list.v[i]);
		if (r != 0)
			return r;
	}
	return 0;
}

int sys_proc_files(const struct sys_root *root, int (*each)(const struct proc_file *, void *),
		   void *data)
{
	const struct file_walk walk = { root, each, data };
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir proc = SYS_DIR_NONE;
	bool hidden;
	int r;

	proc = sys_dir_open(root, "proc");
	r = sys_list(proc, ".", &list);
	if (r < 0)
		return r;
	/* With hidepid=, /proc hides other users' processes, including pid 1. */
	hidden = !root->captured && !strv_has(&list, "1");
	for (size_t i = 0; i < list.n; i++) {
		r = visit_process(&walk, proc, list.v[i]);
		if (r == -EACCES)
			hidden = true;
		else if (r != 0)
			return r;
	}
	return hidden ? -EACCES : 0;
}
