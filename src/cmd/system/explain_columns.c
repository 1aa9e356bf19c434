/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system/internal.h"

static const struct log_fault *fault_of(const void *row)
{
	return ((const struct explain_row *)row)->fault;
}

#define GET_STRING(name, expression) \
	static void get_##name(const void *row, struct out_value *ret) \
	{ \
		out_string(ret, expression); \
	}

#define GET_FIELD(name, as) \
	static void get_##name(const void *row, struct out_value *ret) \
	{ \
		out_field_##as(ret, &fault_of(row)->name); \
	}

GET_STRING(time, fault_of(row)->time)
GET_STRING(source, fault_of(row)->source)
GET_STRING(kind, log_kind_name(fault_of(row)->kind))
GET_STRING(device, fault_of(row)->device)
GET_STRING(remedy, fault_of(row)->remedy)
GET_STRING(host, fault_of(row)->host)
GET_STRING(hub, fault_of(row)->hub)
GET_STRING(message, fault_of(row)->text)
GET_STRING(line, fault_of(row)->line)
GET_STRING(command, ((const struct explain_row *)row)->command)
GET_STRING(unit, ((const struct explain_row *)row)->unit)
GET_STRING(context, ((const struct explain_row *)row)->context)
GET_FIELD(pasid, number)
GET_FIELD(iova, address)
GET_FIELD(stream, address)
GET_FIELD(domain, number)
GET_FIELD(code, address)
GET_FIELD(flags, address)

static void get_reason(const void *row, struct out_value *ret)
{
	const struct log_fault *fault = fault_of(row);

	/* The kernel's own words if we have no better ones. */
	out_string(ret, fault->reason ? fault->reason : fault->text);
	if (ret->type == OUT_ABSENT)
		out_string(ret, "unknown");
}

/* Indexed by bits of LOG_ACCESS_*, at least one of them set. */
static const char *const accesses[] = {
	[LOG_ACCESS_READ - 1] = "read",
	[LOG_ACCESS_WRITE - 1] = "write",
	[(LOG_ACCESS_READ | LOG_ACCESS_WRITE) - 1] = "read,write",
	[LOG_ACCESS_EXEC - 1] = "exec",
	[(LOG_ACCESS_EXEC | LOG_ACCESS_READ) - 1] = "read,exec",
	[(LOG_ACCESS_EXEC | LOG_ACCESS_WRITE) - 1] = "write,exec",
	[(LOG_ACCESS_EXEC | LOG_ACCESS_READ | LOG_ACCESS_WRITE) - 1] = "read,write,exec",
	[LOG_ACCESS_EXEC | LOG_ACCESS_READ | LOG_ACCESS_WRITE] = NULL,
};

static void get_access(const void *row, struct out_value *ret)
{
	if (fault_of(row)->access)
		out_string(ret, accesses[fault_of(row)->access - 1]);
}

/* An unreadable device must not look like one without driver. */
static bool device_readable(const void *data, struct out_value *ret)
{
	const struct explain_row *row = data;

	if (row->device_status < 0)
		out_unreadable(ret, row->device_status);
	return row->device_status > 0;
}

static void get_name(const void *row, struct out_value *ret)
{
	if (device_readable(row, ret))
		out_field_string(ret, &((const struct explain_row *)row)->device.name);
}

static void get_group(const void *row, struct out_value *ret)
{
	if (device_readable(row, ret))
		out_field_number(ret, &((const struct explain_row *)row)->device.group);
}

static void get_driver(const void *row, struct out_value *ret)
{
	if (device_readable(row, ret))
		out_field_string(ret, &((const struct explain_row *)row)->device.driver);
}

static void get_iommu(const void *row, struct out_value *ret)
{
	if (fault_of(row)->iommu[0])
		out_string(ret, fault_of(row)->iommu);
	else if (device_readable(row, ret))
		out_field_string(ret, &((const struct explain_row *)row)->device.iommu);
}

static void get_count(const void *row, struct out_value *ret)
{
	out_number(ret, ((const struct explain_row *)row)->count);
}

