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

bool use_parse(const char *name, enum use *ret)
{
	for (int use = 0; use < USE_COUNT; use++)
		if (strcmp(name, use_names[use]) == 0) {
			*ret = (enum use)use;
			return true;
		}
	return false;
}

static void finding_done(struct finding *finding)
{
	free(finding->object);
	free(finding->seen);
	free(finding->remedy);
}

void finding_list_done(struct finding_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		finding_done(&list->v[i]);
	free(list->v);
	*list = (struct finding_list){ 0 };
}

int finding_list_take(struct finding_list *list, struct finding_list *ret)
{
	if (list->error < 0)
		return list->error;
	*ret = *list;
	*list = (struct finding_list){ 0 };
	return 0;
}

/* Why the answer to QUESTION does not have to be in order; NULL: it does. */
static const char *spared_by(const struct finding_list *list, const struct question *question)
{
	if (list->moot)
		return list->moot;
	if (!list->asked || !question->uses || question->uses & list->asked)
		return NULL;
	return list->asked & USE_BIT(USE_PASID) ? "not needed for VFIO" : "not needed for SVA";
}

static struct finding answer(const struct finding_list *list, const struct question *question,
			     enum finding_result result)
{
	const char *spared = result >= FINDING_BLOCKED ? spared_by(list, question) : NULL;
	struct finding finding = {
		.check = question->check,
		.result = spared ? FINDING_NOTE : result,
		.meaning = spared ? spared : question->fine,
		.uses = question->uses,
	};

	if (finding.result >= FINDING_UNKNOWN)
		finding.meaning = result == FINDING_UNKNOWN ? NULL : question->meaning;
	if (finding.result >= FINDING_BLOCKED)
		finding.status = question->status;
	return finding;
}

/* Returns 0 or -ENOMEM. TEXT may be NULL. */
static int copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

struct finding *finding_add(struct finding_list *list, const struct question *question,
			    enum finding_result result, const char *object, const char *remedy,
			    const char *format, ...)
{
	struct finding finding = answer(list, question, result), *slot = NULL;
	va_list ap;
	int r;

	if (list->error < 0)
		return NULL;
	va_start(ap, format);
	r = vasprintf(&finding.seen, format, ap);
	va_end(ap);
	if (r < 0)
		finding.seen = NULL;
	else if (copy(&finding.object, object) == 0 &&
		 copy(&finding.remedy, finding.result >= FINDING_UNKNOWN ? remedy : NULL) == 0)
		slot = array_push(list->v, list->n);
	if (!slot) {
		finding_done(&finding);
		list->error = -ENOMEM;
		return NULL;
	}
	*slot = finding;
	return slot;
}

struct finding *finding_unknown(struct finding_list *list, const struct question *question,
				const char *object, int negative_errno)
{
	const char *remedy, *reason = finding_reason(negative_errno, &remedy);
	struct finding *finding = finding_add(list, question, FINDING_UNKNOWN, object, remedy,
					      "could not be measured: %s", reason);

	if (finding)
		finding->error = negative_errno;
	return finding;
}

void finding_drop(struct finding_list *list, size_t i)
{
	finding_done(&list->v[i]);
	list->n--;
	memmove(&list->v[i], &list->v[i + 1], (list->n - i) * sizeof(list->v[0]));
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

static void judge_usable(struct finding_list *list, const struct question *ready,
			 const char *object)
{
	_cleanup_free_ char *unknown = NULL, *warnings = NULL;

	list->error = names_of(list, ready->uses, FINDING_UNKNOWN, &unknown);
	if (list->error == 0)
		list->error = names_of(list, ready->uses, FINDING_WARNING, &warnings);
	if (list->error < 0)
		return;
	if (*unknown)
		finding_add(list, ready, FINDING_UNKNOWN, object, NULL,
			    "ready as far as could be measured; not measured: %s%s%s", unknown,
			    *warnings ? "; with warnings: " : "", warnings);
	else if (*warnings)
		finding_add(list, ready, FINDING_WARNING, object, NULL, "ready, with warnings: %s",
			    warnings);
	else
		finding_add(list, ready, FINDING_OK, object, NULL, "ready");
}

void finding_judge(struct finding_list *list, unsigned int uses, const char *object)
{
	const struct finding *cause = finding_cause(list, uses);
	struct question ready = { check_verdict, uses, .status = cause ? cause->status : 0 };
	struct finding verdict;
	size_t i = 0;

	if (list->error < 0)
		return;
	if (!cause)
		judge_usable(list, &ready, object);
	else
		finding_add(list, &ready, cause->result, object, cause->remedy,
			    "not ready: %s: %s%s%s", cause->check,
			    cause->object ? cause->object : "", cause->object ? ": " : "",
			    cause->seen);
	if (list->error < 0)
		return;
	while (finding_is_verdict(&list->v[i]) && i + 1 < list->n)
		i++;
	verdict = list->v[list->n - 1];
	memmove(&list->v[i + 1], &list->v[i], (list->n - 1 - i) * sizeof(verdict));
	list->v[i] = verdict;
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
