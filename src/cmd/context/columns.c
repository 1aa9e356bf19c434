/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/context/internal.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static void get_context(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	out_string(ret, row->entry ? row->entry->reference : row->context.name);
}

static void get_name(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;
	const char *colon = strchr(row->context.name ? row->context.name : "", ':');

	out_string(ret, row->entry ? row->entry->name : colon ? colon + 1 : row->context.name);
}

static const char *const states[] = {
	[HOLDER_LIVE] = "live",
	[HOLDER_STALE] = "stale",
	[HOLDER_DENIED] = "denied",
	[HOLDER_DENIED + 1] = NULL,
};

static void get_state(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	out_string(ret, states[row->entry ? row->entry->status : HOLDER_LIVE]);
}

static void get_socket(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	out_string(ret, row->entry ? row->entry->socket : NULL);
}

static void get_uid(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	out_number(ret, row->entry ? row->entry->uid : row->context.uid);
}

static void get_user(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct context_row *)p)->user);
}

/* Returns true if the holder has replied; else sets RET. */
static bool described(const struct context_row *row, struct out_value *ret)
{
	if (row->described < 0)
		out_unreadable(ret, row->described);
	return row->described > 0;
}

static void get_pid(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_number(ret, (uint64_t)row->context.pid);
}

static void get_created(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_time(ret, row->context.created);
}

static void get_device_count(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_number(ret, row->context.device_n);
}

static void get_ioas_count(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_number(ret, row->context.ioas_n);
}

static void get_pasid_count(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;
	uint64_t count = 0;

	if (!described(row, ret))
		return;
	for (size_t i = 0; i < row->context.device_n; i++)
		count += row->context.device[i].pasid_count;
	out_number(ret, count);
}

static void get_device_name(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_device *)p)->device);
}

static void get_device_id(const void *p, struct out_value *ret)
{
	out_field_number(ret, &((const struct holder_device *)p)->id);
}

static void get_device_group(const void *p, struct out_value *ret)
{
	out_field_number(ret, &((const struct holder_device *)p)->group);
}

static void get_device_cdev(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_device *)p)->cdev);
}

static void get_device_width(const void *p, struct out_value *ret)
{
	out_field_number(ret, &((const struct holder_device *)p)->pasid_width);
}

static void get_device_ioas(const void *p, struct out_value *ret)
{
	const struct holder_device *device = p;

	if (device->attached)
		out_number(ret, device->target.ioas);
}

static void get_device_hwpt(const void *p, struct out_value *ret)
{
	const struct holder_device *device = p;

	if (device->attached)
		out_field_number(ret, &device->target.hwpt);
}

static void get_device_pasids(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct holder_device *)p)->pasid_count);
}

static const struct out_column device_columns[] = {
	{ "device", "Device", OUT_DEFAULT | OUT_OF_DEVICE, 0, get_device_name },
	{ "id", "Its number in the iommufd", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_device_id },
	{ "group", "IOMMU group", OUT_DEFAULT | OUT_IS_NUMBER | OUT_OF_GROUP, 0, get_device_group },
	{ "vfio_cdev", "VFIO device", OUT_DEFAULT, 0, get_device_cdev },
	{ "pasid_width", "Width of a PASID in bits", OUT_DEFAULT | OUT_IS_NUMBER, 0,
	  get_device_width },
	{ "ioas", "IOAS that its own requests (RID) use", OUT_DEFAULT | OUT_IS_NUMBER, 0,
	  get_device_ioas },
	{ "hwpt", "Hardware page table that its own requests use", OUT_DEFAULT | OUT_IS_NUMBER, 0,
	  get_device_hwpt },
	{ "pasid_count", "PASIDs bound", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_device_pasids },
	{ 0 },
};

static void get_device(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_table(ret, device_columns, row->context.device, row->context.device_n,
			  sizeof(*row->context.device));
}

static void get_ioas_id(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct holder_ioas *)p)->id);
}

