/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file may be malicious: memory is taken for what it contains, not for what it announces, and
 * names are hashed with a key that it cannot know.
 */
#include "sys/archive_tree.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "sys/internal.h"

#define BLOCK_SIZE  (256u << 10)
#define BUCKETS_MIN 1024 /* a power of two */
#define PRIME       ((UINT64_C(1) << 61) - 1)
#define LINKS_MAX   40 /* as path_resolution(7) */

__extension__ typedef unsigned __int128 wide;

/* Memory that is freed as a whole. */
struct block {
	struct block *next;
	char data[] __attribute__((aligned(16)));
};

struct archive_tree {
	struct block *blocks;
	size_t used; /* of the first block, which has BLOCK_SIZE */
	uint64_t key;
	struct archive_node **buckets;
	size_t n_buckets, n_nodes, n_directories;
	struct archive_node *root;
	/* Entries are grouped by directory: that of the last one, and its path. */
	struct archive_node *parent;
	size_t parent_len;
	char parent_path[ARCHIVE_PATH_MAX];
};

static struct block *add_block(struct archive_tree *tree, size_t size)
{
	struct block *block = malloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	block->next = tree->blocks;
	tree->blocks = block;
	return block;
}

/* ALIGNMENT is a power of two, 16 at most. */
static void *take(struct archive_tree *tree, size_t size, size_t alignment)
{
	size_t at = (tree->used + alignment - 1) & ~(alignment - 1);

	/* What is large has a block of its own, which counts as used up. */
	if (size > BLOCK_SIZE) {
		struct block *block = add_block(tree, size);

		tree->used = BLOCK_SIZE;
		return block ? block->data : NULL;
	}
	if (!tree->blocks || at + size > BLOCK_SIZE) {
		if (!add_block(tree, BLOCK_SIZE))
			return NULL;
		at = 0;
	}
	tree->used = at + size;
	return tree->blocks->data + at;
}

/*
 * A polynomial with the name as its coefficients, at a random point, modulo a prime: that any two
 * names have the same one is as improbable as their length in 2^61.
 */
static uint64_t hash(const struct archive_tree *tree, const struct archive_node *parent,
		     const char *name, size_t len)
{
	uint64_t sum = parent->number + UCHAR_MAX + 1;

	for (size_t i = 0; i < len; i++) {
		wide product = (wide)sum * tree->key + (unsigned char)name[i];

		sum = (uint64_t)(product & PRIME) + (uint64_t)(product >> 61);
		sum = (sum & PRIME) + (sum >> 61);
	}
	return sum;
}

static struct archive_node **bucket(const struct archive_tree *tree, uint64_t sum)
{
	return &tree->buckets[sum & (tree->n_buckets - 1)];
}

static struct archive_node *find_hashed(const struct archive_tree *tree,
					const struct archive_node *parent, const char *name,
					size_t len, uint64_t sum)
{
	struct archive_node *node = *bucket(tree, sum);

	while (node && (node->hash != sum || node->parent != parent ||
			strncmp(node->name, name, len) != 0 || node->name[len]))
		node = node->same;
	return node;
}

static struct archive_node *find(const struct archive_tree *tree, const struct archive_node *parent,
				 const char *name, size_t len)
{
	return find_hashed(tree, parent, name, len, hash(tree, parent, name, len));
}

static int grow_buckets(struct archive_tree *tree)
{
	struct archive_node **before = tree->buckets;
	size_t n_before = tree->n_buckets, n = n_before ? n_before * 2 : BUCKETS_MIN;
	struct archive_node **buckets = calloc(n, sizeof(struct archive_node *));

	if (!buckets)
		return -ENOMEM;
	tree->buckets = buckets;
	tree->n_buckets = n;
	for (size_t i = 0; i < n_before; i++)
		for (struct archive_node *node = before[i], *same; node; node = same) {
			same = node->same;
			node->same = *bucket(tree, node->hash);
			*bucket(tree, node->hash) = node;
		}
	free(before);
	return 0;
}

