/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/debugfs_amd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "util/str.h"

#define DIRECTORY     "sys/kernel/debug/iommu/amd"
#define ADDRESS_SIZE  32
#define LOCK_ATTEMPTS 100
#define LOCK_PAUSE_NS 10000000 /* one second in total */
#define TEXT_ATTEMPTS 5
#define NO_TABLE      "Device table not found"
#define PASID_BITS    20 /* limit of PCI */
#define GCR3_BITS     9  /* 512 entries per level of the table */

/* Text parsed from front to back, up to END. */
struct cursor {
	const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

static bool take_text(struct cursor *c, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len) != 0)
		return false;
	c->at += len;
	return true;
}

/* Takes MIN to MAX hexadecimal digits, or decimal ones if BASE is 10. */
static bool take_number(struct cursor *c, unsigned int base, size_t min, size_t max, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; c->at < c->end && n < max; c->at++, n++) {
		unsigned char digit = (unsigned char)*c->at;

		if (base == 16 ? !isxdigit(digit) : !isdigit(digit))
			break;
		value *= base;
		value += (uint64_t)(isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10);
	}
	if (n < min || (c->at < c->end && isxdigit((unsigned char)*c->at)))
		return false;
	*ret = value;
	return true;
}

static bool take_address(struct cursor *c, struct pci_address *ret)
{
	uint64_t domain, bus, device, function;

	if (!take_number(c, 16, 4, 4, &domain) || !take_text(c, ":") ||
	    !take_number(c, 16, 2, 2, &bus) || !take_text(c, ":") ||
	    !take_number(c, 16, 2, 2, &device) || !take_text(c, ".") ||
	    !take_number(c, 16, 1, 1, &function) || device > 0x1f || function > 7)
		return false;
	*ret = (struct pci_address){ (uint32_t)domain, (uint8_t)bus, (uint8_t)device,
				     (uint8_t)function };
	return true;
}

static bool same_address(const struct pci_address *a, const struct pci_address *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->device == b->device &&
	       a->function == b->function;
}

static uint64_t bits(uint64_t word, unsigned int high, unsigned int low)
{
	return word >> low & (UINT64_MAX >> (63 - (high - low)));
}

static void decode(struct amd_dte *dte)
{
	const uint64_t *w = dte->word;

	dte->valid = bits(w[0], 0, 0);
	dte->translated = dte->valid && bits(w[0], 1, 1);
	if (!dte->translated)
		return;
	dte->mode = (uint8_t)bits(w[0], 11, 9);
	dte->domain = (uint16_t)bits(w[1], 15, 0);
	dte->guest = bits(w[0], 55, 55);
	if (!dte->guest)
		return;
	dte->guest_without_pasid = bits(w[0], 54, 54);
	dte->pasid_width = GCR3_BITS * ((unsigned int)bits(w[0], 57, 56) + 1);
	if (dte->pasid_width > PASID_BITS)
		dte->pasid_width = PASID_BITS;
	dte->gcr3 = bits(w[0], 60, 58) << 12 | bits(w[1], 31, 16) << 15 | bits(w[1], 63, 43) << 31;
}

/* "0000:00:05.0 W3 W2 W1 W0 iommu0", below a heading that begins with "DeviceId" (dump_dte()). */
int sys_amd_dte_parse(const char *text, size_t size, struct amd_dte *ret)
{
	struct cursor c = { text, text + size };
	struct amd_dte dte = { 0 };
	uint64_t iommu;

	/* Without a device, or without a table, the kernel prints a sentence. */
	if (!take_text(&c, "DeviceId"))
		return size == 0 || take_text(&c, "Enter a valid") || take_text(&c, NO_TABLE)
			       ? 0
			       : -EBADMSG;
	c.at = memchr(c.at, '\n', (size_t)(c.end - c.at));
	if (!c.at)
		return -EBADMSG;
	c.at++;
	if (!take_address(&c, &dte.address))
		return -EBADMSG;
	for (int i = 3; i >= 0; i--) {
		skip_blanks(&c);
		if (!take_number(&c, 16, 16, 16, &dte.word[i]))
			return -EBADMSG;
	}
	skip_blanks(&c);
	if (!take_text(&c, "iommu") || !take_number(&c, 10, 1, 5, &iommu))
		return -EBADMSG;
	take_text(&c, "\n");
	if (c.at != c.end)
		return -EBADMSG;
	dte.iommu = (unsigned int)iommu;
	decode(&dte);
	*ret = dte;
	return 1;
}

