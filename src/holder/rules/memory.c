/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapped memory is pinned when its IOAS gets its first user. With CAP_IPC_LOCK only the machine and
 * control groups limit that: beyond it, the OOM killer would kill the holder and destroy the context.
 */
#include "holder/rules/internal.h"
#include "sys/memory.h"

static const char *const words[] = {
	[MEMORY_UNKNOWN] = "machine",
	[MEMORY_MACHINE] = "machine",
	[MEMORY_CGROUP] = "cgroup",
	[MEMORY_RLIMIT] = "rlimit",
};

/* What an IOAS will pin when it gets its first user. */
static uint64_t unpinned(const struct record *record, const struct record_ioas *ioas)
{
	return record_users(record, &ioas->object) ? 0 : record_ioas_mapped(ioas);
}

int rules_check_memory(const struct context *context, const struct record_ioas *ioas, uint64_t size,
		       struct fault *fault)
{
	const struct record *record = &context->record;
	struct memory_available available = { .bytes = UINT64_MAX };
	struct sys_root root;
	const struct record_ioas *other;
	uint64_t wanted = size, spare = 0;
	json_object *parameters;

	/* Whatever is mapped in others may be wanted soon. */
	for (size_t i = 0; (other = record_ioas_at(record, i)) != NULL; i++)
		if (!ioas || other == ioas)
			wanted += unpinned(record, other);
	if (wanted == 0)
		return 0;
	if (sys_root_open(NULL, &root, NULL) == 0) {
		memory_available(&root, &available);
		sys_root_close(&root);
	}
	if (available.limit != MEMORY_RLIMIT)
		spare = available.bytes / 8;
	if (wanted >= size && wanted <= available.bytes - spare)
		return 0;
	parameters = json_object_new_object();
	json_add_u64(parameters, "size", wanted);
	json_add_u64(parameters, "available", available.bytes);
	json_add_string(parameters, "limited_by", words[available.limit]);
	return fault_raise(fault, "NotEnoughMemory", parameters);
}
