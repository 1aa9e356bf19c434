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

/* Bytes that will be pinned, and how many of them do not exist yet: a client's file may have its own. */
struct need {
	uint64_t pinned, absent;
};

/* What an IOAS will pin when it gets its first user. */
static void add_unpinned(const struct record *record, const struct record_ioas *ioas,
			 struct need *need)
{
	if (record_users(record, &ioas->object))
		return;
	for (size_t i = 0; i < ioas->n_mappings; i++) {
		const struct record_mapping *m = &ioas->mapping[i];

		need->pinned += m->length;
		need->absent += m->file ? m->absent : m->length;
	}
}

static int check(const struct context *context, const struct record_ioas *ioas, struct need need,
		 struct fault *fault)
{
	const struct record *record = &context->record;
	struct memory_available available = { .bytes = UINT64_MAX };
	const uint64_t size = need.pinned;
	struct sys_root root;
	const struct record_ioas *other;
	uint64_t wanted, spare = 0;
	json_object *parameters;

	/* Whatever is mapped in others may be wanted soon. */
	for (size_t i = 0; (other = record_ioas_at(record, i)) != NULL; i++)
		if (!ioas || other == ioas)
			add_unpinned(record, other, &need);
	if (need.pinned == 0)
		return 0;
	if (sys_root_open(NULL, &root, NULL) == 0) {
		memory_available(&root, &available);
		sys_root_close(&root);
	}
	/* RLIMIT_MEMLOCK is for what is pinned, whether it exists or not. */
	wanted = available.limit == MEMORY_RLIMIT ? need.pinned : need.absent;
	if (available.limit != MEMORY_RLIMIT)
		spare = available.bytes / 8;
	if (need.pinned >= size && wanted <= available.bytes - spare)
		return 0;
	parameters = json_object_new_object();
	json_add_u64(parameters, "size", wanted);
	json_add_u64(parameters, "available", available.bytes);
	json_add_string(parameters, "limited_by", words[available.limit]);
	return fault_raise(fault, "NotEnoughMemory", parameters);
}

int rules_check_memory(const struct context *context, const struct record_ioas *ioas, uint64_t size,
		       struct fault *fault)
{
	return check(context, ioas, (struct need){ size, size }, fault);
}

int rules_check_file_memory(const struct context *context, uint64_t size, uint64_t absent,
			    struct fault *fault)
{
	return check(context, NULL, (struct need){ size, absent }, fault);
}
