/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/capture/file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <string.h>
#include <time.h>

#include "model/capture/internal.h"
#include "model/machine/pci_function.h"
#include "sys/proc.h"
#include "util/array.h"
#include "util/parse.h"

#define LACKS "ioasidctl/unreadable"

/* Paths in the tree `known` are prefixed with one of these characters. */
enum { KNOWN_DIRECTORY = '/', KNOWN_OTHER = '=' };

static int compare_known(const void *a, const void *b)
{
	return strcmp((const char *)a + 1, (const char *)b + 1);
}

int capture_open(const struct sys_root *root, int fd, enum capture_secrecy secrecy,
		 struct capture **ret)
{
	_cleanup_capture_ struct capture *capture = calloc(1, sizeof(*capture));
	int r;

	if (!capture)
		return -ENOMEM;
	capture->root = root;
	capture->anonymous = secrecy == CAPTURE_ANONYMOUS;
	capture->arguments = secrecy == CAPTURE_ARGUMENTS;
	r = archive_writer_open(fd, &capture->writer);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(capture);
	return 0;
}

void capture_close(struct capture **p)
{
	struct capture *capture = *p;

	if (!capture)
		return;
	archive_writer_close(&capture->writer);
	tdestroy(capture->known, free);
	tdestroy(capture->devices, free);
	for (size_t i = 0; i < capture->n_lacks; i++)
		free(capture->lacks[i].path);
	free(capture->lacks);
	strv_done(&capture->macs);
	free(capture->uids);
	free(capture);
	*p = NULL;
}

/*
 * Interface names such as "enx525400123456" contain a MAC address, which is replaced by its index
 * in a list.
 */
static int hide_macs(struct capture *capture, char *text)
{
	static const char *const kinds[] = { "enx", "wlx", "wwx" };

	for (char *at = text; *at; at++) {
		size_t digits = 0, place = 0;
		char mac[13];

		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			if (str_starts(at, kinds[i]))
				while (digits < 12 && isxdigit((unsigned char)at[3 + digits]))
					digits++;
		if (digits < 12)
			continue;
		snprintf(mac, sizeof(mac), "%.12s", at + 3);
		while (place < capture->macs.n && strcmp(capture->macs.v[place], mac) != 0)
			place++;
		if (place == capture->macs.n && strv_push(&capture->macs, mac) < 0)
			return -ENOMEM;
		snprintf(mac, sizeof(mac), "%012zx", place + 1);
		memcpy(at + 3, mac, 12);
	}
	return 0;
}

static int add_known(struct capture *capture, char kind, const char *path, size_t len)
{
	char *known = malloc(len + 2);

	if (!known)
		return -ENOMEM;
	known[0] = kind;
	memcpy(known + 1, path, len);
	known[len + 1] = '\0';
	if (tsearch(known, &capture->known, compare_known))
		return 0;
	free(known);
	return -ENOMEM;
}

/* Returns 1 if PATH is new and everything above it is a directory; 0; -ENOMEM. */
static int claim(struct capture *capture, const char *path, bool directory)
{
	char text[ARCHIVE_PATH_MAX + 1];
	size_t len = strlen(path);

	for (size_t i = 1; i <= len; i++) {
		bool whole = i == len;
		char **found;
		int r;

		if (!whole && path[i] != '/')
			continue;
		snprintf(text, sizeof(text), " %.*s", (int)i, path);
		found = tfind(text, &capture->known, compare_known);
		if (found && (whole || **found != KNOWN_DIRECTORY))
			return 0;
		if (found)
			continue;
		r = add_known(capture, whole && !directory ? KNOWN_OTHER : KNOWN_DIRECTORY, path,
			      i);
		if (r < 0)
			return r;
	}
	return 1;
}

static int add_lack(struct capture *capture, const char *path, int error)
{
	struct capture_lack *lack = array_push(capture->lacks, capture->n_lacks);

	if (!lack)
		return -ENOMEM;
	*lack = (struct capture_lack){ .path = strdup(path), .error = error };
	return lack->path ? 0 : -ENOMEM;
}

/* Records an error at PATH. */
static int write_error(struct capture *capture, const char *path, int error)
{
	char target[32];
	const struct archive_entry entry = { .type = ARCHIVE_LINK, .path = path, .target = target };
	int r = add_lack(capture, path, error);

	snprintf(target, sizeof(target), "errno:%d", -error);
	return r < 0 ? r : archive_put(capture->writer, &entry);
}

int capture_put_error(struct capture *capture, const char *path, int error)
{
	char text[ARCHIVE_PATH_MAX];
	int r;

	if ((size_t)snprintf(text, sizeof(text), "%s", path) >= sizeof(text))
		return 0;
	r = capture->anonymous ? hide_macs(capture, text) : 0;
	if (r == 0)
		r = claim(capture, text, false);
	return r > 0 ? write_error(capture, text, error) : r;
}

