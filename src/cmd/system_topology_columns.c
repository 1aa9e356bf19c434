/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system_topology_columns.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/pasid_columns.h"
#include "util/cleanup.h"

/* Devices take the lower half. */
#define GROUP(need) ((need) << 16)
#define IOMMU(need) ((need) << 20)

void topology_columns_need(unsigned int need, struct topology_need *ret)
{
	ret->device = need & DEVICE_NEED_ALL;
	ret->group = need >> 16 & GROUP_NEED_ALL;
	ret->iommu = need >> 20 & IOMMU_NEED_ALL;
}

static bool is_device(const struct topology_node *node)
{
	return node->kind == TOPOLOGY_BRIDGE || node->kind == TOPOLOGY_DEVICE;
}

static bool is_wrong(const struct pasid_range *range)
{
	return range->state == PASID_STATE_NOT_IN_HARDWARE ||
	       range->state == PASID_STATE_NOT_RECORDED;
}

enum out_tone topology_tone(const struct topology_node *node)
{
	if (node->error)
		return OUT_TONE_WRONG;
	switch (node->kind) {
	case TOPOLOGY_IOMMU:
		return OUT_TONE_TITLE;
	case TOPOLOGY_GROUP:
		return OUT_TONE_GROUP;
	case TOPOLOGY_BRIDGE:
		return OUT_TONE_FAINT;
	case TOPOLOGY_PASID:
		return is_wrong(node->range) ? OUT_TONE_WRONG : OUT_TONE_BINDING;
	case TOPOLOGY_PROCESS:
		return OUT_TONE_PROCESS;
	case TOPOLOGY_DEVICE:
		break;
	}
	return OUT_TONE_PLAIN;
}

static void get_label(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->error) {
		out_unreadable(ret, node->error);
		return;
	}
	switch (node->kind) {
	case TOPOLOGY_IOMMU:
		out_string(ret, node->unit->name ? node->unit->name : "no IOMMU");
		return;
	case TOPOLOGY_GROUP:
		out_text(ret, "group %" PRIu32, node->group->number);
		return;
	case TOPOLOGY_BRIDGE:
	case TOPOLOGY_DEVICE:
		out_string(ret, node->device->id);
		return;
	case TOPOLOGY_PASID:
		if (node->lo == 0)
			out_string(ret, "PASID ?"); /* nobody tells its number */
		else if (node->lo == node->hi)
			out_text(ret, "PASID %" PRIu32, node->lo);
		else
			out_text(ret, "PASID %" PRIu32 "-%" PRIu32, node->lo, node->hi);
		return;
	case TOPOLOGY_PROCESS:
		out_text(ret, "pid %" PRIu64,
			 node->holder ? (uint64_t)node->holder->pid : node->range->pid.value);
		return;
	}
}

static void get_kind(const void *p, struct out_value *ret)
{
	out_string(ret, topology_kind_name(((const struct topology_node *)p)->kind));
}

static void get_iommu(const void *p, struct out_value *ret)
{
	const struct topology_unit *unit = ((const struct topology_node *)p)->unit;

	if (unit->error)
		out_unreadable(ret, unit->error);
	else
		out_string(ret, unit->name);
}

static void get_group(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->group)
		out_number(ret, node->group->number);
	else if (node->device)
		out_field_number(ret, &node->device->group);
}

static void get_device(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->device)
		out_string(ret, node->device->id);
	else if (is_device(node))
		out_unreadable(ret, node->error);
}

static void get_pasid(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->range && node->lo)
		out_number(ret, node->lo);
	else if (node->kind == TOPOLOGY_DEVICE && node->unit->pasid_error)
		out_unreadable(ret, node->unit->pasid_error);
}

static void get_pasid_last(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->range && node->hi)
		out_number(ret, node->hi);
}

static void get_vendor(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_IOMMU && node->unit->iommu)
		out_field_string(ret, &node->unit->iommu->vendor);
}

static void get_pasid_width(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_IOMMU && node->unit->iommu)
		out_field_number(ret, &node->unit->iommu->pasid_width);
}

static void get_type(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_GROUP)
		out_field_string(ret, &node->group->type);
}

static void get_group_name(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_GROUP)
		out_field_string(ret, &node->group->name);
}

#define GET_DEVICE(getter, field) \
	static void get_##getter(const void *p, struct out_value *ret) \
	{ \
		const struct topology_node *node = p; \
\
		if (is_device(node) && node->device) \
			out_field_string(ret, &node->device->field); \
	}

GET_DEVICE(class, class_name)
GET_DEVICE(driver, driver)
GET_DEVICE(name, name)
GET_DEVICE(physfn, physfn)
GET_DEVICE(path, path)

#define GET_RANGE(name, as) \
	static void get_##name(const void *p, struct out_value *ret) \
	{ \
		const struct topology_node *node = p; \
\
		if (node->kind == TOPOLOGY_PASID) \
			out_field_##as(ret, &node->range->name); \
	}

GET_RANGE(context, string)
GET_RANGE(ioas, number)
GET_RANGE(ioas_name, string)
GET_RANGE(hwpt, number)

static void get_target(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_PASID)
		pasid_out_kind(ret, node->range);
}

static void get_state(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_PASID)
		pasid_out_state(ret, node->range);
}

/* Of a process: what the device's holder is known by, or else the PASIDs'. */
static void get_pid(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->holder)
		out_number(ret, (uint64_t)node->holder->pid);
	else if (node->range)
		out_field_number(ret, &node->range->pid);
}

