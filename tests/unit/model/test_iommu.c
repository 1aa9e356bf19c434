/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>

#include "model/machine/iommu.h"

static const struct iommu_field *find(const struct iommu_field *fields, size_t n, const char *reg,
				      const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].reg, reg) == 0 && strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static void check(const struct iommu_field *fields, size_t n, const char *reg, const char *name,
		  uint64_t value, const char *meaning)
{
	const struct iommu_field *field = find(fields, n, reg, name);

	assert_non_null(field);
	assert_true(field->value == value);
	assert_string_equal(field->meaning, meaning);
}

/* Each bit of a register belongs to at most one field; every field is explained. */
static void check_layout(const struct iommu_field *fields, size_t n, const char *reg, uint64_t all)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t mask;

		if (strcmp(fields[i].reg, reg) != 0)
			continue;
		assert_in_range(fields[i].low, 0, fields[i].high);
		mask = UINT64_MAX >> (63 - (fields[i].high - fields[i].low)) << fields[i].low;
		assert_true((seen & mask) == 0);
		assert_true(*fields[i].what && *fields[i].meaning);
		seen |= mask;
	}
	assert_true(seen == all);
}

static void layouts_cover_registers(void **state)
{
	struct iommu_field *fields = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(iommu_decode_intel(UINT64_MAX, UINT64_MAX, &fields, &n), 0);
	check_layout(fields, n, "CAP", UINT64_MAX);
	check_layout(fields, n, "ECAP", UINT64_MAX);
	iommu_fields_free(fields, n);
	assert_int_equal(iommu_decode_amd(UINT64_MAX, UINT64_MAX, &fields, &n), 0);
	check_layout(fields, n, "EFR", UINT64_MAX);
	check_layout(fields, n, "EFR2", 0x2bea);
	iommu_fields_free(fields, n);
}

static void decodes_intel(void **state)
{
	struct iommu_field *fields = NULL;
	size_t n = 0;

	(void)state;
	/* A server of 2019 in legacy mode, in its kernel's format. */
	assert_int_equal(
		iommu_decode_intel(UINT64_C(0x8d2078c106f0466), UINT64_C(0xf020df), &fields, &n),
		0);
	check(fields, n, "CAP", "ND", 6, "65536");
	check(fields, n, "CAP", "SAGAW", 4, "48-bit");
	check(fields, n, "CAP", "MGAW", 47, "48 bits");
	check(fields, n, "CAP", "SSLPS", 3, "2M, 1G");
	check(fields, n, "CAP", "CM", 0, "no");
	check(fields, n, "CAP", "PI", 1, "yes");
	check(fields, n, "CAP", "FRO", 0x10, "0x100");
	check(fields, n, "ECAP", "IRO", 0x20, "0x200");
	check(fields, n, "ECAP", "MHMV", 15, "15");
	check(fields, n, "ECAP", "PASID", 0, "no");
	assert_null(find(fields, n, "CAP", "RSVD"));
	iommu_fields_free(fields, n);
	assert_int_equal(iommu_decode_intel(7, UINT64_C(1) << 63, &fields, &n), 0);
	check(fields, n, "CAP", "ND", 7, "reserved");
	check(fields, n, "CAP", "SAGAW", 0, "none");
	check(fields, n, "ECAP", "RSVD", 0x200, "0x200");
	iommu_fields_free(fields, n);
}

static void decodes_amd(void **state)
{
	struct iommu_field *fields = NULL;
	size_t n = 0;

	(void)state;
	/* A server of 2019, for which the driver lists PPR X2APIC NX GT IA GA PC GA_vAPIC. */
	assert_int_equal(iommu_decode_amd(UINT64_C(0x58f77ef22294ade), 0, &fields, &n), 0);
	check(fields, n, "EFR", "PreFSup", 0, "no");
	check(fields, n, "EFR", "PPRSup", 1, "yes");
	check(fields, n, "EFR", "GTSup", 1, "yes");
	check(fields, n, "EFR", "HESup", 0, "no");
	check(fields, n, "EFR", "PCSup", 1, "yes");
	check(fields, n, "EFR", "HATS", 2, "6");
	check(fields, n, "EFR", "GATS", 0, "4");
	check(fields, n, "EFR", "GAMSup", 1, "yes (1)");
	check(fields, n, "EFR", "PASmax", 15, "16 bits");
	check(fields, n, "EFR", "SmiFRC", 2, "4");
	iommu_fields_free(fields, n);
}

static void add_unit(const struct tree *tree, const char *place, const char *name)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "sys/devices/%s/iommu/%s", place, name);
	tree_dir(tree, path);
	snprintf(path, sizeof(path), "sys/class/iommu/%s", name);
	snprintf(target, sizeof(target), "../../devices/%s/iommu/%s", place, name);
	tree_link(tree, path, target);
}

#define INTEL "sys/devices/virtual/iommu/dmar0/"

