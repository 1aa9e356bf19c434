/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A group's file reserved_regions. */
#include "fuzz.h"

#include "model/machine/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct group group = { 0 };

	fuzz_check(group_parse_regions(text, &group) == 0);
	fuzz_check(group.regions_status <= 1);
	for (size_t i = 0; i < group.n_regions; i++)
		fuzz_check(*group.regions[i].type);
	group_done(&group);
	free(text);
	return 0;
}
