/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities of the endpoint and of the path up to the root, and what is enabled. */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <inttypes.h>

#define VENDOR_HUAWEI 0x19e5

static const struct question ask_pasid = { "pasid-capability", FOR_PASIDS,
					   "the device cannot put PASIDs on its requests" };
static const struct question ask_prefix = {
	"tlp-prefix", FOR_PASIDS,
	"PASIDs travel in end-to-end TLP prefixes: the kernel enables them only where all "
	"pass them on"
};
static const struct question ask_acs = {
	"acs", FOR_PASIDS,
	"a request with a PASID could be routed to another device: the kernel enables PASIDs "
	"only where every bridge sends requests up (ACS RR and UF)"
};
static const struct question ask_ats = {
	"ats-capability", FOR_SVA, "Intel's IOMMU driver binds processes to devices with ATS only"
};
static const struct question ask_pri = {
	"pri-capability", FOR_SVA,
	"the kernel leaves page requests off, and SVA with them, where responses have no PASID"
};
static const struct question ask_pasid_enabled = {
	"pasid-enabled", FOR_PASIDS, "the kernel has not enabled PASIDs at the device"
};
static const struct question ask_ats_enabled = {
	"ats-enabled", FOR_SVA,
	"the kernel has not enabled ATS at the device, without which Intel's IOMMU driver "
	"binds no process"
};
static const struct question ask_pri_enabled = {
	"pri-enabled", FOR_SVA,
	"the kernel has not enabled page requests, which a device that has them needs for SVA"
};

/* The function that has the capability: the PF for a VF. */
static const char *owner(const struct pasid_chain *chain)
{
	return chain->device.physfn.status == 1 ? chain->device.physfn.value : chain->device.id;
}

static bool is_set(const struct field_u64 *field)
{
	return field->status == 1 && field->value;
}

/* If PASIDs are enabled, the kernel's check cannot have failed. */
static enum finding_result unless_enabled(const struct pasid_chain *chain)
{
	return is_set(&chain->device.caps.pasid_enabled) ? FINDING_NOTE : FINDING_BROKEN;
}

static void add_pasid(struct pasid_chain *chain)
{
	const struct device_caps *caps = &chain->device.caps;

	/*
	 * Only x86 has the option; elsewhere the host bridge driver determines if all of config
	 * space is reachable.
	 */
	if (caps->pasid.status == -EOPNOTSUPP)
		finding_add(&chain->list, &ask_pasid, FINDING_BROKEN, owner(chain),
			    chain_config(chain, KCONFIG_PCI_MMCONFIG) == 0
				    ? "boot a kernel with CONFIG_PCI_MMCONFIG"
				    : NULL,
			    "this kernel reaches 256 bytes of config space, and no extended "
			    "capability");
	else if (caps->pasid.status < 0)
		finding_unknown(&chain->list, &ask_pasid, owner(chain), caps->pasid.status);
	else if (caps->pasid.status == 0)
		finding_add(
			&chain->list, &ask_pasid, FINDING_UNKNOWN, owner(chain), NULL,
			"could not be measured: not a PCI device, and its bus publishes nothing");
	else if (!caps->pasid.value)
		finding_add(&chain->list, &ask_pasid, FINDING_BROKEN, owner(chain), NULL,
			    "no PASID capability");
	else
		finding_add(&chain->list, &ask_pasid, FINDING_OK, owner(chain), NULL,
			    "PASIDs of %" PRIu64 " bits%s", caps->pasid_width.value,
			    chain->device.physfn.status == 1 ? ", its virtual functions' too" : "");
}

/* On-chip accelerators that only look like PCI devices (quirk_huawei_pcie_sva()). */
static bool needs_no_prefix(const struct pci_function *function)
{
	const struct pci_config_header *header = &function->header;

	if (header->vendor != VENDOR_HUAWEI ||
	    (header->revision != 0x21 && header->revision != 0x30))
		return false;
	switch (header->device) {
	case 0xa250:
	case 0xa251:
	case 0xa255:
	case 0xa256:
	case 0xa258:
	case 0xa259:
		return true;
	default:
		return false;
	}
}

/*
 * Adds the link of one function. Returns true if the kernel also requires it of the bridge above
 * (pci_configure_eetlp_prefix()).
 */
static bool add_prefix(struct pasid_chain *chain, const struct pci_function *function, bool above)
{
	const char *kind = pci_function_kind(function);
	bool top = function->express.type == PCI_EXPRESS_ROOT_PORT ||
		   function->express.type == PCI_EXPRESS_INTEGRATED;

	if (function->express_status < 0) {
		finding_unknown(&chain->list, &ask_prefix, function->id, function->express_status);
		return true;
	}
	if (needs_no_prefix(function)) {
		finding_add(&chain->list, &ask_prefix, FINDING_OK, function->id, NULL,
			    "its PASIDs need no TLP prefix");
		return false;
	}
	if (function->express_status == 0 || !function->express.tlp_prefix)
		finding_add(&chain->list, &ask_prefix, unless_enabled(chain), function->id,
			    function == chain->path.v
				    ? NULL
				    : "move the device to a slot whose ports pass TLP prefixes on",
			    "%s without end-to-end TLP prefixes", kind);
	else if (!top && !above)
		finding_add(&chain->list, &ask_prefix, unless_enabled(chain), function->id, NULL,
			    "%s on the root bus, where no port says that it passes TLP prefixes on",
			    kind);
	else
		finding_add(&chain->list, &ask_prefix, FINDING_OK, function->id, NULL,
			    "%s with end-to-end TLP prefixes", kind);
	return !top;
}

