/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/engine/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holder/engine/internal.h"
#include "util/cleanup.h"

struct change *change_new(void)
{
	return calloc(1, sizeof(struct change));
}

static void sweep_done(struct sweep *sweep)
{
	ranges_done(&sweep->todo);
	ranges_done(&sweep->done);
	ranges_done(&sweep->busy);
	ranges_done(&sweep->taken);
	fault_done(&sweep->failure);
}

void change_free(struct change *change)
{
	struct object *gone;

	if (!change)
		return;
	for (size_t i = 0; i < change->n_steps; i++)
		object_free(change->step[i].owned);
	while ((gone = change->gone) != NULL) {
		change->gone = gone->next;
		object_free(gone);
	}
	varlink_fds_done(&change->fds);
	free(change->step);
	if (change->refresh)
		free(change->refresh->work.iovas);
	free(change->refresh);
	free(change->reserved);
	sweep_done(&change->sweep);
	fault_done(&change->fault);
	json_object_put(change->reply);
	free(change);
}

struct step *step_push(struct change *change, const struct step_kind *kind, struct object *object)
{
	size_t capacity = change->capacity ? 2 * change->capacity : 4;
	struct step *v = change->step;

	if (change->n_steps == change->capacity) {
		v = reallocarray(v, capacity, sizeof(v[0]));
		if (!v)
			return NULL;
		change->step = v;
		change->capacity = capacity;
	}
	v = &v[change->n_steps++];
	*v = (struct step){ .kind = kind, .object = object };
	return v;
}

void change_tolerate(struct change *change)
{
	for (size_t i = 0; i < change->n_steps; i++)
		change->step[i].tolerant = true;
}

void step_notice(const struct context *context, const struct object *object, const char *text)
{
	if (context->log)
		log_line(context->log, LOG_WARNING, "%s %u%s%s%s: %s",
			 object_class(object->kind)->word, object->id, object->name ? " (" : "",
			 object->name ? object->name : "", object->name ? ")" : "", text);
}

/* What cannot be put back stays as it is, and is recorded so. */
static void notice_kept(const struct context *context, const struct step *step)
{
	const char *name = strerrorname_np(-step->work.err);
	char text[80];

	snprintf(text, sizeof(text), "could not be put back: %s", name ? name : "error");
	step_notice(context, step->object, text);
}

static bool reverse(struct step *step)
{
	if (!step->made || !step->kind->reverse)
		return false;
	step->kind->reverse(step);
	step->made = false;
	step->reversed = step->tolerant = true;
	return true;
}

/* The step to go on with, which is not made again when it has been undone. */
static struct step *current(const struct change *change)
{
	if (!change->undoing)
		return change->at < change->n_steps ? &change->step[change->at] : NULL;
	return change->at ? &change->step[change->at - 1] : NULL;
}

static void advance(struct change *change)
{
	if (!change->undoing)
		change->at++;
	else if (change->at)
		change->at--;
}

/*
 * The current step failed, with the change's fault raised: undoes what was done of it and before,
 * unless a sweep is to keep what it has done.
 */
static void give_up(struct change *change)
{
	struct step *step = current(change);

	if (step && step->sweep && sweep_stop(step->sweep, &change->fault)) {
		change->at++;
		return;
	}
	change->undoing = true;
	change->at += change->at < change->n_steps;
}

static void fail(struct change *change, const struct step *step, int err)
{
	if (step->kind->fault)
		step->kind->fault(step, err, &change->fault);
	else if (step->work.what)
		fault_system(&change->fault, step->work.what, err);
	else
		fault_kernel(&change->fault, step->kind->op, err);
	give_up(change);
}

static void cancel(const struct context *context, struct change *change)
{
	const struct step *step = current(change);

	/* Only the cleanup is left, which cannot be undone. */
	if (!step || step->if_unused)
		return;
	if (!change->cancelled || change->undoing || (change->final && !context->plan))
		return;
	change->cancelled = false;
	fault_raise(&change->fault, "Cancelled", json_object_new_object());
	give_up(change);
}

/* Adds PASIDs that stay as they are after a failure: bound ones, or those already unbound. */
static void add_done(struct change *change)
{
	if (change->sweep.done.n)
		json_add_ranges(change->fault.parameters, "done", &change->sweep.done);
}

static void end(struct context *context, struct change *change)
{
	if (change->reply)
		return;
	if (change->fault.raised) {
		add_done(change);
		return;
	}
	change->reply = json_object_new_object();
	if (change->finish)
		change->finish(context, change, change->reply);
}

struct work *change_next(struct context *context, struct change *change)
{
	struct step *step;
	int r;

	cancel(context, change);
	while ((step = current(change)) != NULL) {
		if (change->undoing && !step->reversed && !reverse(step)) {
			advance(change);
			continue;
		}
		step->work.err = 0;
		step->work.what = NULL;
		step->work.iommufd = context->iommufd;
		r = step->kind->prepare(context, step);
		if (r > 0)
			return &step->work;
		if (r < 0 && !step->tolerant)
			fail(change, step, r);
		else
			advance(change);
	}
	if (!change->reply && !context->plan) {
		struct work *refresh = refresh_next(context, change);

		if (refresh)
			return refresh;
	}
	end(context, change);
	return NULL;
}

void work_run(struct work *work)
{
	work->run(work);
}

void change_done(struct context *context, struct change *change)
{
	struct step *step = current(change);
	int r;

	if (!step) {
		refresh_done(change);
		return;
	}
	r = step->work.err;
	change->steps_done++;
	if (step->kind->proceed) {
		r = step->kind->proceed(context, change, step);
		if (r < 0 && !step->tolerant) {
			give_up(change);
			return;
		}
		if (r < 0 && change->undoing)
			notice_kept(context, step);
		else if (r < 0)
			fault_done(&change->fault);
		if (r <= 0)
			advance(change);
		return;
	}
	if (r < 0 && !step->tolerant) {
		fail(change, step, r);
		return;
	}
	if (r == 0) {
		step->kind->commit(context, change, step);
		step->made = true;
	} else if (change->undoing) {
		notice_kept(context, step);
	}
	advance(change);
}

bool change_rehearse(struct context *context, struct change *change, unsigned int steps)
{
	for (unsigned int i = 0; i < steps; i++) {
		/* Nothing was done that has to be undone. */
		if (!change_next(context, change) || change->undoing)
			return true;
		current(change)->kind->note(context, current(change));
		change_done(context, change);
		/* The rest would not be listed either. */
		if (context->plan->err < 0)
			return true;
	}
	return false;
}

void change_cancel(struct change *change)
{
	change->cancelled = true;
}

void change_progress(const struct change *change, uint64_t *ret_done, uint64_t *ret_total)
{
	const struct sweep *sweep = &change->sweep;

	*ret_total = sweep->wanted ? sweep->wanted : ranges_count(&sweep->todo);
	*ret_done = *ret_total ? ranges_count(&sweep->done) : change->steps_done;
}

const char *change_call(const struct change *change)
{
	const struct step *step = current(change);

	/* After the steps, what can be mapped now is read. */
	return iommufd_op_name(step ? step->kind->op : IOMMUFD_IOAS_IOVA_RANGES);
}
