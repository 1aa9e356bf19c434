/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/pasid/columns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void pasid_out_kind(struct out_value *ret, const struct binding *binding)
{
	if (binding->kind == PASID_KIND_UNKNOWN && binding->record.status < 0)
		out_unreadable(ret, binding->record.status);
	else
		out_string(ret, pasid_kind_name(binding->kind));
}

void pasid_out_state(struct out_value *ret, const struct binding *binding)
{
	if (binding->state == PASID_STATE_UNKNOWN)
		out_unreadable(ret, binding->record.status);
	else
		out_string(ret, pasid_state_name(binding->state));
}

static void get_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct pasid_row *)p)->binding->device);
}

static void get_lo(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct range *)p)->lo);
}

static void get_hi(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct range *)p)->hi);
}

const struct out_column pasid_range_columns[] = {
	{ "lo", "The first", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get_lo },
	{ "hi", "The last", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get_hi },
	{ 0 },
};

void pasid_out_range(struct out_value *ret, const struct range *range)
{
	if (range->lo == range->hi)
		snprintf(ret->text, sizeof(ret->text), "%" PRIu32, range->lo);
	else
		snprintf(ret->text, sizeof(ret->text), "%" PRIu32 "-%" PRIu32, range->lo,
			 range->hi);
	out_object(ret, pasid_range_columns, range);
}

/* 0 means a number that is not reported. */
static void get_pasid(const void *p, struct out_value *ret)
{
	const struct pasid_row *row = p;

	if (row->fold && row->pasid)
		pasid_out_range(ret, &row->scratch->folded);
	else if (row->pasid)
		out_number(ret, row->pasid);
}

static void get_kind(const void *p, struct out_value *ret)
{
	pasid_out_kind(ret, ((const struct pasid_row *)p)->binding);
}

static void get_state(const void *p, struct out_value *ret)
{
	pasid_out_state(ret, ((const struct pasid_row *)p)->binding);
}

#define GET_FIELD(name, kind) \
	static void get_##name(const void *p, struct out_value *ret) \
	{ \
		out_field_##kind(ret, &((const struct pasid_row *)p)->binding->name); \
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
GET_FIELD(driver, string)
GET_FIELD(user, string)
GET_FIELD(faults, number)
GET_FIELD(fault_failures, number)
GET_FIELD(hardware, bool)
GET_FIELD(record, bool)
GET_FIELD(domain, number)

/* The target of an address space, of a number of the device's own, or of an unknown kind. */
static void process_target(const struct binding *binding, char *buf, size_t size)
{
	const char *through = binding->through.status == 1 ? binding->through.value : NULL;
	const bool sva = binding->kind == PASID_KIND_SVA;

	if (sva && binding->pid.status == 1)
		snprintf(buf, size, "pid %" PRIu64 "%s%s%s", binding->pid.value,
			 through ? " (" : "", through ? through : "", through ? ")" : "");
	else if (through)
		snprintf(buf, size, "%s", through);
	else if (sva)
		snprintf(buf, size, "%s", pasid_kind_name(binding->kind));
}

static void get_target(const void *p, struct out_value *ret)
{
	const struct pasid_row *row = p;
	const struct binding *binding = row->binding;
	char *buf = row->scratch->target;
	const size_t size = sizeof(row->scratch->target);

	*buf = '\0';
	if (binding->kind == PASID_KIND_DMA && binding->domain.status == 1)
		snprintf(buf, size, "domain %" PRIu64, binding->domain.value);
	else if (binding->kind == PASID_KIND_SVA)
		process_target(binding, buf, size);
	else if (binding->ioas_name.status == 1)
		snprintf(buf, size, "ioas %s", binding->ioas_name.value);
	else if (binding->ioas.status == 1)
		snprintf(buf, size, "ioas %" PRIu64, binding->ioas.value);
	else if (binding->hwpt.status == 1)
		snprintf(buf, size, "hwpt %" PRIu64, binding->hwpt.value);
	else
		process_target(binding, buf, size);
	if (*buf == '\0' && binding->kind == PASID_KIND_UNKNOWN && binding->record.status < 0)
		out_unreadable(ret, binding->record.status);
	else
		out_string(ret, buf);
}

static void get_owner_kind(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct binding *)p)->context.status == 1 ? "context" : "process");
}

