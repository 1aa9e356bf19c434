/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/session.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cmd/common/inspect.h"
#include "cmd/common/internal.h"
#include "cmd/common/operand.h"
#include "model/capture/file.h"
#include "model/machine/group.h"
#include "model/diagnosis/advice.h"

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

/* Does MESSAGE already name OBJECT, so that it need not be added? */
static bool names(const char *message, const char *object)
{
	const size_t length = strlen(object);

	for (const char *at = message; length && (at = strstr(at, object)); at++) {
		/* matches 00:10.0 in 0000:00:10.0 */
		const bool begins = at == message || strchr(" ':", at[-1]);

		if (begins && (!at[length] || strchr(" ',:;", at[length])))
			return true;
	}
	return false;
}

/* Replaces DEVICE in a hint by OBJECT, if a shell needs no quotes for it. */
static void hint_for(struct app *app, const char *object, const char *hint)
{
	static const char
		word[] = "DEVICE",
		plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._/-";
	const char *at = strstr(hint, word);

	if (!at || !object || !*object || object[strspn(object, plain)])
		app_hint(app, "%s", hint);
	else
		app_hint(app, "%.*s%s%s", (int)(at - hint), hint, object, at + strlen(word));
}

void session_hint(struct app *app, const char *object, const struct holder_error *error)
{
	if (error->hint && error->holder)
		app_note(app, "the holder of %s says: %s", error->holder, error->hint);
	else if (error->hint)
		hint_for(app, object, error->hint);
	if (error->override)
		app_hint(app, "--%s overrides this", error->override);
}

int session_fail(struct app *app, const char *object, const struct holder_error *error)
{
	const char *message = error->message ? error->message : strerror(error->err);

	/* Words of another user's holder are always marked as such. */
	if (error->holder)
		app_fail(app, STATUS_FAILED, object, "the holder of %s says: %s", error->holder,
			 message);
	else
		app_fail(app, STATUS_FAILED, object && !names(message, object) ? object : NULL,
			 "%s", message);
	session_hint(app, object, error);
	if (!error->done)
		return error_status(error);
	app_note(app, "%s%s%sdone before that, and not undone: PASID %s",
		 error->holder ? "the holder of " : "", error->holder ? error->holder : "",
		 error->holder ? " says: " : "", error->done);
	return STATUS_PARTIAL;
}

int session_require_live(struct app *app)
{
	return app->sysroot
		       ? app_fail(app, STATUS_USAGE, app->sysroot, "a capture cannot be changed")
		       : 0;
}

/* -EREMOTE: a tree without captured contexts. */
static int list_contexts(struct app *app, struct holder_entries *ret, struct holder_error *error)
{
	_cleanup_free_ char *text = NULL;
	int r;

	if (!app->root_open || !app->root.captured)
		return holder_list(ret, error);
	r = capture_get_text(&app->root, CAPTURE_CONTEXTS, &text);
	if (r == 0)
		r = holder_list_captured(text, ret);
	if (r < 0)
		error->err = -r;
	return r == -ENOENT ? -EREMOTE : r;
}

static int fail_list(struct app *app, int r, const struct holder_error *error)
{
	if (r == -EREMOTE)
		return app_fail(app, STATUS_USAGE, app->sysroot, "its contexts were not captured");
	if (error->message)
		return session_fail(app, NULL, error);
	if (r == -EBADMSG && app->sysroot)
		return app_fail(app, STATUS_FAILED, app->sysroot,
				"its " CAPTURE_CONTEXTS " is damaged");
	return app_fail_errno(app, r, NULL, "cannot list the contexts");
}

int session_list(struct app *app, struct holder_entries *ret)
{
	_cleanup_holder_error_ struct holder_error error = { 0 };
	const struct sys_root *root;
	int r = app_root(app, &root);

	if (r)
		return r;
	r = list_contexts(app, ret, &error);
	return r < 0 ? fail_list(app, r, &error) : 0;
}

int session_get(struct app *app, struct holder_entries *ret)
{
	_cleanup_holder_error_ struct holder_error error = { 0 };

	return list_contexts(app, ret, &error);
}

bool session_tells(struct app *app)
{
	_cleanup_free_ char *text = NULL;
	const struct sys_root *root;

	return app_root(app, &root) == 0 &&
	       (!root->captured || capture_get_text(root, CAPTURE_CONTEXTS, &text) != -ENOENT);
}

void session_print_step(const char *line, void *data)
{
	(void)data;
	puts(line);
}

int session_find(struct app *app, const char *name, char **ret)
{
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	const struct holder_entry *entry = NULL;
	int r = session_list(app, &entries);

	if (r)
		return r;
	if (holder_find(&entries, name, &entry, &error) < 0)
		return session_fail(app, name, &error);
	*ret = strdup(entry->reference);
	return *ret ? 0 : app_fail_errno(app, -ENOMEM, name, "cannot look up the context");
}

static int connect_context(struct app *app, const char *name, struct holder_client **ret,
			   struct holder_error *error)
{
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	int r;

	if (!app->sysroot)
		return holder_connect(name, ret, error);
	r = list_contexts(app, &entries, error);
	return r < 0 ? r : holder_connect_captured(&entries, name, ret, error);
}

int session_open(struct app *app, const struct context_args *args, struct holder_client **ret)
{
	int r = session_require_live(app);

	if (r == 0)
		r = session_open_reading(app, args, ret);
	if (r == 0)
		holder_watch(*ret, session_progress, app);
	return r;
}

