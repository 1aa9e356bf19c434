/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VFIO device nodes (/dev/vfio/devices/vfioN): finding and opening a device's, and one function an
 * ioctl. FD is an open node. All return 0 or -errno; outputs are untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct vfio_node {
	char *path;     /* the device's canonical path in sysfs */
	char *cdev;     /* vfio0 */
	uint32_t group; /* IOMMU group */
	bool has_group;
};
void vfio_node_done(struct vfio_node *node);

/*
 * The node of the device at PATH, which must be beneath /sys/devices and free of symbolic links.
 * -EINVAL: no such path; -ENOENT, -ENOTDIR: no such device; -ENODEV: not bound to a VFIO driver
 * that has nodes.
 */
int vfio_node_find(const char *path, struct vfio_node *ret);

/*
 * Opens it, close-on-exec. -ESTALE: the file in /dev/vfio/devices is not the device that sysfs
 * speaks of.
 */
int vfio_node_open(const struct vfio_node *node, int *ret_fd);
/* What opening it would say, as far as that can be known without. */
int vfio_node_check(const struct vfio_node *node);

/* Gives the device to the open /dev/iommu IOMMUFD. RET_ID is its number there. */
int vfio_bind(int fd, int iommufd, uint32_t *ret_id);
/*
 * The kernel writes to EVENTFD when it wants the device back, as somebody removes it or unbinds its
 * driver, which then waits for FD to be closed (vfio_pci_core_request()). -EINVAL, -ENOTTY: not a PCI
 * device, whose interrupt of that number is another, or a driver that does not ask.
 */
int vfio_set_request_event(int fd, int eventfd);
/*
 * Attaches the device's own requests to an IOAS or HWPT, replacing what they were attached to.
 * Detaching what is not attached succeeds.
 */
int vfio_attach(int fd, uint32_t target);
int vfio_detach(int fd);
/*
 * The same for one PASID. On a device without PASIDs the kernel says yes and does nothing; a PASID
 * that is attached is moved to the new target.
 */
int vfio_attach_pasid(int fd, uint32_t pasid, uint32_t hwpt);
int vfio_detach_pasid(int fd, uint32_t pasid);
