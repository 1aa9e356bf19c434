/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Claims of several sources: stored, sorted, and merged where they agree. */
#define MEMORY_FENCED
#include "../memory.h"

#include <inttypes.h>

#include "model/pasid/internal.h"
#include "util/array.h"

/* A claim of the source BIT. */
struct given {
	unsigned int bit;
	struct binding claim;
};

static void put(FILE *f, const char *name, const struct field_u64 *field)
{
	if (field->status == 1)
		fprintf(f, " %s=%" PRIu64, name, field->value);
	else if (field->status)
		fprintf(f, " %s!%d", name, field->status);
}

static void put_str(FILE *f, const char *name, const struct field_str *field)
{
	if (field->status)
		fprintf(f, " %s=%s", name, field->value);
}

static void put_claim(FILE *f, const struct binding *claim)
{
	static const char *const whats[] = { "number", "stale", "some", "opener" };

	fprintf(f, "%s %u-%u %s %s", claim->device, claim->lo, claim->hi, whats[claim->what],
		pasid_kind_name(claim->kind));
	fprintf(f, "%s%s", claim->own ? " own" : "", claim->iommufd ? " iommufd" : "");
	put(f, "pid", &claim->pid);
	put(f, "uid", &claim->uid);
	put(f, "ioas", &claim->ioas);
	put_str(f, "name", &claim->ioas_name);
	put(f, "hwpt", &claim->hwpt);
	put_str(f, "context", &claim->context);
	put_str(f, "target", &claim->through);
	put(f, "faults", &claim->faults);
	put(f, "failures", &claim->fault_failures);
	fprintf(f, " by %#x\n", claim->sources);
}

static void check(const struct binding *claims, size_t n, const struct binding *loose,
		  size_t n_loose, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		put_claim(f, &claims[i]);
	if (loose)
		fprintf(f, "loose\n");
	for (size_t i = 0; i < n_loose; i++)
		put_claim(f, &loose[i]);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void add(struct bindings *claims, const struct given *given, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pasid_reader reader = { .source = given[i].bit, .claims = claims };
		struct binding claim = given[i].claim;

		if (!claim.device)
			claim.device = "d";
		assert_int_equal(pasid_reader_claim(&reader, &claim), 0);
	}
	bindings_sort(claims);
}

/* The merged claims of the device "d". */
static void parts(const struct tree *tree, const struct given *given, size_t n,
		  const char *expected)
{
	struct pasid_processes processes = { .root = &tree->root };
	struct bindings claims = { 0 };
	struct pasid_parts found = { 0 };
	struct bindings all = { 0 };

	add(&claims, given, n);
	assert_int_equal(pasid_parts_begin(&claims, bindings_of(&claims, "d"), &processes, &found),
			 0);
	while (found.n) {
		for (size_t i = 0; i < found.n; i++)
			assert_int_equal(bindings_add(&all, &found.v[i]), 0);
		assert_int_equal(pasid_parts_next(&found), 0);
	}
	assert_int_equal(pasid_parts_next(&found), 0);
	assert_int_equal(found.n, 0);
	check(all.v, all.n, found.loose, found.n_loose, expected);
	bindings_done(&all);
	pasid_parts_done(&found);
	bindings_done(&claims);
	pasid_processes_done(&processes);
}

#define PARTS(tree, given, expected) parts(tree, given, ARRAY_SIZE(given), expected)

