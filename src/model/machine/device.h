/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that can do DMA: every PCI device, and every member of an IOMMU group on any other bus.
 *
 * Facts that were not asked for are absent. A fact that could not be read has the reason in its
 * status (util/field.h). A list with a `_status` beside it is complete if that is 1, and may lack
 * items if it is -errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"
#include "util/str.h"

/* What to read besides `id` and `bus`. Each bit costs extra reads per device. */
enum device_need {
	DEVICE_NEED_PATH = 1u << 0,
	DEVICE_NEED_GROUP = 1u << 1,
	DEVICE_NEED_DRIVER = 1u << 2,
	DEVICE_NEED_IDS = 1u << 3,   /* vendor, device, subsystem; same file as driver and class */
	DEVICE_NEED_CLASS = 1u << 4, /* class, class_name */
	DEVICE_NEED_NAME = 1u << 5,  /* from the hardware database */
	DEVICE_NEED_OVERRIDE = 1u << 6, /* driver_override */
	DEVICE_NEED_IOMMU = 1u << 7,
	DEVICE_NEED_VFIO = 1u << 8, /* vfio_cdev, vfio_group */
	DEVICE_NEED_NUMA = 1u << 9,
	DEVICE_NEED_SRIOV = 1u << 10, /* sriov_numvfs, sriov_totalvfs, physfn */
	DEVICE_NEED_POWER = 1u << 11,
	DEVICE_NEED_CAPS = 1u << 12, /* reads config space, of awake devices only */
	DEVICE_NEED_NET = 1u << 13,
	DEVICE_NEED_BLOCK = 1u << 14,
	DEVICE_NEED_OPENERS = 1u << 15, /* one walk over all processes; with BLOCK, for disks too */
	DEVICE_NEED_ALL = (1u << 16) - 1,
	/* Not in ALL: with CAPS, also read config space of sleeping devices, which wakes them. */
	DEVICE_WAKE = 1u << 16,
};

/*
 * PCI capabilities. `ats`, `pasid`, `pri`, `acs` are 1 if the device has the capability, else 0
 * with its details absent. All are unreadable with -EACCES without the privilege to read past byte
 * 64, -EAGAIN while the device sleeps, -EOPNOTSUPP if the kernel reaches only 256 bytes of config
 * space, -EIO if the device does not respond. A VF reports the PASID and PRI capabilities of its
 * PF, as in the kernel (pci_pasid_features()).
 */
struct device_caps {
	struct field_u64 ats, ats_enabled;
	struct field_u64 pasid, pasid_enabled;
	struct field_u64 pasid_width; /* bits, from the capability, enabled or not */
	struct field_u64 pasid_exec, pasid_exec_enabled;
	struct field_u64 pasid_priv, pasid_priv_enabled;
	struct field_u64 pri, pri_enabled;
	struct field_u64 pri_pasid_required; /* PRG response PASID required */
	struct field_u64 acs, acs_enabled;   /* acs_enabled: bits of the ACS control register */
};

struct device_net {
	char *name;
	struct field_u64 up; /* 1 or 0: IFF_UP */
};

/*
 * A disk of the device, a partition of it, or a block device stacked on either (device mapper, md).
 */
struct device_block {
	char *name;         /* "nvme0n1p2", "dm-0" */
	char *parent;       /* the disk or device below it; NULL for a disk */
	bool stacked;       /* listed in the parent's `holders/`; else a disk or partition */
	struct strv mounts; /* mount points from /proc/self/mountinfo, unescaped */
	bool swap;          /* listed in /proc/swaps */
	int uses_status;    /* of mounts and swap: 1; -errno: unknown */
};

/* A process that has a device node of the device open. */
struct device_opener {
	pid_t pid;
	char *comm;
	struct field_u64 uid;
	char *unit;   /* systemd unit ("x.service"), else container id, else NULL */
	bool service; /* 'systemctl stop UNIT' would end it: see sys_proc_cgroup_service() */
	char *node;   /* "/dev/vfio/devices/vfio3", "/dev/vfio/12", "/dev/uio0", "/dev/nvme0n1" */
};

