/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid.h"

#include <errno.h>
#include <string.h>

#include "model/gather.h"
#include "model/pasid_join.h"
#include "util/array.h"

void pasid_range_done(struct pasid_range *range)
{
	free(range->device);
	field_str_done(&range->ioas_name);
	field_str_done(&range->context);
	field_str_done(&range->command);
	field_str_done(&range->unit);
	*range = (struct pasid_range){ 0 };
}

void pasid_table_done(struct pasid_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		pasid_range_done(&table->v[i]);
	free(table->v);
	*table = (struct pasid_table){ 0 };
}

struct pasid_range *pasid_table_add(struct pasid_table *table, const struct pasid_range *prototype)
{
	struct pasid_range range = *prototype, *slot = NULL;
	struct field_str *copies[] = { &range.ioas_name, &range.context, &range.command,
				       &range.unit };
	bool whole = true;

	range.device = strdup(prototype->device);
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		if (copies[i]->status != 1)
			continue;
		copies[i]->value = strdup(copies[i]->value);
		whole = whole && copies[i]->value;
	}
	if (range.device && whole)
		slot = array_push(table->v, table->n);
	if (!slot) {
		pasid_range_done(&range);
		return NULL;
	}
	*slot = range;
	return slot;
}

int pasid_each(const struct pasid_table *table,
	       int (*each)(uint32_t pasid, const struct pasid_range *range, void *data), void *data)
{
	for (size_t i = 0; i < table->n; i++)
		for (uint64_t pasid = table->v[i].lo; pasid <= table->v[i].hi; pasid++) {
			int r = each((uint32_t)pasid, &table->v[i], data);

			if (r != 0)
				return r;
		}
	return 0;
}

const char *pasid_state_name(enum pasid_state state)
{
	switch (state) {
	case PASID_STATE_OK:
		return "ok";
	case PASID_STATE_NOT_IN_HARDWARE:
		return "not-in-hardware";
	case PASID_STATE_NOT_RECORDED:
		return "not-recorded";
	case PASID_STATE_UNCONFIRMED:
		break;
	}
	return "unconfirmed";
}
