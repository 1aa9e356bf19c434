/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's group and driver, and the nodes through which PASIDs are bound. */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/group.h"
#include "model/diagnosis/why_group.h"
#include "sys/kernel_param.h"

static const struct question ask_siblings = {
	"group-siblings", FOR_PASID,
	"the kernel assigns a group as a whole, and another member has a driver of its own"
};
static const struct question ask_driver_vfio = {
	"driver", FOR_PASID, "only a VFIO driver lets a program have the device"
};
static const struct question ask_driver_sva = { "driver", FOR_SVA,
						"the driver binds no processes" };
static const struct question ask_switch = { "driver-switch", FOR_SVA,
					    "the driver has PASIDs turned off" };
static const struct question ask_cdev = {
	"vfio-cdev", FOR_PASID,
	"PASIDs are bound through the device's own VFIO node, which is not there"
};
static const struct question ask_in_use = {
	"in-use", FOR_PASID, "only one process can have the device, and PASIDs are bound through it"
};
static const struct question ask_iommufd = {
	"iommufd", FOR_PASID, "PASIDs are bound to page tables of an iommufd, and there is none"
};

static const char node_remedy[] =
	"look for what makes nodes in /dev: udev, or the container's setup";

static void add_sibling(struct pasid_chain *chain, const struct device *sibling)
{
	const struct field_u64 *mine = &chain->device.caps.pasid_width;
	const struct field_u64 *width = &sibling->caps.pasid_width;
	_cleanup_free_ char *id = str_quote(sibling->id);
	char remedy[160];

	if (sibling->driver.status < 0) {
		finding_unknown(&chain->list, &ask_siblings, sibling->id, sibling->driver.status);
	} else if (!device_releases_group(sibling)) {
		snprintf(remedy, sizeof(remedy), "ioasidctl driver set %s vfio-pci",
			 id ? id : "DEVICE");
		finding_add(&chain->list, &ask_siblings, FINDING_BLOCKED, sibling->id, remedy,
			    "of the same group, has the driver %s", sibling->driver.value);
	} else if (width->status == 1 && mine->status == 1 && width->value < mine->value) {
		/* All members must support the number (iommu_attach_device_pasid()). */
		finding_add(&chain->list, &ask_siblings, FINDING_NOTE, sibling->id, NULL,
			    "of the same group, has PASIDs of %" PRIu64
			    " bits: no more can be bound",
			    width->value);
	} else {
		finding_add(&chain->list, &ask_siblings, FINDING_OK, sibling->id, NULL,
			    "of the same group, does not block it");
	}
}

static void add_siblings(struct pasid_chain *chain)
{
	const unsigned int need = DEVICE_NEED_DRIVER | DEVICE_NEED_VFIO | DEVICE_NEED_CAPS |
				  (chain->wake ? DEVICE_WAKE : 0);
	_cleanup_group_ struct group group = { 0 };
	int r;

	if (chain->device.group.status != 1)
		return;
	r = group_get(chain->root, (uint32_t)chain->device.group.value,
		      GROUP_NEED_MEMBERS | GROUP_NEED_REGIONS, need, &group);
	if (r == -ENOMEM)
		chain->list.error = r;
	else if (r < 0 || group.members_status < 0)
		finding_unknown(&chain->list, &ask_siblings, NULL,
				r < 0 ? r : group.members_status);
	else if (group.n_members == 1)
		finding_add(&chain->list, &ask_siblings, FINDING_OK, chain->device.id, NULL,
			    "the only member of group %" PRIu32, group.number);
	for (size_t i = 0; r == 0 && i < group.n_members; i++)
		if (strcmp(group.members[i].id, chain->device.id) != 0)
			add_sibling(chain, &group.members[i]);
	if (r == 0 && chain->list.asked == FOR_PASID)
		group_why_regions(&group, FINDING_BLOCKED, &chain->list);
}

