/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/finding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

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
		*ret_remedy = "ask again with --wake";
		return "asleep, and reading would wake it";
	case EACCES:
	case EPERM:
		*ret_remedy = "ask as root";
		return "not permitted";
	case EIO:
		return "the device does not answer";
	case EBADMSG:
		return "what was read makes no sense";
	case ENOENT:
		return "not published here";
	default:
		return strerror(-negative_errno);
	}
}

size_t finding_count(const struct finding_list *list, enum finding_result result)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->v[i].result == result;
	return n;
}

const struct finding *finding_first_broken(const struct finding_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].result == FINDING_BROKEN)
			return &list->v[i];
	return NULL;
}

const char *finding_result_name(enum finding_result result)
{
	switch (result) {
	case FINDING_OK:
		return "ok";
	case FINDING_NOTE:
		return "note";
	case FINDING_WARNING:
		return "warning";
	case FINDING_BROKEN:
		return "broken";
	case FINDING_UNKNOWN:
		break;
	}
	return "unknown";
}
