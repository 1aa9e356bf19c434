/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/pasid_columns.h"

#include <inttypes.h>

static void get_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct pasid_row *)p)->range->device);
}

static void get_pasid(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct pasid_row *)p)->pasid);
}

static void get_kind(const void *p, struct out_value *ret)
{
	out_string(ret, pasid_kind_name(((const struct pasid_row *)p)->range->kind));
}

static void get_state(const void *p, struct out_value *ret)
{
	out_string(ret, pasid_state_name(((const struct pasid_row *)p)->range->state));
}

#define GET_FIELD(name, kind) \
	static void get_##name(const void *p, struct out_value *ret) \
	{ \
		out_field_##kind(ret, &((const struct pasid_row *)p)->range->name); \
	}

GET_FIELD(group, number)
GET_FIELD(ioas, number)
GET_FIELD(ioas_name, string)
GET_FIELD(hwpt, number)
GET_FIELD(context, string)
GET_FIELD(pid, number)
GET_FIELD(command, string)
GET_FIELD(uid, number)
GET_FIELD(unit, string)
GET_FIELD(hardware, bool)
GET_FIELD(record, bool)
GET_FIELD(domain, number)

/* VT-d calls the field PGTT, "PASID granular translation type". */
static void get_type(const void *p, struct out_value *ret)
{
	static const char *const types[] = { NULL, "first-stage", "second-stage", "nested",
					     "pass-through" };
	const struct field_u64 *type = &((const struct pasid_row *)p)->range->type;

	if (type->status > 0 && type->value < sizeof(types) / sizeof(types[0]))
		out_string(ret, types[type->value]);
	else
		out_field_number(ret, type);
}

const struct out_column pasid_columns[] = {
	{ "device", "Device whose PASID it is", OUT_DEFAULT, 0, get_device },
	{ "group", "IOMMU group", 0, 0, get_group },
	{ "pasid", "Number", OUT_DEFAULT, 0, get_pasid },
	{ "kind", "What it leads to: ioas, hwpt, sva (a process), unknown", OUT_DEFAULT, 0,
	  get_kind },
	{ "context", "Context that holds it", OUT_DEFAULT, 0, get_context },
	{ "ioas", "Number of the IOAS it leads to", OUT_DEFAULT, 0, get_ioas },
	{ "ioas_name", "Name of the IOAS", 0, 0, get_ioas_name },
	{ "hwpt", "Hardware page table", 0, 0, get_hwpt },
	{ "pid", "Process of the holder, or whose address space it is", OUT_DEFAULT, 0, get_pid },
	{ "command", "Command of that process", OUT_DEFAULT, 0, get_command },
	{ "uid", "User of that process", 0, 0, get_uid },
	{ "unit", "systemd unit or container of that process", 0, 0, get_unit },
	{ "state", "ok, not-in-hardware, not-recorded, or unconfirmed", OUT_DEFAULT, 0, get_state },
	{ "hardware", "Whether the IOMMU's table has it", 0, 0, get_hardware },
	{ "record", "Whether a context or a driver says so", 0, 0, get_record },
	{ "domain", "Domain id in the IOMMU's table", 0, 0, get_domain },
	{ "type", "Translation type in the IOMMU's table", 0, 0, get_type },
	{ 0 },
};
