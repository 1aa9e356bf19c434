/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

/* PROC_USER_INIT_INO: the user namespace whose CAP_IPC_LOCK counts. */
#define INITIAL_NAMESPACE "user:[4026531837]"

/* Where the memory controller is, and its files. */
struct hierarchy {
	const char *place;
	const char *limits[2]; /* the second, which throttles, may be NULL */
	const char *usage;
	const char *cache[2]; /* in memory.stat, with all groups below */
};

static const struct hierarchy unified = {
	.place = "sys/fs/cgroup",
	.limits = { "memory.max", "memory.high" },
	.usage = "memory.current",
	.cache = { "inactive_file", "active_file" },
};

static const struct hierarchy legacy = {
	.place = "sys/fs/cgroup/memory",
	.limits = { "memory.limit_in_bytes" },
	.usage = "memory.usage_in_bytes",
	.cache = { "total_inactive_file", "total_active_file" },
};

static void lower(struct memory_available *available, uint64_t bytes, enum memory_limit limit)
{
	if (bytes < available->bytes)
		*available = (struct memory_available){ .bytes = bytes, .limit = limit };
}

/* What follows KEY at the start of a line, without separators; NULL if there is no such line. */
static const char *value_of(const char *text, const char *key)
{
	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strlen(key);

		if (strncmp(line, key, len) == 0 && line[len] && strchr(": \t", line[len]))
			return line + len + strspn(line + len, ": \t");
		line += strcspn(line, "\n");
	}
	return NULL;
}

/* The decimal number after KEY; 0 if there is none. */
static uint64_t number_of(const char *text, const char *key)
{
	const char *value = value_of(text, key);
	uint64_t number;

	return value && sscanf(value, "%" SCNu64, &number) == 1 ? number : 0;
}

static char *read_text(const struct sys_root *root, const char *directory, const char *name)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, directory);
	char *text = NULL;
	size_t size;

	return sys_read_all(dir, name, &text, &size) == 0 ? text : NULL;
}

/*
 * Beyond its limit a group reclaims its page cache, as the machine does for MemAvailable
 * (si_mem_available()); then try_charge_memcg() calls the OOM killer, or at memory.high stalls the
 * process again and again, since what is pinned cannot be reclaimed.
 */
static void limit_group(const struct sys_root *root, const struct hierarchy *tree,
			const char *directory, struct memory_available *available)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, directory);
	_cleanup_free_ char *stat = read_text(root, directory, "memory.stat");
	uint64_t most = UINT64_MAX, number, used, cache = 0;

	if (sys_read_u64(dir, tree->usage, &used) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(tree->limits) && tree->limits[i]; i++)
		/* "max" is not a number. */
		if (sys_read_u64(dir, tree->limits[i], &number) == 0 && number < most)
			most = number;
	for (size_t i = 0; stat && i < ARRAY_SIZE(tree->cache); i++)
		cache += number_of(stat, tree->cache[i]);
	used -= cache < used ? cache : used;
	if (most < UINT64_MAX)
		lower(available, used < most ? most - used : 0, MEMORY_CGROUP);
}

/*
 * The group of the memory controller in the text of /proc/PID/cgroup: "4:cpu,memory:/a" (v1) or
 * "0::/a". Returns its length, 0 if there is none.
 */
static size_t find_group(const char *text, const struct hierarchy **ret_tree, const char **ret)
{
	size_t found = 0;

	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		const char *names = memchr(line, ':', len), *path = names;
		_cleanup_free_ char *list = NULL;

		if (names)
			path = memchr(names + 1, ':', len - (size_t)(names + 1 - line));
		if (path && asprintf(&list, ",%.*s,", (int)(path - names - 1), names + 1) < 0)
			return 0;
		/* A controller of v1 is missing in v2. */
		if (list && (strstr(list, ",memory,") || (!found && strcmp(list, ",,") == 0))) {
			*ret_tree = strcmp(list, ",,") == 0 ? &unified : &legacy;
			*ret = path + 1;
			found = len - (size_t)(path + 1 - line);
		}
		line += len;
	}
	return found;
}

