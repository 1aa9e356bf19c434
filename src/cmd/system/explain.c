/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system explain */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "cmd/system/internal.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/common/records.h"
#include "model/machine/alias.h"
#include "model/machine/select.h"
#include "util/cleanup.h"
#include "util/lines.h"

/* A fault of several lines is complete when nothing followed for so long. */
#define SETTLE_MS 200
/* Owners of PASIDs are read again after so long. */
#define OWNERS_SECONDS 2

struct explain_args {
	struct view_args view;
	const char *file;
	bool pasted, foreign, each;
};

/* A recent list of all PASIDs and their owners. */
struct owners {
	struct pasid_records records;
	struct bindings list;
	struct pasid_reports reports;
	time_t when; /* 0: never asked */
	int status;  /* 0; -errno: they could not be listed, or not completely */
};

struct explain {
	struct app *app;
	struct inspection in;
	struct log_parser parser;
	struct owners owners;
	struct lines lines;
	bool foreign; /* the log is from another machine than the one inspected */
	bool folded;  /* rows are printed at the end, equal ones merged */
	struct fold fold;
	/* The last ones that a note was printed for. */
	char alias[LOG_NAME_MAX + 1], host[LOG_NAME_MAX + 1];
};

static void explain_done(struct explain **explain)
{
	if (!*explain)
		return;
	inspect_done(&(*explain)->in);
	log_parser_done(&(*explain)->parser);
	bindings_done(&(*explain)->owners.list);
	pasid_records_done(&(*explain)->owners.records);
	fold_done(&(*explain)->fold);
	free(*explain);
}

static void owners_refresh(struct explain *e)
{
	struct owners *owners = &e->owners;
	struct pasid_query query;
	struct timespec now;
	int r;

	clock_gettime(CLOCK_BOOTTIME, &now);
	if (owners->when && now.tv_sec - owners->when < OWNERS_SECONDS)
		return;
	bindings_done(&owners->list);
	pasid_records_done(&owners->records);
	owners->when = now.tv_sec ? now.tv_sec : 1;
	r = pasid_records_read(e->app, e->in.root, &owners->records);
	/* One holder that does not answer must not hide the PASIDs of others. */
	owners->status = owners->records.status < 0 ? owners->records.status : r ? -EIO : 0;
	if (r)
		return;
	query = pasid_records_query(&owners->records, e->in.root,
				    PASID_NEED_ALL & ~PASID_NEED_TABLES);
	r = pasid_list(&query, &owners->list, &owners->reports);
	if (r < 0)
		owners->status = r;
}

static void set_owner(struct explain *e, struct explain_row *row)
{
	const struct log_fault *fault = row->fault;
	const struct bindings *list = &e->owners.list;

	owners_refresh(e);
	for (size_t i = 0; i < list->n; i++) {
		const struct binding *binding = &list->v[i];

		if (fault->pasid.value < binding->lo || fault->pasid.value > binding->hi ||
		    strcmp(binding->device, fault->device) != 0)
			continue;
		row->pid = binding->pid;
		row->uid = binding->uid;
		row->command = binding->command.value;
		row->unit = binding->unit.value;
		row->context = binding->context.value;
		return;
	}
	/* No known owner does not mean that there is none. */
	if (e->owners.status < 0)
		row->pid = field_u64_error(e->owners.status);
	else if (e->owners.reports.process_status < 0)
		row->pid = field_u64_error(e->owners.reports.process_status);
}

/*
 * A requester ID used for all devices behind a bridge is shown as the bridge, in the group of those
 * devices.
 */