enum attached_kind {
	ATTACHED_UNKNOWN, /* not asked for, or see `error` */
	ATTACHED_NOTHING, /* the device is in no group: no IOMMU translates for it */
	ATTACHED_DOMAIN,  /* a default domain of the kernel; `name` is its type */
	ATTACHED_IOAS,
	ATTACHED_HWPT,
	ATTACHED_OPENER, /* attached by a process that uses VFIO, target unknown */
};

/* What a device's own requests (RID) are attached to: see model/machine/attached.h. */
struct device_attached {
	enum attached_kind kind;
	int error;             /* -errno: it may be attached to something else */
	struct field_u64 id;   /* of the IOAS or HWPT; pid of the only opener */
	struct field_str name; /* as the user named it; domain type; the only opener's command */
	struct field_u64 hwpt; /* HWPT through which it is attached to an IOAS */
	struct field_str context;
	size_t n_openers;
};

struct device {
	char *id;              /* sysfs name: "0000:03:00.0" */
	char *bus;             /* "pci", "platform", "mdev", ...; NULL if the kernel reports none */
	struct field_str path; /* "/sys/devices/pci0000:00/..." */
	struct field_u64 group;
	struct field_str driver;
	struct field_u64 vendor, device, subsystem_vendor, subsystem_device; /* PCI ids */
	struct field_u64 class;      /* 24 bits: base, sub, interface */
	struct field_str class_name; /* one or two words: "ethernet", "nvme", "pci bridge" */
	struct field_str name;       /* "Intel 82574L Gigabit Network Connection" */
	struct field_str driver_override;
	struct field_str iommu;      /* IOMMU unit: "dmar0" */
	struct field_str vfio_cdev;  /* "vfio3", of /dev/vfio/devices */
	struct field_u64 vfio_group; /* N of /dev/vfio/N, if that node exists */
	struct field_u64 numa_node;
	struct field_u64 sriov_numvfs, sriov_totalvfs; /* of a PF */
	struct field_str physfn;                       /* of a VF: id of its PF */
	struct field_str power; /* power/runtime_status: "active", "suspended", ... */
	struct device_caps caps;
	struct device_net *nets;
	size_t n_nets;
	int nets_status;
	struct device_block *blocks; /* parents before the devices stacked on them */
	size_t n_blocks;
	int blocks_status;
	struct device_opener *openers;
	size_t n_openers;
	int openers_status;              /* -EACCES: some processes could not be examined */
	struct device_attached attached; /* set by attached_set(), after the device is read */
};

struct device_list {
	struct device *v;
	size_t n;
};

void device_done(struct device *device);
#define _cleanup_device_ _cleanup_(device_done)

void device_list_done(struct device_list *list);
#define _cleanup_device_list_ _cleanup_(device_list_done)

/*
 * All PCI devices and every non-PCI member of a group, sorted by id. NEED is an OR of
 * DEVICE_NEED_*. A machine without groups or without PCI is not an error. Returns 0 or -errno; the
 * caller frees RET with device_list_done().
 */
int device_list(const struct sys_root *root, unsigned int need, struct device_list *ret);

/*
 * One device by its sysfs path ("/sys/devices/...", as select_device() returns it, or a link to it
 * such as "/sys/bus/pci/devices/0000:03:00.0"). Returns 0, -ENODEV if there is none, or another
 * -errno.
 */
int device_get(const struct sys_root *root, const char *path, unsigned int need,
	       struct device *ret);

/*
 * PCI base class 0x06. Such a device is never bound to another driver. False if the class is
 * unknown.
 */
bool device_is_bridge(const struct device *device);

/*
 * Can the group be assigned while the driver has this device? Only with drivers that set
 * driver_managed_dma (pcieport, VFIO), whatever the device's class: a host or ISA bridge with
 * another driver blocks the group. False if the driver is unknown. Needs DRIVER and VFIO.
 */
bool device_releases_group(const struct device *device);
