/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel configuration, command line, CPU flags. */
#include "../tree.h"

#include <errno.h>

#include "sys/cpu.h"
#include "sys/kernel_config.h"
#include "sys/kernel_param.h"

/* printf 'CONFIG_PCI_PASID=y\nCONFIG_VFIO=m\n' | gzip -9n */
static const unsigned char compressed[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x73, 0xf6, 0xf7,
	0x73, 0xf3, 0x74, 0x8f, 0x0f, 0x70, 0xf6, 0x8c, 0x0f, 0x70, 0x0c, 0xf6, 0x74,
	0xb1, 0xad, 0xe4, 0x72, 0x86, 0x08, 0x85, 0xb9, 0x79, 0xfa, 0xdb, 0xe6, 0x72,
	0x01, 0x00, 0x22, 0xe4, 0x7d, 0xd1, 0x21, 0x00, 0x00, 0x00,
};
static const char plain[] = "CONFIG_PCI_PASID=y\nCONFIG_VFIO=m\n";

static void unpacks(void **state)
{
	_cleanup_free_ char *text = NULL;
	unsigned char broken[sizeof(compressed)];
	size_t size;

	(void)state;
	assert_int_equal(sys_kernel_config_gunzip(compressed, sizeof(compressed), &text, &size), 0);
	assert_int_equal(size, sizeof(plain) - 1);
	assert_string_equal(text, plain);
	for (size_t i = 0; i < sizeof(compressed); i++) {
		char *none = NULL;

		assert_int_equal(sys_kernel_config_gunzip(compressed, i, &none, &size), -EBADMSG);
		assert_null(none);
	}
	memcpy(broken, compressed, sizeof(broken));
	broken[20] ^= 0x40;
	assert_int_equal(sys_kernel_config_gunzip(broken, sizeof(broken), &text, &size), -EBADMSG);
}

static void check_config(const struct kernel_config *config, enum sys_word option,
			 const char *value)
{
	struct field_str field = sys_kernel_config_get(config, option);

	if (value) {
		assert_int_equal(field.status, 1);
		assert_string_equal(field.value, value);
	} else {
		assert_int_equal(field.status, 0);
	}
	field_str_done(&field);
}

static void finds_values(void **state)
{
	static char text[] =
		"#\n# Automatically generated\nCONFIG_IOMMUFD=y\n# CONFIG_VFIO_NOIOMMU is not set\n"
		"CONFIG_INTEL_IOMMU_SVM=m\nCONFIG_PCI_PASID=\"x y\"\n\nXCONFIG_AMD_IOMMU=y\n"
		"CONFIG_IOMMU_SVA=\nCONFIG_VFIO_PCI_CORE=m\nCONFIG_ARM_SMMU_V3_SVA=7";
	const struct kernel_config config = { text, sizeof(text) - 1 }, empty = { 0 };

	(void)state;
	check_config(&config, KCONFIG_IOMMUFD, "y");
	check_config(&config, KCONFIG_INTEL_IOMMU_SVM, "m");
	check_config(&config, KCONFIG_PCI_PASID, "\"x y\"");
	check_config(&config, KCONFIG_IOMMU_SVA, "");
	check_config(&config, KCONFIG_ARM_SMMU_V3_SVA, "7");
	check_config(&config, KCONFIG_VFIO_NOIOMMU, NULL);
	check_config(&config, KCONFIG_AMD_IOMMU, NULL);
	check_config(&config, KCONFIG_INTEL_IOMMU, NULL);
	check_config(&config, KCONFIG_VFIO_PCI, NULL);
	check_config(&empty, KCONFIG_IOMMUFD, NULL);
}