static void get_owner_id(const void *p, struct out_value *ret)
{
	const struct binding *binding = p;

	if (binding->context.status != 1)
		out_field_number(ret, &binding->pid);
}

static void get_owner_name(const void *p, struct out_value *ret)
{
	const struct binding *binding = p;

	out_field_string(ret, binding->context.status == 1 ? &binding->context : &binding->command);
}

static const char *const owner_kinds[] = { "context", "process", NULL };

const struct out_column pasid_owner_columns[] = {
	{ "kind", "context or process", OUT_DEFAULT | OUT_ALWAYS, 0, get_owner_kind, owner_kinds },
	{ "id", "Process", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_owner_id },
	{ "name", "Name of the context; command of the process", OUT_DEFAULT | OUT_SHRINK, 0,
	  get_owner_name },
	{ 0 },
};

static void get_candidate(const void *p, struct out_value *ret)
{
	out_number(ret, *(const uint64_t *)p);
}

static const struct out_column candidate_pid_columns[] = {
	{ "pid", "Process", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_candidate },
	{ 0 },
};

static const struct out_column candidate_pasid_columns[] = {
	{ "pasid", "PASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0,
	  get_candidate },
	{ 0 },
};

static void get_candidates(const void *p, const struct out_column *columns, bool numbered,
			   struct out_value *ret)
{
	const struct binding *binding = ((const struct pasid_row *)p)->binding;
	const size_t n = !binding->lo == !numbered ? binding->n_candidates : 0;

	out_table(ret, columns, binding->candidates, n, sizeof(*binding->candidates));
}

static void get_candidate_pid(const void *p, struct out_value *ret)
{
	get_candidates(p, candidate_pid_columns, true, ret);
}

static void get_candidate_pasid(const void *p, struct out_value *ret)
{
	get_candidates(p, candidate_pasid_columns, false, ret);
}

/* For an attachment of a context, its name; the holder's process does not matter. */
void pasid_out_owner(struct out_value *ret, const struct binding *binding)
{
	const bool known = binding->context.status == 1 || binding->pid.status == 1;

	if (!known && binding->lo && binding->n_candidates) {
		snprintf(ret->text, sizeof(ret->text), "one of %zu processes",
			 binding->n_candidates);
		out_object(ret, pasid_owner_columns, binding);
		ret->error = binding->pid.status < 0 ? binding->pid.status : 0;
		return;
	}
	if (!known) {
		out_field_number(ret, &binding->pid);
		return;
	}
	if (binding->context.status == 1)
		snprintf(ret->text, sizeof(ret->text), "%s", binding->context.value);
	else if (binding->command.status == 1)
		snprintf(ret->text, sizeof(ret->text), "pid %" PRIu64 " (%s)", binding->pid.value,
			 binding->command.value);
	else
		snprintf(ret->text, sizeof(ret->text), "pid %" PRIu64, binding->pid.value);
	out_object(ret, pasid_owner_columns, binding);
}

static void get_owner(const void *p, struct out_value *ret)
{
	pasid_out_owner(ret, ((const struct pasid_row *)p)->binding);
}

static void get_started(const void *p, struct out_value *ret)
{
	const struct field_u64 *started = &((const struct pasid_row *)p)->binding->started;

	if (started->status > 0)
		out_time(ret, started->value);
	else
		out_field_number(ret, started);
}

static void get_sources(const void *p, struct out_value *ret)
{
	const struct pasid_row *row = p;
	struct pasid_scratch *scratch = row->scratch;

	scratch->sources = (struct strv){ .v = scratch->names };
	for (unsigned int i = 0; pasid_sources[i]; i++)
		if (row->binding->sources & 1u << i)
			scratch->names[scratch->sources.n++] = (char *)pasid_sources[i]->name;
	out_strv(ret, &scratch->sources);
}

/* VT-d calls the field PGTT, "PASID granular translation type". It has three bits. */
static const char *const types[] = { "reserved-0", "first-stage",  "second-stage",
				     "nested",     "pass-through", "reserved-5",
				     "reserved-6", "reserved-7",   NULL };

