/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/common/closer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct closer {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool started, stop, busy;
	size_t first, n;
	int fd[CLOSER_MAX]; /* a ring */
};

static void *serve(void *data)
{
	struct closer *closer = data;

	pthread_mutex_lock(&closer->mutex);
	while (closer->n || !closer->stop) {
		int fd;

		if (closer->n == 0) {
			pthread_cond_wait(&closer->changed, &closer->mutex);
			continue;
		}
		fd = closer->fd[closer->first];
		closer->first = (closer->first + 1) % CLOSER_MAX;
		closer->n--;
		closer->busy = true;
		pthread_mutex_unlock(&closer->mutex);
		close(fd);
		pthread_mutex_lock(&closer->mutex);
		closer->busy = false;
		pthread_cond_broadcast(&closer->changed);
	}
	pthread_mutex_unlock(&closer->mutex);
	return NULL;
}

struct closer *closer_new(void)
{
	struct closer *closer = calloc(1, sizeof(*closer));

	if (closer) {
		pthread_mutex_init(&closer->mutex, NULL);
		pthread_cond_init(&closer->changed, NULL);
	}
	return closer;
}

void closer_free(struct closer *closer)
{
	struct timespec until;
	int r = 0;

	if (!closer)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	pthread_mutex_lock(&closer->mutex);
	closer->stop = true;
	pthread_cond_broadcast(&closer->changed);
	while (closer->started && (closer->n || closer->busy) && r == 0)
		r = pthread_cond_timedwait(&closer->changed, &closer->mutex, &until);
	pthread_mutex_unlock(&closer->mutex);
	if (r != 0) {
		pthread_detach(closer->thread);
		return;
	}
	if (closer->started)
		pthread_join(closer->thread, NULL);
	pthread_cond_destroy(&closer->changed);
	pthread_mutex_destroy(&closer->mutex);
	free(closer);
}

bool closer_take(struct closer *closer, int fd)
{
	bool room;

	pthread_mutex_lock(&closer->mutex);
	room = closer->n + closer->busy < CLOSER_MAX;
	if (room)
		closer->fd[(closer->first + closer->n++) % CLOSER_MAX] = fd;
	/* If that fails, it is tried again with the next one. */
	if (!closer->started)
		closer->started = pthread_create(&closer->thread, NULL, serve, closer) == 0;
	pthread_cond_broadcast(&closer->changed);
	pthread_mutex_unlock(&closer->mutex);
	return room;
}

size_t closer_waiting(struct closer *closer)
{
	size_t n;

	pthread_mutex_lock(&closer->mutex);
	n = closer->n + closer->busy;
	pthread_mutex_unlock(&closer->mutex);
	return n;
}
