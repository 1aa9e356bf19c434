/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/session.h"

#include <string.h>

static enum status error_status(const struct holder_error *error)
{
	switch (error->kind) {
	case HOLDER_ERROR_SYSTEM:
		return app_status(-error->err);
	case HOLDER_ERROR_USAGE:
		return STATUS_USAGE;
	case HOLDER_ERROR_REFUSED:
		return STATUS_UNSAFE;
	case HOLDER_ERROR_PERMISSION:
		return STATUS_NOT_PERMITTED;
	case HOLDER_ERROR_UNSUPPORTED:
		return STATUS_UNSUPPORTED;
	case HOLDER_ERROR_UNKNOWN:
		return STATUS_NOT_FOUND;
	case HOLDER_ERROR_PROTOCOL:
		break;
	}
	return STATUS_FAILED;
}

int session_fail(struct app *app, const char *object, const struct holder_error *error)
{
	app_fail(app, STATUS_FAILED, object, "%s",
		 error->message ? error->message : strerror(error->err));
	if (error->hint)
		app_hint(app, "%s", error->hint);
	if (error->override)
		app_hint(app, "--%s overrides this", error->override);
	return error_status(error);
}

int session_open(struct app *app, const struct context_args *args, struct holder_client **ret)
{
	_cleanup_holder_error_ struct holder_error error = { 0 };
	const char *name = args->name ? args->name : app->context;

	if (!name) {
		app_fail(app, STATUS_USAGE, NULL, "no context is chosen");
		app_hint(app, "use -c NAME or set IOASIDCTL_CONTEXT; "
			      "'ioasidctl context create NAME' makes one");
		return STATUS_USAGE;
	}
	if (holder_connect(name, ret, &error) < 0)
		return session_fail(app, name, &error);
	return 0;
}
