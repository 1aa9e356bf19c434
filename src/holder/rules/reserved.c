/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reserved regions of devices. The kernel refuses to attach a device's own requests to an IOAS with
 * a mapping there, but not PASIDs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "holder/rules/internal.h"
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

json_object *rules_reserved(const char *regions, const struct record_ioas *ioas)
{
	json_object *array = json_object_new_array();
	size_t n = 0, length;

	for (; *regions; regions += length + (regions[length] != '\0')) {
		struct region region;
		char line[128];

		length = strcspn(regions, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)length, regions);
		/* Relaxable regions do not prevent attaching. */
		if (sscanf(line, "0x%" SCNx64 " 0x%" SCNx64 " %31s", &region.first, &region.last,
			   region.kind) == 3 &&
		    region.first <= region.last && strcmp(region.kind, "direct-relaxable") != 0)
			add_overlaps(ioas, &region, array, &n);
	}
	return array;
}
