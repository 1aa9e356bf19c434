/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "holder/rules/internal.h"
#include "sys/iommufd.h"
#include "util/cleanup.h"

static void finish_alloc(const struct context *context, struct change *change, json_object *reply)
{
	(void)context;
	context_add_object(reply, "ioas", change->object);
}

int context_alloc_ioas(struct context *context, const char *name, struct fault *fault,
		       struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;
	struct object *ioas = NULL;
	int r = -ENOMEM;

	if (rules_check_new(context, OBJECT_IOAS, name, fault) < 0)
		return FAULTED;
	change = change_new();
	if (change)
		ioas = object_new(OBJECT_IOAS, name);
	if (ioas) {
		change->object = ioas;
		change->finish = finish_alloc;
		r = change_alloc_ioas(context, change, (struct record_ioas *)ioas);
	}
	return rules_end(&change, r, fault, ret);
}

/* Automatic HWPTs remain that could not be destroyed when their last user went away. */
static int push_free(const struct context *context, struct change *change, struct record_ioas *ioas)
{
	struct record_hwpt *hwpt;
	int r = 0;

	for (size_t i = 0; r == 0 && (hwpt = record_hwpt_at(&context->record, i)) != NULL; i++)
		if (hwpt->ioas == ioas)
			r = change_release(change, &hwpt->object);
	return r == 0 ? change_destroy(change, &ioas->object) : r;
}

int context_free_ioas(const struct context *context, struct record_ioas *ioas, struct fault *fault,
		      struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;

	if (rules_check_unused(context, &ioas->object, fault) < 0)
		return FAULTED;
	change = change_new();
	return rules_end(&change, change ? push_free(context, change, ioas) : -ENOMEM, fault, ret);
}

static int check_aligned(const char *parameter, uint64_t value, struct fault *fault)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	json_object *parameters;

	if (value % page == 0)
		return 0;
	parameters = json_object_new_object();
	json_add_string(parameters, "parameter", parameter);
	json_add_address(parameters, "value", value);
	json_add_u64(parameters, "alignment", page);
	return fault_raise(fault, "NotAligned", parameters);
}

static void finish_map(const struct context *context, struct change *change, json_object *reply)
{
	(void)context;
	json_add_address(reply, "iova", change->result);
}

static int check_mapping(const struct record_ioas *ioas, uint64_t size, const uint64_t *iova,
			 struct fault *fault)
{
	if (check_aligned("size", size, fault) < 0 ||
	    (iova && check_aligned("iova", *iova, fault) < 0))
		return FAULTED;
	if (ioas->n_mappings >= RULES_MAPPING_MAX)
		return fault_limit(fault, "mapping", RULES_MAPPING_MAX);
	return 0;
}

/* FILE may be NULL. */
static int map(struct record_ioas *ioas, const struct map_file *file, uint64_t size,
	       const uint64_t *iova, unsigned int flags, struct fault *fault, struct change **ret)
{
	_cleanup_change_ struct change *change = NULL;
	int r = -ENOMEM;

	if (iova && size - 1 > UINT64_MAX - *iova)
		return fault_kernel(fault, file ? IOMMUFD_IOAS_MAP_FILE : IOMMUFD_IOAS_MAP,
				    -EOVERFLOW);
	change = change_new();
	if (change) {
		change->object = &ioas->object;
		change->finish = finish_map;
		r = file ? change_map_file(change, ioas, file, size, iova, flags)
			 : change_map(change, ioas, size, iova, flags);
	}
	return rules_end(&change, r, fault, ret);
}

int context_map_ioas(const struct context *context, struct record_ioas *ioas, uint64_t size,
		     const uint64_t *iova, unsigned int flags, struct fault *fault,
		     struct change **ret)
{
	if (size == 0 || size > (uint64_t)INT64_MAX - ioas->extent)
		return fault_parameter(fault, "size");
	if (check_mapping(ioas, size, iova, fault) < 0 ||
	    rules_check_memory(context, NULL, size, fault) < 0)
		return FAULTED;
	return map(ioas, NULL, size, iova, flags, fault, ret);
}

