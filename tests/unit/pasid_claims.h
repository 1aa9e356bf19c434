/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads one source of PASIDs of a tree and writes each claim down as a line. */
#pragma once

#include "tree.h"

#include <inttypes.h>

#include "model/pasid_source.h"

struct claims {
	char text[4096];
	char reason[200];
};

static inline int claims_add(const struct pasid_claim *claim, void *data)
{
	static const char *const whats[] = { "number", "stale", "some", "holder" };
	struct claims *claims = data;
	size_t len = strlen(claims->text), room = sizeof(claims->text) - len;
	char pid[24] = "-", faults[32] = "";

	if (claim->pid.status == 1)
		snprintf(pid, sizeof(pid), "%" PRIu64, claim->pid.value);
	else if (claim->pid.status < 0)
		snprintf(pid, sizeof(pid), "%d", claim->pid.status);
	if (claim->faults.status == 1)
		snprintf(faults, sizeof(faults), " %" PRIu64 "/%" PRIu64, claim->faults.value,
			 claim->fault_failures.value);
	assert_in_range(snprintf(claims->text + len, room, "%s %s %u-%u %s pid %s %s%s%s%s\n",
				 claim->device, whats[claim->what], claim->lo, claim->hi,
				 pasid_kind_name(claim->kind), pid,
				 claim->target ? claim->target : "-", claim->own ? " own" : "",
				 claim->iommufd ? " iommufd" : "", faults),
			1, room - 1);
	return 0;
}

/* What the source's read() returns; RET has the claims, one a line, and the reason. */
static inline int claims_read(const struct tree *tree, const struct pasid_source *source,
			      struct claims *ret)
{
	struct pasid_files files = { 0 };
	struct pasid_reader reader = { .root = &tree->root,
				       .need = PASID_NEED_ALL,
				       .files = &files,
				       .each = claims_add,
				       .data = ret };
	int r;

	*ret = (struct claims){ "", "" };
	r = pasid_source_read(source, &reader);
	snprintf(ret->reason, sizeof(ret->reason), "%s", reader.reason);
	pasid_files_done(&files);
	return r;
}

/* The source NAME of those that are listed. */
static inline const struct pasid_source *claims_source(const char *name)
{
	for (size_t i = 0; pasid_sources[i]; i++)
		if (strcmp(pasid_sources[i]->name, name) == 0)
			return pasid_sources[i];
	fail_msg("no source %s", name);
	return NULL;
}
