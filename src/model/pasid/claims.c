/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the claims of all sources, one source after the other. */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

static int read_source(struct pasid_walk *walk, unsigned int n, struct bindings *claims)
{
	struct pasid_report *report = &walk->reports->v[n];
	struct pasid_reader reader = {
		.root = walk->query->root,
		.contexts = &walk->query->contexts,
		.device = walk->query->device,
		.need = walk->query->need,
		.files = &walk->files,
		.claims = claims,
	};
	int r = pasid_source_read(n, &reader);

	if (r == -ENOMEM)
		return r;
	report->status = r;
	report->n_rows = reader.n_rows;
	memcpy(report->reason, reader.reason, sizeof(report->reason));
	return 0;
}

int pasid_walk_openers(struct pasid_walk *walk)
{
	int r = 0;

	if (walk->openers_read)
		return 0;
	walk->openers_read = true;
	for (unsigned int i = 0; r == 0 && pasid_sources[i]; i++)
		if (pasid_sources[i]->openers)
			r = read_source(walk, i, &walk->openers);
	bindings_sort(&walk->openers);
	return r;
}

/* Openers make no bindings, and a source this kernel does not show has none. */
static void set_claimants(struct pasid_walk *walk)
{
	walk->rows.records_status = walk->reports->v[PASID_SOURCE_CONTEXT].status;
	walk->rows.drivers_status = 1;
	for (size_t i = PASID_SOURCE_VTD + 1; i < walk->reports->n; i++) {
		int status = walk->reports->v[i].status;

		if (status < 0 && status != -EOPNOTSUPP && !pasid_sources[i]->openers)
			walk->rows.drivers_status = status;
	}
}

int pasid_walk_claims(struct pasid_walk *walk)
{
	struct pasid_reports *reports = walk->reports;
	int r = 0;

	for (unsigned int i = 0; r == 0 && pasid_sources[i]; i++) {
		reports->v[reports->n++] =
			(struct pasid_report){ .source = pasid_sources[i], .status = 1 };
		if (pasid_sources[i]->read && !pasid_sources[i]->openers)
			r = read_source(walk, i, &walk->claims);
	}
	if (r == 0 && walk->query->need & PASID_NEED_TABLES)
		r = pasid_walk_openers(walk);
	if (r < 0)
		return r;
	set_claimants(walk);
	return pasid_walk_number(walk);
}
