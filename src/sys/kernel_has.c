/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/kernel_has.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

/* Is word N (from 0) of a line of TEXT equal to NAME? */
static bool has_word(const char *text, size_t size, unsigned int n, const char *name)
{
	const char *stop = text + size, *end;
	size_t len = strlen(name);

	for (const char *at = text; at < stop; at = end + 1) {
		end = memchr(at, '\n', (size_t)(stop - at));
		if (!end)
			end = stop;
		for (unsigned int word = 0; at < end; word++) {
			const char *begin;

			while (at < end && (*at == ' ' || *at == '\t'))
				at++;
			begin = at;
			while (at < end && *at != ' ' && *at != '\t')
				at++;
			if (word == n && (size_t)(at - begin) == len &&
			    memcmp(begin, name, len) == 0)
				return true;
			if (word == n)
				break;
		}
	}
	return false;
}

/*
 * "ffffffff8161c490 T vfio_iommufd_physical_attach_ioas\t[vfio]"; unprivileged users see address 0.
 */
static bool has_symbol(const char *text, size_t size, const char *name)
{
	return has_word(text, size, 2, name);
}

/* "248 vfio-dev" */
static bool has_chrdev(const char *text, size_t size, const char *name)
{
	return has_word(text, size, 1, name);
}

static struct field_u64 ask(const struct sys_root *root, const char *file, enum sys_word word,
			    bool (*parse)(const char *, size_t, const char *))
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "proc");
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = sys_read_all(dir, file, &text, &size);
	if (r < 0)
		return field_u64_error(r == -ENOENT ? 0 : r);
	return field_u64(parse(text, size, sys_word(word)));
}

struct field_u64 sys_kernel_symbol(const struct sys_root *root, enum sys_word symbol)
{
	return ask(root, "kallsyms", symbol, has_symbol);
}

struct field_u64 sys_kernel_chrdev(const struct sys_root *root, enum sys_word chrdev)
{
	return ask(root, "devices", chrdev, has_chrdev);
}

/*
 * irq_chip::name. "IR-", or "vIR-" for an emulated IOMMU, is the remapping domain of VT-d and
 * AMD-Vi, "ITS-" that of Arm: they have IRQ_DOMAIN_FLAG_ISOLATED_MSI, which VFIO and iommufd check.
 * The IOMMU's own interrupts ("DMAR-MSI") are never remapped.
 */
static bool classify(const char *chip, const char *kind, bool *remapped)
{
	static const char *const prefixes[] = { "IR-", "vIR-", "ITS-" };

	*remapped = false;
	for (size_t i = 0; !*remapped && i < ARRAY_SIZE(prefixes); i++)
		if (str_starts(chip, prefixes[i])) {
			chip += strlen(prefixes[i]);
			*remapped = true;
		}
	return str_starts(chip, kind);
}

static void count(const struct strv *chips, const char *kind, struct sys_interrupts *counts)
{
	for (size_t i = 0; i < chips->n; i++) {
		bool remapped;

		if (!classify(chips->v[i], kind, &remapped))
			continue;
		/* Direct ones next to remapped ones are an AMD IOMMU's own. */
		if (remapped ? counts->remapped++ == 0
			     : counts->remapped == 0 && counts->direct == 0)
			snprintf(counts->chip, sizeof(counts->chip), "%s", chips->v[i]);
		counts->direct += !remapped;
	}
}

int sys_interrupts_read(const struct sys_root *root, struct sys_interrupts *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "sys/kernel/irq");
	_cleanup_strv_ struct strv numbers = { 0 }, chips = { 0 };
	struct sys_interrupts counts = { 0 };
	int r;

	r = sys_list(dir, ".", &numbers);
	for (size_t i = 0; r == 0 && i < numbers.n; i++) {
		char name[300], chip[sizeof(counts.chip)];
		ssize_t len;

		snprintf(name, sizeof(name), "%s/chip_name", numbers.v[i]);
		len = sys_read(dir, name, chip, sizeof(chip));
		/* Interrupts may be freed meanwhile. */
		if (len >= 0)
			r = strv_push(&chips, chip);
		else if (len != -ENOENT && len != -ENOTDIR)
			r = (int)len;
	}
	if (r < 0)
		return r;
	count(&chips, "PCI-MSI", &counts);
	if (counts.remapped + counts.direct == 0)
		count(&chips, "IO-APIC", &counts);
	*ret = counts;
	return 0;
}

struct field_str sys_firmware_iommu(const struct sys_root *root)
{
	static const char *const tables[] = { "DMAR", "IVRS", "IORT", "VIOT" };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "sys/firmware/acpi/tables");
	_cleanup_strv_ struct strv list = { 0 };
	int r;

	r = sys_list(dir, ".", &list);
	if (r < 0)
		return (struct field_str){ .status = r };
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (strv_has(&list, tables[i])) {
			char *copy = strdup(tables[i]);

			return (struct field_str){ copy, copy ? 1 : -ENOMEM };
		}
	return (struct field_str){ 0 };
}
