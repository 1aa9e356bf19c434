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
	bool fails; /* no claim can be stored */
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

static inline void claims_write(FILE *f, const struct binding *claim)
{
	static const char *const whats[] = { "number", "stale", "some", "opener" };

	fprintf(f, "%s %s %u-%u %s pid ", claim->device, whats[claim->what], claim->lo, claim->hi,
		pasid_kind_name(claim->kind));
	claims_field(f, &claim->pid);
	fprintf(f, " %s%s%s", claim->through.status ? claim->through.value : "-",
		claim->own ? " own" : "", claim->iommufd ? " iommufd" : "");
	if (claim->faults.status || claim->fault_failures.status) {
		fprintf(f, " ");
		claims_field(f, &claim->faults);
		fprintf(f, "/");
		claims_field(f, &claim->fault_failures);
	}
	fprintf(f, "\n");
	/* These are of contexts. */
	assert_false(claim->ioas.status || claim->hwpt.status || claim->uid.status);
	assert_false(claim->ioas_name.status || claim->context.status);
}

/*
 * What the source's read() returns, asked for DEVICE (NULL: all) and NEED; RET, whose FAILS is the
 * caller's, has the claims, one a line, and the reason.
 */
static inline int claims_ask(const struct sys_root *root, unsigned int source, const char *device,
			     unsigned int need, struct claims *ret)
{
	/* So many that there cannot be one more. */
	const size_t full = ret->fails ? (size_t)1 << 60 : 0;
	struct pasid_files files = { 0 };
	struct bindings claims = { .n = full };
	struct pasid_reader reader = { .root = root,
				       .device = device,
				       .need = need,
				       .files = &files,
				       .claims = &claims,
				       .n_rows = 99,
				       .reason = "of before" };
	FILE *f;
	int r;

	*ret = (struct claims){ .fails = ret->fails };
	f = fmemopen(ret->text, sizeof(ret->text), "w");
	assert_non_null(f);
	r = pasid_source_read(source, &reader);
	snprintf(ret->reason, sizeof(ret->reason), "%s", reader.reason);
	/* None is made after one that could not be stored. */
	assert_int_equal(reader.n_rows, full ? 1 : claims.n);
	claims.n -= full;
	for (size_t i = 0; i < claims.n; i++) {
		assert_int_equal(claims.v[i].sources, 1u << source);
		claims_write(f, &claims.v[i]);
	}
	assert_int_equal(fclose(f), 0);
	bindings_done(&claims);
	pasid_files_done(&files);
	assert_null(files.v);
	return r;
}

/* The listed source called NAME. */
static inline unsigned int claims_source(const char *name)
{
	unsigned int i = 0;

	while (pasid_sources[i] && strcmp(pasid_sources[i]->name, name) != 0)
		i++;
	if (!pasid_sources[i])
		fail_msg("no source %s", name);
	return i;
}

static inline void claims_check(const struct tree *tree, const char *source, int status,
				const char *text, const char *reason)
{
	struct claims claims = { 0 };
	int r = claims_ask(&tree->root, claims_source(source), NULL, PASID_NEED_ALL, &claims);

	assert_string_equal(claims.text, text);
	assert_string_equal(claims.reason, reason);
	assert_int_equal(r, status);
}

/* The same for one device only; and the first claim of all has no memory: then no more are made. */
static inline void claims_check_device(const struct tree *tree, const char *source,
				       const char *device, const char *text)
{
	struct claims claims = { 0 }, failing = { .fails = true };

	(void)claims_ask(&tree->root, claims_source(source), device, PASID_NEED_ALL, &claims);
	assert_string_equal(claims.text, text);
#ifndef __SANITIZE_ADDRESS__
	assert_int_equal(
		claims_ask(&tree->root, claims_source(source), NULL, PASID_NEED_ALL, &failing),
		-ENOMEM);
#else
	(void)failing;
#endif
}
