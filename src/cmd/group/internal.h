/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cmd.h"

/* Verbs that have a file of their own, for the noun. */

extern const struct cmd group_why_cmd;
