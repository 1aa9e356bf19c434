/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VFIO device nodes (/dev/vfio/devices/vfioN): finding and opening them, and one function per
 * ioctl. FD is an open node. All return 0 or -errno; outputs are untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct vfio_node {
	char *path;     /* canonical sysfs path of the device */
	char *cdev;     /* vfio0 */
	uint32_t group; /* IOMMU group */
	bool has_group;
};
void vfio_node_done(struct vfio_node *node);

/*
 * Finds the node of the device at PATH, which must be below /sys/devices and without symbolic
 * links. -EINVAL: invalid path; -ENOENT, -ENOTDIR: no such device; -ENODEV: not bound to a VFIO
 * driver with a cdev.
 */
int vfio_node_find(const char *path, struct vfio_node *ret);

/*
 * Opens the node, close-on-exec. -ESTALE: the file in /dev/vfio/devices has another device number
 * than sysfs.
 */
int vfio_node_open(const struct vfio_node *node, int *ret_fd);
/* The errors of vfio_node_open() that can be found without opening. */
int vfio_node_check(const struct vfio_node *node);

/* Binds the device to the open /dev/iommu IOMMUFD. RET_ID is its id there. */
int vfio_bind(int fd, int iommufd, uint32_t *ret_id);
/*
 * The kernel signals EVENTFD when it wants the device back because it is being removed or unbound,
 * which then waits until FD is closed (vfio_pci_core_request()). -EINVAL, -ENOTTY: not a PCI
 * device, or the driver does not support it.
 */
int vfio_set_request_event(int fd, int eventfd);
/*
 * Attaches the device's own requests to an IOAS or HWPT, replacing the previous attachment.
 * Detaching when nothing is attached succeeds.
 */
int vfio_attach(int fd, uint32_t target);
int vfio_detach(int fd);
/*
 * The same for one PASID. On a device without PASIDs the kernel returns success without effect. An
 * attached PASID is moved to the new target.
 */
int vfio_attach_pasid(int fd, uint32_t pasid, uint32_t hwpt);
int vfio_detach_pasid(int fd, uint32_t pasid);
