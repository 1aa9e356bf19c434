/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the nodes from what was read. */
#include "model/topology/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/str.h"

/* Index of the unit, added if missing. Returns that, or -ENOMEM. */
static ssize_t find_unit(struct topology *topology, const char *name, int error)
{
	struct topology_unit *slot;

	for (size_t i = 0; i < topology->n_units; i++) {
		const struct topology_unit *unit = &topology->units[i];

		if (name ? unit->name && strcmp(unit->name, name) == 0
			 : !unit->name && unit->error == error)
			return (ssize_t)i;
	}
	slot = array_push(topology->units, topology->n_units);
	if (!slot)
		return -ENOMEM;
	*slot = (struct topology_unit){ .name = name, .error = error };
	return (ssize_t)topology->n_units - 1;
}

static ssize_t device_unit(struct topology *topology, const struct device *device)
{
	if (device->iommu.status == 1)
		return find_unit(topology, device->iommu.value, 0);
	return find_unit(topology, NULL, device->iommu.status);
}

/* All members of a group are behind one unit, so the first one with a unit decides. */
static ssize_t group_unit(struct topology *topology, const struct group *group)
{
	const struct device *told = NULL;

	for (size_t i = 0; i < group->n_members; i++) {
		const struct device *member = &group->members[i];

		if (member->iommu.status == 1)
			return device_unit(topology, member);
		if (!told || member->iommu.status < 0)
			told = member;
	}
	if (!told)
		return find_unit(topology, NULL,
				 group->members_status < 0 ? group->members_status : 0);
	return device_unit(topology, told);
}

/* The unit of each group and of each other device, in RET: one index each, groups first. */
static int list_units(struct topology *topology, size_t **ret)
{
	size_t n = topology->groups.n;
	_cleanup_free_ size_t *units = calloc(n + topology->others.n + 1, sizeof(*units));

	if (!units)
		return -ENOMEM;
	for (size_t i = 0; i < topology->iommus.n; i++) {
		ssize_t unit = find_unit(topology, topology->iommus.v[i].name, 0);

		if (unit < 0)
			return (int)unit;
		topology->units[unit].iommu = &topology->iommus.v[i];
	}
	for (size_t i = 0; i < n + topology->others.n; i++) {
		ssize_t unit = i < n ? group_unit(topology, &topology->groups.v[i])
				     : device_unit(topology, &topology->others.v[i - n]);

		if (unit < 0)
			return (int)unit;
		units[i] = (size_t)unit;
	}
	*ret = TAKE_PTR(units);
	return 0;
}

/* State shared by the add_*() functions. */
struct build {
	struct topology *topology;
	const struct topology_need *need;
	const struct device **siblings; /* of one group, or of one unit without a group */
	size_t *above;                  /* index of the sibling above each, or its own */
	size_t n_siblings;
};

/* Adds a node below PARENT that inherits its objects. Returns it, or NULL if out of memory. */
static struct topology_node *add_node(struct build *build, enum topology_kind kind, size_t parent)
{
	struct topology *topology = build->topology;
	struct topology_node *node = array_push(topology->v, topology->n);

	if (!node)
		return NULL;
	*node = (struct topology_node){ 0 };
	if (parent != TOPOLOGY_ROOT)
		*node = topology->v[parent];
	node->kind = kind;
	node->parent = parent;
	node->error = 0;
	return node;
}

static int add_process(struct build *build, size_t parent, const struct device_opener *opener)
{
	struct topology_node *node = add_node(build, TOPOLOGY_PROCESS, parent);

	if (!node)
		return -ENOMEM;
	node->opener = opener;
	return 0;
}

/* Does B continue A, with the same target? Domains may differ, they are internal to the IOMMU. */
static bool continues(const struct binding *a, const struct binding *b)
{
	return strcmp(a->device, b->device) == 0 && a->hi + UINT64_C(1) == b->lo &&
	       a->kind == b->kind && a->state == b->state && field_u64_same(&a->ioas, &b->ioas) &&
	       field_u64_same(&a->hwpt, &b->hwpt) && field_u64_same(&a->pid, &b->pid) &&
	       field_str_same(&a->context, &b->context);
}

