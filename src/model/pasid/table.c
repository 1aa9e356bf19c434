/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid/bindings.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"

static void range_done(struct pasid_range *range)
{
	struct field_str *copies[] = { &range->driver,  &range->ioas_name, &range->through,
				       &range->context, &range->command,   &range->user,
				       &range->unit };

	free(range->device);
	free(range->candidates);
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		field_str_done(copies[i]);
}

void pasid_table_done(struct pasid_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		range_done(&table->v[i]);
	free(table->v);
	*table = (struct pasid_table){ 0 };
}

int pasid_table_add(struct pasid_table *table, const struct pasid_range *range)
{
	struct pasid_range copy = *range, *slot = NULL;
	struct field_str *copies[] = { &copy.driver,  &copy.ioas_name, &copy.through, &copy.context,
				       &copy.command, &copy.user,      &copy.unit };
	bool whole = true;

	copy.device = strdup(range->device);
	copy.candidates = calloc(range->n_candidates + 1, sizeof(*copy.candidates));
	whole = copy.candidates;
	for (size_t i = 0; whole && i < range->n_candidates; i++)
		copy.candidates[i] = range->candidates[i];
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		if (copies[i]->status != 1)
			continue;
		copies[i]->value = strdup(copies[i]->value);
		whole = whole && copies[i]->value;
	}
	if (copy.device && whole)
		slot = array_push(table->v, table->n);
	if (!slot) {
		range_done(&copy);
		return -ENOMEM;
	}
	*slot = copy;
	return 0;
}

const char *const pasid_state_names[] = {
	[PASID_STATE_OK] = "ok",
	[PASID_STATE_NOT_IN_HARDWARE] = "not-in-hardware",
	[PASID_STATE_NOT_RECORDED] = "not-recorded",
	[PASID_STATE_UNCONFIRMED] = "unconfirmed",
	[PASID_STATE_AMBIGUOUS] = "ambiguous",
	[PASID_STATE_UNKNOWN] = NULL,
};

const char *pasid_state_name(enum pasid_state state)
{
	return pasid_state_names[state];
}
