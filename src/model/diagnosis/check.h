/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this machine ready for passthrough, PASIDs, SVA, unprivileged use? */
#pragma once

#include <stdbool.h>

#include "model/diagnosis/finding.h"
#include "sys/root.h"

/*
 * Checks everything that any of USES (bits of enum use) needs. The verdict on each use comes first,
 * with the use's name as object; the other findings follow, causes before what depends on them.
 * Does not wake sleeping devices unless WAKE. Opens files for reading only. Returns 0 or -ENOMEM;
 * what cannot be read becomes a finding.
 */
int check_machine(const struct sys_root *root, unsigned int uses, bool wake,
		  struct finding_list *ret);
