/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/pasid.h"

/* DEADLINE -1: forever. -EINTR: INTERRUPT is readable. */
static int wait_for(int fd, short events, int interrupt, int64_t deadline)
{
	struct pollfd p[] = { { .fd = fd, .events = events },
			      { .fd = interrupt, .events = POLLIN } };
	int64_t left;
	int n;

	for (;;) {
		left = deadline < 0 ? -1 : deadline - clock_ms();
		if (deadline >= 0 && left <= 0)
			return -ETIMEDOUT;
		n = poll(p, ARRAY_SIZE(p), (int)left);
		/* First, since a holder may never stop sending. */
		if (n > 0)
			return p[1].revents ? -EINTR : 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int client_transport_error(struct holder_error *error, int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return error_set(error, HOLDER_ERROR_PROTOCOL, ETIMEDOUT,
				 "the context's holder does not answer");
	case -ECONNRESET:
	case -EPIPE:
		return error_set(error, HOLDER_ERROR_PROTOCOL, ECONNRESET,
				 "the context's holder has gone away");
	case -EBADMSG:
	case -EMSGSIZE:
		return error_protocol(error);
	default:
		return error_set(error, HOLDER_ERROR_SYSTEM, -r,
				 "cannot talk to the context's holder: %s", strerror(-r));
	}
}

void client_add_reference(struct holder_client *client, json_object *parameters, const char *key,
			  const char *text)
{
	const size_t length = strlen(text);
	uint64_t id;

	client->typed[0] = '\0';
	if (parse_u64(text, UINT32_MAX, &id) < 0) {
		json_add_reference(parameters, key, reference_name(text));
		return;
	}
	json_add_reference(parameters, key, reference_id((uint32_t)id));
	if (length < sizeof(client->typed))
		memcpy(client->typed, text, length + 1);
}

int client_error_from_reply(const struct holder_client *client, struct holder_error *error,
			    const char *id, json_object *parameters)
{
	static const char *const keys[] = { "object", "ioas", "hwpt" };
	struct reference reference = { 0 };
	uint64_t typed;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (parse_u64(client->typed, UINT32_MAX, &typed) == 0 &&
		    json_get_reference(parameters, keys[i], &reference) > 0 &&
		    reference.id == typed)
			json_add_string(json_object_object_get(parameters, keys[i]), "name",
					client->typed);
	return error_from_reply(error, id, parameters);
}

/* Queues MESSAGE, taken over, and a duplicate of FD (-1: none). */
static int queue(struct varlink_out *out, json_object *message, int fd)
{
	int *copy = NULL;

	if (fd >= 0) {
		copy = malloc(sizeof(*copy));
		if (copy)
			*copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (!copy || *copy < 0) {
			json_object_put(message);
			free(copy);
			return -errno;
		}
	}
	return varlink_out_put(out, message, copy, copy ? 1 : 0);
}

int client_send(struct holder_client *client, const char *method, json_object *parameters, int fd,
		bool more, int64_t deadline)
{
	json_object *message = json_object_new_object();
	char name[128];
	struct varlink_out out = { 0 };
	int r;

	client->method = method;
	json_object_put(client->sent);
	client->sent = json_object_get(parameters);
	snprintf(name, sizeof(name), "%s%s", strchr(method, '.') ? "" : HOLDER_INTERFACE ".",
		 method);
	json_add_string(message, "method", name);
	if (parameters)
		json_add(message, "parameters", parameters);
	if (more)
		json_add_bool(message, "more", true);
	r = queue(&out, message, fd);
	while (r == 0 && varlink_out_pending(&out)) {
		r = varlink_out_write(&out, client->fd);
		if (r == -EAGAIN)
			r = wait_for(client->fd, POLLOUT, -1, deadline);
	}
	varlink_out_done(&out);
	/* A holder that refuses a client sends why and closes: read that first. */
	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

static int receive(struct holder_client *client, int interrupt, int64_t deadline, json_object **ret)
{
	for (;;) {
		ssize_t n;
		int r;

		r = varlink_in_next(&client->in, ret);
		if (r != 0)
			return r < 0 ? r : 0;
		r = wait_for(client->fd, POLLIN, interrupt, deadline);
		if (r < 0)
			return r;
		n = varlink_in_read(&client->in, client->fd);
		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && n != -EAGAIN)
			return (int)n;
	}
}

int client_receive(struct holder_client *client, int interrupt, int64_t deadline, json_object **ret,
		   bool *ret_continues, struct holder_error *error)
{
	_cleanup_json_ json_object *message = NULL;
	json_object *parameters = NULL;
	const char *id = NULL;
	int r;

	r = receive(client, interrupt, deadline, &message);
	if (r == -EINTR)
		return r;
	if (r < 0)
		return client_transport_error(error, r);
	*ret_continues = false;
	if (json_get_object(message, "parameters", &parameters) < 0 ||
	    json_get_string(message, "error", &id) < 0 ||
	    json_get_bool(message, "continues", ret_continues) < 0)
		return error_protocol(error);
	if (id) {
		r = client_error_from_reply(client, error, id, parameters);
		error_attribute(error, client);
		return client_error_older(client, r, error);
	}
	*ret = parameters ? json_object_get(parameters) : json_object_new_object();
	return 0;
}

int client_call(struct holder_client *client, const char *method, json_object *parameters,
		json_object **ret, struct holder_error *error)
{
	int64_t patience = clock_ms() + CLIENT_PATIENCE;
	_cleanup_json_ json_object *reply = NULL;
	bool continues;
	int r;

	if (client->captured)
		return client_captured_call(client, method, parameters, ret, error);
	r = client_send(client, method, parameters, -1, false, patience);
	if (r < 0)
		return client_transport_error(error, r);
	r = client_receive(client, -1, patience, &reply, &continues, error);
	if (r < 0)
		return r;
	if (continues)
		return error_protocol(error);
	*ret = TAKE_PTR(reply);
	return 0;
}

int client_call_more(struct holder_client *client, const char *method, json_object *parameters,
		     int (*each)(void *userdata, json_object *reply, struct holder_error *error),
		     void *userdata, struct holder_error *error)
{
	/* One deadline for all replies, so that a slow holder cannot go on forever. */
	int64_t patience = clock_ms() + CLIENT_PATIENCE;
	bool continues = true;
	int r;

	if (client->captured)
		return client_captured_more(client, method, parameters, each, userdata, error);
	r = client_send(client, method, parameters, -1, true, patience);
	if (r < 0)
		return client_transport_error(error, r);
	while (continues) {
		_cleanup_json_ json_object *reply = NULL;

		r = client_receive(client, -1, patience, &reply, &continues, error);
		if (r == 0)
			r = each(userdata, reply, error);
		if (r < 0)
			return r;
	}
	return 0;
}

int wire_error(const struct wire *wire, struct holder_error *error)
{
	if (wire->err == -ENOMEM)
		return error_set(error, HOLDER_ERROR_SYSTEM, ENOMEM, "%s", strerror(ENOMEM));
	return error_protocol(error);
}

static void wire_check(struct wire *wire, bool fine)
{
	if (!fine && wire->err == 0)
		wire->err = -EPROTO;
}

char *wire_string_optional(struct wire *wire, const char *key)
{
	const char *text = NULL;
	char *copy;

	wire_check(wire, json_get_string(wire->object, key, &text) >= 0);
	if (!text)
		return NULL;
	copy = strdup(text);
	if (!copy && wire->err == 0)
		wire->err = -ENOMEM;
	return copy;
}

char *wire_string(struct wire *wire, const char *key)
{
	char *text = wire_string_optional(wire, key);

	wire_check(wire, text);
	return text;
}

char *wire_name_optional(struct wire *wire, const char *key)
{
	char *text = wire_string_optional(wire, key);

	wire_check(wire, !text || parse_is_name(text));
	return text;
}

uint32_t wire_reference(struct wire *wire, const char *key, char **ret_name)
{
	struct wire inner = { .object = wire_object_optional(wire, key) };
	uint32_t id = 0;

	wire_check(wire, inner.object);
	if (!inner.object)
		return 0;
	id = wire_u32(&inner, "id");
	*ret_name = wire_name_optional(&inner, "name");
	wire->err = wire->err ? wire->err : inner.err;
	return id;
}

bool wire_target_optional(struct wire *wire, const char *key, struct holder_target *ret)
{
	struct wire inner = { .object = wire_object_optional(wire, key) };
	_cleanup_free_ char *name = NULL;

	if (!inner.object)
		return false;
	ret->ioas = wire_reference(&inner, "ioas", &ret->ioas_name);
	if (json_object_object_get(inner.object, "hwpt"))
		ret->hwpt = field_u64(wire_reference(&inner, "hwpt", &name));
	wire->err = wire->err ? wire->err : inner.err;
	return true;
}

static bool is_pasids(struct range range)
{
	return range.lo > 0 && range.hi <= PASID_MAX;
}

bool wire_range_optional(struct wire *wire, const char *key, struct range *ret)
{
	int r = json_get_range(wire->object, key, ret);

	wire_check(wire, r == 0 || (r > 0 && is_pasids(*ret)));
	return r > 0;
}

void wire_ranges_optional(struct wire *wire, const char *key, struct ranges *ret)
{
	int r = json_get_ranges(wire->object, key, ret);

	if (r == -ENOMEM && wire->err == 0)
		wire->err = r;
	wire_check(wire, r >= 0);
	for (size_t i = 0; i < ret->n; i++)
		wire_check(wire, is_pasids(ret->v[i]));
}

uint64_t wire_u64(struct wire *wire, const char *key)
{
	uint64_t value = 0;

	wire_check(wire, json_get_u64(wire->object, key, INT64_MAX, &value) > 0);
	return value;
}

uint32_t wire_u32(struct wire *wire, const char *key)
{
	uint32_t value = 0;

	wire_check(wire, json_get_u32(wire->object, key, &value) > 0);
	return value;
}

struct field_u64 wire_u32_optional(struct wire *wire, const char *key)
{
	uint32_t value = 0;
	int r = json_get_u32(wire->object, key, &value);

	wire_check(wire, r >= 0);
	return r > 0 ? field_u64(value) : (struct field_u64){ 0 };
}

struct field_u64 wire_u64_optional(struct wire *wire, const char *key)
{
	uint64_t value = 0;
	int r = json_get_u64(wire->object, key, INT64_MAX, &value);

	wire_check(wire, r >= 0);
	return r > 0 ? field_u64(value) : (struct field_u64){ 0 };
}

bool wire_bool(struct wire *wire, const char *key)
{
	bool value = false;

	wire_check(wire, json_get_bool(wire->object, key, &value) > 0);
	return value;
}

uint64_t wire_address(struct wire *wire, const char *key)
{
	uint64_t value = 0;

	wire_check(wire, json_get_address(wire->object, key, &value) > 0);
	return value;
}

struct field_u64 wire_address_optional(struct wire *wire, const char *key)
{
	uint64_t value = 0;
	int r = json_get_address(wire->object, key, &value);

	wire_check(wire, r >= 0);
	return r > 0 ? field_u64(value) : (struct field_u64){ 0 };
}

json_object *wire_object_optional(struct wire *wire, const char *key)
{
	json_object *object = NULL;

	wire_check(wire, json_get_object(wire->object, key, &object) >= 0);
	return object;
}

void *wire_array(struct wire *wire, const char *key, size_t size,
		 void (*read)(struct wire *wire, void *element), size_t *ret_n)
{
	json_object *array = NULL;
	char *elements = NULL;
	size_t n;

	wire_check(wire, json_get_array(wire->object, key, &array) > 0);
	*ret_n = 0;
	if (wire->err < 0)
		return NULL;
	n = json_object_array_length(array);
	elements = calloc(n ? n : 1, size);
	if (!elements) {
		wire->err = -ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < n && wire->err == 0; i++) {
		struct wire inner = { .object = json_object_array_get_idx(array, i) };

		if (json_object_is_type(inner.object, json_type_object))
			read(&inner, elements + i * size);
		else
			inner.err = -EPROTO;
		wire->err = inner.err;
		*ret_n = i + 1;
	}
	return elements;
}

char **wire_strings(struct wire *wire, const char *key, size_t *ret_n)
{
	json_object *array = NULL;
	char **list;
	size_t n;

	if (json_get_array(wire->object, key, &array) <= 0) {
		wire->err = wire->err ? wire->err : -EPROTO;
		return NULL;
	}
	n = json_object_array_length(array);
	list = calloc(n ? n : 1, sizeof(list[0]));
	for (size_t i = 0; list && i < n; i++) {
		json_object *item = json_object_array_get_idx(array, i);

		if (json_object_is_type(item, json_type_string))
			list[i] = strdup(json_object_get_string(item));
		if (!list[i])
			wire->err = wire->err ? wire->err : -EPROTO;
		*ret_n = i + 1;
	}
	if (!list)
		wire->err = -ENOMEM;
	return list;
}
