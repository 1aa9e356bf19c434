/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/diagnosis/features.h"

#include <errno.h>
#include <string.h>

#include "sys/iommufd.h"
#include "sys/vfio.h"
#include "util/array.h"

void feature_list_done(struct feature_list *list)
{
	free(list->v);
	*list = (struct feature_list){ 0 };
}

static int add(struct feature_list *list, const char *kind, const char *name, const char *about,
	       struct field_u64 available)
{
	struct feature *feature = array_push(list->v, list->n);

	if (!feature)
		return -ENOMEM;
	*feature = (struct feature){ name, kind, about, available };
	return 0;
}

/* Available if ENTRY is in the directory DIR; if ENTRY is NULL, if DIR is not empty. */
struct place {
	const char *kind, *name, *dir, *entry, *about;
};

static const struct place places[] = {
	{ "node", "/dev/iommu", "dev", "iommu", "iommufd, through which contexts work" },
	{ "node", "/dev/vfio/devices", "dev/vfio", "devices", "VFIO device nodes (cdev)" },
	{ "node", "/dev/vfio/vfio", "dev/vfio", "vfio", "VFIO containers, the older interface" },
	{ "driver", "vfio-pci", "sys/bus/pci/drivers", "vfio-pci",
	  "lets VMs and programs have PCI devices, once it is loaded" },
	{ "driver", "uio_pci_sva", "sys/bus/pci/drivers", "uio_pci_sva",
	  "PASIDs for processes that open a UIO device, once it is loaded" },
	{ "sysfs", "iommu_groups", "sys/kernel/iommu_groups", NULL,
	  "the machine has IOMMU groups" },
	{ "sysfs", "iommu", "sys/class/iommu", NULL, "the machine has IOMMU units" },
	{ "debugfs", "dmar_translation_struct", "sys/kernel/debug/iommu/intel",
	  "dmar_translation_struct", "VT-d: PASID tables" },
	{ "debugfs", "devtbl", "sys/kernel/debug/iommu/amd", "devtbl", "AMD: device table" },
};

static struct field_u64 place_probe(const struct sys_root *root, const struct place *place)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, place->dir);
	_cleanup_strv_ struct strv entries = { 0 };
	int r;

	if (dir.error == -ENOENT || dir.error == -ENOTDIR)
		return field_u64(0);
	if (dir.error < 0)
		return field_u64_error(dir.error);
	r = sys_list(dir, ".", &entries);
	if (r < 0)
		return field_u64_error(r);
	return field_u64(place->entry ? strv_has(&entries, place->entry) : entries.n > 0);
}

static int add_places(const struct sys_root *root, struct feature_list *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++)
		r = add(list, places[i].kind, places[i].name, places[i].about,
			place_probe(root, &places[i]));
	return r;
}

static const char *const ioctl_about[IOMMUFD_IOCTL_N] = {
	[IOMMUFD_DESTROY] = "removes any object",
	[IOMMUFD_IOAS_ALLOC] = "makes an IOAS",
	[IOMMUFD_IOAS_ALLOW_IOVAS] = "keeps an IOAS to ranges of addresses",
	[IOMMUFD_IOAS_COPY] = "maps in one IOAS what another one has",
	[IOMMUFD_IOAS_IOVA_RANGES] = "addresses that an IOAS can have",
	[IOMMUFD_IOAS_MAP] = "maps memory of the process",
	[IOMMUFD_IOAS_UNMAP] = "unmaps",
	[IOMMUFD_OPTION] = "how pinned memory is counted, huge pages",
	[IOMMUFD_VFIO_IOAS] = "the IOAS of programs written for VFIO containers",
	[IOMMUFD_HWPT_ALLOC] = "makes page tables: for PASIDs, nesting, dirty tracking",
	[IOMMUFD_GET_HW_INFO] = "what the IOMMU of a device has",
	[IOMMUFD_HWPT_SET_DIRTY_TRACKING] = "turns dirty tracking on and off (migration)",
	[IOMMUFD_HWPT_GET_DIRTY_BITMAP] = "which pages devices have written (migration)",
	[IOMMUFD_HWPT_INVALIDATE] = "invalidates caches of nested page tables",
	[IOMMUFD_FAULT_QUEUE_ALLOC] = "page faults of devices, for user space",
	[IOMMUFD_IOAS_MAP_FILE] = "maps a memfd or dma-buf",
	[IOMMUFD_VIOMMU_ALLOC] = "a virtual IOMMU for a VM",
	[IOMMUFD_VDEVICE_ALLOC] = "a device behind a virtual IOMMU",
	[IOMMUFD_IOAS_CHANGE_PROCESS] = "hands pinned memory to another process",
	[IOMMUFD_VEVENTQ_ALLOC] = "events of a virtual IOMMU, for user space",
	[IOMMUFD_HW_QUEUE_ALLOC] = "command queues of a virtual IOMMU in hardware",
	[IOMMUFD_IOAS_NOIOMMU_GET_PA] = "physical addresses, for devices without an IOMMU",
};

