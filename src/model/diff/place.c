/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches the devices of both sides. A PCI address contains a bus number, which changes when a card
 * is added or removed; the slots on the path from the root do not: "pci0000:00/1c.0/00.0". Only
 * that distinguishes equal cards, and nothing else is guessed: a device in another slot was removed
 * and added.
 */
#include "model/diff/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

struct placed {
	const struct device *device;
	char *place; /* NULL: unknown, or not a PCI device */
	bool paired;
};

/* The first of the buses below a directory. */
struct bus {
	const char *parent; /* path, LEN bytes of it */
	size_t len;
	uint8_t first;
};

struct places {
	struct placed *v;      /* same order as the side's devices */
	struct placed **order; /* sorted by place, devices without a place first */
	size_t n;
	struct bus *busses; /* sorted by parent */
	size_t n_busses;
};

static void places_done(struct places *places)
{
	for (size_t i = 0; i < places->n; i++)
		free(places->v[i].place);
	free(places->v);
	free(places->order);
	free(places->busses);
}

static int compare_busses(const void *a, const void *b)
{
	const struct bus *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->parent, y->parent, len);

	if (order == 0 && x->len != y->len)
		order = x->len < y->len ? -1 : 1;
	return order;
}

static int compare_firsts(const void *a, const void *b)
{
	const struct bus *x = a, *y = b;
	int order = compare_busses(a, b);

	return order ? order : x->first - y->first;
}

static bool is_pci(const struct device *device)
{
	return device->path.status == 1 && device->bus && strcmp(device->bus, "pci") == 0;
}

static int list_busses(struct places *places)
{
	size_t n = 0;

	places->busses = calloc(places->n + 1, sizeof(*places->busses));
	if (!places->busses)
		return -ENOMEM;
	for (size_t i = 0; i < places->n; i++) {
		const struct device *device = places->v[i].device;
		struct pci_address address;
		const char *slash = is_pci(device) ? strrchr(device->path.value, '/') : NULL;

		if (!slash || parse_pci_address(slash + 1, &address) < 0)
			continue;
		places->busses[n++] =
			(struct bus){ device->path.value, (size_t)(slash - device->path.value),
				      address.bus };
	}
	qsort(places->busses, n, sizeof(*places->busses), compare_firsts);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || compare_busses(&places->busses[i], &places->busses[i - 1]) != 0)
			places->busses[places->n_busses++] = places->busses[i];
	return 0;
}

/* Appends a component of a path. VFs may be on a bus after that of their PF. */
static void put_part(const struct places *places, const char *path, size_t parent, const char *part,
		     FILE *f)
{
	const struct bus key = { path, parent, 0 }, *bus;
	struct pci_address address;

	if (parse_pci_address(part, &address) < 0) {
		fprintf(f, "/%s", part);
		return;
	}
	bus = bsearch(&key, places->busses, places->n_busses, sizeof(key), compare_busses);
	fprintf(f, "/%d+%02x.%x", bus ? address.bus - bus->first : 0, address.device,
		address.function);
}

static int place_of(const struct places *places, const char *path, char **ret)
{
	_cleanup_free_ char *copy = strdup(path);
	char *save = NULL, *text = NULL;
	size_t size;
	FILE *f = copy ? open_memstream(&text, &size) : NULL;

	if (!f)
		return -ENOMEM;
	for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		size_t at = (size_t)(part - copy);

		put_part(places, path, at ? at - 1 : 0, part, f);
	}
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct placed *x = *(struct placed *const *)a, *y = *(struct placed *const *)b;

	if (!x->place || !y->place)
		return !!x->place - !!y->place;
	return strcmp(x->place, y->place);
}

static int places_get(const struct device_list *list, struct places *ret)
{
	int r;

	ret->n = list->n;
	ret->v = calloc(list->n + 1, sizeof(*ret->v));
	ret->order = calloc(list->n + 1, sizeof(*ret->order));
	if (!ret->v || !ret->order)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		ret->v[i].device = &list->v[i];
		ret->order[i] = &ret->v[i];
	}
	r = list_busses(ret);
	for (size_t i = 0; r == 0 && i < list->n; i++)
		if (is_pci(&list->v[i]))
			r = place_of(ret, list->v[i].path.value, &ret->v[i].place);
	qsort(ret->order, ret->n, sizeof(*ret->order), compare_places);
	return r;
}

static bool may_be(const struct field_u64 *a, const struct field_u64 *b)
{
	return a->status != 1 || b->status != 1 || a->value == b->value;
}

