/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI Express endpoints with ATS, PASID and PRI, for a virtual machine.
 *
 * No device that QEMU emulates has a PASID capability. Its vfio-user-pci takes a device from
 * another process, which it talks to over a Unix socket in the vfio-user protocol. This is that
 * process, with one socket per device. The devices do nothing (no DMA, no interrupts): they have a
 * configuration space and a BAR of plain memory.
 *
 * Requests are not trusted: an invalid request is answered with an error; one of invalid length
 * ends the connection, because the next one cannot be located.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICES_MAX 16
#define VENDOR_ID   0x1234 /* that of QEMU's own edu and VGA; can be set */
#define DEVICE_ID   0xa51d
#define CONFIG_SIZE 4096
#define BAR_SIZE    4096
#define BODY_MAX    65536 /* of a message, without its header */

/* Offsets of PCI and PCI Express registers, named as in linux/pci_regs.h. */
#define PCI_COMMAND            0x04
#define PCI_CAPABILITY_LIST    0x34
#define EXP                    0x40 /* offset of our PCI Express capability */
#define PCI_EXP_FLAGS          0x02
#define PCI_EXP_DEVCAP         0x04
#define PCI_EXP_DEVCTL         0x08
#define PCI_EXP_DEVCAP2        0x24
#define PCI_EXP_DEVCTL2        0x28
#define PCI_EXP_DEVCTL_BCR_FLR 0x8000
#define PCI_EXT_CAP_ID_ATS     0x0f
#define PCI_EXT_CAP_ID_PRI     0x13
#define PCI_EXT_CAP_ID_PASID   0x1b
#define EXT_CAP_FIRST          0x100
#define EXT_CAP_ROOM           0x20

/* The commands of vfio-user, VFIO_USER_* in the specification. */
enum command {
	CMD_VERSION = 1,
	CMD_DMA_MAP = 2,
	CMD_DMA_UNMAP = 3,
	CMD_DEVICE_GET_INFO = 4,
	CMD_DEVICE_GET_REGION_INFO = 5,
	CMD_DEVICE_GET_IRQ_INFO = 7,
	CMD_DEVICE_SET_IRQS = 8,
	CMD_REGION_READ = 9,
	CMD_REGION_WRITE = 10,
	CMD_DEVICE_RESET = 13,
};

#define FLAG_REPLY    0x01
#define FLAG_NO_REPLY 0x10
#define FLAG_ERROR    0x20

/* Indices of VFIO_PCI_*; the counts are VFIO_PCI_NUM_REGIONS and _IRQS. */
#define REGION_BAR0   0
#define REGION_CONFIG 7
#define REGIONS       9
#define IRQS          5
#define IRQ_ERR       3

/* All fields of the protocol are in host byte order. */
struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size; /* with the header */
	uint32_t flags;
	uint32_t error;
};

struct device_info {
	uint32_t argsz, flags, regions, irqs;
};

struct region_info {
	uint32_t argsz, flags, index, cap_offset;
	uint64_t size, offset;
};

struct irq_info {
	uint32_t argsz, flags, index, count;
};

struct irq_set {
	uint32_t argsz, flags, index, start, count;
};

struct region_access {
	uint64_t offset;
	uint32_t region, count;
};

struct settings {
	unsigned long width; /* PASID width in bits; 0: no capability */
	unsigned long exec, priv, ats, pri;
	unsigned long vendor, device; /* Linux may have quirks for them */
};

struct device {
	struct settings settings;
	const char *path; /* of the socket */
	int listener;
	uint8_t config[CONFIG_SIZE];
	uint8_t writable[CONFIG_SIZE]; /* bits that can be written */
	uint8_t bar[BAR_SIZE];
};

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = value & 0xff;
	at[1] = value >> 8 & 0xff;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

/*
 * Writes the header of an extended capability after the last one and links it; *last is 0 for the
 * first, which must be at 0x100.
 */
static uint8_t *ext_cap_add(struct device *dev, uint32_t id, uint32_t *last)
{
	uint32_t offset = *last ? *last + EXT_CAP_ROOM : EXT_CAP_FIRST;

	if (*last)
		put16(dev->config + *last + 2, offset << 4 | 1);
	put32(dev->config + offset, 1 << 16 | id);
	*last = offset;
	return dev->config + offset;
}

