/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns errors of the protocol into sentences. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"
#include "sys/iommufd.h"
#include "util/str.h"

/* Bytes of a sentence: a holder's words could be megabytes. */
#define SENTENCE_MAX 4096

/*
 * {key} stands for a parameter; of a Reference, or the IOAS of a Target, for the name if there is one, else the number.
 * A rule for one kind of object comes before the rule for all.
 */
static const struct rule {
	const char *name; /* without the interface; NAME:KIND, or NAME:WHAT */
	enum holder_error_kind kind;
	int err;
	const char *message;
	const char *hint;
	const char *override;
} rules[] = {
	{ "UnknownObject:device", HOLDER_ERROR_UNKNOWN, ENODEV, "the device is not in the context",
	  "'ioasidctl device add DEVICE' adds it", NULL },
	{ "UnknownObject:ioas", HOLDER_ERROR_UNKNOWN, ENOENT,
	  "there is no IOAS {object} in the context", "'ioasidctl ioas list' shows the IOASes",
	  NULL },
	{ "UnknownObject:hwpt", HOLDER_ERROR_UNKNOWN, ENOENT,
	  "there is no HWPT {object} in the context", "'ioasidctl hwpt list' shows the HWPTs",
	  NULL },
	{ "UnknownObject:target", HOLDER_ERROR_UNKNOWN, ENOENT,
	  "there is no IOAS or HWPT {object} in the context",
	  "'ioasidctl ioas list' shows the IOASes", NULL },
	{ "UnknownObject", HOLDER_ERROR_UNKNOWN, ENOENT,
	  "there is no {kind} {object} in the context", NULL, NULL },
	{ "NoSuchDevice", HOLDER_ERROR_UNKNOWN, ENODEV, "there is no such device", NULL, NULL },
	{ "NoVfioDevice", HOLDER_ERROR_SYSTEM, ENODEV, "the device has no VFIO cdev",
	  "'ioasidctl driver set DEVICE vfio-pci' gives a PCI device a VFIO driver; the kernel "
	  "needs CONFIG_VFIO_DEVICE_CDEV",
	  NULL },
	{ "DeviceInUse", HOLDER_ERROR_SYSTEM, EEXIST, "the device is already in the context",
	  "'ioasidctl context show' shows how it is used", NULL },
	{ "DeviceNotBound", HOLDER_ERROR_SYSTEM, EINVAL,
	  "the device is open in the context, but not bound to the iommufd",
	  "remove it, then add it without --unbound", NULL },
	{ "StillBound", HOLDER_ERROR_REFUSED, EBUSY,
	  "the device is in use (PASIDs bound: {pasid_count}, own requests attached: {attached})",
	  NULL, "force" },
	{ "AlreadyAttached", HOLDER_ERROR_REFUSED, EBUSY, "the device is attached to IOAS {target}",
	  NULL, "replace" },
	{ "NotAttached", HOLDER_ERROR_UNKNOWN, ENOENT, "the device is not attached", NULL, NULL },
	{ "GroupAttached", HOLDER_ERROR_REFUSED, EBUSY,
	  "{sibling} of the same IOMMU group is attached to IOAS {target}, and a group is attached "
	  "as one",
	  "'ioasidctl device attach --replace' of {sibling} moves the group", NULL },
	{ "RidInTheWay", HOLDER_ERROR_REFUSED, EBUSY,
	  "{device} is attached to IOAS {target} through a page table that allows no PASIDs beside "
	  "it",
	  "detach it, or attach it to an IOAS again", NULL },
	{ "HwptNotForPasids", HOLDER_ERROR_SYSTEM, EINVAL, "HWPT {hwpt} does not support PASIDs",
	  "PASIDs, and a device that has some bound, need an HWPT that was allocated for PASIDs",
	  NULL },
	{ "NoPasidSupport", HOLDER_ERROR_UNSUPPORTED, EOPNOTSUPP, "the device has no PASIDs",
	  "the device, every bridge above it and its IOMMU must support them, and the kernel "
	  "must have enabled them",
	  NULL },
	{ "PasidZero", HOLDER_ERROR_USAGE, EINVAL, "PASID 0 is the device's own requests",
	  "'ioasidctl device attach' and 'device detach' are for those; PASIDs begin at 1", NULL },
	{ "PasidTooWide", HOLDER_ERROR_UNSUPPORTED, ERANGE,
	  "PASID {pasid} does not fit: the device's PASIDs are {pasid_width} bits wide",
	  "PASIDs of this device are below 2^{pasid_width}", NULL },
	{ "PasidInUse", HOLDER_ERROR_REFUSED, EEXIST,
	  "PASID {pasid} of {device} is already bound to IOAS {target}",
	  "'ioasidctl pasid unbind' frees it", NULL },
	{ "PasidNotBound", HOLDER_ERROR_UNKNOWN, ENOENT, "PASID {pasid} is not bound",
	  "'ioasidctl pasid list' shows those that are", NULL },
	{ "PasidsExhausted", HOLDER_ERROR_SYSTEM, ENOSPC,
	  "not enough free PASIDs: {count} wanted, {found} free", NULL, NULL },
	{ "PasidsBusy", HOLDER_ERROR_SYSTEM, EBUSY,
	  "the kernel reports PASIDs {tried} as in use, and no more were tried",
	  "if the device is being reset, try again; if a kernel driver or another process has these numbers, name "
	  "others in place of auto",
	  NULL },
	{ "FdsInUse", HOLDER_ERROR_REFUSED, EBUSY,
	  "its descriptors were given to processes that have not ended ({count}): {process}",
	  "when these have ended it can be destroyed; it is not known whether they passed them on",
	  "force" },
	{ "NameInUse", HOLDER_ERROR_SYSTEM, EEXIST,
	  "the name {name} is already used in the context", NULL, NULL },
	{ "Cancelled", HOLDER_ERROR_SYSTEM, ECANCELED, "cancelled, and undone", NULL, NULL },
	{ "NoSuchChange", HOLDER_ERROR_UNKNOWN, ENOENT,
	  "no change {change} waits or is being made in the context", NULL, NULL },
	{ "ObjectInUse:ioas", HOLDER_ERROR_REFUSED, EBUSY, "IOAS {object} is used by {user}{more}",
	  "'ioasidctl pasid unbind' and 'ioasidctl device detach' free it", NULL },
	{ "ObjectInUse:hwpt", HOLDER_ERROR_REFUSED, EBUSY, "HWPT {object} is used by {user}{more}",
	  "'ioasidctl pasid unbind' and 'ioasidctl device detach' free it", NULL },
	{ "ObjectInUse", HOLDER_ERROR_REFUSED, EBUSY, "{kind} {object} is used by {user}{more}",
	  NULL, NULL },
	{ "NotAligned", HOLDER_ERROR_USAGE, EINVAL,
	  "it is not a multiple of the page size, {alignment}", NULL, NULL },
	{ "UnfitFile:not-regular", HOLDER_ERROR_USAGE, EINVAL, "it is not a regular file", NULL,
	  NULL },
	{ "UnfitFile:not-memory", HOLDER_ERROR_SYSTEM, EINVAL,
	  "it is not in memory, so that its pages cannot be pinned",
	  "the kernel maps memfds and files on tmpfs (/dev/shm) and hugetlbfs", NULL },
	{ "UnfitFile:read-only", HOLDER_ERROR_PERMISSION, EACCES,
	  "it is only open for reading, and devices could write to it", NULL, NULL },
	{ "UnfitFile:write-only", HOLDER_ERROR_PERMISSION, EACCES,
	  "it is only open for writing, and devices could read it", NULL, NULL },
	{ "UnfitFile:sealed", HOLDER_ERROR_PERMISSION, EPERM,
	  "it is sealed against writes, and devices could write to it",
	  "with --read and without --write, devices can only read it", NULL },
	{ "UnfitFile:too-short", HOLDER_ERROR_USAGE, EINVAL,
	  "it ends before what is to be mapped: it has {size}", NULL, NULL },
	{ "UnfitFile", HOLDER_ERROR_SYSTEM, EINVAL, "it cannot be mapped: {kind}", NULL, NULL },
	{ "NotMapped", HOLDER_ERROR_UNKNOWN, ENOENT, "IOAS {ioas} has no mapping at {iova}",
	  "'ioasidctl ioas show' lists the mappings", NULL },
	{ "PartOfMapping", HOLDER_ERROR_SYSTEM, EINVAL,
	  "only part of a mapping is at {iova}, and the kernel unmaps whole mappings",
	  "'ioasidctl ioas show' lists the mappings", NULL },
	{ "NotEnoughMemory", HOLDER_ERROR_SYSTEM, ENOMEM,
	  "too much memory to pin: {size} in all, and {available} can be, limited by {limited_by}",
	  NULL, NULL },
	{ "LimitReached:range", HOLDER_ERROR_SYSTEM, E2BIG,
	  "more than {limit} ranges of PASIDs, which is the most that one change can have",
	  "change them in several steps", NULL },
	{ "LimitReached", HOLDER_ERROR_SYSTEM, ENOSPC,
	  "the context's limit of {limit} {what} is reached", NULL, NULL },
	{ "KernelError", HOLDER_ERROR_SYSTEM, 0, "{operation}: {errno}", NULL, NULL },
	{ "InvalidParameter", HOLDER_ERROR_USAGE, EINVAL, "{parameter} is not valid", NULL, NULL },
	{ "MethodNotFound", HOLDER_ERROR_PROTOCOL, EOPNOTSUPP,
	  "the holder does not know the method {method}", "it was started by another version",
	  NULL },
	{ "InterfaceNotFound", HOLDER_ERROR_PROTOCOL, EOPNOTSUPP,
	  "the holder does not know the interface {interface}", "it was started by another version",
	  NULL },
	{ "PermissionDenied", HOLDER_ERROR_PERMISSION, EACCES,
	  "the context's holder serves its own user and root only", NULL, NULL },
};

