/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contexts as the commands use them: finding, creating and connecting, and one function per method
 * of org.ioasidctl.Context. Nothing here prints, and no library types are exposed.
 *
 * Every function returns 0 or -errno; those with a struct holder_error (may be NULL) fill it on
 * failure. Outputs are untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/field.h"
#include "util/parse.h"
#include "util/str.h"

/* The class of a failure, whatever its errno. */
enum holder_error_kind {
	HOLDER_ERROR_SYSTEM,      /* the kernel or the system refused: see err */
	HOLDER_ERROR_PROTOCOL,    /* the holder ended, does not answer, or violates the protocol */
	HOLDER_ERROR_USAGE,       /* a parameter is malformed */
	HOLDER_ERROR_REFUSED,     /* refused: something would be lost or replaced */
	HOLDER_ERROR_PERMISSION,  /* not permitted */
	HOLDER_ERROR_UNSUPPORTED, /* this device, IOMMU or kernel does not support it */
	HOLDER_ERROR_UNKNOWN,     /* no such context, device, IOAS, HWPT, mapping or binding */
};

struct holder_error {
	enum holder_error_kind kind;
	int err;         /* positive errno; the function returned -err */
	char *id;        /* the varlink error, "org.ioasidctl.Context.PasidInUse", or NULL */
	char *operation; /* what failed, "VFIO_DEVICE_BIND_IOMMUFD", or NULL */
	char *message;   /* one printable line; NULL if out of memory */
	char *hint;      /* what to do, or NULL */
	/*
	 * The context, "1000:lab", whose holder provided the strings above and `done`, if it is
	 * another user's and so not trusted. NULL: they are ours.
	 */
	char *holder;
	char *done;             /* PASIDs that were done and stay done, "42,100-163", or NULL */
	char *parameter;        /* the parameter that the error is about, "size", or NULL */
	struct field_u64 pasid; /* the PASID that failed */
	/*
	 * The parameter whose command option overrides the refusal ("force", "replace"), a
	 * constant; NULL if none does.
	 */
	const char *override;
};
void holder_error_done(struct holder_error *error);
#define _cleanup_holder_error_ _cleanup_(holder_error_done)

/*
 * Starts the holder of context NAME for the caller's uid, with its own /dev/iommu. In the
 * background: returns once its socket answers; the holder has then left the caller's session.
 * FOREGROUND: this process becomes the holder and returns when the context ends. -EEXIST: a live
 * context has this name; -ENOENT: no /dev/iommu; -EINVAL: invalid name. RET_PID may be NULL.
 */
int holder_create(const char *name, bool foreground, pid_t *ret_pid, struct holder_error *error);

/* Called with one step of a dry run, printable: "ioctl IOMMU_IOAS_ALLOC". */
typedef void holder_plan_fn(const char *line, void *data);

/* Dry run of holder_create(): calls EACH for the steps that a new holder would take. */
int holder_create_plan(const char *name, holder_plan_fn *each, void *data,
		       struct holder_error *error);

enum holder_status {
	HOLDER_LIVE,   /* somebody listens */
	HOLDER_STALE,  /* the holder has ended, its socket still exists */
	HOLDER_DENIED, /* the caller may not connect */
};

struct json_object;

/*
 * A name always means the caller's own context. Another user's is written "UID:NAME" or "USER/NAME"
 * everywhere, and shown as "UID:NAME".
 */
struct holder_entry {
	char *name;
	char *reference; /* NAME in its owner's list, UID:NAME in another user's */
	char *socket;    /* path */
	uid_t uid;       /* owner */
	pid_t pid;       /* pid of the listener from SO_PEERCRED; 0 if unknown */
	enum holder_status status;
	struct json_object *captured; /* in a capture: what its holder replied; else NULL */
};

struct holder_entries {
	struct holder_entry *v;
	size_t n;
	uid_t own;         /* whose list it is */
	bool captured;     /* of a captured machine */
	int error;         /* -errno why that user cannot have contexts; else 0 */
	struct strv roots; /* names of root's contexts, visible to others but not usable */
};
void holder_entries_done(struct holder_entries *list);
#define _cleanup_holder_entries_ _cleanup_(holder_entries_done)

/*
 * The contexts visible to the caller, sorted by uid and name: a user's own; for root, its own and
 * every user's. The list is empty if there is no directory.
 */
int holder_list(struct holder_entries *ret, struct holder_error *error);

/*
 * The live context that NAME names in LIST. Errors as in holder_connect(), except those of
 * communication.
 */
int holder_find(const struct holder_entries *list, const char *name,
		const struct holder_entry **ret, struct holder_error *error);

