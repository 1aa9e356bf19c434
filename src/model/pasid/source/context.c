/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts: what their holders have bound, as their records say. */
#include "model/pasid/sources.h"

#include <errno.h>

static int context_read(struct pasid_reader *reader)
{
	const struct pasid_contexts *contexts = reader->contexts;

	/* There may be very many. */
	if (contexts->bindings)
		pasid_reader_take(reader, contexts->bindings);
	if (contexts->status == -EREMOTE)
		pasid_reader_reason(reader, "not captured");
	else if (contexts->status < 0)
		pasid_reader_reason(reader, "some contexts could not be asked");
	return contexts->status;
}

const struct pasid_source pasid_source_context = {
	.name = "context",
	.what = "The records of contexts",
	.path = "/run/ioasidctl",
	.read = context_read,
};