static void keeps_claims_sorted(void **state)
{
	const struct given given[] = {
		{ 3,
		  { .device = "d10",
		    .lo = 4,
		    .hi = 9,
		    .pid = field_u64(7),
		    .through = field_str_borrow("x") } },
		{ 3,
		  { .device = "d2",
		    .lo = 4,
		    .hi = 4,
		    .pid = field_u64(9),
		    .through = field_str_borrow("x") } },
		{ 3,
		  { .device = "d2",
		    .lo = 4,
		    .hi = 4,
		    .pid = field_u64(8),
		    .through = field_str_borrow("y") } },
		{ 2,
		  { .device = "d2",
		    .lo = 4,
		    .hi = 5,
		    .pid = field_u64(9),
		    .through = field_str_borrow("w") } },
		{ 2,
		  { .device = "d2",
		    .lo = 3,
		    .hi = 5,
		    .context = field_str_borrow("x"),
		    .ioas_name = field_str_borrow("d2") } },
		{ 0,
		  { .device = "d1",
		    .what = PASID_CLAIM_SOME,
		    .lo = 8,
		    .hi = 8,
		    .own = true,
		    .kind = PASID_KIND_SVA,
		    .faults = field_u64(1),
		    .fault_failures = field_u64_error(-EIO) } },
		{ 1,
		  { .device = "d1",
		    .what = PASID_CLAIM_OPENER,
		    .iommufd = true,
		    .uid = field_u64(5),
		    .ioas = field_u64(6),
		    .hwpt = field_u64(7) } },
	};
	struct bindings claims = { 0 };
	struct binding_span span;

	(void)state;
	add(&claims, given, ARRAY_SIZE(given));
	check(claims.v, claims.n, NULL, 0,
	      "d1 0-0 some sva own faults=1 failures!-5 by 0x1\n"
	      "d1 0-0 opener unknown iommufd uid=5 ioas=6 hwpt=7 by 0x2\n"
	      "d2 3-5 number unknown name=d2 context=x by 0x4\n"
	      "d2 4-5 number unknown pid=9 target=w by 0x4\n"
	      "d2 4-4 number unknown pid=8 target=y by 0x8\n"
	      "d2 4-4 number unknown pid=9 target=x by 0x8\n"
	      "d10 4-9 number unknown pid=7 target=x by 0x8\n");
	span = bindings_of(&claims, "d1");
	assert_int_equal(span.first, 0);
	assert_int_equal(span.end, 2);
	span = bindings_of(&claims, "d2");
	assert_int_equal(span.first, 2);
	assert_int_equal(span.end, 6);
	span = bindings_of(&claims, "d10");
	assert_int_equal(span.first, 6);
	assert_int_equal(span.end, 7);
	span = bindings_of(&claims, "d3");
	assert_int_equal(span.first, span.end);
	/* Each name once, sorted for the search. */
	assert_int_equal(claims.pool.n, 6);
	for (size_t i = 1; i < claims.pool.n; i++)
		assert_true(strcmp(claims.pool.v[i - 1], claims.pool.v[i]) < 0);
	bindings_done(&claims);
	assert_int_equal(claims.n, 0);
}

/* PASID 0 is the device's own, and numbers have 20 bits. */
static void keeps_numbers_that_there_are(void **state)
{
	const struct given given[] = {
		{ 0, { .lo = 0, .hi = 0 } },
		{ 0, { .lo = 0, .hi = 3 } },
		{ 1, { .lo = 0, .hi = 1, .what = PASID_CLAIM_STALE } },
		{ 1, { .lo = 0, .hi = 0, .what = PASID_CLAIM_STALE } },
		{ 0, { .lo = 5, .hi = 4 } },
		{ 0, { .lo = 5, .hi = 5 } },
		{ 0, { .lo = 7, .hi = PASID_MAX } },
		{ 0, { .lo = 8, .hi = PASID_MAX + 1 } },
		{ 0, { .lo = 9, .hi = PASID_MAX + 1, .what = PASID_CLAIM_SOME } },
	};
	struct bindings claims = { 0 };

	(void)state;
	add(&claims, given, ARRAY_SIZE(given));
	check(claims.v, claims.n, NULL, 0,
	      "d 0-0 some unknown by 0x1\n"
	      "d 1-3 number unknown by 0x1\n"
	      "d 1-1 stale unknown by 0x2\n"
	      "d 5-5 number unknown by 0x1\n"
	      "d 7-1048575 number unknown by 0x1\n");
	bindings_done(&claims);
}

