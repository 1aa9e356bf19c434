/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contexts as the commands see them: found, created, connected to, and one function a method of
 * org.ioasidctl.Context. Nothing here prints, and no library's types show.
 *
 * Every function returns 0 or -errno and, where it takes a struct holder_error, fills that on
 * failure (ERROR may be NULL). Outputs are untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/cleanup.h"
#include "util/field.h"
#include "util/str.h"

/* What a failure means to the caller, whatever its errno. */
enum holder_error_kind {
	HOLDER_ERROR_SYSTEM,     /* the kernel or the system refused: err says why */
	HOLDER_ERROR_PROTOCOL,   /* the holder is gone, silent, or does not speak our protocol */
	HOLDER_ERROR_USAGE,      /* a parameter has no valid form */
	HOLDER_ERROR_REFUSED,    /* refused by the holder, to keep what would be lost or replaced */
	HOLDER_ERROR_PERMISSION, /* not permitted */
	HOLDER_ERROR_UNSUPPORTED, /* this device, IOMMU or kernel cannot do it */
	HOLDER_ERROR_UNKNOWN,     /* no such context, device, IOAS, HWPT, mapping or binding */
};

struct holder_error {
	enum holder_error_kind kind;
	int err;         /* errno, positive; the function returned -err */
	char *id;        /* the varlink error, "org.ioasidctl.Context.PasidInUse", or NULL */
	char *operation; /* the kernel's name of what failed, "VFIO_DEVICE_BIND_IOMMUFD", or NULL */
	char *message;   /* one line in words, fit for a terminal; NULL without memory */
	char *hint;      /* what to do, or NULL */
	/*
	 * The three above, and done, are the words of the holder of this context, which is another user's:
	 * "1000:lab". NULL: they are ours.
	 */
	char *holder;
	char *done;             /* PASIDs as "42,100-163" that were done and stay done, or NULL */
	char *parameter;        /* the one that it is about, "size", or NULL */
	struct field_u64 pasid; /* the one that failed */
	/*
	 * The parameter of the command's own option that overrides a refusal ("force", "replace"),
	 * or NULL where none does. Points to a constant.
	 */
	const char *override;
};
void holder_error_done(struct holder_error *error);
#define _cleanup_holder_error_ _cleanup_(holder_error_done)

/*
 * Starts the holder of context NAME for the caller's uid, with an open /dev/iommu. In the
 * background: returns when its socket answers, the holder then having left the caller's session. In
 * the FOREGROUND: this process becomes the holder and returns when the context has ended. -EEXIST:
 * a live context has that name; -ENOENT: the kernel has no /dev/iommu; -EINVAL: no valid name.
 * RET_PID may be NULL.
 */
int holder_create(const char *name, bool foreground, pid_t *ret_pid, struct holder_error *error);

/* A step of a dry run, in words fit for a terminal: "ioctl IOMMU_IOAS_ALLOC". */
typedef void holder_plan_fn(const char *line, void *data);

/* The same without doing it: EACH gets the steps that the new holder would take. */
int holder_create_plan(const char *name, holder_plan_fn *each, void *data,
		       struct holder_error *error);

enum holder_status {
	HOLDER_LIVE,   /* somebody listens */
	HOLDER_STALE,  /* its holder is dead, the socket has stayed behind */
	HOLDER_DENIED, /* the caller may not connect */
};

struct json_object;

/*
 * A name means the caller's own context, always. That of another user is named with its owner, "UID:NAME" or
 * "USER/NAME", wherever a context is named. "UID:NAME" is how one is shown.
 */
struct holder_entry {
	char *name;
	char *reference; /* what names it: NAME in its owner's list, UID:NAME in another's */
	char *socket;    /* path */
	uid_t uid;       /* owner */
	pid_t pid; /* process that listens, according to the kernel; 0 if the kernel has not said */
	enum holder_status status;
	struct json_object *captured; /* of a captured machine: what its holder said; else NULL */
};

struct holder_entries {
	struct holder_entry *v;
	size_t n;
	uid_t own;         /* whose list it is */
	bool captured;     /* of a captured machine */
	int error;         /* -errno for which that one can have none of its own; 0 */
	struct strv roots; /* names of root's, which others see and may not use */
};
void holder_entries_done(struct holder_entries *list);
#define _cleanup_holder_entries_ _cleanup_(holder_entries_done)

/*
 * All contexts that the caller may know of, sorted by uid and name: a user's own; for root
 * its own and every user's. No directory at all is an empty list.
 */
int holder_list(struct holder_entries *ret, struct holder_error *error);

/* The live one that NAME names in LIST. The errors of holder_connect() but for those of talking. */
int holder_find(const struct holder_entries *list, const char *name,
		const struct holder_entry **ret, struct holder_error *error);

/*
 * The context whose holder is process PID, by the sockets of LIST and the kernel's word on who listens to
 * them, never by the name that a process goes by; NULL: none. What names it is its reference, which
 * needs no quotes.
 */