/*
 * The context whose holder is process PID, determined from the listeners of LIST's sockets and not
 * from the process's name, which anyone can set. NULL: none. Its reference needs no quoting.
 */
const struct holder_entry *holder_find_pid(const struct holder_entries *list, pid_t pid);

/*
 * Everything that LIST's holders report, as a JSON document in RET, which the caller frees.
 * ANONYMOUS leaves out names chosen by users. A failure of a holder is captured as such. Returns 0
 * or -ENOMEM.
 */
int holder_capture(const struct holder_entries *list, bool anonymous, char **ret);
/*
 * Restores the list from such a document. Clients of its entries reply from the capture and refuse
 * changes. Returns 0, -EBADMSG, -ENOMEM.
 */
int holder_list_captured(const char *text, struct holder_entries *ret);

struct holder_client;

/* As holder_connect(), in a captured list. */
int holder_connect_captured(const struct holder_entries *list, const char *name,
			    struct holder_client **ret, struct holder_error *error);

/*
 * Connects to NAME and checks that a holder answers. -ENOENT, -EACCES, -ECONNREFUSED (stale),
 * -EINVAL (invalid name), -ETIMEDOUT (no answer within 10 s).
 */
int holder_connect(const char *name, struct holder_client **ret, struct holder_error *error);
/* The same for an entry of holder_list(). */
int holder_connect_entry(const struct holder_entry *entry, struct holder_client **ret,
			 struct holder_error *error);
void holder_close(struct holder_client *client);
/* The name of the context as shown; borrowed. */
const char *holder_reference(const struct holder_client *client);
/* The same if it is another user's, whose holder is not trusted; else NULL. */
const char *holder_foreign(const struct holder_client *client);

/*
 * Removes the socket, RET_PATH (the caller frees it), that a dead holder of the caller's context
 * NAME left behind; with DRY, only returns it. Returns 0; -ENOENT if there is none or the holder
 * lives; -EBUSY with ERROR set if another process has the lock; another -errno.
 */
int holder_forget(const char *name, bool dry, char **ret_path, struct holder_error *error);
static inline void holder_closep(struct holder_client **client)
{
	holder_close(*client);
}
#define _cleanup_holder_client_ _cleanup_(holder_closep)

/* How far a change is that takes longer. */
struct holder_progress {
	const char *call;       /* of the kernel, under way, printable; NULL: it waits for others */
	uint64_t done;          /* PASIDs, or calls if there is no total */
	struct field_u64 total; /* PASIDs */
	int64_t elapsed;        /* ms since the call */
	bool cancelled;         /* it is to be undone */
	bool ended;             /* the last one, if there were others or it is too late */
	bool late;              /* ended, and was done before the signal */
};

/*
 * From here on, EACH is called with the progress of CLIENT's changes, about twice a second. SIGINT,
 * SIGTERM and SIGHUP, unless they are ignored, cancel a change; a second one makes the call fail with
 * EINTR, and what becomes of the change is unknown.
 */
typedef void holder_progress_fn(const struct holder_progress *progress, void *data);
void holder_watch(struct holder_client *client, holder_progress_fn *each, void *data);

/*
 * Turns the following calls into dry runs: functions that change the context call EACH for every
 * step that they would take, in order, fail as far as a failure can be predicted, and leave their
 * outputs unset (except holder_bind_pasids(), where ioas and hwpt are 0).
 */
void holder_plan(struct holder_client *client, holder_plan_fn *each, void *data);

/* What requests are translated through. */
struct holder_target {
	uint32_t ioas;
	char *ioas_name;       /* NULL if it has none */
	struct field_u64 hwpt; /* absent: attached to the IOAS itself, the kernel's own table */
};

struct holder_device {
	char *device; /* last component of PATH: 0000:00:03.0 */
	char *path;   /* /sys/devices/... */
	char *cdev;   /* vfio0 */
	struct field_u64 group;
	struct field_u64 id;          /* id in the iommufd; absent if opened but not bound */
	struct field_u64 pasid_width; /* bits, 0 for no PASIDs; absent if not bound */
	bool attached;                /* its own requests (RID) are attached */
	struct holder_target target;  /* when attached */
	uint64_t pasid_count;         /* PASIDs bound */
};

struct holder_ioas {
	uint32_t id;
	char *name;      /* NULL if it has none */
	uint64_t mapped; /* bytes */
	uint64_t mapping_count;
	uint64_t user_count; /* attached devices + bound PASIDs + explicit HWPTs */
};

struct holder_hwpt {
	uint32_t id;
	char *name; /* NULL if it has none */
	uint32_t ioas;
	char *device;        /* the device it was allocated for, which may have left the context */
	bool pasid;          /* allocated with IOMMU_HWPT_ALLOC_PASID */
	bool automatic;      /* created by the holder, and freed with its last user */
	uint64_t user_count; /* attached devices + bound PASIDs */
};

