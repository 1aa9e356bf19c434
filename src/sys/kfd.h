/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPUs of AMD's compute driver, amdkfd: sys/class/kfd/kfd/topology/nodes
 * (drivers/gpu/drm/amd/amdkfd/kfd_topology.c).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"
#include "util/cleanup.h"

struct kfd_gpu {
	uint32_t id;     /* gpu_id, the GPU's id in all of kfd's interfaces */
	char device[32]; /* "0000:c1:00.0" */
};

struct kfd_gpus {
	struct kfd_gpu *v;
	size_t n;
	int status; /* 1; -errno: some could not be read, such as -EPERM due to device cgroups */
};

/* Returns 0, -ENOENT without the driver, -ENOMEM, another -errno. */
int sys_kfd_gpus(const struct sys_root *root, struct kfd_gpus *ret);
void sys_kfd_gpus_done(struct kfd_gpus *gpus);
#define _cleanup_kfd_gpus_ _cleanup_(sys_kfd_gpus_done)

/*
 * Parses the file "properties" of a node, lines "key value". Returns 0 or -EBADMSG. TEXT may lack a
 * NUL.
 */
int sys_kfd_properties_parse(const char *text, size_t size, uint32_t *ret_domain,
			     uint32_t *ret_location);
