/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOASes, their mappings, and the regions that a device reserves. */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"

/*
 * A directory that looks like a device in sysfs, as far as its group's reserved regions are read.
 */
static void reserved(void **state)
{
	struct context *context = *state;
	char place[] = "/tmp/ioasidctl-unit-XXXXXX", path[64], command[256];
	struct record_ioas *guest = the_ioas(context, "guest");
	_cleanup_fault_ struct fault fault = { 0 };
	uint64_t at = 0xfee00000;
	json_object *array = NULL;
	struct change *change;

	assert_non_null(mkdtemp(place));
	snprintf(command, sizeof(command), "mkdir -p %s/r/iommu_group", place);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/r", place);
	kernel_add(context, path, 20, 7);
	/* Unreadable is not the same as none. */
	change = bind_pasids(context, path, "1", 0, "guest", false, &fault);
	assert_true(json_object_object_get_ex(change->reply, "reserved", &array));
	assert_null(array);
	change_free(change);
	/* Nor can this be read, though it can be opened. */
	snprintf(command, sizeof(command), "mkdir %s/r/iommu_group/reserved_regions", place);
	assert_int_equal(system(command), 0);
	change = bind_pasids(context, path, "4", 0, "guest", false, &fault);
	assert_true(json_object_object_get_ex(change->reply, "reserved", &array));
	assert_null(array);
	change_free(change);
	snprintf(command, sizeof(command), "rmdir %s/r/iommu_group/reserved_regions", place);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command),
		 "printf '%%s\\n' '0x0000000000008000 0x0000000000008fff direct-relaxable' "
		 "'0x00000000fee00000 0x00000000feefffff msi' >%s/r/iommu_group/reserved_regions",
		 place);
	assert_int_equal(system(command), 0);
	change = bind_pasids(context, path, "2", 0, "guest", false, &fault);
	assert_int_equal(json_get_array(change->reply, "reserved", &array), 1);
	assert_int_equal(json_object_array_length(array), 0);
	change_free(change);
	assert_int_equal(DO(context, &fault, context_map_ioas, context, guest, 0x1000, &at, 3), 0);
	/* Next to the region, on both sides, and in a relaxable one. */
	at = 0xfedff000;
	assert_int_equal(DO(context, &fault, context_map_ioas, context, guest, 0x1000, &at, 3), 0);
	at = 0xfef00000;
	assert_int_equal(DO(context, &fault, context_map_ioas, context, guest, 0x1000, &at, 3), 0);
	at = 0x8000;
	assert_int_equal(DO(context, &fault, context_map_ioas, context, guest, 0x1000, &at, 3), 0);
	change = bind_pasids(context, path, "3", 0, "guest", false, &fault);
	assert_int_equal(json_get_array(change->reply, "reserved", &array), 1);
	assert_string_equal(json_object_to_json_string_ext(array, JSON_C_TO_STRING_PLAIN),
			    "[{\"iova\":\"0xfee00000\",\"length\":4096,\"first\":\"0xfee00000\","
			    "\"last\":\"0xfeefffff\",\"kind\":\"msi\"}]");
	change_free(change);
	snprintf(command, sizeof(command), "rm -r %s", place);
	assert_int_equal(system(command), 0);
}

static void ioases(void **state)
{
	struct context *context = *state;
	struct record_ioas *ioas = the_ioas(context, "guest");
	_cleanup_json_ json_object *shown = NULL;
	uint64_t at;
	struct fault fault = { 0 };
	json_object *array = NULL;

	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 100, NULL, 3),
			 FAULTED);
	expect_fault(&fault, "NotAligned");
	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 0, NULL, 3), FAULTED);
	expect_fault(&fault, "InvalidParameter");
	at = UINT64_MAX - 0xfff;
	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 0x2000, &at, 3),
			 FAULTED);
	assert_int_equal(fault.err, EOVERFLOW);
	fault_done(&fault);
	at = 0x10000;
	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 0x4000, &at, 3), 0);
	assert_int_equal(ioas->mapping[0].iova, 0x10000);
	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 0x1000, NULL, 1), 0);
	kernel_fail(UAPI_IOMMU_IOAS_MAP, 0, EEXIST);
	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 0x1000, NULL, 1),
			 FAULTED);
	expect_fault(&fault, "KernelError");
	kernel_agrees(context);
	/* Twenty ranges, more than the sixteen of the first attempt. */
	shown = context_show_ioas(ioas);
	assert_int_equal(json_get_array(shown, "range", &array), 1);
	assert_int_equal(json_object_array_length(array), 20);
	assert_int_equal(json_get_array(shown, "mapping", &array), 1);
	assert_int_equal(json_object_array_length(array), 2);
	assert_int_equal(DO(context, &fault, context_unmap_ioas, ioas, 0x10000, 0x1000), FAULTED);
	expect_fault(&fault, "PartOfMapping");
	assert_int_equal(DO(context, &fault, context_unmap_ioas, ioas, 0x11000, 0), FAULTED);
	expect_fault(&fault, "NotMapped");
	assert_int_equal(DO(context, &fault, context_unmap_ioas, ioas, 0x10000, 0), 0);
	assert_int_equal(record_ioas_mapped(ioas), 0x1000);
	kernel_agrees(context);
	assert_int_equal(DO(context, &fault, context_unmap_ioas_all, ioas), 0);
	assert_int_equal(ioas->n_mappings, 0);
	kernel_agrees(context);
	expect_bound(context, "a", "5", "guest", "5");
	assert_int_equal(DO(context, &fault, context_free_ioas, context, ioas), FAULTED);
	expect_fault(&fault, "ObjectInUse");
	change_free(unbind_pasids(context, "a", NULL, &fault));
	assert_int_equal(DO(context, &fault, context_free_ioas, context, ioas), 0);
	kernel_agrees(context);
}

/* An HWPT that cannot be destroyed at once (another process has the fds) is not forgotten. */
static void leftover(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	expect_bound(context, "a", "5", "guest", "5");
	kernel_fail(UAPI_IOMMU_DESTROY, 0, EBUSY);
	change_free(unbind_pasids(context, "a", NULL, &fault));
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	expect_bound(context, "a", "5", "guest", "5");
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	kernel_fail(UAPI_IOMMU_DESTROY, 0, EBUSY);
	change_free(unbind_pasids(context, "a", NULL, &fault));
	assert_int_equal(
		DO(context, &fault, context_free_ioas, context, the_ioas(context, "guest")), 0);
	kernel_agrees(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reserved),
		TEST(ioases),
		TEST(leftover),
	};

	return cmocka_run_group_tests_name("holder ioas", tests, NULL, NULL);
}
