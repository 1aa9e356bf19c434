/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

void fold_done(struct fold *fold)
{
	for (size_t i = 0; i < fold->n; i++)
		log_fault_done(&fold->v[i].fault);
	free(fold->v);
	free(fold->slots);
	*fold = (struct fold){ 0 };
}

static bool field_same(const struct field_u64 *a, const struct field_u64 *b)
{
	return a->status == b->status && a->value == b->value;
}

/* Equal except for time and line. */
static bool same(const struct log_fault *a, const struct log_fault *b)
{
	return field_same(&a->iova, &b->iova) && field_same(&a->code, &b->code) &&
	       field_same(&a->pasid, &b->pasid) && field_same(&a->pid, &b->pid) &&
	       field_same(&a->stream, &b->stream) && field_same(&a->domain, &b->domain) &&
	       field_same(&a->flags, &b->flags) && a->kind == b->kind && a->access == b->access &&
	       strcmp(a->source, b->source) == 0 && strcmp(a->device, b->device) == 0 &&
	       strcmp(a->iommu, b->iommu) == 0 && strcmp(a->process, b->process) == 0 &&
	       strcmp(a->host, b->host) == 0 && strcmp(a->hub, b->hub) == 0 &&
	       strcmp(a->text, b->text) == 0 && a->reason == b->reason && a->remedy == b->remedy;
}

/* Hash of the fields that differ most. */
static size_t hash(const struct log_fault *fault)
{
	uint64_t value = fault->iova.value ^ fault->stream.value << 17 ^ fault->code.value << 40 ^
			 fault->pasid.value << 7;

	for (const char *s = fault->device; *s; s++)
		value = value * 31 + (unsigned char)*s;
	for (const char *s = fault->text; *s; s++)
		value = value * 31 + (unsigned char)*s;
	value *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(value >> 20);
}

/* The slot of an equal fault, or a free one. */
static size_t *find(const struct fold *fold, const struct log_fault *fault)
{
	size_t i = hash(fault) % fold->n_slots;

	while (fold->slots[i] && !same(&fold->v[fold->slots[i] - 1].fault, fault))
		i = (i + 1) % fold->n_slots;
	return &fold->slots[i];
}

static int grow(struct fold *fold)
{
	size_t size = fold->size ? 2 * fold->size : 64;
	struct fold_entry *v = reallocarray(fold->v, size, sizeof(*v));
	size_t *slots;

	if (!v)
		return -ENOMEM;
	fold->v = v;
	slots = calloc(2 * size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(fold->slots);
	fold->slots = slots;
	fold->n_slots = 2 * size;
	fold->size = size;
	for (size_t i = 0; i < fold->n; i++)
		*find(fold, &fold->v[i].fault) = i + 1;
	return 0;
}

int fold_add(struct fold *fold, const struct log_fault *fault)
{
	struct fold_entry *entry;
	size_t *slot;

	if (fold->n == fold->size && grow(fold) < 0)
		return -ENOMEM;
	slot = find(fold, fault);
	if (*slot) {
		entry = &fold->v[*slot - 1];
		entry->count++;
		memcpy(entry->last_time, fault->time, sizeof(entry->last_time));
		return 0;
	}
	entry = &fold->v[fold->n];
	*entry = (struct fold_entry){ .fault = *fault, .count = 1 };
	entry->fault.line = strdup(fault->line);
	if (!entry->fault.line)
		return -ENOMEM;
	*slot = ++fold->n;
	return 0;
}