/*
 * Opens the first entry of the device's directory that begins with PREFIX; -ENOENT if there is
 * none.
 */
static struct sys_dir open_child(const struct sys_root *root, const struct device *device,
				 const char *prefix)
{
	_cleanup_strv_ struct strv list = { 0 };
	char path[4096];
	struct sys_dir dir;
	int r;

	if (device->path.status != 1)
		return SYS_DIR_FAILED(-ENOENT);
	dir = sys_dir_open(root, device->path.value + 1);
	r = sys_list(dir, ".", &list);
	sys_dir_close(&dir);
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		if (!str_starts(list.v[i], prefix))
			continue;
		snprintf(path, sizeof(path), "%s/%s", device->path.value + 1, list.v[i]);
		return sys_dir_open(root, path);
	}
	return SYS_DIR_FAILED(r < 0 ? r : -ENOENT);
}

bool chain_driver_binds(const struct sys_root *root, const struct device *device)
{
	static const char *const drivers[] = { "uio_pci_sva", "idxd", "amdxdna" };
	_cleanup_sys_dir_ struct sys_dir uacce = SYS_DIR_NONE;

	for (size_t i = 0; device->driver.status == 1 && i < ARRAY_SIZE(drivers); i++)
		if (strcmp(device->driver.value, drivers[i]) == 0)
			return true;
	uacce = open_child(root, device, "uacce");
	return !uacce.error;
}

bool chain_driver_is_vfio(const struct device *device)
{
	return device->driver.status == 1 && strstr(device->driver.value, "vfio");
}

static void add_driver_vfio(struct pasid_chain *chain)
{
	const struct device *device = &chain->device;
	_cleanup_free_ char *id = str_quote(device->id);
	char remedy[160];

	snprintf(remedy, sizeof(remedy), "ioasidctl driver set %s vfio-pci", id ? id : "DEVICE");
	if (device->driver.status < 0)
		finding_unknown(&chain->list, &ask_driver_vfio, device->id, device->driver.status);
	else if (device->driver.status == 0)
		finding_add(&chain->list, &ask_driver_vfio, FINDING_BLOCKED, device->id, remedy,
			    "no driver");
	else
		finding_add(&chain->list, &ask_driver_vfio,
			    chain_driver_is_vfio(device) ? FINDING_OK : FINDING_BLOCKED, device->id,
			    remedy, "bound to %s", device->driver.value);
}

/* Whether a driver binds processes is only known for a few drivers. */
static void add_driver_sva(struct pasid_chain *chain)
{
	const struct device *device = &chain->device;
	_cleanup_free_ char *id = str_quote(device->id);
	char remedy[160];

	snprintf(remedy, sizeof(remedy), "ioasidctl driver reset %s", id ? id : "DEVICE");
	if (device->driver.status < 0)
		finding_unknown(&chain->list, &ask_driver_sva, device->id, device->driver.status);
	else if (device->driver.status == 0)
		finding_add(&chain->list, &ask_driver_sva, FINDING_BLOCKED, device->id,
			    "load the device's own driver", "no driver");
	else if (chain_driver_binds(chain->root, device))
		finding_add(&chain->list, &ask_driver_sva, FINDING_OK, device->id, NULL,
			    "bound to %s, which binds processes", device->driver.value);
	else if (chain_driver_is_vfio(device))
		finding_add(&chain->list, &ask_driver_sva, FINDING_BLOCKED, device->id, remedy,
			    "bound to %s", device->driver.value);
	else
		finding_add(&chain->list, &ask_driver_sva, FINDING_UNKNOWN, device->id, NULL,
			    "could not be measured: whether the driver %s binds processes",
			    device->driver.value);
}

/*
 * A file, in a child directory with this PREFIX, that contains a number in which the bits MASK must
 * be set.
 */