static void ext_caps_add(struct device *dev)
{
	const struct settings *set = &dev->settings;
	uint32_t last = 0;
	uint32_t pasid_bits = set->exec << 1 | set->priv << 2;
	uint8_t *cap;

	if (set->ats) {
		cap = ext_cap_add(dev, PCI_EXT_CAP_ID_ATS, &last);
		put16(cap + 4, 0x20);                    /* page aligned request */
		put16(dev->writable + last + 6, 0x801f); /* enable, smallest translation unit */
	}
	if (set->width) {
		cap = ext_cap_add(dev, PCI_EXT_CAP_ID_PASID, &last);
		put16(cap + 4, set->width << 8 | pasid_bits);
		put16(dev->writable + last + 6, pasid_bits | 1);
	}
	if (set->pri) {
		/*
		 * Stopped, because this device never requests a page. Bit 15, "PASID required in
		 * PRG response", is set, because without it Linux does not enable PRI together with
		 * PASIDs, and so no SVA.
		 */
		cap = ext_cap_add(dev, PCI_EXT_CAP_ID_PRI, &last);
		put16(cap + 6, 0x8100);
		put32(cap + 8, 32);                     /* capacity */
		put16(dev->writable + last + 4, 1);     /* enable */
		put32(dev->writable + last + 12, 0xff); /* allocation */
	}
}

/* Resets the device as a function level reset does. */
static void device_reset(struct device *dev)
{
	uint8_t *config = dev->config;

	memset(config, 0, CONFIG_SIZE);
	memset(dev->writable, 0, CONFIG_SIZE);
	memset(dev->bar, 0, BAR_SIZE);
	put16(config, dev->settings.vendor);
	put16(config + 2, dev->settings.device);
	put32(config + PCI_COMMAND, 0x10 << 16); /* status: has a capability list */
	put32(config + 8, 0x08800001);           /* other system peripheral */
	config[PCI_CAPABILITY_LIST] = EXP;
	put16(dev->writable + PCI_COMMAND, 0x0546); /* memory, master, INTx off.. */

	config[EXP] = 0x10;
	put16(config + EXP + PCI_EXP_FLAGS, 2);                  /* version 2, endpoint */
	put32(config + EXP + PCI_EXP_DEVCAP, 1 << 28 | 1 << 15); /* FLR, role-based errors */
	/* Extended format and end-to-end TLP prefixes, which carry PASIDs. */
	put32(config + EXP + PCI_EXP_DEVCAP2, 1 << 22 | 1 << 21 | 1 << 20);
	put16(dev->writable + EXP + PCI_EXP_DEVCTL, 0x7fff);
	put16(dev->writable + EXP + PCI_EXP_DEVCTL2, 0xffff);
	ext_caps_add(dev);
}

static void config_write(struct device *dev, size_t offset, const uint8_t *data, size_t count)
{
	bool flr = false;

	for (size_t i = 0; i < count; i++) {
		size_t at = offset + i;
		uint8_t mask = dev->writable[at];

		dev->config[at] = (dev->config[at] & ~mask) | (data[i] & mask);
		if (at == EXP + PCI_EXP_DEVCTL + 1 && data[i] & PCI_EXP_DEVCTL_BCR_FLR >> 8)
			flr = true;
	}
	if (flr)
		device_reset(dev);
}

/* The memory of a region; *ret_size is 0 if there is none. */
static uint8_t *region_find(struct device *dev, uint32_t index, size_t *ret_size)
{
	switch (index) {
	case REGION_BAR0:
		*ret_size = BAR_SIZE;
		return dev->bar;
	case REGION_CONFIG:
		*ret_size = CONFIG_SIZE;
		return dev->config;
	default:
		*ret_size = 0;
		return NULL;
	}
}

/*
 * Handlers of the commands. Each gets the request's len bytes in body, at least as many as
 * `commands` requires, overwrites them with the reply's, and returns their number, or a negative
 * errno.
 */
static int answer_version(struct device *dev, uint8_t *body, size_t len)
{
	static const char caps[] =
		"{\"capabilities\":{\"max_msg_fds\":8,"
		"\"max_data_xfer_size\":4096,\"pgsizes\":4096,\"max_dma_maps\":65535}}";
	uint16_t major;

	(void)dev;
	(void)len;
	memcpy(&major, body, sizeof(major));
	if (major != 0)
		return -ENOTSUP;
	memcpy(body + 4, caps, sizeof(caps));
	return 4 + sizeof(caps);
}

