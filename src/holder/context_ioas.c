/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOASes and their mappings: zeroed memory of the holder, freed when unmapped. */
#include "holder/context.h"

#include <errno.h>
#include <stdio.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "holder/kernel.h"
#include "util/cleanup.h"

int context_alloc_ioas(struct context *context, const char *name, struct fault *fault,
		       uint32_t *ret)
{
	uint32_t id;
	int r;

	if (context_check_new(context, name, "IOASes", context->record.ioas_n, CONTEXT_IOAS_MAX,
			      fault) < 0)
		return FAULTED;
	r = kernel_ioas_alloc(context, &id);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_IOAS_ALLOC, r);
	if (!record_ioas_add(&context->record, id, name)) {
		(void)kernel_destroy(context, id);
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	}
	*ret = id;
	return 0;
}

/* Maximum number of users named. */
#define USERS_SHOWN 8

static json_object *json_user(const struct record_user *user)
{
	json_object *object = json_object_new_object();

	json_add_string(object, "kind", user->hwpt ? "hwpt" : user->pasid.hi ? "pasid" : "device");
	if (user->hwpt) {
		json_add_u64(object, "id", user->hwpt->id);
		json_add_string(object, "name", user->hwpt->name);
		return object;
	}
	json_add_string(object, "device", user->device->name);
	if (user->pasid.hi) {
		json_add_u64(object, "lo", user->pasid.lo);
		json_add_u64(object, "hi", user->pasid.hi);
	}
	return object;
}

static int refuse_used(const struct context *context, const struct record_ioas *ioas,
		       struct fault *fault)
{
	json_object *parameters = json_object_new_object(), *array = json_object_new_array();
	struct record_user users[USERS_SHOWN];
	size_t n = record_ioas_list_users(&context->record, ioas->id, USERS_SHOWN, users);

	for (size_t i = 0; i < n && i < USERS_SHOWN; i++)
		json_append(array, json_user(&users[i]));
	context_add_ioas_name(context, parameters, ioas->id);
	json_add(parameters, "user", array);
	json_add_u64(parameters, "more", n > USERS_SHOWN ? n - USERS_SHOWN : 0);
	return fault_raise(fault, "IoasInUse", parameters);
}

static void free_mappings(struct context *context, struct record_ioas *ioas, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++)
		kernel_memory_put(context, ioas->mapping[i].memory, ioas->mapping[i].length);
	record_mapping_drop(ioas, first, n);
}

int context_free_ioas(struct context *context, struct record_ioas *ioas, struct fault *fault)
{
	struct record *record = &context->record;
	int r;

	if (record_ioas_users(record, ioas->id))
		return refuse_used(context, ioas, fault);
	/* Automatic HWPTs that could not be destroyed when their last user went away. */
	for (size_t i = record->hwpt_n; i-- > 0;)
		if (record->hwpt[i].ioas == ioas->id)
			context_put_hwpt(context, record->hwpt[i].id);
	r = kernel_destroy(context, ioas->id);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_DESTROY, r);
	free_mappings(context, ioas, 0, ioas->mapping_n);
	record_ioas_drop(record, ioas);
	return 0;
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

static int map_memory(struct context *context, struct record_ioas *ioas, struct record_mapping *m,
		      const uint64_t *iova, struct fault *fault)
{
	struct record_mapping *entry;
	uint64_t length;
	int r;

	r = kernel_ioas_map(context, ioas, m, iova, &m->iova);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_IOAS_MAP, r);
	entry = record_mapping_add(ioas, m);
	if (!entry) {
		(void)kernel_ioas_unmap(context, ioas, m->iova, m->length, &length);
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	}
	return 0;
}

/* MemAvailable of /proc/meminfo in bytes; UINT64_MAX if unreadable. */
static uint64_t memory_available(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/meminfo", "re");
	uint64_t kilobytes;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kilobytes) == 1)
			return kilobytes * 1024;
	return UINT64_MAX;
}

/*
 * Mapped memory is pinned, and with CAP_IPC_LOCK only limited by the machine's memory: beyond that,
 * the OOM killer would kill the holder and destroy the context.
 */
static int check_memory(const struct record *record, uint64_t size, struct fault *fault)
{
	uint64_t available = memory_available(), wanted = size;
	json_object *parameters;

	/* Mappings of an IOAS without users are pinned when it gets its first one. */
	for (size_t i = 0; i < record->ioas_n; i++)
		if (record_ioas_users(record, record->ioas[i].id) == 0)
			wanted += record_ioas_mapped(&record->ioas[i]);
	if (wanted >= size && wanted <= available - available / 8)
		return 0;
	parameters = json_object_new_object();
	json_add_u64(parameters, "size", wanted);
	json_add_u64(parameters, "available", available);
	return fault_raise(fault, "NotEnoughMemory", parameters);
}

