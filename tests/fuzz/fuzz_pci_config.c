/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device's configuration space, of all sizes that the kernel returns. */
#include "fuzz.h"

#include "sys/pci_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pci_config *config = calloc(1, sizeof(*config));
	struct pci_config_ats ats;
	struct pci_config_pasid pasid;
	struct pci_config_pri pri;
	struct pci_config_acs acs;
	struct pci_config_sriov sriov;

	fuzz_check(config);
	config->size = size < sizeof(config->data) ? size : sizeof(config->data);
	if (config->size)
		memcpy(config->data, data, config->size);
	if (sys_pci_config_check(config) == 0) {
		(void)sys_pci_config_ats(config, &ats);
		if (sys_pci_config_pasid(config, &pasid) == 1)
			fuzz_check(pasid.width <= 31);
		(void)sys_pci_config_pri(config, &pri);
		(void)sys_pci_config_acs(config, &acs);
		(void)sys_pci_config_sriov(config, &sriov);
	}
	free(config);
	return 0;
}
