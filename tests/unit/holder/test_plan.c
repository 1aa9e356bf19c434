/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan: each call in kernel.h adds a line, does nothing, and succeeds as the real one would. */
#include "holder/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "../holder_context.h"
#include "../memory.h"

/* The lines, each with a newline. */
static void expect_lines(struct context *context, const char *expected)
{
	struct plan *plan = context->plan;
	char text[2000] = "";

	assert_int_equal(plan_end(plan), 0);
	for (size_t i = 0; i < plan->line.n; i++) {
		strcat(text, plan->line.v[i]);
		strcat(text, "\n");
	}
	assert_string_equal(text, expected);
	plan_done(plan);
	assert_int_equal(plan->line.n, 0);
	/* And nothing else. */
	kernel_asked("");
}

#define PLANNED(context) \
	struct plan plan = { 0 }; \
	(context)->plan = &plan

static void devices(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a"), copy = *a;
	struct vfio_node node = { .path = (char *)A, .cdev = (char *)"vfio7" };
	struct iommufd_hw_info info = { .pasid_width = 7 };
	struct record_device *b = record_device_find(&context->record, "b");
	int fd = -7, r;

	PLANNED(context);
	copy.path = (char *)"no-slash";
	copy.request = -1;
	assert_int_equal(kernel_bind(context, &copy), 0);
	assert_int_equal(copy.id, UINT32_MAX);
	assert_int_equal(kernel_get_hw_info(context, &copy, &info), 0);
	/* Nothing is known of it. */
	assert_int_equal(info.pasid_width, 0);
	assert_int_equal(kernel_watch_request(context, &copy), 0);
	assert_int_equal(copy.request, -1);
	assert_int_equal(kernel_attach(context, a, 3), 0);
	assert_int_equal(kernel_attach(context, a, UINT32_MAX), 0);
	assert_int_equal(kernel_detach(context, b), 0);
	/* Placeholder fds are not closed. */
	kernel_close(context, a->fd);
	assert_true(fcntl(a->fd, F_GETFD) >= 0);
	/* Checks if it could be opened. */
	r = kernel_open(context, &node, &fd);
	assert_int_equal(fd, -7);
	assert_true(r < 0);
	expect_lines(context, "ioctl VFIO_DEVICE_BIND_IOMMUFD no-slash\n"
			      "ioctl IOMMU_GET_HW_INFO no-slash\n"
			      "ioctl VFIO_DEVICE_SET_IRQS no-slash\n"
			      "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a ioas 3\n"
			      "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a ioas NEW\n"
			      "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT b\n");
	context->plan = NULL;
}

static void objects(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	struct record_hwpt new = { .id = UINT32_MAX, .ioas = 3, .device = a->path };
	struct fault fault = { 0 };
	uint32_t hwpt, ioas;

	assert_int_equal(context_alloc_hwpt(context, a, 3, "t", true, &fault, &hwpt), 0);
	assert_int_equal(hwpt, 4);
	kernel_forget();
	PLANNED(context);
	assert_int_equal(kernel_ioas_alloc(context, &ioas), 0);
	assert_int_equal(ioas, UINT32_MAX);
	assert_int_equal(kernel_hwpt_alloc(context, a, 3, false, &hwpt), 0);
	/* Each has its own number. */
	assert_int_equal(hwpt, UINT32_MAX - 1);
	assert_int_equal(kernel_hwpt_alloc(context, a, ioas, true, &hwpt), 0);
	assert_int_equal(hwpt, UINT32_MAX - 2);
	assert_int_equal(kernel_destroy(context, 3), 0);
	assert_int_equal(kernel_destroy(context, 4), 0);
	assert_non_null(record_hwpt_add(&context->record, &new));
	assert_int_equal(kernel_destroy(context, UINT32_MAX), 0);
	record_hwpt_drop(&context->record, record_hwpt_by_id(&context->record, UINT32_MAX));
	assert_int_equal(kernel_destroy(context, UINT32_MAX - 1024), 0);
	assert_int_equal(kernel_destroy(context, UINT32_MAX - 1025), 0);
	expect_lines(context, "ioctl IOMMU_IOAS_ALLOC\nioctl IOMMU_HWPT_ALLOC a ioas 3\n"
			      "ioctl IOMMU_HWPT_ALLOC a ioas NEW for PASIDs\n"
			      "ioctl IOMMU_DESTROY ioas 3\nioctl IOMMU_DESTROY hwpt 4\n"
			      "ioctl IOMMU_DESTROY hwpt NEW\nioctl IOMMU_DESTROY ioas NEW\n"
			      "ioctl IOMMU_DESTROY ioas 4294966270\n");
	context->plan = NULL;
}

static int plan_map(struct context *context, uint64_t iova, uint64_t length, unsigned int flags,
		    uint64_t *ret)
{
	const struct record_mapping m = { .length = length, .flags = flags };

	return kernel_ioas_map(context, record_ioas_find(&context->record, "guest"), &m,
			       iova == 1 ? NULL : &iova, ret);
}