int context_map_ioas(struct context *context, struct record_ioas *ioas, uint64_t size,
		     const uint64_t *iova, unsigned int flags, struct fault *fault,
		     uint64_t *ret_iova)
{
	struct record_mapping m = { .length = size, .flags = flags };
	int r;

	if (size == 0 || size > SIZE_MAX)
		return fault_parameter(fault, "size");
	if (check_aligned("size", size, fault) < 0 ||
	    (iova && check_aligned("iova", *iova, fault) < 0) ||
	    context_check_new(context, NULL, "mappings of an IOAS", ioas->mapping_n,
			      CONTEXT_MAPPING_MAX, fault) < 0 ||
	    check_memory(&context->record, size, fault) < 0)
		return FAULTED;
	if (iova && size - 1 > UINT64_MAX - *iova)
		return fault_kernel(fault, IOMMUFD_IOAS_MAP, -EOVERFLOW);
	r = kernel_memory_get(context, size, &m.memory);
	if (r < 0)
		return fault_system(fault, "mmap", r, NULL);
	if (map_memory(context, ioas, &m, iova, fault) < 0) {
		kernel_memory_put(context, m.memory, size);
		return FAULTED;
	}
	*ret_iova = m.iova;
	return 0;
}

int context_unmap_ioas(struct context *context, struct record_ioas *ioas, uint64_t iova,
		       uint64_t length, struct fault *fault, uint64_t *ret_length)
{
	const struct record_mapping *m = record_mapping_find(ioas, iova);
	bool whole = true;
	size_t first, n = 0;
	json_object *parameters;
	int r;

	if (length == 0 && m)
		length = m->length;
	if (length && length - 1 <= UINT64_MAX - iova)
		n = record_mapping_overlaps(ioas, iova, iova + (length - 1), &first, &whole);
	if (n == 0 || !whole) {
		parameters = json_object_new_object();
		context_add_ioas_name(context, parameters, ioas->id);
		json_add_address(parameters, "iova", iova);
		return fault_raise(fault, n ? "PartOfMapping" : "NotMapped", parameters);
	}
	r = kernel_ioas_unmap(context, ioas, iova, length, ret_length);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_IOAS_UNMAP, r);
	free_mappings(context, ioas, first, n);
	return 0;
}

int context_unmap_ioas_all(struct context *context, struct record_ioas *ioas, struct fault *fault,
			   uint64_t *ret_length)
{
	int r;

	r = kernel_ioas_unmap(context, ioas, 0, UINT64_MAX, ret_length);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_IOAS_UNMAP, r);
	free_mappings(context, ioas, 0, ioas->mapping_n);
	return 0;
}

/* The IOVA ranges, of any number. Attaching a device in between can change it. */
static int iova_ranges(const struct context *context, uint32_t ioas, struct fault *fault,
		       struct iommufd_iova_range **ret, uint32_t *ret_n, uint64_t *ret_alignment)
{
	_cleanup_free_ struct iommufd_iova_range *range = NULL;
	uint32_t n = 16;
	int r;

	do {
		void *larger = reallocarray(range, n, sizeof(range[0]));

		if (!larger)
			return fault_system(fault, "malloc", -ENOMEM, NULL);
		range = larger;
		r = iommufd_ioas_iova_ranges(context->iommufd, ioas, &n, range, ret_alignment);
	} while (r == -EMSGSIZE);
	if (r < 0)
		return fault_kernel(fault, IOMMUFD_IOAS_IOVA_RANGES, r);
	*ret = TAKE_PTR(range);
	*ret_n = n;
	return 0;
}

static json_object *json_mapping(const struct record_mapping *m)
{
	json_object *object = json_object_new_object();

	json_add_address(object, "iova", m->iova);
	json_add_u64(object, "length", m->length);
	json_add_bool(object, "read", m->flags & IOMMUFD_MAP_READ);
	json_add_bool(object, "write", m->flags & IOMMUFD_MAP_WRITE);
	json_add_string(object, "kind", "anonymous");
	return object;
}

int context_show_ioas(const struct context *context, const struct record_ioas *ioas,
		      struct fault *fault, json_object **ret)
{
	_cleanup_free_ struct iommufd_iova_range *range = NULL;
	json_object *object, *ranges, *mappings;
	/* The kernel's alignment applies to IOVAs; memory can only be mapped in whole pages. */
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t alignment = 0;
	uint32_t n = 0;

	if (iova_ranges(context, ioas->id, fault, &range, &n, &alignment) < 0)
		return FAULTED;
	ranges = json_object_new_array();
	for (uint32_t i = 0; i < n; i++) {
		json_object *entry = json_object_new_object();

		json_add_address(entry, "first", range[i].first);
		json_add_address(entry, "last", range[i].last);
		json_append(ranges, entry);
	}
	mappings = json_object_new_array();
	for (size_t i = 0; i < ioas->mapping_n; i++)
		json_append(mappings, json_mapping(&ioas->mapping[i]));
	object = json_object_new_object();
	json_add_u64(object, "id", ioas->id);
	json_add_string(object, "name", ioas->name);
	json_add_u64(object, "alignment", alignment > page ? alignment : page);
	json_add(object, "range", ranges);
	json_add(object, "mapping", mappings);
	*ret = object;
	return 0;
}
