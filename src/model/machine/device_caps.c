/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities of a PCI device related to PASIDs, from its config space. */
#include "model/machine/gather.h"

#include <errno.h>
#include <stdio.h>

#include "model/machine/pci_function.h"
#include "sys/pci_config.h"

static struct field_u64 presence(int found)
{
	return found < 0 ? field_u64_error(found) : field_u64((uint64_t)found);
}

/* Each function has its own ATS and ACS. */
static void own_caps(const struct pci_config *config, struct device_caps *caps)
{
	struct pci_config_ats ats;
	struct pci_config_acs acs;
	int found;

	found = sys_pci_config_ats(config, &ats);
	caps->ats = presence(found);
	if (found == 1)
		caps->ats_enabled = field_u64(ats.enabled);
	found = sys_pci_config_acs(config, &acs);
	caps->acs = presence(found);
	if (found == 1)
		caps->acs_enabled = field_u64(acs.enabled);
}

/* A VF shares PASID and PRI with its PF (pci_enable_pasid(), pci_enable_pri()). */
static void shared_caps(const struct pci_config *config, struct device_caps *caps)
{
	struct pci_config_pasid pasid;
	struct pci_config_pri pri;
	int found;

	found = sys_pci_config_pasid(config, &pasid);
	caps->pasid = presence(found);
	if (found == 1) {
		caps->pasid_enabled = field_u64(pasid.enabled);
		caps->pasid_width = field_u64(pasid.width);
		caps->pasid_exec = field_u64(pasid.exec);
		caps->pasid_exec_enabled = field_u64(pasid.exec_enabled);
		caps->pasid_priv = field_u64(pasid.priv);
		caps->pasid_priv_enabled = field_u64(pasid.priv_enabled);
	}
	found = sys_pci_config_pri(config, &pri);
	caps->pri = presence(found);
	if (found == 1) {
		caps->pri_enabled = field_u64(pri.enabled);
		caps->pri_pasid_required = field_u64(pri.pasid_required);
	}
}

/* If a capability is unreadable its details are too, not absent. */
static void spread(const struct field_u64 *capability, struct field_u64 *const *details)
{
	if (capability->status < 0)
		for (; *details; details++)
			**details = *capability;
}

static void spread_all(struct device_caps *caps)
{
	spread(&caps->ats, (struct field_u64 *const[]){ &caps->ats_enabled, NULL });
	spread(&caps->acs, (struct field_u64 *const[]){ &caps->acs_enabled, NULL });
	spread(&caps->pri,
	       (struct field_u64 *const[]){ &caps->pri_enabled, &caps->pri_pasid_required, NULL });
	spread(&caps->pasid,
	       (struct field_u64 *const[]){ &caps->pasid_enabled, &caps->pasid_width,
					    &caps->pasid_exec, &caps->pasid_exec_enabled,
					    &caps->pasid_priv, &caps->pasid_priv_enabled, NULL });
}

void gather_caps(const struct gather *gather, struct sys_dir dir, const char *physfn,
		 struct device_caps *caps)
{
	bool wake = gather->need & DEVICE_WAKE;
	_cleanup_sys_dir_ struct sys_dir pf = SYS_DIR_NONE;
	struct pci_config config;
	char path[512];
	int r;

	r = pci_function_config(dir, wake, &config);
	/* Devices on other buses have no config space. */
	if (r == -ENOENT)
		return;
	if (r < 0)
		caps->ats = caps->acs = caps->pasid = caps->pri = field_u64_error(r);
	else
		own_caps(&config, caps);
	if (physfn) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", physfn);
		pf = sys_dir_open(gather->root, path);
		r = pci_function_config(pf, wake, &config);
		if (r < 0)
			caps->pasid = caps->pri = field_u64_error(r == -ENOENT ? -ENODEV : r);
	}
	if (r == 0)
		shared_caps(&config, caps);
	spread_all(caps);
}
