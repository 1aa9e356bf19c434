/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/engine/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

/* More than a context can have objects. */
#define PLAN_ID_MIN (UINT32_MAX - 65536)

void plan_done(struct plan *plan)
{
	strv_done(&plan->line);
	*plan = (struct plan){ 0 };
}

/* TEXT NULL: out of memory. */
static void push(struct plan *plan, const char *text)
{
	plan->bytes += text ? strlen(text) : 0;
	if (plan->err == 0 && plan->bytes > PLAN_BYTES_MAX)
		plan->err = -E2BIG;
	if (plan->err == 0)
		plan->err = text ? strv_push(&plan->line, text) : -ENOMEM;
}

void plan_note(struct plan *plan, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	push(plan, text);
}

void plan_ioctl(struct plan *plan, enum iommufd_op op, const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *line = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text ||
	    asprintf(&line, "ioctl %s%s%s", iommufd_op_name(op), *text ? " " : "", text) < 0)
		line = NULL;
	push(plan, line);
}

uint32_t plan_new_id(struct plan *plan)
{
	plan->id = plan->id ? plan->id - 1 : UINT32_MAX;
	return plan->id;
}

bool plan_is_new(uint32_t id)
{
	return id >= PLAN_ID_MIN;
}

struct plan_name plan_name(const struct object *object)
{
	const char *word = object_class(object->kind)->word;
	struct plan_name name;

	if (plan_is_new(object->id))
		snprintf(name.text, sizeof(name.text), "%s NEW", word);
	else
		snprintf(name.text, sizeof(name.text), "%s %" PRIu32, word, object->id);
	return name;
}
