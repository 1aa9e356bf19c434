/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies of a holder to calls that read. */
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "client/internal.h"
#include "util/pasid.h"

static void describe(struct holder_client *client, struct holder_error *error)
{
	struct holder_context context = { 0 };

	if (holder_describe(client, &context, error) == 0)
		holder_context_done(&context);
}

static void list_bindings(struct holder_client *client, struct holder_error *error)
{
	struct holder_bindings list = { 0 };

	if (holder_list_bindings(client, NULL, &list, error) == 0)
		holder_bindings_done(&list);
}

static void show_ioas(struct holder_client *client, struct holder_error *error)
{
	struct holder_ioas_info info = { 0 };

	if (holder_show_ioas(client, "1", &info, error) == 0)
		holder_ioas_info_done(&info);
}

/* PASIDs, sorted and apart. */
static void bind_pasids(struct holder_client *client, struct holder_error *error)
{
	struct holder_bound bound = { 0 };
	const struct ranges *lists[] = { &bound.pasid, &bound.taken };

	if (holder_bind_pasids(client, "a", NULL, 1, "3", true, &bound, error) < 0)
		return;
	fuzz_check(bound.pasid.n && bound.ioas);
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++) {
			const struct range *range = &lists[l]->v[i];

			fuzz_check(range->lo && range->lo <= range->hi && range->hi <= PASID_MAX);
			fuzz_check(i == 0 || range[-1].hi + 1 < range->lo);
		}
	fuzz_check(bound.failure.err == 0 || bound.failure.holder);
	holder_bound_done(&bound);
}

static int check_events(const struct holder_events *events, void *data)
{
	(void)data;
	for (size_t i = 0; i < events->n; i++) {
		fuzz_check(events->v[i].what && events->v[i].object.kind);
		fuzz_check(events->v[i].lo.value <= events->v[i].hi.value);
	}
	return 0;
}

static void monitor(struct holder_client *client, struct holder_error *error)
{
	(void)holder_monitor(client, field_u64(0), check_events, NULL, error);
}

/*
 * The first byte selects the call. The answer is queued before the call, then the connection is
 * shut down.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const calls[])(struct holder_client *,
				     struct holder_error *) = { describe, list_bindings, show_ioas,
								bind_pasids, monitor };
	struct holder_client client = { .reference = (char *)"c",
					.foreign = true,
					.in = { .max = 65536 } };
	struct holder_error error = { 0 };
	int ends[2];

	if (size == 0 || size > 16384)
		return 0;
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	fuzz_check(send(ends[1], data + 1, size - 1, MSG_NOSIGNAL) == (ssize_t)size - 1);
	fuzz_check(shutdown(ends[1], SHUT_WR) == 0);
	client.fd = ends[0];
	calls[data[0] % 5](&client, &error);
	holder_error_done(&error);
	varlink_in_done(&client.in);
	json_object_put(client.sent);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
