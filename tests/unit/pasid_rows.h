/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with PASIDs, and its bindings with all known facts, one per line. */
#pragma once

#define MEMORY_FENCED
#include "memory.h"

#include <inttypes.h>

#include "model/pasid/walk.h"
#include "util/array.h"

#define PASID_TABLE "sys/kernel/debug/iommu/intel/dmar_translation_struct"
#define VFIO_ID     "0000:00:10.0" /* in group 6, of vfio-pci */
#define UIO_ID      "0000:00:11.0" /* in group 7, of uio_pci_sva */
#define ACCEL_ID    "0000:00:12.0" /* in group 8, an accelerator of uacce, hisi_zip-0 */

/* The target of a binding in a record; and of a query, such bindings. */
#define TO_IOAS(number) .kind = PASID_KIND_IOAS, .ioas = field_u64(number)
#define TO_HWPT(number) .kind = PASID_KIND_HWPT, .hwpt = field_u64(number)
#define RECORDED(records) \
	.contexts = { .bindings = &(struct bindings){ (struct binding *)(records), \
						      ARRAY_SIZE(records) }, \
		      .status = 1 }

/* PASIDs FROM to TO of B:D.F in the IOMMU's table. */
struct hardware {
	const char *bdf;
	unsigned int from, to, domain, type;
};

static inline void pasid_device(const struct tree *tree, const char *id, const char *group,
				const char *driver)
{
	char place[64], path[128], target[128];

	snprintf(place, sizeof(place), "pci0000:00/%s", id);
	tree_pci(tree, place, group, "");
	snprintf(path, sizeof(path), "sys/devices/%s/driver", place);
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	tree_link(tree, path, target);
	snprintf(path, sizeof(path), "sys/devices/%s/iommu", place);
	tree_link(tree, path, "../../virtual/iommu/dmar0");
}

static inline void pasid_hardware_write(const struct tree *tree, const struct hardware *hardware,
					size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fprintf(f, "IOMMU dmar0: Root Table Address: 0x1\n");
	for (size_t i = 0; i < n; i++)
		for (unsigned int k = hardware[i].from; k <= hardware[i].to; k++)
			fprintf(f, "%s\t0x1:0x1\t0x0:0x1\t%-6u\t0x1:0x%016x:0x%016x\n",
				hardware[i].bdf, k, hardware[i].domain, hardware[i].type << 6 | 9);
	assert_int_equal(fclose(f), 0);
	tree_file(tree, PASID_TABLE, text);
	free(text);
}

static inline void pasid_machine(const struct tree *tree, const struct hardware *hardware, size_t n)
{
	pasid_device(tree, VFIO_ID, "6", "vfio-pci");
	pasid_device(tree, UIO_ID, "7", "uio_pci_sva");
	tree_link(tree, "sys/class/uio/uio0", "../../devices/pci0000:00/" UIO_ID "/uio/uio0");
	pasid_device(tree, ACCEL_ID, "8", "hisi_zip");
	tree_file(tree, "sys/devices/pci0000:00/" ACCEL_ID "/uacce/hisi_zip-0/flags", "1\n");
	tree_link(tree, "sys/class/uacce/hisi_zip-0",
		  "../../devices/pci0000:00/" ACCEL_ID "/uacce/hisi_zip-0");
	tree_file(tree, "proc/stat", "cpu  1 2 3\nbtime 1700000000\nprocesses 9\n");
	tree_file(tree, "etc/passwd", "root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\n");
	pasid_hardware_write(tree, hardware, n);
}

