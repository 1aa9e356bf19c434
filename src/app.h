/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one run of the program carries, and how a failure is reported: once, on stderr. */
#pragma once

#include <stdbool.h>

#include "out/view.h"
#include "sys/root.h"
#include "util/status.h"

struct app {
	const char *sysroot;         /* NULL: this machine */
	const char *context;         /* -c NAME before the noun; NULL when it was not given */
	const char *context_default; /* $IOASIDCTL_CONTEXT, which limits no list; NULL */
	char *changed;               /* see app_changed() */
	bool root_open;              /* see app_root() */
	struct sys_root root;
};

void app_done(struct app *app);

/* The machine looked at, opened once. Returns 0 or a reported status. */
int app_root(struct app *app, const struct sys_root **ret);

/* The name that the machine looked at has for UID; after app_root(). The errors of sys_user_name(). */
int app_user_name(struct app *app, uint64_t uid, char *buf, size_t size);

/*
 * Prints "ioasidctl: OBJECT: what failed". OBJECT is as the user wrote it, or NULL. Returns STATUS,
 * so that a verb ends with "return app_fail(...)".
 */
int app_fail(struct app *app, enum status status, const char *object, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with ": cause in words" added; the status follows from the errno. */
int app_fail_errno(struct app *app, int negative_errno, const char *object, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The status that a negative errno stands for. */
enum status app_status(int negative_errno);

/* The line "hint: ..." after a failure. */
void app_hint(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Something worth knowing that is no failure: "ioasidctl: note: ...". */
void app_note(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Something was changed, WHAT in words, "PASID 42 of 00:10.0 is bound": it stays so, and is said, even where what is
 * printed of it does not reach its reader. Called more than once, all is said.
 */
void app_changed(struct app *app, const char *what);

/* Ends a view and prints its notes for people. Returns 0 or a reported status. */
int app_view_end(struct app *app, struct out_view *view);