void holder_error_done(struct holder_error *error)
{
	free(error->id);
	free(error->operation);
	free(error->message);
	free(error->hint);
	free(error->holder);
	free(error->parameter);
	free(error->done);
	*error = (struct holder_error){ 0 };
}

int error_set(struct holder_error *error, enum holder_error_kind kind, int err, const char *format,
	      ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int n;

	if (!error)
		return -err;
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		text = NULL;
	holder_error_done(error);
	error->kind = kind;
	error->err = err;
	error->message = text ? str_printable(text) : NULL;
	return -err;
}

void error_hint(struct holder_error *error, const char *hint)
{
	if (!error)
		return;
	free(error->hint);
	error->hint = hint ? str_printable(hint) : NULL;
}

void error_attribute(struct holder_error *error, const struct holder_client *client)
{
	if (error && client->foreign)
		(void)str_replace(&error->holder, client->reference);
}

int error_protocol(struct holder_error *error)
{
	return error_set(error, HOLDER_ERROR_PROTOCOL, EPROTO,
			 "invalid reply from the context's holder");
}

static const char *member(json_object *object, const char *key)
{
	json_object *value = json_object_object_get(object, key);

	return value ? json_object_get_string(value) : "?";
}

/* A Process: its name is quoted, because any process can choose its own. */
static void put_process(json_object *process, FILE *f)
{
	fprintf(f, "%s ('%s')", member(process, "pid"), member(process, "command"));
}

