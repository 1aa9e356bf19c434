/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading of devices, only for model/: what is looked up once for a whole list, and the reading of
 * each device. Facts that cannot be read are reported in the fields, not by return values.
 */
#pragma once

#include "model/machine/device.h"
#include "sys/netlink.h"
#include "sys/proc.h"
#include "sys/root.h"

/* An entry of a class directory and its device. */
struct class_link {
	char *name;
	char *path; /* "/sys/devices/..." */
};

struct class_links {
	struct class_link *v;
	size_t n;
	int status; /* 1, or -errno */
};

/* A name of the hardware database; absent if that has none. */
struct known_name {
	char *modalias;
	struct field_str name;
};

struct gather {
	const struct sys_root *root;
	unsigned int need;   /* bits of DEVICE_NEED_*, with those that they depend on */
	struct sys_dir base; /* borrowed: see gather_device() */
	size_t base_length;

	struct known_name
		*names; /* found so far: looking up takes long, and VFs come in hundreds */
	size_t n_names;

	struct strv vfio_groups; /* entries of /sys/class/vfio */
	struct class_links nets;
	struct netlink_links links;
	struct class_links blocks;
	struct proc_mounts mounts;
	struct strv swaps;
	int uses_status; /* status of mounts and swaps */
};

/* Looks up once what NEED requires for all devices. Returns 0 or -ENOMEM. */
int gather_open(const struct sys_root *root, unsigned int need, struct gather *ret);
void gather_close(struct gather *gather);
#define _cleanup_gather_ _cleanup_(gather_close)

/*
 * Reads the device ID found at LINK, a path relative to the root
 * ("sys/bus/pci/devices/0000:03:00.0"). GROUP is its group if the caller knows it, else NULL.
 * GATHER->base, if open, is the directory that each LINK begins with, its path base_length bytes.
 * Returns 0 or -ENOMEM.
 */
int gather_device(struct gather *gather, const char *link, const char *id,
		  const struct field_u64 *group, struct device *ret);

/* Walks the processes once and adds to each of the N devices its openers, if NEED includes them. */
int gather_openers(const struct gather *gather, struct device **devices, size_t n);

/* The links of /sys/class/NAME; STATUS says if they could be read. Returns 0 or -ENOMEM. */
int gather_class(const struct sys_root *root, const char *name, struct class_links *ret);
void class_links_done(struct class_links *links);

/*
 * Is PATH below the device at DEVICE_PATH without another PCI function in between? What is behind a
 * bridge does not belong to the bridge.
 */
bool gather_owns(const char *device_path, const char *path);

/*
 * Parts of gather_device(). DIR is the device's directory, or an -errno other than -ENOENT, which
 * then becomes the status of all fields.
 */
void gather_identity(struct gather *gather, struct sys_dir dir, struct device *device);
void gather_caps(const struct gather *gather, struct sys_dir dir, const char *physfn,
		 struct device_caps *caps);
int gather_nets(const struct gather *gather, struct device *device);
int gather_blocks(const struct gather *gather, struct device *device);

/* Reads a file or link below DIR into a field; absent if it does not exist. */
void gather_str(struct sys_dir dir, const char *name, struct field_str *ret);
void gather_link(struct sys_dir dir, const char *name, struct field_str *ret);
struct field_u64 gather_u64(struct sys_dir dir, const char *name);
/* Copies VALUE; if out of memory, the field's status is -ENOMEM. */
void gather_set(struct field_str *field, const char *value);

/* A keyword for a 24-bit PCI class code: "ethernet"; NULL if there is none. */
const char *device_class_word(uint32_t class);
