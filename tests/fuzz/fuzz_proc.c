/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process's cgroup and status. */
#include "fuzz.h"

#include "sys/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *unit = NULL;

	fuzz_check(sys_proc_cgroup_unit(text, &unit) == 0);
	fuzz_check(!unit || (*unit && !strchr(unit, '/') && !strchr(unit, '\n')));
	free(unit);
	fuzz_check(sys_proc_leader_parse((const char *)data, size) >= 0);
	free(text);
	return 0;
}
