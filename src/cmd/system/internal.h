/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

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

/* How a difference shows a PASID's target and owner, and a device. */

/* Columns of values defined only here; those of owners and attachments are elsewhere. */
extern const struct out_column diff_target_columns[], diff_hardware_columns[],
	diff_holder_columns[];

/* For a value with an object: text for people, an object for programs. */
void diff_out_object(struct out_value *ret, const struct diff_value *value);

/* The columns of a fault in the kernel's log. */

/* Bits for other than device facts: owner of the PASID; devices behind a bridge. */
enum { EXPLAIN_NEED_OWNER = 1u << 24, EXPLAIN_NEED_CANDIDATE = 1u << 25 };

struct explain_row {
	const struct log_fault *fault;
	struct device device; /* current state; zeroed if the fault names no existing device */
	int device_status;    /* 1: read; 0: there is none; -errno */
	/*
	 * Of the process named in the line, else of the current owner of the PASID. Strings are
	 * borrowed.
	 */
	struct field_u64 pid, uid;
	const char *command, *unit, *context;
	uint64_t count;         /* of equal faults */
	const char *last_time;  /* of the last of them; NULL or "" if there is only one */
	struct strv candidates; /* devices behind the bridge that `device` is, if it is one */
};

extern const struct out_column explain_columns[];

/* Merges faults that differ only in time, and counts them. */

struct fold_entry {
	struct log_fault fault; /* the first */
	char last_time[sizeof(
		((struct log_fault *)0)->time)]; /* of the last; "" if there is only one */
	uint64_t count;
};

/* Empty if zeroed. */
struct fold {
	struct fold_entry *v; /* in the order of their first occurrence */
	size_t n, size;
	size_t *slots; /* index plus one, by hash; 0: free */
	size_t n_slots;
};

void fold_done(struct fold *fold);
#define _cleanup_fold_ _cleanup_(fold_done)

/* Counts FAULT with an equal one, or adds a copy. Returns 0 or -ENOMEM. */
int fold_add(struct fold *fold, const struct log_fault *fault);

/* Turns a topology into boxes and frames. */

/* The facts needed for the texts, for topology_session_read(). */
unsigned int graph_build_need(void);

/* What the picture cannot show. */
struct graph_lack {
	size_t unreadable; /* texts with a "?" */
	int error;         /* -errno of the last of those */
};

/* Returns 0 or -ENOMEM. */
int graph_build(const struct topology *topology, struct out_graph *ret,
		struct graph_lack *ret_lack);

/* The second half of graph_build(): the arrangement of boxes. */

/* State of graph_build*(). */
struct graph_build {
	const struct topology *topology;
	struct topology_fold fold;
	struct out_graph *graph;
	struct graph_lack *lack;
	size_t *place; /* index of the box or frame of each node that is drawn */
	bool *framed;  /* which of the two */
};

/*
 * Arranges the groups of a unit in rows, so that the picture is about as wide as high. Groups with
 * something bound end at the right edge of the unit, because lines lead from there to processes.
 * Returns 0 or -ENOMEM.
 */
int graph_build_rows(struct graph_build *build);

/* Shared by 'system tree' and 'system graph': selecting and reading the nodes. */

/* The part of the topology to show. */
struct topology_args {
	struct operands operands; /* units, groups, devices; none: everything */
	enum topology_kind depth;
	bool contexts; /* by themselves too */
};

/* --depth. */
extern const struct cmd_option topology_options[];

/* A topology, and the PASIDs that its nodes borrow. */
struct topology_session {
	struct topology topology;
	struct bindings pasids;
	struct pasid_reports reports;
	struct pasid_records records;
	struct topology_context *contexts;
	size_t n_contexts;
	bool partial; /* nodes may be missing, because something could not be asked or read */
};

void topology_session_done(struct topology_session *session);
#define _cleanup_topology_session_ _cleanup_(topology_session_done)

/*
 * Reads what ARGS select; NEED is the columns'. Prints notes on what could not be read. Returns 0
 * or a reported status.
 */
int topology_session_read(struct app *app, const struct topology_args *args, unsigned int need,
			  struct topology_session *ret);

/*
 * The columns of a topology node, and how a column's need is split among the lists that are read.
 */

/* Rows are struct topology_node. */
extern const struct out_column topology_columns[];

/* Default columns for programs, for out_options.defaults. */
extern const char topology_program_defaults[];

/* The facts of units, groups and devices for the columns' NEED. */
void topology_columns_need(unsigned int need, struct topology_need *ret);

/* How the node is highlighted. */
enum out_tone topology_tone(const struct topology_node *node);

/* Verbs in files of their own, for the file of their noun. */

extern const struct cmd system_diff_cmd;
extern const struct cmd system_check_cmd;
extern const struct cmd system_capture_cmd;
extern const struct cmd system_explain_cmd;
extern const struct cmd system_features_cmd;
extern const struct cmd system_graph_cmd;
extern const struct cmd system_tree_cmd;
