/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system/internal.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/device/attached.h"
#include "cmd/pasid/columns.h"
#include "util/cleanup.h"

/* Bits of devices are in the lower half, those of groups in the upper. */
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

static bool is_wrong(const struct binding *binding)
{
	return binding->state == PASID_STATE_NOT_IN_HARDWARE ||
	       binding->state == PASID_STATE_NOT_RECORDED;
}

enum out_tone topology_tone(const struct topology_node *node)
{
	if (node->error)
		return OUT_TONE_WRONG;
	switch (node->kind) {
	case TOPOLOGY_IOMMU:
	case TOPOLOGY_CONTEXT:
		return OUT_TONE_TITLE;
	case TOPOLOGY_GROUP:
	case TOPOLOGY_IOAS:
		return OUT_TONE_GROUP;
	case TOPOLOGY_BRIDGE:
		return OUT_TONE_FAINT;
	case TOPOLOGY_RID:
		return OUT_TONE_BINDING;
	case TOPOLOGY_PASID:
		return is_wrong(node->binding) ? OUT_TONE_WRONG : OUT_TONE_BINDING;
	case TOPOLOGY_PROCESS:
		return OUT_TONE_PROCESS;
	case TOPOLOGY_DEVICE:
		break;
	}
	return OUT_TONE_PLAIN;
}

/* Below an IOAS, the device comes first. */
static void label_pasids(const struct topology_node *node, struct out_value *ret)
{
	const char *device = node->ioas ? node->binding->device : "", *space = *device ? " " : "";

	if (node->lo == 0)
		out_text(ret, "%s%sPASID ?", device, space); /* number not reported */
	else if (node->lo == node->hi)
		out_text(ret, "%s%sPASID %" PRIu32, device, space, node->lo);
	else
		out_text(ret, "%s%sPASID %" PRIu32 "-%" PRIu32, device, space, node->lo, node->hi);
}

static void label_ioas(const struct topology_ioas *ioas, struct out_value *ret)
{
	if (ioas->name)
		out_text(ret, "ioas %s", ioas->name);
	else
		out_text(ret, "ioas %" PRIu32, ioas->id);
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
		label_pasids(node, ret);
		return;
	case TOPOLOGY_CONTEXT:
		out_text(ret, "context %s", node->context->name);
		return;
	case TOPOLOGY_IOAS:
		label_ioas(node->ioas, ret);
		return;
	case TOPOLOGY_RID:
		out_text(ret, "%s%sRID", node->ioas ? node->device->id : "", node->ioas ? " " : "");
		return;
	case TOPOLOGY_PROCESS:
		out_text(ret, "pid %" PRIu64,
			 node->opener ? (uint64_t)node->opener->pid : node->binding->pid.value);
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

	if (unit && unit->error)
		out_unreadable(ret, unit->error);
	else if (unit)
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
	else if (node->binding)
		out_string(ret, node->binding->device);
	else if (is_device(node))
		out_unreadable(ret, node->error);
}

static void get_pasid(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->binding && node->lo)
		out_number(ret, node->lo);
	else if (node->kind == TOPOLOGY_DEVICE && node->unit->pasid_error)
		out_unreadable(ret, node->unit->pasid_error);
}

static void get_pasid_last(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->binding && node->hi)
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

#define GET_RANGE(name, field, as) \
	static void get_##name(const void *p, struct out_value *ret) \
	{ \
		const struct topology_node *node = p; \
\
		if (node->kind == TOPOLOGY_PASID) \
			out_field_##as(ret, &node->binding->field); \
	}

GET_RANGE(range_context, context, string)
GET_RANGE(range_ioas, ioas, number)
GET_RANGE(range_ioas_name, ioas_name, string)
GET_RANGE(range_hwpt, hwpt, number)

static const struct device_attached *attached_of(const struct topology_node *node)
{
	return node->kind == TOPOLOGY_RID ? &node->device->attached : NULL;
}

static void get_context(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->context)
		out_string(ret, node->context->name);
	else if (attached_of(node))
		out_field_string(ret, &attached_of(node)->context);
	else
		get_range_context(p, ret);
}

static void get_ioas(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->ioas)
		out_number(ret, node->ioas->id);
	else if (attached_of(node) && attached_of(node)->kind == ATTACHED_IOAS)
		out_field_number(ret, &attached_of(node)->id);
	else
		get_range_ioas(p, ret);
}

