/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <argp.h>

#include "app.h"
#include "cmd.h"
#include "cmd/common/records.h"
#include "model/diff/changes.h"
#include "model/faultlog/fault.h"
#include "model/machine/device.h"
#include "model/topology/fold.h"
#include "model/topology/nodes.h"
#include "out/graph.h"
#include "out/tree.h"
#include "out/value.h"

/* How a difference shows what a PASID leads to, whose it is, what a device is. */

/* Of what has no other place; PASIDs' owners and what devices are attached to have theirs. */
extern const struct out_column diff_target_columns[], diff_hardware_columns[],
	diff_holder_columns[];

/* Of a value that has an object: words for people, for programs an object. */
void diff_out_object(struct out_value *ret, const struct diff_value *value);

/* The columns of a fault in the kernel's log. */

/* Not columns of a device: the process that has the PASID; the devices behind a bridge. */
enum { EXPLAIN_NEED_OWNER = 1u << 24, EXPLAIN_NEED_CANDIDATE = 1u << 25 };

struct explain_row {
	const struct log_fault *fault;
	struct device device; /* as it is now; zeroed where the fault names none that is there */
	int device_status;    /* 1: it is known; 0: there is none; -errno */
	/* Of the process that the line names, else of the one that has the PASID now. Strings are borrowed. */
	struct field_u64 pid, uid;
	const char *command, *unit, *context;
	uint64_t count;         /* of equal faults */
	const char *last_time;  /* of the last of them; NULL or "" where there is one */
	struct strv candidates; /* where the device stands for all behind a bridge: these */
};

extern const struct out_column explain_columns[];

/* Faults that are the same but for their time, as one with a count. */

struct fold_entry {
	struct log_fault fault; /* the first */
	char last_time[sizeof(
		((struct log_fault *)0)->time)]; /* of the last; "" where there is one */
	uint64_t count;
};

/* A zeroed one is empty. */
struct fold {
	struct fold_entry *v; /* in the order of the first of each */
	size_t n, size;
	size_t *slots; /* indices by hash, plus one; 0: free */
	size_t n_slots;
};

void fold_done(struct fold *fold);
#define _cleanup_fold_ _cleanup_(fold_done)

/* Counts FAULT to its like, or adds a copy of it. Returns 0 or -ENOMEM. */
int fold_add(struct fold *fold, const struct log_fault *fault);

/* A topology as boxes and frames. */

/* What the texts need of the columns: for topology_session_read(). */
unsigned int graph_build_need(void);

/* What the picture does not show as it is. */
struct graph_lack {
	size_t unreadable; /* texts with a "?" */
	int error;         /* why, of the last one */
};

/* Returns 0 or -ENOMEM. */
int graph_build(const struct topology *topology, struct out_graph *ret,
		struct graph_lack *ret_lack);

/* The other half of graph_build(), for cmd/system_graph*.c alone: what stands beside what. */

/* What graph_build*() carry along. */
struct graph_build {
	const struct topology *topology;
	struct topology_fold fold;
	struct out_graph *graph;
	struct graph_lack *lack;
	size_t *place; /* of each node that is drawn: its box, or its frame */
	bool *framed;  /* which of the two */
};

/*
 * Places the groups of a unit in rows, so that the picture is about as wide as high. Those with
 * something bound end at the unit's right edge: from there lines lead to processes. Returns 0 or
 * -ENOMEM.
 */
int graph_build_rows(struct graph_build *build);

/* What 'system tree' and 'system graph' have in common: which nodes, and their reading. */

/* Which part of the topology is wanted. */
struct topology_args {
	struct operands operands; /* units, groups, devices; none: everything */
	enum topology_kind depth;
	bool contexts; /* by themselves too */
};

/* --depth and the operands; the input is a struct topology_args. */
extern const struct argp topology_argp;

/* A topology and the PASIDs that its nodes borrow. */
struct topology_session {
	struct topology topology;
	struct pasid_table pasids;
	struct pasid_records records;
	struct topology_context *contexts;
	size_t n_contexts;
	bool partial; /* nodes may be missing: what has them could not be asked or read */
};

void topology_session_done(struct topology_session *session);
#define _cleanup_topology_session_ _cleanup_(topology_session_done)

/*
 * Reads what ARGS ask for; NEED is of the columns. Notes what could not be read. Returns 0 or a
 * reported status.
 */
int topology_session_read(struct app *app, const struct topology_args *args, unsigned int need,
			  struct topology_session *ret);

/* The columns of a node of the topology, and how a column's need is split among what is read. */

/* The table of a struct topology_node. */
extern const struct out_column topology_columns[];

/* For programs, which see the nodes one by one: keys for out_options.defaults. */
extern const char topology_program_defaults[];

/* What the columns' NEED asks of units, groups and devices. */
void topology_columns_need(unsigned int need, struct topology_need *ret);

/* How the node stands out. */
enum out_tone topology_tone(const struct topology_node *node);

/* Verbs that have a file of their own, for the noun. */

extern const struct cmd system_diff_cmd;
extern const struct cmd system_check_cmd;
extern const struct cmd system_capture_cmd;
extern const struct cmd system_explain_cmd;
extern const struct cmd system_features_cmd;
extern const struct cmd system_graph_cmd;
extern const struct cmd system_tree_cmd;