static void mappings(void **state)
{
	struct context *context = *state;
	struct record_ioas *ioas = record_ioas_find(&context->record, "guest");
	uint64_t iova = 7, at = 0x3000, bytes = 7;
	struct fault fault = { 0 };
	void *pages = &iova;

	assert_int_equal(context_map_ioas(context, ioas, 0x2000, &at, 3, &fault, &iova), 0);
	at = 0x6000;
	assert_int_equal(context_map_ioas(context, ioas, 0x1000, &at, 3, &fault, &iova), 0);
	kernel_forget();
	PLANNED(context);
	assert_int_equal(plan_map(context, 0x2000, 0x1000, 3, &iova), 0);
	assert_int_equal(iova, 0x2000);
	assert_int_equal(plan_map(context, 0x5000, 0x1000, IOMMUFD_MAP_READ, &iova), 0);
	assert_int_equal(plan_map(context, 1, 0x1000, IOMMUFD_MAP_WRITE, &iova), 0);
	assert_int_equal(iova, 0);
	/* As the kernel would return. */
	iova = 7;
	assert_int_equal(plan_map(context, 0x2000, 0x1001, 3, &iova), -EEXIST);
	assert_int_equal(plan_map(context, 0x4000, 0x1000, 3, &iova), -EEXIST);
	assert_int_equal(plan_map(context, 0x5000, 0x1001, 3, &iova), -EEXIST);
	assert_int_equal(iova, 7);
	assert_int_equal(kernel_ioas_unmap(context, ioas, 0x3000, 0x2000, &bytes), 0);
	assert_int_equal(bytes, 0x2000);
	assert_int_equal(kernel_ioas_unmap(context, ioas, 0x5000, 0x1000, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(kernel_ioas_unmap(context, ioas, 0, UINT64_MAX, &bytes), 0);
	assert_int_equal(bytes, 0x3000);
	assert_int_equal(kernel_memory_get(context, 0x1000, &pages), 0);
	assert_null(pages);
	/* It belongs to the holder and must not be touched. */
	kernel_memory_put(context, ioas->mapping[0].memory, ioas->mapping[0].length);
	assert_int_equal(*(char *)ioas->mapping[0].memory, 0);
	expect_lines(context, "ioctl IOMMU_IOAS_MAP ioas 3 size 0x1000 iova 0x2000 read write\n"
			      "ioctl IOMMU_IOAS_MAP ioas 3 size 0x1000 iova 0x5000 read\n"
			      "ioctl IOMMU_IOAS_MAP ioas 3 size 0x1000 write\n"
			      "ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x3000 size 0x2000\n"
			      "ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x5000 size 0x1000\n"
			      "ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x0 size 0xffffffffffffffff\n");
	context->plan = NULL;
	kernel_agrees(context);
}

/* Consecutive PASIDs of equal calls share a line. */
static void pasids(void **state)
{
	struct context *context = *state;
	const struct record_device *a = record_device_find(&context->record, "a"),
				   *b = record_device_find(&context->record, "b");
	struct fault fault = { 0 };
	uint32_t first, second;

	assert_int_equal(context_alloc_hwpt(context, a, 3, "one", true, &fault, &first), 0);
	assert_int_equal(context_alloc_hwpt(context, a, 3, "two", true, &fault, &second), 0);
	kernel_forget();
	PLANNED(context);
	for (uint32_t pasid = 5; pasid <= 7; pasid++)
		assert_int_equal(kernel_attach_pasid(context, a, pasid, first), 0);
	assert_int_equal(kernel_attach_pasid(context, a, 8, second), 0);
	assert_int_equal(kernel_attach_pasid(context, b, 9, second), 0);
	assert_int_equal(kernel_attach_pasid(context, b, 10, second), 0);
	assert_int_equal(kernel_attach_pasid(context, b, 12, second), 0);
	assert_int_equal(kernel_attach_pasid(context, b, 11, second), 0);
	assert_int_equal(kernel_attach_pasid(context, b, 11, second), 0);
	assert_int_equal(kernel_detach_pasid(context, b, 12), 0);
	assert_int_equal(kernel_detach_pasid(context, a, 13), 0);
	assert_int_equal(kernel_detach_pasid(context, a, 14), 0);
	assert_int_equal(kernel_detach(context, a), 0);
	assert_int_equal(kernel_detach_pasid(context, a, 15), 0);
	expect_lines(context, "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 5-7 hwpt 4\n"
			      "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 8 hwpt 5\n"
			      "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT b pasid 9-10 hwpt 5\n"
			      "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT b pasid 12 hwpt 5\n"
			      "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT b pasid 11 hwpt 5\n"
			      "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT b pasid 11 hwpt 5\n"
			      "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT b pasid 12\n"
			      "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 13-14\n"
			      "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a\n"
			      "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 15\n");
	context->plan = NULL;
}

/* Given up before its last line was one: nothing of it is lost. */
static void given_up(void **state)
{
	struct context *context = *state;
	const struct record_device *a = record_device_find(&context->record, "a");
	long live = memory.live;

	PLANNED(context);
	assert_int_equal(kernel_detach_pasid(context, a, 5), 0);
	plan_done(&plan);
	assert_int_equal(memory.live, live);
	/* Without memory for a line there is an error and no line; some lacks asprintf() makes up for. */
	for (size_t nth = 1, n = 1; n >= nth; nth++) {
		int r;

		memory.n = 0;
		memory.fail_at = nth;
		assert_int_equal(kernel_detach_pasid(context, a, 5), 0);
		assert_int_equal(kernel_detach(context, a), 0);
		n = memory.n;
		memory.fail_at = 0;
		r = plan_end(&plan);
		if (r == 0 ? plan.line.n != 2 : r != -ENOMEM || plan.line.n == 2)
			fail_msg("allocation %zu: %d, %zu lines", nth, r, plan.line.n);
		assert_true(r < 0 || nth > 1 || n == 0);
		plan_done(&plan);
		assert_int_equal(memory.live, live);
	}
	context->plan = NULL;
}

/* At the limit and one byte more; what does not fit is an error, and no line is truncated. */
static void too_long(void **state)
{
	static const char words[] = "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT ";
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	struct record_device named = *a;
	char name[4001] = "", *path;
	const size_t length = sizeof(words) - 1 + sizeof(name) - 1;
	size_t n = 0, bytes;

	memset(name, 'y', sizeof(name) - 1);
	for (unsigned int more = 0; more < 2; more++) {
		PLANNED(context);
		named.path = name;
		for (n = 0, bytes = 0; bytes + 2 * length <= PLAN_BYTES_MAX; n++) {
			assert_int_equal(kernel_detach(context, &named), 0);
			bytes += length;
		}
		/* A last line that ends exactly at the limit, or one byte after. */
		bytes = PLAN_BYTES_MAX - bytes - (sizeof(words) - 1) + more;
		path = calloc(1, bytes + 1);
		memset(path, 'x', bytes);
		named.path = path;
		assert_int_equal(kernel_detach(context, &named), 0);
		free(path);
		assert_int_equal(plan_end(&plan), more ? -E2BIG : 0);
		assert_int_equal(plan.line.n, n + !more);
		/* For good. */
		assert_int_equal(kernel_detach(context, a), 0);
		assert_int_equal(plan_end(&plan), -E2BIG);
		assert_int_equal(plan.line.n, n + !more);
		plan_done(&plan);
	}
	context->plan = NULL;
}

/* Without a plan they make the system call and return its result. */
static void done(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	struct record_device *b = record_device_find(&context->record, "b"), odd = *b;
	struct iommufd_hw_info info = { 0 };
	int fd = eventfd(0, EFD_CLOEXEC);
	void *pages = NULL;

	assert_int_equal(kernel_get_hw_info(context, a, &info), 0);
	assert_int_equal(info.pasid_width, 20);
	assert_int_equal(kernel_attach(context, a, 63), -ENOENT);
	assert_int_equal(kernel_destroy(context, 63), -ENOENT);
	kernel_fail(UAPI_VFIO_DEVICE_SET_IRQS, 0, ENOTTY);
	odd.request = -1;
	assert_int_equal(kernel_watch_request(context, &odd), 0);
	assert_int_equal(odd.request, -1);
	kernel_fail(UAPI_VFIO_DEVICE_SET_IRQS, 0, EINVAL);
	assert_int_equal(kernel_watch_request(context, &odd), 0);
	assert_int_equal(odd.request, -1);
	kernel_fail(UAPI_VFIO_DEVICE_SET_IRQS, 0, EIO);
	assert_int_equal(kernel_watch_request(context, &odd), -EIO);
	assert_int_equal(odd.request, -1);
	assert_int_equal(kernel_watch_request(context, b), 0);
	assert_true(b->request >= 0);
	assert_int_equal(kernel_memory_get(context, 4096, &pages), 0);
	assert_int_equal(*(char *)pages, 0);
	kernel_memory_put(context, pages, 4096);
	pages = NULL;
	assert_int_equal(kernel_memory_get(context, (uint64_t)1 << 62, &pages), -ENOMEM);
	assert_null(pages);
	/* Each closes what it has opened. */
	kernel_close(context, fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	kernel_close(context, -1);
	assert_true(kernel_is_planned(UINT32_MAX));
	assert_true(kernel_is_planned(UINT32_MAX - 1024));
	assert_false(kernel_is_planned(UINT32_MAX - 1025));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(devices),  TEST(objects), TEST(mappings), TEST(pasids),
		TEST(too_long), TEST(done),    TEST(given_up),
	};

	return cmocka_run_group_tests_name("holder plan", tests, NULL, NULL);
}
