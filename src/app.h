/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of a run of the program, and reporting of failures: once, on stderr. */
#pragma once

#include <stdbool.h>

#include "out/view.h"
#include "sys/root.h"
#include "util/status.h"

struct app {
	const char *sysroot;         /* NULL: this machine */
	const char *context;         /* -c NAME before the noun; NULL when it was not given */
	const char *context_default; /* $IOASIDCTL_CONTEXT, does not restrict lists; or NULL */
	char *changed;               /* see app_changed() */
	bool root_open;              /* see app_root() */
	struct sys_root root;
};

void app_done(struct app *app);

/* The inspected machine, opened once. Returns 0 or a reported status. */
int app_root(struct app *app, const struct sys_root **ret);

/*
 * The user name of UID on the inspected machine; call app_root() before. Errors of sys_user_name().
 */
int app_user_name(struct app *app, uint64_t uid, char *buf, size_t size);

/*
 * Prints "ioasidctl: OBJECT: what failed". OBJECT is as the user wrote it, or NULL. Returns STATUS,
 * for "return app_fail(...)".
 */
int app_fail(struct app *app, enum status status, const char *object, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same followed by ": cause in words"; the status follows from the errno. */
int app_fail_errno(struct app *app, int negative_errno, const char *object, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The exit status for a negative errno. */
enum status app_status(int negative_errno);

/* Prints "hint: ..." after a failure. */
void app_hint(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "ioasidctl: note: ...": worth knowing, but not a failure. */
void app_note(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Notes a change that was made, WHAT in words: "PASID 42 of 00:10.0 is bound". It is reported if
 * the output cannot be written, since the change stays. May be called several times.
 */
void app_changed(struct app *app, const char *what);

/* Ends a view and prints its notes for people. Returns 0 or a reported status. */
int app_view_end(struct app *app, struct out_view *view);
