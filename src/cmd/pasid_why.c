/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid why */
#include <errno.h>
#include <string.h>

#include "app.h"
#include "cmd/finding_columns.h"
#include "cmd/inspect.h"
#include "cmd/operand.h"
#include "cmd/options.h"
#include "cmd/verbs.h"
#include "model/why_pasid.h"
#include "util/cleanup.h"

struct why_args {
	struct wake_args common; /* first: its parser is a child's */
	enum pasid_use use;
};

enum { KEY_FOR = 0x500 };

static error_t why_parse(int key, char *arg, struct argp_state *state)
{
	struct why_args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->common.view;
		return 0;
	case KEY_FOR:
		if (strcmp(arg, "vfio") == 0)
			args->use = PASID_USE_VFIO;
		else if (strcmp(arg, "sva") == 0)
			args->use = PASID_USE_SVA;
		else
			argp_error(state, "--for: '%s' is neither vfio nor sva", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option why_options[] = {
	{ "for", KEY_FOR, "USE", 0,
	  "vfio: through VFIO and iommufd; sva: by the device's own driver, for processes (default: what its "
	  "driver does)",
	  0 },
	{ 0 },
};

/* Names the first broken link. Returns the status. */
static int conclude(struct app *app, const char *operand, enum pasid_use use,
		    const struct finding_list *list)
{
	const char *purpose = use == PASID_USE_SVA ? "SVA" : "VFIO";
	const struct finding *broken = finding_first_broken(list);
	size_t unknown = finding_count(list, FINDING_UNKNOWN);

	if (unknown)
		app_note(app, "%zu link%s could not be measured", unknown, unknown == 1 ? "" : "s");
	if (!broken)
		return STATUS_DONE;
	app_fail(app, STATUS_UNSUPPORTED, operand, "no PASIDs for %s: %s: %s%s%s", purpose,
		 broken->check, broken->object ? broken->object : "", broken->object ? ": " : "",
		 broken->seen);
	if (broken->remedy)
		app_hint(app, "%s", broken->remedy);
	return STATUS_UNSUPPORTED;
}

static int why_run(struct app *app, const void *p)
{
	const struct why_args *args = p;
	const char *operand = args->common.view.operands.v[0];
	_cleanup_finding_list_ struct finding_list list = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_free_ char *path = NULL;
	enum pasid_use use;
	int r;

	r = inspect_open(app, &args->common.view, &in);
	if (r)
		return r;
	r = operand_device(app, in.root, operand, &path);
	if (r)
		return r;
	r = pasid_why(in.root, path, args->use, args->common.wake, &use, &list);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot look into it");
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = inspect_row(&in, &list.v[i]);
	r = inspect_end(app, &in, r);
	return r ? r : conclude(app, operand, use, &list);
}

static const struct argp why_argp = {
	.options = why_options,
	.parser = why_parse,
	.args_doc = "DEVICE",
	.doc = "Tell why PASIDs can be used on a device or not: each link from its capability to the node "
	       "through which they are bound, with what was measured. The first broken link is "
	       "named, with what to do; the status is 5 then, and 0 where none is broken.",
	.children = wake_children,
};

static const struct why_args why_defaults = {
	.common.view = { .columns = finding_columns, .operands = { .min = 1, .max = 1 } },
};

const struct cmd pasid_why_cmd = {
	.name = "why",
	.summary = "Tell why a device can use PASIDs or not",
	.argp = &why_argp,
	.defaults = &why_defaults,
	.args_size = sizeof(why_defaults),
	.run = why_run,
};
