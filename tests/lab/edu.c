/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edu DEVICE read|write ADDRESS: makes QEMU's "edu" device read or write 8 bytes at ADDRESS of its
 * I/O address space. Registers, from docs/specs/edu.rst of QEMU: 0x80 source, 0x88 destination,
 * 0x90 count, 0x98 command (1 start, 2 towards memory); 0x40000 is its own buffer.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SOURCE = 0x80, DESTINATION = 0x88, COUNT = 0x90, COMMAND = 0x98, BUFFER = 0x40000 };

static int open_file(const char *device, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, name);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void set(volatile char *registers, unsigned int offset, uint64_t value)
{
	*(volatile uint64_t *)(registers + offset) = value;
}

int main(int argc, char **argv)
{
	const uint16_t command = 6; /* memory space, bus master */
	int writes;
	uint64_t address;
	char *registers;

	if (argc != 4 || (strcmp(argv[2], "read") != 0 && strcmp(argv[2], "write") != 0)) {
		fprintf(stderr, "usage: edu DEVICE read|write ADDRESS\n");
		return 2;
	}
	writes = strcmp(argv[2], "write") == 0;
	address = strtoull(argv[3], NULL, 0);
	if (pwrite(open_file(argv[1], "config"), &command, sizeof(command), 4) != sizeof(command)) {
		perror("config");
		return 1;
	}
	registers = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED,
			 open_file(argv[1], "resource0"), 0);
	if (registers == MAP_FAILED) {
		perror("resource0");
		return 1;
	}
	set(registers, SOURCE, writes ? BUFFER : address);
	set(registers, DESTINATION, writes ? address : BUFFER);
	set(registers, COUNT, 8);
	set(registers, COMMAND, writes ? 3 : 1);
	/* The device starts after 100 ms, and signals when it is done. */
	for (int i = 0; i < 100; i++) {
		if (!(*(volatile uint64_t *)(registers + COMMAND) & 1))
			return 0;
		usleep(50000);
	}
	fprintf(stderr, "edu: no end of the DMA\n");
	return 1;
}