/* FD negative: the -errno with which the ioctls could not be probed. */
static int add_ioctls(int fd, struct feature_list *list)
{
	int r = 0;

	for (int op = 0; r == 0 && op < IOMMUFD_IOCTL_N; op++) {
		struct field_u64 available = field_u64(0);
		int known = fd;

		if (fd >= 0)
			known = iommufd_probe(fd, (enum iommufd_op)op);
		if (known == 1)
			available = field_u64(1);
		else if (known < 0 && fd != -ENOENT)
			available = field_u64_error(known);
		r = add(list, "ioctl", iommufd_op_name((enum iommufd_op)op), ioctl_about[op],
			available);
	}
	return r;
}

enum { FLAG_HWPT_PASID, FLAG_ATTACH_PASID, FLAG_COUNT };

static const char *const flag_names[FLAG_COUNT] = {
	[FLAG_HWPT_PASID] = "IOMMU_HWPT_ALLOC_PASID",
	[FLAG_ATTACH_PASID] = "VFIO_DEVICE_ATTACH_PASID",
};

static const char *const flag_about[FLAG_COUNT] = {
	[FLAG_HWPT_PASID] = "page tables fit for PASIDs, for this device",
	[FLAG_ATTACH_PASID] = "binding PASIDs of a VFIO device",
};

/* Everything created here is destroyed when the two fds close. */
static int probe_flags(int iommufd, int fd, struct field_u64 *flags)
{
	uint32_t id, ioas, hwpt;
	int r;

	r = vfio_bind(fd, iommufd, &id);
	if (r == 0)
		r = iommufd_ioas_alloc(iommufd, &ioas);
	if (r < 0)
		return r;
	r = iommufd_hwpt_alloc(iommufd, id, ioas, true, &hwpt);
	/* EINVAL: the kernel does not know the flag; EOPNOTSUPP: the IOMMU has no PASIDs. */
	flags[FLAG_HWPT_PASID] =
		r == 0 || r == -EINVAL || r == -EOPNOTSUPP ? field_u64(r == 0) : field_u64_error(r);
	/* EINVAL: flag not known. Otherwise detaching a PASID that is not attached succeeds. */
	r = vfio_detach_pasid(fd, 1);
	flags[FLAG_ATTACH_PASID] = r == 0 || r == -EINVAL ? field_u64(r == 0) : field_u64_error(r);
	return 0;
}

static int add_flags(int iommufd, const char *device, struct feature_list *list)
{
	_cleanup_(vfio_node_done) struct vfio_node node = { 0 };
	struct field_u64 flags[FLAG_COUNT];
	_cleanup_close_ int fd = -1;
	int r = 0;

	for (int i = 0; i < FLAG_COUNT; i++)
		flags[i] = iommufd == -ENOENT ? field_u64(0)
					      : field_u64_error(iommufd < 0 ? iommufd : -ENODATA);
	if (device && iommufd >= 0) {
		r = vfio_node_find(device, &node);
		if (r == 0)
			r = vfio_node_open(&node, &fd);
		if (r == 0)
			r = probe_flags(iommufd, fd, flags);
	}
	for (int i = 0; r == 0 && i < FLAG_COUNT; i++)
		r = add(list, "flag", flag_names[i], flag_about[i], flags[i]);
	return r;
}

/* The results from when the machine was captured. */
static int set_captured(const struct sys_root *root, bool flags, struct feature_list *list)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "ioasidctl");
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	size_t size;
	int r = sys_read_all(dir, "features", &text, &size);

	for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');
		long value = blank ? strtol(blank + 1, NULL, 10) : -EBADMSG;

		if (blank)
			*blank = '\0';
		for (size_t i = 0; i < list->n; i++)
			if (strcmp(list->v[i].name, line) == 0 && value <= 1 && value > -4096 &&
			    (flags || strcmp(list->v[i].kind, "flag") != 0))
				list->v[i].available = value < 0 ? field_u64_error((int)value)
								 : field_u64((uint64_t)value);
	}
	return r == -ENOMEM ? r : 0;
}

int feature_list(const struct sys_root *root, const char *device, struct feature_list *ret)
{
	_cleanup_feature_list_ struct feature_list list = { 0 };
	_cleanup_close_ int fd = -1;
	int r, opened = -EREMOTE;

	if (!root->captured)
		opened = iommufd_open(&fd);
	if (opened < 0)
		fd = opened;
	r = add_places(root, &list);
	if (r == 0)
		r = add_ioctls(fd, &list);
	if (r == 0)
		r = add_flags(fd, device, &list);
	if (r == 0 && root->captured)
		r = set_captured(root, device == NULL, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct feature_list){ 0 };
	return 0;
}
