/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/pci_config.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include "sys/root.h"
#include "util/cleanup.h"

#define LEGACY_SIZE 256
#define HEADER_SIZE 64

static uint16_t get16(const struct pci_config *config, size_t at)
{
	return (uint16_t)(config->data[at] | config->data[at + 1] << 8);
}

static uint32_t get32(const struct pci_config *config, size_t at)
{
	return get16(config, at) | (uint32_t)get16(config, at + 2) << 16;
}

/*
 * Offset of capability ID in the first 256 bytes, 0 if there is none, -EBADMSG if the list is
 * broken. A capability has at least four bytes, so more steps than fit mean a loop.
 */
static int find_capability(const struct pci_config *config, uint8_t id)
{
	size_t at;

	if (!(get16(config, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = config->data[PCI_CAPABILITY_LIST] & ~3u;
	for (size_t steps = 0; at; steps++) {
		if (steps > LEGACY_SIZE / 4 || at < HEADER_SIZE || at + 4 > config->size)
			return -EBADMSG;
		if (config->data[at] == id)
			return (int)at;
		at = config->data[at + 1] & ~3u;
	}
	return 0;
}

/*
 * The same beyond byte 256, for a capability of SIZE bytes. Returns an error if the extent does not
 * cover it.
 */
static int find_extended(const struct pci_config *config, uint16_t id, size_t size)
{
	size_t at = LEGACY_SIZE;

	if (config->extent == PCI_CONFIG_HEADER)
		return -EACCES;
	if (config->extent == PCI_CONFIG_LEGACY)
		return -EOPNOTSUPP;
	if (config->size < PCI_CONFIG_SIZE)
		return 0;
	for (size_t steps = 0; at; steps++) {
		uint32_t header;

		if (steps > PCI_CONFIG_SIZE / 8 || at < LEGACY_SIZE || at + 4 > PCI_CONFIG_SIZE)
			return -EBADMSG;
		header = get32(config, at);
		/* An empty list is a header of zeros, or ones if nothing responds. */
		if (at == LEGACY_SIZE && (header == 0 || header == UINT32_MAX))
			return 0;
		if (PCI_EXT_CAP_ID(header) == id)
			return at + size <= PCI_CONFIG_SIZE ? (int)at : -EBADMSG;
		at = PCI_EXT_CAP_NEXT(header);
	}
	return 0;
}

/* Nothing responds. If only the ids are all ones it is a VF, whose ids are in the PF. */
static bool is_silent(const struct pci_config *config)
{
	for (size_t i = 0; i < HEADER_SIZE; i++)
		if (config->data[i] != UINT8_MAX)
			return false;
	return true;
}

int sys_pci_config_check(struct pci_config *config)
{
	if (config->size < HEADER_SIZE || is_silent(config))
		return -EIO;
	if (config->size < LEGACY_SIZE)
		config->extent = PCI_CONFIG_HEADER;
	else if (config->size < PCI_CONFIG_SIZE && find_capability(config, PCI_CAP_ID_EXP) != 0)
		config->extent = PCI_CONFIG_LEGACY;
	else
		config->extent = PCI_CONFIG_WHOLE;
	return 0;
}

int sys_pci_config_read(struct sys_dir dir, struct pci_config *ret)
{
	struct pci_config config = { 0 };
	ssize_t len = sys_read_bytes(dir, "config", config.data, sizeof(config.data));
	int r;

	if (len < 0)
		return (int)len;
	config.size = (size_t)len;
	r = sys_pci_config_check(&config);
	if (r < 0)
		return r;
	*ret = config;
	return 0;
}

struct pci_config_header sys_pci_config_header(const struct pci_config *config)
{
	return (struct pci_config_header){
		.vendor = get16(config, PCI_VENDOR_ID),
		.device = get16(config, PCI_DEVICE_ID),
		.revision = config->data[PCI_REVISION_ID],
		.multifunction = config->data[PCI_HEADER_TYPE] & 0x80,
	};
}

int sys_pci_config_express(const struct pci_config *config, struct pci_config_express *ret)
{
	uint16_t flags;
	int at;

	if (config->extent == PCI_CONFIG_HEADER)
		return get16(config, PCI_STATUS) & PCI_STATUS_CAP_LIST ? -EACCES : 0;
	at = find_capability(config, PCI_CAP_ID_EXP);
	if (at <= 0)
		return at;
	flags = get16(config, (size_t)at + PCI_EXP_FLAGS);
	*ret = (struct pci_config_express){ .type = (flags & PCI_EXP_FLAGS_TYPE) >> 4 };
	/* Version 1 of the capability is shorter. */
	if ((flags & PCI_EXP_FLAGS_VERS) > 1 && (size_t)at + PCI_EXP_DEVCAP2 + 4 <= LEGACY_SIZE)
		ret->tlp_prefix =
			get32(config, (size_t)at + PCI_EXP_DEVCAP2) & PCI_EXP_DEVCAP2_EE_PREFIX;
	return 1;
}

int sys_pci_config_ats(const struct pci_config *config, struct pci_config_ats *ret)
{
	int at = find_extended(config, PCI_EXT_CAP_ID_ATS, PCI_EXT_CAP_ATS_SIZEOF);

	if (at <= 0)
		return at;
	*ret = (struct pci_config_ats){
		.enabled = get16(config, (size_t)at + PCI_ATS_CTRL) & PCI_ATS_CTRL_ENABLE,
	};
	return 1;
}

int sys_pci_config_pasid(const struct pci_config *config, struct pci_config_pasid *ret)
{
	int at = find_extended(config, PCI_EXT_CAP_ID_PASID, PCI_EXT_CAP_PASID_SIZEOF);
	uint16_t cap, ctrl;

	if (at <= 0)
		return at;
	cap = get16(config, (size_t)at + PCI_PASID_CAP);
	ctrl = get16(config, (size_t)at + PCI_PASID_CTRL);
	*ret = (struct pci_config_pasid){
		.enabled = ctrl & PCI_PASID_CTRL_ENABLE,
		.exec = cap & PCI_PASID_CAP_EXEC,
		.exec_enabled = ctrl & PCI_PASID_CTRL_EXEC,
		.priv = cap & PCI_PASID_CAP_PRIV,
		.priv_enabled = ctrl & PCI_PASID_CTRL_PRIV,
		.width = cap >> 8 & 0x1f, /* PCI_PASID_CAP_WIDTH, missing from older headers */
	};
	return 1;
}

int sys_pci_config_pri(const struct pci_config *config, struct pci_config_pri *ret)
{
	int at = find_extended(config, PCI_EXT_CAP_ID_PRI, PCI_EXT_CAP_PRI_SIZEOF);

	if (at <= 0)
		return at;
	*ret = (struct pci_config_pri){
		.enabled = get16(config, (size_t)at + PCI_PRI_CTRL) & PCI_PRI_CTRL_ENABLE,
		.pasid_required = get16(config, (size_t)at + PCI_PRI_STATUS) & PCI_PRI_STATUS_PASID,
	};
	return 1;
}

int sys_pci_config_acs(const struct pci_config *config, struct pci_config_acs *ret)
{
	int at = find_extended(config, PCI_EXT_CAP_ID_ACS, PCI_ACS_CTRL + 2);

	if (at <= 0)
		return at;
	*ret = (struct pci_config_acs){
		.supported = get16(config, (size_t)at + PCI_ACS_CAP),
		.enabled = get16(config, (size_t)at + PCI_ACS_CTRL),
	};
	return 1;
}

void sys_pci_config_serial(const void *data, size_t size, size_t *ret_begin, size_t *ret_end)
{
	struct pci_config config = { 0 };
	int at;

	if (size > sizeof(config.data))
		return;
	memcpy(config.data, data, size);
	config.size = size;
	if (sys_pci_config_check(&config) < 0)
		return;
	at = find_extended(&config, PCI_EXT_CAP_ID_DSN, PCI_EXT_CAP_DSN_SIZEOF);
	if (at <= 0)
		return;
	*ret_begin = (size_t)at + 4;
	*ret_end = (size_t)at + PCI_EXT_CAP_DSN_SIZEOF;
}

int sys_pci_config_sriov(const struct pci_config *config, struct pci_config_sriov *ret)
{
	int at = find_extended(config, PCI_EXT_CAP_ID_SRIOV, PCI_EXT_CAP_SRIOV_SIZEOF);

	if (at <= 0)
		return at;
	*ret = (struct pci_config_sriov){
		.enabled = get16(config, (size_t)at + PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_VFE,
		.total_vfs = get16(config, (size_t)at + PCI_SRIOV_TOTAL_VF),
		.num_vfs = get16(config, (size_t)at + PCI_SRIOV_NUM_VF),
	};
	return 1;
}