int session_open_reading(struct app *app, const struct context_args *args,
			 struct holder_client **ret)
{
	_cleanup_holder_error_ struct holder_error error = { 0 };
	const char *chosen = app->context ? app->context : app->context_default;
	const char *name = args->name ? args->name : chosen;
	const struct sys_root *root;
	int r = app->sysroot ? app_root(app, &root) : 0;

	if (r)
		return r;
	if (!name) {
		r = session_require_groups(app, NULL);
		if (r)
			return r;
		app_fail(app, STATUS_USAGE, NULL, "no context is chosen");
		app_hint(app, "use -c NAME or set IOASIDCTL_CONTEXT; "
			      "'ioasidctl context create NAME' creates one");
		return STATUS_USAGE;
	}
	r = connect_context(app, name, ret, &error);
	if (app->sysroot && !error.message && r < 0)
		return fail_list(app, r, &error);
	/* A name of the caller's own, which no other user has either. */
	if (r == -ENOENT && !error.hint && !strpbrk(name, ":/")) {
		r = session_require_groups(app, name);
		return r ? r : session_fail(app, name, &error);
	}
	if (r < 0)
		return session_fail(app, name, &error);
	if (args->dry_run) {
		if (holder_foreign(*ret))
			app_note(app, "the holder of %s says what it would do",
				 holder_foreign(*ret));
		holder_plan(*ret, session_print_step, NULL);
	}
	return 0;
}

int session_open_device(struct app *app, const struct context_args *args, char **ret_path,
			struct holder_client **ret)
{
	const struct sys_root *root;
	int r;

	r = app_root(app, &root);
	if (r == 0)
		r = session_open(app, args, ret);
	return r ? r : operand_device(app, root, args->operands.v[0], ret_path);
}

int session_require_groups(struct app *app, const char *object)
{
	_cleanup_group_list_ struct group_list list = { 0 };
	const struct sys_root *root;
	const char *advice;
	char buf[256];
	int r = app_root(app, &root);

	if (r)
		return r;
	/* If groups cannot be listed, there may be some. */
	if (group_list(root, 0, 0, &list) < 0 || list.n)
		return 0;
	app_fail(
		app, STATUS_UNSUPPORTED, object,
		"this machine has no IOMMU groups: it has no IOMMU, or the kernel does not use it");
	advice = iommu_advice(root, buf, sizeof(buf));
	if (advice)
		app_hint(app, "%s", advice);
	return STATUS_UNSUPPORTED;
}

/* After so long, no further contexts are asked: users can create many that do not answer. */
#define PATIENCE_S 20

static int entry_each(const struct holder_entry *entry, session_each_fn *each, void *data,
		      struct holder_error *error)
{
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_context_ struct holder_context context = { 0 };
	int r;

	r = holder_connect_entry(entry, &client, error);
	if (r == 0)
		r = holder_describe(client, &context, error);
	return r < 0 ? r : each(client, &context, error, data);
}

int session_each(struct app *app, session_each_fn *each, void *data, int *ret_error)
{
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	int failed = 0;
	time_t begun;
	const struct sys_root *root;
	int r = app_root(app, &root);

	if (r)
		return r;
	r = list_contexts(app, &entries, &error);
	if (r == -EREMOTE)
		return fail_list(app, r, &error);
	/* A broken XDG_RUNTIME_DIR must not hide everything else. */
	if (r < 0) {
		app_note(app, "your contexts could not be listed: %s",
			 error.message ? error.message : strerror(error.err));
		failed = r;
	}
	begun = time(NULL);
	for (size_t i = 0; i < entries.n; i++) {
		_cleanup_holder_error_ struct holder_error refused = { 0 };
		const struct holder_entry *entry = &entries.v[i];

		if (entry->status == HOLDER_STALE)
			continue;
		if (entry->status == HOLDER_DENIED) {
			app_note(app, "context %s may not be read", entry->reference);
			failed = -EACCES;
			continue;
		}
		if (time(NULL) - begun > PATIENCE_S) {
			app_note(app, "context %s was not asked: others took too long",
				 entry->reference);
			failed = -ETIMEDOUT;
			continue;
		}
		r = entry_each(entry, each, data, &refused);
		if (r < 0) {
			app_note(app, "context %s: %s%s", entry->reference,
				 refused.holder ? "its holder says: " : "",
				 refused.message ? refused.message : strerror(-r));
			failed = r;
		}
	}
	if (failed && ret_error)
		*ret_error = failed;
	return failed ? STATUS_PARTIAL : STATUS_DONE;
}

int session_view(struct app *app, const struct view_args *args, session_each_fn *each)
{
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_context_ struct holder_context context = { 0 };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r = inspect_open(app, args, &in);

	if (r)
		return r;
	if (!app->context) {
		r = session_each(app, each, &in, NULL);
		in.partial = r == STATUS_PARTIAL;
		return r && !in.partial ? r : inspect_end(app, &in, 0);
	}
	r = session_open_reading(app, &(struct context_args){ 0 }, &client);
	if (r)
		return r;
	if (holder_describe(client, &context, &error) < 0)
		return session_fail(app, NULL, &error);
	r = each(client, &context, &error, &in);
	return inspect_end(app, &in, r);
}
