/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/device/columns.h"

#include <inttypes.h>

#include "cmd/device/attached.h"
#include "model/machine/device.h"

static void get_device(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device *)row)->id);
}

static void get_bus(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device *)row)->bus);
}

/* A getter for a field of struct device, using out_field_KIND(). */
#define GET_FIELD(name, field, kind) \
	static void get_##name(const void *row, struct out_value *ret) \
	{ \
		out_field_##kind(ret, &((const struct device *)row)->field); \
	}

GET_FIELD(path, path, string)
GET_FIELD(name, name, string)
GET_FIELD(class, class_name, string)
GET_FIELD(driver, driver, string)
GET_FIELD(driver_override, driver_override, string)
GET_FIELD(group, group, number)
GET_FIELD(iommu, iommu, string)
GET_FIELD(vfio_cdev, vfio_cdev, string)
GET_FIELD(vfio_group, vfio_group, number)
GET_FIELD(numa_node, numa_node, number)
GET_FIELD(sriov_numvfs, sriov_numvfs, number)
GET_FIELD(sriov_totalvfs, sriov_totalvfs, number)
GET_FIELD(physfn, physfn, string)
GET_FIELD(power, power, string)
GET_FIELD(ats_supported, caps.ats, bool)
GET_FIELD(ats_enabled, caps.ats_enabled, bool)
GET_FIELD(pasid_supported, caps.pasid, bool)
GET_FIELD(pasid_enabled, caps.pasid_enabled, bool)
GET_FIELD(pasid_width, caps.pasid_width, number)
GET_FIELD(pasid_exec, caps.pasid_exec, bool)
GET_FIELD(pasid_exec_enabled, caps.pasid_exec_enabled, bool)
GET_FIELD(pasid_priv, caps.pasid_priv, bool)
GET_FIELD(pasid_priv_enabled, caps.pasid_priv_enabled, bool)
GET_FIELD(pri_supported, caps.pri, bool)
GET_FIELD(pri_enabled, caps.pri_enabled, bool)
GET_FIELD(pri_pasid_required, caps.pri_pasid_required, bool)

static void get_ids(const void *row, struct out_value *ret)
{
	const struct device *device = row;

	if (device->vendor.status < 0)
		out_unreadable(ret, device->vendor.status);
	else if (device->vendor.status > 0 && device->device.status > 0)
		out_text(ret, "%04" PRIx64 ":%04" PRIx64, device->vendor.value,
			 device->device.value);
}

static void get_class_code(const void *row, struct out_value *ret)
{
	const struct device *device = row;

	if (device->class.status < 0)
		out_unreadable(ret, device->class.status);
	else if (device->class.status > 0)
		out_text(ret, "%06" PRIx64, device->class.value);
}

static void get_net_name(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device_net *)row)->name);
}

static void get_net_up(const void *row, struct out_value *ret)
{
	out_field_bool(ret, &((const struct device_net *)row)->up);
}

static const struct out_column net_columns[] = {
	{ "interface", "Network interface", OUT_DEFAULT | OUT_ALWAYS, 0, get_net_name },
	{ "up", "Whether it is up", OUT_DEFAULT | OUT_IS_BOOL, 0, get_net_up },
	{ 0 },
};

static void get_interface(const void *row, struct out_value *ret)
{
	const struct device *device = row;

	if (device->nets_status < 0)
		out_unreadable(ret, device->nets_status);
	else
		out_table(ret, net_columns, device->nets, device->n_nets, sizeof(*device->nets));
}

static void get_block_name(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device_block *)row)->name);
}

static void get_block_parent(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device_block *)row)->parent);
}

static void get_block_mount(const void *row, struct out_value *ret)
{
	const struct device_block *block = row;

	if (block->uses_status < 0)
		out_unreadable(ret, block->uses_status);
	else
		out_strv(ret, &block->mounts);
}

static void get_block_swap(const void *row, struct out_value *ret)
{
	const struct device_block *block = row;

	if (block->uses_status < 0)
		out_unreadable(ret, block->uses_status);
	else
		out_bool(ret, block->swap);
}