static void add_switch(struct pasid_chain *chain, const char *prefix, const char *name,
		       uint64_t mask, const char *remedy)
{
	_cleanup_sys_dir_ struct sys_dir dir = open_child(chain->root, &chain->device, prefix);
	uint64_t value;
	int r;

	if (dir.error == -ENOENT)
		return;
	r = sys_read_u64(dir, name, &value);
	if (r < 0)
		finding_unknown(&chain->list, &ask_switch, chain->device.id, r);
	else
		finding_add(&chain->list, &ask_switch, value & mask ? FINDING_OK : FINDING_BROKEN,
			    chain->device.id, remedy, "%s: %" PRIu64, name, value);
}

/* Accelerators of the class uacce: flag 0 (UACCE_DEV_SVA) says that they bind processes. */
static void add_uacce(struct pasid_chain *chain)
{
	_cleanup_sys_dir_ struct sys_dir dir = open_child(chain->root, &chain->device, "uacce");
	_cleanup_strv_ struct strv list = { 0 };
	char name[300];

	if (sys_list(dir, ".", &list) < 0 || list.n == 0)
		return;
	snprintf(name, sizeof(name), "%s/flags", list.v[0]);
	add_switch(chain, "uacce", name, 1, NULL);
}

/*
 * With this parameter the driver maps its buffers itself and does not bind processes
 * (amdxdna_iova_on()).
 */
static void add_amdxdna(struct pasid_chain *chain)
{
	struct field_str force;

	if (chain->device.driver.status != 1 || strcmp(chain->device.driver.value, "amdxdna") != 0)
		return;
	force = sys_module_param(chain->root, PARAM_AMDXDNA_IOVA);
	if (force.status < 0)
		finding_unknown(&chain->list, &ask_switch, chain->device.id, force.status);
	else if (force.status == 1)
		finding_add(&chain->list, &ask_switch,
			    strcmp(force.value, "Y") == 0 ? FINDING_BROKEN : FINDING_OK,
			    chain->device.id, "modprobe -r amdxdna; modprobe amdxdna force_iova=0",
			    "force_iova: %s", force.value);
	if (force.status == -ENOMEM)
		chain->list.error = -ENOMEM;
	field_str_done(&force);
}

static void add_switches(struct pasid_chain *chain)
{
	struct field_str sva = sys_module_param(chain->root, PARAM_IDXD_SVA);
	const char *remedy = sva.status == 1 && strcmp(sva.value, "N") == 0
				     ? "modprobe -r idxd; modprobe idxd sva=1"
				     : "look for what the kernel reports: journalctl -k -g idxd";

	if (sva.status == -ENOMEM)
		chain->list.error = -ENOMEM;
	field_str_done(&sva);
	add_switch(chain, "dsa", "pasid_enabled", 1, remedy);
	add_switch(chain, "iax", "pasid_enabled", 1, remedy);
	add_uacce(chain);
	add_amdxdna(chain);
}

int chain_has_entry(const struct sys_root *root, const char *directory, const char *name)
{
	char top[16];
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, directory);
	_cleanup_sys_dir_ struct sys_dir above = SYS_DIR_NONE;
	_cleanup_strv_ struct strv list = { 0 };
	int r;

	snprintf(top, sizeof(top), "%.*s", (int)strcspn(directory, "/"), directory);
	if (dir.error == -ENOENT || dir.error == -ENOTDIR) {
		above = sys_dir_open(root, top);
		return above.error < 0 || strcmp(top, directory) == 0 ? dir.error : 0;
	}
	r = sys_list(dir, ".", &list);
	return r < 0 ? r : strv_has(&list, name);
}

/* The node of a device that has a VFIO cdev. */
static void add_cdev_node(struct pasid_chain *chain)
{
	const struct device *device = &chain->device;
	int r = chain_has_entry(chain->root, "dev/vfio/devices", device->vfio_cdev.value);

	if (r < 0)
		finding_unknown(&chain->list, &ask_cdev, device->id, r);
	else if (r == 0)
		finding_add(&chain->list, &ask_cdev, FINDING_BROKEN, device->id, node_remedy,
			    "/dev/vfio/devices/%s is missing", device->vfio_cdev.value);
	else
		finding_add(&chain->list, &ask_cdev, FINDING_OK, device->id, NULL,
			    "/dev/vfio/devices/%s", device->vfio_cdev.value);
}