static bool same_hardware(const struct device *a, const struct device *b)
{
	return may_be(&a->vendor, &b->vendor) && may_be(&a->device, &b->device) &&
	       may_be(&a->class, &b->class);
}

static int compare_renames(const void *a, const void *b)
{
	return strcmp(((const struct diff_rename *)a)->old, ((const struct diff_rename *)b)->old);
}

const char *diff_name(const struct diff *diff, const char *old)
{
	const struct diff_rename key = { .old = old }, *found = NULL;

	if (diff->n_renames)
		found = bsearch(&key, diff->renames, diff->n_renames, sizeof(key), compare_renames);
	return found ? found->new : old;
}

static int add_pair(struct diff *diff, struct diff_pairs *pairs, struct placed *old,
		    struct placed *new)
{
	struct diff_rename *rename;

	old->paired = new->paired = true;
	pairs->v[pairs->n++] = (struct diff_pair){ .name = new->device->id,
						   .old = old->device,
						   .new = new->device };
	if (strcmp(old->device->id, new->device->id) == 0)
		return 0;
	rename = array_push(diff->renames, diff->n_renames);
	if (!rename)
		return -ENOMEM;
	*rename = (struct diff_rename){ old->device->id, new->device->id };
	return 0;
}

/* Both are sorted by place, which is unique on each side. */
static int pair_places(struct diff *diff, const struct places *old, const struct places *new,
		       struct diff_pairs *pairs)
{
	size_t i = 0, k = 0;
	int r = 0;

	while (i < old->n && !old->order[i]->place)
		i++;
	while (k < new->n && !new->order[k]->place)
		k++;
	while (r == 0 && i < old->n && k < new->n) {
		int order = strcmp(old->order[i]->place, new->order[k]->place);

		if (order == 0 && same_hardware(old->order[i]->device, new->order[k]->device))
			r = add_pair(diff, pairs, old->order[i], new->order[k]);
		i += order <= 0;
		k += order >= 0;
	}
	return r;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct diff_pair *x = a, *y = b;
	int order = diff_order(x->name, y->name);

	/* The removed device comes before its successor. */
	return order ? order : !!x->new - !!y->new;
}

/* A device without a pair. */
struct rest {
	const char *name;
	const struct device *device;
};

static int list_rest(const struct places *places, struct rest **ret, size_t *ret_n)
{
	*ret = calloc(places->n + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < places->n; i++)
		if (!places->v[i].paired)
			(*ret)[(*ret_n)++] =
				(struct rest){ places->v[i].device->id, places->v[i].device };
	return 0;
}

static const struct device *device_of(const struct rest *rest)
{
	return rest ? rest->device : NULL;
}

/* By address; the rest was added or removed. */
static int pair_rest(const struct places *old, const struct places *new, struct diff_pairs *pairs)
{
	_cleanup_free_ struct rest *was = NULL, *is = NULL;
	_cleanup_diff_pairs_ struct diff_pairs rest = { 0 };
	size_t n_was = 0, n_is = 0;
	int r;

	r = list_rest(old, &was, &n_was);
	if (r == 0)
		r = list_rest(new, &is, &n_is);
	if (r == 0)
		r = diff_pair_up(was, n_was, is, n_is, sizeof(*was), &rest);
	for (size_t i = 0; r == 0 && i < rest.n; i++)
		pairs->v[pairs->n++] = (struct diff_pair){ .name = rest.v[i].name,
							   .old = device_of(rest.v[i].old),
							   .new = device_of(rest.v[i].new) };
	return r;
}

int diff_pair_devices(struct diff *diff, struct diff_pairs *ret)
{
	const struct device_list *was = &diff->old->devices, *is = &diff->new->devices;
	_cleanup_(places_done) struct places old = { 0 }, new = { 0 };
	_cleanup_diff_pairs_ struct diff_pairs pairs = {
		.v = calloc(was->n + is->n + 1, sizeof(*pairs.v)),
	};
	int r = pairs.v ? places_get(was, &old) : -ENOMEM;

	if (r == 0)
		r = places_get(is, &new);
	if (r == 0)
		r = pair_places(diff, &old, &new, &pairs);
	if (r == 0)
		r = pair_rest(&old, &new, &pairs);
	if (r < 0)
		return r;
	qsort(pairs.v, pairs.n, sizeof(*pairs.v), compare_pairs);
	if (diff->n_renames > 1)
		qsort(diff->renames, diff->n_renames, sizeof(*diff->renames), compare_renames);
	*ret = pairs;
	pairs = (struct diff_pairs){ 0 };
	return 0;
}
