/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/user.h"
#include "util/cleanup.h"
#include "util/str.h"

void app_done(struct app *app)
{
	if (app->root_open)
		sys_root_close(&app->root);
	app->root_open = false;
	free(app->changed);
	app->changed = NULL;
}

/* PLACE is where in a capture file, NULL where that is not known. */
static int fail_root(struct app *app, int error, const char *place)
{
	static const struct {
		int error;
		const char *words;
		bool placed;
	} reasons[] = {
		{ -EBADMSG, "is not an ioasidctl capture", false },
		{ -EPROTONOSUPPORT,
		  "was captured by a newer ioasidctl, in a format that this version does not know",
		  false },
		{ -ENODATA, "is cut off: its end is missing", true },
		{ -EFBIG, "is larger than any capture", false },
		{ -EPROTO, "is damaged, or contains something that no capture contains", true },
	};

	for (size_t i = 0; app->sysroot && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error != error)
			continue;
		if (!reasons[i].placed)
			place = NULL;
		app_fail(app, STATUS_FAILED, app->sysroot, "%s%s%s%s", reasons[i].words,
			 place ? " (in or after " : "", place ? place : "", place ? ")" : "");
		if (error == -EBADMSG)
			app_hint(
				app,
				"'ioasidctl system capture' writes one; a directory works as well");
		return STATUS_FAILED;
	}
	if (app->sysroot && error == -ENOENT)
		return app_fail(app, STATUS_NOT_FOUND, app->sysroot, "no such file or directory");
	return app_fail_errno(app, error, app->sysroot ? app->sysroot : "/", "cannot open");
}

int app_root(struct app *app, const struct sys_root **ret)
{
	_cleanup_free_ char *place = NULL;
	int r = app->root_open ? 0 : sys_root_open(app->sysroot, &app->root, &place);

	if (r < 0)
		return fail_root(app, r, place);
	app->root_open = true;
	*ret = &app->root;
	return 0;
}

int app_user_name(struct app *app, uint64_t uid, char *buf, size_t size)
{
	return sys_user_name(&app->root, uid, buf, size);
}

/* Names come from devices, processes and other users, and must not control the terminal. */
static void print_message(const char *prefix, const char *object, const char *cause,
			  const char *format, va_list ap)
{
	_cleanup_free_ char *text = NULL, *line = NULL, *safe = NULL;

	if (vasprintf(&text, format, ap) < 0) {
		text = NULL;
		return;
	}
	if (asprintf(&line, "%s%s%s%s%s%s", prefix, object ? object : "", object ? ": " : "", text,
		     cause ? ": " : "", cause ? cause : "") < 0) {
		line = NULL;
		return;
	}
	safe = str_printable(line);
	if (safe)
		fprintf(stderr, "%s\n", safe);
}

int app_fail(struct app *app, enum status status, const char *object, const char *format, ...)
{
	va_list ap;

	(void)app;
	va_start(ap, format);
	print_message("ioasidctl: ", object, NULL, format, ap);
	va_end(ap);
	return status;
}

enum status app_status(int negative_errno)
{
	switch (-negative_errno) {
	case EPERM:
	case EACCES:
		return STATUS_NOT_PERMITTED;
	case EOPNOTSUPP:
	case ENOTTY:
	case ENOSYS:
		return STATUS_UNSUPPORTED;
	default:
		return STATUS_FAILED;
	}
}

int app_fail_errno(struct app *app, int negative_errno, const char *object, const char *format, ...)
{
	va_list ap;

	(void)app;
	va_start(ap, format);
	print_message("ioasidctl: ", object, strerror(-negative_errno), format, ap);
	va_end(ap);
	return app_status(negative_errno);
}

void app_hint(struct app *app, const char *format, ...)
{
	va_list ap;

	(void)app;
	va_start(ap, format);
	print_message("hint: ", NULL, NULL, format, ap);
	va_end(ap);
}

void app_note(struct app *app, const char *format, ...)
{
	va_list ap;

	(void)app;
	va_start(ap, format);
	print_message("ioasidctl: note: ", NULL, NULL, format, ap);
	va_end(ap);
}

void app_changed(struct app *app, const char *what)
{
	char *all;

	/* A closed stderr must not end the program before the change is reported. */
	signal(SIGPIPE, SIG_IGN);
	if (asprintf(&all, "%s%s%s", app->changed ? app->changed : "", app->changed ? "; " : "",
		     what) < 0)
		return;
	free(app->changed);
	app->changed = all;
}

static void view_note(void *data, const char *text)
{
	app_note(data, "%s", text);
}

int app_view_end(struct app *app, struct out_view *view)
{
	int r = out_view_end(view);

	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot print");
	out_view_notes(view, view_note, app);
	return STATUS_DONE;
}