static void add_prefixes(struct pasid_chain *chain)
{
	for (size_t i = 0; i < chain->path.n; i++)
		if (!add_prefix(chain, &chain->path.v[i], i + 1 < chain->path.n))
			return;
}

static void add_acs(struct pasid_chain *chain, const struct pci_function *function, bool bridge)
{
	char text[160];
	uint16_t lacks;
	int r = pci_function_isolates(function, PCI_ACS_PASID, &lacks);

	pci_function_acs_text(function, PCI_ACS_PASID, text, sizeof(text));
	if (r < 0)
		finding_unknown(&chain->list, &ask_acs, function->id, r);
	else if (r == 0 && pci_function_parted(chain->root, function))
		finding_add(&chain->list, &ask_acs, FINDING_OK, function->id, NULL,
			    "%s, but the kernel isolates what is below it", text);
	else
		finding_add(&chain->list, &ask_acs, r ? FINDING_OK : unless_enabled(chain),
			    function->id,
			    bridge ? "move the device to a slot whose ports have ACS" : NULL, "%s",
			    text);
}

static void add_ats(struct pasid_chain *chain)
{
	const struct device_caps *caps = &chain->device.caps;
	/* AMD's and Arm's drivers do not need it. */
	enum finding_result without = chain_vendor(chain, "intel") ? FINDING_BROKEN : FINDING_NOTE;

	if (caps->ats.status < 0)
		finding_unknown(&chain->list, &ask_ats, chain->device.id, caps->ats.status);
	else if (caps->ats.status == 1)
		finding_add(&chain->list, &ask_ats, caps->ats.value ? FINDING_OK : without,
			    chain->device.id, NULL,
			    caps->ats.value ? "ATS capability" : "no ATS capability");
}

static void add_pri(struct pasid_chain *chain)
{
	const struct device_caps *caps = &chain->device.caps;
	enum finding_result without = chain_vendor(chain, "intel") ? FINDING_BROKEN : FINDING_NOTE;

	if (caps->pri.status < 0)
		finding_unknown(&chain->list, &ask_pri, owner(chain), caps->pri.status);
	else if (caps->pri.status == 1 && !caps->pri.value)
		finding_add(&chain->list, &ask_pri, FINDING_NOTE, owner(chain), NULL,
			    "no PRI capability: its driver has to know of page faults otherwise");
	else if (caps->pri.status == 1)
		finding_add(&chain->list, &ask_pri,
			    is_set(&caps->pri_pasid_required) ? FINDING_OK : without, owner(chain),
			    NULL,
			    is_set(&caps->pri_pasid_required)
				    ? "PRI capability, PASID required in responses"
				    : "PRI capability, no PASID in responses");
}

void chain_endpoint(struct pasid_chain *chain)
{
	add_pasid(chain);
	/* The path only matters for a device that has PASIDs, or may have. */
	if (chain->device.caps.pasid.status == 1 && !chain->device.caps.pasid.value)
		return;
	add_prefixes(chain);
	for (size_t i = 0; i < chain->path.n; i++)
		add_acs(chain, &chain->path.v[i], i > 0);
	add_ats(chain);
	add_pri(chain);
}

static void add_enabled(struct pasid_chain *chain, const struct question *question,
			const char *object, const struct field_u64 *field, const char *what)
{
	bool intel = chain_vendor(chain, "intel");
	/* An earlier broken link is the reason. */
	bool explained = finding_cause(&chain->list, question->uses) != NULL;

	if (field->status < 0)
		finding_unknown(&chain->list, question, object, field->status);
	else if (field->status == 1 && field->value)
		finding_add(&chain->list, question, FINDING_OK, object, NULL, "%s enabled", what);
	else if (field->status == 1 && chain_vendor(chain, "amd"))
		finding_add(&chain->list, question, FINDING_NOTE, object, NULL,
			    "%s not enabled: AMD's driver does that when they are bound", what);
	else if (field->status == 1)
		/*
		 * Other drivers than Intel's also bind processes if the device has another way to
		 * handle faults.
		 */
		finding_add(
			&chain->list, question,
			intel || question == &ask_pasid_enabled ? FINDING_BROKEN : FINDING_NOTE,
			object,
			explained ? NULL
				  : "look for what the kernel reports of the device: journalctl -k",
			"%s not enabled", what);
}

/*
 * If the IOMMU has no page requests they stay off, and SVA works without
 * (intel_iommu_sva_supported()).
 */
static bool unit_lacks_requests(const struct pasid_chain *chain)
{
	struct field_u64 prs = iommu_field(&chain->unit, "ECAP", "PRS");
	struct field_u64 pds = iommu_field(&chain->unit, "ECAP", "PDS");

	return (prs.status == 1 && !prs.value) || (pds.status == 1 && !pds.value);
}

void chain_enabled(struct pasid_chain *chain)
{
	const struct device_caps *caps = &chain->device.caps;

	add_enabled(chain, &ask_pasid_enabled, owner(chain), &caps->pasid_enabled, "PASIDs");
	if (caps->pasid.status == 1 && !caps->pasid.value)
		return;
	add_enabled(chain, &ask_ats_enabled, chain->device.id, &caps->ats_enabled, "ATS");
	if (!unit_lacks_requests(chain))
		add_enabled(chain, &ask_pri_enabled, owner(chain), &caps->pri_enabled, "PRI");
}
