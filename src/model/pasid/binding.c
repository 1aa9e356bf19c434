/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid/binding.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"

const char *const pasid_kind_names[] = {
	[PASID_KIND_UNKNOWN] = "unknown", [PASID_KIND_IOAS] = "ioas",
	[PASID_KIND_HWPT] = "hwpt",       [PASID_KIND_SVA] = "sva",
	[PASID_KIND_NESTED] = "nested",   [PASID_KIND_DMA] = "dma",
	[PASID_KIND_DMA + 1] = NULL,
};

const char *pasid_kind_name(enum pasid_kind kind)
{
	return pasid_kind_names[kind];
}

const char *const pasid_state_names[] = {
	[PASID_STATE_OK] = "ok",
	[PASID_STATE_NOT_IN_HARDWARE] = "not-in-hardware",
	[PASID_STATE_NOT_RECORDED] = "not-recorded",
	[PASID_STATE_UNCONFIRMED] = "unconfirmed",
	[PASID_STATE_AMBIGUOUS] = "ambiguous",
	[PASID_STATE_UNKNOWN] = NULL,
};

const char *pasid_state_name(enum pasid_state state)
{
	return pasid_state_names[state];
}

void bindings_done(struct bindings *list)
{
	for (size_t i = 0; i < list->n; i++)
		free((void *)list->v[i].candidates);
	free(list->v);
	strv_done(&list->pool);
	*list = (struct bindings){ 0 };
}

/* The pool's only copy of S: few devices and names occur in many bindings. NULL without memory. */
static char *intern(struct strv *pool, const char *s)
{
	size_t lo = 0, hi = pool->n;
	char *copy;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		int order = strcmp(pool->v[middle], s);

		if (order == 0)
			return pool->v[middle];
		if (order < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (strv_push(pool, s) < 0)
		return NULL;
	copy = pool->v[pool->n - 1];
	memmove(&pool->v[lo + 1], &pool->v[lo], (pool->n - 1 - lo) * sizeof(pool->v[0]));
	pool->v[lo] = copy;
	return copy;
}

int bindings_add(struct bindings *list, const struct binding *binding)
{
	const size_t size = binding->n_candidates * sizeof(*binding->candidates);
	_cleanup_free_ uint64_t *candidates = size ? malloc(size) : NULL;
	struct binding copy = *binding, *slot;
	struct field_str *strings[] = { &copy.through, &copy.context, &copy.ioas_name, &copy.driver,
					&copy.command, &copy.user,    &copy.unit };

	if (size && !candidates)
		return -ENOMEM;
	if (size)
		memcpy(candidates, binding->candidates, size);
	copy.device = intern(&list->pool, binding->device);
	if (!copy.device)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		if (strings[i]->status != 1)
			continue;
		strings[i]->value = intern(&list->pool, strings[i]->value);
		if (!strings[i]->value)
			return -ENOMEM;
	}
	slot = array_push(list->v, list->n);
	if (!slot)
		return -ENOMEM;
	*slot = copy;
	slot->candidates = TAKE_PTR(candidates);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct binding *x = a, *y = b;
	int order = x->device == y->device ? 0 : str_compare(x->device, y->device);

	if (order == 0)
		order = u64_compare(x->lo, y->lo);
	if (order == 0)
		order = u64_compare(x->sources, y->sources);
	return order ? order : u64_compare(x->pid.value, y->pid.value);
}

void bindings_sort(struct bindings *list)
{
	if (list->n)
		qsort(list->v, list->n, sizeof(list->v[0]), compare);
}

static size_t find_device(const struct bindings *list, const char *device, bool past)
{
	size_t lo = 0, hi = list->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		int order = str_compare(list->v[middle].device, device);

		if (order < 0 || (order == 0 && past))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

struct binding_span bindings_of(const struct bindings *list, const char *device)
{
	return (struct binding_span){ find_device(list, device, false),
				      find_device(list, device, true) };
}