int context_map_file(const struct context *context, struct record_ioas *ioas,
		     const struct map_file *file, uint64_t size, const uint64_t *iova,
		     unsigned int flags, struct fault *fault, struct change **ret)
{
	struct map_file checked = *file;

	if (size == 0 || size > INT64_MAX)
		return fault_parameter(fault, "size");
	if (check_mapping(ioas, size, iova, fault) < 0 ||
	    check_aligned("offset", file->offset, fault) < 0 ||
	    rules_check_file(&checked, size, flags, fault) < 0 ||
	    rules_check_file_memory(context, size, checked.absent, fault) < 0)
		return FAULTED;
	return map(ioas, &checked, size, iova, flags, fault, ret);
}

static void finish_unmap(const struct context *context, struct change *change, json_object *reply)
{
	(void)context;
	json_add_u64(reply, "length", change->result);
}

static int unmap(struct record_ioas *ioas, uint64_t iova, uint64_t last, bool whole,
		 struct fault *fault, struct change **ret)
{
	_cleanup_change_ struct change *change = change_new();
	int r = -ENOMEM;

	if (change) {
		change->object = &ioas->object;
		change->finish = finish_unmap;
		r = change_unmap(change, ioas, iova, last, whole);
	}
	return rules_end(&change, r, fault, ret);
}

int context_unmap_ioas(struct record_ioas *ioas, uint64_t iova, uint64_t length,
		       struct fault *fault, struct change **ret)
{
	const struct record_mapping *m = record_mapping_find(ioas, iova);
	bool whole = true;
	size_t first, n = 0;
	json_object *parameters;

	if (length == 0 && m)
		length = m->length;
	if (length && length - 1 <= UINT64_MAX - iova)
		n = record_mapping_overlaps(ioas, iova, iova + (length - 1), &first, &whole);
	if (n == 0 || !whole) {
		parameters = json_object_new_object();
		context_add_object(parameters, "ioas", &ioas->object);
		json_add_address(parameters, "iova", iova);
		return fault_raise(fault, n ? "PartOfMapping" : "NotMapped", parameters);
	}
	return unmap(ioas, iova, iova + (length - 1), false, fault, ret);
}

int context_unmap_ioas_all(struct record_ioas *ioas, struct fault *fault, struct change **ret)
{
	return unmap(ioas, 0, UINT64_MAX, true, fault, ret);
}

static json_object *json_mapping(const struct record_mapping *m)
{
	json_object *object = json_object_new_object();

	json_add_address(object, "iova", m->iova);
	json_add_u64(object, "length", m->length);
	json_add_bool(object, "read", m->flags & IOMMUFD_MAP_READ);
	json_add_bool(object, "write", m->flags & IOMMUFD_MAP_WRITE);
	json_add_string(object, "kind", m->file ? "file" : "memfd");
	return object;
}

static void add_iovas(json_object *object, const struct record_ioas *ioas)
{
	/* The kernel's alignment applies to IOVAs; memory can only be mapped in whole pages. */
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	json_object *ranges;

	if (!ioas->known) {
		json_add_null(object, "alignment");
		json_add_null(object, "range");
		return;
	}
	ranges = json_object_new_array();
	for (size_t i = 0; i < ioas->n_iovas; i++) {
		json_object *entry = json_object_new_object();

		json_add_address(entry, "first", ioas->iova[i].first);
		json_add_address(entry, "last", ioas->iova[i].last);
		json_append(ranges, entry);
	}
	json_add_u64(object, "alignment", ioas->alignment > page ? ioas->alignment : page);
	json_add(object, "range", ranges);
}

json_object *context_show_ioas(const struct record_ioas *ioas)
{
	json_object *object = json_object_new_object(), *mappings = json_object_new_array();

	for (size_t i = 0; i < ioas->n_mappings; i++)
		json_append(mappings, json_mapping(&ioas->mapping[i]));
	json_add_u64(object, "id", ioas->object.id);
	json_add_string(object, "name", ioas->object.name);
	add_iovas(object, ioas);
	json_add(object, "mapping", mappings);
	return object;
}
