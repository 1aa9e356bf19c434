/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by all diagnoses (system check, group why, pasid why): option, output, exit status. */
#pragma once

#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "model/diagnosis/finding.h"

struct diagnosis_args {
	struct wake_args common;
	bool all;
};

/* --all and those of all inspecting verbs. */
extern const struct cmd_option diagnosis_options[];

/* The columns of a finding, without and with the uses that need it. */
extern const struct out_column diagnosis_columns[];
extern const struct out_column diagnosis_use_columns[];

/* As inspect_open(), with the default columns for people. */
int diagnosis_open(struct app *app, const struct diagnosis_args *args, struct inspection *ret);

/*
 * Shows LIST, which begins with the verdicts. Programs get all rows. People get the verdicts as
 * lines, then rows worse than HIDDEN, and all rows with --all. Returns 0 or a reported status.
 */
int diagnosis_show(struct app *app, struct inspection *in, const struct diagnosis_args *args,
		   const struct finding_list *list, enum finding_result hidden);

/*
 * If VERDICT, in LIST, is not "ready": reports "OBJECT: WHAT: the cause", and the remedy. Returns
 * the status.
 */
enum status diagnosis_conclude(struct app *app, const struct finding_list *list,
			       const struct finding *verdict, const char *object, const char *what);

/*
 * The remedy for an opener that is a context's holder: it returns the device on request, so the
 * context is named. Without contexts, remedies stay as they are.
 */
void diagnosis_name_contexts(struct app *app, struct finding_list *list);
