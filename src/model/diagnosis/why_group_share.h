/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why devices share a group, only for model/why_group*.c. */
#pragma once

#include "model/diagnosis/finding.h"
#include "model/machine/group.h"
#include "model/machine/pci_function.h"
#include "sys/root.h"

struct share_member {
	const struct device *device;
	struct pci_path path; /* empty: not a PCI device */
	size_t link;          /* index of the member it is joined with; its own: none found */
	bool explained;
};

struct share {
	const struct sys_root *root;
	struct share_member *v;
	size_t n;
	struct finding_list *list; /* borrowed */
};

void share_done(struct share *share);

/* Reads the paths of GROUP's members (borrowed) up to the root. Returns 0 or -ENOMEM. */
int share_read(const struct sys_root *root, const struct group *group, bool wake,
	       struct finding_list *list, struct share *ret);

/* Adds findings on why the members share their group. Returns 0 or -ENOMEM. */
int share_explain(struct share *share);