static void brings_kinds_together(void **state)
{
	const struct given agree[] = {
		{ 0, { .lo = 4, .hi = 4, .kind = PASID_KIND_UNKNOWN } },
		{ 1, { .lo = 4, .hi = 4, .kind = PASID_KIND_SVA } },
		{ 2, { .lo = 4, .hi = 4, .kind = PASID_KIND_SVA } },
		{ 3, { .lo = 4, .hi = 4, .kind = PASID_KIND_UNKNOWN } },
	};
	const struct given differ[] = {
		{ 0, { .lo = 4, .hi = 4, .kind = PASID_KIND_IOAS } },
		{ 1, { .lo = 4, .hi = 4, .kind = PASID_KIND_SVA } },
	};
	const struct given stale[] = {
		{ 0, { .lo = 4, .hi = 4, .what = PASID_CLAIM_STALE } },
		{ 1, { .lo = 4, .hi = 4 } },
		{ 0, { .lo = 5, .hi = 5 } },
		{ 1, { .lo = 5, .hi = 5, .what = PASID_CLAIM_STALE } },
	};

	PARTS(*state, agree, "d 4-4 number sva by 0xf\n");
	PARTS(*state, differ, "d 4-4 number ioas by 0x1\nd 4-4 number sva by 0x2\n");
	PARTS(*state, stale, "d 4-4 number unknown by 0x3\nd 5-5 number unknown by 0x3\n");
}

/* A context's facts come from the claim that has the context. */
static void brings_contexts_together(void **state)
{
#define RECORD(source, name, number) \
	{ \
		source, \
		{ \
			.lo = 4, .hi = 4, .context = field_str_borrow(name), \
			.ioas_name = field_str_borrow(name "-ioas"), .ioas = field_u64(number), \
			.hwpt = field_u64(number + 1), .uid = field_u64(number + 2) \
		} \
	}
	const struct given one[] = { RECORD(0, "a", 10), { 1, { .lo = 4, .hi = 4 } } };
	const struct given other[] = { { 0, { .lo = 4, .hi = 4, .pid = field_u64(3) } },
				       RECORD(1, "a", 10) };
	const struct given two[] = { RECORD(0, "a", 10), RECORD(0, "b", 20) };
	const struct given three[] = { RECORD(0, "a", 10), RECORD(1, "b", 20) };
	const struct given same[] = { RECORD(0, "a", 10), { 0, { .lo = 4, .hi = 4 } } };

	PARTS(*state, one,
	      "d 4-4 number unknown uid=12 ioas=10 name=a-ioas hwpt=11 context=a by 0x3\n");
	PARTS(*state, other,
	      "d 4-4 number unknown pid=3 uid=12 ioas=10 name=a-ioas hwpt=11 context=a by 0x3\n");
	PARTS(*state, two,
	      "d 4-4 number unknown uid=12 ioas=10 name=a-ioas hwpt=11 context=a by 0x1\n"
	      "d 4-4 number unknown uid=22 ioas=20 name=b-ioas hwpt=21 context=b by 0x1\n");
	PARTS(*state, three,
	      "d 4-4 number unknown uid=12 ioas=10 name=a-ioas hwpt=11 context=a by 0x1\n"
	      "d 4-4 number unknown uid=22 ioas=20 name=b-ioas hwpt=21 context=b by 0x2\n");
	PARTS(*state, same,
	      "d 4-4 number unknown uid=12 ioas=10 name=a-ioas hwpt=11 context=a by 0x1\n"
	      "d 4-4 number unknown by 0x1\n");
}

static void add_process(const struct tree *tree, int pid, int start)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	tree_file(tree, path, "x\n");
	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text), "%d (x) S 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 %d 9\n", pid,
		 start);
	tree_file(tree, path, text);
}

