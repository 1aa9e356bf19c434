/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs that have a module of their own, for the module of their noun. */
#pragma once

#include "cmd.h"

extern const struct cmd group_why_cmd;
extern const struct cmd pasid_bind_cmd;
extern const struct cmd pasid_list_cmd;
extern const struct cmd pasid_map_cmd;
extern const struct cmd pasid_translate_cmd;
extern const struct cmd pasid_show_cmd;
extern const struct cmd pasid_unbind_cmd;
extern const struct cmd pasid_why_cmd;
extern const struct cmd system_diff_cmd;
extern const struct cmd system_check_cmd;
extern const struct cmd system_capture_cmd;
extern const struct cmd system_explain_cmd;
extern const struct cmd system_features_cmd;
extern const struct cmd system_graph_cmd;
extern const struct cmd system_tree_cmd;
