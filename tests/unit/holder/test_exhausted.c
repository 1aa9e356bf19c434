/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A context that runs out of memory: every change with each of its allocations failing in turn. A
 * refused change is not made, kernel and record agree, and nothing leaks.
 */
#include "holder/dry_run.h"
#include "holder/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../holder_context.h"
#include "../memory.h"

static struct record_device *device(struct context *context, const char *name)
{
	return record_device_find(&context->record, name);
}

static struct record_ioas *ioas(struct context *context, const char *name)
{
	return record_ioas_find(&context->record, name);
}

static int alloc_ioas(struct context *context, struct fault *fault)
{
	uint32_t id = 0;

	return context_alloc_ioas(context, "new", fault, &id);
}

static int free_ioas(struct context *context, struct fault *fault)
{
	return context_free_ioas(context, ioas(context, "spare"), fault);
}

static int alloc_hwpt(struct context *context, struct fault *fault)
{
	uint32_t id = 0;

	return context_alloc_hwpt(context, device(context, "a"), 3, "new", true, fault, &id);
}

static int attach_to(struct context *context, const char *to, struct fault *fault)
{
	struct context_target target = { 0 };

	if (context_find_target(context, to, fault, &target) < 0)
		return FAULTED;
	return context_attach_device(context, device(context, "a"), &target, true, fault);
}

static int attach_a(struct context *context, struct fault *fault)
{
	return attach_to(context, "spare", fault);
}

static int map_guest(struct context *context, struct fault *fault)
{
	uint64_t iova = 0;

	return context_map_ioas(context, ioas(context, "guest"), 0x1000, NULL, 3, fault, &iova);
}

static int finish(struct context *context, struct job *job, struct fault *fault)
{
	int r;

	while (!job_step(context, job))
		;
	*fault = job->fault;
	job->fault = (struct fault){ 0 };
	r = fault->raised ? FAULTED : 0;
	job_free(job);
	return r;
}

static int bind_a(struct context *context, const char *pasids, uint32_t count, bool partial,
		  struct fault *fault)
{
	const struct context_target target = { .ioas = 3 };
	struct job_request request = { .count = count, .partial = partial };
	struct job *job = NULL;
	int r = 0;

	if (pasids && parse_ranges(pasids, UINT32_MAX, &request.pasid) < 0)
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	r = job_bind(context, device(context, "a"), &target, &request, fault, &job);
	ranges_done(&request.pasid);
	return r < 0 ? r : finish(context, job, fault);
}

static int bind_list(struct context *context, struct fault *fault)
{
	return bind_a(context, "1-3,5,7,40", 0, false, fault);
}

static int bind_chosen(struct context *context, struct fault *fault)
{
	int r;

	kernel.busy = 2;
	kernel.busy_to = 3;
	r = bind_a(context, NULL, 20, false, fault);
	kernel.busy = kernel.busy_to = 0;
	return r;
}

static int bind_rest(struct context *context, struct fault *fault)
{
	return bind_a(context, "9-14,31,33", 0, true, fault);
}

static int unbind_some(struct context *context, struct fault *fault)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	struct job *job = NULL;

	if (parse_ranges("12,31", UINT32_MAX, &list) < 0)
		return fault_system(fault, "malloc", -ENOMEM, NULL);
	if (job_unbind(device(context, "a"), &list, fault, &job) < 0)
		return FAULTED;
	return finish(context, job, fault);
}

static int remove_a(struct context *context, struct fault *fault)
{
	struct job *job = NULL;

	if (job_remove(device(context, "a"), true, fault, &job) < 0)
		return FAULTED;
	return finish(context, job, fault);
}

/* Everything about a context, on one line. */
static char *describe(struct context *context)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	for (size_t i = 0; i < context->record.device_n; i++) {
		const struct record_device *d = &context->record.device[i];
		struct range range;
		uint32_t hwpt;

		fprintf(f, "%s %d %u %u:", d->name, d->attached, d->ioas, d->hwpt);
		for (uint32_t from = 0; record_pasid_next(d, from, &range, &hwpt);
		     from = range.hi + 1)
			fprintf(f, " %u-%u %u", range.lo, range.hi, hwpt);
		fputs("; ", f);
	}
	for (size_t i = 0; i < context->record.ioas_n; i++)
		fprintf(f, "ioas %u %s %zu; ", context->record.ioas[i].id,
			context->record.ioas[i].name, context->record.ioas[i].mapping_n);
	for (size_t i = 0; i < context->record.hwpt_n; i++)
		fprintf(f, "hwpt %u %u; ", context->record.hwpt[i].id,
			context->record.hwpt[i].ioas);
	fclose(f);
	return text;
}

