/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is used to assign devices: drivers, nodes, and the options that weaken isolation. */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/kernel_has.h"
#include "sys/kernel_param.h"

static const struct question ask_unsafe = {
	"unsafe-interrupts", FOR_VFIO,
	"devices are assigned even if they can raise interrupts of others"
};
static const struct question ask_noiommu = {
	"noiommu", FOR_VFIO,
	"VFIO assigns devices that no IOMMU translates for: such a device reaches all memory"
};
static const struct question ask_driver = { "vfio-driver", FOR_VFIO,
					    "without it no PCI device can be assigned" };
static const struct question ask_way = {
	"vfio-interface", FOR_PASSTHROUGH,
	"devices are assigned through a container or through iommufd: there is neither"
};
static const struct question ask_cdev = {
	"vfio-cdev", FOR_PASID,
	"PASIDs are bound through a device's own VFIO node, and this kernel makes none"
};
static const struct question ask_attach = { "pasid-attach", FOR_PASID,
					    "VFIO binds no PASIDs: Linux does since 6.15" };

static void add_unsafe(struct pasid_chain *chain, const char *module, enum sys_word param)
{
	int on = chain_param(chain, param);
	char remedy[96];

	snprintf(remedy, sizeof(remedy),
		 "echo 0 > /sys/module/%s/parameters/allow_unsafe_interrupts", module);
	if (on < 0)
		finding_unknown(&chain->list, &ask_unsafe, module, on);
	else
		finding_add(&chain->list, &ask_unsafe, on ? FINDING_WARNING : FINDING_OK, module,
			    remedy, "allow_unsafe_interrupts is %s", on ? "on" : "off");
}

/* vfio_iommu_type1 has its own option that allows what iommufd refuses. */
static void add_remapping(struct pasid_chain *chain)
{
	struct finding *finding;

	chain_remapping(chain);
	if (chain->list.error < 0)
		return;
	finding = &chain->list.v[chain->list.n - 1];
	if (finding->result == FINDING_BROKEN && chain_param(chain, PARAM_VFIO_TYPE1_UNSAFE) > 0)
		finding->uses = FOR_PASID;
}

static bool is_loaded(const struct pasid_chain *chain)
{
	return chain_has_entry(chain->root, "sys/bus/pci/drivers", "vfio-pci") == 1;
}

static void add_noiommu(struct pasid_chain *chain)
{
	static const char file[] = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
	int on = chain_param(chain, PARAM_VFIO_NOIOMMU);
	int set = chain_config(chain, KCONFIG_VFIO_NOIOMMU);
	char remedy[128];

	snprintf(remedy, sizeof(remedy), "echo 0 > %s", file);
	if (on == 1)
		finding_add(&chain->list, &ask_noiommu, FINDING_WARNING, NULL, remedy,
			    "vfio.enable_unsafe_noiommu_mode is on");
	else if (on < 0)
		finding_unknown(&chain->list, &ask_noiommu, NULL, on);
	else if (set < 0 && !is_loaded(chain))
		finding_unknown(&chain->list, &ask_noiommu, NULL, set);
	else
		finding_add(&chain->list, &ask_noiommu, FINDING_OK, NULL, NULL,
			    set == 0 ? "not in this kernel (CONFIG_VFIO_NOIOMMU)"
				     : "vfio.enable_unsafe_noiommu_mode is off");
}

/* Devices assigned without IOMMU. VFIO's mediated devices also have such groups. */
static void add_untranslated(struct check_machine *machine)
{
	for (size_t i = 0; i < machine->groups.n; i++) {
		const struct group *group = &machine->groups.v[i];

		if (check_group_real(group))
			continue;
		for (size_t k = 0; k < group->n_members; k++) {
			const struct device *device = &group->members[k];
			_cleanup_free_ char *id = str_quote(device->id);
			char remedy[160];

			if (device->bus && strcmp(device->bus, "mdev") == 0)
				continue;
			snprintf(remedy, sizeof(remedy), "ioasidctl driver reset %s",
				 id ? id : "DEVICE");
			finding_add(&machine->chain.list, &ask_noiommu, FINDING_WARNING, device->id,
				    remedy, "is assigned without an IOMMU");
		}
	}
}

void check_interrupts(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;

	/* One unit that cannot remap decides: the kernel remaps with all units or none. */
	for (size_t i = 0; i < machine->units.n; i++) {
		struct field_u64 ir = iommu_field(&machine->units.v[i], "ECAP", "IR");

		if (check_unit_used(&machine->units.v[i]) && ir.status == 1 &&
		    (chain->unit_status != 1 || !ir.value)) {
			chain->unit = machine->units.v[i];
			chain->unit_status = 1;
		}
	}
	/* Without translation there is no remapping. */
	if (chain->device.group.status != 1 && machine->groups_status == 1)
		chain->list.moot = "does not matter without an IOMMU";
	add_remapping(chain);
	chain->list.moot = NULL;
	chain->unit = (struct iommu){ 0 };
	chain->unit_status = 0;
	add_unsafe(chain, "iommufd", PARAM_IOMMUFD_UNSAFE);
	add_unsafe(chain, "vfio_iommu_type1", PARAM_VFIO_TYPE1_UNSAFE);
	add_noiommu(chain);
	add_untranslated(machine);
}

