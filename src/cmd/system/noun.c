/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/nouns.h"
#include "cmd/system/internal.h"

static const struct cmd *const sub[] = {
	&system_check_cmd,   &system_features_cmd, &system_tree_cmd, &system_graph_cmd,
	&system_explain_cmd, &system_capture_cmd,  &system_diff_cmd, NULL,
};

const struct cmd system_cmd = {
	.name = "system",
	.summary = "This machine as a whole",
	.sub = sub,
	.fallback = &system_check_cmd,
};
