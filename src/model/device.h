/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that can do DMA: every PCI device, and every member of an IOMMU group on any other bus.
 *
 * Facts that were not asked for stay absent. What a fact could not be read for is in its status
 * (util/field.h); a list beside which a `_status` stands is complete when that is 1, and may lack
 * items when it is -errno.
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

/* What to read; `id` and `bus` always are. Each costs its own reads for every device. */
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
	DEVICE_NEED_HOLDERS = 1u << 15, /* one walk over all processes; with BLOCK, for disks too */
	DEVICE_NEED_ALL = (1u << 16) - 1,
	/* Not part of ALL: with CAPS, config space of sleeping devices too, which wakes them. */
	DEVICE_WAKE = 1u << 16,
};

/*
 * PCI capabilities. `ats`, `pasid`, `pri`, `acs` are 1 or 0: has it or not; where it is 0 its
 * details are absent. All are unreadable with -EACCES without the privilege to read past byte 64,
 * -EAGAIN while the device sleeps, -EOPNOTSUPP on a kernel that reaches 256 bytes only, -EIO on a
 * device that does not answer. A VF has the PASID and PRI of its PF, as the kernel sees it.
 */
struct device_caps {
	struct field_u64 ats, ats_enabled;
	struct field_u64 pasid, pasid_enabled;
	struct field_u64 pasid_width; /* bits, as the capability says, enabled or not */
	struct field_u64 pasid_exec, pasid_exec_enabled;
	struct field_u64 pasid_priv, pasid_priv_enabled;
	struct field_u64 pri, pri_enabled;
	struct field_u64 pri_pasid_required; /* PRG response PASID required */
	struct field_u64 acs, acs_enabled;   /* acs_enabled: the control register's bits */
};

struct device_net {
	char *name;
	struct field_u64 up; /* 1 or 0: IFF_UP */
};

/* A disk of the device, a partition of it, or what sits on either (device mapper, md). */
struct device_block {
	char *name;   /* "nvme0n1p2", "dm-0" */
	char *parent; /* what it is a part of, or sits on; NULL for a disk */
	bool stacked; /* sits on its parent (the parent's `holders/`); else disk or partition */
	struct strv mounts; /* mount points, as /proc/self/mountinfo has them, unescaped */
	bool swap;          /* in /proc/swaps */
	int uses_status;    /* of mounts and swap: 1, or -errno: unknown */
};

/* A process with a device node of the device open. */
struct device_holder {
	pid_t pid;
	char *comm;
	struct field_u64 uid;
	char *unit;   /* systemd unit ("x.service"), else container id, else NULL */
	bool service; /* 'systemctl stop UNIT' ends it: see sys_proc_cgroup_service() */
	char *node;   /* "/dev/vfio/devices/vfio3", "/dev/vfio/12", "/dev/uio0", "/dev/nvme0n1" */
};

enum attached_kind {
	ATTACHED_UNKNOWN, /* not asked for, or its error says why */
	ATTACHED_NOTHING, /* the device is in no group: no IOMMU is between */
	ATTACHED_DOMAIN,  /* of the kernel's own: its type is the name */
	ATTACHED_IOAS,
	ATTACHED_HWPT,
	ATTACHED_OPENER, /* the process that has it open through VFIO has attached it, to an unknown target */
};

/* What a device's own requests (RID) are attached to: see model/attached.h. */
struct device_attached {
	enum attached_kind kind;
	int error;             /* -errno: it may be something else */
	struct field_u64 id;   /* of the IOAS or HWPT; the only opener's process */
	struct field_str name; /* the user's for it; the domain's type; the only opener's command */
	struct field_u64 hwpt; /* through which it is attached to an IOAS */
	struct field_str context;
	size_t n_openers;
};

struct device {
	char *id;  /* sysfs name: "0000:03:00.0" */
	char *bus; /* "pci", "platform", "mdev", ...; NULL where the kernel gives none */
	struct field_str path; /* "/sys/devices/pci0000:00/..." */
	struct field_u64 group;
	struct field_str driver;
	struct field_u64 vendor, device, subsystem_vendor, subsystem_device; /* PCI ids */
	struct field_u64 class;      /* 24 bits: base, sub, interface */
	struct field_str class_name; /* a word or two: "ethernet", "nvme", "pci bridge" */
	struct field_str name;       /* "Intel 82574L Gigabit Network Connection" */
	struct field_str driver_override;
	struct field_str iommu;      /* its unit: "dmar0" */
	struct field_str vfio_cdev;  /* "vfio3", of /dev/vfio/devices */
	struct field_u64 vfio_group; /* number of the node /dev/vfio/N, where there is one */
	struct field_u64 numa_node;
	struct field_u64 sriov_numvfs, sriov_totalvfs; /* of a PF */
	struct field_str physfn;                       /* of a VF: its PF's id */
	struct field_str power; /* power/runtime_status: "active", "suspended", ... */
	struct device_caps caps;
	struct device_net *nets;
	size_t n_nets;
	int nets_status;
	struct device_block *blocks; /* parents before what is on them */
	size_t n_blocks;
	int blocks_status;
	struct device_holder *holders;
	size_t n_holders;
	int holders_status;              /* -EACCES: some processes could not be examined */
	struct device_attached attached; /* set by attached_set(), after the device was read */
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
 * All PCI devices and every non-PCI member of a group, sorted by id; with NEED, an OR of
 * DEVICE_NEED_*. A machine without groups or without PCI is no error. Returns 0 or -errno; RET is
 * the caller's to free with device_list_done().
 */
int device_list(const struct sys_root *root, unsigned int need, struct device_list *ret);

/*
 * One device by its sysfs path ("/sys/devices/...", as select_device() returns it, or any link to
 * it such as "/sys/bus/pci/devices/0000:03:00.0"). Returns 0, -ENODEV where there is none, -errno.
 */
int device_get(const struct sys_root *root, const char *path, unsigned int need,
	       struct device *ret);

/* Base class 0x06: never bound to another driver. False if unknown. */
bool device_is_bridge(const struct device *device);

/*
 * Does the kernel give its group away while its driver has it? Of drivers only those do that say so
 * (driver_managed_dma), whatever the class of the device: a host or ISA bridge with a driver of its own
 * stands in the way. False if the driver is unknown. Needs DRIVER and VFIO.
 */
bool device_releases_group(const struct device *device);
