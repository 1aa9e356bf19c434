/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small hand-made trees, inspected like captured ones. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/root.h"

struct tree {
	char path[64];
	struct sys_root root;
};

static inline void tree_open(struct tree *tree)
{
	strcpy(tree->path, "/tmp/ioasidctl-unit.XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	assert_int_equal(sys_root_open(tree->path, &tree->root, NULL), 0);
}

/* For what is read below the root itself; not to be closed. */
static inline struct sys_dir tree_top(const struct tree *tree)
{
	return (struct sys_dir){ .fd = tree->root.fd };
}

static inline int tree_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void tree_close(struct tree *tree)
{
	sys_root_close(&tree->root);
	assert_int_equal(nftw(tree->path, tree_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* The path of PATH outside the tree; creates its parent directories. */
static inline const char *tree_place(const struct tree *tree, const char *path, char *buf,
				     size_t size)
{
	assert_in_range(snprintf(buf, size, "%s/%s", tree->path, path), 1, size - 1);
	for (char *p = buf + strlen(tree->path) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(buf, 0755);
		*p = '/';
	}
	return buf;
}

static inline void tree_dir(const struct tree *tree, const char *path)
{
	char place[1024];

	(void)mkdir(tree_place(tree, path, place, sizeof(place)), 0755);
}

static inline void tree_data(const struct tree *tree, const char *path, const void *data,
			     size_t size)
{
	char place[1024];
	FILE *f = fopen(tree_place(tree, path, place, sizeof(place)), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static inline void tree_file(const struct tree *tree, const char *path, const char *text)
{
	tree_data(tree, path, text, strlen(text));
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	char place[1024];

	assert_int_equal(symlink(target, tree_place(tree, path, place, sizeof(place))), 0);
}

/* A PCI device at sys/devices/PLACE, laid out like the kernel does; GROUP NULL: none. */
static inline void tree_pci(const struct tree *tree, const char *place, const char *group,
			    const char *uevent)
{
	const char *id = strrchr(place, '/') + 1;
	char path[512], target[512];

	snprintf(path, sizeof(path), "sys/devices/%s/uevent", place);
	tree_file(tree, path, uevent);
	snprintf(path, sizeof(path), "sys/devices/%s/subsystem", place);
	tree_link(tree, path, "/sys/bus/pci");
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", id);
	snprintf(target, sizeof(target), "../../../devices/%s", place);
	tree_link(tree, path, target);
	if (!group)
		return;
	snprintf(path, sizeof(path), "sys/kernel/iommu_groups/%s/devices/%s", group, id);
	snprintf(target, sizeof(target), "../../../../devices/%s", place);
	tree_link(tree, path, target);
	snprintf(path, sizeof(path), "sys/devices/%s/iommu_group", place);
	snprintf(target, sizeof(target), "/sys/kernel/iommu_groups/%s", group);
	tree_link(tree, path, target);
}

static inline int tree_setup(void **state)
{
	static struct tree tree;

	tree_open(&tree);
	/* The next fd is 0, which is valid like any other. */
	if (tree.root.fd == STDIN_FILENO)
		tree.root.fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(STDIN_FILENO);
	*state = &tree;
	return 0;
}

static inline int tree_teardown(void **state)
{
	tree_close(*state);
	return 0;
}

#define tree_test(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
