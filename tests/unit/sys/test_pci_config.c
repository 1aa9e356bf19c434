/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/pci_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void put16(struct pci_config *config, size_t at, unsigned int value)
{
	config->data[at] = (uint8_t)value;
	config->data[at + 1] = (uint8_t)(value >> 8);
}

static void put32(struct pci_config *config, size_t at, uint32_t value)
{
	put16(config, at, value & 0xffff);
	put16(config, at + 2, value >> 16);
}

/* Extended capability ID at AT, with the next one at NEXT. */
static void put_extended(struct pci_config *config, size_t at, unsigned int id, unsigned int next)
{
	put32(config, at, id | 1u << 16 | (uint32_t)next << 20);
}

/* A PCI Express endpoint with ATS, PASID of 20 bits, PRI. */
static void make(struct pci_config *config)
{
	*config = (struct pci_config){ .size = PCI_CONFIG_SIZE };
	put16(config, 0x00, 0x1234);
	put16(config, 0x06, 0x0010); /* has a capability list */
	config->data[0x34] = 0x40;
	config->data[0x40] = 0x10; /* PCI Express */
	put_extended(config, 0x100, 0x0f, 0x120);
	put16(config, 0x106, 0x8000);
	put_extended(config, 0x120, 0x1b, 0x140);
	put16(config, 0x124, 20u << 8 | 0x6);
	put16(config, 0x126, 0x3);
	put_extended(config, 0x140, 0x13, 0);
	put16(config, 0x144, 0x1);
	put16(config, 0x146, 0x8100);
	assert_int_equal(sys_pci_config_check(config), 0);
}

static void reads_capabilities(void **state)
{
	struct pci_config_pasid pasid;
	struct pci_config_sriov sriov;
	struct pci_config_ats ats;
	struct pci_config_pri pri;
	struct pci_config_acs acs;
	struct pci_config config;

	(void)state;
	make(&config);
	assert_int_equal(sys_pci_config_ats(&config, &ats), 1);
	assert_true(ats.enabled);
	assert_int_equal(sys_pci_config_pasid(&config, &pasid), 1);
	assert_int_equal(pasid.width, 20);
	assert_true(pasid.enabled && pasid.exec && pasid.exec_enabled);
	assert_true(pasid.priv && !pasid.priv_enabled);
	assert_int_equal(sys_pci_config_pri(&config, &pri), 1);
	assert_true(pri.enabled && pri.pasid_required);
	assert_int_equal(sys_pci_config_acs(&config, &acs), 0);
	assert_int_equal(sys_pci_config_sriov(&config, &sriov), 0);
}

static void tells_how_far_it_sees(void **state)
{
	struct pci_config_pasid pasid;
	struct pci_config config;

	(void)state;
	make(&config);
	config.size = 64;
	assert_int_equal(sys_pci_config_check(&config), 0);
	assert_int_equal(config.extent, PCI_CONFIG_HEADER);
	assert_int_equal(sys_pci_config_pasid(&config, &pasid), -EACCES);
	config.size = 128; /* a CardBus bridge's */
	assert_int_equal(sys_pci_config_check(&config), 0);
	assert_int_equal(sys_pci_config_pasid(&config, &pasid), -EACCES);
	config.size = 256;
	assert_int_equal(sys_pci_config_check(&config), 0);
	assert_int_equal(config.extent, PCI_CONFIG_LEGACY);
	assert_int_equal(sys_pci_config_pasid(&config, &pasid), -EOPNOTSUPP);
	config.data[0x40] = 0x01; /* not PCI Express: nothing more to read */
	assert_int_equal(sys_pci_config_check(&config), 0);
	assert_int_equal(config.extent, PCI_CONFIG_WHOLE);
	assert_int_equal(sys_pci_config_pasid(&config, &pasid), 0);
}

static void refuses_silence(void **state)
{
	struct pci_config config;

	(void)state;
	make(&config);
	config.size = 63;
	assert_int_equal(sys_pci_config_check(&config), -EIO);
	config.size = PCI_CONFIG_SIZE;
	memset(config.data, 0xff, sizeof(config.data));
	assert_int_equal(sys_pci_config_check(&config), -EIO);
}

/* In its own config space, a VF's ids are all ones. */
static void takes_virtual_functions(void **state)
{
	struct pci_config_ats ats;
	struct pci_config config;

	(void)state;
	make(&config);
	put32(&config, 0, UINT32_MAX);
	assert_int_equal(sys_pci_config_check(&config), 0);
	assert_int_equal(sys_pci_config_ats(&config, &ats), 1);
}

static void survives_circles(void **state)
{
	struct pci_config_ats ats = { 0 };
	struct pci_config_acs acs;
	struct pci_config config;

	(void)state;
	make(&config);
	put_extended(&config, 0x140, 0x13, 0x100);
	assert_int_equal(sys_pci_config_acs(&config, &acs), -EBADMSG);
	assert_int_equal(sys_pci_config_ats(&config, &ats), 1);
	put_extended(&config, 0x100, 0x13, 0x100);
	assert_int_equal(sys_pci_config_ats(&config, &ats), -EBADMSG);

	make(&config);
	config.size = 256;
	config.data[0x40] = 0x01;
	config.data[0x41] = 0x40;
	assert_int_equal(sys_pci_config_check(&config), 0);
	assert_int_equal(config.extent, PCI_CONFIG_LEGACY);
}

static void survives_bad_pointers(void **state)
{
	struct pci_config_pasid pasid;
	struct pci_config_acs acs;
	struct pci_config config;

	(void)state;
	make(&config);
	put_extended(&config, 0x140, 0x13, 0x40); /* back below the extended space */
	assert_int_equal(sys_pci_config_acs(&config, &acs), -EBADMSG);
	put_extended(&config, 0x140, 0x13, 0xffc);
	put_extended(&config, 0xffc, 0x0d, 0); /* does not fit */
	assert_int_equal(sys_pci_config_acs(&config, &acs), -EBADMSG);
	put_extended(&config, 0x140, 0x13, 0xffe);
	assert_int_equal(sys_pci_config_acs(&config, &acs), -EBADMSG);

	make(&config);
	put32(&config, 0x100, 0);
	assert_int_equal(sys_pci_config_pasid(&config, &pasid), 0);
	put32(&config, 0x100, UINT32_MAX);
	assert_int_equal(sys_pci_config_pasid(&config, &pasid), 0);

	make(&config);
	config.data[0x34] = 0x04; /* into the header */
	config.size = 256;
	assert_int_equal(sys_pci_config_check(&config), 0);
	config.data[0x34] = 0xfc;
	assert_int_equal(sys_pci_config_check(&config), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_capabilities),    cmocka_unit_test(tells_how_far_it_sees),
		cmocka_unit_test(refuses_silence),       cmocka_unit_test(survives_circles),
		cmocka_unit_test(survives_bad_pointers), cmocka_unit_test(takes_virtual_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
