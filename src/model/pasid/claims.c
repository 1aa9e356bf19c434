/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

void pasid_claims_done(struct pasid_claims *claims)
{
	free(claims->v);
	strv_done(&claims->pool);
	*claims = (struct pasid_claims){ 0 };
}

/* The pool's only copy of S: few devices and names occur in many claims. False without memory. */
static bool pool_get(struct strv *pool, const char *s, char **ret)
{
	size_t lo = 0, hi = pool->n;
	char *copy;

	if (!s)
		return true;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (strcmp(pool->v[middle], s) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	if (lo < pool->n && strcmp(pool->v[lo], s) == 0) {
		*ret = pool->v[lo];
		return true;
	}
	if (strv_push(pool, s) < 0)
		return false;
	copy = pool->v[pool->n - 1];
	memmove(&pool->v[lo + 1], &pool->v[lo], (pool->n - 1 - lo) * sizeof(pool->v[0]));
	pool->v[lo] = copy;
	*ret = copy;
	return true;
}

int pasid_claims_add(struct pasid_claims *claims, const struct pasid_claim *claim, unsigned int bit)
{
	const bool numbered = claim->what == PASID_CLAIM_NUMBER || claim->what == PASID_CLAIM_STALE;
	struct pasid_stored stored = {
		.lo = numbered ? claim->lo : 0,
		.hi = numbered ? claim->hi : 0,
		.what = (uint8_t)claim->what,
		.kind = (uint8_t)claim->kind,
		.own = claim->own,
		.iommufd = claim->iommufd,
		.sources = 1u << bit,
		.pid = claim->pid,
		.uid = claim->uid,
		.ioas = claim->ioas,
		.hwpt = claim->hwpt,
		.faults = claim->faults,
		.fault_failures = claim->fault_failures,
	};
	struct pasid_stored *slot;

	/* PASID 0 is the RID's own, whatever a source reports. */
	if (numbered && stored.lo == 0)
		stored.lo = 1;
	if (stored.lo > stored.hi || stored.hi > PASID_MAX)
		return 0;
	if (!pool_get(&claims->pool, claim->device, &stored.device) ||
	    !pool_get(&claims->pool, claim->target, &stored.target) ||
	    !pool_get(&claims->pool, claim->ioas_name, &stored.ioas_name) ||
	    !pool_get(&claims->pool, claim->context, &stored.context))
		return -ENOMEM;
	slot = array_push(claims->v, claims->n);
	if (!slot)
		return -ENOMEM;
	*slot = stored;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct pasid_stored *x = a, *y = b;
	int order = x->device == y->device ? 0 : str_compare(x->device, y->device);

	if (order == 0)
		order = u64_compare(x->lo, y->lo);
	if (order == 0)
		order = u64_compare(x->sources, y->sources);
	return order ? order : u64_compare(x->pid.value, y->pid.value);
}

void pasid_claims_sort(struct pasid_claims *claims)
{
	if (claims->n)
		qsort(claims->v, claims->n, sizeof(claims->v[0]), compare);
}

static size_t find_device(const struct pasid_claims *claims, const char *device, bool past)
{
	size_t lo = 0, hi = claims->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		int order = str_compare(claims->v[middle].device, device);

		if (order < 0 || (order == 0 && past))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

struct pasid_span pasid_claims_of(const struct pasid_claims *claims, const char *device)
{
	return (struct pasid_span){ find_device(claims, device, false),
				    find_device(claims, device, true) };
}

void pasid_claims_set(struct pasid_claims *claims, size_t index, uint32_t pasid)
{
	claims->v[index].what = PASID_CLAIM_NUMBER;
	claims->v[index].lo = claims->v[index].hi = pasid;
}

/* The PASID of a process's address space. */
struct number {
	uint64_t pid;
	uint32_t pasid;
};

struct numbers {
	struct number *v;
	size_t n;
};

static void numbers_done(struct numbers *numbers)
{
	free(numbers->v);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	return u64_compare(x->pid, y->pid);
}

static int numbers_get(const struct pasid_claims *claims, struct numbers *ret)
{
	for (size_t i = 0; i < claims->n; i++) {
		const struct pasid_stored *claim = &claims->v[i];
		struct number *number;

		if (claim->what != PASID_CLAIM_NUMBER || claim->kind != PASID_KIND_SVA ||
		    claim->own || claim->pid.status != 1)
			continue;
		number = array_push(ret->v, ret->n);
		if (!number)
			return -ENOMEM;
		*number = (struct number){ claim->pid.value, claim->lo };
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(ret->v[0]), compare_numbers);
	return 0;
}

int pasid_claims_number(struct pasid_claims *claims)
{
	_cleanup_(numbers_done) struct numbers numbers = { 0 };

	if (numbers_get(claims, &numbers) < 0)
		return -ENOMEM;
	for (size_t i = 0; numbers.n && i < claims->n; i++) {
		const struct pasid_stored *claim = &claims->v[i];
		const struct number key = { .pid = claim->pid.value }, *found;

		if (claim->what != PASID_CLAIM_SOME || claim->kind != PASID_KIND_SVA ||
		    claim->own || claim->pid.status != 1)
			continue;
		found = bsearch(&key, numbers.v, numbers.n, sizeof(key), compare_numbers);
		if (found)
			pasid_claims_set(claims, i, found->pasid);
	}
	pasid_claims_sort(claims);
	return 0;
}
