/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/pci_function.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/str.h"

#define VENDOR_INTEL 0x8086

static void pci_function_done(struct pci_function *function)
{
	free(function->id);
	free(function->path);
	free(function->physfn);
	*function = (struct pci_function){ 0 };
}

void pci_path_done(struct pci_path *list)
{
	for (size_t i = 0; i < list->n; i++)
		pci_function_done(&list->v[i]);
	free(list->v);
	*list = (struct pci_path){ 0 };
}

/*
 * Reading config space wakes a runtime-suspended device (pci_config_pm_runtime_get()), and vfio-pci
 * suspends idle ones. So, unless asked for, it is only read if the device is awake or has no
 * runtime power management.
 */
int pci_function_awake(struct sys_dir dir)
{
	char status[32];
	ssize_t len = sys_read(dir, "power/runtime_status", status, sizeof(status));

	if (len < 0 && len != -ENOENT)
		return (int)len;
	if (len >= 0 && strcmp(status, "active") != 0 && strcmp(status, "unsupported") != 0)
		return -EAGAIN;
	return 0;
}

int pci_function_config(struct sys_dir dir, bool wake, struct pci_config *ret)
{
	int r = wake ? 0 : pci_function_awake(dir);

	return r < 0 ? r : sys_pci_config_read(dir, ret);
}

static void read_config(struct sys_dir dir, bool wake, struct pci_function *function)
{
	struct pci_config config;
	int r = pci_function_config(dir, wake, &config);

	/* Every PCI function has a config file. */
	function->status = r == 0 ? 1 : r == -ENOENT ? -ENODEV : r;
	function->express_status = function->acs_status = function->status;
	if (r < 0)
		return;
	function->header = sys_pci_config_header(&config);
	/*
	 * If function 0 does not have the bit, there can still be several functions
	 * (pci_scan_slot()).
	 */
	function->multifunction = !function->physfn && (function->header.multifunction ||
							function->address.function > 0);
	function->express_status = sys_pci_config_express(&config, &function->express);
	function->acs_status = sys_pci_config_acs(&config, &function->acs);
	/* The kernel does not see capabilities that it cannot reach either. */
	if (function->acs_status == -EOPNOTSUPP)
		function->acs_status = 0;
}

/*
 * Reads the function at PATH. A sleeping one is not read unless WAKE: its status is -EAGAIN.
 * Returns 0 or -ENOMEM; what could not be read is in RET.
 */
static int pci_function_read(const struct sys_root *root, const char *path, bool wake,
			     struct pci_function *ret)
{
	_cleanup_(pci_function_done) struct pci_function function = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, path + strspn(path, "/"));
	const char *last = strrchr(path, '/');
	char physfn[NAME_MAX + 1];
	int r;

	r = str_replace(&function.path, path);
	if (r == 0)
		r = str_replace(&function.id, last ? last + 1 : path);
	if (r == 0 && sys_read_link(dir, "physfn", physfn, sizeof(physfn)) == 0)
		r = str_replace(&function.physfn, physfn);
	if (r < 0)
		return r;
	if (parse_pci_address(function.id, &function.address) < 0)
		function.address = (struct pci_address){ 0 };
	if (dir.error == -ENOENT)
		dir.error = -ENODEV;
	read_config(dir, wake, &function);
	*ret = function;
	function = (struct pci_function){ 0 };
	return 0;
}

/* Removes the last component. Returns false if there is none left. */
static bool cut(char *path)
{
	char *last = strrchr(path, '/');

	if (!last)
		return false;
	*last = '\0';
	return true;
}

int pci_path_read(const struct sys_root *root, const char *path, bool wake, struct pci_path *ret)
{
	_cleanup_pci_path_ struct pci_path list = { 0 };
	_cleanup_free_ char *at = strdup(path);
	struct pci_address address;
	int r;

	if (!at)
		return -ENOMEM;
	/* "/sys/devices/pci0000:00/0000:00:08.0/0000:01:00.0" */
	do {
		const char *last = strrchr(at, '/');
		struct pci_function *slot;

		if (!last || parse_pci_address(last + 1, &address) < 0)
			break;
		slot = array_push(list.v, list.n);
		if (!slot)
			return -ENOMEM;
		*slot = (struct pci_function){ 0 };
		r = pci_function_read(root, at, wake, slot);
		if (r < 0)
			return r;
	} while (cut(at));
	if (list.n == 0)
		return -ENODEV;
	*ret = list;
	list = (struct pci_path){ 0 };
	return 0;
}

/* How pci_acs_enabled() treats the type of function: are its registers used? */
enum acs_rule {
	ACS_NEVER,     /* cannot have ACS, or is on a shared bus: never isolates */
	ACS_REGISTERS, /* as the ACS registers say */
	ACS_NEEDLESS,  /* nothing to isolate it from */
};

