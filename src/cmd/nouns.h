/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nouns of the command tree, one file each. */
#pragma once

#include "cmd.h"

extern const struct cmd context_cmd;
extern const struct cmd device_cmd;
extern const struct cmd driver_cmd;
extern const struct cmd group_cmd;
extern const struct cmd ioas_cmd;
extern const struct cmd iommu_cmd;
extern const struct cmd pasid_cmd;
extern const struct cmd system_cmd;
