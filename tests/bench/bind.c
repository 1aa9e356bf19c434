/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower bound for 'pasid bind': binds PASIDs 1000 to 5095 of a VFIO device with bare ioctls in
 * one process. Prints the seconds from before the first PASID to after the last.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/sys/iommufd.h"
#include "../../src/sys/vfio.h"

enum { FIRST = 1000, COUNT = 4096 };

static void check(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %d\n", what, r);
	exit(1);
}

int main(int argc, char **argv)
{
	struct timespec begin, end;
	uint32_t device, ioas, hwpt;
	int iommufd, fd;

	if (argc != 2) {
		fprintf(stderr, "usage: bind /dev/vfio/devices/vfioN\n");
		return 2;
	}
	check(iommufd_open(&iommufd), "open /dev/iommu");
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	check(fd < 0, "open");
	check(vfio_bind(fd, iommufd, &device), "bind");
	check(iommufd_ioas_alloc(iommufd, &ioas), "IOAS_ALLOC");
	check(iommufd_hwpt_alloc(iommufd, device, ioas, true, &hwpt), "HWPT_ALLOC");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (uint32_t i = 0; i < COUNT; i++)
		check(vfio_attach_pasid(fd, FIRST + i, hwpt), "attach");
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.4f\n",
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	return 0;
}
