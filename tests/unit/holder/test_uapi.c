/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our declarations of the kernel's structs: sizes, and comparison with the kernel's headers where
 * available.
 */
#include "sys/uapi.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/vfio.h>
#if __has_include(<linux/iommufd.h>)
#include <linux/iommufd.h>
#endif
/* The installed headers may be too old: the lab provides newer ones (see the Makefile). */
#ifdef VFIO_DEVICE_ATTACH_PASID
#define HAVE_HEADERS 1
#else
#define HAVE_HEADERS 0
#endif

#include "sys/iommufd.h"

#define SAME_SIZE(ours, theirs) assert_int_equal(sizeof(struct ours), sizeof(struct theirs))
#define SAME_OFFSET(ours, theirs, our_field, their_field) \
	assert_int_equal(offsetof(struct ours, our_field), offsetof(struct theirs, their_field))

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct uapi_iommu_destroy), 8);
	assert_int_equal(sizeof(struct uapi_iommu_ioas_alloc), 12);
	assert_int_equal(sizeof(struct uapi_iommu_iova_range), 16);
	assert_int_equal(sizeof(struct uapi_iommu_ioas_iova_ranges), 32);
	assert_int_equal(sizeof(struct uapi_iommu_ioas_map), 40);
	assert_int_equal(sizeof(struct uapi_iommu_ioas_map_file), 40);
	assert_int_equal(sizeof(struct uapi_iommu_ioas_unmap), 24);
	assert_int_equal(sizeof(struct uapi_iommu_hwpt_alloc), 48);
	assert_int_equal(sizeof(struct uapi_iommu_hw_info), 40);
	assert_int_equal(sizeof(struct uapi_vfio_device_info), 24);
	assert_int_equal(sizeof(struct uapi_vfio_irq_set), 24);
	assert_int_equal(sizeof(struct uapi_vfio_bind_iommufd), 16);
	assert_int_equal(sizeof(struct uapi_vfio_attach_iommufd_pt), 16);
	assert_int_equal(sizeof(struct uapi_vfio_detach_iommufd_pt), 12);
}

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(UAPI_IOMMU_DESTROY, 0x3b80);
	assert_int_equal(UAPI_IOMMU_IOAS_ALLOC, 0x3b81);
	assert_int_equal(UAPI_IOMMU_IOAS_IOVA_RANGES, 0x3b84);
	assert_int_equal(UAPI_IOMMU_IOAS_MAP, 0x3b85);
	assert_int_equal(UAPI_IOMMU_IOAS_UNMAP, 0x3b86);
	assert_int_equal(UAPI_IOMMU_IOAS_MAP_FILE, 0x3b8f);
	assert_int_equal(UAPI_IOMMU_HWPT_ALLOC, 0x3b89);
	assert_int_equal(UAPI_IOMMU_GET_HW_INFO, 0x3b8a);
	assert_int_equal(UAPI_IOMMU_NR_IOAS_NOIOMMU_GET_PA, 0x95);
	assert_int_equal(IOMMUFD_IOCTL_N, 22);
	assert_int_equal(UAPI_VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_INFO);
	assert_int_equal(UAPI_VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_FLAGS_PCI);
	assert_int_equal(UAPI_VFIO_DEVICE_SET_IRQS, VFIO_DEVICE_SET_IRQS);
	assert_int_equal(UAPI_VFIO_IRQ_SET_EVENTFD, VFIO_IRQ_SET_DATA_EVENTFD);
	assert_int_equal(UAPI_VFIO_IRQ_SET_TRIGGER, VFIO_IRQ_SET_ACTION_TRIGGER);
	assert_int_equal(UAPI_VFIO_PCI_REQ_IRQ_INDEX, VFIO_PCI_REQ_IRQ_INDEX);
	assert_int_equal(offsetof(struct uapi_vfio_irq_set, eventfd),
			 offsetof(struct vfio_irq_set, data));
	assert_int_equal(UAPI_VFIO_DEVICE_BIND_IOMMUFD, 0x3b76);
	assert_int_equal(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0x3b77);
	assert_int_equal(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 0x3b78);
}