static void put_reference(json_object *reference, FILE *f)
{
	fputs(member(reference, json_object_object_get(reference, "name") ? "name" : "id"), f);
}

static void put_range(json_object *range, FILE *f)
{
	const char *lo = member(range, "lo"), *hi = member(range, "hi");

	fprintf(f, "%s%s%s", lo, strcmp(lo, hi) != 0 ? "-" : "", strcmp(lo, hi) != 0 ? hi : "");
}

static void put_user(json_object *user, FILE *f)
{
	const char *kind = member(user, "kind");
	json_object *of = NULL;

	if (strcmp(kind, "hwpt") == 0) {
		(void)json_get_object(user, "hwpt", &of);
		fputs("HWPT ", f);
		put_reference(of, f);
	} else if (strcmp(kind, "pasid") == 0) {
		(void)json_get_object(user, "pasid", &of);
		fputs("PASID ", f);
		put_range(of, f);
		fprintf(f, " of %s", member(user, "device"));
	} else {
		fprintf(f, "%s %s", kind, member(user, "device"));
	}
}

/* Those of a list are told from each other by what they have. */
static void put_item(json_object *item, FILE *f)
{
	json_object *inner = NULL;

	if (!json_object_is_type(item, json_type_object))
		fputs(item ? json_object_get_string(item) : "?", f);
	else if (json_object_object_get_ex(item, "pid", NULL))
		put_process(item, f);
	else if (json_object_object_get_ex(item, "kind", NULL))
		put_user(item, f);
	else if (json_object_object_get_ex(item, "lo", NULL))
		put_range(item, f);
	else if (json_get_object(item, "ioas", &inner) > 0)
		put_reference(inner, f);
	else
		put_reference(item, f);
}

