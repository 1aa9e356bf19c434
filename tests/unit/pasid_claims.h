/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a source of PASIDs from a tree and formats each claim as a line. */
#pragma once

#define MEMORY_FENCED
#include "memory.h"

#include <inttypes.h>

#include "model/pasid/sources.h"
#include "util/cleanup.h"

struct claims {
	char text[4096];
	char reason[200];
	size_t n;
	int fails; /* what is returned for each claim instead of 0 */
};

static inline void claims_field(FILE *f, const struct field_u64 *field)
{
	if (field->status == 1)
		fprintf(f, "%" PRIu64, field->value);
	else if (field->status)
		fprintf(f, "%d", field->status);
	else
		fprintf(f, "-");
}

static inline int claims_add(const struct pasid_claim *claim, void *data)
{
	static const char *const whats[] = { "number", "stale", "some", "opener" };
	struct claims *claims = data;
	size_t len = strlen(claims->text);
	FILE *f = fmemopen(claims->text + len, sizeof(claims->text) - len, "w");

	assert_non_null(f);
	fprintf(f, "%s %s %u-%u %s pid ", claim->device, whats[claim->what], claim->lo, claim->hi,
		pasid_kind_name(claim->kind));
	claims_field(f, &claim->pid);
	fprintf(f, " %s%s%s", claim->target ? claim->target : "-", claim->own ? " own" : "",
		claim->iommufd ? " iommufd" : "");
	if (claim->faults.status || claim->fault_failures.status) {
		fprintf(f, " ");
		claims_field(f, &claim->faults);
		fprintf(f, "/");
		claims_field(f, &claim->fault_failures);
	}
	fprintf(f, "\n");
	assert_int_equal(fclose(f), 0);
	/* These are of contexts' records. */
	assert_false(claim->ioas.status || claim->hwpt.status || claim->uid.status);
	assert_false(claim->ioas_name || claim->context);
	claims->n++;
	return claims->fails;
}

/*
 * What the source's read() returns, asked for DEVICE (NULL: all) and NEED; RET, whose FAILS is the caller's, has
 * the claims, one a line, and the reason.
 */
static inline int claims_ask(const struct sys_root *root, const struct pasid_source *source,
			     const char *device, unsigned int need, struct claims *ret)
{
	struct pasid_files files = { 0 };
	struct pasid_reader reader = { .root = root,
				       .device = device,
				       .need = need,
				       .files = &files,
				       .each = claims_add,
				       .data = ret,
				       .n = 99,
				       .reason = "of before" };
	int r;

	*ret = (struct claims){ .fails = ret->fails };
	r = pasid_source_read(source, &reader);
	snprintf(ret->reason, sizeof(ret->reason), "%s", reader.reason);
	assert_int_equal(reader.n, ret->n);
	pasid_files_done(&files);
	assert_null(files.v);
	return r;
}

/* The listed source called NAME. */
static inline const struct pasid_source *claims_source(const char *name)
{
	for (size_t i = 0; pasid_sources[i]; i++)
		if (strcmp(pasid_sources[i]->name, name) == 0)
			return pasid_sources[i];
	fail_msg("no source %s", name);
	return NULL;
}

static inline void claims_check(const struct tree *tree, const char *source, int status,
				const char *text, const char *reason)
{
	struct claims claims = { .fails = 0 };
	int r = claims_ask(&tree->root, claims_source(source), NULL, PASID_NEED_ALL, &claims);

	assert_string_equal(claims.text, text);
	assert_string_equal(claims.reason, reason);
	assert_int_equal(r, status);
}

/* The same for one device only; and the first claim of all has no memory: then no more are made. */
static inline void claims_check_device(const struct tree *tree, const char *source,
				       const char *device, const char *text)
{
	struct claims claims = { .fails = 0 }, failing = { .fails = -ENOMEM };

	(void)claims_ask(&tree->root, claims_source(source), device, PASID_NEED_ALL, &claims);
	assert_string_equal(claims.text, text);
	assert_int_equal(
		claims_ask(&tree->root, claims_source(source), NULL, PASID_NEED_ALL, &failing),
		-ENOMEM);
	assert_int_equal(failing.n, 1);
}
