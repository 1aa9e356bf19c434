/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requester IDs: PCI functions whose requests carry the ID of another one, which an IOMMU cannot distinguish. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/pci_function.h"

/*
 * Does Linux know A to use the requester ID of B, a function of the same bus (pci_add_dma_alias() of its
 * drivers/pci/quirks.c, but for what the NTBs of Switchtec and PLX are programmed with)? What config space
 * says of A has to be known.
 */
bool pci_alias_uses(const struct pci_function *a, const struct pci_function *b);

/*
 * The function in whose name all beneath it in a PCI domain of its own do DMA (pci_real_dma_dev(), Intel's
 * VMD): its id, of a device's PATH. False where there is none.
 */
bool pci_alias_real(const char *path, char *buf, size_t size);
