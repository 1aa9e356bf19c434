/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/gather.h"

/* PCI Code and ID Assignment: base class, sub-class, interface. The keywords are our own. */
static const struct {
	uint32_t class, mask;
	const char *word;
} words[] = {
	{ 0x000000, 0xff0000, "unclassified" },
	{ 0x010000, 0xffff00, "scsi" },
	{ 0x010100, 0xffff00, "ide" },
	{ 0x010400, 0xffff00, "raid" },
	{ 0x010500, 0xffff00, "ata" },
	{ 0x010600, 0xffff00, "sata" },
	{ 0x010700, 0xffff00, "sas" },
	{ 0x010802, 0xffffff, "nvme" },
	{ 0x010000, 0xff0000, "storage" },
	{ 0x020000, 0xffff00, "ethernet" },
	{ 0x020700, 0xffff00, "infiniband" },
	{ 0x020800, 0xffff00, "fabric" },
	{ 0x020000, 0xff0000, "network" },
	{ 0x030000, 0xffff00, "vga" },
	{ 0x030200, 0xffff00, "3d" },
	{ 0x030000, 0xff0000, "display" },
	{ 0x040000, 0xffff00, "video" },
	{ 0x040100, 0xffff00, "audio" },
	{ 0x040300, 0xffff00, "audio" },
	{ 0x040000, 0xff0000, "multimedia" },
	{ 0x050200, 0xffff00, "cxl memory" },
	{ 0x050000, 0xff0000, "memory" },
	{ 0x060000, 0xffff00, "host bridge" },
	{ 0x060100, 0xffff00, "isa bridge" },
	{ 0x060400, 0xffff00, "pci bridge" },
	{ 0x060900, 0xffff00, "pci bridge" },
	{ 0x060000, 0xff0000, "bridge" },
	{ 0x070000, 0xffff00, "serial" },
	{ 0x070100, 0xffff00, "parallel" },
	{ 0x070300, 0xffff00, "modem" },
	{ 0x070000, 0xff0000, "communication" },
	{ 0x080000, 0xffff00, "interrupt" },
	{ 0x080100, 0xffff00, "dma" },
	{ 0x080200, 0xffff00, "timer" },
	{ 0x080300, 0xffff00, "rtc" },
	{ 0x080500, 0xffff00, "sd host" },
	{ 0x080600, 0xffff00, "iommu" },
	{ 0x080700, 0xffff00, "event collector" },
	{ 0x080000, 0xff0000, "system" },
	{ 0x090000, 0xff0000, "input" },
	{ 0x0a0000, 0xff0000, "dock" },
	{ 0x0b4000, 0xffff00, "coprocessor" },
	{ 0x0b0000, 0xff0000, "processor" },
	{ 0x0c0000, 0xffff00, "firewire" },
	{ 0x0c0300, 0xffff00, "usb" },
	{ 0x0c0400, 0xffff00, "fibre channel" },
	{ 0x0c0500, 0xffff00, "smbus" },
	{ 0x0c0600, 0xffff00, "infiniband" },
	{ 0x0c0700, 0xffff00, "ipmi" },
	{ 0x0c0000, 0xff0000, "serial bus" },
	{ 0x0d0000, 0xff0000, "wireless" },
	{ 0x0f0000, 0xff0000, "satellite" },
	{ 0x100000, 0xff0000, "encryption" },
	{ 0x110000, 0xff0000, "signal processing" },
	{ 0x120000, 0xff0000, "accelerator" },
	{ 0x130000, 0xff0000, "instrumentation" },
	{ 0xff0000, 0xff0000, "unassigned" },
};

const char *device_class_word(uint32_t class)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if ((class & words[i].mask) == words[i].class)
			return words[i].word;
	return NULL;
}
