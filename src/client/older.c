/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a holder of an older version lacks: its own description of the interface says so. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"
#include "util/str.h"

/* Does "method METHOD(...)" in TEXT have PARAMETER? Also true if there is no such method. */
static bool declares(const char *text, const char *method, const char *parameter)
{
	_cleanup_free_ char *head = NULL;
	const size_t length = strlen(parameter);
	const char *at, *end;

	if (asprintf(&head, "\nmethod %s(", method) < 0)
		head = NULL;
	at = head ? strstr(text, head) : NULL;
	end = at ? strchr(at, ')') : NULL;
	if (!end)
		return true;
	for (at += strlen(head) - 1; at && at < end; at = strpbrk(at, ",)")) {
		at += 1 + strspn(at + 1, " \t\n");
		if (strncmp(at, parameter, length) == 0 && at[length] == ':')
			return true;
	}
	return false;
}

static bool is(const struct holder_error *error, const char *name)
{
	return error->id && str_starts(error->id, VARLINK_INTERFACE ".") &&
	       strcmp(error->id + strlen(VARLINK_INTERFACE "."), name) == 0;
}

static bool lacks(struct holder_client *client, const char *method, const char *parameter)
{
	json_object *parameters = json_object_new_object();
	_cleanup_json_ json_object *reply = NULL;
	const char *text = NULL;

	json_add_string(parameters, "interface", HOLDER_INTERFACE);
	return client_call(client, VARLINK_INTERFACE ".GetInterfaceDescription", parameters, &reply,
			   NULL) == 0 &&
	       json_get_string(reply, "description", &text) > 0 &&
	       !declares(text, method, parameter);
}

static int fail_older(const struct holder_client *client, struct holder_error *error,
		      const char *method, const char *parameter)
{
	error_set(error, HOLDER_ERROR_PROTOCOL, EOPNOTSUPP,
		  "the holder of context %s is of an older version, which has no %s%s%s",
		  client->reference, parameter ? parameter : method, parameter ? " in " : "",
		  parameter ? method : "");
	error_hint(error, "a context that this version creates has it");
	return -EOPNOTSUPP;
}

int client_error_older(struct holder_client *client, int r, struct holder_error *error)
{
	_cleanup_free_ char *parameter = NULL;
	const char *method = client->method;

	if (!error || strchr(method, '.'))
		return r;
	if (is(error, "MethodNotFound"))
		return fail_older(client, error, method, NULL);
	/* What was not sent, no holder can lack: that is another user's word in our sentence. */
	if (!is(error, "InvalidParameter") || !error->parameter ||
	    !json_object_object_get_ex(client->sent, error->parameter, NULL))
		return r;
	parameter = strdup(error->parameter);
	return parameter && lacks(client, method, parameter)
		       ? fail_older(client, error, method, parameter)
		       : r;
}
