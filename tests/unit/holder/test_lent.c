/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fds that are handed out, and the processes that have them. */
#include "holder/method.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../holder_context.h"

#define NAME(name)              "{\"method\":\"org.ioasidctl.Context." name "\""
#define ASK(method, parameters) NAME(method) ",\"parameters\":" parameters "}"

static pid_t peer;     /* the peer of every socket; -1: unknown */
static int peer_errno; /* fails instead of returning a pidfd; 0: does not */

int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	(void)fd;
	assert_int_equal(level, SOL_SOCKET);
	if (option == SO_PEERCRED && peer > 0) {
		assert_int_equal(*size, sizeof(struct ucred));
		((struct ucred *)value)->pid = peer;
		return 0;
	}
	if (option == SO_PEERCRED || peer_errno) {
		errno = option == SO_PEERCRED ? ENOTSOCK : peer_errno;
		return -1;
	}
	*(int *)value = (int)syscall(SYS_pidfd_open, peer, 0);
	return 0;
}

static int open_message(const char *text, struct call *ret)
{
	json_object *message = json_tokener_parse(text);

	assert_non_null(message);
	return call_open(message, ret);
}

static struct call get_fds(struct context *context, const char *text)
{
	struct call call = { 0 };

	assert_int_equal(open_message(text, &call), 0);
	call_run(context, &call);
	return call;
}

static bool same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

/* The memory of an IOAS: what is written to the file is what devices see. */
static void memory_file(void **state)
{
	static const struct {
		uint64_t at, length;
	} mapped[] = { { 0x4000, 0x2000 }, { 0x1000, 0x1000 } };
	struct context *context = *state;
	struct record_ioas *guest = record_ioas_find(&context->record, "guest");
	const uint64_t elsewhere = 0x3000;
	struct map_file file = { .fd = memfd_create("client", MFD_CLOEXEC) };
	struct fault fault = { 0 };
	struct call call;
	char byte = 'x';

	/* A client's file is not a part of it. */
	assert_int_equal(ftruncate(file.fd, 0x1000), 0);
	assert_int_equal(
		DO(context, &fault, context_map_file, context, guest, &file, 0x1000, &elsewhere, 3),
		0);
	close(file.fd);
	call = get_fds(context, ASK("GetMemory", "{\"ioas\":{\"name\":\"guest\"}}"));
	expect_error(&call.fault, "NotMapped", "{\"ioas\":{\"id\":3,\"name\":\"guest\"}}");
	call_done(&call);
	for (size_t i = 0; i < ARRAY_SIZE(mapped); i++)
		assert_int_equal(DO(context, &fault, context_map_ioas, context, guest,
				    mapped[i].length, &mapped[i].at, 3),
				 0);
	call = get_fds(context, ASK("GetMemory", "{\"ioas\":{\"name\":\"guest\"}}"));
	expect_json(call.reply,
		    "{\"memory\":[{\"iova\":\"0x1000\",\"length\":4096,\"offset\":\"0x2000\"},"
		    "{\"iova\":\"0x4000\",\"length\":8192,\"offset\":\"0x0\"}]}");
	assert_int_equal(call.fd_n, 1);
	assert_true(fcntl(call.fd[0], F_GETFD) & FD_CLOEXEC);
	assert_true(call.fd[0] != guest->memory);
	assert_int_equal(pwrite(call.fd[0], &byte, 1, 0x2007), 1);
	assert_int_equal(((const char *)guest->mapping[0].memory)[7], 'x');
	/* Whoever has it cannot take it away. */
	assert_int_equal(ftruncate(call.fd[0], 0), -1);
	call_done(&call);
}

