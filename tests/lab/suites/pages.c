/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages NODE PASID...: maps memory for a VFIO device node with bare ioctls. Each PASID (0: the
 * device's own requests) gets its own I/O address space, SPACE above the last, with all kinds of
 * pages. Prints "PASID IOVA SIZE ACCESS" for every page expected in the IOMMU, then "ready"; keeps
 * everything until the end of stdin. Physical addresses are in the kernel's trace of iommu_map()
 * (event iommu:map).
 *
 * Needs huge pages: three of 2 MiB, one of 1 GiB.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../src/sys/iommufd.h"
#include "../../../src/sys/vfio.h"

#define K     (UINT64_C(1) << 10)
#define M     (UINT64_C(1) << 20)
#define G     (UINT64_C(1) << 30)
#define SPACE (64 * G) /* fits six times into 39 bits, the minimum of VT-d */

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

struct area {
	uint64_t iova, size;
	unsigned int huge; /* logarithm of the page size in memory; 0: normal pages */
	uint64_t page;     /* page size that the IOMMU can use */
	unsigned int access;
	char *memory;
};

enum { READ_WRITE = IOMMUFD_MAP_READ | IOMMUFD_MAP_WRITE };

static struct area areas[] = {
	{ 4 * K, 16 * K, 0, 4 * K, READ_WRITE, NULL },
	/* Right after the last one, with other permissions. */
	{ 20 * K, 8 * K, 0, 4 * K, IOMMUFD_MAP_READ, NULL },
	{ 2 * M, 4 * M, 21, 2 * M, READ_WRITE, NULL },
	/* A part of a huge page, for which the IOMMU cannot use one. */
	{ 8 * M + 4 * K, 64 * K, 21, 4 * K, READ_WRITE, NULL },
	{ G, G, 30, G, READ_WRITE, NULL },
};

static void check(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-r));
	exit(1);
}

static void *allocate(uint64_t size, unsigned int huge)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	void *memory;

	if (huge)
		flags |= MAP_HUGETLB | (int)(huge << MAP_HUGE_SHIFT);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(memory, 1, 1);
	return memory;
}

static void map(int iommufd, uint32_t ioas, const char *pasid, uint64_t base)
{
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		const struct area *area = &areas[i];
		uint64_t iova = base + area->iova, got;

		check(iommufd_ioas_map(iommufd, ioas, area->memory, area->size, &iova, area->access,
				       &got),
		      "IOAS_MAP");
		for (uint64_t at = 0; at < area->size; at += area->page)
			printf("%s 0x%" PRIx64 " %" PRIu64 " %s\n", pasid, iova + at, area->page,
			       area->access == READ_WRITE ? "rw" : "r");
	}
}

/* A device without PASIDs cannot have an HWPT for PASIDs. */
static void attach(int iommufd, int fd, uint32_t device, uint32_t ioas, uint32_t pasid, bool plain)
{
	uint32_t hwpt;

	if (plain) {
		check(vfio_attach(fd, ioas), "attach");
		return;
	}
	check(iommufd_hwpt_alloc(iommufd, device, ioas, true, &hwpt), "HWPT_ALLOC");
	check(pasid ? vfio_attach_pasid(fd, pasid, hwpt) : vfio_attach(fd, hwpt), "attach");
}

int main(int argc, char **argv)
{
	const bool plain = argc == 3 && strcmp(argv[2], "0") == 0;
	int iommufd, fd;
	uint32_t device, ioas;

	if (argc < 3) {
		fprintf(stderr, "usage: pages /dev/vfio/devices/vfioN PASID...\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
		areas[i].memory = allocate(areas[i].size, areas[i].huge);
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("open");
		return 1;
	}
	check(iommufd_open(&iommufd), "open /dev/iommu");
	check(vfio_bind(fd, iommufd, &device), "bind");
	for (int i = 2; i < argc; i++) {
		check(iommufd_ioas_alloc(iommufd, &ioas), "IOAS_ALLOC");
		map(iommufd, ioas, argv[i], (uint64_t)(i - 1) * SPACE);
		attach(iommufd, fd, device, ioas, (uint32_t)strtoul(argv[i], NULL, 0), plain);
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
