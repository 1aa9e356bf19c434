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

static int set_user(struct pasid_rows *rows, struct binding *binding)
{
	struct pasid_users *users = &rows->users;
	struct pasid_user *user = NULL;
	char name[256];
	int r;

	if (!(rows->need & PASID_NEED_USER) || binding->uid.status != 1)
		return 0;
	for (size_t i = 0; !user && i < users->n; i++)
		if (users->v[i].uid == binding->uid.value)
			user = &users->v[i];
	if (!user) {
		user = array_push(users->v, users->n);
		if (!user)
			return -ENOMEM;
		*user = (struct pasid_user){ .uid = binding->uid.value };
		r = sys_user_name(rows->root, binding->uid.value, name, sizeof(name));
		user->name.value = r == 0 ? strdup(name) : NULL;
		user->name.status = user->name.value ? 1 : r == -ENOENT ? 0 : r < 0 ? r : -ENOMEM;
	}
	binding->user = user->name;
	return 0;
}

/* The user name belongs to the uid, which the claim itself may have. */
static void set_unreadable(struct binding *binding, int status)
{
	binding->command.status = binding->unit.status = binding->started.status = status;
	if (binding->uid.status != 1)
		binding->uid.status = binding->user.status = status;
}

/* Sets the owner of the binding. Facts of a process that has ended stay absent. */
static int set_process(struct pasid_rows *rows, struct binding *binding)
{
	struct pasid_process *process;
	int r;

	if (!(rows->need & (PASID_NEED_PROCESS | PASID_NEED_USER)) || binding->pid.status == 0)
		return 0;
	if (binding->pid.status != 1) {
		set_unreadable(binding, binding->pid.status);
		return 0;
	}
	r = pasid_process_get(&rows->processes, (pid_t)binding->pid.value, &process);
	if (r < 0)
		return r;
	if (process->status == 1) {
		binding->command = field_str_borrow(process->process.comm);
		binding->unit = field_str_borrow(process->process.unit);
		binding->started = process->started;
		if (binding->uid.status != 1)
			binding->uid = process->process.uid;
	} else if (process->status < 0) {
		set_unreadable(binding, process->status);
	}
	return set_user(rows, binding);
}

static bool is_ambiguous(const struct pasid_place *place, const struct binding *claim)
{
	return claim->lo == 0 && !claim->own && claim->kind == PASID_KIND_SVA && place->pasids.n;
}

/*
 * Some sources that may know the owner were not asked: drivers for an address space, contexts for
 * other entries.
 */
static void set_unasked(struct binding *binding, int status, bool sva)
{
	binding->record = field_u64_error(status);
	binding->state = PASID_STATE_UNKNOWN;
	if (sva)
		return;
	binding->context.status = binding->ioas.status = status;
	binding->ioas_name.status = binding->hwpt.status = status;
}

/* No source has the owner. */
static void set_unclaimed(const struct pasid_rows *rows, const struct pasid_place *place,
			  const struct pasid_entry *entry, struct binding *binding)
{
	binding->record = field_u64(0);
	if (entry->sva && place->pids.n) {
		binding->record = (struct field_u64){ 0 };
		binding->state = PASID_STATE_AMBIGUOUS;
		binding->candidates = place->pids.v;
		binding->n_candidates = place->pids.n;
		if (place->pids_status < 0)
			binding->pid = field_u64_error(place->pids_status);
		return;
	}
	if (entry->sva) {
		if (rows->drivers_status < 0)
			set_unasked(binding, rows->drivers_status, true);
		return;
	}
	if (entry->like_rid && place->dma) {
		binding->kind = PASID_KIND_DMA;
		return;
	}
	if (rows->records_status < 0)
		set_unasked(binding, rows->records_status, false);
	binding->pid = place->user;
	if (place->user.status == 1)
		binding->sources |= place->user_source;
}

static void set_kind(const struct pasid_entry *entry, struct binding *binding)
{
	if (binding->kind == PASID_KIND_UNKNOWN && entry->sva)
		binding->kind = PASID_KIND_SVA;
	if (entry->type == DMAR_TYPE_NESTED && binding->kind != PASID_KIND_SVA)
		binding->kind = PASID_KIND_NESTED;
}

static enum pasid_state state_of(const struct binding *claim, const struct pasid_entry *entry,
				 int status)
{
	if (!claim)
		return PASID_STATE_NOT_RECORDED;
	if (status != 1 || claim->own || claim->lo == 0)
		return PASID_STATE_UNCONFIRMED;
	return entry ? PASID_STATE_OK : PASID_STATE_NOT_IN_HARDWARE;
}

int pasid_row_get(struct pasid_rows *rows, const struct pasid_place *place,
		  const struct binding *claim, const struct pasid_entry *entry, uint32_t lo,
		  uint32_t hi, struct binding *ret)
{
	struct binding binding = { 0 };

	if (claim)
		binding = *claim;
	binding.device = place->id;
	binding.group = place->facts.group;
	binding.driver = place->facts.driver;
	binding.lo = lo;
	binding.hi = hi;
	binding.state = state_of(claim, entry, place->status);
	if (claim)
		binding.record = field_u64(1);
	if (claim && is_ambiguous(place, claim)) {
		binding.state = PASID_STATE_AMBIGUOUS;
		binding.candidates = place->pasids.v;
		binding.n_candidates = place->pasids.n;
	}
	if (!claim && entry)
		set_unclaimed(rows, place, entry, &binding);
	if (entry) {
		binding.domain = field_u64(entry->domain);
		binding.type = field_u64(entry->type);
		binding.sources |= 1u << PASID_SOURCE_VTD;
		set_kind(entry, &binding);
	}
	/* A number of the device's own MMU is in no IOMMU's table. */
	if (!claim || !claim->own) {
		if (place->status != 1)
			binding.hardware = field_u64_error(place->status);
		else if (!claim || claim->lo)
			binding.hardware = field_u64(entry != NULL);
	}
	*ret = binding;
	return set_process(rows, ret);
}