static void get_ioas_name(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->ioas)
		out_string(ret, node->ioas->name);
	else if (attached_of(node) && attached_of(node)->kind == ATTACHED_IOAS)
		out_field_string(ret, &attached_of(node)->name);
	else
		get_range_ioas_name(p, ret);
}

static void get_hwpt(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (attached_of(node))
		out_field_number(ret, &attached_of(node)->hwpt);
	else
		get_range_hwpt(p, ret);
}

static void get_target(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (attached_of(node))
		out_string(ret, attached_kind_name(attached_of(node)->kind));
	else if (node->kind == TOPOLOGY_PASID)
		pasid_out_kind(ret, node->binding);
}

static void get_state(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_PASID)
		pasid_out_state(ret, node->binding);
}

/* Of a process: from the opener if there is one, else from the PASID. */
static void get_pid(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->opener)
		out_number(ret, (uint64_t)node->opener->pid);
	else if (node->kind == TOPOLOGY_CONTEXT)
		out_number(ret, (uint64_t)node->context->pid);
	else if (node->binding)
		out_field_number(ret, &node->binding->pid);
}

static void get_command(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind != TOPOLOGY_PROCESS)
		return;
	if (node->opener)
		out_string(ret, node->opener->comm);
	else
		out_field_string(ret, &node->binding->command);
}

static void get_uid(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_PROCESS)
		out_field_number(ret, node->opener ? &node->opener->uid : &node->binding->uid);
}

static void get_unit(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind != TOPOLOGY_PROCESS)
		return;
	if (node->opener)
		out_string(ret, node->opener->unit);
	else
		out_field_string(ret, &node->binding->unit);
}

static void get_node(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->opener)
		out_string(ret, node->opener->node);
}

/* "ioas guest (vm)", followed by what is wrong with it. */
static void get_leads_to(const struct binding *binding, struct out_value *ret)
{
	char target[80], number[24] = "";

	if (binding->kind == PASID_KIND_UNKNOWN && binding->record.status < 0) {
		pasid_out_kind(ret, binding);
		return;
	}
	if (binding->kind == PASID_KIND_IOAS && binding->ioas.status == 1)
		snprintf(number, sizeof(number), " %" PRIu64, binding->ioas.value);
	else if (binding->kind == PASID_KIND_HWPT && binding->hwpt.status == 1)
		snprintf(number, sizeof(number), " %" PRIu64, binding->hwpt.value);
	if (binding->kind == PASID_KIND_IOAS && binding->ioas_name.status == 1)
		snprintf(target, sizeof(target), "ioas %s", binding->ioas_name.value);
	else
		snprintf(target, sizeof(target), "%s%s", pasid_kind_name(binding->kind), number);
	out_text(ret, "%s%s%s%s%s%s", target, binding->context.status == 1 ? " (" : "",
		 binding->context.status == 1 ? binding->context.value : "",
		 binding->context.status == 1 ? ")" : "", is_wrong(binding) ? ", " : "",
		 is_wrong(binding) ? pasid_state_name(binding->state) : "");
}

/* In the same form as PASIDs, which have the same kinds of targets. */
static void get_attached(const struct device_attached *attached, struct out_value *ret)
{
	attached_text(attached, ret->text, sizeof(ret->text));
	if (*ret->text)
		out_string(ret, ret->text);
}

static void get_mapped(const void *p, struct out_value *ret)
{
	const struct topology_node *node = p;

	if (node->kind == TOPOLOGY_IOAS)
		out_size(ret, node->ioas->mapped);
}

/* The size in K, M, G. */
static void get_ioas_what(const struct topology_ioas *ioas, struct out_value *ret)
{
	const struct out_style style = { .human = true, .separator = ",", .unsafe = "" };
	struct out_value size = { 0 };
	_cleanup_free_ char *text = NULL;

	out_size(&size, ioas->mapped);
	text = ioas->mapped ? out_value_format(&size, &style) : NULL;
	out_text(ret, "%s mapped", text ? text : "nothing");
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
	case TOPOLOGY_CONTEXT:
		out_text(ret, "pid %d", (int)node->context->pid);
		return;
	case TOPOLOGY_IOAS:
		get_ioas_what(node->ioas, ret);
		return;
	case TOPOLOGY_RID:
		if (!node->ioas)
			get_attached(&node->device->attached, ret);
		return;
	case TOPOLOGY_PASID:
		if (!node->ioas)
			get_leads_to(node->binding, ret);
		else if (is_wrong(node->binding))
			out_string(ret, pasid_state_name(node->binding->state));
		return;
	case TOPOLOGY_PROCESS:
		get_command(p, ret);
		return;
	}
}

