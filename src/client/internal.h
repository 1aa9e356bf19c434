/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "client/holder.h"
#include "util/parse.h"
#include "wire/types.h"
#include "wire/varlink.h"

/*
 * Shared by the client's files: calls over a connection, failures, and reading untrusted replies.
 */

/*
 * A holder that does not answer for so long is considered stuck. Only changes are waited for
 * longer.
 */
#define CLIENT_PATIENCE 10000 /* ms */

struct holder_client {
	int fd;
	pid_t peer_pid; /* of the holder, if recorded; 0: the kernel knows it of FD */
	uid_t peer_uid;
	const char *method; /* of the call that is being answered */
	json_object *sent;  /* its parameters; may be NULL */
	char typed[24];     /* how the user wrote the number of an object in it: "0x5"; or "" */
	char *reference;    /* as shown: see struct holder_entry */
	bool foreign;       /* another user's: its strings are not trusted */
	struct varlink_in in;
	holder_plan_fn *plan; /* NULL: not a dry run */
	void *plan_data;
	holder_progress_fn *watch; /* of changes; NULL: they are not cancelled either */
	void *watch_data;
	json_object *captured; /* replies instead of a holder's: see client/captured.c */
};

/* The parts of a context's name. */
struct client_name {
	uid_t uid;
	char name[NAME_LENGTH_MAX + 1];
};

/*
 * TEXT is "NAME" for OWN's context, "UID:NAME" or "USER/NAME". In a CAPTURED machine only numeric
 * users are valid, since its users are not this machine's. Returns 0, -EINVAL, -ENOENT (no such
 * user), another -errno.
 */
int client_name_parse(const char *text, uid_t own, bool captured, struct client_name *ret,
		      struct holder_error *error);
/* Explains why the name TEXT is invalid. Returns -EINVAL. */
int client_name_error(struct holder_error *error, const char *text);
/* The name of UID's context for OWN; a new string, NULL if out of memory. */
char *client_reference(const char *name, uid_t uid, uid_t own);

/* Fills ERROR (may be NULL) with the message made printable. Returns -ERR. */
int error_set(struct holder_error *error, enum holder_error_kind kind, int err, const char *format,
	      ...) __attribute__((format(printf, 4, 5)));
/* Adds a copy of HINT. */
void error_hint(struct holder_error *error, const char *hint);
/* Notes that ERROR's strings come from CLIENT's holder. */
void error_attribute(struct holder_error *error, const struct holder_client *client);
/*
 * Replaces ERROR for what a holder of an older version lacks, the method of CLIENT's call, or a parameter of it, and
 * asks the holder whether it is that. Returns R, or what ERROR is then.
 */
int client_error_older(struct holder_client *client, int r, struct holder_error *error);
/* Fills ERROR from a varlink error and its parameters (may be NULL). Returns -errno. */
int error_from_reply(struct holder_error *error, const char *id, json_object *parameters);
/* For a reply that violates the interface. Returns -EPROTO. */
int error_protocol(struct holder_error *error);

/* The peer's pid and uid from SO_PEERCRED. Returns 0 or -errno. */
int client_peer(const struct holder_client *client, pid_t *ret_pid, uid_t *ret_uid);

/*
 * Starts a process that from here on talks to CLIENT's holder and relays what it says. Only iommufds
 * and VFIO devices, by the device numbers in SYSFS, "/sys", are relayed; any other fd is replaced by
 * /dev/null. Returns 0 or -errno.
 */
int client_shield(struct holder_client *client, const char *sysfs);

/* Connecting to and calling a captured context. Takes over PARAMETERS. */
int client_captured_connect(const struct holder_entry *entry, struct holder_client **ret,
			    struct holder_error *error);
int client_captured_call(const struct holder_client *client, const char *method,
			 json_object *parameters, json_object **ret, struct holder_error *error);
int client_captured_more(const struct holder_client *client, const char *method,
			 json_object *parameters,
			 int (*each)(void *userdata, json_object *reply,
				     struct holder_error *error),
			 void *userdata, struct holder_error *error);

/* Adds all users' contexts, which only root can list. Returns 0 or -errno. */
int client_list_users(struct holder_entries *list);

/* For a runtime directory locked by another process, which is named. Returns -EBUSY. */
int client_lock_error(struct holder_error *error);

/* Explains the error R of runtime_open(). Returns R. */
int client_directory_error(struct holder_error *error, int r);

/*
 * Calls METHOD of org.ioasidctl.Context, or a full name if it has a dot. Takes over PARAMETERS. RET
 * is the reply's parameters; release it with json_object_put().
 */
