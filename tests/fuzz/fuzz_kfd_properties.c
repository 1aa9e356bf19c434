/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The properties of a node in amdkfd's topology. */
#include "fuzz.h"

#include "sys/kfd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t domain = 4711, location = 4711;

	if (sys_kfd_properties_parse((const char *)data, size, &domain, &location) < 0)
		fuzz_check(domain == 4711 && location == 4711);
	return 0;
}