/* All values of pasid_kind_name() and attached_kind_name(). */
static const char *const targets[] = { "ioas",   "hwpt",   "sva",     "nested", "dma",
				       "domain", "opener", "unknown", NULL };

const char topology_program_defaults[] =
	"kind,label,iommu,group,device,pasid,pasid_last,pid,what,driver,name";

const struct out_column topology_columns[] = {
	{ "label", "Its name; the tree shows what is beneath what", OUT_DEFAULT | OUT_TREE, 0,
	  get_label },
	{ "kind", "iommu, group, bridge, device, rid, pasid or process; context, ioas", OUT_ALWAYS,
	  0, get_kind, topology_kind_names },
	{ "what",
	  "A word or two: vendor of a unit, type of a group, class of a device, what its own "
	  "requests "
	  "(RID) or a PASID lead to, command of a process, what is mapped in an IOAS",
	  OUT_DEFAULT, GROUP(GROUP_NEED_TYPE) | DEVICE_NEED_CLASS, get_what },
	{ "driver", "Driver of a device", OUT_DEFAULT, DEVICE_NEED_DRIVER, get_driver },
	{ "name", "Name of a device from the hardware database", OUT_DEFAULT | OUT_SHRINK,
	  DEVICE_NEED_NAME, get_name },
	{ "iommu", "IOMMU unit that it is or is behind", OUT_OF_UNIT, 0, get_iommu },
	{ "group", "IOMMU group that it is or is in", OUT_IS_NUMBER | OUT_OF_GROUP, 0, get_group },
	{ "device", "Device that it is or belongs to", OUT_OF_DEVICE, 0, get_device },
	{ "pasid", "PASID, the first of several", OUT_IS_NUMBER | OUT_PASID, 0, get_pasid },
	{ "pasid_last", "The last of them", OUT_IS_NUMBER | OUT_PASID, 0, get_pasid_last },
	{ "pid", "Process that it is, or that is behind a PASID", OUT_IS_NUMBER, 0, get_pid },
	{ "vendor", "Vendor of a unit", 0, 0, get_vendor },
	{ "pasid_width", "Width of a PASID in bits, of a unit; 0: none", OUT_IS_NUMBER,
	  IOMMU(IOMMU_NEED_REGISTERS), get_pasid_width },
	{ "type", "Type of a group's default domain", OUT_OPEN, GROUP(GROUP_NEED_TYPE), get_type,
	  group_types },
	{ "group_name", "Name the kernel gave the group", OUT_SHRINK, GROUP(GROUP_NEED_NAME),
	  get_group_name },
	{ "class", "Class of a device in words", OUT_SHRINK, DEVICE_NEED_CLASS, get_class },
	{ "physfn", "Physical function of a virtual one", OUT_OF_DEVICE, DEVICE_NEED_SRIOV,
	  get_physfn },
	{ "sysfs_path", "Path of a device in sysfs", 0, DEVICE_NEED_PATH, get_path },
	{ "target", "Kind of target of a PASID or RID: ioas, hwpt, sva, domain, unknown", 0, 0,
	  get_target, targets },
	{ "context", "Context that it is, is in, or that holds a PASID", OUT_OF_CONTEXT, 0,
	  get_context },
	{ "ioas", "Number of the IOAS that it leads to", OUT_IS_NUMBER, 0, get_ioas },
	{ "ioas_name", "Name of the IOAS", OUT_SHRINK, 0, get_ioas_name },
	{ "hwpt", "Hardware page table", OUT_IS_NUMBER, 0, get_hwpt },
	{ "mapped", "Bytes mapped in an IOAS", OUT_IS_SIZE, 0, get_mapped },
	{ "state", "Of a PASID: ok, not-in-hardware, not-recorded, or unconfirmed", OUT_RESULT, 0,
	  get_state, pasid_state_names },
	{ "command", "Command of a process", OUT_SHRINK, 0, get_command },
	{ "uid", "User of a process", OUT_IS_NUMBER, 0, get_uid },
	{ "unit", "systemd unit or container of a process", OUT_SHRINK, 0, get_unit },
	{ "node", "Device node that a process has open", 0, 0, get_node },
	{ 0 },
};