/* Returns NULL if out of memory. */
static struct archive_node *new_node(struct archive_tree *tree, const char *name, size_t len,
				     enum archive_type type)
{
	struct archive_node *node = take(tree, sizeof(*node) + len + 1, __alignof__(*node));

	if (!node)
		return NULL;
	*node = (struct archive_node){ .type = type, .number = (unsigned int)tree->n_nodes++ };
	memcpy(node->name, name, len);
	node->name[len] = '\0';
	return node;
}

/* Adds NAME to PARENT. Returns 1; 0 with the node that has this name already; -ENOMEM. */
static int add(struct archive_tree *tree, struct archive_node *parent, const char *name, size_t len,
	       enum archive_type type, struct archive_node **ret)
{
	uint64_t sum = hash(tree, parent, name, len);
	struct archive_node *node = find_hashed(tree, parent, name, len, sum);

	*ret = node;
	if (node)
		return 0;
	if (tree->n_nodes >= tree->n_buckets && grow_buckets(tree) < 0)
		return -ENOMEM;
	node = new_node(tree, name, len, type);
	if (!node)
		return -ENOMEM;
	node->parent = parent;
	node->hash = sum;
	node->same = *bucket(tree, sum);
	*bucket(tree, sum) = node;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	*ret = node;
	return 1;
}

/* The directory NAME in *PARENT, made if necessary. One entry may need hundreds of them. */
static int enter(struct archive_tree *tree, struct archive_node **parent, const char *name,
		 size_t len)
{
	struct archive_node *node;
	int r = add(tree, *parent, name, len, ARCHIVE_DIRECTORY, &node);

	if (r < 0)
		return r;
	if (r > 0 && ++tree->n_directories > ARCHIVE_DIRECTORIES_MAX)
		return -EFBIG;
	if (node->type != ARCHIVE_DIRECTORY)
		return -EPROTO;
	*parent = node;
	return 0;
}

/*
 * The last parent, or what is above it and on the way to the first LEN bytes of PATH. Returns how
 * many bytes lead to it, with a slash.
 */
static size_t common_parent(const struct archive_tree *tree, const char *path, size_t len,
			    struct archive_node **ret)
{
	struct archive_node *parent = tree->parent;
	size_t at = tree->parent_len;

	while (at > 0 && (at > len || (at < len && path[at] != '/') ||
			  memcmp(path, tree->parent_path, at) != 0)) {
		parent = parent->parent;
		while (at > 0 && tree->parent_path[--at] != '/')
			;
	}
	*ret = parent;
	return at + (at > 0 && at < len);
}

/* Makes the directory at the first LEN bytes of PATH the parent. */
static int set_parent(struct archive_tree *tree, const char *path, size_t len)
{
	struct archive_node *parent;

	for (size_t at = common_parent(tree, path, len, &parent); at < len;) {
		size_t part = strcspn(path + at, "/");
		int r = enter(tree, &parent, path + at, part);

		if (r < 0)
			return r;
		at += part + 1;
	}
	memcpy(tree->parent_path, path, len);
	tree->parent_len = len;
	tree->parent = parent;
	return 0;
}

