/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The methods of org.ioasidctl.Context and org.varlink.service: lookup, parameter checks,
 * execution.
 */
#pragma once

#include "holder/record/journal.h"
#include "holder/rules/rules.h"

struct method;

/* A call, from its message to its last reply. */
struct call {
	const struct method *method;
	json_object *parameters; /* owned; never NULL after call_open() */
	bool oneway, more;
	struct varlink_fds fds; /* that came with it, owned */

	/* The results. Without a fault, and unless there is a change to be made, there is a reply. */
	struct fault fault;
	json_object *reply;
	bool continues;        /* run again for another reply */
	struct change *change; /* owned */
	int *fd;               /* to send with the reply, owned */
	size_t fd_n;
	bool lends; /* the fds can change what is in the context */

	uint64_t number; /* of a call that changes something, for Cancel */
	uint64_t cancel; /* the number of the call to be cancelled, 0: none */

	/* Where the next reply continues. */
	uint64_t serial;
	uint32_t pasid;
	struct journal *journal; /* Monitor: what it waits for; else NULL */
};

/*
 * Takes over MESSAGE in any case. Returns 0, or FAULTED with call->fault set: unknown method, or
 * parameters unknown, missing or of the wrong type.
 */
int call_open(json_object *message, struct call *ret);
/*
 * Gives it the fds that came with it, in number unless R, of varlink_in_fds(), is an error. Returns 0, or
 * FAULTED with call->fault set, and FDS still the caller's: the method does not take so many.
 */
int call_take_fds(struct call *call, struct varlink_fds *fds, int r);
void call_done(struct call *call);

/* Does it change the context, so that it must wait for another change? */
bool call_changes(const struct call *call);

/* Is it a dry run? */
bool call_is_dry(const struct call *call);

void call_run(struct context *context, struct call *call);

/* Is there a next reply now? */
bool call_ready(const struct call *call);

/* "progress" for a call with more: CHANGE is NULL as long as it waits. */
json_object *call_progress(const struct call *call, const struct change *change);

/* Takes the answer out of the call: {"parameters": ...} or {"error": ..., "parameters": ...}. */
json_object *call_answer(struct call *call);

/* For the methods, after the types were checked. NULL, false or VALUE if absent. */
bool call_has(const struct call *call, const char *key);
const char *call_string(const struct call *call, const char *key);
struct reference call_reference(const struct call *call, const char *key);
bool call_bool(const struct call *call, const char *key, bool value);
uint64_t call_u64(const struct call *call, const char *key, uint64_t value);
/* False when absent. */
bool call_address(const struct call *call, const char *key, uint64_t *ret);

enum parameter_type {
	PARAMETER_END,
	PARAMETER_STRING,
	PARAMETER_BOOL,
	PARAMETER_U64,
	PARAMETER_ADDRESS,
	PARAMETER_REFERENCE,
	PARAMETER_REFERENCES,
	PARAMETER_RANGES,
};

struct parameter {
	const char *name;
	enum parameter_type type;
	bool required;
};

#define METHOD_PARAMETER_MAX 7

struct method {
	const char *name;
	/* Fills call->reply, or call->change. Returns 0, or FAULTED with call->fault. */
	int (*run)(struct context *context, struct call *call);
	struct parameter parameter[METHOD_PARAMETER_MAX];
	bool changes;
	bool streams; /* needs more */
	size_t fds;   /* so many can come with it */
};

/* method_read.c, method_monitor.c, method_change.c */
int method_describe(struct context *context, struct call *call);
int method_list_bindings(struct context *context, struct call *call);
int method_show_ioas(struct context *context, struct call *call);
int method_get_fds(struct context *context, struct call *call);
int method_get_memory(struct context *context, struct call *call);
int method_monitor(struct context *context, struct call *call);
int method_add_device(struct context *context, struct call *call);
int method_remove_device(struct context *context, struct call *call);
int method_attach_device(struct context *context, struct call *call);
int method_detach_device(struct context *context, struct call *call);
int method_alloc_ioas(struct context *context, struct call *call);
int method_free_ioas(struct context *context, struct call *call);
int method_map_ioas(struct context *context, struct call *call);
int method_unmap_ioas(struct context *context, struct call *call);
int method_alloc_hwpt(struct context *context, struct call *call);
int method_free_hwpt(struct context *context, struct call *call);
int method_bind_pasids(struct context *context, struct call *call);
int method_unbind_pasids(struct context *context, struct call *call);
int method_destroy(struct context *context, struct call *call);
int method_cancel(struct context *context, struct call *call);
