/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all diagnoses (system check, group why, pasid why) share: their option, their output, how they end. */
#pragma once

#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "model/diagnosis/finding.h"

struct diagnosis_args {
	struct wake_args common; /* first: its parser is a child's */
	bool all;
};

/* The children of a verb whose args are a struct diagnosis_args, or begin with one. */
extern const struct argp_child diagnosis_children[];

/* The columns of a finding, without and with the uses that need it. */
extern const struct out_column diagnosis_columns[];
extern const struct out_column diagnosis_use_columns[];

/* As inspect_open(), with the columns that people see where none were chosen. */
int diagnosis_open(struct app *app, const struct diagnosis_args *args, struct inspection *ret);

/*
 * Shows LIST, which has the verdicts first. Programs get all of it. People see the verdicts as lines; then the
 * rows that are worse than HIDDEN, and with --all the others too. Returns 0 or a reported status.
 */
int diagnosis_show(struct app *app, struct inspection *in, const struct diagnosis_args *args,
		   const struct finding_list *list, enum finding_result hidden);

/*
 * Where VERDICT, one of LIST's, is not "ready": reports "OBJECT: WHAT: the cause", with what to do. Returns the
 * status.
 */
enum status diagnosis_conclude(struct app *app, const struct finding_list *list,
			       const struct finding *verdict, const char *object, const char *what);
