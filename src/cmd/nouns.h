/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nouns of the command tree, and the options that stand before the noun as well as after the verb. */
#pragma once

#include "cmd.h"

extern const struct cmd context_cmd;
extern const struct cmd device_cmd;
extern const struct cmd driver_cmd;
extern const struct cmd group_cmd;
extern const struct cmd hwpt_cmd;
extern const struct cmd ioas_cmd;
extern const struct cmd iommu_cmd;
extern const struct cmd pasid_cmd;
extern const struct cmd system_cmd;

/* Rows of options whose place is in struct app. */
#define SYSROOT_OPTION \
	{ \
		"sysroot", 0, "FILE|DIR", "Inspect a capture instead of this machine", \
			OPTION_TEXT, offsetof(struct app, sysroot), .of_app = true \
	}
#define CONTEXT_OPTION_FOR(help) \
	{ \
		"context", 'c', "NAME", help, OPTION_TEXT, offsetof(struct app, context), \
			.of_app = true \
	}
#define CONTEXT_OPTION CONTEXT_OPTION_FOR("The context to work in (default: $IOASIDCTL_CONTEXT)")

/* For lists, which cover all contexts unless one is given. */
#define CONTEXT_LIST_OPTION CONTEXT_OPTION_FOR("List only what is in this context")

/* The format of the output; places are in a struct out_options. */
extern const struct cmd_option output_options[];