/* A driver built as a module is loaded on demand. */
static void add_driver(struct pasid_chain *chain)
{
	int there = chain_has_entry(chain->root, "sys/bus/pci/drivers", "vfio-pci");
	int set = chain_config(chain, KCONFIG_VFIO_PCI);

	if (there == 1)
		finding_add(&chain->list, &ask_driver, FINDING_OK, "vfio-pci", NULL, "present");
	else if (there < 0)
		finding_unknown(&chain->list, &ask_driver, "vfio-pci", there);
	else if (set > 0)
		finding_add(&chain->list, &ask_driver, FINDING_NOTE, "vfio-pci", NULL,
			    "not loaded; 'modprobe vfio-pci' loads it");
	else if (set == 0)
		finding_add(&chain->list, &ask_driver, FINDING_BROKEN, "vfio-pci",
			    "boot a kernel with CONFIG_VFIO_PCI", "not in this kernel");
	else
		finding_add(&chain->list, &ask_driver, FINDING_UNKNOWN, "vfio-pci",
			    "try 'modprobe vfio-pci'",
			    "not loaded; could not be measured whether there is one");
}

static void add_way(struct pasid_chain *chain)
{
	int container = chain_has_entry(chain->root, "dev/vfio", "vfio");
	int iommufd = chain_has_entry(chain->root, "dev", "iommu");

	if (container == 1 || iommufd == 1)
		finding_add(&chain->list, &ask_way, FINDING_OK, NULL, NULL, "%s%s%s",
			    container == 1 ? "/dev/vfio/vfio (container)" : "",
			    container == 1 && iommufd == 1 ? ", " : "",
			    iommufd == 1 ? "/dev/iommu (iommufd)" : "");
	else if (container < 0 || iommufd < 0)
		finding_unknown(&chain->list, &ask_way, NULL, container < 0 ? container : iommufd);
	else
		finding_add(&chain->list, &ask_way, FINDING_BROKEN, NULL,
			    is_loaded(chain) ? "look for what makes nodes in /dev: udev, or the "
					       "container's setup"
			    : chain_config(chain, KCONFIG_VFIO_PCI) == 0 ? NULL
									 : "modprobe vfio-pci",
			    "neither /dev/vfio/vfio nor /dev/iommu is present");
}

static void add_cdev(struct pasid_chain *chain)
{
	struct field_u64 there = sys_kernel_chrdev(chain->root, CHRDEV_VFIO);
	int set = chain_config(chain, KCONFIG_VFIO_DEVICE_CDEV);

	if (there.status == 1 && there.value)
		finding_add(&chain->list, &ask_cdev, FINDING_OK, NULL, NULL,
			    "the kernel makes /dev/vfio/devices/vfioN");
	else if ((there.status == 1 && is_loaded(chain)) || set == 0)
		finding_add(&chain->list, &ask_cdev, FINDING_BROKEN, NULL,
			    set == 0 ? "boot a kernel with CONFIG_VFIO_DEVICE_CDEV" : NULL,
			    "the kernel makes no /dev/vfio/devices/vfioN");
	else if (set > 0)
		finding_add(&chain->list, &ask_cdev, FINDING_OK, NULL, NULL,
			    "CONFIG_VFIO_DEVICE_CDEV; VFIO is not loaded");
	else
		finding_unknown(&chain->list, &ask_cdev, NULL,
				there.status < 0 ? there.status : set);
}

/*
 * No ioctl reports this without a device. But if the kernel's symbols include VFIO's function for
 * attaching the RID and not the one for a PASID, it cannot attach PASIDs.
 */
static void add_attach(struct pasid_chain *chain)
{
	struct field_u64 pasid = sys_kernel_symbol(chain->root, SYMBOL_VFIO_ATTACH_PASID);
	struct field_u64 rid = sys_kernel_symbol(chain->root, SYMBOL_VFIO_ATTACH);

	if (pasid.status == 1 && pasid.value)
		finding_add(&chain->list, &ask_attach, FINDING_OK, NULL, NULL,
			    "VFIO has vfio_iommufd_physical_pasid_attach_ioas()");
	else if (rid.status == 1 && rid.value)
		finding_add(&chain->list, &ask_attach, FINDING_BROKEN, NULL,
			    "boot a kernel whose VFIO attaches PASIDs: Linux 6.15 or newer",
			    "VFIO lacks vfio_iommufd_physical_pasid_attach_ioas()");
	else if (pasid.status < 0)
		finding_unknown(&chain->list, &ask_attach, NULL, pasid.status);
	else
		finding_add(&chain->list, &ask_attach, FINDING_UNKNOWN, NULL,
			    "'ioasidctl system features DEVICE' tries it on a device",
			    "could not be measured: %s",
			    pasid.status == 1 ? "VFIO is not loaded"
					      : "the kernel lists no functions");
}

void check_vfio(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;

	add_driver(chain);
	add_way(chain);
	chain_iommufd(chain);
	add_cdev(chain);
	add_attach(chain);
}