static void add_cdev(struct pasid_chain *chain)
{
	const struct device *device = &chain->device;

	if (device->vfio_cdev.status < 0)
		finding_unknown(&chain->list, &ask_cdev, device->id, device->vfio_cdev.status);
	else if (device->vfio_cdev.status == 0 && !chain_driver_is_vfio(device))
		finding_add(&chain->list, &ask_cdev, FINDING_NOTE, device->id, NULL,
			    "none, as it has no VFIO driver");
	else if (device->vfio_cdev.status == 0)
		finding_add(&chain->list, &ask_cdev, FINDING_BROKEN, device->id,
			    chain_config(chain, KCONFIG_VFIO_DEVICE_CDEV) == 0
				    ? "boot a kernel with CONFIG_VFIO_DEVICE_CDEV"
				    : NULL,
			    "none");
	else
		add_cdev_node(chain);
}

/* The context whose holder is PID; NULL: none. */
static const char *context_of(const struct pasid_chain *chain, pid_t pid)
{
	for (size_t i = 0; i < chain->n_holders; i++)
		if (chain->holders[i].pid == pid)
			return chain->holders[i].context;
	return NULL;
}

static void add_in_use(struct pasid_chain *chain)
{
	const struct device *device = &chain->device;

	if (device->vfio_cdev.status != 1)
		return;
	for (size_t i = 0; i < device->n_openers; i++) {
		const struct device_opener *opener = &device->openers[i];
		const char *context = context_of(chain, opener->pid);

		finding_add(&chain->list, &ask_in_use, context ? FINDING_NOTE : FINDING_WARNING,
			    device->id, NULL, "process %d (%s)%s%s%s has %s open", (int)opener->pid,
			    opener->comm, context ? ", holder of context " : "",
			    context ? context : "", context ? "," : "", opener->node);
	}
	if (device->openers_status < 0)
		finding_unknown(&chain->list, &ask_in_use, device->id, device->openers_status);
	else if (device->n_openers == 0)
		finding_add(&chain->list, &ask_in_use, FINDING_OK, device->id, NULL,
			    "no process has it open");
}

void chain_iommufd(struct pasid_chain *chain)
{
	int there = chain_has_entry(chain->root, "dev", "iommu");
	int config = chain_config(chain, KCONFIG_IOMMUFD);

	if (there < 0)
		finding_unknown(&chain->list, &ask_iommufd, "/dev/iommu", there);
	else if (there)
		finding_add(&chain->list, &ask_iommufd, FINDING_OK, "/dev/iommu", NULL, "present");
	else if (config == 'm')
		finding_add(&chain->list, &ask_iommufd, FINDING_BLOCKED, "/dev/iommu",
			    "modprobe iommufd", "absent: the module iommufd is not loaded");
	else if (config == 'y')
		finding_add(&chain->list, &ask_iommufd, FINDING_BROKEN, "/dev/iommu", node_remedy,
			    "absent, though the kernel has iommufd");
	else
		finding_add(&chain->list, &ask_iommufd, FINDING_BROKEN, "/dev/iommu",
			    config >= 0 ? "boot a kernel with CONFIG_IOMMUFD"
					: "try 'modprobe iommufd'",
			    "absent");
}

void chain_driver(struct pasid_chain *chain)
{
	add_siblings(chain);
	if (chain->list.asked == FOR_SVA) {
		add_driver_sva(chain);
		add_switches(chain);
	} else {
		add_driver_vfio(chain);
	}
	add_cdev(chain);
	add_in_use(chain);
	chain_iommufd(chain);
}