/* Ignores guest memory, because the device does no DMA. */
static int answer_dma_map(struct device *dev, uint8_t *body, size_t len)
{
	(void)dev;
	(void)body;
	(void)len;
	return 0;
}

static int answer_dma_unmap(struct device *dev, uint8_t *body, size_t len)
{
	(void)dev;
	(void)body;
	(void)len;
	return 24; /* as requested, no bitmap */
}

static int answer_device_info(struct device *dev, uint8_t *body, size_t len)
{
	struct device_info info = {
		.argsz = sizeof(info),
		.flags = 0x3, /* can reset, PCI */
		.regions = REGIONS,
		.irqs = IRQS,
	};

	(void)dev;
	(void)len;
	memcpy(body, &info, sizeof(info));
	return sizeof(info);
}

static int answer_region_info(struct device *dev, uint8_t *body, size_t len)
{
	struct region_info info;
	size_t size;

	(void)len;
	memcpy(&info, body, sizeof(info));
	if (info.index >= REGIONS)
		return -EINVAL;
	region_find(dev, info.index, &size);
	info = (struct region_info){
		.argsz = sizeof(info),
		.flags = size ? 0x3 : 0, /* read, write */
		.index = info.index,
		.size = size,
	};
	memcpy(body, &info, sizeof(info));
	return sizeof(info);
}

/* Includes the error interrupt, whose absence QEMU warns about. It is never raised. */
static uint32_t irq_count(uint32_t index)
{
	return index == IRQ_ERR;
}

static int answer_irq_info(struct device *dev, uint8_t *body, size_t len)
{
	struct irq_info info;

	(void)dev;
	(void)len;
	memcpy(&info, body, sizeof(info));
	if (info.index >= IRQS)
		return -EINVAL;
	info = (struct irq_info){
		.argsz = sizeof(info),
		.flags = 0x1, /* VFIO_IRQ_INFO_EVENTFD */
		.index = info.index,
		.count = irq_count(info.index),
	};
	memcpy(body, &info, sizeof(info));
	return sizeof(info);
}

static int answer_set_irqs(struct device *dev, uint8_t *body, size_t len)
{
	struct irq_set set;

	(void)dev;
	(void)len;
	memcpy(&set, body, sizeof(set));
	if (set.index >= IRQS || set.start || set.count > irq_count(set.index))
		return -EINVAL;
	return 0;
}

/* The memory that a read or write accesses, checked; NULL if invalid. */
static uint8_t *access_find(struct device *dev, const uint8_t *body, struct region_access *ret)
{
	struct region_access access;
	uint8_t *region;
	size_t size;

	memcpy(&access, body, sizeof(access));
	region = region_find(dev, access.region, &size);
	if (!region || access.count > size || access.offset > size - access.count)
		return NULL;
	*ret = access;
	return region;
}

static int answer_region_read(struct device *dev, uint8_t *body, size_t len)
{
	struct region_access access;
	const uint8_t *region = access_find(dev, body, &access);

	(void)len;
	if (!region)
		return -EINVAL;
	memcpy(body + sizeof(access), region + access.offset, access.count);
	return sizeof(access) + access.count;
}

static int answer_region_write(struct device *dev, uint8_t *body, size_t len)
{
	struct region_access access;
	const uint8_t *data = body + sizeof(access);
	uint8_t *region = access_find(dev, body, &access);

	if (!region || access.count > len - sizeof(access))
		return -EINVAL;
	if (access.region == REGION_CONFIG)
		config_write(dev, access.offset, data, access.count);
	else
		memcpy(region + access.offset, data, access.count);
	return sizeof(access);
}

static int answer_reset(struct device *dev, uint8_t *body, size_t len)
{
	(void)body;
	(void)len;
	device_reset(dev);
	return 0;
}

static const struct {
	size_t at_least; /* minimum size of the request's body */
	int (*answer)(struct device *dev, uint8_t *body, size_t len);
} commands[] = {
	[CMD_VERSION] = { 4, answer_version },
	[CMD_DMA_MAP] = { 32, answer_dma_map },
	[CMD_DMA_UNMAP] = { 24, answer_dma_unmap },
	[CMD_DEVICE_GET_INFO] = { sizeof(struct device_info), answer_device_info },
	[CMD_DEVICE_GET_REGION_INFO] = { sizeof(struct region_info), answer_region_info },
	[CMD_DEVICE_GET_IRQ_INFO] = { sizeof(struct irq_info), answer_irq_info },
	[CMD_DEVICE_SET_IRQS] = { sizeof(struct irq_set), answer_set_irqs },
	[CMD_REGION_READ] = { sizeof(struct region_access), answer_region_read },
	[CMD_REGION_WRITE] = { sizeof(struct region_access), answer_region_write },
	[CMD_DEVICE_RESET] = { 0, answer_reset },
};

