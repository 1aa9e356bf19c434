/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads all sources one after the other and joins them. */
#include "model/pasid/bindings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/device.h"
#include "model/pasid/internal.h"
#include "util/array.h"
#include "util/cleanup.h"

static const struct pasid_report context_report = {
	.name = "context",
	.what = "The records of contexts",
	.path = "/run/ioasidctl",
};

static const struct pasid_report vtd_report = {
	.name = "vt-d",
	.what = "The tables of Intel's IOMMUs",
	.path = "/sys/kernel/debug/iommu/intel/dmar_translation_struct",
};

const char *pasid_source_name(unsigned int n)
{
	unsigned int i = 0;

	if (n == PASID_BIT_CONTEXT)
		return context_report.name;
	if (n == PASID_BIT_VTD)
		return vtd_report.name;
	while (i < n - PASID_BIT_SOURCES && pasid_sources[i])
		i++;
	return pasid_sources[i] ? pasid_sources[i]->name : NULL;
}

/* Collects the claims of the source BIT. */
struct claiming {
	struct pasid_claims *claims;
	unsigned int bit;
};

static int on_claim(const struct pasid_claim *claim, void *data)
{
	struct claiming *claiming = data;

	return pasid_claims_add(claiming->claims, claim, claiming->bit);
}

static int add_records(struct pasid_walk *walk, struct pasid_report *ret)
{
	const struct pasid_query *query = walk->query;

	*ret = context_report;
	ret->status = query->records_status;
	if (ret->status == -EREMOTE)
		snprintf(ret->reason, sizeof(ret->reason), "not captured");
	else if (ret->status < 0)
		snprintf(ret->reason, sizeof(ret->reason), "some contexts could not be asked");
	for (size_t i = 0; i < query->n_records; i++) {
		const struct pasid_record *record = &query->records[i];
		const struct pasid_claim claim = {
			.device = record->device,
			.lo = record->lo,
			.hi = record->hi,
			.kind = record->ioas.value ? PASID_KIND_IOAS : PASID_KIND_HWPT,
			.pid = record->pid ? field_u64((uint64_t)record->pid)
					   : (struct field_u64){ 0 },
			.ioas = record->ioas.value ? record->ioas : (struct field_u64){ 0 },
			.ioas_name = record->ioas_name,
			.hwpt = record->hwpt.value ? record->hwpt : (struct field_u64){ 0 },
			.context = record->context,
			.uid = record->uid,
		};

		if (query->device && strcmp(query->device, record->device) != 0)
			continue;
		if (pasid_claims_add(&walk->claims, &claim, PASID_BIT_CONTEXT) < 0)
			return -ENOMEM;
		ret->rows += record->hi - record->lo + 1;
	}
	return 0;
}

int pasid_walk_read(struct pasid_walk *walk, unsigned int source, struct pasid_claims *claims)
{
	struct pasid_report *report = &walk->reports->v[PASID_BIT_SOURCES + source];
	struct claiming claiming = { claims, PASID_BIT_SOURCES + source };
	struct pasid_reader reader = {
		.root = walk->query->root,
		.device = walk->query->device,
		.need = walk->query->need,
		.files = &walk->files,
		.each = on_claim,
		.data = &claiming,
	};
	int r = pasid_source_read(pasid_sources[source], &reader);

	if (r == -ENOMEM)
		return r;
	report->status = r;
	report->rows = reader.n;
	memcpy(report->reason, reader.reason, sizeof(report->reason));
	return 0;
}

/* Openers are read later, when an entry needs them. */
static int add_sources(struct pasid_walk *walk)
{
	struct pasid_reports *reports = walk->reports;
	int r = 0;

	for (unsigned int i = 0; r == 0 && pasid_sources[i] && reports->n < ARRAY_SIZE(reports->v);
	     i++) {
		const struct pasid_source *source = pasid_sources[i];

		reports->v[reports->n++] = (struct pasid_report){ .name = source->name,
								  .what = source->what,
								  .path = source->path,
								  .status = 1 };
		if (source != &pasid_source_vfio)
			r = pasid_walk_read(walk, i, &walk->claims);
	}
	if (r == 0 && walk->query->need & PASID_NEED_TABLES)
		r = pasid_walk_openers(walk);
	return r;
}

