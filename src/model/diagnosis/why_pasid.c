/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/diagnosis/why_pasid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/diagnosis/internal.h"
#include "sys/kernel_param.h"

#define CHAIN_NEED \
	(DEVICE_NEED_PATH | DEVICE_NEED_GROUP | DEVICE_NEED_DRIVER | DEVICE_NEED_CLASS | \
	 DEVICE_NEED_IOMMU | DEVICE_NEED_VFIO | DEVICE_NEED_SRIOV | DEVICE_NEED_CAPS | \
	 DEVICE_NEED_OPENERS)

void chain_done(struct pasid_chain *chain)
{
	device_done(&chain->device);
	pci_path_done(&chain->path);
	iommu_done(&chain->unit);
	strv_done(&chain->cmdline);
	kernel_config_done(&chain->config);
	finding_list_done(&chain->list);
}

bool chain_vendor(const struct pasid_chain *chain, const char *vendor)
{
	return chain->unit_status == 1 && chain->unit.vendor.status == 1 &&
	       strcmp(chain->unit.vendor.value, vendor) == 0;
}

/* A VF uses the PASID capability of its PF, so the PF's path counts (pci_enable_pasid()). */
static int read_path(struct pasid_chain *chain, const char *path)
{
	_cleanup_device_ struct device pf = { 0 };
	char link[512];
	int r;

	if (chain->device.physfn.status == 1) {
		snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s", chain->device.physfn.value);
		r = device_get(chain->root, link, DEVICE_NEED_PATH, &pf);
		if (r == 0 && pf.path.status == 1)
			path = pf.path.value;
	}
	r = pci_path_read(chain->root, path, chain->wake, &chain->path);
	return r == -ENODEV ? 0 : r;
}

int chain_read_kernel(struct pasid_chain *chain)
{
	int r = sys_cmdline_read(chain->root, &chain->cmdline);

	chain->cmdline_status = r < 0 ? r : 1;
	if (r == -ENOMEM)
		return r;
	r = sys_kernel_config_read(chain->root, &chain->config);
	chain->config_status = r < 0 ? r : 1;
	return r == -ENOMEM ? r : 0;
}

static int read_rest(struct pasid_chain *chain)
{
	int r = 0;

	chain->unit_status = chain->device.iommu.status;
	if (chain->unit_status == 1) {
		r = iommu_get(chain->root, chain->device.iommu.value, IOMMU_NEED_REGISTERS,
			      &chain->unit);
		if (r < 0)
			chain->unit_status = r == -ENOENT ? -ENODEV : r;
	}
	return r == -ENOMEM ? r : chain_read_kernel(chain);
}

int pasid_why(const struct sys_root *root, const char *path, enum use use, bool wake,
	      const struct pasid_holder *holders, size_t n_holders, enum use *ret_use,
	      struct finding_list *ret)
{
	_cleanup_(chain_done) struct pasid_chain chain = {
		.root = root, .wake = wake, .holders = holders, .n_holders = n_holders
	};
	int r;

	r = device_get(root, path, CHAIN_NEED | (wake ? DEVICE_WAKE : 0), &chain.device);
	if (r == 0)
		r = read_path(&chain, path);
	if (r == 0)
		r = read_rest(&chain);
	if (r < 0)
		return r;
	if (use == USE_COUNT)
		use = chain_driver_binds(root, &chain.device) ? USE_SVA : USE_PASID;
	chain.list.asked = USE_BIT(use);
	chain_endpoint(&chain);
	chain_kernel(&chain);
	chain_unit(&chain);
	chain_enabled(&chain);
	chain_driver(&chain);
	finding_judge(&chain.list, USE_BIT(use), chain.device.id);
	r = finding_list_take(&chain.list, ret);
	if (r == 0)
		*ret_use = use;
	return r;
}