const struct holder_entry *holder_find_pid(const struct holder_entries *list, pid_t pid);

/*
 * What all LIST's holders say to the calls that read, as a JSON document in RET, to be freed. ANONYMOUS leaves
 * out the names that users gave. One that fails is captured so. Returns 0 or -ENOMEM.
 */
int holder_capture(const struct holder_entries *list, bool anonymous, char **ret);
/*
 * The list that was made such a document of. A client of its entries knows what was captured then, and
 * nothing can be changed through it. Returns 0, -EBADMSG, -ENOMEM.
 */
int holder_list_captured(const char *text, struct holder_entries *ret);

struct holder_client;

/* As holder_connect() in a captured list. */
int holder_connect_captured(const struct holder_entries *list, const char *name,
			    struct holder_client **ret, struct holder_error *error);

/*
 * Connects to NAME, and makes sure that a holder answers. -ENOENT, -EACCES, -ECONNREFUSED (stale),
 * -EINVAL (no valid name), -ETIMEDOUT (no answer in 10 s).
 */
int holder_connect(const char *name, struct holder_client **ret, struct holder_error *error);
/* The same for one entry of holder_list(). */
int holder_connect_entry(const struct holder_entry *entry, struct holder_client **ret,
			 struct holder_error *error);
void holder_close(struct holder_client *client);
/* What names the context; borrowed. */
const char *holder_reference(const struct holder_client *client);
/* The same where it is another user's, and its holder's word therefore not ours; else NULL. */
const char *holder_foreign(const struct holder_client *client);

/*
 * Takes away what a dead holder of the caller's has left of context NAME, the socket at RET_PATH (to be
 * freed); with DRY says so alone. Returns 0; -ENOENT where there is none, or its holder lives; -EBUSY with ERROR where another process has the lock; -errno.
 */
int holder_forget(const char *name, bool dry, char **ret_path, struct holder_error *error);
static inline void holder_closep(struct holder_client **client)
{
	holder_close(*client);
}
#define _cleanup_holder_client_ _cleanup_(holder_closep)

/*
 * From now on nothing is done: the functions that change the context call EACH for every step that
 * they would take, in order, fail as they would fail as far as that can be known, and leave their
 * outputs as they are (but holder_bind_pasids(), whose ioas and hwpt are 0).
 */
void holder_plan(struct holder_client *client, holder_plan_fn *each, void *data);

/* What requests go through. */
struct holder_target {
	uint32_t ioas;
	char *ioas_name;       /* NULL without */
	struct field_u64 hwpt; /* absent: attached to the IOAS itself, the kernel keeps the table */
};

struct holder_device {
	char *device; /* last component of the path: 0000:00:03.0 */
	char *path;   /* /sys/devices/... */
	char *cdev;   /* vfio0 */
	struct field_u64 group;
	struct field_u64 id; /* the iommufd's number for it; absent when opened but not bound */
	struct field_u64 pasid_width; /* bits, 0 no PASIDs; absent when not bound */
	bool attached;                /* its own requests (RID) */
	struct holder_target target;  /* when attached */
	uint64_t pasid_count;         /* PASIDs bound */
};

struct holder_ioas {
	uint32_t id;
	char *name;      /* NULL without */
	uint64_t mapped; /* bytes */
	uint64_t mapping_count;
	uint64_t user_count; /* attached devices, bound PASIDs, explicit HWPTs */
};

struct holder_hwpt {
	uint32_t id;
	char *name; /* NULL without */
	uint32_t ioas;
	char *device;        /* the one it was allocated for, which may have left the context */
	bool pasid;          /* fit for PASIDs: IOMMU_HWPT_ALLOC_PASID */
	bool automatic;      /* made by the holder, and freed with its last user */
	uint64_t user_count; /* attached devices, bound PASIDs */
};

