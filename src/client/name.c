/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which context a name means: "NAME" the caller's own, "UID:NAME" or "USER/NAME" that user's. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"
#include "util/parse.h"

#define UID_MAX (UINT32_MAX - 1)

int client_name_error(struct holder_error *error, const char *text)
{
	int r = error_set(error, HOLDER_ERROR_USAGE, EINVAL, "'%s' is not a valid context name",
			  text);

	error_hint(
		error,
		"a name begins with a letter or _, and has letters, digits and . _ -, 64 at most; "
		"another user's context is UID:NAME or USER/NAME");
	return r;
}

static int find_user(const char *user, uid_t *ret, struct holder_error *error)
{
	struct passwd entry, *found = NULL;
	char strings[16384];
	int r = getpwnam_r(user, &entry, strings, sizeof(strings), &found);

	if (found) {
		*ret = found->pw_uid;
		return 0;
	}
	if (r == 0 || r == ENOENT || r == ESRCH)
		return error_set(error, HOLDER_ERROR_UNKNOWN, ENOENT, "there is no user %s", user);
	return error_set(error, HOLDER_ERROR_SYSTEM, r, "cannot look up the user %s: %s", user,
			 strerror(r));
}

int client_name_parse(const char *text, uid_t own, bool captured, struct client_name *ret,
		      struct holder_error *error)
{
	size_t length = strcspn(text, ":/");
	const char *name = text[length] ? text + length + 1 : text;
	_cleanup_free_ char *owner = strndup(text, length);
	uint64_t uid = own;
	int r = 0;

	if (!owner)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	if (!parse_is_name(name) || (name != text && !*owner))
		return client_name_error(error, text);
	if (text[length] == ':' && parse_u64(owner, UID_MAX, &uid) < 0)
		return client_name_error(error, text);
	if (text[length] == '/') {
		uid_t found = 0;

		if (captured) {
			r = error_set(error, HOLDER_ERROR_USAGE, EINVAL,
				      "a capture has users by number only");
			error_hint(error, "use UID:NAME for another user's context");
			return r;
		}
		r = find_user(owner, &found, error);
		if (r < 0)
			return r;
		uid = found;
	}
	ret->uid = (uid_t)uid;
	strcpy(ret->name, name);
	return 0;
}

char *client_reference(const char *name, uid_t uid, uid_t own)
{
	char *text;

	if (uid == own)
		return strdup(name);
	return asprintf(&text, "%u:%s", (unsigned int)uid, name) < 0 ? NULL : text;
}