static int set_text(struct archive_tree *tree, struct archive_node *node, const char *text,
		    size_t size)
{
	char *copy = take(tree, size + 1, 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	node->text = copy;
	node->size = size;
	return 0;
}

static int add_entry(const struct archive_entry *entry, void *data)
{
	struct archive_tree *tree = data;
	const char *slash = strrchr(entry->path, '/');
	const char *name = slash ? slash + 1 : entry->path;
	struct archive_node *node;
	int r = set_parent(tree, entry->path, slash ? (size_t)(slash - entry->path) : 0);

	if (r < 0)
		return r;
	if (entry->type == ARCHIVE_DIRECTORY) {
		node = tree->parent;
		return enter(tree, &node, name, strlen(name));
	}
	r = add(tree, tree->parent, name, strlen(name), entry->type, &node);
	if (r <= 0)
		return r < 0 ? r : -EPROTO;
	return entry->type == ARCHIVE_FILE
		       ? set_text(tree, node, entry->data, entry->size)
		       : set_text(tree, node, entry->target, strlen(entry->target));
}

int archive_tree_open(int fd, struct archive_tree **ret, char **ret_place)
{
	_cleanup_archive_tree_ struct archive_tree *tree = calloc(1, sizeof(*tree));
	int r;

	if (!tree)
		return -ENOMEM;
	/* The kernel's random bytes for this process (getauxval(3)). */
	memcpy(&tree->key, (const void *)getauxval(AT_RANDOM), sizeof(tree->key));
	tree->key &= PRIME;
	tree->root = new_node(tree, "", 0, ARCHIVE_DIRECTORY);
	if (!tree->root || grow_buckets(tree) < 0)
		return -ENOMEM;
	tree->root->parent = tree->root;
	tree->parent = tree->root;
	r = archive_read(fd, add_entry, tree, ret_place);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(tree);
	return 0;
}

void archive_tree_close(struct archive_tree **p)
{
	struct archive_tree *tree = *p;

	if (!tree)
		return;
	for (struct block *block = tree->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(tree->buckets);
	free(tree);
	*p = NULL;
}

/* A path that is being resolved: what is left of it, and of the targets of links in it. */
struct trail {
	const char *rest[LINKS_MAX + 1]; /* the last one comes first */
	unsigned int n, links;
	enum archive_follow follow;
};

/* NODE is a link in *AT. Returns 0, or 1 if it is what was looked for. */
static int take_link(const struct archive_tree *tree, struct trail *trail,
		     const struct archive_node *node, const struct archive_node **at)
{
	int error = sys_link_error(node->text);

	if (trail->follow != ARCHIVE_FOLLOW_ALL && trail->n == 1 && !*trail->rest[0]) {
		*at = node;
		return 1;
	}
	if (error < 0)
		return error;
	if (trail->follow == ARCHIVE_FOLLOW_NONE || ++trail->links > LINKS_MAX)
		return -ELOOP;
	if (*node->text == '/')
		*at = tree->root;
	trail->rest[trail->n++] = node->text;
	return 0;
}

/* Takes the component PART. Returns as above. */
static int take_part(const struct archive_tree *tree, struct trail *trail,
		     const struct archive_node *from, const char *part, size_t len,
		     const struct archive_node **at)
{
	const struct archive_node *node;

	if ((*at)->type != ARCHIVE_DIRECTORY)
		return -ENOTDIR;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	if (len == 1 && *part == '.')
		return 0;
	if (len == 2 && memcmp(part, "..", 2) == 0) {
		if (trail->follow == ARCHIVE_FOLLOW_NONE && *at == from)
			return -EXDEV;
		*at = (*at)->parent;
		return 0;
	}
	node = find(tree, *at, part, len);
	if (!node)
		return -ENOENT;
	if (node->type == ARCHIVE_LINK)
		return take_link(tree, trail, node, at);
	*at = node;
	return 0;
}

int archive_tree_find(const struct archive_tree *tree, const struct archive_node *from,
		      const char *path, enum archive_follow follow, const struct archive_node **ret)
{
	struct trail trail = { .rest = { path }, .n = 1, .follow = follow };
	const struct archive_node *at = from && *path != '/' ? from : tree->root;
	int r = 0;

	if (!*path)
		return -ENOENT;
	if (*path == '/' && follow == ARCHIVE_FOLLOW_NONE)
		return -EXDEV;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	while (r == 0 && trail.n > 0) {
		const char **rest = &trail.rest[trail.n - 1], *part = *rest + strspn(*rest, "/");
		size_t len = strcspn(part, "/");

		*rest = part + len;
		if (len == 0)
			trail.n--;
		else
			r = take_part(tree, &trail, from ? from : tree->root, part, len, &at);
	}
	if (r < 0)
		return r;
	*ret = at;
	return 0;
}
