/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cmd.h"

/* Verbs in files of their own, for the file of their noun. */

extern const struct cmd group_why_cmd;
