/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system/internal.h"

#include <errno.h>
#include <string.h>

#include "cmd/common/operand.h"
#include "cmd/common/records.h"
#include "model/machine/select.h"
#include "util/cleanup.h"

static const struct option_word depths[] = {
	{ "iommu", TOPOLOGY_IOMMU }, { "group", TOPOLOGY_GROUP },     { "device", TOPOLOGY_DEVICE },
	{ "pasid", TOPOLOGY_PASID }, { "process", TOPOLOGY_PROCESS }, { 0 },
};

const struct cmd_option topology_options[] = {
	{ "depth", 0, "KIND",
	  "The last kind of object to show: iommu, group, device, pasid or process (the default)",
	  OPTION_WORD, offsetof(struct topology_args, depth), .words = depths },
	{ 0 },
};

void topology_session_done(struct topology_session *session)
{
	topology_done(&session->topology);
	bindings_done(&session->pasids);
	for (size_t i = 0; i < session->n_contexts; i++)
		free(session->contexts[i].ioas);
	free(session->contexts);
	pasid_records_done(&session->records);
}

/* The only function that knows how PASIDs are listed. */
static int read_pasids(struct app *app, struct topology_session *session)
{
	struct pasid_query query;
	int r;

	r = pasid_records_read(app, &app->root, &session->records);
	if (r)
		return r;
	session->partial = session->records.status < 0;
	query = pasid_records_query(&session->records, &app->root,
				    PASID_NEED_ALL & ~PASID_NEED_TABLES);
	r = pasid_list(&query, &session->pasids, &session->reports);
	if (r == -ENOMEM)
		return app_fail_errno(app, r, NULL, "cannot list the PASIDs");
	/* Show the rest without PASIDs. */
	if (r < 0) {
		app_note(app, "the PASIDs could not be listed: %s", strerror(-r));
		session->partial = true;
	}
	return 0;
}

static int list_contexts(struct topology_session *session)
{
	const struct pasid_records *records = &session->records;

	session->contexts = calloc(records->n_contexts + 1, sizeof(*session->contexts));
	if (!session->contexts)
		return -ENOMEM;
	for (; session->n_contexts < records->n_contexts; session->n_contexts++) {
		const struct holder_context *source = &records->contexts[session->n_contexts];
		struct topology_context *context = &session->contexts[session->n_contexts];

		context->name = source->name;
		context->pid = source->pid;
		context->ioas = calloc(source->ioas_n + 1, sizeof(*context->ioas));
		if (!context->ioas)
			return -ENOMEM;
		for (; context->n_ioas < source->ioas_n; context->n_ioas++)
			context->ioas[context->n_ioas] = (struct topology_ioas){
				.id = source->ioas[context->n_ioas].id,
				.name = source->ioas[context->n_ioas].name,
				.mapped = source->ioas[context->n_ioas].mapped,
			};
	}
	return 0;
}

static bool is_unit(const struct topology_node *node, const char *name)
{
	return node->kind == TOPOLOGY_IOMMU && node->unit->name &&
	       strcmp(node->unit->name, name) == 0;
}

static bool is_group(const struct topology_node *node, uint32_t number)
{
	return node->kind == TOPOLOGY_GROUP && node->group->number == number;
}

/* Attachments of a device in a context match too. */
static bool is_device(const struct topology_node *node, const char *path)
{
	if (node->ioas && node->binding)
		return strcmp(node->binding->device, strrchr(path, '/') + 1) == 0;
	if (node->kind != TOPOLOGY_BRIDGE && node->kind != TOPOLOGY_DEVICE && !node->ioas)
		return false;
	return node->device && node->device->path.status == 1 &&
	       strcmp(node->device->path.value, path) == 0;
}

/* Marks the nodes named by OPERAND. Returns 0 or a reported status. */
static int mark_operand(struct app *app, const struct topology *topology, const char *operand,
			bool *keep)
{
	_cleanup_free_ char *path = NULL;
	bool found = false;
	uint32_t number;
	int r;

	for (size_t i = 0; i < topology->n; i++)
		if (is_unit(&topology->v[i], operand))
			found = keep[i] = true;
	if (found)
		return 0;
	r = select_group(&app->root, operand, &number);
	if (r == -ENOENT) {
		app_fail(app, STATUS_NOT_FOUND, operand, "no such IOMMU group");
		app_hint(app, "'ioasidctl group list' shows all groups");
		return STATUS_NOT_FOUND;
	}
	if (r < 0)
		r = operand_device(app, &app->root, operand, &path);
	if (r)
		return r;
	for (size_t i = 0; i < topology->n; i++)
		if (path ? is_device(&topology->v[i], path) : is_group(&topology->v[i], number))
			found = keep[i] = true;
	if (found)
		return 0;
	return app_fail(app, STATUS_NOT_FOUND, operand, "--depth leaves it out");
}

static int limit(struct app *app, const struct topology_args *args, struct topology *topology)
{
	_cleanup_free_ bool *keep = calloc(topology->n + 1, sizeof(*keep));
	int r = keep ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < args->operands.n; i++) {
		r = mark_operand(app, topology, args->operands.v[i], keep);
		if (r)
			return r;
	}
	if (r == 0)
		r = topology_limit(topology, keep);
	return r < 0 ? app_fail_errno(app, r, NULL, "cannot choose what is shown") : 0;
}

static void note_unseen(struct app *app, struct topology_session *session)
{
	int table = session->reports.hardware_status, processes = session->reports.process_status;

	if (session->topology.openers_status < 0)
		processes = session->topology.openers_status;
	/* Without such a table on this machine, nothing is missing. */
	if (table < 0 && table != -EOPNOTSUPP)
		app_note(app,
			 "PASIDs may be missing, since the IOMMU's table could not be read: %s",
			 strerror(-table));
	if (processes < 0)
		app_note(app, "processes may be missing, since some could not be examined: %s",
			 strerror(-processes));
	session->partial = session->partial || processes < 0 || (table < 0 && table != -EOPNOTSUPP);
}

int topology_session_read(struct app *app, const struct topology_args *args, unsigned int need,
			  struct topology_session *ret)
{
	_cleanup_topology_session_ struct topology_session session = { 0 };
	struct topology_need wanted = { .depth = args->depth };
	struct attached_query attached;
	int r = 0;

	topology_columns_need(need, &wanted);
	if (args->depth >= TOPOLOGY_PASID) {
		r = read_pasids(app, &session);
		if (r)
			return r;
		r = args->contexts ? list_contexts(&session) : 0;
		if (r < 0)
			return app_fail_errno(app, r, NULL, "cannot list the contexts");
	}
	/* Nodes keep pointers into it. */
	*ret = session;
	session = (struct topology_session){ 0 };
	wanted.pasids = args->depth >= TOPOLOGY_PASID ? &ret->pasids : NULL;
	attached = pasid_records_attached(&ret->records, &app->root);
	wanted.reports = &ret->reports;
	wanted.attached = wanted.pasids ? &attached : NULL;
	wanted.contexts = ret->contexts;
	wanted.n_contexts = ret->n_contexts;
	r = topology_read(&app->root, &wanted, &ret->topology);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot read the topology");
	if (args->operands.n)
		r = limit(app, args, &ret->topology);
	if (r == 0)
		note_unseen(app, ret);
	return r;
}