int capture_put(struct capture *capture, const struct archive_entry *entry)
{
	char path[ARCHIVE_PATH_MAX], target[ARCHIVE_PATH_MAX];
	struct archive_entry put = *entry;
	int r = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s", entry->path) >= sizeof(path))
		return 0;
	put.path = path;
	if (entry->target) {
		if ((size_t)snprintf(target, sizeof(target), "%s", entry->target) >= sizeof(target))
			return capture_put_error(capture, path, -ENAMETOOLONG);
		put.target = target;
	}
	if (capture->anonymous)
		r = hide_macs(capture, path);
	if (r == 0 && capture->anonymous && entry->target)
		r = hide_macs(capture, target);
	if (r == 0)
		r = claim(capture, path, entry->type == ARCHIVE_DIRECTORY);
	if (r <= 0)
		return r;
	r = archive_put(capture->writer, &put);
	/* One file that is too large must not make the capture fail. */
	return r == -EFBIG && entry->type == ARCHIVE_FILE ? write_error(capture, path, r) : r;
}

int capture_put_text(struct capture *capture, const char *path, const char *text)
{
	const struct archive_entry entry = {
		.type = ARCHIVE_FILE, .path = path, .data = text, .size = strlen(text)
	};

	return capture_put(capture, &entry);
}

static int put_reduced(struct capture *capture, const char *path, const char *text, size_t size,
		       const struct capture_item *item)
{
	struct archive_entry entry = {
		.type = ARCHIVE_FILE, .path = path, .data = text, .size = size
	};
	_cleanup_free_ char *kept = NULL;
	FILE *f;
	int r;

	if (!item->reduce)
		return capture_put(capture, &entry);
	f = open_memstream(&kept, &entry.size);
	if (!f)
		return -ENOMEM;
	r = item->reduce(text, size, capture->anonymous, f);
	if (fclose(f) != 0)
		return -ENOMEM;
	entry.data = kept;
	return r == 0 ? capture_put(capture, &entry) : r < 0 ? r : 0;
}

static int put_pid(struct capture *capture, const char *text)
{
	char line[32];
	uint64_t pid;
	int r;

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	if (parse_u64(line, INT_MAX, &pid) < 0)
		return 0;
	r = capture_process(capture, (pid_t)pid);
	/* The number may be that of a thread. */
	return r < 0 ? r : capture_process(capture, sys_proc_leader(capture->root, (pid_t)pid));
}

int capture_put_file(struct capture *capture, struct sys_dir dir, const char *name,
		     const char *path, const struct capture_item *item)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = 0;

	if (item->flags & CAPTURE_AWAKE)
		r = pci_function_awake(dir);
	if (r == 0)
		r = sys_read_all(dir, name, &text, &size);
	if (r == -ENOENT || r == -ESRCH || r == -ENOMEM)
		return r == -ENOMEM ? r : 0;
	if (r < 0)
		return capture_put_error(capture, path, r == -E2BIG ? -EFBIG : r);
	r = put_reduced(capture, path, text, size, item);
	return r == 0 && item->flags & CAPTURE_PID ? put_pid(capture, text) : r;
}

/* Format, origin and time of the capture. Recapturing a captured machine keeps its manifest. */
static int put_manifest(struct capture *capture)
{
	_cleanup_free_ char *text = NULL, *release = NULL;
	struct tm tm;
	char when[32];
	time_t now = time(NULL);
	int r;

	if (capture->root->captured &&
	    capture_get_text(capture->root, ARCHIVE_MANIFEST, &text) == 0 &&
	    archive_check(text, strlen(text)) == 0)
		return capture_put_text(capture, ARCHIVE_MANIFEST, text);
	free(TAKE_PTR(text));
	(void)capture_get_text(capture->root, "proc/sys/kernel/osrelease", &release);
	if (!gmtime_r(&now, &tm) || !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return -EOVERFLOW;
	r = asprintf(&text, ARCHIVE_MAGIC "%d\nioasidctl %s\nkernel %.*s\ntaken %s\n%s",
		     ARCHIVE_VERSION, IOASIDCTL_VERSION, release ? (int)strcspn(release, "\n") : 1,
		     release ? release : "?", when, capture->anonymous ? "anonymous\n" : "");
	if (r < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return capture_put_text(capture, ARCHIVE_MANIFEST, text);
}

int capture_machine(struct capture *capture)
{
	int r = put_manifest(capture);

	for (const struct capture_item *item = capture_items; r == 0 && item->directory; item++)
		r = capture_walk(capture, item);
	if (r == 0)
		r = capture_processes(capture);
	return r == 0 ? capture_other(capture) : r;
}

int capture_finish(struct capture *capture)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int r;

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < capture->n_lacks; i++)
		fprintf(f, "%s: %s\n", capture->lacks[i].path, strerror(-capture->lacks[i].error));
	if (fclose(f) != 0)
		return -ENOMEM;
	r = capture_users(capture);
	if (r == 0 && capture->n_lacks)
		r = capture_put_text(capture, LACKS, text);
	return r == 0 ? archive_finish(capture->writer) : r;
}

const struct capture_lack *capture_lacks(const struct capture *capture, size_t *ret_n)
{
	*ret_n = capture->n_lacks;
	return capture->lacks;
}

int capture_get_text(const struct sys_root *root, const char *path, char **ret)
{
	_cleanup_free_ char *directory = strdup(path), *text = NULL;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char *slash = directory ? strrchr(directory, '/') : NULL;
	size_t size;
	int r;

	if (!slash)
		return -ENOMEM;
	*slash = '\0';
	dir = sys_dir_open(root, directory);
	r = sys_read_all(dir, slash + 1, &text, &size);
	if (r == 0 && strlen(text) != size)
		r = -EBADMSG;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	return 0;
}