static void reads_the_first_config_there_is(void **state)
{
	const struct tree *tree = *state;
	_cleanup_kernel_config_ struct kernel_config a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	struct kernel_config none = { 0 };

	assert_int_equal(sys_kernel_config_read(&tree->root, &none), -ENOENT);
	tree_file(tree, "proc/sys/kernel/osrelease", "7.3.4-lab\n");
	assert_int_equal(sys_kernel_config_read(&tree->root, &none), -ENOENT);
	tree_file(tree, "lib/modules/7.3.4-lab/config", "CONFIG_IOMMUFD=3\n");
	assert_int_equal(sys_kernel_config_read(&tree->root, &a), 0);
	check_config(&a, KCONFIG_IOMMUFD, "3");
	tree_file(tree, "boot/config-7.3.4-lab", "CONFIG_IOMMUFD=2\n");
	assert_int_equal(sys_kernel_config_read(&tree->root, &b), 0);
	check_config(&b, KCONFIG_IOMMUFD, "2");
	tree_data(tree, "proc/config.gz", compressed, sizeof(compressed));
	assert_int_equal(sys_kernel_config_read(&tree->root, &c), 0);
	check_config(&c, KCONFIG_PCI_PASID, "y");
	check_config(&c, KCONFIG_IOMMUFD, NULL);
	tree_file(tree, "proc/config.gz", "CONFIG_IOMMUFD=1\n");
	assert_int_equal(sys_kernel_config_read(&tree->root, &d), 0);
	check_config(&d, KCONFIG_IOMMUFD, "1");
}

static void a_broken_config_is_no_missing_one(void **state)
{
	const struct tree *tree = *state;
	struct kernel_config config = { 0 };

	tree_data(tree, "proc/config.gz", compressed, sizeof(compressed) - 9);
	assert_int_equal(sys_kernel_config_read(&tree->root, &config), -EBADMSG);
	assert_null(config.text);
	tree_file(tree, "proc/sys/kernel/osrelease", "../../etc\n");
	assert_int_equal(sys_kernel_config_read(&tree->root, &config), -EBADMSG);
}

static void check_words(const char *text, const char *const *words)
{
	_cleanup_strv_ struct strv list = { 0 };
	size_t n = 0;

	assert_int_equal(sys_cmdline_parse(text, strlen(text), &list), 0);
	for (; words[n]; n++) {
		assert_in_range(n, 0, list.n - 1);
		assert_string_equal(list.v[n], words[n]);
	}
	assert_int_equal(list.n, n);
}

static void parts_the_command_line(void **state)
{
	(void)state;
	check_words("", (const char *const[]){ NULL });
	check_words(" \t\n", (const char *const[]){ NULL });
	check_words("ro quiet\n", (const char *const[]){ "ro", "quiet", NULL });
	check_words(" a=\"b c\"  \"d=e f\" g",
		    (const char *const[]){ "a=b c", "d=e f", "g", NULL });
	check_words("a -- intel_iommu=off", (const char *const[]){ "a", NULL });
	check_words("\"open x", (const char *const[]){ "open x", NULL });
}

static void finds_options(void **state)
{
	static const char text[] =
		"pci=noats,realloc intel-iommu=on,sm_on iommu.passthrough=1 pcie=x";
	_cleanup_strv_ struct strv list = { 0 };

	(void)state;
	assert_int_equal(sys_cmdline_parse(text, strlen(text), &list), 0);
	assert_true(sys_cmdline_has(&list, BOOT_PCI, "noats"));
	assert_true(sys_cmdline_has(&list, BOOT_PCI, "realloc"));
	assert_true(sys_cmdline_has(&list, BOOT_INTEL_IOMMU, "sm_on"));
	assert_false(sys_cmdline_has(&list, BOOT_INTEL_IOMMU, "sm"));
	assert_false(sys_cmdline_has(&list, BOOT_INTEL_IOMMU, "sm_off"));
	assert_false(sys_cmdline_has(&list, BOOT_PCI, "x"));
	assert_string_equal(sys_cmdline_value(list.v[2], BOOT_IOMMU_PASSTHROUGH), "1");
	assert_null(sys_cmdline_value("pci", BOOT_PCI));
	assert_null(sys_cmdline_value("pc", BOOT_PCI));
}

