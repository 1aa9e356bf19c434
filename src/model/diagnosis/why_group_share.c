/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the rules of pci_device_group() join the members of a group. The group itself is known,
 * so each rule is checked against it: the kernel has quirks for devices that isolate although their
 * registers do not say so, and for devices that share a requester ID.
 */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/pci_alias.h"
#include "sys/kernel_param.h"
#include "util/cleanup.h"

static const char check_alone[] = "alone";
static const char check_bridge[] = "pci-bridge";
static const char check_acs[] = "bridge-acs";
static const char check_functions[] = "multifunction-acs";
static const char check_alias[] = "dma-alias";
static const char check_driver[] = "iommu-driver";

static const char slot_remedy[] =
	"turn ACS on in the firmware's setup, or move the device to a slot whose ports have ACS";

void share_done(struct share *share)
{
	for (size_t i = 0; i < share->n; i++)
		pci_path_done(&share->v[i].path);
	free(share->v);
	*share = (struct share){ 0 };
}

int share_read(const struct sys_root *root, const struct group *group, bool wake,
	       struct finding_list *list, struct share *ret)
{
	_cleanup_(share_done) struct share share = { .root = root, .list = list };
	int r;

	share.v = calloc(group->n_members + 1, sizeof(share.v[0]));
	if (!share.v)
		return -ENOMEM;
	for (; share.n < group->n_members; share.n++) {
		struct share_member *member = &share.v[share.n];

		member->device = &group->members[share.n];
		member->link = share.n;
		if (member->device->path.status != 1)
			continue;
		r = pci_path_read(root, member->device->path.value, wake, &member->path);
		if (r < 0 && r != -ENODEV)
			return r;
	}
	*ret = share;
	share = (struct share){ 0 };
	return 0;
}

/* The first member that is known to be joined with member I. */
static size_t joined(const struct share *share, size_t i)
{
	while (share->v[i].link != i)
		i = share->v[i].link;
	return i;
}

static void join(struct share *share, size_t i, size_t k)
{
	size_t a = joined(share, i), b = joined(share, k);

	share->v[i].explained = true;
	share->v[a > b ? a : b].link = a > b ? b : a;
}

/* Index of the member with this id; share->n: none. */
static size_t find(const struct share *share, const char *id)
{
	size_t i = 0;

	while (i < share->n && strcmp(share->v[i].device->id, id) != 0)
		i++;
	return i;
}

/* The function of a PCI member. */
static const struct pci_function *own(const struct share *share, size_t i)
{
	return &share->v[i].path.v[0];
}

/*
 * As pci_function_isolates(), but 1 also for a bridge that the kernel considers isolating anyway.
 */
static int isolates(const struct share *share, const struct pci_function *function)
{
	uint16_t lacks;
	int r = pci_function_isolates(function, PCI_ACS_ISOLATED, &lacks);

	return r == 0 && pci_function_parted(share->root, function) ? 1 : r;
}

/* Does it replace the requester IDs of the devices behind it (pci_for_each_dma_alias())? */
static bool is_pci_bridge(const struct pci_function *bridge)
{
	return bridge->express_status == 0 || bridge->express.type == PCI_EXPRESS_TO_PCI ||
	       bridge->express.type == PCI_TO_PCI_EXPRESS;
}

static int add_unknown(struct share *share, const char *check, size_t i, const char *what,
		       int error)
{
	const char *remedy, *reason = finding_reason(error, &remedy);
	const struct finding finding = {
		.check = check,
		.result = FINDING_UNKNOWN,
		.object = share->v[i].device->id,
		.remedy = remedy,
		.error = error,
	};

	return finding_add(share->list, &finding, "%s could not be measured: %s", what, reason);
}

/*
 * The port has ACS but lacks some flags: unless a kernel option disabled them, it does not support
 * them.
 */
static const char *acs_remedy(const struct share *share)
{
	static const struct {
		const char *option, *remedy;
	} options[] = {
		{ "disable_acs_redir", "boot without pci=disable_acs_redir for this port" },
		{ "config_acs", "boot without pci=config_acs for this port" },
	};
	_cleanup_strv_ struct strv words = { 0 };

	if (sys_cmdline_read(share->root, &words) < 0)
		return NULL;
	for (size_t i = 0; i < words.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(options); k++) {
			const char *value = sys_cmdline_value(words.v[i], "pci");

			if (value && strstr(value, options[k].option))
				return options[k].remedy;
		}
	return "move the device to a slot whose ports have all of ACS";
}

