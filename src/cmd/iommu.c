/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu list, iommu show */
#include <errno.h>

#include "app.h"
#include "cmd/nouns.h"
#include "cmd/common/operand.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "model/machine/iommu.h"
#include "util/cleanup.h"

static void get_iommu(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct iommu *)row)->name);
}

#define GET_FIELD(name, kind) \
	static void get_##name(const void *row, struct out_value *ret) \
	{ \
		out_field_##kind(ret, &((const struct iommu *)row)->name); \
	}

GET_FIELD(vendor, string)
GET_FIELD(path, string)
GET_FIELD(address, address)
GET_FIELD(version, string)
GET_FIELD(domains_used, number)
GET_FIELD(domains_supported, number)
GET_FIELD(cap, address)
GET_FIELD(ecap, address)
GET_FIELD(features, address)
GET_FIELD(features2, address)
GET_FIELD(pasid_width, number)
GET_FIELD(address_width, number)

static void get_devices(const void *row, struct out_value *ret)
{
	const struct iommu *iommu = row;

	if (iommu->devices_status < 0)
		out_unreadable(ret, iommu->devices_status);
	else
		out_strv(ret, &iommu->devices);
}

static void get_device_count(const void *row, struct out_value *ret)
{
	const struct iommu *iommu = row;

	if (iommu->devices_status < 0)
		out_unreadable(ret, iommu->devices_status);
	else
		out_number(ret, iommu->devices.n);
}

static void get_field_register(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct iommu_field *)row)->reg);
}

static void get_field_name(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct iommu_field *)row)->name);
}

static void get_field_bits(const void *row, struct out_value *ret)
{
	const struct iommu_field *field = row;

	if (field->high == field->low)
		out_text(ret, "%u", field->low);
	else
		out_text(ret, "%u:%u", field->high, field->low);
}

static void get_field_value(const void *row, struct out_value *ret)
{
	out_address(ret, ((const struct iommu_field *)row)->value);
}

static void get_field_meaning(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct iommu_field *)row)->meaning);
}

static void get_field_what(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct iommu_field *)row)->what);
}

static const struct out_column field_columns[] = {
	{ "field", "Name in the specification", OUT_DEFAULT | OUT_ALWAYS, 0, get_field_name },
	{ "register", "Register it is in", OUT_DEFAULT | OUT_ALWAYS, 0, get_field_register },
	{ "bit", "Its bits", OUT_DEFAULT | OUT_ALWAYS, 0, get_field_bits },
	{ "value", "What they hold", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0,
	  get_field_value },
	{ "meaning", "What that means", OUT_DEFAULT | OUT_PROSE, 0, get_field_meaning },
	{ "what", "What the field is", OUT_DEFAULT | OUT_PROSE, 0, get_field_what },
	{ 0 },
};

static void get_fields(const void *row, struct out_value *ret)
{
	const struct iommu *iommu = row;

	out_table(ret, field_columns, iommu->fields, iommu->n_fields, sizeof(*iommu->fields));
}

static const struct out_column columns[] = {
	{ "iommu", "Name of the unit", OUT_DEFAULT | OUT_OF_UNIT | OUT_ALWAYS, 0, get_iommu },
	{ "vendor", "intel, amd, arm-smmu-v3, virtio, ...", OUT_DEFAULT, 0, get_vendor },
	{ "address", "Base address of its registers", OUT_DEFAULT | OUT_IS_ADDRESS,
	  IOMMU_NEED_ADDRESS, get_address },
	{ "version", "Version of its architecture", 0, IOMMU_NEED_ADDRESS, get_version },
	{ "device_count", "Number of devices behind it", OUT_DEFAULT | OUT_SHOWLESS | OUT_IS_NUMBER,
	  IOMMU_NEED_DEVICES, get_device_count },
	{ "domains_used", "Domain ids in use", OUT_DEFAULT | OUT_IS_NUMBER, IOMMU_NEED_DOMAINS,
	  get_domains_used },
	{ "domains_supported", "Domain ids it has", OUT_DEFAULT | OUT_IS_NUMBER, IOMMU_NEED_DOMAINS,
	  get_domains_supported },
	{ "pasid_width", "Width of a PASID in bits; 0: none", OUT_DEFAULT | OUT_IS_NUMBER,
	  IOMMU_NEED_REGISTERS, get_pasid_width },
	{ "address_width", "Greatest width of an IOVA in bits (VT-d MGAW)", OUT_IS_NUMBER,
	  IOMMU_NEED_REGISTERS, get_address_width },
	{ "sysfs_path", "Path in sysfs", 0, 0, get_path },
	{ "device", "Devices behind it", OUT_IS_LIST, IOMMU_NEED_DEVICES, get_devices },
	{ "cap", "Capability register (VT-d), PCI capability header (AMD)", OUT_IS_ADDRESS,
	  IOMMU_NEED_REGISTERS, get_cap },
	{ "ecap", "Extended capability register (VT-d)", OUT_IS_ADDRESS, IOMMU_NEED_REGISTERS,
	  get_ecap },
	{ "features", "Extended feature register (AMD)", OUT_IS_ADDRESS, IOMMU_NEED_REGISTERS,
	  get_features },
	{ "features2", "Extended feature 2 register (AMD)", OUT_IS_ADDRESS, IOMMU_NEED_REGISTERS,
	  get_features2 },
	{ "field", "The registers' fields, decoded", OUT_IS_TABLE | OUT_ALWAYS,
	  IOMMU_NEED_REGISTERS, get_fields, NULL, OUT_INNER(field_columns) },
	{ 0 },
};

static int list_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_iommu_list_ struct iommu_list list = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	r = iommu_list(in.root, in.need, &list);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot list the IOMMU units");
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = inspect_row(&in, &list.v[i]);
	return inspect_end(app, &in, r);
}

static const struct view_args list_defaults = {
	.columns = columns,
	.rows = "IOMMU units",
	.operands = { .max = CMD_OPERANDS_MAX },
	.filtered = true,
};

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List IOMMU units",
	.example = "ioasidctl iommu list -o +cap,ecap",
	.statuses = "267",
	.options = view_options,
	.takes = "[[COLUMN=]PATTERN[,PATTERN...]...]",
	.doc = "List the IOMMU units; with terms, those that match all of them.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

static int show_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	const char *operand = args->operands.v[0];
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_iommu_ struct iommu iommu = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	r = operand_unit(app, in.root, operand);
	if (r)
		return r;
	r = iommu_get(in.root, operand, in.need, &iommu);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the IOMMU unit");
	return inspect_show(app, &in, &iommu);
}

static const struct view_args show_defaults = {
	.columns = columns,
	.operands = { .min = 1, .max = 1 },
	.single = true,
};

static const struct cmd show_cmd = {
	.name = "show",
	.summary = "Show one IOMMU unit",
	.example = "ioasidctl iommu show dmar0",
	.statuses = "26",
	.options = view_options,
	.takes = "UNIT",
	.doc = "Show one IOMMU unit with the fields of its registers, named as the VT-d and AMD "
	       "specifications name them.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};

static const struct cmd *const sub[] = { &list_cmd, &show_cmd, NULL };

const struct cmd iommu_cmd = {
	.name = "iommu",
	.summary = "IOMMU units",
	.sub = sub,
	.fallback = &list_cmd,
};
