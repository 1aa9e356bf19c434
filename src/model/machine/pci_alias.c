/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/pci_alias.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/str.h"

/* Which further requester IDs a device uses. */
enum alias_rule {
	ALIAS_FUNCTION_0, /* function 0 of its slot */
	ALIAS_FUNCTION_1,
	ALIAS_MIC, /* 10.0, 11.0 and 12.3: an NTB uses them for forwarded requests */
	ALIAS_VCA, /* functions 0 to 4 of every slot */
};

static const struct {
	uint16_t vendor, device;
	enum alias_rule rule;
} aliases[] = {
	{ 0x1180, 0xe476, ALIAS_FUNCTION_0 },                                       /* Ricoh */
	{ 0x1180, 0xe832, ALIAS_FUNCTION_0 }, { 0x6766, 0x3d40, ALIAS_FUNCTION_0 }, /* Glenfly */
	{ 0x6766, 0x3d41, ALIAS_FUNCTION_0 }, { 0x1b4b, 0x9120, ALIAS_FUNCTION_1 }, /* Marvell */
	{ 0x1b4b, 0x9123, ALIAS_FUNCTION_1 }, { 0x1b4b, 0x9125, ALIAS_FUNCTION_1 },
	{ 0x1b4b, 0x9128, ALIAS_FUNCTION_1 }, { 0x1b4b, 0x9130, ALIAS_FUNCTION_1 },
	{ 0x1b4b, 0x9170, ALIAS_FUNCTION_1 }, { 0x1b4b, 0x9172, ALIAS_FUNCTION_1 },
	{ 0x1b4b, 0x917a, ALIAS_FUNCTION_1 }, { 0x1b4b, 0x9182, ALIAS_FUNCTION_1 },
	{ 0x1b4b, 0x9183, ALIAS_FUNCTION_1 }, { 0x1b4b, 0x91a0, ALIAS_FUNCTION_1 },
	{ 0x1b4b, 0x9215, ALIAS_FUNCTION_1 }, { 0x1b4b, 0x9220, ALIAS_FUNCTION_1 },
	{ 0x1b4b, 0x9230, ALIAS_FUNCTION_1 }, { 0x1b4b, 0x9235, ALIAS_FUNCTION_1 },
	{ 0x1103, 0x0642, ALIAS_FUNCTION_1 }, /* HighPoint (TTI) */
	{ 0x1103, 0x0645, ALIAS_FUNCTION_1 }, { 0x197b, 0x2392, ALIAS_FUNCTION_1 }, /* JMicron */
	{ 0x1c28, 0x0122, ALIAS_FUNCTION_1 },                                       /* Lite-On */
	{ 0x8086, 0x2260, ALIAS_MIC },        { 0x8086, 0x2264, ALIAS_MIC },
	{ 0x8086, 0x2954, ALIAS_VCA },        { 0x8086, 0x2955, ALIAS_VCA },
	{ 0x8086, 0x2956, ALIAS_VCA },        { 0x8086, 0x2958, ALIAS_VCA },
	{ 0x8086, 0x2959, ALIAS_VCA },        { 0x8086, 0x295a, ALIAS_VCA },
};

static bool has_alias(enum alias_rule rule, const struct pci_address *own,
		      const struct pci_address *other)
{
	switch (rule) {
	case ALIAS_FUNCTION_0:
		return other->device == own->device && other->function == 0;
	case ALIAS_FUNCTION_1:
		return other->device == own->device && other->function == 1;
	case ALIAS_MIC:
		return (other->device == 0x10 && other->function == 0) ||
		       (other->device == 0x11 && other->function == 0) ||
		       (other->device == 0x12 && other->function == 3);
	case ALIAS_VCA:
		break;
	}
	return other->function < 5;
}

bool pci_alias_uses(const struct pci_function *a, const struct pci_function *b)
{
	if (a->status < 0 || a->address.domain != b->address.domain ||
	    a->address.bus != b->address.bus)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (aliases[i].vendor == a->header.vendor && aliases[i].device == a->header.device)
			return has_alias(aliases[i].rule, &a->address, &b->address);
	return false;
}

bool pci_alias_real(const char *path, char *buf, size_t size)
{
	struct pci_address address;
	bool found = false;
	char before[32] = "", part[32];

	/* "/sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0" */
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		if (str_starts(part, "pci") && parse_pci_address(before, &address) == 0) {
			snprintf(buf, size, "%s", before);
			found = true;
		}
		memcpy(before, part, sizeof(before));
		path += n;
	}
	return found;
}