/* BRIDGE joins member I, which is behind it or is it, with everything else behind it. */
static int add_bridge(struct share *share, size_t i, const struct pci_function *bridge)
{
	bool pci = is_pci_bridge(bridge), self = strcmp(share->v[i].device->id, bridge->id) == 0;
	struct finding finding = {
		.check = pci ? check_bridge : check_acs,
		.result = FINDING_WARNING,
		.object = share->v[i].device->id,
		.meaning = pci ? "the IOMMU sees one requester for all that is behind such a bridge"
			       : "what is behind a port without ACS can reach its neighbours past "
				 "the IOMMU",
		.remedy = pci ? "move the device to a slot of PCI Express" : slot_remedy,
	};
	char text[160];

	pci_function_acs_text(bridge, PCI_ACS_ISOLATED, text, sizeof(text));
	if (pci)
		snprintf(text, sizeof(text), "%s bridge",
			 bridge->express_status == 0                  ? "conventional PCI"
			 : bridge->express.type == PCI_EXPRESS_TO_PCI ? "PCIe-to-PCI"
								      : "PCI-to-PCIe");
	else if (bridge->acs_status == 1)
		finding.remedy = acs_remedy(share);
	if (self)
		return finding_add(share->list, &finding, "%s, in one group with what is behind it",
				   text);
	return finding_add(share->list, &finding, "behind %s, a %s", bridge->id, text);
}

/*
 * The nearest bridge above that does not isolate: the kernel puts it, and everything up to it, into
 * the group. Bridges above that one are explained in its own row.
 */
static int explain_above(struct share *share, size_t i)
{
	const struct pci_path *path = &share->v[i].path;
	char what[160];

	for (size_t k = 1; k < path->n; k++) {
		const struct pci_function *bridge = &path->v[k];
		size_t other = find(share, bridge->id);
		int r = isolates(share, bridge);

		if (r > 0 || other == share->n)
			continue;
		join(share, i, other);
		if (r == 0)
			return add_bridge(share, i, bridge);
		snprintf(what, sizeof(what), "behind %s, whose kind and ACS", bridge->id);
		return add_unknown(share, check_acs, i, what, r);
	}
	return 0;
}

static bool same_slot(const struct pci_function *a, const struct pci_function *b)
{
	return a->address.domain == b->address.domain && a->address.bus == b->address.bus &&
	       a->address.device == b->address.device;
}

/* Functions of one slot that are not isolated from each other (get_pci_function_alias_group()). */
static int explain_functions(struct share *share, size_t i)
{
	const struct pci_function *function = own(share, i);
	struct finding finding = {
		.check = check_functions,
		.result = FINDING_WARNING,
		.object = share->v[i].device->id,
		.meaning =
			"functions of one device without ACS can reach each other past the IOMMU",
		.remedy = function->express_status == 1
				  ? "assign them together, or ask the vendor for firmware with ACS"
				  : "assign them together",
	};
	char text[160], others[160] = "";
	int mine = isolates(share, function), theirs;
	size_t len = 0;

	/* The multifunction bit is readable without privilege. */
	if (mine > 0 || function->status < 0 || !function->multifunction)
		return 0;
	for (size_t k = 0; k < share->n; k++) {
		if (k == i || share->v[k].path.n == 0 || !same_slot(function, own(share, k)))
			continue;
		theirs = isolates(share, own(share, k));
		if (theirs > 0)
			continue;
		mine = mine == 0 && theirs < 0 ? theirs : mine;
		join(share, i, k);
		if (len < sizeof(others))
			len += (size_t)snprintf(others + len, sizeof(others) - len, "%s%s",
						len ? ", " : "", share->v[k].device->id);
	}
	if (len == 0)
		return 0;
	if (mine < 0)
		return add_unknown(share, check_functions, i,
				   "of one device with others, whose ACS", mine);
	pci_function_acs_text(function, PCI_ACS_ISOLATED, text, sizeof(text));
	return finding_add(share->list, &finding, "%s, of one device with %s", text, others);
}

/* A member that shares its requester ID (get_pci_alias_group()). */
static int explain_aliases(struct share *share, size_t i)
{
	struct finding finding = {
		.check = check_alias,
		.result = FINDING_NOTE,
		.object = share->v[i].device->id,
		.meaning = "the IOMMU only sees the requester ID",
	};
	const struct device *device = share->v[i].device;
	char real[32];
	int r = 0;

	if (pci_alias_real(device->path.value, real, sizeof(real)) &&
	    find(share, real) < share->n) {
		join(share, i, find(share, real));
		return finding_add(share->list, &finding,
				   "in a PCI domain of %s, which does its DMA", real);
	}
	for (size_t k = 0; r == 0 && k < share->n; k++) {
		bool uses, used;

		if (k == i || share->v[k].path.n == 0)
			continue;
		uses = pci_alias_uses(own(share, i), own(share, k));
		used = pci_alias_uses(own(share, k), own(share, i));
		if (!uses && !used)
			continue;
		join(share, i, k);
		r = finding_add(share->list, &finding,
				uses ? "uses the requester ID of %s too (a quirk that Linux knows)"
				     : "%s uses its requester ID too (a quirk that Linux knows)",
				share->v[k].device->id);
	}
	return r;
}

static bool is_behind(const struct share_member *member, const char *bridge)
{
	for (size_t k = 1; k < member->path.n; k++)
		if (strcmp(member->path.v[k].id, bridge) == 0)
			return true;
	return false;
}

