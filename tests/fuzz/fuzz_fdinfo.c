/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fdinfo of VFIO devices and of amdgpu's nodes. */
#include "fuzz.h"

#include "sys/proc.h"
#include "util/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "vfio-device-syspath", "drm-pdev", "drm-driver",
					    "pasid", "" };
	char *text = fuzz_text(data, size), value[64];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint64_t number;

		memset(value, 'x', sizeof(value));
		if (!sys_proc_fdinfo_value(text, keys[i], value, sizeof(value)))
			continue;
		fuzz_check(memchr(value, '\0', sizeof(value)));
		fuzz_check(!strchr(value, '\n') && strstr(text, value));
		(void)parse_u64(value, 0xfffff, &number);
	}
	free(text);
	return 0;
}
