/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A captured file. Plain tar is accepted like a compressed one, so that changes to it are not
 * hidden by compression.
 */
#include "fuzz.h"

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/archive_tree.h"

static int each(const struct archive_entry *entry, void *data)
{
	size_t *total = data;
	const char *part = entry->path;

	fuzz_check(*part && *part != '/' && strlen(part) < ARCHIVE_PATH_MAX);
	for (; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
		fuzz_check(strcspn(part, "/") > 0 && strncmp(part, "../", 3) != 0 &&
			   strcmp(part, "..") != 0 && strncmp(part, "./", 2) != 0);
	fuzz_check((entry->type == ARCHIVE_LINK) == (entry->target != NULL));
	fuzz_check(entry->type != ARCHIVE_FILE || entry->data[entry->size] == '\0');
	*total += entry->size;
	fuzz_check(*total <= ARCHIVE_SIZE_MAX);
	return 0;
}

/* Whatever a link leads to is in the tree, or is an error. */
static void follow(const struct archive_tree *tree, const struct archive_node *link)
{
	const struct archive_node *node;
	int r = archive_tree_find(tree, link->parent, link->text, ARCHIVE_FOLLOW_ALL, &node);

	fuzz_check(r <= 0 && r >= -4095);
	fuzz_check(r < 0 || node->type != ARCHIVE_LINK);
	for (; r == 0 && node != node->parent; node = node->parent)
		;
	r = archive_tree_find(tree, link->parent, link->text, ARCHIVE_FOLLOW_NONE, &node);
	fuzz_check(r <= 0 && r >= -4095);
}

/* PATH has room for any. Returns the number of bytes in all files. */
static size_t visit(const struct archive_tree *tree, const struct archive_node *directory,
		    char *path, size_t len)
{
	size_t total = 0;

	for (const struct archive_node *node = directory->first; node; node = node->next) {
		const size_t name = strlen(node->name);
		const struct archive_node *found;

		fuzz_check(node->parent == directory && name > 0 && !strchr(node->name, '/') &&
			   strcmp(node->name, ".") != 0 && strcmp(node->name, "..") != 0);
		fuzz_check(len + 1 + name < ARCHIVE_PATH_MAX + 1);
		path[len] = '/';
		memcpy(path + len + 1, node->name, name + 1);
		fuzz_check(archive_tree_find(tree, NULL, path, ARCHIVE_FOLLOW_WAY, &found) == 0 &&
			   found == node);
		fuzz_check(archive_tree_find(tree, directory, node->name, ARCHIVE_FOLLOW_WAY,
					     &found) == 0 &&
			   found == node);
		if (node->type == ARCHIVE_DIRECTORY)
			total += visit(tree, node, path, len + 1 + name);
		else
			fuzz_check(node->text[node->size] == '\0');
		if (node->type == ARCHIVE_LINK)
			follow(tree, node);
		if (node->type == ARCHIVE_FILE)
			total += node->size;
	}
	return total;
}

/* The same entries as a tree, unless a path comes twice, or one is below a file. */
static void read_tree(int fd, size_t total)
{
	struct archive_tree *tree = NULL;
	const struct archive_node *root;
	char path[ARCHIVE_PATH_MAX + 1] = "";
	int r;

	r = archive_tree_open(fd, &tree, NULL);
	fuzz_check(r == 0 || r == -EPROTO || r == -EFBIG);
	if (r < 0)
		return;
	fuzz_check(archive_tree_find(tree, NULL, "/", ARCHIVE_FOLLOW_ALL, &root) == 0);
	fuzz_check(visit(tree, root, path, 0) == total);
	archive_tree_close(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	size_t total = 0;

	fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size &&
		   lseek(fd, 0, SEEK_SET) == 0);
	if (archive_read(fd, each, &total, NULL) == 0) {
		fuzz_check(lseek(fd, 0, SEEK_SET) == 0);
		read_tree(fd, total);
	}
	close(fd);
	return 0;
}