static void get_ioas_name(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_ioas *)p)->name);
}

static void get_ioas_mapped(const void *p, struct out_value *ret)
{
	out_size(ret, ((const struct holder_ioas *)p)->mapped);
}

static void get_ioas_users(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct holder_ioas *)p)->user_count);
}

static const struct out_column ioas_columns[] = {
	{ "ioas", "Its number, the IOASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_ioas_id },
	{ "name", "Its name", OUT_DEFAULT | OUT_SHRINK, 0, get_ioas_name },
	{ "mapped", "Bytes mapped", OUT_DEFAULT | OUT_IS_SIZE | OUT_ALWAYS, 0, get_ioas_mapped },
	{ "user_count", "How many are attached to it", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_ioas_users },
	{ 0 },
};

static void get_ioas(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_table(ret, ioas_columns, row->context.ioas, row->context.ioas_n,
			  sizeof(*row->context.ioas));
}

static void get_hwpt_id(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct holder_hwpt *)p)->id);
}

static void get_hwpt_name(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_hwpt *)p)->name);
}

static void get_hwpt_automatic(const void *p, struct out_value *ret)
{
	out_bool(ret, ((const struct holder_hwpt *)p)->automatic);
}

static void get_hwpt_ioas(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct holder_hwpt *)p)->ioas);
}

static void get_hwpt_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_hwpt *)p)->device);
}

static void get_hwpt_pasid(const void *p, struct out_value *ret)
{
	out_bool(ret, ((const struct holder_hwpt *)p)->pasid);
}

static void get_hwpt_users(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct holder_hwpt *)p)->user_count);
}

static const struct out_column hwpt_columns[] = {
	{ "hwpt", "Number", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_hwpt_id },
	{ "name", "Its name", OUT_DEFAULT | OUT_SHRINK, 0, get_hwpt_name },
	{ "ioas", "IOAS whose mappings it has", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_hwpt_ioas },
	{ "device", "Device it was allocated for", OUT_DEFAULT | OUT_OF_DEVICE, 0,
	  get_hwpt_device },
	{ "pasid_capable", "Whether PASIDs may be attached", OUT_DEFAULT | OUT_IS_BOOL | OUT_ALWAYS,
	  0, get_hwpt_pasid },
	{ "automatic", "Whether it is freed with its last user",
	  OUT_DEFAULT | OUT_IS_BOOL | OUT_ALWAYS, 0, get_hwpt_automatic },
	{ "user_count", "How many are attached to it", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_hwpt_users },
	{ 0 },
};

static void get_hwpt(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_table(ret, hwpt_columns, row->context.hwpt, row->context.hwpt_n,
			  sizeof(*row->context.hwpt));
}

/* The command that makes such a change. */
static const char *busy_change(const struct holder_busy *busy)
{
	static const struct {
		const char *method, *command;
	} changes[] = {
		{ "AddDevice", "device add" },       { "RemoveDevice", "device remove" },
		{ "AttachDevice", "device attach" }, { "DetachDevice", "device detach" },
		{ "AllocIoas", "ioas alloc" },       { "FreeIoas", "ioas free" },
		{ "MapIoas", "ioas map" },           { "UnmapIoas", "ioas unmap" },
		{ "AllocHwpt", "hwpt alloc" },       { "FreeHwpt", "hwpt free" },
		{ "BindPasids", "pasid bind" },      { "UnbindPasids", "pasid unbind" },
		{ "Destroy", "context destroy" },
	};

	for (size_t i = 0; busy->method && i < ARRAY_SIZE(changes); i++)
		if (strcmp(changes[i].method, busy->method) == 0)
			return changes[i].command;
	return busy->method ? busy->method : "own";
}

static void get_busy_change(const void *p, struct out_value *ret)
{
	out_string(ret, busy_change(p));
}

static void get_busy_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_busy *)p)->device);
}