/* Gives up if another process holds the lock for longer than reading takes. */
static int lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };

	for (int i = 0; i < LOCK_ATTEMPTS; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

int sys_amd_table_open(const struct sys_root *root, struct sys_amd_table *ret)
{
	struct sys_amd_table table = { .devid = -1 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	_cleanup_close_ int devid = -1;
	struct pci_address address;
	int r;

	dir = sys_dir_open(root, DIRECTORY);
	if (dir.error < 0)
		return dir.error;
	if (!root->captured) {
		devid = openat(dir.fd, "devid", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (devid < 0)
			return -errno;
		r = lock(devid);
		if (r < 0)
			return r;
		/* "No or Invalid input provided" means no device. */
		if (sys_read(dir, "devid", table.before, sizeof(table.before)) < 0 ||
		    parse_pci_address(table.before, &address) < 0)
			*table.before = '\0';
	}
	table.dir = dir;
	dir = SYS_DIR_NONE;
	table.devid = TAKE_FD(devid);
	*ret = table;
	return 0;
}

/* Not pwrite(2), which seq_open() forbids. */
static int choose(int devid, const char *address)
{
	if (lseek(devid, 0, SEEK_SET) < 0 || write(devid, address, strlen(address)) < 0)
		return -errno;
	return 0;
}

void sys_amd_table_close(struct sys_amd_table *table)
{
	/* devid_write() clears the device before it rejects an invalid one with -EINVAL. */
	const char *before = *table->before ? table->before : "none";

	if (table->devid >= 0) {
		(void)choose(table->devid, before);
		close(table->devid);
	}
	sys_dir_close(&table->dir);
	table->devid = -1;
}

static ssize_t read_chosen(const struct sys_amd_table *table, const char *address, char *buf,
			   size_t size)
{
	ssize_t len;
	int r;

	/* -EINVAL: segment without IOMMU, or beyond its table. */
	r = choose(table->devid, address);
	if (r < 0)
		return r == -EINVAL ? -ENODEV : r;
	len = sys_read(table->dir, "devtbl", buf, size);
	/* sys_read() removed the newline that completes the line. */
	if (len >= 0 && (size_t)len + 1 < size) {
		buf[len++] = '\n';
		buf[len] = '\0';
	}
	return len;
}

ssize_t sys_amd_table_text(const struct sys_amd_table *table, const struct pci_address *address,
			   char *buf, size_t size)
{
	char name[ADDRESS_SIZE], path[sizeof(AMD_DEVTBL_CAPTURED) + ADDRESS_SIZE];
	bool missing = false;
	int r;

	snprintf(name, sizeof(name), "%04x:%02x:%02x.%x", address->domain, address->bus,
		 address->device, address->function);
	if (table->devid < 0) {
		snprintf(path, sizeof(path), AMD_DEVTBL_CAPTURED "/%s", name);
		return sys_read(table->dir, path, buf, size);
	}
	for (int i = 0; i < TEXT_ATTEMPTS && !missing; i++) {
		struct amd_dte dte;
		ssize_t len = read_chosen(table, name, buf, size);

		if (len < 0)
			return len;
		/* A process that ignores the lock may have selected another device, or none. */
		r = sys_amd_dte_parse(buf, (size_t)len, &dte);
		if (r < 0 || (r == 1 && same_address(&dte.address, address)))
			return len;
		missing = r == 0 && str_starts(buf, NO_TABLE);
	}
	return missing ? -ENODATA : -EAGAIN;
}

int sys_amd_table_read(const struct sys_amd_table *table, const struct pci_address *address,
		       struct amd_dte *ret)
{
	char text[AMD_DEVTBL_SIZE];
	struct amd_dte dte;
	ssize_t len = sys_amd_table_text(table, address, text, sizeof(text));
	int r;

	if (len < 0)
		return (int)len;
	r = sys_amd_dte_parse(text, (size_t)len, &dte);
	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	if (!same_address(&dte.address, address))
		return -EBADMSG;
	*ret = dte;
	return 0;
}
