/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second half of the record: attachments, PASIDs, mappings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holder/record.h"
#include "util/array.h"

struct record_device *record_sibling_attached(const struct record *record,
					      const struct record_device *device)
{
	for (size_t i = 0; i < record->device_n; i++) {
		struct record_device *other = &record->device[i];

		if (other != device && other->attached && other->group == device->group &&
		    device->group != -1)
			return other;
	}
	return NULL;
}

void record_attach(struct record *record, struct record_device *device, uint32_t ioas,
		   uint32_t hwpt)
{
	device->attached = true;
	for (size_t i = 0; i < record->device_n; i++) {
		struct record_device *other = &record->device[i];

		if (!other->attached ||
		    (other != device && (device->group == -1 || other->group != device->group)))
			continue;
		other->ioas = ioas;
		other->hwpt = hwpt;
	}
}

uint64_t record_device_pasids(const struct record_device *device)
{
	uint64_t count = 0;

	for (size_t i = 0; i < device->binding_n; i++)
		count += ranges_count(&device->binding[i].pasid);
	return count;
}

static struct record_binding *binding_of(const struct record_device *device, uint32_t pasid)
{
	for (size_t i = 0; i < device->binding_n; i++)
		if (ranges_has(&device->binding[i].pasid, pasid))
			return &device->binding[i];
	return NULL;
}

uint32_t record_pasid_hwpt(const struct record_device *device, uint32_t pasid)
{
	const struct record_binding *binding = binding_of(device, pasid);

	return binding ? binding->hwpt : 0;
}

bool record_pasid_serves(const struct record_device *device, uint32_t hwpt)
{
	for (size_t i = 0; i < device->binding_n; i++)
		if (device->binding[i].hwpt == hwpt && device->binding[i].pasid.n)
			return true;
	return false;
}

int record_pasid_bind(struct record_device *device, uint32_t pasid, uint32_t hwpt)
{
	struct record_binding *binding = NULL;

	for (size_t i = 0; i < device->binding_n && !binding; i++)
		if (device->binding[i].hwpt == hwpt)
			binding = &device->binding[i];
	if (!binding) {
		binding = array_push(device->binding, device->binding_n);
		if (!binding)
			return -ENOMEM;
		*binding = (struct record_binding){ .hwpt = hwpt };
	}
	/* If out of memory, an empty binding may remain, which is ignored. */
	return ranges_add(&binding->pasid, pasid, pasid);
}

int record_pasid_split(struct record_device *device, uint32_t pasid)
{
	struct record_binding *binding = binding_of(device, pasid);

	return binding ? ranges_split(&binding->pasid, pasid) : 0;
}

void record_pasid_join(struct record_device *device, uint32_t pasid)
{
	struct record_binding *binding = binding_of(device, pasid);

	if (binding)
		(void)ranges_add(&binding->pasid, pasid, pasid);
}

void record_pasid_unbind(struct record_device *device, uint32_t pasid)
{
	struct record_binding *binding = binding_of(device, pasid);

	if (!binding)
		return;
	(void)ranges_remove(&binding->pasid, pasid);
	if (binding->pasid.n)
		return;
	ranges_done(&binding->pasid);
	*binding = device->binding[--device->binding_n];
}

bool record_pasid_next(const struct record_device *device, uint32_t from, struct range *ret_range,
		       uint32_t *ret_hwpt)
{
	struct range best = { 0 }, range;
	uint32_t hwpt = 0;

	for (size_t i = 0; i < device->binding_n; i++) {
		if (!ranges_next(&device->binding[i].pasid, from, &range))
			continue;
		if (hwpt && range.lo >= best.lo)
			continue;
		best = range;
		hwpt = device->binding[i].hwpt;
	}
	if (!hwpt)
		return false;
	if (best.lo < from)
		best.lo = from;
	*ret_range = best;
	*ret_hwpt = hwpt;
	return true;
}

/*
 * PASIDs are shared by the group, so those bound by a sibling count too: the lowest consecutive
 * taken ones from FROM on. Returns false if there are none.
 */
static bool next_taken(const struct record *record, const struct record_device *device,
		       uint32_t from, struct range *ret)
{
	struct range range;
	bool found = false;
	uint32_t hwpt;

	for (size_t i = 0; i < record->device_n; i++) {
		const struct record_device *other = &record->device[i];

		if (other != device && (device->group == -1 || other->group != device->group))
			continue;
		if (!record_pasid_next(other, from, &range, &hwpt) ||
		    (found && range.lo >= ret->lo))
			continue;
		*ret = range;
		found = true;
	}
	return found;
}

uint32_t record_pasid_free(const struct record *record, const struct record_device *device,
			   uint32_t from)
{
	const uint32_t end = UINT32_C(1) << device->pasid_width;
	uint32_t free_one = from ? from : 1;
	struct range taken;

	while (free_one < end && next_taken(record, device, free_one, &taken) &&
	       taken.lo == free_one)
		free_one = taken.hi + 1;
	return free_one < end ? free_one : 0;
}

uint32_t record_pasid_count_free(const struct record *record, const struct record_device *device)
{
	const uint32_t end = UINT32_C(1) << device->pasid_width;
	uint32_t count = 0, at = 1;
	struct range taken;

	while (at < end && next_taken(record, device, at, &taken)) {
		/* A sibling's PASIDs may exceed this device's width. */
		count += (taken.lo < end ? taken.lo : end) - at;
		at = taken.hi + 1;
	}
	return at < end ? count + (end - at) : count;
}

/* Index of the first mapping that ends at or after IOVA. */
static size_t mapping_from(const struct record_ioas *ioas, uint64_t iova)
{
	size_t lo = 0, hi = ioas->mapping_n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct record_mapping *m = &ioas->mapping[middle];

		if (m->iova + (m->length - 1) < iova)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

struct record_mapping *record_mapping_add(struct record_ioas *ioas, const struct record_mapping *m)
{
	size_t at = mapping_from(ioas, m->iova);

	if (!array_push(ioas->mapping, ioas->mapping_n))
		return NULL;
	memmove(&ioas->mapping[at + 1], &ioas->mapping[at],
		(ioas->mapping_n - 1 - at) * sizeof(ioas->mapping[0]));
	ioas->mapping[at] = *m;
	return &ioas->mapping[at];
}

struct record_mapping *record_mapping_find(const struct record_ioas *ioas, uint64_t iova)
{
	size_t at = mapping_from(ioas, iova);

	return at < ioas->mapping_n && ioas->mapping[at].iova == iova ? &ioas->mapping[at] : NULL;
}

size_t record_mapping_overlaps(const struct record_ioas *ioas, uint64_t iova, uint64_t last,
			       size_t *ret_first, bool *ret_whole)
{
	size_t first = mapping_from(ioas, iova), n = 0;
	bool whole = true;

	for (; first + n < ioas->mapping_n && ioas->mapping[first + n].iova <= last; n++) {
		const struct record_mapping *m = &ioas->mapping[first + n];

		whole = whole && m->iova >= iova && m->iova + (m->length - 1) <= last;
	}
	*ret_first = first;
	*ret_whole = whole;
	return n;
}

void record_mapping_drop(struct record_ioas *ioas, size_t first, size_t n)
{
	if (n == 0) /* the array may be NULL */
		return;
	ioas->mapping_n -= n;
	memmove(&ioas->mapping[first], &ioas->mapping[first + n],
		(ioas->mapping_n - first) * sizeof(ioas->mapping[0]));
}

uint64_t record_ioas_mapped(const struct record_ioas *ioas)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < ioas->mapping_n; i++)
		bytes += ioas->mapping[i].length;
	return bytes;
}
