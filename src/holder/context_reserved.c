/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reserved regions of devices. The kernel refuses to attach a device's own requests to an IOAS with
 * a mapping there, but not PASIDs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "holder/context.h"
#include "util/cleanup.h"

/* Maximum number named in a message. */
#define OVERLAPS_MAX 16

struct region {
	uint64_t first, last;
	char kind[32]; /* "msi" */
};

static json_object *json_overlap(const struct record_mapping *m, const struct region *region)
{
	json_object *object = json_object_new_object();

	json_add_address(object, "iova", m->iova);
	json_add_u64(object, "length", m->length);
	json_add_address(object, "first", region->first);
	json_add_address(object, "last", region->last);
	json_add_string(object, "kind", region->kind);
	return object;
}

static void add_overlaps(const struct record_ioas *ioas, const struct region *region,
			 json_object *array, size_t *n)
{
	size_t first, overlaps;
	bool whole;

	overlaps = record_mapping_overlaps(ioas, region->first, region->last, &first, &whole);
	for (size_t i = first; i < first + overlaps && *n < OVERLAPS_MAX; i++, (*n)++)
		json_append(array, json_overlap(&ioas->mapping[i], region));
}

bool context_reserved(const struct context *context, const struct record_device *device,
		      uint32_t ioas, json_object **ret)
{
	const struct record_ioas *entry = record_ioas_by_id(&context->record, ioas);
	_cleanup_free_ char *path = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	struct region region;
	json_object *array;
	char line[128];
	size_t n = 0;

	if (!entry || asprintf(&path, "%s/iommu_group/reserved_regions", device->path) < 0)
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	array = json_object_new_array();
	while (fgets(line, sizeof(line), f))
		/* Relaxable regions do not prevent attaching. */
		if (sscanf(line, "0x%" SCNx64 " 0x%" SCNx64 " %31s", &region.first, &region.last,
			   region.kind) == 3 &&
		    region.first <= region.last && strcmp(region.kind, "direct-relaxable") != 0)
			add_overlaps(entry, &region, array, &n);
	/* After a read error the list is not complete. */
	if (ferror(f)) {
		json_object_put(array);
		return false;
	}
	*ret = array;
	return true;
}