static void put_array(json_object *array, FILE *f)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		json_object *item = json_object_array_get_idx(array, i);
		const bool range = json_object_is_type(item, json_type_object) &&
				   json_object_object_get_ex(item, "lo", NULL);

		fputs(!i ? "" : range ? "," : ", ", f);
		put_item(item, f);
	}
}

/* What a list was cut by. */
static void put_more(json_object *value, FILE *f)
{
	if (json_object_get_int64(value) > 0)
		fprintf(f, " and %s more", json_object_get_string(value));
}

/* As people write it: 16G if that is exact, else three digits at least: 869M. */
static void put_size(json_object *value, FILE *f)
{
	uint64_t bytes = json_object_get_uint64(value);
	unsigned int unit = 0;

	while (unit < 4 && bytes >= 1024 && (bytes % 1024 == 0 || bytes >= UINT64_C(100) * 1024)) {
		bytes /= 1024;
		unit++;
	}
	fprintf(f, "%" PRIu64 "%.*s", bytes, unit != 0, &"BKMGT"[unit]);
}

/* What the memory is limited by: a word of the interface. */
static void put_limit(const char *word, FILE *f)
{
	if (strcmp(word, "rlimit") == 0)
		fputs("RLIMIT_MEMLOCK of the holder", f);
	else if (strcmp(word, "cgroup") == 0)
		fputs("a control group of the holder", f);
	else
		fputs("the memory of the machine", f);
}

/* What there is a limit of: a word of the interface. */
static void put_limited(const char *word, FILE *f)
{
	static const char *const words[][2] = {
		{ "device", "devices" },
		{ "ioas", "IOASes" },
		{ "hwpt", "HWPTs" },
		{ "mapping", "mappings of an IOAS" },
		{ "call", "calls that wait" },
		{ "connection", "connections" },
		{ "process", "processes that have descriptors" },
		{ "unread", "descriptors that the client has not read" },
		{ "unread_sum", "descriptors that clients have not read" },
		{ "sent", "descriptors that a user's processes have sent and not read" },
		{ "came", "descriptors that came with a user's calls" },
		{ "plan", "bytes of a plan" },
		{ "bytes", "bytes that a user's clients have sent or not read" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i][0], word) == 0)
			word = words[i][1];
	fputs(word, f);
}

static void put_value(const char *key, json_object *parameters, FILE *f)
{
	json_object *value = json_object_object_get(parameters, key);

	if (strcmp(key, "errno") == 0)
		fputs(strerror(json_object_get_int(value)), f);
	else if (value && (strcmp(key, "size") == 0 || strcmp(key, "available") == 0))
		put_size(value, f);
	else if (value && strcmp(key, "limited_by") == 0)
		put_limit(json_object_get_string(value), f);
	else if (value && strcmp(key, "what") == 0)
		put_limited(json_object_get_string(value), f);
	else if (json_object_is_type(value, json_type_boolean))
		fputs(json_object_get_boolean(value) ? "yes" : "no", f);
	else if (json_object_is_type(value, json_type_array))
		put_array(value, f);
	else if (strcmp(key, "more") == 0)
		put_more(value, f);
	else
		put_item(value, f);
}