/* A member because of which others are in the group. */
static int explain_below(struct share *share, size_t i)
{
	const struct finding real = {
		.check = check_alias,
		.result = FINDING_NOTE,
		.object = share->v[i].device->id,
		.meaning = "the IOMMU only sees the requester ID",
	};
	char id[32];
	int r;

	for (size_t k = 0; !share->v[i].explained && k < share->n; k++) {
		const struct field_str *path = &share->v[k].device->path;

		if (path->status == 1 && pci_alias_real(path->value, id, sizeof(id)) &&
		    strcmp(id, share->v[i].device->id) == 0) {
			share->v[i].explained = true;
			return finding_add(share->list, &real,
					   "does the DMA of a PCI domain of its own");
		}
		r = isolates(share, own(share, i));
		if (r > 0 || !is_behind(&share->v[k], share->v[i].device->id))
			continue;
		share->v[i].explained = true;
		return r == 0 ? add_bridge(share, i, own(share, i))
			      : add_unknown(share, check_acs, i, "its kind and ACS", r);
	}
	return 0;
}

/* -errno of what could not be read of member I or above it; 0: nothing. */
static int unreadable(const struct share *share, size_t i)
{
	const struct pci_path *path = &share->v[i].path;

	for (size_t k = 0; k < path->n; k++) {
		int r = isolates(share, &path->v[k]);

		/* Config space of a single function does not matter for its isolation. */
		if (r < 0 && (k > 0 || path->v[k].status < 0 || path->v[k].multifunction))
			return r;
	}
	return 0;
}

/* What joins member I, and those joined with it, to the rest. */
static int explain_rest(struct share *share, size_t i)
{
	const struct finding finding = {
		.check = check_driver,
		.result = FINDING_NOTE,
		.object = share->v[i].device->id,
		.meaning = "the driver of the IOMMU, or firmware, decides which devices cannot be "
			   "kept apart",
	};
	const struct device *device = share->v[i].device;
	int r = device->path.status < 0 ? device->path.status : unreadable(share, i);

	if (r < 0)
		return add_unknown(share, check_driver, i, "what joins it with the others", r);
	if (share->v[i].path.n == 0)
		return finding_add(share->list, &finding, "%s device, not a PCI device",
				   device->bus ? device->bus : "virtual");
	return finding_add(share->list, &finding,
			   "no rule of PCI joins it%s with the other members",
			   share->v[i].explained ? ", and those it is joined with," : "");
}

static int add_alone_pci(struct share *share, const struct finding *finding)
{
	const struct pci_path *path = &share->v[0].path;
	const struct pci_function *function = &path->v[0];
	char what[200], where[320] = "on the root bus", text[160];

	if (function->multifunction)
		pci_function_acs_text(function, PCI_ACS_ISOLATED, what, sizeof(what));
	else if (function->physfn)
		snprintf(what, sizeof(what), "virtual function of %s", function->physfn);
	else
		snprintf(what, sizeof(what), "%s, the only function of its device",
			 pci_function_kind(function));
	if (path->n > 1)
		snprintf(where, sizeof(where), "behind %s, which isolates", path->v[1].id);
	for (size_t k = 1; k < path->n; k++) {
		uint16_t lacks;

		if (pci_function_isolates(&path->v[k], PCI_ACS_ISOLATED, &lacks) != 0)
			continue;
		pci_function_acs_text(&path->v[k], PCI_ACS_ISOLATED, text, sizeof(text));
		snprintf(where, sizeof(where),
			 "behind %s, a %s, but the kernel isolates what is below it", path->v[k].id,
			 text);
		break;
	}
	return finding_add(share->list, finding, "the only member: %s, %s", what, where);
}

static int explain_alone(struct share *share)
{
	const struct finding finding = {
		.check = check_alone,
		.result = FINDING_OK,
		.object = share->v[0].device->id,
		.meaning = "it can be assigned without others",
	};
	const struct device *device = share->v[0].device;
	int r = device->path.status < 0 ? device->path.status : unreadable(share, 0);

	if (r < 0)
		return add_unknown(share, check_alone, 0, "the only member; what isolates it", r);
	if (share->v[0].path.n == 0)
		return finding_add(share->list, &finding,
				   "the only member: %s device, not a PCI device",
				   device->bus ? device->bus : "virtual");
	return add_alone_pci(share, &finding);
}

static int explain_member(struct share *share, size_t i)
{
	int r;

	if (share->v[i].path.n == 0)
		return 0;
	r = explain_above(share, i);
	if (r == 0)
		r = explain_aliases(share, i);
	if (r == 0)
		r = explain_functions(share, i);
	return r == 0 ? explain_below(share, i) : r;
}

int share_explain(struct share *share)
{
	bool first = true;
	int r = 0;

	if (share->n == 1)
		return explain_alone(share);
	for (size_t i = 0; r == 0 && i < share->n; i++)
		r = explain_member(share, i);
	for (size_t i = 0; r == 0 && i < share->n; i++) {
		/*
		 * The first of several members joined by a rule speaks for them; the first such set
		 * needs no row.
		 */
		if (share->v[i].explained && joined(share, i) != i)
			continue;
		if (share->v[i].explained && first)
			first = false;
		else
			r = explain_rest(share, i);
	}
	return r;
}