static int read_alias(struct explain *e, struct explain_row *row, unsigned int need)
{
	_cleanup_free_ char *bridge = NULL, *members = NULL, *first = NULL;
	_cleanup_device_ struct device member = { 0 };
	const char *id = row->fault->device;
	int r = alias_resolve(e->in.root, id, &bridge, &row->candidates);

	if (r == 0)
		r = device_get(e->in.root, bridge, need, &row->device);
	if (r == 0 && asprintf(&first, "/sys/bus/pci/devices/%s", row->candidates.v[0]) < 0)
		r = -ENOMEM;
	if (r == 0)
		r = device_get(e->in.root, first, DEVICE_NEED_GROUP, &member);
	if (r < 0)
		return r;
	row->device.group = member.group;
	members = strv_join(&row->candidates, ", ");
	if (!members)
		return -ENOMEM;
	if (strcmp(e->alias, id) != 0)
		app_note(e->app, "%s: the bridge %s sends what is behind it under this address: %s",
			 id, strrchr(bridge, '/') + 1, members);
	snprintf(e->alias, sizeof(e->alias), "%s", id);
	return 0;
}

/* Reads the device that the log names. */
static int read_device(struct explain *e, struct explain_row *row)
{
	unsigned int need = e->in.need & DEVICE_NEED_ALL;
	_cleanup_free_ char *path = NULL;
	int r;

	if (!(e->in.need & (DEVICE_NEED_ALL | EXPLAIN_NEED_CANDIDATE)) || !row->fault->device[0])
		return 0;
	r = select_device(e->in.root, row->fault->device, &path, NULL);
	if (r == 0)
		r = device_get(e->in.root, path, need, &row->device);
	else if (r == -ENODEV)
		r = read_alias(e, row, need);
	if (r == -ENOMEM)
		return r;
	/* Removed since, or never there. */
	row->device_status = r == -ENODEV || r == -EINVAL || r == -ENOTUNIQ ? 0 : r < 0 ? r : 1;
	return 0;
}

/* Is the log from another machine than this? A capture has no host name. */
static bool is_foreign(struct explain *e, const struct log_fault *fault)
{
	char own[LOG_NAME_MAX + 1] = "";
	size_t len = strcspn(fault->host, ".");

	if (e->foreign || e->in.root->captured || !fault->host[0] ||
	    strcmp(fault->host, "localhost") == 0 || gethostname(own, sizeof(own) - 1) < 0)
		return e->foreign;
	if (len == strcspn(own, ".") && strncasecmp(fault->host, own, len) == 0)
		return false;
	if (strcmp(e->host, fault->host) != 0)
		app_note(e->app,
			 "the log is from %s: nothing from this machine, %s, is shown with its "
			 "faults",
			 fault->host, own);
	snprintf(e->host, sizeof(e->host), "%s", fault->host);
	return true;
}

static int show_row(struct explain *e, struct explain_row *row)
{
	const struct log_fault *fault = row->fault;
	bool foreign = is_foreign(e, fault);
	int r = 0;

	row->pid = fault->pid;
	row->command = fault->process;
	if (!foreign)
		r = read_device(e, row);
	if (r == 0) {
		if (!foreign && e->in.need & EXPLAIN_NEED_OWNER && fault->pid.status == 0 &&
		    fault->pasid.status == 1 && fault->device[0])
			set_owner(e, row);
		r = inspect_row(&e->in, row);
	}
	device_done(&row->device);
	strv_done(&row->candidates);
	return r;
}

static int show(const struct log_fault *fault, void *data)
{
	struct explain_row row = { .fault = fault, .count = 1 };
	struct explain *e = data;

	return e->folded ? fold_add(&e->fold, fault) : show_row(e, &row);
}

static int show_folded(struct explain *e)
{
	int r = 0;

	for (size_t i = 0; i < e->fold.n && r == 0; i++) {
		const struct fold_entry *entry = &e->fold.v[i];
		struct explain_row row = { .fault = &entry->fault,
					   .count = entry->count,
					   .last_time = entry->last_time };

		r = show_row(e, &row);
	}
	return r;
}