/* A change that is being made, of any client. */
struct holder_busy {
	bool is;
	char *method;   /* "BindPasids"; NULL: begun by the holder itself */
	char *device;   /* that it is about, or NULL */
	char *call;     /* of the kernel, under way */
	uint64_t since; /* seconds since 1970 */
};

struct holder_context {
	char *name; /* as shown: see struct holder_entry */
	pid_t pid;
	uid_t uid;
	uint64_t created; /* seconds since 1970 */
	bool iommufd;
	bool shared; /* others have its fds and may have changed what is listed */
	struct holder_busy busy;
	struct holder_device *device;
	size_t device_n;
	struct holder_ioas *ioas;
	size_t ioas_n;
	struct holder_hwpt *hwpt;
	size_t hwpt_n;
};
void holder_context_done(struct holder_context *context);
#define _cleanup_holder_context_ _cleanup_(holder_context_done)

int holder_describe(struct holder_client *client, struct holder_context *ret,
		    struct holder_error *error);

/* Consecutive PASIDs of a device with the same target; both ends inclusive. */
struct holder_binding {
	char *device;
	uint32_t lo, hi;
	uint32_t ioas;
	char *ioas_name; /* NULL if it has none */
	uint32_t hwpt;
};

struct holder_bindings {
	struct holder_binding *v;
	size_t n;
};
void holder_bindings_done(struct holder_bindings *list);
#define _cleanup_holder_bindings_ _cleanup_(holder_bindings_done)

/* Sorted by device (in the order in which they were added), then PASID. DEVICE NULL: all. */
int holder_list_bindings(struct holder_client *client, const char *device,
			 struct holder_bindings *ret, struct holder_error *error);

/* An object as it was when something happened to it. */
struct holder_object {
	char *kind; /* "device", "ioas", "hwpt", "context"; NULL: there is none */
	struct field_u64 id;
	char *name; /* NULL if it has none */
};

struct holder_event {
	uint64_t number; /* ascending from 1 on */
	uint64_t time;   /* seconds since 1970 */
	char *what;      /* "bound" */
	struct holder_object object, target;
	struct field_u64 lo, hi; /* PASIDs, both inclusive */
	struct field_u64 iova, length;
};

struct holder_events {
	struct holder_event *v;
	size_t n;
	uint64_t lost; /* before these: the holder keeps only the last ones */
};

/* Returns 0, or another value that ends holder_monitor(). */
typedef int holder_events_fn(const struct holder_events *events, void *data);

/*
 * Calls EACH with the context's changes after number SINCE (absent: from now on) as they are made,
 * the first time at once, perhaps with none. Returns 0 when the context has ended, what EACH
 * returned, or -errno: -EOPNOTSUPP if the holder is of an older version.
 */
int holder_monitor(struct holder_client *client, struct field_u64 since, holder_events_fn *each,
		   void *data, struct holder_error *error);

/*
 * Below, DEVICE is a sysfs path, its last component, or the name of a VFIO cdev; IOAS and HWPT are a
 * name or number; TARGET is either of the two.
 */

/*
 * PATH is the device's canonical path below /sys/devices. Without BIND the cdev is only opened, for
 * a program that binds it itself (QEMU); RET_ID is then absent.
 */
int holder_add_device(struct holder_client *client, const char *path, bool bind,
		      struct field_u64 *ret_id, struct holder_error *error);
/* Without FORCE, refused while the device is attached or has bound PASIDs. */
int holder_remove_device(struct holder_client *client, const char *device, bool force,
			 struct holder_error *error);
/*
 * Attaches the device's own requests (RID). Without REPLACE, refused if attached to something else.
 */
int holder_attach_device(struct holder_client *client, const char *device, const char *target,
			 bool replace, struct holder_error *error);
int holder_detach_device(struct holder_client *client, const char *device,
			 struct holder_error *error);

/* NAME may be NULL. */
int holder_alloc_ioas(struct holder_client *client, const char *name, uint32_t *ret_ioas,
		      struct holder_error *error);
/* Refused while it has users. Its mappings are removed. */
int holder_free_ioas(struct holder_client *client, const char *ioas, struct holder_error *error);
/* A file of the caller: a memfd, or one on tmpfs or hugetlbfs. */
struct holder_file {
	int fd; /* open for what devices may do; owned if it is cleaned up, else borrowed */
	uint64_t offset; /* bytes, a multiple of the page size */
};
static inline void holder_file_done(struct holder_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
}
/*
 * Maps SIZE bytes of FILE, or of zeroed memory of the holder if it is NULL. IOVA NULL: the kernel
 * chooses.
 */