static void lists_units(void **state)
{
	const struct tree *tree = *state;
	_cleanup_iommu_list_ struct iommu_list list = { 0 };

	assert_int_equal(iommu_list(&tree->root, IOMMU_NEED_ALL, &list), 0);
	assert_int_equal(list.n, 0);
	iommu_list_done(&list);
	add_unit(tree, "virtual", "dmar0");
	tree_file(tree, INTEL "intel-iommu/cap", "8d2078c106f0466\n");
	tree_file(tree, INTEL "intel-iommu/ecap", "19800f020df\n");
	tree_file(tree, INTEL "intel-iommu/address", "fed90000\n");
	tree_file(tree, INTEL "intel-iommu/version", "4:0\n");
	tree_link(tree, INTEL "intel-iommu/domains_used", "errno:13");
	tree_link(tree, INTEL "devices/0000:00:10.0", "x");
	tree_link(tree, INTEL "devices/0000:00:1f.0", "x");
	tree_link(tree, INTEL "devices/0000:00:0a.0", "x");
	add_unit(tree, "pci0000:00/0000:00:03.0/virtio0", "0000:00:03.0");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:03.0/virtio0/driver",
		  "../../../../bus/virtio/drivers/virtio_iommu");
	add_unit(tree, "platform/arm-smmu-v3.0.auto", "smmu3.0x0000000100000000");
	assert_int_equal(iommu_list(&tree->root, IOMMU_NEED_ALL, &list), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[0].name, "0000:00:03.0");
	assert_string_equal(list.v[0].vendor.value, "virtio");
	assert_int_equal(list.v[0].n_fields, 0);
	assert_int_equal(list.v[0].pasid_width.status, 0);
	assert_string_equal(list.v[1].vendor.value, "intel");
	assert_string_equal(list.v[1].path.value, "/sys/devices/virtual/iommu/dmar0");
	assert_int_equal(list.v[1].address.value, 0xfed90000);
	assert_string_equal(list.v[1].version.value, "4:0");
	assert_int_equal(list.v[1].domains_used.status, -EACCES);
	assert_int_equal(list.v[1].domains_supported.status, 0);
	assert_int_equal(list.v[1].pasid_width.value, 20);
	assert_int_equal(list.v[1].address_width.value, 48);
	assert_int_equal(list.v[1].devices.n, 3);
	assert_string_equal(list.v[1].devices.v[1], "0000:00:10.0");
	assert_string_equal(list.v[1].devices.v[2], "0000:00:1f.0");
	assert_string_equal(list.v[2].vendor.value, "arm-smmu-v3");
}

static void check_features(const char *text, int status, uint64_t efr, uint64_t efr2,
			   uint64_t width)
{
	_cleanup_(iommu_done) struct iommu iommu = { 0 };
	struct tree tree;

	tree_open(&tree);
	add_unit(&tree, "pci0000:00/0000:00:00.2", "ivhd0");
	tree_file(&tree, "sys/devices/pci0000:00/0000:00:00.2/iommu/ivhd0/amd-iommu/features",
		  text);
	assert_int_equal(iommu_get(&tree.root, "ivhd0", IOMMU_NEED_REGISTERS, &iommu), 0);
	assert_string_equal(iommu.vendor.value, "amd");
	assert_int_equal(iommu.features.status, status);
	if (status == 1) {
		assert_true(iommu.features.value == efr);
		assert_true(iommu.features2.value == efr2);
		assert_int_equal(iommu.pasid_width.value, width);
	}
	tree_close(&tree);
}

static void knows_amd_registers_apart(void **state)
{
	(void)state;
	check_features("58f77ef22294ade\n", 1, UINT64_C(0x58f77ef22294ade), 0, 16);
	check_features("58f77ef22294ade:10\n", 1, UINT64_C(0x58f77ef22294ade), 0x10, 16);
	check_features("10:58f77ef22294ade\n", 1, UINT64_C(0x58f77ef22294ade), 0x10, 16);
	check_features("29d3:0\n", 1, 0x29d3, 0, 1);
	check_features("ef222949ce:0\n", 1, UINT64_C(0xef222949ce), 0, 0); /* no GTSup */
	check_features("x\n", -EBADMSG, 0, 0, 0);
	check_features("1:\n", -EBADMSG, 0, 0, 0);
}

static void gets_one(void **state)
{
	const struct tree *tree = *state;
	_cleanup_(iommu_done) struct iommu iommu = { 0 };

	assert_int_equal(iommu_get(&tree->root, "dmar0", 0, &iommu), -ENOENT);
	assert_int_equal(iommu_get(&tree->root, "", 0, &iommu), -EINVAL);
	assert_int_equal(iommu_get(&tree->root, "../x", 0, &iommu), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layouts_cover_registers),
		cmocka_unit_test(decodes_intel),
		cmocka_unit_test(decodes_amd),
		tree_test(lists_units),
		cmocka_unit_test(knows_amd_registers_apart),
		tree_test(gets_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