/* TEMPLATE with its {keys} replaced; NULL if out of memory. */
static char *expand(const char *template, json_object *parameters)
{
	char *text = NULL, key[32];
	size_t length;
	FILE *f = open_memstream(&text, &length);

	if (!f)
		return NULL;
	while (*template) {
		if (sscanf(template, "{%31[a-z_]}", key) == 1) {
			put_value(key, parameters, f);
			template += strlen(key) + 2;
			continue;
		}
		fputc(*template ++, f);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	if (length > SENTENCE_MAX)
		text[SENTENCE_MAX] = '\0';
	return text;
}

static bool applies(const struct rule *rule, const char *name, const char *kind)
{
	const size_t length = strlen(name);

	if (strncmp(rule->name, name, length) != 0)
		return false;
	return rule->name[length] == '\0' ||
	       (rule->name[length] == ':' && strcmp(rule->name + length + 1, kind) == 0);
}

static const struct rule *find_rule(const char *id, json_object *parameters)
{
	const char *dot = strrchr(id, '.'), *kind = "";

	if (!dot || (strncmp(id, HOLDER_INTERFACE ".", strlen(HOLDER_INTERFACE) + 1) != 0 &&
		     strncmp(id, VARLINK_INTERFACE ".", strlen(VARLINK_INTERFACE) + 1) != 0))
		return NULL;
	if (json_get_string(parameters, "kind", &kind) <= 0)
		(void)json_get_string(parameters, "what", &kind);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (applies(&rules[i], dot + 1, kind))
			return &rules[i];
	return NULL;
}

/* Maps an errno that is more specific than "the kernel refused". */
static enum holder_error_kind kind_of(int err, const char *operation)
{
	/* EPERM from bind is about interrupt remapping, not about the caller. */
	if (err == EPERM && operation && strcmp(operation, "VFIO_DEVICE_BIND_IOMMUFD") == 0)
		return HOLDER_ERROR_UNSUPPORTED;
	if (err == EPERM || err == EACCES)
		return HOLDER_ERROR_PERMISSION;
	if (err == EOPNOTSUPP || err == ENOTTY)
		return HOLDER_ERROR_UNSUPPORTED;
	return HOLDER_ERROR_SYSTEM;
}

static char *copy_string(json_object *parameters, const char *key)
{
	const char *text = NULL;

	return json_get_string(parameters, key, &text) > 0 ? str_printable(text) : NULL;
}

static void fill_details(struct holder_error *error, json_object *parameters)
{
	_cleanup_ranges_ struct ranges done = { 0 };
	uint32_t pasid;

	error->operation = copy_string(parameters, "operation");
	if (json_get_ranges(parameters, "done", &done) > 0)
		error->done = ranges_format(&done);
	error->parameter = copy_string(parameters, "parameter");
	if (json_get_u32(parameters, "pasid", &pasid) > 0)
		error->pasid = field_u64(pasid);
}

/* The errno in KernelError; out of range values must not be returned. */
static int kernel_errno(json_object *parameters)
{
	uint32_t err = 0;

	return json_get_u32(parameters, "errno", &err) > 0 && err > 0 && err < 4096 ? (int)err
										    : EIO;
}

static const char *kernel_hint(const struct holder_error *error)
{
	return error->operation
		       ? iommufd_hint(error->operation, error->pasid.status > 0, error->err)
		       : NULL;
}

/* Adds which PASID of a list the kernel refused. */
static void add_pasid(struct holder_error *error)
{
	char *text;

	if (asprintf(&text, "PASID %" PRIu64 ": %s", error->pasid.value, error->message) < 0)
		return;
	free(error->message);
	error->message = text;
}

int error_from_reply(struct holder_error *error, const char *id, json_object *parameters)
{
	_cleanup_json_ json_object *none = json_object_new_object();
	const struct rule *rule;
	_cleanup_free_ char *text = NULL, *hint = NULL;
	int err;

	if (!parameters)
		parameters = none;
	rule = find_rule(id, parameters);
	if (!rule) {
		(void)error_set(error, HOLDER_ERROR_PROTOCOL, EPROTO,
				"invalid reply from the context's holder: %.*s", SENTENCE_MAX, id);
		if (error)
			error->id = strdup(id);
		return -EPROTO;
	}
	err = rule->err ? rule->err : kernel_errno(parameters);
	if (!error)
		return -err;
	text = expand(rule->message, parameters);
	(void)error_set(error, rule->kind, err, "%s", text ? text : id);
	error->id = strdup(id);
	error->override = rule->override;
	fill_details(error, parameters);
	if (rule->err == 0) {
		error->kind = kind_of(err, error->operation);
		error_hint(error, kernel_hint(error));
	}
	if (rule->err == 0 && error->pasid.status > 0 && error->message)
		add_pasid(error);
	hint = rule->hint ? expand(rule->hint, parameters) : NULL;
	if (hint)
		error_hint(error, hint);
	return -err;
}