static int add_claims(struct pasid_walk *walk)
{
	int r;

	walk->reports->n = PASID_BIT_SOURCES;
	r = add_records(walk, &walk->reports->v[PASID_BIT_CONTEXT]);
	if (r == 0)
		r = add_sources(walk);
	if (r < 0)
		return r;
	pasid_claims_sort(&walk->claims);
	r = pasid_claims_number(&walk->claims);
	if (r == 0)
		r = pasid_walk_number(walk);
	walk->told = calloc(walk->claims.n + 1, sizeof(*walk->told));
	return r == 0 && !walk->told ? -ENOMEM : r;
}

/* Openers make no bindings, and a source this kernel does not show has none. */
static void set_claimants(struct pasid_walk *walk)
{
	const struct pasid_reports *reports = walk->reports;

	walk->rows.records_status = reports->v[PASID_BIT_CONTEXT].status;
	walk->rows.drivers_status = 1;
	for (size_t i = PASID_BIT_SOURCES; i < reports->n; i++) {
		int status = reports->v[i].status;

		if (status < 0 && status != -EOPNOTSUPP &&
		    pasid_sources[i - PASID_BIT_SOURCES] != &pasid_source_vfio)
			walk->rows.drivers_status = status;
	}
}

static void report_hardware(const struct pasid_walk *walk, struct pasid_reports *reports)
{
	struct pasid_report *report = &reports->v[PASID_BIT_VTD];
	int status = walk->hardware_status;
	const char *reason = "";

	*report = vtd_report;
	report->rows = walk->entries;
	report->status = status;
	if (status == -EOPNOTSUPP) {
		report->status = 0;
		reason = "no Intel IOMMU";
	} else if (status == -ENOENT) {
		report->status = -EOPNOTSUPP;
		reason = "debugfs is not mounted, or the kernel lacks "
			 "CONFIG_INTEL_IOMMU_DEBUGFS";
	} else if (status < 0) {
		reason = status == -EBADMSG ? "the table has an unknown format" : strerror(-status);
	}
	snprintf(report->reason, sizeof(report->reason), "%s", reason);
	reports->hardware_status = status;
	reports->process_status = walk->files.status ? walk->files.status : 1;
}

int pasid_walk(const struct pasid_query *query,
	       int (*each)(const struct pasid_range *range, void *data), void *data,
	       struct pasid_reports *ret)
{
	struct pasid_reports reports = { 0 };
	_cleanup_(pasid_walk_done) struct pasid_walk walk = {
		.query = query,
		.reports = &reports,
		.each = each,
		.data = data,
		.rows = { .root = query->root,
			  .need = query->need,
			  .processes = { .root = query->root } },
	};
	int r;

	r = add_claims(&walk);
	set_claimants(&walk);
	if (r == 0)
		r = pasid_walk_hardware(&walk);
	if (r == 0)
		r = pasid_walk_claims(&walk);
	report_hardware(&walk, &reports);
	if (r >= 0)
		*ret = reports;
	return r;
}

static int add_range(const struct pasid_range *range, void *data)
{
	return pasid_table_add(data, range);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct pasid_range *x = a, *y = b;
	int order = str_compare(x->device, y->device);

	return order ? order : u64_compare(x->lo, y->lo);
}

int pasid_list(const struct pasid_query *query, struct pasid_table *ret)
{
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	struct pasid_reports reports;
	int r;

	r = pasid_walk(query, add_range, &table, &reports);
	if (r < 0)
		return r;
	if (table.n)
		qsort(table.v, table.n, sizeof(table.v[0]), compare_ranges);
	table.hardware_status = reports.hardware_status;
	table.process_status = reports.process_status;
	table.records_status = query->records_status;
	*ret = table;
	table = (struct pasid_table){ 0 };
	return 0;
}

static int add_number(const struct pasid_entry *entry, void *data)
{
	return ranges_add(data, entry->pasid, entry->pasid);
}

int pasid_confirm(const struct sys_root *root, const char *path, const struct ranges *pasids,
		  uint32_t *ret_missing)
{
	_cleanup_ranges_ struct ranges have = { 0 };
	_cleanup_device_ struct device device = { 0 };
	int r;

	r = device_get(root, path, 0, &device);
	if (r < 0)
		return r;
	r = pasid_hardware(root, device.id, add_number, &have);
	if (r != 1)
		return r == -ENOMEM ? r : 1;
	for (size_t i = 0; i < pasids->n; i++)
		for (uint64_t pasid = pasids->v[i].lo; pasid <= pasids->v[i].hi; pasid++)
			if (!ranges_has(&have, (uint32_t)pasid)) {
				*ret_missing = (uint32_t)pasid;
				return 0;
			}
	return 1;
}