/* Each with its name, as close-on-exec duplicates; none if one is missing. */
static void descriptors(void **state)
{
	struct context *context = *state;
	struct record_device *b = record_device_find(&context->record, "b");
	struct rlimit limit, none = { 0 };
	struct call call;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	syscall(SYS_dup3, fd, b->fd, O_CLOEXEC);
	close(fd);
	call = get_fds(context, NAME("GetFds") "}");
	expect_json(call.reply, "{\"name\":[\"iommufd\",\"a\",\"b\"]}");
	assert_int_equal(call.fd_n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(fcntl(call.fd[i], F_GETFD) & FD_CLOEXEC);
	assert_true(same_file(call.fd[0], context->iommufd) && call.fd[0] != context->iommufd);
	assert_true(same_file(call.fd[2], b->fd) && call.fd[2] != b->fd);
	assert_false(same_file(call.fd[1], b->fd));
	fd = call.fd[2];
	call_done(&call);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	call = get_fds(
		context,
		ASK("GetFds", "{\"device\":[{\"name\":\"b\"},{\"name\":\"a\"},{\"name\":\"b\"}]}"));
	expect_json(call.reply, "{\"name\":[\"iommufd\",\"b\",\"a\",\"b\"]}");
	assert_true(same_file(call.fd[3], b->fd) && !same_file(call.fd[2], b->fd));
	call_done(&call);
	call = get_fds(context, ASK("GetFds", "{\"device\":[]}"));
	expect_json(call.reply, "{\"name\":[\"iommufd\"]}");
	call_done(&call);
	call = get_fds(context, ASK("GetFds", "{\"device\":[{\"name\":\"b\"},{\"name\":\"c\"}]}"));
	expect_error(&call.fault, "UnknownObject",
		     "{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"c\"}}");
	assert_null(call.reply);
	call_done(&call);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	call = get_fds(context, NAME("GetFds") "}");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(call.fault.raised);
	expect_error(&call.fault, "KernelError",
		     "{\"operation\":\"dup\",\"errno\":22,\"errno_name\":\"EINVAL\"}");
	call_done(&call);
}

/* As many as fit in one message. */
static void many_descriptors(void **state)
{
	const size_t max = object_class(OBJECT_DEVICE)->max;
	struct context *context = *state;

	for (size_t n = max; n <= max + 1; n++) {
		char *text = NULL;
		size_t length;
		FILE *f = open_memstream(&text, &length);
		struct call call;

		fputs(NAME("GetFds") ",\"parameters\":{\"device\":[", f);
		for (size_t i = 0; i < n; i++)
			fputs(i ? ",{\"name\":\"a\"}" : "{\"name\":\"a\"}", f);
		fputs("]}}", f);
		assert_int_equal(fclose(f), 0);
		call = get_fds(context, text);
		if (n > max)
			expect_error(&call.fault, "InvalidParameter", "{\"parameter\":\"device\"}");
		else
			assert_int_equal(call.fd_n, VARLINK_FD_MAX);
		call_done(&call);
		free(text);
	}
}

/* A context without /dev/iommu, as in a dry run. */
static void without_iommufd(void **state)
{
	struct context *context = *state;
	int fd = context->iommufd;

	for (int i = -1; i <= 0; i++) {
		struct call call = { 0 };
		bool has = i < 0;

		context->iommufd = i;
		assert_int_equal(open_message(NAME("Describe") "}", &call), 0);
		call_run(context, &call);
		assert_int_equal(json_get_bool(call.reply, "iommufd", &has), 1);
		assert_int_equal(has, i == 0);
		call_done(&call);
	}
	context->iommufd = fd;
}

/* A process that lives until it is killed. */
static pid_t begin(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Listed once as long as it lives, whatever the kernel supports. */
static void one_process(void **state)
{
	static const int errnos[] = { 0, ENOPROTOOPT, EINVAL };
	struct context *context = *state;
	struct lent_list *list = &context->lent;

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
		int pidfd;

		peer = begin();
		peer_errno = errnos[i];
		assert_int_equal(lent_add(list, 7), 0);
		assert_int_equal(lent_add(list, 7), 0);
		assert_int_equal(list->n, 1);
		assert_int_equal(list->v[0].pid, peer);
		pidfd = list->v[0].pidfd;
		assert_int_equal(pidfd >= 0, errnos[i] != EINVAL);
		lent_refresh(list);
		assert_int_equal(list->n, 1);
		end(peer);
		lent_refresh(list);
		assert_int_equal(list->n, 0);
		assert_int_equal(fcntl(pidfd, F_GETFD), -1);
	}
	peer = -1;
	assert_int_equal(lent_add(list, 7), -ENOTSOCK);
	assert_int_equal(list->n, 0);
}

static unsigned int open_files(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* One that ended before it was added is not listed. */
static void ended_before(void **state)
{
	struct context *context = *state;
	unsigned int before = open_files();
	siginfo_t how;

	peer = begin();
	peer_errno = 0;
	assert_int_equal(kill(peer, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)peer, &how, WEXITED | WNOWAIT), 0);
	assert_int_equal(lent_add(&context->lent, 7), 0);
	assert_int_equal(context->lent.n, 0);
	assert_int_equal(open_files(), before);
	assert_int_equal(waitpid(peer, NULL, 0), peer);
	peer_errno = EINVAL;
	assert_int_equal(lent_add(&context->lent, 7), 0);
	assert_int_equal(context->lent.n, 0);
}

/* Those that end are removed, and the others keep their order. */
static void several(void **state)
{
	struct context *context = *state;
	struct lent_list *list = &context->lent;
	unsigned int before = open_files();
	pid_t pid[4];

	peer_errno = 0;
	for (size_t i = 0; i < 4; i++) {
		peer = pid[i] = begin();
		assert_int_equal(lent_add(list, 7), 0);
	}
	assert_int_equal(list->n, 4);
	end(pid[1]);
	/* Noticed when the next one is added. */
	peer = pid[3];
	assert_int_equal(lent_add(list, 7), 0);
	assert_int_equal(list->n, 3);
	assert_int_equal(list->v[0].pid, pid[0]);
	assert_int_equal(list->v[1].pid, pid[2]);
	assert_int_equal(list->v[2].pid, pid[3]);
	end(pid[0]);
	lent_refresh(list);
	assert_int_equal(list->n, 2);
	assert_int_equal(list->v[0].pid, pid[2]);
	/* Nothing beyond them is touched. */
	list->v[2].pidfd = dup(0);
	lent_done(list);
	assert_int_equal(list->n, 0);
	assert_int_equal(open_files(), before + 1);
	close(list->v[2].pidfd);
	end(pid[2]);
	end(pid[3]);
}

/* The limit counts those that live. */
static void too_many(void **state)
{
	struct context *context = *state;
	struct lent_list *list = &context->lent;
	pid_t living = begin(), mortal = begin();

	for (list->n = 0; list->n < LENT_MAX; list->n++)
		list->v[list->n] = (struct lent){ .pid = getpid(), .pidfd = -1 };
	peer = living;
	peer_errno = 0;
	assert_int_equal(lent_add(list, 7), -ENOSPC);
	assert_int_equal(list->n, LENT_MAX);
	list->v[5].pid = mortal;
	assert_int_equal(lent_add(list, 7), -ENOSPC);
	end(mortal);
	assert_int_equal(lent_add(list, 7), 0);
	assert_int_equal(list->n, LENT_MAX);
	assert_int_equal(list->v[LENT_MAX - 1].pid, living);
	end(living);
}

static void names(void **state)
{
	struct lent me = { .pid = getpid() }, nobody = { .pid = INT32_MAX };

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "exactly15letter", 0, 0, 0), 0);
	assert_string_equal(lent_command(&me).text, "exactly15letter");
	assert_int_equal(prctl(PR_SET_NAME, "two\nlines", 0, 0, 0), 0);
	assert_string_equal(lent_command(&me).text, "two");
	assert_int_equal(prctl(PR_SET_NAME, "", 0, 0, 0), 0);
	assert_string_equal(lent_command(&me).text, "");
	assert_string_equal(lent_command(&nobody).text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_file),     TEST(descriptors), TEST(many_descriptors),
		TEST(without_iommufd), TEST(one_process), TEST(ended_before),
		TEST(several),         TEST(too_many),    TEST(names),
	};

	return cmocka_run_group_tests_name("holder lent", tests, NULL, NULL);
}