/* Index of the first range of the device, or the table's end. The table is sorted by device. */
static size_t find_ranges(const struct bindings *table, const char *device)
{
	size_t lo = 0, hi = table->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (str_compare(table->v[middle].device, device) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/*
 * Only attachments to an IOAS or HWPT get a node. A kernel domain is shown by the group, an opener
 * by the process nodes.
 */
static int add_rid(struct build *build, size_t parent, const struct device *device)
{
	const struct device_attached *attached = &device->attached;

	if (attached->kind != ATTACHED_IOAS && attached->kind != ATTACHED_HWPT &&
	    !(attached->kind == ATTACHED_DOMAIN && attached->context.status == 1))
		return 0;
	return add_node(build, TOPOLOGY_RID, parent) ? 0 : -ENOMEM;
}

/*
 * A node for consecutive equal PASIDs of TABLE from I on. Returns the index after them, or 0 if out
 * of memory.
 */
static size_t add_range(struct build *build, size_t parent, const struct bindings *table, size_t i)
{
	struct topology_node *node = add_node(build, TOPOLOGY_PASID, parent);

	if (!node)
		return 0;
	node->binding = &table->v[i];
	node->lo = table->v[i].lo;
	while (i + 1 < table->n && continues(&table->v[i], &table->v[i + 1]))
		i++;
	node->hi = table->v[i].hi;
	return i + 1;
}

/* The PASIDs of a device, and below each the process that uses it. */
static int add_pasids(struct build *build, size_t parent, const struct device *device)
{
	const struct bindings *table = build->need->pasids;
	size_t i = find_ranges(table, device->id);

	while (i < table->n && strcmp(table->v[i].device, device->id) == 0) {
		const struct binding *binding = &table->v[i];
		size_t at = build->topology->n;

		i = add_range(build, parent, table, i);
		if (i == 0 || (build->need->depth == TOPOLOGY_PROCESS && binding->pid.status == 1 &&
			       add_process(build, at, NULL) < 0))
			return -ENOMEM;
	}
	return 0;
}

/* Is there already a node for the process, from a PASID of the device or another open node? */
static bool is_told(const struct topology *topology, size_t device, pid_t pid)
{
	for (size_t i = device + 1; i < topology->n; i++) {
		const struct topology_node *node = &topology->v[i];

		if (node->kind != TOPOLOGY_PROCESS)
			continue;
		if (node->opener ? node->opener->pid == pid
				 : node->binding->pid.value == (uint64_t)pid)
			return true;
	}
	return false;
}

static int add_openers(struct build *build, size_t parent, const struct device *device)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < device->n_openers; i++)
		if (!is_told(build->topology, parent, device->openers[i].pid))
			r = add_process(build, parent, &device->openers[i]);
	return r;
}

/* A sibling and the ones below it. */
static int add_device(struct build *build, size_t parent, size_t sibling)
{
	const struct device *device = build->siblings[sibling];
	struct topology_node *node;
	size_t at;
	int r = 0;

	node = add_node(build, device_is_bridge(device) ? TOPOLOGY_BRIDGE : TOPOLOGY_DEVICE,
			parent);
	if (!node)
		return -ENOMEM;
	node->device = device;
	at = build->topology->n - 1;
	if (build->need->depth >= TOPOLOGY_RID)
		r = add_rid(build, at, device);
	if (r == 0 && build->need->pasids && build->need->depth >= TOPOLOGY_PASID)
		r = add_pasids(build, at, device);
	if (r == 0 && build->need->depth == TOPOLOGY_PROCESS)
		r = add_openers(build, at, device);
	for (size_t i = 0; r == 0 && i < build->n_siblings; i++)
		if (i != sibling && build->above[i] == sibling)
			r = add_device(build, at, i);
	return r;
}

static bool is_beneath(const struct device *device, const struct device *above)
{
	size_t len;

	if (device->path.status != 1 || above->path.status != 1)
		return false;
	len = strlen(above->path.value);
	return strncmp(device->path.value, above->path.value, len) == 0 &&
	       device->path.value[len] == '/';
}

/* The closest sibling above, or its own index. Decided by paths only, so there are no cycles. */
static size_t find_above(const struct build *build, size_t sibling)
{
	const struct device *device = build->siblings[sibling];
	size_t above = sibling;

	for (size_t i = 0; i < build->n_siblings; i++) {
		if (!is_beneath(device, build->siblings[i]))
			continue;
		if (above == sibling || strlen(build->siblings[i]->path.value) >
						strlen(build->siblings[above]->path.value))
			above = i;
	}
	return above;
}

static int add_siblings(struct build *build, size_t parent)
{
	int r = 0;

	for (size_t i = 0; i < build->n_siblings; i++)
		build->above[i] = find_above(build, i);
	for (size_t i = 0; r == 0 && i < build->n_siblings; i++)
		if (build->above[i] == i)
			r = add_device(build, parent, i);
	return r;
}

static int add_group(struct build *build, size_t parent, const struct group *group)
{
	struct topology_node *node = add_node(build, TOPOLOGY_GROUP, parent);
	size_t at = build->topology->n - 1;

	if (!node)
		return -ENOMEM;
	node->group = group;
	if (build->need->depth == TOPOLOGY_GROUP)
		return 0;
	if (group->members_status < 0) {
		node = add_node(build, TOPOLOGY_DEVICE, at);
		if (!node)
			return -ENOMEM;
		node->error = group->members_status;
		return 0;
	}
	build->n_siblings = group->n_members;
	for (size_t i = 0; i < group->n_members; i++)
		build->siblings[i] = &group->members[i];
	return add_siblings(build, at);
}