static void get_type(const void *p, struct out_value *ret)
{
	const struct field_u64 *type = &((const struct pasid_row *)p)->binding->type;

	if (type->status <= 0)
		out_field_number(ret, type);
	else if (type->value < ARRAY_SIZE(types) - 1)
		out_string(ret, types[type->value]);
}

#define PROCESS (PASID_NEED_OWNER | PASID_NEED_PROCESS)

/* The names of pasid_sources[]. */
static const char *const sources[] = { "context", "vt-d",   "uio",  "uacce", "idxd", "amdxdna",
				       "kfd",     "amdgpu", "vfio", "amd",   NULL };

/* clang-format off */
#define PASID_COLUMNS \
	{ "device", "Device whose PASID it is", OUT_DEFAULT | OUT_ALWAYS | OUT_OF_DEVICE, 0, get_device }, \
	{ "group", "IOMMU group", OUT_IS_NUMBER | OUT_OF_GROUP, PASID_NEED_GROUP, get_group }, \
	{ "pasid", "Number, or a range of PASIDs that are alike; none if no source reports it", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID | OUT_IS_OBJECT, \
	  0, get_pasid, NULL, OUT_INNER(pasid_range_columns) }, \
	{ "kind", \
	  "Kind of target: ioas, hwpt, sva (a process), nested (a guest's table), dma (the " \
	  "kernel's own), unknown", \
	  0, PASID_NEED_KIND, get_kind, pasid_kind_names }, \
	{ "target", "Target by name: the IOAS, page table, process, domain or node", OUT_DEFAULT | OUT_PROSE, \
	  PASID_NEED_KIND, get_target }, \
	{ "owner", "Its owner: the context that holds it, or the process", OUT_DEFAULT | OUT_SHRINK | OUT_IS_OBJECT, \
	  PROCESS, get_owner, NULL, OUT_INNER(pasid_owner_columns) }, \
	{ "context", "Context that holds it", OUT_OF_CONTEXT, 0, get_context }, \
	{ "ioas", "Number of the IOAS that it leads to", OUT_IS_NUMBER, 0, get_ioas }, \
	{ "ioas_name", "Name of the IOAS", OUT_SHRINK, 0, get_ioas_name }, \
	{ "hwpt", "Hardware page table", OUT_IS_NUMBER, 0, get_hwpt }, \
	{ "pid", "Process: the context's holder, the one whose address space it is, or the one that bound it", OUT_IS_NUMBER, \
	  PASID_NEED_OWNER, get_pid }, \
	{ "command", "Command of that process", OUT_SHRINK, PROCESS, get_command }, \
	{ "uid", "User of that process", OUT_IS_NUMBER, PROCESS, get_uid }, \
	{ "user", "Name of that user; none in a capture", OUT_SHRINK, PROCESS | PASID_NEED_USER, \
	  get_user }, \
	{ "unit", "systemd unit or container of that process", OUT_SHRINK, PROCESS, get_unit }, \
	{ "started", "When that process started, in UTC", OUT_IS_TIME, PROCESS, get_started }, \
	{ "driver", "Driver of the device", 0, PASID_NEED_DRIVER, get_driver }, \
	{ "state", "ok, not-in-hardware, not-recorded, ambiguous, or unconfirmed", OUT_DEFAULT | OUT_RESULT, 0, get_state, pasid_state_names }, \
	{ "candidate_pid", "For an ambiguous PASID: the processes that may have it", OUT_INLINE | OUT_IS_TABLE | OUT_ALWAYS, \
	  PASID_NEED_OWNER, get_candidate_pid, NULL, OUT_INNER(candidate_pid_columns) }, \
	{ "candidate_pasid", "For an ambiguous process: the PASIDs that it may have", OUT_INLINE | OUT_IS_TABLE | OUT_ALWAYS, \
	  PASID_NEED_OWNER, get_candidate_pasid, NULL, OUT_INNER(candidate_pasid_columns) }, \
	{ "source", "Sources that report it: see --sources", OUT_INLINE | OUT_IS_LIST | OUT_ALWAYS | OUT_FILLED, PASID_NEED_OWNER, get_sources, sources }, \
	{ "hardware", "Whether the IOMMU's table has it", OUT_IS_BOOL, 0, get_hardware }, \
	{ "record", "Whether a context or a driver reports it", OUT_IS_BOOL, 0, get_record }, \
	{ "domain", "Domain id in the IOMMU's table", OUT_IS_NUMBER, 0, get_domain }, \
	{ "type", "Translation type in the IOMMU's table", 0, 0, get_type, types }, \
	{ "fault_count", "Page faults that the driver has handled for it", OUT_IS_NUMBER, 0, get_faults }, \
	{ "fault_failure_count", "Of these, those that it could not handle", OUT_IS_NUMBER, 0, get_fault_failures }