/* Of several processes that share an open file, the one that started first; pids wrap. */
static void finds_the_oldest_process(void **state)
{
#define OF(number, name) \
	{ \
		2, \
		{ \
			.lo = 4, .hi = 4, .pid = field_u64(number), \
			.through = field_str_borrow(name), .faults = field_u64(1) \
		} \
	}
	const struct given later[] = { OF(10, "a"), OF(20, "b") },
			   gone[] = { OF(10, "a"), OF(15, "b") };
	const struct given none[] = { OF(15, "a"), OF(16, "b") },
			   equal[] = { OF(10, "a"), OF(11, "b") };
	const struct given bare[] = { OF(10, "a"), OF(20, NULL) },
			   first[] = { OF(15, "a"), OF(20, "b") };
	const struct given sources[] = { OF(10, "a"),
					 { 3, { .lo = 4, .hi = 4, .pid = field_u64(20) } } };
	const struct tree *tree = *state;

	add_process(tree, 10, 500);
	add_process(tree, 11, 500);
	add_process(tree, 20, 400);
	PARTS(tree, later, "d 4-4 number unknown pid=20 target=b faults=1 by 0x4\n");
	PARTS(tree, bare, "d 4-4 number unknown pid=20 target=a faults=1 by 0x4\n");
	PARTS(tree, gone, "d 4-4 number unknown pid=10 target=a faults=1 by 0x4\n");
	PARTS(tree, first, "d 4-4 number unknown pid=20 target=b faults=1 by 0x4\n");
	PARTS(tree, none, "d 4-4 number unknown pid=15 target=a faults=1 by 0x4\n");
	PARTS(tree, equal, "d 4-4 number unknown pid=10 target=a faults=1 by 0x4\n");
	PARTS(tree, sources,
	      "d 4-4 number unknown pid=10 target=a faults=1 by 0x4\n"
	      "d 4-4 number unknown pid=20 by 0x8\n");
}

/* A process that one source knows, and another does not or could not read. */
static void takes_the_process_that_is_known(void **state)
{
#define BY(source, field) \
	{ \
		source, \
		{ \
			.lo = 4, .hi = 4, .pid = field \
		} \
	}
	const struct field_u64 none = { 0 }, denied = field_u64_error(-EACCES);
	const struct given known[] = { BY(1, none), BY(2, field_u64(9)) };
	const struct given error[] = { BY(1, none), BY(2, denied) };
	const struct given keeps[] = { BY(1, field_u64(9)), BY(2, denied), BY(3, none) };
	const struct given keeps_error[] = { BY(1, denied), BY(2, none) };

	PARTS(*state, known, "d 4-4 number unknown pid=9 by 0x6\n");
	PARTS(*state, error, "d 4-4 number unknown pid!-13 by 0x6\n");
	PARTS(*state, keeps, "d 4-4 number unknown pid=9 by 0xe\n");
	PARTS(*state, keeps_error, "d 4-4 number unknown pid!-13 by 0x6\n");
}

/* Counts of one source add up; two sources report the same count, or only one does. */
static void adds_counts_up(void **state)
{
#define COUNTS(source, a, b) \
	{ \
		source, \
		{ \
			.lo = 4, .hi = 4, .pid = field_u64(9), .faults = a, .fault_failures = b \
		} \
	}
	const struct field_u64 none = { 0 }, denied = field_u64_error(-EACCES);
	const struct given one[] = { COUNTS(1, field_u64(3), field_u64(1)),
				     COUNTS(1, field_u64(4), field_u64(2)) };
	const struct given two[] = { COUNTS(1, field_u64(3), none),
				     COUNTS(2, field_u64(4), field_u64(2)) };
	const struct given errors[] = { COUNTS(1, denied, field_u64(5)), COUNTS(1, none, denied) };
	const struct given better[] = { COUNTS(1, denied, none), COUNTS(1, field_u64(6), denied) };

	PARTS(*state, one, "d 4-4 number unknown pid=9 faults=7 failures=3 by 0x2\n");
	PARTS(*state, two, "d 4-4 number unknown pid=9 faults=3 failures=2 by 0x6\n");
	PARTS(*state, errors, "d 4-4 number unknown pid=9 faults!-13 failures=5 by 0x2\n");
	PARTS(*state, better, "d 4-4 number unknown pid=9 faults=6 failures!-13 by 0x2\n");
}

