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

static const struct question ask_alone = { "alone", .fine = "it can be assigned without others" };
static const struct question ask_bridge = {
	"pci-bridge", 0, "the IOMMU sees one requester for all that is behind such a bridge"
};
static const struct question ask_acs = {
	"bridge-acs", 0, "what is behind a port without ACS can reach its neighbours past the IOMMU"
};
static const struct question ask_functions = {
	"multifunction-acs", 0,
	"functions of one device without ACS can reach each other past the IOMMU"
};
static const struct question ask_alias = { "dma-alias",
					   .fine = "the IOMMU only sees the requester ID" };
static const struct question ask_driver = {
	"iommu-driver",
	.fine = "the driver of the IOMMU, or firmware, decides which devices cannot be kept apart"
};

static const char slot_remedy[] =
	"turn ACS on in the firmware's setup, or move the device to a slot whose ports have ACS";

struct member {
	const struct device *device;
	struct pci_path path; /* empty: not a PCI device */
	size_t link;          /* index of the member it is joined with; its own: none found */
	bool explained;
};

struct share {
	const struct sys_root *root;
	struct member *v;
	size_t n;
	struct finding_list *list; /* borrowed */
};

static void share_done(struct share *share)
{
	for (size_t i = 0; i < share->n; i++)
		pci_path_done(&share->v[i].path);
	free(share->v);
}

/* Reads the paths of GROUP's members (borrowed) up to the root. */
static int share_read(const struct group *group, bool wake, struct share *share)
{
	share->v = calloc(group->n_members + 1, sizeof(share->v[0]));
	if (!share->v)
		return -ENOMEM;
	for (; share->n < group->n_members; share->n++) {
		struct member *member = &share->v[share->n];
		int r = 0;

		member->device = &group->members[share->n];
		member->link = share->n;
		if (member->device->path.status == 1)
			r = pci_path_read(share->root, member->device->path.value, wake,
					  &member->path);
		if (r < 0 && r != -ENODEV)
			return r;
	}
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

static void add_unknown(struct share *share, const struct question *question, size_t i,
			const char *what, int error)
{
	const char *remedy, *reason = finding_reason(error, &remedy);
	struct finding *finding =
		finding_add(share->list, question, FINDING_UNKNOWN, share->v[i].device->id, remedy,
			    "%s could not be measured: %s", what, reason);

	if (finding)
		finding->error = error;
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
			const char *value = sys_cmdline_value(words.v[i], BOOT_PCI);

			if (value && strstr(value, options[k].option))
				return options[k].remedy;
		}
	return "move the device to a slot whose ports have all of ACS";
}

/* BRIDGE joins member I, which is behind it or is it, with everything else behind it. */
static void add_bridge(struct share *share, size_t i, const struct pci_function *bridge)
{
	const struct question *question = &ask_acs;
	const char *id = share->v[i].device->id, *remedy = slot_remedy;
	char text[160];

	pci_function_acs_text(bridge, PCI_ACS_ISOLATED, text, sizeof(text));
	if (is_pci_bridge(bridge)) {
		question = &ask_bridge;
		remedy = "move the device to a slot of PCI Express";
		snprintf(text, sizeof(text), "%s bridge",
			 bridge->express_status == 0                  ? "conventional PCI"
			 : bridge->express.type == PCI_EXPRESS_TO_PCI ? "PCIe-to-PCI"
								      : "PCI-to-PCIe");
	} else if (bridge->acs_status == 1) {
		remedy = acs_remedy(share);
	}
	if (strcmp(id, bridge->id) == 0)
		finding_add(share->list, question, FINDING_WARNING, id, remedy,
			    "%s, in one group with what is behind it", text);
	else
		finding_add(share->list, question, FINDING_WARNING, id, remedy, "behind %s, a %s",
			    bridge->id, text);
}

/*
 * The nearest bridge above that does not isolate: the kernel puts it, and everything up to it, into
 * the group. Bridges above that one are explained in its own row.
 */
static void explain_above(struct share *share, size_t i)
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
		snprintf(what, sizeof(what), "behind %s, whose kind and ACS", bridge->id);
		if (r == 0)
			add_bridge(share, i, bridge);
		else
			add_unknown(share, &ask_acs, i, what, r);
		return;
	}
}

static bool same_slot(const struct pci_function *a, const struct pci_function *b)
{
	return a->address.domain == b->address.domain && a->address.bus == b->address.bus &&
	       a->address.device == b->address.device;
}

/* Functions of one slot that are not isolated from each other (get_pci_function_alias_group()). */
static void explain_functions(struct share *share, size_t i)
{
	const struct pci_function *function = own(share, i);
	char text[160], others[160] = "";
	int mine = isolates(share, function), theirs;
	size_t len = 0;

	/* The multifunction bit is readable without privilege. */
	if (mine > 0 || function->status < 0 || !function->multifunction)
		return;
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
	pci_function_acs_text(function, PCI_ACS_ISOLATED, text, sizeof(text));
	if (len && mine < 0)
		add_unknown(share, &ask_functions, i, "of one device with others, whose ACS", mine);
	else if (len)
		finding_add(
			share->list, &ask_functions, FINDING_WARNING, share->v[i].device->id,
			function->express_status == 1
				? "assign them together, or ask the vendor for firmware with ACS"
				: "assign them together",
			"%s, of one device with %s", text, others);
}

