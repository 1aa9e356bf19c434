/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this machine ready, and what for? */
#pragma once

#include <stdbool.h>

#include "model/finding.h"
#include "sys/root.h"

/*
 * Looks at all that any of USES, bits, needs. The verdict on each of them comes first, with its name as the
 * object; then what stands on what comes after it. Unless WAKE, what sleeps is left alone. Nothing is opened but
 * files to read. Returns 0 or -ENOMEM; what cannot be read is a finding that says so.
 */
int check_machine(const struct sys_root *root, unsigned int uses, bool wake,
		  struct finding_list *ret);