/* A process of user 1000, started 4 seconds after boot, with NODE open. */
static inline void pasid_opener(const struct tree *tree, int pid, int parent, const char *node)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	tree_file(tree, path, "accel\n");
	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text), "%d (accel) S 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 400 9\n",
		 pid);
	tree_file(tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\taccel\nPPid:\t%d\nUid:\t1000\t1000\n", parent);
	tree_file(tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/fd/3", pid);
	tree_link(tree, path, node);
}

static inline void row_u64(FILE *f, const char *name, const struct field_u64 *field)
{
	if (field->status == 1)
		fprintf(f, " %s=%" PRIu64, name, field->value);
	else if (field->status)
		fprintf(f, " %s!%d", name, field->status);
}

static inline void row_str(FILE *f, const char *name, const struct field_str *field)
{
	if (field->status == 1)
		fprintf(f, " %s=%s", name, field->value);
	else if (field->status)
		fprintf(f, " %s!%d", name, field->status);
	else
		assert_null(field->value);
}

/* An absent field is omitted, an unreadable one has its error: "uid!-13". */
static inline void row_write(FILE *f, const struct binding *binding)
{
	const char *state = pasid_state_name(binding->state);

	fprintf(f, "%s %u-%u %s %s", binding->device, binding->lo, binding->hi,
		pasid_kind_name(binding->kind), state ? state : "unknown-state");
	row_u64(f, "group", &binding->group);
	row_str(f, "driver", &binding->driver);
	row_u64(f, "ioas", &binding->ioas);
	row_str(f, "name", &binding->ioas_name);
	row_u64(f, "hwpt", &binding->hwpt);
	row_str(f, "through", &binding->through);
	row_str(f, "context", &binding->context);
	row_u64(f, "pid", &binding->pid);
	row_str(f, "command", &binding->command);
	row_u64(f, "uid", &binding->uid);
	row_str(f, "user", &binding->user);
	row_str(f, "unit", &binding->unit);
	row_u64(f, "started", &binding->started);
	row_u64(f, "hardware", &binding->hardware);
	row_u64(f, "record", &binding->record);
	row_u64(f, "domain", &binding->domain);
	row_u64(f, "type", &binding->type);
	row_u64(f, "faults", &binding->faults);
	row_u64(f, "failures", &binding->fault_failures);
	for (size_t i = 0; i < binding->n_candidates; i++)
		fprintf(f, "%s%" PRIu64, i ? "," : " one of ", binding->candidates[i]);
	fprintf(f, " by");
	for (unsigned int i = 0; i < 32; i++)
		if (binding->sources >> i & 1)
			fprintf(f, " %s", pasid_sources[i]->name);
	fprintf(f, "\n");
}

static inline int row_add(const struct binding *binding, void *data)
{
	row_write(data, binding);
	return 0;
}

static inline void rows_check(const struct bindings *list, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (size_t i = 0; i < list->n; i++)
		row_write(f, &list->v[i]);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}

/* A walk takes over the bindings of contexts: RET is GIVEN with a copy of them, OF. */
static inline int rows_query(const struct pasid_query *given, struct bindings *of,
			     struct pasid_query *ret)
{
	const struct bindings *list = given->contexts.bindings;
	int r = 0;

	for (size_t i = 0; r == 0 && list && i < list->n; i++)
		r = bindings_add(of, &list->v[i]);
	*ret = *given;
	ret->contexts.bindings = of;
	return r;
}

static inline int rows_walk(const struct pasid_query *given,
			    int (*each)(const struct binding *binding, void *data), void *data,
			    struct pasid_reports *ret)
{
	_cleanup_bindings_ struct bindings recorded = { 0 };
	struct pasid_query query;
	int r = rows_query(given, &recorded, &query);

	r = r == 0 ? pasid_walk(&query, each, data, ret) : r;
	assert_true(r < 0 || !recorded.v);
	return r;
}

static inline int rows_get(const struct pasid_query *given, struct bindings *ret,
			   struct pasid_reports *ret_reports)
{
	_cleanup_bindings_ struct bindings recorded = { 0 };
	struct pasid_query query;
	int r = rows_query(given, &recorded, &query);

	return r == 0 ? pasid_list(&query, ret, ret_reports) : r;
}

/* The bindings for QUERY, whose root and need this sets; listing them must succeed. */
static inline void rows_list(const struct tree *tree, struct pasid_query query,
			     const char *expected)
{
	_cleanup_bindings_ struct bindings list = { 0 };
	struct pasid_reports reports;

	query.root = &tree->root;
	if (!query.need)
		query.need = PASID_NEED_ALL & ~PASID_NEED_TABLES;
	if (!query.contexts.status)
		query.contexts.status = 1;
	assert_int_equal(rows_get(&query, &list, &reports), 0);
	rows_check(&list, expected);
	assert_int_equal(reports.v[PASID_SOURCE_CONTEXT].status, query.contexts.status);
}
