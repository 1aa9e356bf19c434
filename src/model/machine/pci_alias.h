/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA aliases: PCI functions whose requests carry the requester ID of another one, so that an IOMMU
 * cannot tell them apart.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/machine/pci_function.h"

/*
 * Does Linux know A to use the requester ID of B, a function on the same bus (pci_add_dma_alias()
 * in drivers/pci/quirks.c, except for what Switchtec and PLX NTBs are programmed with)? Config
 * space of A must have been read.
 */
bool pci_alias_uses(const struct pci_function *a, const struct pci_function *b);

/*
 * The id of the function that does DMA for all devices below it in a PCI domain of its own
 * (pci_real_dma_dev(), Intel's VMD), from a device's PATH. Returns false if there is none.
 */
bool pci_alias_real(const char *path, char *buf, size_t size);