static void get_busy_since(const void *p, struct out_value *ret)
{
	out_time(ret, ((const struct holder_busy *)p)->since);
}

static void get_busy_call(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct holder_busy *)p)->call);
}

static const struct out_column busy_columns[] = {
	{ "change", "Command, or own: of the holder itself", OUT_ALWAYS, 0, get_busy_change },
	{ "device", "Device that it is about", OUT_OF_DEVICE, 0, get_busy_device },
	{ "since", "When it began (UTC)", OUT_IS_TIME, 0, get_busy_since },
	{ "call", "The kernel's call under way", OUT_ALWAYS, 0, get_busy_call },
	{ 0 },
};

static void get_busy(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;
	const struct holder_busy *busy = &row->context.busy;
	const uint64_t now = (uint64_t)time(NULL);

	if (!described(row, ret) || !busy->is)
		return;
	out_text(ret, "%s%s%s, %" PRIu64 " s", busy_change(busy), busy->device ? " of " : "",
		 busy->device ? busy->device : "", now > busy->since ? now - busy->since : 0);
	out_object(ret, busy_columns, busy);
}

static void get_shared(const void *p, struct out_value *ret)
{
	const struct context_row *row = p;

	if (described(row, ret))
		out_bool(ret, row->context.shared);
}

const struct out_column context_columns[] = {
	{ "context", "Its name as -c takes it; another user's begins with the user id",
	  OUT_DEFAULT | OUT_OF_CONTEXT | OUT_ALWAYS, 0, get_context },
	{ "name", "Its name as its owner writes it", OUT_SHRINK, 0, get_name },
	{ "state", "live, stale (its holder is dead) or denied",
	  OUT_DEFAULT | OUT_RESULT | OUT_ALWAYS, 0, get_state, states },
	{ "uid", "User id of its owner", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_uid },
	{ "user", "Name of its owner", OUT_DEFAULT | OUT_SHRINK, CONTEXT_NEED_USER, get_user },
	{ "pid", "Process id of its holder", OUT_DEFAULT | OUT_IS_NUMBER, CONTEXT_NEED_DESCRIBE,
	  get_pid },
	{ "created", "When it was created (UTC)", OUT_IS_TIME, CONTEXT_NEED_DESCRIBE, get_created },
	{ "socket", "Where its holder listens", 0, 0, get_socket },
	{ "device_count", "Devices in it", OUT_DEFAULT | OUT_SHOWLESS | OUT_IS_NUMBER,
	  CONTEXT_NEED_DESCRIBE, get_device_count },
	{ "ioas_count", "IOASes in it", OUT_DEFAULT | OUT_SHOWLESS | OUT_IS_NUMBER,
	  CONTEXT_NEED_DESCRIBE, get_ioas_count },
	{ "pasid_count", "PASIDs bound in it", OUT_DEFAULT | OUT_IS_NUMBER, CONTEXT_NEED_DESCRIBE,
	  get_pasid_count },
	{ "busy", "The change that is being made, and for how long",
	  OUT_DEFAULT | OUT_SHRINK | OUT_IS_OBJECT, CONTEXT_NEED_DESCRIBE, get_busy, NULL,
	  OUT_INNER(busy_columns) },
	{ "shared", "Whether others were given its descriptors, and may have changed what is in it",
	  OUT_IS_BOOL, CONTEXT_NEED_DESCRIBE, get_shared },
	{ "device", "Devices in it", OUT_IS_TABLE, CONTEXT_NEED_DESCRIBE, get_device, NULL,
	  OUT_INNER(device_columns) },
	{ "ioas", "IOASes in it", OUT_IS_TABLE, CONTEXT_NEED_DESCRIBE, get_ioas, NULL,
	  OUT_INNER(ioas_columns) },
	{ "hwpt", "Hardware page tables in it", OUT_IS_TABLE, CONTEXT_NEED_DESCRIBE, get_hwpt, NULL,
	  OUT_INNER(hwpt_columns) },
	{ 0 },
};
