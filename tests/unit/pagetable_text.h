/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device behind a unit of Intel's, and what is found of its page table, with all of its members. */
#pragma once

#define MEMORY_FENCED
#include "memory.h"

#include <inttypes.h>

#include "model/pagetable/pages.h"
#include "util/array.h"
#include "util/cleanup.h"

#define DEVICE    "/sys/devices/pci0000:00/0000:00:10.0"
#define DIRECTORY "sys/kernel/debug/iommu/intel"
#define TABLE     DIRECTORY "/dmar_translation_struct"
#define DUMP      DIRECTORY "/0000:00:10.0/domain_translation_struct"
#define HEADING   "Device 0000:00:10.0 with pasid 0 @0xa000\nIOVA_PFN ...\n"

/* An entry of the device's; WORDS are its three, after the context entry and the PASID. */
#define ENTRY(pasid, words) \
	"00:10.0\t0x1:0x2\t0x0000000000000002:0x000000000000a001\t" pasid "\t" words

static inline void pagetable_machine(const struct tree *tree)
{
	tree_pci(tree, "pci0000:00/0000:00:10.0", "3", "PCI_CLASS=20000\n");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:10.0/iommu", "../../virtual/iommu/dmar0");
	tree_file(tree, "sys/devices/virtual/iommu/dmar0/intel-iommu/cap", "d2078c106f0466\n");
	tree_link(tree, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
}

/* The table of the IOMMU has LINE, below the heading of its unit. */
static inline void pagetable_entry_write(const struct tree *tree, const char *line)
{
	char text[512];

	snprintf(text, sizeof(text), "IOMMU dmar0: Root Table Address: 0x1\nB.D.F\n%s\n", line);
	tree_file(tree, TABLE, text);
}

/* The device's first stage with four levels, and DUMP of it. */
static inline void pagetable_first_stage(const struct tree *tree, const char *dump,
					 struct pagetable *ret)
{
	pagetable_machine(tree);
	pagetable_entry_write(tree, ENTRY("0", "0xa000:0x3:0x49"));
	tree_file(tree, DUMP, dump);
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, ret), 0);
	assert_int_equal(ret->lack, PAGETABLE_THERE);
}

static inline void step_write(FILE *f, const struct pagetable_step *step)
{
	fprintf(f, "  %s[%u]", pagetable_level_name(step->level), step->index);
	if (step->entry.status)
		fprintf(f, " %#" PRIx64 " -> %#" PRIx64, step->entry.value, step->address.value);
	assert_int_equal(step->entry.status, step->address.status);
	for (size_t i = 0; i < step->n_flags; i++)
		fprintf(f, " %s", step->flags[i]);
	fprintf(f, "\n");
}

/* "0x1000 mapped 0x5000 of 4096 rw" and the steps, one a line. */
static inline void walk_write(FILE *f, const struct pagetable_walk *walk)
{
	fprintf(f, "%#" PRIx64 " %s", walk->iova, pagetable_state_name(walk->state));
	if (walk->physical.status)
		fprintf(f, " %#" PRIx64, walk->physical.value);
	if (walk->page_size.status)
		fprintf(f, " of %" PRIu64, walk->page_size.value);
	fprintf(f, "%s%s%s\n", walk->read || walk->write ? " " : "", walk->read ? "r" : "",
		walk->write ? "w" : "");
	for (size_t i = 0; i < walk->n_steps; i++)
		step_write(f, &walk->steps[i]);
}

/* "0x1000-0x2fff rw 0x5000 contiguous 2x4096" */
static inline void range_write(FILE *f, const struct pagetable_range *range)
{
	fprintf(f, "%#" PRIx64 "-%#" PRIx64 " %s%s %#" PRIx64 "%s", range->start, range->end,
		range->read ? "r" : "", range->write ? "w" : "", range->physical,
		range->contiguous ? " contiguous" : "");
	for (size_t i = 0; i < range->n_pages; i++)
		fprintf(f, " %" PRIu64 "x%" PRIu64, range->pages[i].count, range->pages[i].size);
	fprintf(f, "\n");
}