/* A member that shares its requester ID (get_pci_alias_group()). */
static void explain_aliases(struct share *share, size_t i)
{
	const struct device *device = share->v[i].device;
	char real[32];

	if (pci_alias_real(device->path.value, real, sizeof(real)) &&
	    find(share, real) < share->n) {
		join(share, i, find(share, real));
		finding_add(share->list, &ask_alias, FINDING_NOTE, device->id, NULL,
			    "in a PCI domain of %s, which does its DMA", real);
		return;
	}
	for (size_t k = 0; k < share->n; k++) {
		bool uses, used;

		if (k == i || share->v[k].path.n == 0)
			continue;
		uses = pci_alias_uses(own(share, i), own(share, k));
		used = pci_alias_uses(own(share, k), own(share, i));
		if (!uses && !used)
			continue;
		join(share, i, k);
		finding_add(share->list, &ask_alias, FINDING_NOTE, device->id, NULL,
			    uses ? "uses the requester ID of %s too (a quirk that Linux knows)"
				 : "%s uses its requester ID too (a quirk that Linux knows)",
			    share->v[k].device->id);
	}
}

static bool is_behind(const struct member *member, const char *bridge)
{
	for (size_t k = 1; k < member->path.n; k++)
		if (strcmp(member->path.v[k].id, bridge) == 0)
			return true;
	return false;
}

/* A member because of which others are in the group. */
static void explain_below(struct share *share, size_t i)
{
	const char *own_id = share->v[i].device->id;
	char id[32];

	for (size_t k = 0; !share->v[i].explained && k < share->n; k++) {
		const struct field_str *path = &share->v[k].device->path;
		int r = isolates(share, own(share, i));

		if (path->status == 1 && pci_alias_real(path->value, id, sizeof(id)) &&
		    strcmp(id, own_id) == 0)
			finding_add(share->list, &ask_alias, FINDING_NOTE, own_id, NULL,
				    "does the DMA of a PCI domain of its own");
		else if (r > 0 || !is_behind(&share->v[k], own_id))
			continue;
		else if (r == 0)
			add_bridge(share, i, own(share, i));
		else
			add_unknown(share, &ask_acs, i, "its kind and ACS", r);
		share->v[i].explained = true;
	}
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
static void explain_rest(struct share *share, size_t i)
{
	const struct device *device = share->v[i].device;
	int r = device->path.status < 0 ? device->path.status : unreadable(share, i);

	if (r < 0)
		add_unknown(share, &ask_driver, i, "what joins it with the others", r);
	else if (share->v[i].path.n == 0)
		finding_add(share->list, &ask_driver, FINDING_NOTE, device->id, NULL,
			    "%s device, not a PCI device", device->bus ? device->bus : "virtual");
	else
		finding_add(share->list, &ask_driver, FINDING_NOTE, device->id, NULL,
			    "no rule of PCI joins it%s with the other members",
			    share->v[i].explained ? ", and those it is joined with," : "");
}

static void add_alone_pci(struct share *share)
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
	finding_add(share->list, &ask_alone, FINDING_OK, share->v[0].device->id, NULL,
		    "the only member: %s, %s", what, where);
}

static void explain_alone(struct share *share)
{
	const struct device *device = share->v[0].device;
	int r = device->path.status < 0 ? device->path.status : unreadable(share, 0);

	if (r < 0)
		add_unknown(share, &ask_alone, 0, "the only member; what isolates it", r);
	else if (share->v[0].path.n == 0)
		finding_add(share->list, &ask_alone, FINDING_OK, device->id, NULL,
			    "the only member: %s device, not a PCI device",
			    device->bus ? device->bus : "virtual");
	else
		add_alone_pci(share);
}

static void explain_all(struct share *share)
{
	bool first = true;

	for (size_t i = 0; i < share->n; i++) {
		if (share->v[i].path.n == 0)
			continue;
		explain_above(share, i);
		explain_aliases(share, i);
		explain_functions(share, i);
		explain_below(share, i);
	}
	for (size_t i = 0; i < share->n; i++) {
		/*
		 * The first of several members joined by a rule speaks for them; the first such set
		 * needs no row.
		 */
		if (share->v[i].explained && joined(share, i) != i)
			continue;
		if (share->v[i].explained && first)
			first = false;
		else
			explain_rest(share, i);
	}
}

int share_explain(const struct sys_root *root, const struct group *group, bool wake,
		  struct finding_list *list)
{
	_cleanup_(share_done) struct share share = { .root = root, .list = list };
	int r = share_read(group, wake, &share);

	if (r < 0)
		return r;
	if (share.n == 1)
		explain_alone(&share);
	else
		explain_all(&share);
	return 0;
}
