/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that have a device open, and names of their users. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "model/capture/internal.h"
#include "sys/proc.h"
#include "sys/user.h"
#include "util/array.h"
#include "util/parse.h"

#define PASSWD "etc/passwd"

static const struct capture_item process_items[] = {
	{ NULL, "comm", 0, capture_reduce_comm },
	{ NULL, "status", 0, capture_reduce_status },
	{ NULL, "stat", 0, capture_reduce_stat },
	{ NULL, "cgroup", 0, capture_reduce_cgroup },
	/* Must be last: skipped unless asked for. */
	{ NULL, "cmdline", 0, NULL },
};

static int add_uid(struct capture *capture, const struct proc_process *process)
{
	uint64_t *slot;

	if (process->uid.status != 1)
		return 0;
	for (size_t i = 0; i < capture->n_uids; i++)
		if (capture->uids[i] == process->uid.value)
			return 0;
	slot = array_push(capture->uids, capture->n_uids);
	if (!slot)
		return -ENOMEM;
	*slot = process->uid.value;
	return 0;
}

int capture_process(struct capture *capture, pid_t pid)
{
	_cleanup_proc_process_ struct proc_process process = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "proc/%d", (int)pid);
	dir = sys_dir_open(capture->root, path);
	if (dir.error < 0)
		return dir.error == -ENOENT ? 0 : capture_put_error(capture, path, dir.error);
	for (size_t i = 0; i < ARRAY_SIZE(process_items) - !capture->arguments; i++) {
		const char *name = process_items[i].names;

		snprintf(path, sizeof(path), "proc/%d/%s", (int)pid, name);
		r = capture_put_file(capture, dir, name, path, &process_items[i]);
		if (r < 0)
			return r;
	}
	r = sys_proc_process(capture->root, pid, &process);
	return r == 0 ? add_uid(capture, &process) : 0;
}

struct walk {
	struct capture *capture;
	struct strv nodes; /* nodes of the class uacce, which can have any name */
	int error;
};

static bool is_wanted(const struct walk *walk, const struct proc_file *file)
{
	static const char *const nodes[] = { "/dev/iommu", "/dev/vfio/", "/dev/uio",
					     "/dev/dsa/",  "/dev/iax/",  "/dev/dri/",
					     "/dev/nvme",  "/dev/ng",    "/dev/accel/" };

	if (file->vfio_syspath || file->block)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (str_starts(file->path, nodes[i]))
			return true;
	return str_starts(file->path, "/dev/") &&
	       strv_has(&walk->nodes, file->path + strlen("/dev/"));
}

static int on_file(const struct proc_file *file, void *data)
{
	static const struct capture_item info = { NULL, "", 0, capture_reduce_fdinfo };
	struct walk *walk = data;
	char path[320], name[288];
	const struct archive_entry link = { .type = ARCHIVE_LINK,
					    .path = path,
					    .target = file->path };
	int r;

	if (!is_wanted(walk, file))
		return 0;
	snprintf(path, sizeof(path), "proc/%d/fd/%s", (int)file->pid, file->fd);
	r = capture_put(walk->capture, &link);
	snprintf(name, sizeof(name), "fdinfo/%s", file->fd);
	snprintf(path, sizeof(path), "proc/%d/%s", (int)file->pid, name);
	/* The fdinfo of other nodes is not needed. */
	if (r == 0 && (file->vfio_syspath || str_starts(file->path, "/dev/dri/")))
		r = capture_put_file(walk->capture, file->dir, name, path, &info);
	if (r == 0)
		r = capture_process(walk->capture, file->pid);
	walk->error = r;
	return r;
}

/* Each process that uses a GPU for compute has a directory here. */
static int put_kfd(struct capture *capture)
{
	_cleanup_sys_dir_ struct sys_dir dir =
		sys_dir_open(capture->root, "sys/class/kfd/kfd/proc");
	_cleanup_strv_ struct strv list = { 0 };
	int r = 0;

	if (sys_list(dir, ".", &list) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		uint64_t pid;

		if (parse_u64(list.v[i], INT_MAX, &pid) == 0)
			r = capture_process(capture, (pid_t)pid);
	}
	return r;
}

int capture_processes(struct capture *capture)
{
	struct walk walk = { .capture = capture };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(capture->root, "sys/class/uacce");
	int r;

	if (!dir.error)
		(void)sys_list(dir, ".", &walk.nodes);
	r = sys_proc_files(capture->root, on_file, &walk);
	strv_done(&walk.nodes);
	if (walk.error < 0)
		return walk.error;
	/* One error represents all processes that could not be examined. PID 1 always exists. */
	if (r == -EACCES)
		r = capture_put_error(capture, "proc/1/fd", r);
	else if (r < 0)
		r = capture_put_error(capture, "proc", r);
	return r == 0 ? put_kfd(capture) : r;
}

/* In the format of passwd(5), with only the names. */
int capture_users(struct capture *capture)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	char name[256];
	FILE *f;

	if (capture->anonymous)
		return 0;
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < capture->n_uids; i++)
		if (sys_user_name(capture->root, capture->uids[i], name, sizeof(name)) == 0)
			fprintf(f, "%s:x:%" PRIu64 ":::/:\n", name, capture->uids[i]);
	if (fclose(f) != 0)
		return -ENOMEM;
	return size ? capture_put_text(capture, PASSWD, text) : 0;
}