int client_call(struct holder_client *client, const char *method, json_object *parameters,
		json_object **ret, struct holder_error *error);
/*
 * The same for a change, which takes as long as it takes: see holder_watch() (client/progress.c). FD, -1:
 * none, is borrowed and goes with it.
 */
int client_call_change(struct holder_client *client, const char *method, json_object *parameters,
		       int fd, json_object **ret, struct holder_error *error);
/*
 * With "more": calls EACH for the parameters of every reply. It returns 0, or -errno with ERROR
 * set.
 */
int client_call_more(struct holder_client *client, const char *method, json_object *parameters,
		     int (*each)(void *userdata, json_object *reply, struct holder_error *error),
		     void *userdata, struct holder_error *error);

/* Adds a Reference to what a user calls TEXT: a number is an id. Errors repeat it as it was typed. */
void client_add_reference(struct holder_client *client, json_object *parameters, const char *key,
			  const char *text);
/* error_from_reply() for the call that CLIENT has made. */
int client_error_from_reply(const struct holder_client *client, struct holder_error *error,
			    const char *id, json_object *parameters);

/* Sends a call, and FD (-1: none), borrowed. DEADLINE is in ms of CLOCK_MONOTONIC. Returns 0 or -errno. */
int client_send(struct holder_client *client, const char *method, json_object *parameters, int fd,
		bool more, int64_t deadline);
/*
 * Receives one reply: its parameters and whether more follow. DEADLINE -1: waits forever. -EINTR,
 * without an error: the fd INTERRUPT (-1: none) is readable.
 */
int client_receive(struct holder_client *client, int interrupt, int64_t deadline, json_object **ret,
		   bool *ret_continues, struct holder_error *error);
/* The message of a connection that failed with R. Returns R. */
int client_transport_error(struct holder_error *error, int r);

/*
 * A reply being read. Each function returns the value of KEY; if it is missing or of another type,
 * sets err and the value is meaningless. Strings are new.
 */
struct wire {
	json_object *object;
	int err; /* -errno of the first failure; 0: none */
};

char *wire_string(struct wire *wire, const char *key);
char *wire_string_optional(struct wire *wire, const char *key);
/*
 * The name of an IOAS or HWPT; must be a valid name, because another user's holder may send
 * anything.
 */
char *wire_name_optional(struct wire *wire, const char *key);
/* A Reference: its id; the name, new, in RET_NAME. */
uint32_t wire_reference(struct wire *wire, const char *key, char **ret_name);
/* A Target; false if it is null. RET owns its name. */
bool wire_target_optional(struct wire *wire, const char *key, struct holder_target *ret);
/* PASIDs from 1 to PASID_MAX: one range; false if it is null. */
bool wire_range_optional(struct wire *wire, const char *key, struct range *ret);
/* And many. */
void wire_ranges_optional(struct wire *wire, const char *key, struct ranges *ret);
uint32_t wire_u32(struct wire *wire, const char *key);
uint64_t wire_u64(struct wire *wire, const char *key);
struct field_u64 wire_u32_optional(struct wire *wire, const char *key);
struct field_u64 wire_u64_optional(struct wire *wire, const char *key);
bool wire_bool(struct wire *wire, const char *key);
uint64_t wire_address(struct wire *wire, const char *key);
struct field_u64 wire_address_optional(struct wire *wire, const char *key);
/* The error of a reply that could not be read. Returns -errno. */
int wire_error(const struct wire *wire, struct holder_error *error);

json_object *wire_object_optional(struct wire *wire, const char *key);
/*
 * Reads the array KEY into a new array of zeroed elements of SIZE bytes, filled by READ from the
 * array's objects. *RET_N is the number that READ was called for, also on failure.
 */
void *wire_array(struct wire *wire, const char *key, size_t size,
		 void (*read)(struct wire *wire, void *element), size_t *ret_n);
/*
 * Reads the array of strings KEY into a new array of new strings; *RET_N of them are set even on
 * failure.
 */
char **wire_strings(struct wire *wire, const char *key, size_t *ret_n);

/* Is FD an open /dev/iommu or VFIO device? Does not ask the file system, which may not answer. */
bool client_fd_is_fit(int fd, const char *sysfs);
/*
 * Are LIST's fds what their names say: first an open /dev/iommu, then open VFIO devices, by the
 * device numbers in SYSFS, "/sys", and the paths in FDINFO, "/proc/self/fdinfo", if it has any?
 * Returns 0, -EPROTO, another -errno.
 */
int client_check_fds(const struct holder_client *client, const struct holder_fds *list,
		     const char *sysfs, const char *fdinfo, struct holder_error *error);