static const struct out_column block_columns[] = {
	{ "block", "Block device", OUT_DEFAULT | OUT_ALWAYS, 0, get_block_name },
	{ "parent", "What it is part of or stacked on", OUT_DEFAULT, 0, get_block_parent },
	{ "mount", "Where it is mounted", OUT_DEFAULT | OUT_IS_LIST, 0, get_block_mount },
	{ "swap", "Whether it is swap", OUT_DEFAULT | OUT_IS_BOOL, 0, get_block_swap },
	{ 0 },
};

static void get_block(const void *row, struct out_value *ret)
{
	const struct device *device = row;

	if (device->blocks_status < 0)
		out_unreadable(ret, device->blocks_status);
	else
		out_table(ret, block_columns, device->blocks, device->n_blocks,
			  sizeof(*device->blocks));
}

static void get_attached(const void *row, struct out_value *ret)
{
	attached_out(ret, &((const struct device *)row)->attached);
}

static void get_opener_pid(const void *row, struct out_value *ret)
{
	out_number(ret, (uint64_t)((const struct device_opener *)row)->pid);
}

static void get_opener_command(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device_opener *)row)->comm);
}

static void get_opener_uid(const void *row, struct out_value *ret)
{
	out_field_number(ret, &((const struct device_opener *)row)->uid);
}

static void get_opener_unit(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device_opener *)row)->unit);
}

static void get_opener_node(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct device_opener *)row)->node);
}

static const struct out_column opener_columns[] = {
	{ "pid", "Process", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_opener_pid },
	{ "command", "Its command", OUT_DEFAULT | OUT_SHRINK, 0, get_opener_command },
	{ "uid", "Its user", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_opener_uid },
	{ "unit", "Its systemd unit or container", OUT_DEFAULT | OUT_SHRINK, 0, get_opener_unit },
	{ "node", "The device node it has open", OUT_DEFAULT, 0, get_opener_node },
	{ 0 },
};

static void get_opener(const void *row, struct out_value *ret)
{
	const struct device *device = row;

	if (device->n_openers || device->openers_status >= 0)
		out_table(ret, opener_columns, device->openers, device->n_openers,
			  sizeof(*device->openers));
	else
		out_unreadable(ret, device->openers_status);
	/* Those that were seen, marked as incomplete if some may be missing. */
	ret->error = device->openers_status < 0 ? device->openers_status : 0;
}

/* From runtime_status_show(). */
static const char *const power_states[] = { "active",      "suspending", "suspended", "resuming",
					    "unsupported", "error",      NULL };