/* Overlapping ranges are split where one begins or ends. */
static void cuts_ranges(void **state)
{
	const struct given agree[] = { { 0, { .lo = 1, .hi = 10 } }, { 1, { .lo = 5, .hi = 15 } } };
	const struct given within[] = { { 0, { .lo = 1, .hi = 10 } }, { 1, { .lo = 4, .hi = 6 } } };
	const struct given next[] = { { 0, { .lo = 1, .hi = 4 } },
				      { 1, { .lo = 5, .hi = 5 } },
				      { 1, { .lo = 7, .hi = PASID_MAX } } };
	const struct given contexts[] = {
		{ 0, { .lo = 1, .hi = 5, .context = field_str_borrow("a") } },
		{ 0, { .lo = 4, .hi = 8, .context = field_str_borrow("b") } }
	};
	const struct given begin[] = {
		{ 0, { .lo = 4, .hi = 9, .context = field_str_borrow("a") } },
		{ 0, { .lo = 4, .hi = 6, .context = field_str_borrow("b") } }
	};

	PARTS(*state, agree,
	      "d 1-4 number unknown by 0x1\nd 5-10 number unknown by 0x3\n"
	      "d 11-15 number unknown by 0x2\n");
	PARTS(*state, within,
	      "d 1-3 number unknown by 0x1\nd 4-6 number unknown by 0x3\n"
	      "d 7-10 number unknown by 0x1\n");
	PARTS(*state, next,
	      "d 1-4 number unknown by 0x1\nd 5-5 number unknown by 0x2\n"
	      "d 7-1048575 number unknown by 0x2\n");
	PARTS(*state, contexts,
	      "d 1-3 number unknown context=a by 0x1\nd 4-5 number unknown context=a by 0x1\n"
	      "d 4-5 number unknown context=b by 0x1\nd 6-8 number unknown context=b by 0x1\n");
	PARTS(*state, begin,
	      "d 4-6 number unknown context=a by 0x1\nd 4-6 number unknown context=b by 0x1\n"
	      "d 7-9 number unknown context=a by 0x1\n");
}

/* Sixteen may contradict each other; the seventeenth is kept separately. */
static void bears_many_contradictions(void **state)
{
	struct given given[17];
	char names[17][8], expected[4096] = "";

	for (size_t i = 0; i < 17; i++) {
		snprintf(names[i], sizeof(names[i]), "c%zu", i);
		given[i] = (struct given){ 0,
					   { .lo = 4,
					     .hi = 9,
					     .context = field_str_borrow(names[i]),
					     .pid = field_u64(i) } };
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
			 "%sd 4-9 number unknown pid=%zu context=c%zu by 0x1\n",
			 i == 16 ? "loose\n" : "", i, i);
	}
	parts(*state, given, 17, expected);
	*strstr(expected, "loose\n") = '\0';
	parts(*state, given, 16, expected);
}

/*
 * Without a number, claims of a source are merged by process only; numbers of a device's own MMU
 * stay separate.
 */
