/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/nouns.h"
#include "cmd/pasid/internal.h"

static const struct cmd *const sub[] = {
	&pasid_list_cmd,      &pasid_show_cmd, &pasid_bind_cmd, &pasid_unbind_cmd,
	&pasid_translate_cmd, &pasid_map_cmd,  &pasid_why_cmd,  NULL,
};

const struct cmd pasid_cmd = {
	.name = "pasid",
	.summary = "PASID bindings",
	.sub = sub,
	.fallback = &pasid_list_cmd,
};