static void get_last_time(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct explain_row *)row)->last_time);
}

static void get_candidate(const void *row, struct out_value *ret)
{
	const struct strv *list = &((const struct explain_row *)row)->candidates;

	if (list->n)
		out_strv(ret, list);
}

static void get_pid(const void *row, struct out_value *ret)
{
	out_field_number(ret, &((const struct explain_row *)row)->pid);
}

static void get_uid(const void *row, struct out_value *ret)
{
	out_field_number(ret, &((const struct explain_row *)row)->uid);
}

const struct out_column explain_columns[] = {
	{ "time", "When, as the log has it", OUT_DEFAULT, 0, get_time },
	{ "count", "How many equal faults it is", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_count },
	{ "last_time", "When the last of them was", 0, 0, get_last_time },
	{ "kind",
	  "dma, interrupt, page-request, invalidation, hardware, lost, refused, unsafe, unknown",
	  OUT_ALWAYS, 0, get_kind, log_kind_names },
	{ "source", "What logged it: dmar, amd-vi, arm-smmu-v3, virtio-iommu, vfio, ...",
	  OUT_ALWAYS, 0, get_source },
	{ "device", "The device that made the request", OUT_DEFAULT, 0, get_device },
	{ "candidate", "For a bridge that sends under this address: the devices behind it",
	  OUT_INLINE | OUT_IS_LIST, EXPLAIN_NEED_CANDIDATE, get_candidate },
	{ "name", "Its name in the hardware database", OUT_DEFAULT | OUT_SHRINK, DEVICE_NEED_NAME,
	  get_name },
	{ "group", "Its IOMMU group", OUT_DEFAULT | OUT_IS_NUMBER, DEVICE_NEED_GROUP, get_group },
	{ "driver", "Its driver, now", OUT_DEFAULT, DEVICE_NEED_DRIVER, get_driver },
	{ "iommu", "The IOMMU's unit, as the line names it; else the device's", 0,
	  DEVICE_NEED_IOMMU, get_iommu },
	{ "pasid", "PASID of the request", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_pasid },
	{ "pid", "Process that the line names; else the one that has the PASID now",
	  OUT_DEFAULT | OUT_IS_NUMBER, EXPLAIN_NEED_OWNER, get_pid },
	{ "command", "Its command", OUT_DEFAULT | OUT_SHRINK, EXPLAIN_NEED_OWNER, get_command },
	{ "uid", "Its user", OUT_IS_NUMBER, EXPLAIN_NEED_OWNER, get_uid },
	{ "unit", "Its systemd unit or container", OUT_SHRINK, EXPLAIN_NEED_OWNER, get_unit },
	{ "context", "The context that bound the PASID", OUT_OF_CONTEXT, EXPLAIN_NEED_OWNER,
	  get_context },
	{ "iova", "Address that the device used", OUT_DEFAULT | OUT_IS_ADDRESS, 0, get_iova },
	{ "access", "read, write, exec", OUT_DEFAULT, 0, get_access, accesses },
	{ "reason",
	  "Why it failed, in words: the kernel's own words where there are no better ones",
	  OUT_DEFAULT | OUT_PROSE | OUT_ALWAYS, 0, get_reason },
	{ "remedy", "What to do", OUT_PROSE, 0, get_remedy },
	{ "code", "Number of the reason in the IOMMU's specification", OUT_IS_ADDRESS, 0,
	  get_code },
	{ "flag", "Its other flags", OUT_IS_ADDRESS, 0, get_flags },
	{ "stream", "StreamID, device_id or endpoint, where requests carry one", OUT_IS_ADDRESS, 0,
	  get_stream },
	{ "host", "Machine that the log is from, if the log says", 0, 0, get_host },
	{ "hub", "Part of the GPU that made the request", 0, 0, get_hub },
	{ "domain", "Domain id of the IOMMU", OUT_IS_NUMBER, 0, get_domain },
	{ "message", "The kernel's own words for the reason", OUT_PROSE, 0, get_message },
	{ "line", "The log's line, the first where there are several", OUT_PROSE, 0, get_line },
	{ 0 },
};
