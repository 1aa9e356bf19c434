/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/topology/fold.h"

#include <errno.h>
#include <string.h>

/* Fewer are not worth folding. */
#define ALIKE_MIN 3

/* Fold by the next level of likeness if more nodes than this would be drawn. */
static const size_t most[] = { [TOPOLOGY_LIKE_NONE] = 64, [TOPOLOGY_LIKE_SAME] = 160 };

void topology_fold_done(struct topology_fold *fold)
{
	free(fold->first);
	free(fold->last);
	free(fold->count);
	*fold = (struct topology_fold){ 0 };
}

static uint64_t topology_pid(const struct topology_node *node)
{
	return node->opener ? (uint64_t)node->opener->pid : node->binding->pid.value;
}

/* NULL if unknown. */
static const char *topology_command(const struct topology_node *node)
{
	if (node->opener)
		return node->opener->comm;
	return node->binding->command.status == 1 ? node->binding->command.value : NULL;
}

static bool same_process(const struct topology_node *a, const struct topology_node *b,
			 enum topology_likeness likeness)
{
	const char *x = topology_command(a), *y = topology_command(b);

	if (likeness < TOPOLOGY_LIKE_KIND || (!x && !y))
		return topology_pid(a) == topology_pid(b);
	return x && y && strcmp(x, y) == 0;
}

static bool same_device(const struct device *a, const struct device *b)
{
	/* A placeholder for unreadable devices has no device. */
	return a && b && field_str_same(&a->class_name, &b->class_name) &&
	       field_str_same(&a->driver, &b->driver) && field_str_same(&a->physfn, &b->physfn);
}

static bool same_target(const struct binding *a, const struct binding *b,
			enum topology_likeness likeness)
{
	if (a->kind != b->kind || a->state != b->state)
		return false;
	return likeness == TOPOLOGY_LIKE_KIND ||
	       (field_u64_same(&a->ioas, &b->ioas) && field_u64_same(&a->hwpt, &b->hwpt) &&
		field_str_same(&a->context, &b->context));
}

static bool same_attached(const struct device_attached *a, const struct device_attached *b,
			  enum topology_likeness likeness)
{
	return a->kind == b->kind &&
	       (likeness == TOPOLOGY_LIKE_KIND ||
		(field_u64_same(&a->id, &b->id) && field_str_same(&a->context, &b->context)));
}

static bool same_node(const struct topology_node *a, const struct topology_node *b,
		      enum topology_likeness likeness)
{
	if (a->kind != b->kind || a->error || b->error)
		return false;
	switch (a->kind) {
	case TOPOLOGY_IOMMU:
	case TOPOLOGY_CONTEXT:
	case TOPOLOGY_IOAS:
		break;
	case TOPOLOGY_GROUP:
		return field_str_same(&a->group->type, &b->group->type) &&
		       field_str_same(&a->group->name, &b->group->name);
	case TOPOLOGY_BRIDGE:
	case TOPOLOGY_DEVICE:
		return same_device(a->device, b->device);
	case TOPOLOGY_RID:
		return same_attached(&a->device->attached, &b->device->attached, likeness);
	case TOPOLOGY_PASID:
		return same_target(a->binding, b->binding, likeness);
	case TOPOLOGY_PROCESS:
		return same_process(a, b, likeness);
	}
	return false;
}

/*
 * The nodes below a node follow it, so corresponding nodes of two equal trees have the same offset.
 */
static bool same_tree(const struct topology *topology, const size_t *sizes, size_t a, size_t b,
		      enum topology_likeness likeness)
{
	const struct topology_node *x = &topology->v[a], *y = &topology->v[b];

	if (sizes[a] != sizes[b])
		return false;
	for (size_t i = 0; i < sizes[a]; i++)
		if ((i && x[i].parent - a != y[i].parent - b) || !same_node(&x[i], &y[i], likeness))
			return false;
	return true;
}

/* The number of nodes of each subtree. */
static void measure(const struct topology *topology, size_t *sizes)
{
	for (size_t i = topology->n; i-- > 0;) {
		sizes[i]++;
		if (topology->v[i].parent != TOPOLOGY_ROOT)
			sizes[topology->v[i].parent] += sizes[i];
	}
}