static void get_command(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind != TOPOLOGY_PROCESS)
		return;
	if (node->holder)
		out_string(ret, node->holder->comm);
	else
		out_field_string(ret, &node->range->command);
}

static void get_uid(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_PROCESS)
		out_field_number(ret, node->holder ? &node->holder->uid : &node->range->uid);
}

static void get_unit(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind != TOPOLOGY_PROCESS)
		return;
	if (node->holder)
		out_string(ret, node->holder->unit);
	else
		out_field_string(ret, &node->range->unit);
}

static void get_node(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->holder)
		out_string(ret, node->holder->node);
}

/* "ioas guest, context vm", and what is wrong with it. */
static void get_leads_to(const struct pasid_range *range, struct out_value *ret)
{
	char target[80], number[24] = "";

	if (range->kind == PASID_KIND_UNKNOWN && range->record.status < 0) {
		pasid_out_kind(ret, range);
		return;
	}
	if (range->kind == PASID_KIND_IOAS && range->ioas.status == 1)
		snprintf(number, sizeof(number), " %" PRIu64, range->ioas.value);
	else if (range->kind == PASID_KIND_HWPT && range->hwpt.status == 1)
		snprintf(number, sizeof(number), " %" PRIu64, range->hwpt.value);
	if (range->kind == PASID_KIND_IOAS && range->ioas_name.status == 1)
		snprintf(target, sizeof(target), "ioas %s", range->ioas_name.value);
	else
		snprintf(target, sizeof(target), "%s%s", pasid_kind_name(range->kind), number);
	out_text(ret, "%s%s%s%s%s", target, range->context.status == 1 ? ", context " : "",
		 range->context.status == 1 ? range->context.value : "",
		 is_wrong(range) ? ", " : "",
		 is_wrong(range) ? pasid_state_name(range->state) : "");
}

static void get_what(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	switch (node->kind) {
	case TOPOLOGY_IOMMU:
		get_vendor(p, ret);
		return;
	case TOPOLOGY_GROUP:
		get_type(p, ret);
		return;
	case TOPOLOGY_BRIDGE:
	case TOPOLOGY_DEVICE:
		get_class(p, ret);
		return;
	case TOPOLOGY_PASID:
		get_leads_to(node->range, ret);
		return;
	case TOPOLOGY_PROCESS:
		get_command(p, ret);
		return;
	}
}

const char topology_program_defaults[] =
	"kind,label,iommu,group,device,pasid,pasid_last,pid,what,driver,name";

const struct out_column topology_columns[] = {
	{ "label", "What it goes by; shows what is beneath what", OUT_DEFAULT | OUT_TREE, 0,
	  get_label },
	{ "kind", "iommu, group, bridge, device, pasid or process", 0, 0, get_kind },
	{ "what",
	  "A word or two: vendor of a unit, type of a group, class of a device, what a PASID leads to, "
	  "command of a process",
	  OUT_DEFAULT, GROUP(GROUP_NEED_TYPE) | DEVICE_NEED_CLASS, get_what },
	{ "driver", "Driver of a device", OUT_DEFAULT, DEVICE_NEED_DRIVER, get_driver },
	{ "name", "Name of a device from the hardware database", OUT_DEFAULT | OUT_SHRINK,
	  DEVICE_NEED_NAME, get_name },
	{ "iommu", "IOMMU unit that it is or is behind", 0, 0, get_iommu },
	{ "group", "IOMMU group that it is or is in", 0, 0, get_group },
	{ "device", "Device that it is or belongs to", 0, 0, get_device },
	{ "pasid", "PASID, the first of several", 0, 0, get_pasid },
	{ "pasid_last", "The last of them", 0, 0, get_pasid_last },
	{ "pid", "Process that it is, or that is behind a PASID", 0, 0, get_pid },
	{ "vendor", "Vendor of a unit", 0, 0, get_vendor },
	{ "pasid_width", "Bits of a PASID that a unit takes; 0: none", 0,
	  IOMMU(IOMMU_NEED_REGISTERS), get_pasid_width },
	{ "type", "Type of a group's default domain", 0, GROUP(GROUP_NEED_TYPE), get_type },
	{ "group_name", "Name the kernel gave the group", OUT_SHRINK, GROUP(GROUP_NEED_NAME),
	  get_group_name },
	{ "class", "Class of a device in words", OUT_SHRINK, DEVICE_NEED_CLASS, get_class },
	{ "physfn", "Physical function of a virtual one", 0, DEVICE_NEED_SRIOV, get_physfn },
	{ "sysfs_path", "Path of a device in sysfs", 0, DEVICE_NEED_PATH, get_path },
	{ "target", "What a PASID leads to: ioas, hwpt, sva, unknown", 0, 0, get_target },
	{ "context", "Context that holds a PASID", 0, 0, get_context },
	{ "ioas", "Number of the IOAS it leads to", 0, 0, get_ioas },
	{ "ioas_name", "Name of the IOAS", OUT_SHRINK, 0, get_ioas_name },
	{ "hwpt", "Hardware page table", 0, 0, get_hwpt },
	{ "state", "Of a PASID: ok, not-in-hardware, not-recorded, or unconfirmed", OUT_RESULT, 0,
	  get_state },
	{ "command", "Command of a process", OUT_SHRINK, 0, get_command },
	{ "uid", "User of a process", 0, 0, get_uid },
	{ "unit", "systemd unit or container of a process", OUT_SHRINK, 0, get_unit },
	{ "node", "Device node that a process has open", 0, 0, get_node },
	{ 0 },
};