int holder_map_ioas(struct holder_client *client, const char *ioas, const struct holder_file *file,
		    uint64_t size, const uint64_t *iova, bool read, bool write, uint64_t *ret_iova,
		    struct holder_error *error);
/*
 * LENGTH 0: the mapping that begins at IOVA; else every mapping that is completely inside.
 * RET_LENGTH: bytes unmapped.
 */
int holder_unmap_ioas(struct holder_client *client, const char *ioas, uint64_t iova,
		      uint64_t length, uint64_t *ret_length, struct holder_error *error);
int holder_unmap_ioas_all(struct holder_client *client, const char *ioas, uint64_t *ret_length,
			  struct holder_error *error);

struct holder_iova_range {
	uint64_t first, last; /* both belong to it */
};

struct holder_mapping {
	uint64_t iova;
	uint64_t length;
	bool read, write;
	char *kind; /* "memfd": memory of the holder; "file" */
};

struct holder_ioas_info {
	uint32_t id;
	char *name;                      /* NULL if it has none */
	struct field_u64 alignment;      /* of IOVA and length, bytes */
	bool range_known;                /* else the kernel did not say it */
	struct holder_iova_range *range; /* where mappings are allowed */
	size_t range_n;
	struct holder_mapping *mapping;
	size_t mapping_n;
};
void holder_ioas_info_done(struct holder_ioas_info *info);
#define _cleanup_holder_ioas_info_ _cleanup_(holder_ioas_info_done)

int holder_show_ioas(struct holder_client *client, const char *ioas, struct holder_ioas_info *ret,
		     struct holder_error *error);

/* Allocates an HWPT of IOAS for DEVICE; PASID: with IOMMU_HWPT_ALLOC_PASID. NAME may be NULL. */
int holder_alloc_hwpt(struct holder_client *client, const char *device, const char *ioas,
		      const char *name, bool pasid, uint32_t *ret_hwpt, struct holder_error *error);
/* Refused while it has users. */
int holder_free_hwpt(struct holder_client *client, const char *hwpt, struct holder_error *error);

/* A mapping of the IOAS that overlaps a reserved region of the device. */
struct holder_reserved {
	uint64_t iova, length;
	uint64_t first, last; /* the region, both inclusive */
	char *kind;           /* "msi" */
};

struct holder_bound {
	struct ranges pasid; /* PASIDs bound by this call */
	uint64_t count;
	uint32_t ioas, hwpt;
	struct ranges taken; /* with PARTIAL: those left out because they were already bound */
	struct holder_reserved *reserved;
	size_t reserved_n;
	/*
	 * With PARTIAL, what happened if a PASID failed or is in use: message, hint, operation, err
	 * and pasid, but not kind. Else err is 0.
	 */
	struct holder_error failure;
};
void holder_bound_done(struct holder_bound *bound);
#define _cleanup_holder_bound_ _cleanup_(holder_bound_done)

/*
 * PASID NULL: the COUNT lowest free ones (0 means 1; must be 0 with a list). All or nothing unless
 * PARTIAL: then PASIDs in use are left out, those bound before the kernel's first failure stay, and
 * the call succeeds if any was bound.
 */
int holder_bind_pasids(struct holder_client *client, const char *device, const struct ranges *pasid,
		       uint32_t count, const char *target, bool partial, struct holder_bound *ret,
		       struct holder_error *error);
/* PASID NULL: all. Refused if one of them is not bound. RET_COUNT may be NULL. */
int holder_unbind_pasids(struct holder_client *client, const char *device,
			 const struct ranges *pasid, uint64_t *ret_count,
			 struct holder_error *error);

struct holder_fd {
	char *name; /* "iommufd", or holder_device.device */
	int fd;     /* close-on-exec */
};

struct holder_fds {
	struct holder_fd *v; /* the iommufd first */
	size_t n;
};
/* Closes the remaining fds: take one with TAKE_FD(fds.v[i].fd). */
void holder_fds_done(struct holder_fds *list);
#define _cleanup_holder_fds_ _cleanup_(holder_fds_done)

/*
 * Duplicates of the iommufd and of every device's fd. -EPROTO if one is not what its name says,
 * whatever the holder claims: an open /dev/iommu, or that VFIO device.
 */
int holder_get_fds(struct holder_client *client, struct holder_fds *ret,
		   struct holder_error *error);

/*
 * Frees everything and ends the holder; on return all attachments are gone. Without FORCE, refused
 * while processes that received its fds are alive.
 */
int holder_destroy(struct holder_client *client, bool force, struct holder_error *error);