#if HAVE_HEADERS
static void iommufd_header(void **state)
{
	(void)state;
	SAME_SIZE(uapi_iommu_destroy, iommu_destroy);
	SAME_SIZE(uapi_iommu_ioas_alloc, iommu_ioas_alloc);
	SAME_OFFSET(uapi_iommu_ioas_alloc, iommu_ioas_alloc, out_ioas_id, out_ioas_id);
	SAME_SIZE(uapi_iommu_iova_range, iommu_iova_range);
	SAME_SIZE(uapi_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges);
	SAME_OFFSET(uapi_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, num_iovas, num_iovas);
	SAME_OFFSET(uapi_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, allowed_iovas,
		    allowed_iovas);
	SAME_OFFSET(uapi_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, out_iova_alignment,
		    out_iova_alignment);
	SAME_SIZE(uapi_iommu_ioas_map, iommu_ioas_map);
	SAME_OFFSET(uapi_iommu_ioas_map, iommu_ioas_map, user_va, user_va);
	SAME_OFFSET(uapi_iommu_ioas_map, iommu_ioas_map, iova, iova);
	SAME_SIZE(uapi_iommu_ioas_map_file, iommu_ioas_map_file);
	SAME_OFFSET(uapi_iommu_ioas_map_file, iommu_ioas_map_file, fd, fd);
	SAME_OFFSET(uapi_iommu_ioas_map_file, iommu_ioas_map_file, start, start);
	SAME_OFFSET(uapi_iommu_ioas_map_file, iommu_ioas_map_file, iova, iova);
	assert_int_equal(UAPI_IOMMU_IOAS_MAP_FILE, IOMMU_IOAS_MAP_FILE);
	SAME_SIZE(uapi_iommu_ioas_unmap, iommu_ioas_unmap);
	SAME_OFFSET(uapi_iommu_ioas_unmap, iommu_ioas_unmap, length, length);
	/* These two grow at the end; the known fields must be at the same offset. */
	SAME_OFFSET(uapi_iommu_hwpt_alloc, iommu_hwpt_alloc, pt_id, pt_id);
	SAME_OFFSET(uapi_iommu_hwpt_alloc, iommu_hwpt_alloc, out_hwpt_id, out_hwpt_id);
	SAME_OFFSET(uapi_iommu_hwpt_alloc, iommu_hwpt_alloc, data_uptr, data_uptr);
	SAME_OFFSET(uapi_iommu_hw_info, iommu_hw_info, dev_id, dev_id);
	SAME_OFFSET(uapi_iommu_hw_info, iommu_hw_info, out_data_type, out_data_type);
	SAME_OFFSET(uapi_iommu_hw_info, iommu_hw_info, out_capabilities, out_capabilities);
	assert_int_equal(UAPI_IOMMU_HWPT_ALLOC, IOMMU_HWPT_ALLOC);
	assert_int_equal(UAPI_IOMMU_GET_HW_INFO, IOMMU_GET_HW_INFO);
	assert_int_equal(UAPI_IOMMU_MAP_FIXED_IOVA, IOMMU_IOAS_MAP_FIXED_IOVA);
	assert_int_equal(UAPI_IOMMU_MAP_WRITEABLE, IOMMU_IOAS_MAP_WRITEABLE);
	assert_int_equal(UAPI_IOMMU_MAP_READABLE, IOMMU_IOAS_MAP_READABLE);
}

