/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/self/mountinfo */
#include "fuzz.h"

#include "sys/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct proc_mounts mounts = { 0 };

	fuzz_check(sys_proc_mounts_parse(text, &mounts) == 0);
	for (size_t i = 0; i < mounts.n; i++)
		fuzz_check(mounts.v[i].source && mounts.v[i].point && mounts.v[i].type);
	proc_mounts_done(&mounts);
	free(text);
	return 0;
}
