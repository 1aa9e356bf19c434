/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/diagnosis/finding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/str.h"

static const char check_verdict[] = "ready";

const char *const use_names[] = {
	[USE_PASSTHROUGH] = "passthrough",   [USE_PASID] = "pasid", [USE_SVA] = "sva",
	[USE_UNPRIVILEGED] = "unprivileged", [USE_COUNT] = NULL,
};

const char *use_name(enum use use)
{
	return use_names[use];
}

bool use_parse(const char *name, enum use *ret)
{
	for (int use = 0; use < USE_COUNT; use++)
		if (strcmp(name, use_names[use]) == 0) {
			*ret = (enum use)use;
			return true;
		}
	return false;
}

void finding_done(struct finding *finding)
{
	free(finding->object);
	free(finding->seen);
	free((char *)finding->remedy);
	*finding = (struct finding){ 0 };
}

void finding_list_done(struct finding_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		finding_done(&list->v[i]);
	free(list->v);
	*list = (struct finding_list){ 0 };
}

int finding_add(struct finding_list *list, const struct finding *finding, const char *format, ...)
{
	_cleanup_free_ char *object = NULL, *seen = NULL, *remedy = NULL;
	struct finding *slot;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&seen, format, ap);
	va_end(ap);
	if (r < 0) {
		seen = NULL;
		return -ENOMEM;
	}
	if (finding->object) {
		object = strdup(finding->object);
		if (!object)
			return -ENOMEM;
	}
	if (finding->remedy) {
		remedy = strdup(finding->remedy);
		if (!remedy)
			return -ENOMEM;
	}
	slot = array_push(list->v, list->n);
	if (!slot)
		return -ENOMEM;
	*slot = *finding;
	slot->object = TAKE_PTR(object);
	slot->seen = TAKE_PTR(seen);
	slot->remedy = TAKE_PTR(remedy);
	return 0;
}

const char *finding_reason(int negative_errno, const char **ret_remedy)
{
	*ret_remedy = NULL;
	switch (-negative_errno) {
	case EAGAIN:
		*ret_remedy = "run again with --wake";
		return "asleep, and reading would wake it";
	case EACCES:
	case EPERM:
		*ret_remedy = "run as root";
		return "not permitted";
	case EIO:
		return "the device does not answer";
	case EBADMSG:
		return "what was read is not valid";
	case ENOENT:
		return "not published here";
	default:
		return strerror(-negative_errno);
	}
}

int finding_list_move(struct finding_list *list, struct finding_list *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct finding *slot = array_push(list->v, list->n);

		if (!slot)
			return -ENOMEM;
		*slot = from->v[i];
		from->v[i] = (struct finding){ 0 };
	}
	finding_list_done(from);
	return 0;
}

enum status finding_status(const struct finding *finding)
{
	if (finding->result < FINDING_BLOCKED)
		return STATUS_DONE;
	if (finding->status != STATUS_DONE)
		return finding->status;
	return finding->result == FINDING_BLOCKED ? STATUS_UNSAFE : STATUS_UNSUPPORTED;
}

/* Permissions can be granted and obstacles removed, but hardware cannot be changed. */
static int rank(enum status status)
{
	static const enum status order[] = { STATUS_DONE, STATUS_NOT_PERMITTED, STATUS_UNSAFE };
	int i = 0;

	while (i < (int)ARRAY_SIZE(order) && order[i] != status)
		i++;
	return i;
}

enum status finding_worse(enum status a, enum status b)
{
	return rank(a) >= rank(b) ? a : b;
}

static bool is_for(const struct finding *finding, unsigned int uses)
{
	return (!uses || finding->uses & uses) && !finding_is_verdict(finding);
}

const struct finding *finding_cause(const struct finding_list *list, unsigned int uses)
{
	const struct finding *cause = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];
		enum status status = finding_status(finding);

		if (status == STATUS_DONE || !is_for(finding, uses))
			continue;
		if (!cause || rank(status) > rank(finding_status(cause)))
			cause = finding;
	}
	return cause;
}

/* The names of all checks with RESULT for USES, each once: "noiommu, memlock". */
static int names_of(const struct finding_list *list, unsigned int uses, enum finding_result result,
		    char **ret)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];
		int r = 0;

		if (finding->result == result && is_for(finding, uses) &&
		    !strv_has(&names, finding->check))
			r = strv_push(&names, finding->check);
		if (r < 0)
			return r;
	}
	*ret = strv_join(&names, ", ");
	return *ret ? 0 : -ENOMEM;
}

static int judge_usable(const struct finding_list *list, struct finding *verdict,
			struct finding_list *verdicts)
{
	_cleanup_free_ char *unknown = NULL, *warnings = NULL;
	int r = names_of(list, verdict->uses, FINDING_UNKNOWN, &unknown);

	if (r == 0)
		r = names_of(list, verdict->uses, FINDING_WARNING, &warnings);
	if (r < 0)
		return r;
	if (*unknown) {
		verdict->result = FINDING_UNKNOWN;
		return finding_add(verdicts, verdict,
				   "ready as far as could be measured; not measured: %s%s%s",
				   unknown, *warnings ? "; with warnings: " : "", warnings);
	}
	if (*warnings) {
		verdict->result = FINDING_WARNING;
		return finding_add(verdicts, verdict, "ready, with warnings: %s", warnings);
	}
	return finding_add(verdicts, verdict, "ready");
}

int finding_judge(const struct finding_list *list, unsigned int uses, const char *object,
		  struct finding_list *verdicts)
{
	const struct finding *cause = finding_cause(list, uses);
	struct finding verdict = {
		.check = check_verdict,
		.object = (char *)object,
		.uses = uses,
	};

	if (!cause)
		return judge_usable(list, &verdict, verdicts);
	verdict.result = cause->result;
	verdict.status = cause->status;
	verdict.remedy = cause->remedy;
	return finding_add(verdicts, &verdict, "not ready: %s: %s%s%s", cause->check,
			   cause->object ? cause->object : "", cause->object ? ": " : "",
			   cause->seen);
}

bool finding_is_verdict(const struct finding *finding)
{
	return strcmp(finding->check, check_verdict) == 0;
}

const char *const finding_result_names[] = {
	[FINDING_OK] = "ok",           [FINDING_NOTE] = "note",       [FINDING_UNKNOWN] = "unknown",
	[FINDING_WARNING] = "warning", [FINDING_BLOCKED] = "blocked", [FINDING_BROKEN] = "broken",
	[FINDING_BROKEN + 1] = NULL,
};

const char *finding_result_name(enum finding_result result)
{
	return finding_result_names[result];
}
