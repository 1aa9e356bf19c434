/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts: what their holders have bound, as their records say. */
#include "model/pasid/sources.h"

#include <errno.h>

static int context_read(struct pasid_reader *reader)
{
	const struct pasid_contexts *contexts = reader->contexts;
	int r = 0;

	for (size_t i = 0; r == 0 && contexts->bindings && i < contexts->bindings->n; i++)
		r = pasid_reader_claim(reader, &contexts->bindings->v[i]);
	if (contexts->status == -EREMOTE)
		pasid_reader_reason(reader, "not captured");
	else if (contexts->status < 0)
		pasid_reader_reason(reader, "some contexts could not be asked");
	return r < 0 ? r : contexts->status;
}

const struct pasid_source pasid_source_context = {
	.name = "context",
	.what = "The records of contexts",
	.path = "/run/ioasidctl",
	.read = context_read,
};