static void reads_the_files(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strv_ struct strv list = { 0 };
	struct field_str value;

	assert_int_equal(sys_cmdline_read(&tree->root, &list), -ENOENT);
	tree_file(tree, "proc/cmdline", "iommu=pt\n");
	assert_int_equal(sys_cmdline_read(&tree->root, &list), 0);
	assert_true(sys_cmdline_has(&list, BOOT_IOMMU, "pt"));
	assert_int_equal(sys_module_param(&tree->root, PARAM_IOMMUFD_UNSAFE).status, 0);
	tree_file(tree, "sys/module/iommufd/parameters/allow_unsafe_interrupts", "Y\n");
	value = sys_module_param(&tree->root, PARAM_IOMMUFD_UNSAFE);
	assert_int_equal(value.status, 1);
	assert_string_equal(value.value, "Y");
	field_str_done(&value);
	tree_link(tree, "sys/module/idxd/parameters/sva", "errno:13");
	assert_int_equal(sys_module_param(&tree->root, PARAM_IDXD_SVA).status, -EACCES);
	assert_int_equal(sys_cpu_flag(&tree->root, CPU_LA57).status, 0);
	tree_file(tree, "proc/cpuinfo", "flags\t\t: fpu la57\n");
	assert_int_equal(sys_cpu_flag(&tree->root, CPU_LA57).value, 1);
}

static void knows_what_is_asked_for(void **state)
{
	(void)state;
	for (enum sys_word i = 0; i < SYS_WORDS_N; i++) {
		const char *text = sys_word(i);

		assert_non_null(text);
		assert_true(sys_word_is(sys_word_kind(i), text, strlen(text)));
		assert_false(sys_word_is(sys_word_kind(i), text, strlen(text) - 1));
		if (sys_word_kind(i) == WORD_PARAM)
			assert_non_null(strchr(text, '.'));
	}
	assert_false(sys_word_is(WORD_CPU, "IOMMUFD", strlen("IOMMUFD")));
}

static void check_flag(const char *text, const char *name, int status, uint64_t value)
{
	struct field_u64 field = sys_cpu_flag_parse(text, strlen(text), name);

	assert_int_equal(field.status, status);
	assert_int_equal(field.value, value);
}

static void check_cpu(const char *text, enum sys_arch arch, const char *id)
{
	struct sys_cpu cpu;

	sys_cpu_parse(text, strlen(text), &cpu);
	assert_int_equal(cpu.arch, arch);
	assert_string_equal(cpu.id, id);
}

/* Formats of the architectures' show_cpuinfo() and c_show(). */
static void knows_architectures(void **state)
{
	(void)state;
	check_cpu("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nflags\t\t: fpu\n",
		  SYS_ARCH_X86, "GenuineIntel");
	check_cpu("flags\t\t: fpu", SYS_ARCH_X86, "");
	check_cpu(
		"processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n",
		SYS_ARCH_ARM, "0x41");
	check_cpu("processor\t: 0\nhart\t\t: 2\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\n",
		  SYS_ARCH_RISCV, "rv64imafdc");
	check_cpu("isa\t\t: rv64imafdcvh_zicbom_zicboz_zicntr_zicsr_zifencei\n", SYS_ARCH_RISCV,
		  "rv64imafdcvh_zicbom_zicboz_zicn");
	check_cpu("vendor_id       : IBM/S390\n# processors    : 2\nfeatures\t: esan3 zarch\n",
		  SYS_ARCH_UNKNOWN, "");
	check_cpu("cpu\t\t: POWER9\n", SYS_ARCH_UNKNOWN, "");
	check_cpu("", SYS_ARCH_UNKNOWN, "");
}

static void finds_cpu_flags(void **state)
{
	static const char text[] =
		"processor\t: 0\nmodel name\t: la57\nflags\t\t: fpu pdpe1gb la57\n"
		"vmx flags\t: vnmi\n\nprocessor\t: 1\nflags\t\t: fpu other\n";

	(void)state;
	check_flag(text, "la57", 1, 1);
	check_flag(text, "pdpe1gb", 1, 1);
	check_flag(text, "la5", 1, 0);
	check_flag(text, "other", 1, 0);
	check_flag("processor : 0\nFeatures : fp asimd\n", "la57", 0, 0);
	check_flag("flags", "la57", 0, 0);
	check_flag("flags:", "la57", 1, 0);
	check_flag("flags:la57", "la57", 1, 1);
	check_flag("", "la57", 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpacks),
		cmocka_unit_test(finds_values),
		tree_test(reads_the_first_config_there_is),
		tree_test(a_broken_config_is_no_missing_one),
		cmocka_unit_test(parts_the_command_line),
		cmocka_unit_test(finds_options),
		tree_test(reads_the_files),
		cmocka_unit_test(knows_what_is_asked_for),
		cmocka_unit_test(finds_cpu_flags),
		cmocka_unit_test(knows_architectures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