/* clang-format on */

const struct out_column pasid_columns[] = { PASID_COLUMNS, { 0 } };

const char pasid_program_defaults[] = "device,pasid,kind,context,ioas,pid,command,state";

static const struct out_column contradiction_columns[] = {
	{ "kind", "Kind of target", OUT_DEFAULT, PASID_NEED_KIND, get_kind, pasid_kind_names },
	{ "target", "Target by name", OUT_DEFAULT | OUT_PROSE, PASID_NEED_KIND, get_target },
	{ "context", "Context that holds it", OUT_DEFAULT | OUT_OF_CONTEXT, 0, get_context },
	{ "pid", "Process", OUT_DEFAULT | OUT_IS_NUMBER, PASID_NEED_OWNER, get_pid },
	{ "command", "Command of that process", OUT_DEFAULT | OUT_SHRINK, PROCESS, get_command },
	{ "state", "As of the binding", OUT_DEFAULT | OUT_RESULT, 0, get_state, pasid_state_names },
	{ "source", "Sources that report it",
	  OUT_DEFAULT | OUT_INLINE | OUT_IS_LIST | OUT_ALWAYS | OUT_FILLED, PASID_NEED_OWNER,
	  get_sources, sources },
	{ 0 },
};

static void get_contradiction(const void *p, struct out_value *ret)
{
	const struct pasid_row *row = p;

	out_table(ret, contradiction_columns, row->others, row->n_others, sizeof(*row->others));
}

const struct out_column pasid_show_columns[] = {
	PASID_COLUMNS,
	{ "contradiction", "Other reports of the same PASID",
	  OUT_DEFAULT | OUT_IS_TABLE | OUT_ALWAYS, PASID_NEED_KIND | PROCESS, get_contradiction,
	  NULL, OUT_INNER(contradiction_columns) },
	{ 0 },
};

#define GET_SOURCE(name) \
	static void get_source_##name(const void *p, struct out_value *ret) \
	{ \
		out_string(ret, ((const struct pasid_report *)p)->source->name); \
	}

GET_SOURCE(name)
GET_SOURCE(what)
GET_SOURCE(path)

static void get_source_reason(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct pasid_report *)p)->reason);
}

static const char *const source_states[] = { "read", "absent", "unsupported", "unreadable", NULL };

static void get_source_status(const void *p, struct out_value *ret)
{
	int status = ((const struct pasid_report *)p)->status;

	out_string(ret, status == 1             ? "read"
			: status == 0           ? "absent"
			: status == -EOPNOTSUPP ? "unsupported"
						: "unreadable");
}

static void get_source_rows(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct pasid_report *)p)->n_rows);
}

const struct out_column pasid_source_columns[] = {
	{ "source", "Name, as in the column SOURCE of the list", OUT_DEFAULT | OUT_ALWAYS, 0,
	  get_source_name, sources },
	{ "status", "read, absent (not on this machine), unreadable, or unsupported by this kernel",
	  OUT_DEFAULT | OUT_RESULT | OUT_ALWAYS, 0, get_source_status, source_states },
	{ "row_count", "Number of bindings, or openers of a device, that it reports",
	  OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_source_rows },
	{ "reason", "Why it was not read; what is missing", OUT_DEFAULT | OUT_PROSE, 0,
	  get_source_reason },
	{ "path", "Where it is", 0, 0, get_source_path },
	{ "what", "What it reports", OUT_PROSE, 0, get_source_what },
	{ 0 },
};
