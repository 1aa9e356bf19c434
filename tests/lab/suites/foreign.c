/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign NODE PASID...: a process with PASIDs unknown to ioasidctl. Binds the VFIO device node to
 * an iommufd and attaches the PASIDs with bare ioctls; prints "ready", and keeps everything until
 * the end of stdin.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/sys/iommufd.h"
#include "../../../src/sys/vfio.h"

static void check(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-r));
	exit(1);
}

int main(int argc, char **argv)
{
	uint32_t device, ioas, hwpt;
	int iommufd, fd;

	if (argc < 3) {
		fprintf(stderr, "usage: foreign /dev/vfio/devices/vfioN PASID...\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("open");
		return 1;
	}
	check(iommufd_open(&iommufd), "open /dev/iommu");
	check(vfio_bind(fd, iommufd, &device), "bind");
	check(iommufd_ioas_alloc(iommufd, &ioas), "IOAS_ALLOC");
	check(iommufd_hwpt_alloc(iommufd, device, ioas, true, &hwpt), "HWPT_ALLOC");
	for (int i = 2; i < argc; i++)
		check(vfio_attach_pasid(fd, (uint32_t)strtoul(argv[i], NULL, 0), hwpt), "attach");
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