/*
 * Each group up to the top. In a container a group may be named as the host sees it, and not exist:
 * then the top is the container's own.
 */
static void limit_groups(const struct sys_root *root, struct memory_available *available)
{
	_cleanup_free_ char *text = read_text(root, "proc/self", "cgroup"), *directory = NULL;
	const struct hierarchy *tree = NULL;
	const char *group = NULL;
	size_t len = text ? find_group(text, &tree, &group) : 0;

	/* "/../x" is outside of what this namespace may see. */
	if (len >= 3 && strncmp(group, "/..", 3) == 0)
		len = 1;
	if (len == 0 || asprintf(&directory, "%s%.*s", tree->place, (int)len, group) < 0)
		return;
	for (char *end; (end = strrchr(directory, '/')) >= directory + strlen(tree->place);) {
		if (end[1])
			limit_group(root, tree, directory, available);
		*end = '\0';
	}
	limit_group(root, tree, tree->place, available);
}

/*
 * iopt_alloc_pages() asks for capable(CAP_IPC_LOCK), which one of another user namespace is not; no
 * such namespaces: no link.
 */
static bool is_exempt(const struct sys_root *root, const char *status)
{
	const char *value = value_of(status, "CapEff");
	char link[64] = "";
	uint64_t effective;
	ssize_t len;

	if (!value || sscanf(value, "%" SCNx64, &effective) != 1 ||
	    !(effective & (UINT64_C(1) << CAP_IPC_LOCK)))
		return false;
	len = sys_root_link(root, "proc/self/ns/user", link, sizeof(link));
	return len < 0 || strcmp(link, INITIAL_NAMESPACE) == 0;
}

/*
 * Without IOMMU_OPTION_RLIMIT_MODE, incr_user_locked_vm() compares the user's locked_vm, which can
 * be read nowhere, with the limit of the process. do_update_pinned() counts the same pages in
 * pinned_vm, "VmPin".
 */
static void limit_locked(const struct sys_root *root, struct memory_available *available)
{
	_cleanup_free_ char *limits = read_text(root, "proc/self", "limits");
	_cleanup_free_ char *status = read_text(root, "proc/self", "status");
	uint64_t limit, pinned;
	const char *value;

	value = limits ? value_of(limits, "Max locked memory") : NULL;
	if (!value || !status || sscanf(value, "%" SCNu64, &limit) != 1 || is_exempt(root, status))
		return;
	pinned = number_of(status, "VmPin") * 1024;
	lower(available, pinned < limit ? limit - pinned : 0, MEMORY_RLIMIT);
}

void memory_available(const struct sys_root *root, struct memory_available *ret)
{
	_cleanup_free_ char *meminfo = read_text(root, "proc", "meminfo");
	struct memory_available available = { .bytes = UINT64_MAX };

	if (meminfo && value_of(meminfo, "MemAvailable"))
		lower(&available, number_of(meminfo, "MemAvailable") * 1024, MEMORY_MACHINE);
	limit_groups(root, &available);
	limit_locked(root, &available);
	*ret = available;
}

const char *memory_limit_name(enum memory_limit limit)
{
	static const char *const names[] = {
		[MEMORY_UNKNOWN] = "no known limit",
		[MEMORY_MACHINE] = "the memory of this machine",
		[MEMORY_CGROUP] = "the memory limit of a control group",
		[MEMORY_RLIMIT] = "the limit of locked memory (RLIMIT_MEMLOCK)",
	};

	return names[limit];
}

int memory_oom_lower(const struct sys_root *root, int score)
{
	_cleanup_free_ char *text = read_text(root, "proc/self", "oom_score_adj");
	char value[16];
	int now;

	if (text && sscanf(text, "%d", &now) == 1 && now <= score)
		return 0;
	snprintf(value, sizeof(value), "%d", score);
	return sys_root_write(root, "proc/self/oom_score_adj", value);
}