struct holder_context {
	char *name; /* as it is named: see struct holder_entry */
	pid_t pid;
	uid_t uid;
	uint64_t created; /* seconds since the epoch */
	bool iommufd;
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

/* Consecutive PASIDs of one device with one target; both ends belong to it. */
struct holder_binding {
	char *device;
	uint32_t lo, hi;
	uint32_t ioas;
	char *ioas_name; /* NULL without */
	uint32_t hwpt;
};

struct holder_bindings {
	struct holder_binding *v;
	size_t n;
};
void holder_bindings_done(struct holder_bindings *list);
#define _cleanup_holder_bindings_ _cleanup_(holder_bindings_done)

/* Sorted by device (in the order they were added), then PASID. DEVICE NULL: of all. */
int holder_list_bindings(struct holder_client *client, const char *device,
			 struct holder_bindings *ret, struct holder_error *error);

/*
 * DEVICE below is a sysfs path, its last component, the name of its VFIO cdev, or its number; IOAS
 * and HWPT a name or a number; a TARGET either of the two.
 */

/*
 * PATH is the device's canonical path beneath /sys/devices. Without BIND the cdev is only opened,
 * as a program that is to bind it itself (QEMU) needs it. RET_ID is absent then.
 */
int holder_add_device(struct holder_client *client, const char *path, bool bind,
		      struct field_u64 *ret_id, struct holder_error *error);
/* Without FORCE refused while the device is attached or PASIDs are bound. */
int holder_remove_device(struct holder_client *client, const char *device, bool force,
			 struct holder_error *error);
/* The device's own requests (RID). Without REPLACE refused when attached to something else. */
int holder_attach_device(struct holder_client *client, const char *device, const char *target,
			 bool replace, struct holder_error *error);
int holder_detach_device(struct holder_client *client, const char *device,
			 struct holder_error *error);

/* NAME may be NULL. */
int holder_alloc_ioas(struct holder_client *client, const char *name, uint32_t *ret_ioas,
		      struct holder_error *error);
/* Refused while it has users; its mappings go with it. */
int holder_free_ioas(struct holder_client *client, const char *ioas, struct holder_error *error);
/* SIZE bytes of zeroed memory of the holder. IOVA NULL: the kernel chooses. */
int holder_map_ioas(struct holder_client *client, const char *ioas, uint64_t size,
		    const uint64_t *iova, bool read, bool write, uint64_t *ret_iova,
		    struct holder_error *error);
/*
 * LENGTH 0: the one mapping that begins at IOVA; else every mapping that lies whole inside.
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
	char *kind; /* "anonymous": memory of the holder */
};

struct holder_ioas_info {
	uint32_t id;
	char *name;                      /* NULL without */
	uint64_t alignment;              /* of IOVA and length, in bytes */
	struct holder_iova_range *range; /* where mappings may be */
	size_t range_n;
	struct holder_mapping *mapping;
	size_t mapping_n;
};
void holder_ioas_info_done(struct holder_ioas_info *info);
#define _cleanup_holder_ioas_info_ _cleanup_(holder_ioas_info_done)

int holder_show_ioas(struct holder_client *client, const char *ioas, struct holder_ioas_info *ret,
		     struct holder_error *error);

/* An HWPT of IOAS for DEVICE; PASID: fit for PASIDs. NAME may be NULL. */
int holder_alloc_hwpt(struct holder_client *client, const char *device, const char *ioas,
		      const char *name, bool pasid, uint32_t *ret_hwpt, struct holder_error *error);
int holder_free_hwpt(struct holder_client *client, const char *hwpt, struct holder_error *error);

/* A mapping of the IOAS that lies in a reserved region of the device. */
struct holder_reserved {
	uint64_t iova, length;
	uint64_t first, last; /* of the region, both belong to it */
	char *kind;           /* "msi" */
};

struct holder_bound {
	char *pasid; /* what is bound now: "42,100-163" */
	uint64_t count;
	uint32_t ioas, hwpt;
	char *taken; /* with PARTIAL: those that are bound already and were left out, or NULL */
	struct holder_reserved *reserved;
	size_t reserved_n;
	/*
	 * PARTIAL was asked for and a PASID failed, or is taken: kind is not looked at, message, hint,
	 * operation, err and pasid say what happened. Else err is 0.
	 */
	struct holder_error failure;
};
void holder_bound_done(struct holder_bound *bound);
#define _cleanup_holder_bound_ _cleanup_(holder_bound_done)

/*
 * PASID is a list of ranges, or "auto" for the COUNT lowest free ones (COUNT 0 means 1; it must be
 * 0 with a list). All or nothing, unless PARTIAL: then what is taken is left out, what was bound before the
 * kernel's first failure stays, and the call succeeds as long as that is something.
 */
int holder_bind_pasids(struct holder_client *client, const char *device, const char *pasid,
		       uint32_t count, const char *target, bool partial, struct holder_bound *ret,
		       struct holder_error *error);
/*
 * PASID is a list of ranges, or "all". Refused when one of them is not bound. RET_COUNT may be
 * NULL.
 */
int holder_unbind_pasids(struct holder_client *client, const char *device, const char *pasid,
			 uint64_t *ret_count, struct holder_error *error);

struct holder_fd {
	char *name; /* "iommufd", or holder_device.device */
	int fd;     /* close-on-exec */
};

struct holder_fds {
	struct holder_fd *v; /* the iommufd first */
	size_t n;
};
/* Closes those that are left: take one by TAKE_FD(fds.v[i].fd). */
void holder_fds_done(struct holder_fds *list);
#define _cleanup_holder_fds_ _cleanup_(holder_fds_done)

/*
 * Duplicates of the iommufd and of every device's fd. -EPROTO where one of them is something else than it is
 * called, whatever the holder says: the iommufd is an open /dev/iommu, a device's is that VFIO device.
 */
int holder_get_fds(struct holder_client *client, struct holder_fds *ret,
		   struct holder_error *error);

/*
 * Frees everything and ends the holder. On return the hardware is clean. Without FORCE refused while
 * processes live that were given its descriptors.
 */
int holder_destroy(struct holder_client *client, bool force, struct holder_error *error);
