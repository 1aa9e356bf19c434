/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

#include "sys/debugfs_intel.h"
#include "sys/user.h"
#include "util/array.h"

void pasid_users_done(struct pasid_users *users)
{
	for (size_t i = 0; i < users->n; i++)
		field_str_done(&users->v[i].name);
	free(users->v);
	*users = (struct pasid_users){ 0 };
}

static struct field_str borrow(char *s)
{
	return (struct field_str){ .value = s, .status = s ? 1 : 0 };
}

static int set_user(struct pasid_rows *rows, struct pasid_range *range)
{
	struct pasid_users *users = &rows->users;
	struct pasid_user *user = NULL;
	char name[256];
	int r;

	if (!(rows->need & PASID_NEED_USER) || range->uid.status != 1)
		return 0;
	for (size_t i = 0; !user && i < users->n; i++)
		if (users->v[i].uid == range->uid.value)
			user = &users->v[i];
	if (!user) {
		user = array_push(users->v, users->n);
		if (!user)
			return -ENOMEM;
		*user = (struct pasid_user){ .uid = range->uid.value };
		r = sys_user_name(rows->root, range->uid.value, name, sizeof(name));
		user->name.value = r == 0 ? strdup(name) : NULL;
		user->name.status = user->name.value ? 1 : r == -ENOENT ? 0 : r < 0 ? r : -ENOMEM;
	}
	range->user = user->name;
	return 0;
}

/* The user name belongs to the uid, which the claim itself may have. */
static void set_unreadable(struct pasid_range *range, int status)
{
	range->command.status = range->unit.status = range->started.status = status;
	if (range->uid.status != 1)
		range->uid.status = range->user.status = status;
}

/* Sets the owner of the range. Facts of a process that has ended stay absent. */
static int set_process(struct pasid_rows *rows, struct pasid_range *range)
{
	struct pasid_process *process;
	int r;

	if (!(rows->need & (PASID_NEED_PROCESS | PASID_NEED_USER)) || range->pid.status == 0)
		return 0;
	if (range->pid.status != 1) {
		set_unreadable(range, range->pid.status);
		return 0;
	}
	r = pasid_process_get(&rows->processes, (pid_t)range->pid.value, &process);
	if (r < 0)
		return r;
	if (process->status == 1) {
		range->command = borrow(process->process.comm);
		range->unit = borrow(process->process.unit);
		range->started = process->started;
		if (range->uid.status != 1)
			range->uid = process->process.uid;
	} else if (process->status < 0) {
		set_unreadable(range, process->status);
	}
	return set_user(rows, range);
}

static bool is_ambiguous(const struct pasid_place *place, const struct pasid_stored *claim)
{
	return claim->lo == 0 && !claim->own && claim->kind == PASID_KIND_SVA && place->pasids.n;
}

static void set_claim(const struct pasid_stored *claim, struct pasid_range *range)
{
	range->kind = (enum pasid_kind)claim->kind;
	range->ioas = claim->ioas;
	range->ioas_name = borrow(claim->ioas_name);
	range->hwpt = claim->hwpt;
	range->context = borrow(claim->context);
	range->through = borrow(claim->target);
	range->pid = claim->pid;
	range->uid = claim->uid;
	range->faults = claim->faults;
	range->fault_failures = claim->fault_failures;
	range->sources = claim->sources;
	range->record = field_u64(1);
}

/*
 * Some sources that may know the owner were not asked: drivers for an address space, contexts for
 * other entries.
 */
static void set_unasked(struct pasid_range *range, int status, bool sva)
{
	range->record = field_u64_error(status);
	range->state = PASID_STATE_UNKNOWN;
	if (sva)
		return;
	range->context.status = range->ioas.status = status;
	range->ioas_name.status = range->hwpt.status = status;
}

/* No source has the owner. */
static void set_unclaimed(const struct pasid_rows *rows, const struct pasid_place *place,
			  const struct pasid_entry *entry, struct pasid_range *range)
{
	range->record = field_u64(0);
	if (entry->sva && place->pids.n) {
		range->record = (struct field_u64){ 0 };
		range->state = PASID_STATE_AMBIGUOUS;
		range->candidates = place->pids.v;
		range->n_candidates = place->pids.n;
		if (place->pids_status < 0)
			range->pid = field_u64_error(place->pids_status);
		return;
	}
	if (entry->sva) {
		if (rows->drivers_status < 0)
			set_unasked(range, rows->drivers_status, true);
		return;
	}
	if (entry->like_rid && place->dma) {
		range->kind = PASID_KIND_DMA;
		return;
	}
	if (rows->records_status < 0)
		set_unasked(range, rows->records_status, false);
	range->pid = place->user;
	if (place->user.status == 1)
		range->sources |= place->user_source;
}

static void set_kind(const struct pasid_entry *entry, struct pasid_range *range)
{
	if (range->kind == PASID_KIND_UNKNOWN && entry->sva)
		range->kind = PASID_KIND_SVA;
	if (entry->type == DMAR_TYPE_NESTED && range->kind != PASID_KIND_SVA)
		range->kind = PASID_KIND_NESTED;
}

static enum pasid_state state_of(const struct pasid_stored *claim, const struct pasid_entry *entry,
				 int status)
{
	if (!claim)
		return PASID_STATE_NOT_RECORDED;
	if (status != 1 || claim->own || claim->lo == 0)
		return PASID_STATE_UNCONFIRMED;
	return entry ? PASID_STATE_OK : PASID_STATE_NOT_IN_HARDWARE;
}

int pasid_row_get(struct pasid_rows *rows, const struct pasid_place *place,
		  const struct pasid_stored *claim, const struct pasid_entry *entry, uint32_t lo,
		  uint32_t hi, struct pasid_range *ret)
{
	struct pasid_range range = {
		.device = place->id,
		.group = place->facts.group,
		.driver = place->facts.driver,
		.lo = lo,
		.hi = hi,
		.state = state_of(claim, entry, place->status),
	};

	if (claim && is_ambiguous(place, claim)) {
		range.state = PASID_STATE_AMBIGUOUS;
		range.candidates = place->pasids.v;
		range.n_candidates = place->pasids.n;
	}
	if (claim)
		set_claim(claim, &range);
	else if (entry)
		set_unclaimed(rows, place, entry, &range);
	if (entry) {
		range.domain = field_u64(entry->domain);
		range.type = field_u64(entry->type);
		range.sources |= 1u << PASID_BIT_VTD;
		set_kind(entry, &range);
	}
	/* A number of the device's own MMU is in no IOMMU's table. */
	if (!claim || !claim->own) {
		if (place->status != 1)
			range.hardware = field_u64_error(place->status);
		else if (!claim || claim->lo)
			range.hardware = field_u64(entry != NULL);
	}
	*ret = range;
	return set_process(rows, ret);
}