/* Text from Windows may be UTF-16. No line of it would be recognized as a message. */
static bool is_utf16(const char *line, size_t size)
{
	return size >= 2 && (memcmp(line, "\xff\xfe", 2) == 0 || memcmp(line, "\xfe\xff", 2) == 0);
}

static int fail_utf16(struct explain *e, const char *name)
{
	app_fail(e->app, STATUS_FAILED, name, "the text is UTF-16, and only UTF-8 can be read");
	app_hint(e->app,
		 "'iconv -f UTF-16 -t UTF-8 FILE | ioasidctl system explain -' converts it");
	return STATUS_FAILED;
}

/* Explains all lines of FD; NAME is for messages. Returns 0 or a reported status. */
static int explain_fd(struct explain *e, int fd, bool records, const char *name)
{
	uint64_t torn = 0;
	bool first = !records;
	const char *line;
	size_t size;
	int r, error = 0;

	lines_init(&e->lines, fd, records);
	for (;;) {
		/* Flush before waiting, so that the reader of a pipe gets complete rows. */
		if (!lines_ready(&e->lines))
			fflush(stdout);
		r = lines_next(&e->lines, e->parser.n_held || e->parser.pieces.n ? SETTLE_MS : -1,
			       &line, &size);
		if (e->lines.long_ > torn)
			log_tear(&e->parser);
		torn = e->lines.long_;
		if (r > 0 && first && is_utf16(line, size))
			return fail_utf16(e, name);
		first = first && r <= 0;
		if (r > 0)
			error = log_parse(&e->parser, line, size, show, e);
		else if (r == -EAGAIN)
			error = log_flush(&e->parser, show, e);
		else
			break;
		if (error < 0)
			return app_fail_errno(e->app, error, name, "cannot explain");
	}
	e->in.partial = e->in.partial || e->lines.long_;
	if (e->lines.long_)
		app_note(e->app, "%s: %llu line%s longer than %d bytes left out", name,
			 (unsigned long long)e->lines.long_,
			 e->lines.long_ == 1 ? " was" : "s were", LINES_SIZE_MAX);
	return r < 0 ? app_fail_errno(e->app, r, name, "cannot read") : 0;
}

static int explain_file(struct explain *e, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return app_fail_errno(e->app, -errno, path, "cannot open");
	return explain_fd(e, fd, false, path);
}

static int explain_kernel(struct explain *e)
{
	_cleanup_close_ int fd = log_kernel_open(e->in.root);

	if (fd == -EREMOTE) {
		app_fail(e->app, STATUS_USAGE, e->app->sysroot, "a capture has no kernel log");
		app_hint(e->app,
			 "give a LINE of that machine's log, --file FILE, or - for standard input");
		return STATUS_USAGE;
	}
	if (fd < 0) {
		app_fail_errno(e->app, fd, "/dev/kmsg", "cannot read the kernel's log");
		app_hint(e->app, "'journalctl -k | ioasidctl system explain -', or run as root");
		return app_status(fd);
	}
	return explain_fd(e, fd, true, "/dev/kmsg");
}

/* A pasted operand may have several lines with leading spaces. */
static int explain_text(struct explain *e, const char *text)
{
	int r = 0;

	while (r == 0 && *(text += strspn(text, " \t"))) {
		size_t size = strcspn(text, "\n");

		r = log_parse(&e->parser, text, size, show, e);
		text += size + (text[size] == '\n');
	}
	return r < 0 ? app_fail_errno(e->app, r, NULL, "cannot explain") : 0;
}

static int explain_all(struct explain *e, const struct explain_args *args)
{
	const struct operands *operands = &args->view.operands;
	int r = 0;

	if (args->file)
		return explain_file(e, args->file);
	if (!operands->n)
		return explain_kernel(e);
	for (unsigned int i = 0; r == 0 && i < operands->n; i++)
		r = strcmp(operands->v[i], "-") == 0
			    ? explain_fd(e, STDIN_FILENO, false, "standard input")
			    : explain_text(e, operands->v[i]);
	return r;
}

