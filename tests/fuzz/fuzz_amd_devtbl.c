/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debugfs' text of an entry of AMD's device table. */
#include "fuzz.h"

#include "sys/debugfs_amd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct amd_dte dte = { .iommu = 4711 };
	int r = sys_amd_dte_parse((const char *)data, size, &dte);

	if (r != 1) {
		fuzz_check(dte.iommu == 4711);
		return 0;
	}
	fuzz_check(dte.address.device <= 0x1f && dte.address.function <= 7);
	fuzz_check(dte.guest ? dte.pasid_width >= 9 && dte.pasid_width <= 20
			     : dte.pasid_width == 0);
	fuzz_check((dte.gcr3 & 0xfff) == 0 && dte.gcr3 >> 52 == 0);
	return 0;
}