static const struct {
	const char *name;
	int (*run)(struct context *context, struct fault *fault);
	bool in_part; /* what was done before the failure stays */
} operations[] = {
	{ "alloc ioas", alloc_ioas, false }, { "free ioas", free_ioas, false },
	{ "alloc hwpt", alloc_hwpt, false }, { "attach", attach_a, false },
	{ "map", map_guest, false },         { "bind", bind_list, false },
	{ "bind auto", bind_chosen, false }, { "bind partial", bind_rest, true },
	{ "unbind", unbind_some, true },     { "remove", remove_a, true },
};

/* a has PASIDs with gaps, and is on a plain HWPT, from which it has to move for them. */
static struct context *prepare(void)
{
	struct fault fault = { 0 };
	struct context *context;
	void *state = NULL;
	uint32_t id;

	assert_int_equal(open_context(&state), 0);
	context = state;
	assert_int_equal(context_alloc_ioas(context, "spare", &fault, &id), 0);
	assert_int_equal(
		context_alloc_hwpt(context, device(context, "a"), 3, "plain", false, &fault, &id),
		0);
	return context;
}

static void prepare_more(struct context *context, bool plain)
{
	struct fault fault = { 0 };

	if (plain) {
		assert_int_equal(attach_to(context, "plain", &fault), 0);
		return;
	}
	assert_int_equal(bind_a(context, "10-14,30-32", 0, false, &fault), 0);
	assert_int_equal(attach_to(context, "guest", &fault), 0);
}

/* The NTH allocation of operation I fails. Returns true if there are so many. */
static bool try(size_t i, size_t nth, bool plain)
{
	long live = memory.live;
	struct context *context = prepare();
	struct fault fault = { 0 };
	char *before, *after;
	bool reached;
	int r;

	prepare_more(context, plain);
	before = describe(context);
	memory.n = 0;
	memory.fail_at = nth;
	r = operations[i].run(context, &fault);
	memory.fail_at = 0;
	reached = memory.n >= nth;
	after = describe(context);
	kernel_agrees(context);
	if ((r != 0) != fault.raised)
		fail_msg("%s, allocation %zu: %d", operations[i].name, nth, r);
	if (r != 0 && !operations[i].in_part && strcmp(before, after) != 0)
		fail_msg("%s, allocation %zu: %s, not %s", operations[i].name, nth, after, before);
	if (nth == 0)
		assert_int_equal(r, 0);
	free(before);
	free(after);
	fault_done(&fault);
	assert_int_equal(close_context((void *[]){ context }), 0);
	if (memory.live != live)
		fail_msg("%s, allocation %zu: %ld are lost", operations[i].name, nth,
			 memory.live - live);
	return reached;
}

static void each_allocation(void **state)
{
	(void)state;
	for (unsigned int plain = 0; plain < 2; plain++) {
		for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
			/* PASIDs that are not bound. */
			if (plain && operations[i].run == unbind_some)
				continue;
			(void)try(i, 0, plain);
			for (size_t nth = 1; try(i, nth, plain); nth++)
				assert_true(nth < 1000);
		}
	}
}

static int missing; /* neither a process nor a socket is to be had, with this errno */

pid_t fork(void)
{
	errno = missing;
	return -1;
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
	(void)domain;
	(void)type;
	(void)protocol;
	fds[0] = fds[1] = -1;
	errno = EMFILE;
	return missing == EMFILE ? -1 : 0;
}

/* A dry run that cannot begin leaves nothing, whichever step it is that fails. */
static void dry_run_refused(void **state)
{
	static const int errnos[] = { EMFILE, EAGAIN };
	struct context *context = *state;
	struct dry_run *run = NULL;
	struct call call = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
		long live = memory.live;

		missing = errnos[i];
		assert_int_equal(dry_run_begin(context, &call, &run), FAULTED);
		assert_int_equal(call.fault.err, missing);
		fault_done(&call.fault);
		assert_null(run);
		assert_int_equal(memory.live, live);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dry_run_refused),
		cmocka_unit_test(each_allocation),
	};

	return cmocka_run_group_tests_name("holder exhausted", tests, NULL, NULL);
}