/* Finds for each node the first sibling that is like it. ALIKE has room to count them. */
static void find_alike(const struct topology *topology, const size_t *sizes,
		       enum topology_likeness likeness, size_t *like, size_t *alike)
{
	for (size_t i = 0; i < topology->n; i++) {
		size_t parent = topology->v[i].parent;

		like[i] = i;
		alike[i] = 0;
		if (likeness == TOPOLOGY_LIKE_NONE || parent == TOPOLOGY_ROOT)
			continue;
		for (size_t k = parent + 1; k < i && like[i] == i; k += sizes[k])
			if (like[k] == k && same_tree(topology, sizes, k, i, likeness))
				like[i] = k;
		alike[like[i]]++;
	}
	for (size_t i = 0; i < topology->n; i++)
		if (alike[like[i]] < ALIKE_MIN)
			like[i] = i;
}

/*
 * A node in a tree that is not drawn is represented by the node at the same place in the drawn one.
 */
static void choose_first(const struct topology *topology, const size_t *sizes, const size_t *like,
			 size_t *first)
{
	for (size_t i = 0; i < topology->n;) {
		first[i] = i;
		if (like[i] == i) {
			i++;
			continue;
		}
		for (size_t k = 0; k < sizes[i]; k++)
			first[i + k] = first[like[i] + k];
		i += sizes[i];
	}
}

struct process {
	const struct topology_node *node;
	uint64_t pid;
	size_t at, first;
};

static int compare_processes(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* A process is drawn and counted once. Returns 0 or -ENOMEM. */
static int join_processes(const struct topology *topology, struct topology_fold *fold)
{
	_cleanup_free_ struct process *list = calloc(topology->n + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < topology->n; i++) {
		const struct topology_node *node = &topology->v[i];
		size_t first = 0;

		if (node->kind != TOPOLOGY_PROCESS)
			continue;
		while (first < n && !same_process(list[first].node, node, fold->likeness))
			first = first + 1;
		fold->first[i] = first < n ? list[first].first : i;
		list[n++] = (struct process){ node, topology_pid(node), i, fold->first[i] };
	}
	qsort(list, n, sizeof(*list), compare_processes);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || list[i].pid != list[i - 1].pid) {
			fold->count[list[i].first]++;
			fold->last[list[i].first] = list[i].at;
		}
	return 0;
}

/* Returns the number of nodes drawn, or -ENOMEM. */
static ssize_t fold_by(const struct topology *topology, const size_t *sizes,
		       struct topology_fold *fold)
{
	ssize_t drawn = 0;
	int r;

	find_alike(topology, sizes, fold->likeness, fold->last, fold->count);
	choose_first(topology, sizes, fold->last, fold->first);
	memset(fold->count, 0, topology->n * sizeof(*fold->count));
	r = join_processes(topology, fold);
	if (r < 0)
		return r;
	for (size_t i = 0; i < topology->n; i++) {
		if (topology->v[i].kind != TOPOLOGY_PROCESS) {
			fold->count[fold->first[i]]++;
			fold->last[fold->first[i]] = i;
		}
		drawn += fold->first[i] == i;
	}
	return drawn;
}

int topology_fold(const struct topology *topology, struct topology_fold *ret)
{
	_cleanup_free_ size_t *sizes = calloc(topology->n + 1, sizeof(*sizes));
	_cleanup_topology_fold_ struct topology_fold fold = {
		.first = calloc(topology->n + 1, sizeof(size_t)),
		.last = calloc(topology->n + 1, sizeof(size_t)),
		.count = calloc(topology->n + 1, sizeof(size_t)),
	};
	ssize_t drawn;

	if (!sizes || !fold.first || !fold.last || !fold.count)
		return -ENOMEM;
	measure(topology, sizes);
	drawn = fold_by(topology, sizes, &fold);
	while (drawn >= 0 && fold.likeness < TOPOLOGY_LIKE_KIND &&
	       (size_t)drawn > most[fold.likeness]) {
		fold.likeness++;
		drawn = fold_by(topology, sizes, &fold);
	}
	if (drawn < 0)
		return (int)drawn;
	*ret = fold;
	fold = (struct topology_fold){ 0 };
	return 0;
}