/* Says on stderr if there was no fault. */
static void say_what_was_not_shown(struct explain *e, bool given)
{
	unsigned long long lines = e->parser.lines, doubted = e->parser.doubted;

	if (doubted) {
		e->in.partial = true;
		app_note(e->app,
			 "%llu line%s like %s and %s not believed to be the kernel's: --pasted "
			 "reads %s",
			 doubted, doubted == 1 ? " looks" : "s look",
			 doubted == 1 ? "a fault" : "faults", doubted == 1 ? "was" : "were",
			 doubted == 1 ? "it" : "them");
	} else if (e->parser.faults == 0 && given) {
		app_note(e->app, "no known kind of fault found in %llu line%s", lines,
			 lines == 1 ? "" : "s");
	}
}

static bool reads_stdin(const struct explain_args *args)
{
	for (unsigned int i = 0; i < args->view.operands.n; i++)
		if (strcmp(args->view.operands.v[i], "-") == 0)
			return true;
	return false;
}

static int explain_run(struct app *app, const void *p)
{
	const struct explain_args *args = p;
	_cleanup_(explain_done) struct explain *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return app_fail_errno(app, -ENOMEM, NULL, "cannot begin");
	if (args->file && args->view.operands.n)
		return app_fail(app, STATUS_USAGE, args->file,
				"--file and LINE cannot be combined");
	e->app = app;
	e->parser.pasted = args->pasted;
	e->foreign = args->foreign;
	/* For a pipe, print each row when its fault arrives, unless it is a table. */
	e->folded =
		!args->each && (args->view.out.format == OUT_FORMAT_TABLE || !reads_stdin(args));
	r = inspect_open(app, &args->view, &e->in);
	if (r)
		return r;
	r = explain_all(e, args);
	if (log_flush(&e->parser, show, e) < 0 || show_folded(e) < 0)
		r = r ? r : app_fail_errno(app, -ENOMEM, NULL, "cannot explain");
	if (r == 0)
		say_what_was_not_shown(e, args->file || args->view.operands.n);
	/* Rows from before a failure are still printed. */
	return r ? (inspect_end(app, &e->in, 0), r) : inspect_end(app, &e->in, 0);
}

static const struct cmd_option explain_options[] = {
	{ "file", 'f', "FILE", "Read the log from FILE", OPTION_TEXT,
	  offsetof(struct explain_args, file) },
	{ "pasted", 0, NULL,
	  "Read text that was copied from elsewhere: quoted, indented, wrapped, with anything "
	  "before a message. Every such message is believed",
	  OPTION_FLAG, offsetof(struct explain_args, pasted) },
	{ "foreign", 0, NULL, "The log is from another machine: show nothing from this one",
	  OPTION_FLAG, offsetof(struct explain_args, foreign) },
	{ "each", 0, NULL, "Show equal faults separately, not as one row with a count", OPTION_FLAG,
	  offsetof(struct explain_args, each) },
	ROWS_OF(struct explain_args, view, view_options),
	{ 0 },
};

static const struct explain_args explain_defaults = {
	.view = { .columns = explain_columns, .operands = { .max = CMD_OPERANDS_MAX } },
};

const struct cmd system_explain_cmd = {
	.name = "explain",
	.summary = "Explain the faults in the kernel's log",
	.example = "ioasidctl system explain",
	.statuses = "1267",
	.options = explain_options,
	.takes = "[LINE|-...]",
	.doc = "Explain each DMA fault in the kernel's log: the device, its driver and group, the "
	       "PASID and its owner, the address, and the reason in words. LINE is a line of a "
	       "log, - is standard input, of which each fault is shown as it comes; without any, "
	       "the kernel's own log is read to its end.",
	.operands = offsetof(struct explain_args, view.operands),
	.defaults = &explain_defaults,
	.args_size = sizeof(explain_defaults),
	.run = explain_run,
};