/* A unit with everything behind it. UNITS comes from list_units(). */
static int add_unit(struct build *build, size_t unit, const size_t *units)
{
	struct topology *topology = build->topology;
	struct topology_node *node = add_node(build, TOPOLOGY_IOMMU, TOPOLOGY_ROOT);
	size_t at = topology->n - 1;
	int r = 0;

	if (!node)
		return -ENOMEM;
	node->unit = &topology->units[unit];
	node->error = node->unit->error;
	for (size_t i = 0; r == 0 && i < topology->groups.n; i++)
		if (units[i] == unit)
			r = add_group(build, at, &topology->groups.v[i]);
	build->n_siblings = 0;
	for (size_t i = 0; i < topology->others.n; i++)
		if (units[topology->groups.n + i] == unit)
			build->siblings[build->n_siblings++] = &topology->others.v[i];
	return r == 0 ? add_siblings(build, at) : r;
}

static bool is_attached(const struct device *device, const struct topology_context *context,
			const struct topology_ioas *ioas)
{
	const struct device_attached *attached = &device->attached;

	return attached->kind == ATTACHED_IOAS && attached->id.value == ioas->id &&
	       attached->context.status == 1 && strcmp(attached->context.value, context->name) == 0;
}

static bool leads_to(const struct binding *binding, const struct topology_context *context,
		     const struct topology_ioas *ioas)
{
	return binding->ioas.status == 1 && binding->ioas.value == ioas->id &&
	       binding->context.status == 1 && strcmp(binding->context.value, context->name) == 0;
}

/* What is attached to an IOAS: devices' own requests, then PASIDs. */
static int add_users(struct build *build, size_t parent, const struct topology_context *context,
		     const struct topology_ioas *ioas)
{
	const struct topology *topology = build->topology;
	const struct bindings *table = build->need->pasids;

	for (size_t i = 0; i < topology->groups.n; i++)
		for (size_t k = 0; k < topology->groups.v[i].n_members; k++) {
			const struct device *device = &topology->groups.v[i].members[k];
			struct topology_node *node;

			if (!is_attached(device, context, ioas))
				continue;
			node = add_node(build, TOPOLOGY_RID, parent);
			if (!node)
				return -ENOMEM;
			node->device = device;
		}
	for (size_t i = 0; table && i < table->n;) {
		if (!leads_to(&table->v[i], context, ioas)) {
			i++;
			continue;
		}
		i = add_range(build, parent, table, i);
		if (i == 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_context(struct build *build, const struct topology_context *context)
{
	struct topology_node *node = add_node(build, TOPOLOGY_CONTEXT, TOPOLOGY_ROOT);
	size_t at = build->topology->n - 1;
	int r = 0;

	if (!node)
		return -ENOMEM;
	node->context = context;
	for (size_t i = 0; r == 0 && i < context->n_ioas; i++) {
		node = add_node(build, TOPOLOGY_IOAS, at);
		if (!node)
			return -ENOMEM;
		node->ioas = &context->ioas[i];
		r = add_users(build, build->topology->n - 1, context, node->ioas);
	}
	return r;
}

/* Without tables of PASIDs on this machine, only those of contexts could be missed. */
static int pasid_error(const struct topology_need *need)
{
	int status = need->pasids ? need->reports->hardware_status : 1;
	int contexts = need->pasids ? need->reports->v[PASID_SOURCE_CONTEXT].status : 1;

	if (status < 0 && status != -EOPNOTSUPP)
		return status;
	return status < 0 && contexts < 0 ? contexts : 0;
}

int topology_build(struct topology *topology, const struct topology_need *need)
{
	size_t most = topology->others.n;
	_cleanup_free_ const struct device **siblings = NULL;
	_cleanup_free_ size_t *above = NULL, *units = NULL;
	struct build build = { .topology = topology, .need = need };
	int r;

	for (size_t i = 0; i < topology->groups.n; i++)
		if (topology->groups.v[i].n_members > most)
			most = topology->groups.v[i].n_members;
	build.siblings = siblings = calloc(most + 1, sizeof(*siblings));
	build.above = above = calloc(most + 1, sizeof(*above));
	if (!siblings || !above)
		return -ENOMEM;
	r = list_units(topology, &units);
	for (size_t i = 0; r == 0 && i < topology->n_units; i++) {
		topology->units[i].pasid_error = pasid_error(need);
		r = add_unit(&build, i, units);
	}
	for (size_t i = 0; r == 0 && need->depth >= TOPOLOGY_RID && i < need->n_contexts; i++)
		r = add_context(&build, &need->contexts[i]);
	return r;
}