static int answer(struct device *dev, const struct header *head, uint8_t *body)
{
	size_t len = head->size - sizeof(*head);

	if (head->command >= sizeof(commands) / sizeof(commands[0]) ||
	    !commands[head->command].answer)
		return -ENOTSUP;
	if (len < commands[head->command].at_least)
		return -EINVAL;
	return commands[head->command].answer(dev, body, len);
}

/* Closes fds of guest memory that came with a message. */
static void fds_close(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			close(fd);
		}
	}
}

/* Reads exactly len bytes. Returns 1, 0 at the end before the first byte, or -errno. */
static int receive(int conn, void *data, size_t len)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))];
	size_t done = 0;

	while (done < len) {
		struct iovec part = { (char *)data + done, len - done };
		struct msghdr msg = {
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(conn, &msg, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		fds_close(&msg);
		if (n == 0)
			return done ? -EPROTO : 0;
		done += n;
	}
	return 1;
}

static int transmit(int conn, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(conn, (const char *)data + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += n;
	}
	return 0;
}

/* Answers a request. Returns 1, 0 at the end, or -errno. */
static int serve_request(struct device *dev, int conn)
{
	static struct {
		struct header head;
		uint8_t body[BODY_MAX];
	} msg;
	int r;

	r = receive(conn, &msg.head, sizeof(msg.head));
	if (r <= 0)
		return r;
	if (msg.head.size < sizeof(msg.head) || msg.head.size > sizeof(msg.head) + BODY_MAX)
		return -EMSGSIZE;
	r = receive(conn, msg.body, msg.head.size - sizeof(msg.head));
	if (r <= 0)
		return r < 0 ? r : -EPROTO;
	r = answer(dev, &msg.head, msg.body);
	if (msg.head.flags & FLAG_NO_REPLY)
		return 1;
	msg.head.size = sizeof(msg.head) + (r > 0 ? r : 0);
	msg.head.flags = FLAG_REPLY | (r < 0 ? FLAG_ERROR : 0);
	msg.head.error = r < 0 ? -r : 0;
	r = transmit(conn, &msg, msg.head.size);
	return r < 0 ? r : 1;
}

/* Serves a device to its only client until that disconnects. Returns an exit status. */
static int serve(struct device *dev, int timeout_s)
{
	struct pollfd ready = { .fd = dev->listener, .events = POLLIN };
	int conn, r;

	if (poll(&ready, 1, timeout_s * 1000) <= 0) {
		fprintf(stderr, "endpoint: %s: nobody connected in %d s\n", dev->path, timeout_s);
		return 1;
	}
	conn = accept4(dev->listener, NULL, NULL, SOCK_CLOEXEC);
	close(dev->listener);
	if (conn < 0) {
		perror("endpoint: accept");
		return 1;
	}
	device_reset(dev);
	do
		r = serve_request(dev, conn);
	while (r > 0);
	close(conn);
	if (r < 0 && r != -ECONNRESET && r != -EPIPE) {
		fprintf(stderr, "endpoint: %s: %s\n", dev->path, strerror(-r));
		return 1;
	}
	return 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * One process per device, so that they do not wait for each other. They end with their parent, even
 * if it is killed. Returns the exit status.
 */
static int serve_all(struct device *devices, size_t n, int timeout_s)
{
	pid_t parent = getpid();
	int status, worst = 0;

	for (size_t i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("endpoint: fork");
			return 1;
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(getppid() == parent ? serve(&devices[i], timeout_s) : 1);
		}
		close(devices[i].listener);
	}
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			worst = 1;
	return worst;
}

static int parse_number(const char *text, unsigned long most, unsigned long *ret)
{
	char *end;
	unsigned long value;

	if (!text || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno || *end || value > most)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* Parses "width=8,exec=0"; modifies the text. */
static int parse_settings(char *text, struct settings *set)
{
	static const struct {
		const char *name;
		size_t field;
		unsigned long most;
	} names[] = {
		{ "width", offsetof(struct settings, width), 20 },
		{ "exec", offsetof(struct settings, exec), 1 },
		{ "priv", offsetof(struct settings, priv), 1 },
		{ "ats", offsetof(struct settings, ats), 1 },
		{ "pri", offsetof(struct settings, pri), 1 },
		{ "vendor", offsetof(struct settings, vendor), 0xffff },
		{ "device", offsetof(struct settings, device), 0xffff },
	};
	char *item, *rest = NULL;

	for (item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(item, '=');
		size_t i = 0;

		if (value)
			*value++ = '\0';
		while (i < sizeof(names) / sizeof(names[0]) && strcmp(item, names[i].name))
			i++;
		if (i == sizeof(names) / sizeof(names[0]) ||
		    parse_number(value, names[i].most,
				 (unsigned long *)((char *)set + names[i].field)) < 0)
			return -EINVAL;
	}
	return 0;
}

/* Parses PATH[,NAME=VALUE..] and opens the socket. */
static int device_open(struct device *dev, char *operand, const struct settings *defaults)
{
	char *comma = strchr(operand, ',');

	dev->settings = *defaults;
	dev->path = operand;
	if (comma) {
		*comma = '\0';
		if (parse_settings(comma + 1, &dev->settings) < 0) {
			fprintf(stderr, "endpoint: %s: bad settings\n", operand);
			return 2;
		}
	}
	dev->listener = listen_at(dev->path);
	if (dev->listener < 0) {
		fprintf(stderr, "endpoint: %s: %s\n", dev->path, strerror(errno));
		return 1;
	}
	return 0;
}

static int usage(FILE *to)
{
	fputs("usage: endpoint [OPTIONS] SOCKET[,NAME=VALUE..]...\n\n"
	      "Serves one PCI Express endpoint on each SOCKET to QEMU's vfio-user-pci, prints\n"
	      "\"ready\" once QEMU can connect, and ends when all connections have.\n\n"
	      "  --width N       bits of a PASID, 0..20; 0: no PASID capability (default 20)\n"
	      "  --no-exec       no execute permission for PASIDs\n"
	      "  --no-priv       no privileged mode for PASIDs\n"
	      "  --no-ats        no ATS capability\n"
	      "  --no-pri        no PRI capability\n"
	      "  --timeout SECS  to wait for a connection (default 60)\n"
	      "  --help          print this\n\n"
	      "Options hold for every SOCKET, what stands behind one for it alone:\n"
	      "width=N; exec, priv, ats, pri, each 0 or 1; the ids vendor=N and device=N.\n",
	      to);
	return to == stderr ? 2 : 0;
}

/* Returns an exit status, or -1 to continue. */
static int parse_options(int argc, char **argv, struct settings *set, unsigned long *timeout_s)
{
	static const struct option options[] = {
		{ "width", required_argument, NULL, 'w' },
		{ "timeout", required_argument, NULL, 't' },
		{ "no-exec", no_argument, NULL, 'e' },
		{ "no-priv", no_argument, NULL, 'p' },
		{ "no-ats", no_argument, NULL, 'a' },
		{ "no-pri", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, bad = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'w':
			bad |= parse_number(optarg, 20, &set->width);
			break;
		case 't':
			bad |= parse_number(optarg, INT_MAX / 1000, timeout_s);
			break;
		case 'e':
			set->exec = 0;
			break;
		case 'p':
			set->priv = 0;
			break;
		case 'a':
			set->ats = 0;
			break;
		case 'r':
			set->pri = 0;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (bad || optind == argc || argc - optind > DEVICES_MAX)
		return usage(stderr);
	return -1;
}

int main(int argc, char **argv)
{
	static struct device devices[DEVICES_MAX];
	struct settings set = {
		.width = 20,
		.exec = 1,
		.priv = 1,
		.ats = 1,
		.pri = 1,
		.vendor = VENDOR_ID,
		.device = DEVICE_ID,
	};
	unsigned long timeout_s = 60;
	size_t n = 0;
	int status = parse_options(argc, argv, &set, &timeout_s);

	if (status >= 0)
		return status;
	for (int i = optind; i < argc; i++) {
		status = device_open(&devices[n], argv[i], &set);
		if (status)
			break;
		n++;
	}
	if (!status && (puts("ready") == EOF || fflush(stdout) == EOF))
		status = 1;
	if (!status)
		status = serve_all(devices, n, timeout_s);
	while (n > 0)
		unlink(devices[--n].path);
	return status;
}
