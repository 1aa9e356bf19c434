/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/engine/worker.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/cleanup.h"

static void *serve(void *data)
{
	struct worker *worker = data;
	const uint64_t one = 1;

	pthread_mutex_lock(&worker->mutex);
	for (;;) {
		struct work *work = worker->work;

		if (worker->stop)
			break;
		if (!work || worker->ended) {
			pthread_cond_wait(&worker->wake, &worker->mutex);
			continue;
		}
		pthread_mutex_unlock(&worker->mutex);
		work_run(work);
		pthread_mutex_lock(&worker->mutex);
		worker->ended = true;
		/* It cannot be full: there is one work at a time. */
		(void)!write(worker->event, &one, sizeof(one));
	}
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

int worker_start(struct worker *worker)
{
	_cleanup_close_ int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r;

	if (event < 0)
		return -errno;
	*worker = (struct worker){ .event = event };
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->wake, NULL);
	r = pthread_create(&worker->thread, NULL, serve, worker);
	if (r != 0)
		return -r;
	(void)TAKE_FD(event);
	return 0;
}

void worker_stop(struct worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	worker->stop = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->mutex);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->mutex);
	close(worker->event);
}

void worker_post(struct worker *worker, struct work *work)
{
	pthread_mutex_lock(&worker->mutex);
	worker->work = work;
	worker->ended = false;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->mutex);
}

bool worker_take(struct worker *worker)
{
	uint64_t count;
	bool ended;

	pthread_mutex_lock(&worker->mutex);
	ended = worker->work && worker->ended;
	if (ended) {
		worker->work = NULL;
		(void)!read(worker->event, &count, sizeof(count));
	}
	pthread_mutex_unlock(&worker->mutex);
	return ended;
}