static void vfio_header(void **state)
{
	(void)state;
	SAME_OFFSET(uapi_vfio_device_info, vfio_device_info, num_irqs, num_irqs);
	SAME_OFFSET(uapi_vfio_bind_iommufd, vfio_device_bind_iommufd, iommufd, iommufd);
	SAME_OFFSET(uapi_vfio_bind_iommufd, vfio_device_bind_iommufd, out_devid, out_devid);
	SAME_OFFSET(uapi_vfio_attach_iommufd_pt, vfio_device_attach_iommufd_pt, pt_id, pt_id);
	assert_int_equal(UAPI_VFIO_DEVICE_BIND_IOMMUFD, VFIO_DEVICE_BIND_IOMMUFD);
	assert_int_equal(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_ATTACH_IOMMUFD_PT);
	assert_int_equal(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, VFIO_DEVICE_DETACH_IOMMUFD_PT);
	SAME_SIZE(uapi_vfio_attach_iommufd_pt, vfio_device_attach_iommufd_pt);
	SAME_OFFSET(uapi_vfio_attach_iommufd_pt, vfio_device_attach_iommufd_pt, pasid, pasid);
	SAME_SIZE(uapi_vfio_detach_iommufd_pt, vfio_device_detach_iommufd_pt);
	SAME_OFFSET(uapi_vfio_detach_iommufd_pt, vfio_device_detach_iommufd_pt, pasid, pasid);
	assert_int_equal(UAPI_VFIO_ATTACH_PASID, VFIO_DEVICE_ATTACH_PASID);
	assert_int_equal(UAPI_VFIO_DETACH_PASID, VFIO_DEVICE_DETACH_PASID);
}
#endif

static const char *hint(enum iommufd_op op, int err)
{
	return iommufd_hint(iommufd_op_name(op),
			    op == IOMMUFD_VFIO_ATTACH_PASID || op == IOMMUFD_VFIO_DETACH_PASID,
			    err);
}

static void hints(void **state)
{
	(void)state;
	assert_non_null(strstr(hint(IOMMUFD_VFIO_BIND, EPERM), "allow_unsafe_interrupts"));
	assert_non_null(strstr(hint(IOMMUFD_VFIO_BIND, EINVAL), "another process"));
	assert_non_null(strstr(hint(IOMMUFD_IOAS_MAP, ENOMEM), "RLIMIT_MEMLOCK"));
	assert_non_null(strstr(hint(IOMMUFD_OPEN, ENOENT), "CONFIG_IOMMUFD"));
	/* One ioctl, for the device's own requests and for PASIDs. */
	assert_string_equal(hint(IOMMUFD_VFIO_ATTACH, EBUSY), "the device is being reset");
	assert_non_null(strstr(hint(IOMMUFD_VFIO_ATTACH_PASID, EBUSY), "the number is in use"));
	assert_null(iommufd_hint("open", false, ENOENT));
	/* Errnos that are clear by themselves, and unknown ones. */
	assert_null(hint(IOMMUFD_IOAS_ALLOC, ENOMEM));
	assert_null(hint(IOMMUFD_VFIO_BIND, 0));
	assert_null(hint(IOMMUFD_OP_N, EINVAL));
	for (int op = 0; op < IOMMUFD_OP_N; op++)
		for (int err = 1; err < 140; err++) {
			const char *text = hint((enum iommufd_op)op, err);

			/* Printed after "hint: ", so it must be a clause on one line. */
			assert_true(!text ||
				    (!strchr(text, '\n') && text[strlen(text) - 1] != '.'));
		}
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(iommufd_op_name(IOMMUFD_DESTROY), "IOMMU_DESTROY");
	assert_string_equal(iommufd_op_name(IOMMUFD_IOAS_NOIOMMU_GET_PA),
			    "IOMMU_IOAS_NOIOMMU_GET_PA");
	assert_string_equal(iommufd_op_name(IOMMUFD_VFIO_BIND), "VFIO_DEVICE_BIND_IOMMUFD");
	for (int op = 0; op < IOMMUFD_OP_N; op++)
		assert_non_null(iommufd_op_name((enum iommufd_op)op));
	assert_non_null(iommufd_op_name(IOMMUFD_OP_N));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(numbers),
#if HAVE_HEADERS
		cmocka_unit_test(iommufd_header),
		cmocka_unit_test(vfio_header),
#endif
		cmocka_unit_test(hints),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("holder uapi", tests, NULL, NULL);
}
