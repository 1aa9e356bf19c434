/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of VT-d's dmar_translation_struct. */
#include "fuzz.h"

#include "sys/debugfs_intel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct dmar_entry entry = { 0 };

		if (sys_dmar_parse(line, &entry) != 1)
			continue;
		fuzz_check(entry.device <= 0x1f && entry.function <= 7 && entry.type <= 7);
		fuzz_check(entry.pasid <= 0xfffff || entry.pasid == DMAR_LEGACY);
	}
	free(text);
	return 0;
}
