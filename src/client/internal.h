/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "client/holder.h"
#include "util/parse.h"
#include "wire/json.h"
#include "wire/varlink.h"

/*
 * What the client's files share: calls over a connection, failures, and reading replies that nobody
 * has vouched for.
 */

/*
 * A holder that says nothing for that long is stuck. Only a call that may wait for a job waits
 * longer.
 */
#define CLIENT_PATIENCE 10000 /* ms */

struct holder_client {
	int fd;
	char *reference; /* the context's: see struct holder_entry */
	bool foreign;    /* another user's: what it says is not our word */
	struct varlink_in in;
	holder_plan_fn *plan; /* NULL: what is asked for is to be done */
	void *plan_data;
	json_object *captured; /* no holder is asked, but this: see client/captured.c */
};

/* A context as it was asked for. */
struct client_name {
	uid_t uid;
	char name[NAME_LENGTH_MAX + 1];
};

/*
 * TEXT is "NAME" of OWN's, "UID:NAME" or "USER/NAME". The users of a CAPTURED machine are not those of this
 * one, and have numbers only. Returns 0, -EINVAL, -ENOENT (no such user), -errno.
 */
int client_name_parse(const char *text, uid_t own, bool captured, struct client_name *ret,
		      struct holder_error *error);
/* What is wrong with the name TEXT. Returns -EINVAL. */
int client_name_error(struct holder_error *error, const char *text);
/* How OWN names UID's context; a new string, NULL without memory. */
char *client_reference(const char *name, uid_t uid, uid_t own);

/* Fills ERROR (may be NULL), the message made printable. Returns -ERR. */
int error_set(struct holder_error *error, enum holder_error_kind kind, int err, const char *format,
	      ...) __attribute__((format(printf, 4, 5)));
/* Adds a hint, a constant or a copy. */
void error_hint(struct holder_error *error, const char *hint);
/* What ERROR says is what CLIENT's holder says. */
void error_attribute(struct holder_error *error, const struct holder_client *client);
/* Fills ERROR from a varlink error and its parameters (may be NULL). Returns -errno. */
int error_from_reply(struct holder_error *error, const char *id, json_object *parameters);
/* The holder's answer is not what the interface promises. Returns -EPROTO. */
int error_protocol(struct holder_error *error);

/* Who the kernel says is at the other end. Returns 0 or -errno. */
int client_peer(const struct holder_client *client, pid_t *ret_pid, uid_t *ret_uid);

/* What a captured entry makes of connecting and calling. PARAMETERS are taken over. */
int client_captured_connect(const struct holder_entry *entry, struct holder_client **ret,
			    struct holder_error *error);
int client_captured_call(const struct holder_client *client, const char *method,
			 json_object *parameters, json_object **ret, struct holder_error *error);
int client_captured_more(const struct holder_client *client, const char *method,
			 json_object *parameters,
			 int (*each)(void *userdata, json_object *reply,
				     struct holder_error *error),
			 void *userdata, struct holder_error *error);

/* Adds the users' contexts, which only root can list. Returns 0 or -errno. */
int client_list_users(struct holder_entries *list);

/* Another process, which is named, has the lock of the caller's runtime directory. Returns -EBUSY. */
int client_lock_error(struct holder_error *error);

/* What -errno R of runtime_open() means. Returns R. */
int client_directory_error(struct holder_error *error, int r);

/*
 * Calls METHOD of org.ioasidctl.Context, or a full name with a dot in it; takes PARAMETERS over.
 * READS: it does not wait for a job. RET is the reply's parameters, to be put.
 */
int client_call(struct holder_client *client, const char *method, json_object *parameters,
		bool reads, json_object **ret, struct holder_error *error);
/*
 * With more: EACH is called for the parameters of every reply. It returns 0, or -errno with ERROR
 * set.
 */
int client_call_more(struct holder_client *client, const char *method, json_object *parameters,
		     int (*each)(void *userdata, json_object *reply, struct holder_error *error),
		     void *userdata, struct holder_error *error);

/*
 * A reply being read. Each function returns what KEY holds; one that is missing or of another type
 * sets err, and the value does not matter then. Strings are new.
 */
struct wire {
	json_object *object;
	int err; /* -errno of the first failure, 0 without */
};

char *wire_string(struct wire *wire, const char *key);
char *wire_string_optional(struct wire *wire, const char *key);
/* The name of an IOAS or HWPT, which needs no quotes: a holder of another user's may say anything. */
char *wire_name_optional(struct wire *wire, const char *key);
uint32_t wire_u32(struct wire *wire, const char *key);
uint64_t wire_u64(struct wire *wire, const char *key);
struct field_u64 wire_u32_optional(struct wire *wire, const char *key);
bool wire_bool(struct wire *wire, const char *key);
uint64_t wire_address(struct wire *wire, const char *key);
json_object *wire_object_optional(struct wire *wire, const char *key);
/*
 * The array KEY, into a new array of as many zeroed elements of SIZE bytes, each filled by READ
 * from the array's object. *RET_N counts those that READ was called for.
 */
void *wire_array(struct wire *wire, const char *key, size_t size,
		 void (*read)(struct wire *wire, void *element), size_t *ret_n);
/* The array of strings KEY: a new array of new strings, of which *RET_N are set even on failure. */
char **wire_strings(struct wire *wire, const char *key, size_t *ret_n);

/*
 * Are LIST's descriptors what their names say? The first an open /dev/iommu, the others open VFIO devices, by
 * the numbers that the kernel gives in SYSFS, "/sys". Returns 0, -EPROTO, -errno.
 */
int client_check_fds(const struct holder_client *client, const struct holder_fds *list,
		     const char *sysfs, struct holder_error *error);