const struct out_column device_columns[] = {
	{ "device", "Name on its bus", OUT_DEFAULT | OUT_OF_DEVICE | OUT_ALWAYS, 0, get_device },
	{ "bus", "Bus it is on", 0, 0, get_bus },
	{ "id", "Vendor and device id", 0, DEVICE_NEED_IDS, get_ids },
	{ "class", "Class in words", OUT_DEFAULT | OUT_SHRINK, DEVICE_NEED_CLASS, get_class },
	{ "class_code", "Base class, subclass and interface", 0, DEVICE_NEED_CLASS,
	  get_class_code },
	{ "driver", "Driver it is bound to", OUT_DEFAULT, DEVICE_NEED_DRIVER, get_driver },
	{ "driver_override", "The only driver that may bind", 0, DEVICE_NEED_OVERRIDE,
	  get_driver_override },
	{ "group", "IOMMU group", OUT_DEFAULT | OUT_IS_NUMBER | OUT_OF_GROUP, DEVICE_NEED_GROUP,
	  get_group },
	{ "iommu", "IOMMU unit", OUT_DEFAULT | OUT_OF_UNIT, DEVICE_NEED_IOMMU, get_iommu },
	{ "name", "Name from the hardware database", OUT_DEFAULT | OUT_SHRINK, DEVICE_NEED_NAME,
	  get_name },
	{ "sysfs_path", "Path in sysfs", 0, DEVICE_NEED_PATH, get_path },
	{ "vfio_cdev", "VFIO device, in /dev/vfio/devices", 0, DEVICE_NEED_VFIO, get_vfio_cdev },
	{ "vfio_group", "Number of the VFIO group node, /dev/vfio/N", OUT_IS_NUMBER,
	  DEVICE_NEED_VFIO, get_vfio_group },
	{ "numa_node", "NUMA node", OUT_IS_NUMBER, DEVICE_NEED_NUMA, get_numa_node },
	{ "sriov_numvfs", "SR-IOV virtual functions enabled", OUT_IS_NUMBER, DEVICE_NEED_SRIOV,
	  get_sriov_numvfs },
	{ "sriov_totalvfs", "SR-IOV virtual functions supported", OUT_IS_NUMBER, DEVICE_NEED_SRIOV,
	  get_sriov_totalvfs },
	{ "physfn", "Physical function of a virtual one", OUT_OF_DEVICE, DEVICE_NEED_SRIOV,
	  get_physfn },
	{ "power", "Runtime power state", OUT_OPEN, DEVICE_NEED_POWER, get_power, power_states },
	{ "ats_supported", "Has ATS (Address Translation Services)", OUT_IS_BOOL, DEVICE_NEED_CAPS,
	  get_ats_supported },
	{ "ats_enabled", "ATS is enabled", OUT_IS_BOOL, DEVICE_NEED_CAPS, get_ats_enabled },
	{ "pasid_supported", "Has PASIDs (Process Address Space IDs)", OUT_IS_BOOL,
	  DEVICE_NEED_CAPS, get_pasid_supported },
	{ "pasid_enabled", "PASIDs are enabled", OUT_IS_BOOL, DEVICE_NEED_CAPS, get_pasid_enabled },
	{ "pasid_width", "Width of a PASID in bits", OUT_IS_NUMBER, DEVICE_NEED_CAPS,
	  get_pasid_width },
	{ "pasid_exec", "Supports execute permission with a PASID", OUT_IS_BOOL, DEVICE_NEED_CAPS,
	  get_pasid_exec },
	{ "pasid_exec_enabled", "Execute permission is enabled", OUT_IS_BOOL, DEVICE_NEED_CAPS,
	  get_pasid_exec_enabled },
	{ "pasid_priv", "Supports privileged mode with a PASID", OUT_IS_BOOL, DEVICE_NEED_CAPS,
	  get_pasid_priv },
	{ "pasid_priv_enabled", "Privileged mode is enabled", OUT_IS_BOOL, DEVICE_NEED_CAPS,
	  get_pasid_priv_enabled },
	{ "pri_supported", "Has PRI (Page Request Interface)", OUT_IS_BOOL, DEVICE_NEED_CAPS,
	  get_pri_supported },
	{ "pri_enabled", "PRI is enabled", OUT_IS_BOOL, DEVICE_NEED_CAPS, get_pri_enabled },
	{ "pri_pasid_required", "Page responses must carry the PASID", OUT_IS_BOOL,
	  DEVICE_NEED_CAPS, get_pri_pasid_required },
	{ "interface", "Network interfaces", OUT_IS_TABLE, DEVICE_NEED_NET, get_interface, NULL,
	  OUT_INNER(net_columns) },
	{ "block", "Block devices and what sits on them", OUT_IS_TABLE, DEVICE_NEED_BLOCK,
	  get_block, NULL, OUT_INNER(block_columns) },
	{ "attached",
	  "What its own requests (RID) are attached to: an IOAS, the kernel's domain, or the "
	  "process that has it open",
	  OUT_IS_OBJECT | OUT_PROSE, DEVICE_COLUMNS_ATTACHED | ATTACHED_NEED, get_attached, NULL,
	  OUT_INNER(attached_columns) },
	{ "opener", "Processes that have it open", OUT_IS_TABLE, DEVICE_NEED_OPENERS, get_opener,
	  NULL, OUT_INNER(opener_columns) },
	{ 0 },
};