static void brings_together_without_numbers(void **state)
{
#define SOME(source, process) \
	{ \
		source, \
		{ \
			.what = PASID_CLAIM_SOME, .kind = PASID_KIND_SVA, .pid = process, \
			.faults = field_u64(1) \
		} \
	}
#define LOOSE "d 0-0 some sva "
	const struct field_u64 none = { 0 }, denied = field_u64_error(-EACCES);
	const struct given given[] = {
		SOME(1, field_u64(9)), SOME(1, field_u64(9)), SOME(1, field_u64(8)),
		SOME(1, denied),       SOME(1, denied),       SOME(2, field_u64(9)),
		SOME(3, none),         SOME(4, none),
	};
	const struct given own[] = {
		{ 1,
		  { .lo = 4,
		    .hi = 4,
		    .own = true,
		    .pid = field_u64(9),
		    .through = field_str_borrow("a") } },
		{ 1,
		  { .lo = 4,
		    .hi = 4,
		    .own = true,
		    .pid = field_u64(9),
		    .through = field_str_borrow("b") } },
		{ 1, { .lo = 4, .hi = 4, .pid = field_u64(9), .through = field_str_borrow("c") } },
		{ 2, { .lo = 4, .hi = 4, .own = true, .pid = field_u64(7) } },
		{ 1, { .lo = 5, .hi = 5, .own = true, .pid = field_u64(9) } },
	};

	PARTS(*state, given,
	      "loose\n" LOOSE "pid!-13 faults=1 by 0x2\n" LOOSE "pid!-13 faults=1 by 0x2\n" LOOSE
	      "pid=8 faults=1 by 0x2\n" LOOSE "pid=9 faults=2 by 0x2\n" LOOSE
	      "pid=9 faults=1 by 0x4\n" LOOSE "faults=1 by 0x8\n" LOOSE "faults=1 by 0x10\n");
	PARTS(*state, own,
	      "d 4-4 number unknown pid=9 target=c by 0x2\nloose\n"
	      "d 4-4 number unknown own pid=9 target=a by 0x2\n"
	      "d 4-4 number unknown own pid=7 by 0x4\n"
	      "d 5-5 number unknown own pid=9 by 0x2\n");
	parts(*state, NULL, 0, "");
}

static void knows_numbers_of_processes(void **state)
{
#define SVA(where, pasid, what_, process, kind_, own_) \
	{ \
		1, \
		{ \
			.device = where, .lo = pasid, .hi = pasid, .what = what_, .kind = kind_, \
			.pid = process, .own = own_ \
		} \
	}
#define NUMBER(where, pasid, process, kind_, own_) \
	SVA(where, pasid, PASID_CLAIM_NUMBER, process, kind_, own_)
#define BARE(process, kind_, own_) SVA("d", 0, PASID_CLAIM_SOME, process, kind_, own_)
	const struct field_u64 denied = { .value = 7, .status = -EACCES };
	const struct given given[] = {
		BARE(field_u64(7), PASID_KIND_SVA, false),
		BARE(field_u64(8), PASID_KIND_SVA, false),
		BARE(field_u64(9), PASID_KIND_SVA, false),
		BARE(field_u64(8), PASID_KIND_DMA, false),
		BARE(field_u64(8), PASID_KIND_SVA, true),
		BARE(denied, PASID_KIND_SVA, false),
		SVA("d", 0, PASID_CLAIM_OPENER, field_u64(8), PASID_KIND_SVA, false),
		NUMBER("e", 30, field_u64(9), PASID_KIND_SVA, false),
		NUMBER("e", 31, field_u64(8), PASID_KIND_SVA, false),
		NUMBER("e", 32, field_u64(7), PASID_KIND_SVA, true),
		NUMBER("e", 33, field_u64(7), PASID_KIND_IOAS, false),
		NUMBER("e", 34, denied, PASID_KIND_SVA, false),
	};
	const struct tree *tree = *state;
	const struct pasid_query query = { .root = &tree->root };
	struct pasid_walk walk = { .query = &query };
	struct bindings *claims = &walk.claims;
	char *text = NULL;
	size_t size;
	FILE *f;

	add(claims, given, ARRAY_SIZE(given));
	assert_int_equal(pasid_walk_number(&walk), 0);
	f = open_memstream(&text, &size);
	for (size_t i = 0; i < claims->n; i++)
		if (*claims->v[i].device == 'd' && claims->v[i].lo)
			put_claim(f, &claims->v[i]);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "d 30-30 number sva pid=9 by 0x2\n"
				  "d 31-31 number sva pid=8 by 0x2\n");
	free(text);
	bindings_done(claims);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(keeps_claims_sorted),
		tree_test(keeps_numbers_that_there_are),
		tree_test(brings_kinds_together),
		tree_test(brings_contexts_together),
		tree_test(finds_the_oldest_process),
		tree_test(takes_the_process_that_is_known),
		tree_test(adds_counts_up),
		tree_test(cuts_ranges),
		tree_test(bears_many_contradictions),
		tree_test(brings_together_without_numbers),
		tree_test(knows_numbers_of_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