static enum acs_rule acs_rule(const struct pci_function *function)
{
	if (function->express_status == 0)
		return ACS_NEVER;
	switch (function->express.type) {
	case PCI_EXPRESS_TO_PCI:
	case PCI_TO_PCI_EXPRESS:
	case PCI_EXPRESS_EVENT_COLLECTOR:
		return ACS_NEVER;
	case PCI_EXPRESS_ROOT_PORT:
	case PCI_EXPRESS_DOWNSTREAM:
		return ACS_REGISTERS;
	case PCI_EXPRESS_INTEGRATED:
		/*
		 * Intel's integrated endpoints only reach each other with translated addresses
		 * (pci_quirk_rciep_acs()).
		 */
		if (function->header.vendor == VENDOR_INTEL)
			return ACS_NEEDLESS;
		break;
	default:
		break;
	}
	return function->multifunction ? ACS_REGISTERS : ACS_NEEDLESS;
}

int pci_function_isolates(const struct pci_function *function, uint16_t flags, uint16_t *ret_lacks)
{
	*ret_lacks = 0;
	if (function->status < 0 || function->express_status < 0)
		return function->status < 0 ? function->status : function->express_status;
	switch (acs_rule(function)) {
	case ACS_NEEDLESS:
		return 1;
	case ACS_NEVER:
		*ret_lacks = flags;
		return 0;
	case ACS_REGISTERS:
		break;
	}
	if (function->acs_status < 0)
		return function->acs_status;
	/* Flags missing from the capability count as always on (pci_acs_flags_enabled()). */
	if (function->acs_status == 1)
		flags &= function->acs.supported;
	*ret_lacks = flags & (uint16_t) ~(function->acs_status == 1 ? function->acs.enabled : 0);
	return *ret_lacks == 0;
}

bool pci_function_parted(const struct sys_root *root, const struct pci_function *function)
{
	_cleanup_sys_dir_ struct sys_dir dir =
		sys_dir_open(root, function->path + strspn(function->path, "/"));
	char mine[NAME_MAX + 1], other[NAME_MAX + 1], link[NAME_MAX + 32];
	_cleanup_strv_ struct strv list = { 0 };
	struct pci_address address;

	if (sys_read_link(dir, "iommu_group", mine, sizeof(mine)) < 0 ||
	    sys_list(dir, ".", &list) < 0)
		return false;
	for (size_t i = 0; i < list.n; i++) {
		if (parse_pci_address(list.v[i], &address) < 0)
			continue;
		snprintf(link, sizeof(link), "%s/iommu_group", list.v[i]);
		if (sys_read_link(dir, link, other, sizeof(other)) == 0 && strcmp(mine, other) != 0)
			return true;
	}
	return false;
}

static void list_flags(uint16_t flags, char *buf, size_t size)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} names[] = {
		{ PCI_CONFIG_ACS_SV, "SV" },
		{ PCI_CONFIG_ACS_RR, "RR" },
		{ PCI_CONFIG_ACS_CR, "CR" },
		{ PCI_CONFIG_ACS_UF, "UF" },
	};
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names) && len < size; i++)
		if (flags & names[i].flag)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? " " : "",
						names[i].name);
}

const char *pci_function_kind(const struct pci_function *function)
{
	if (function->status < 0 || function->express_status < 0)
		return "PCI function";
	if (function->express_status == 0)
		return "conventional PCI function";
	switch (function->express.type) {
	case PCI_EXPRESS_ENDPOINT:
	case PCI_EXPRESS_LEGACY_ENDPOINT:
		return "endpoint";
	case PCI_EXPRESS_ROOT_PORT:
		return "root port";
	case PCI_EXPRESS_UPSTREAM:
		return "upstream port";
	case PCI_EXPRESS_DOWNSTREAM:
		return "downstream port";
	case PCI_EXPRESS_TO_PCI:
		return "PCIe-to-PCI bridge";
	case PCI_TO_PCI_EXPRESS:
		return "PCI-to-PCIe bridge";
	case PCI_EXPRESS_INTEGRATED:
		return "integrated endpoint";
	case PCI_EXPRESS_EVENT_COLLECTOR:
		return "event collector";
	default:
		return "PCI function";
	}
}

void pci_function_acs_text(const struct pci_function *function, uint16_t flags, char *buf,
			   size_t size)
{
	const char *kind = pci_function_kind(function);
	char names[32];
	uint16_t lacks;
	int r = pci_function_isolates(function, flags, &lacks);

	if (r < 0)
		snprintf(buf, size, "%s", kind);
	else if (acs_rule(function) == ACS_NEVER)
		snprintf(buf, size, "%s, which has no ACS", kind);
	else if (acs_rule(function) == ACS_NEEDLESS)
		snprintf(buf, size,
			 function->multifunction ? "%s, isolated by Intel's root complex"
						 : "%s of a single function, which needs no ACS",
			 kind);
	else if (function->acs_status == 0)
		snprintf(buf, size, "%s without ACS", kind);
	else if (r == 0) {
		list_flags(lacks, names, sizeof(names));
		snprintf(buf, size, "%s whose ACS lacks %s", kind, names);
	} else {
		list_flags(flags & function->acs.enabled, names, sizeof(names));
		snprintf(buf, size, "%s with ACS %s", kind, *names ? names : "of its own");
	}
}
