/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differences between two states of a machine, each given as a short text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/diff/changes.h"
#include "util/array.h"

static char *copy(const char *text)
{
	char *result = strdup(text);

	assert_non_null(result);
	return result;
}

static struct field_str text_field(const char *text)
{
	return (struct field_str){ .value = copy(text), .status = 1 };
}

static struct device *add_device(struct diff_side *side, const char *id)
{
	struct device *device = array_push(side->devices.v, side->devices.n);

	assert_non_null(device);
	*device = (struct device){ .id = copy(id), .bus = copy("pci") };
	return device;
}

static struct group *add_group(struct diff_side *side, uint32_t number, const char *type)
{
	struct group *group = array_push(side->groups.v, side->groups.n);

	assert_non_null(group);
	*group = (struct group){ .number = number, .type = text_field(type) };
	return group;
}

static struct iommu *add_iommu(struct diff_side *side, const char *name, uint64_t ecap)
{
	struct iommu *iommu = array_push(side->iommus.v, side->iommus.n);

	assert_non_null(iommu);
	*iommu = (struct iommu){
		.name = copy(name),
		.vendor = text_field("intel"),
		.ecap = field_u64(ecap),
	};
	return iommu;
}

/* "a@1 b@2 c": devices with their groups. */
static struct diff_side side_of(const char *devices)
{
	struct diff_side side = {
		.devices_status = 1,
		.groups_status = 1,
		.iommus_status = 1,
		.pasids_status = 1,
	};
	char text[512], *save = NULL;

	assert_true(strlen(devices) < sizeof(text));
	strcpy(text, devices);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *at = strchr(word, '@');
		struct device *device;

		if (at)
			*at = '\0';
		device = add_device(&side, word);
		if (at)
			device->group = field_u64((uint64_t)atoi(at + 1));
	}
	return side;
}

/* "ioas red (90 ioasid:vm)" */
static void put_target(FILE *f, const struct binding *binding)
{
	const struct field_str *name =
		binding->ioas_name.status == 1 ? &binding->ioas_name : &binding->through;

	fprintf(f, " %s", pasid_kind_name(binding->kind));
	if (name->status == 1)
		fprintf(f, " %s", name->value);
	if (binding->pid.status == 1)
		fprintf(f, " (%" PRIu64 "%s%s)", binding->pid.value,
			binding->command.status == 1 ? " " : "",
			binding->command.status == 1 ? binding->command.value : "");
}

static void put_hardware(FILE *f, const struct device *device)
{
	fprintf(f, " %04" PRIx64 ":%04" PRIx64 " %s", device->vendor.value, device->device.value,
		device->class_name.status == 1 ? device->class_name.value : "?");
}

static void put_value(FILE *f, const struct diff_value *value)
{
	if (value->status < 0)
		fputs(" ?", f);
	else if (value->status == 0)
		fputs(" -", f);
	else if (value->type == DIFF_TEXT)
		fprintf(f, " %s", value->text);
	else if (value->type == DIFF_TARGET)
		put_target(f, value->object);
	else if (value->type == DIFF_OWNER)
		fprintf(f, " %" PRIu64, ((const struct binding *)value->object)->pid.value);
	else if (value->type == DIFF_HARDWARE)
		put_hardware(f, value->object);
	else if (value->type == DIFF_ATTACHED)
		fprintf(f, " %s %s",
			attached_kind_name(((const struct device_attached *)value->object)->kind),
			((const struct device_attached *)value->object)->name.value);
	else if (value->type == DIFF_HOLDER)
		fprintf(f, " pid %" PRIu64,
			((const struct diff_context *)value->object)->pid.value);
	else
		fprintf(f, " %" PRIu64, value->number);
}

static int put_change(const struct diff_change *change, void *data)
{
	FILE *f = data;

	fprintf(f, "%s %s %s", diff_what_name(change->what), diff_kind_name(change->kind),
		change->object ? change->object : "-");
	if (change->lo)
		fprintf(f, " %u-%u", change->lo, change->hi);
	fprintf(f, " %s", change->field ? change->field : "-");
	put_value(f, &change->old);
	put_value(f, &change->new);
	fputc('\n', f);
	return 0;
}

/* Joins OLD and NEW, and frees both. What was not compared comes last. */
static void check(struct diff_side old, struct diff_side new, const char *expected)
{
	_cleanup_diff_gaps_ struct diff_gaps gaps = { 0 };
	char text[8192] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	assert_non_null(f);
	assert_int_equal(diff_join(&old, &new, put_change, f, &gaps), 0);
	for (size_t i = 0; i < gaps.n; i++)
		fprintf(f, "gap %s %s %zu %d\n", diff_kind_name(gaps.v[i].kind),
			gaps.v[i].field ? gaps.v[i].field : "-", gaps.v[i].n, gaps.v[i].error);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	assert_int_equal(gaps.partial, gaps.n > 0 || strstr(text, "unreadable"));
	diff_side_done(&old);
	diff_side_done(&new);
}

static void check_groups(const char *old, const char *new, const char *expected)
{
	check(side_of(old), side_of(new), expected);
}

static void nothing(void **state)
{
	(void)state;
	check_groups("", "", "");
	check_groups("a@1 b@1 c", "a@1 b@1 c", "");
}

static void numbers_alone(void **state)
{
	(void)state;
	check_groups("a@1 b@1 c@2", "a@7 b@7 c@1",
		     "renumbered group a group 1 7\n"
		     "renumbered group c group 2 1\n");
	/* Group numbers do not matter: they are swapped, and each group is unchanged. */
	check_groups("a@1 b@2", "a@2 b@1",
		     "renumbered group a group 1 2\n"
		     "renumbered group b group 2 1\n");
}

static void merged_and_split(void **state)
{
	(void)state;
	check_groups("a@1 b@1 c@2", "a@1 b@1 c@1",
		     "merged group a group 1 1\n"
		     "merged group c group 2 1\n");
	check_groups("a@1 b@1 c@1", "a@5 b@6 c@6",
		     "split group a group 1 5\n"
		     "split group b group 1 6\n");
}

static void moved(void **state)
{
	(void)state;
	check_groups("a@1 b@1 c@2 d@2", "a@1 b@2 c@2 d@2", "moved device b group 1 2\n");
	/* Split: the smaller part has moved, and the rest has a new number. */
	check_groups("a@1 b@1 c@1 d@2", "a@8 b@8 c@9 d@9",
		     "changed group a group 1 8\n"
		     "changed group d group 2 9\n"
		     "moved device c group 1 9\n");
	/* Moved from one into another, from which a device becomes its own group. */
	check_groups("a@1 b@1 c@1 d@2", "a@1 b@1 c@3 d@1",
		     "moved device c group 1 3\n"
		     "moved device d group 2 1\n");
}

static void joined_and_left(void **state)
{
	(void)state;
	check_groups("a@1", "a@1 b@1",
		     "joined group b group - 1\n"
		     "added device b - - pci\n");
	check_groups("a@1 b@1", "b@1",
		     "left group a group 1 -\n"
		     "removed device a - pci -\n");
	/* Not just renumbered, because it lost a member. */
	check_groups("a@1 b@1", "b@2",
		     "left group a group 1 -\n"
		     "changed group b group 1 2\n"
		     "removed device a - pci -\n");
	check_groups("a@1 b", "a@1 b@1", "joined group b group - 1\n");
}

static void of_their_own(void **state)
{
	(void)state;
	/* For a device alone in its group, reporting the device is enough. */
	check_groups("a@1", "a@1 b@2", "added device b - - pci\n");
	check_groups("a b c", "a@1 b@1 c@2",
		     "added group a group - 1\n"
		     "added group c group - 2\n");
	check_groups("a@1 b@1", "a b", "removed group a group 1 -\n");
}

static void types(void **state)
{
	struct diff_side old = side_of("a@1 b@2 c@3"), new = side_of("a@4 b@2 c@3");

	(void)state;
	add_group(&old, 1, "DMA");
	add_group(&old, 2, "DMA");
	add_group(&old, 3, "identity")->type.status = -EACCES;
	add_group(&new, 2, "identity");
	add_group(&new, 3, "identity");
	add_group(&new, 4, "DMA-FQ");
	check(old, new,
	      "renumbered group a group 1 4\n"
	      "changed group a type DMA DMA-FQ\n"
	      "changed group b type DMA identity\n"
	      "unreadable group c type ? identity\n");
}

static void devices_of(struct diff_side *old, struct diff_side *new)
{
	struct device *device = &old->devices.v[0];

	device->driver = text_field("e1000e");
	device->vendor = field_u64(0x8086);
	device->device = field_u64(0x10d3);
	device->sriov_totalvfs = field_u64(8);
	device->sriov_numvfs = field_u64(0);
	device = &new->devices.v[0];
	device->driver = text_field("vfio-pci");
	device->driver_override = text_field("vfio-pci");
	device->vendor = field_u64(0x8086);
	device->device = field_u64(0x1533);
	device->sriov_totalvfs = field_u64(8);
	device->sriov_numvfs = field_u64(4);
}

static void facts(void **state)
{
	struct diff_side old = side_of("0000:03:00.0"), new = side_of("0000:03:00.0 0000:02:00.0");

	(void)state;
	devices_of(&old, &new);
	new.devices.v[1].vendor = field_u64(0x1b36);
	new.devices.v[1].device = field_u64(0x10);
	new.devices.v[1].class_name = text_field("nvme");
	check(old, new,
	      "added device 0000:02:00.0 - - 1b36:0010 nvme\n"
	      "swapped device 0000:03:00.0 id 8086:10d3 8086:1533\n"
	      "changed device 0000:03:00.0 driver e1000e vfio-pci\n"
	      "changed device 0000:03:00.0 driver_override - vfio-pci\n"
	      "changed device 0000:03:00.0 sriov_numvfs 0 4\n");
}

static struct device_caps unreadable_caps(void)
{
	const struct field_u64 no = field_u64_error(-EACCES);

	return (struct device_caps){ .ats = no,
				     .ats_enabled = no,
				     .pasid = no,
				     .pasid_enabled = no,
				     .pasid_width = no,
				     .pri = no,
				     .pri_enabled = no,
				     .acs = no,
				     .acs_enabled = no };
}

static void unreadable_facts(void **state)
{
	struct diff_side old = side_of("a b c"), new = side_of("a b c");

	(void)state;
	old.devices.v[0].caps.pasid = field_u64(1);
	old.devices.v[0].caps.pasid_width = field_u64(20);
	new.devices.v[0].caps = unreadable_caps();
	old.devices.v[1].caps = new.devices.v[1].caps = unreadable_caps();
	old.devices.v[2].driver.status = -EIO;
	new.devices.v[2].driver = text_field("nvme");
	check(old, new,
	      "unreadable device a pasid_supported 1 ?\n"
	      "unreadable device c driver ? nvme\n"
	      "gap device pasid_supported 1 -13\n");
}

static void unreadable_lists(void **state)
{
	struct diff_side old = side_of("a@1 b@2"), new = side_of("");

	(void)state;
	new.devices_status = -EACCES;
	new.groups_status = -EACCES;
	old.iommus_status = new.iommus_status = -EIO;
	old.pasids_status = -EIO;
	check(old, new,
	      "unreadable group - type 0 ?\n"
	      "unreadable device - - 2 ?\n"
	      "unreadable pasid - - ? 0\n"
	      "gap iommu - 1 -5\n");
}

static void units(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");

	(void)state;
	add_iommu(&old, "dmar2", 1);
	add_iommu(&old, "dmar10", 0xf0);
	add_iommu(&new, "dmar10", 0xf1);
	add_iommu(&new, "dmar0", 1);
	check(old, new,
	      "added iommu dmar0 - - intel\n"
	      "removed iommu dmar2 - intel -\n"
	      "changed iommu dmar10 ecap 240 241\n");
}

/* The sources in all tests: contexts, the hardware's table, and a driver. */
enum { CONTEXT = 1 << 0, TABLE = 1 << 1, DRIVER = 1 << 2 };

static void add_reports(struct diff_side *side, int context, int table, int driver)
{
	side->reports = (struct pasid_reports){
		.n = 3,
		.hardware_status = table == 1 ? 1 : -EACCES,
		.v = { { .source = &pasid_source_context, .status = context },
		       { .source = &pasid_source_vtd, .status = table },
		       { .source = &pasid_source_uio, .status = driver } },
	};
}

static struct binding *add_range(struct diff_side *side, uint32_t lo, uint32_t hi,
				 unsigned int sources, uint64_t pid)
{
	struct binding *binding = array_push(side->pasids.v, side->pasids.n);

	assert_non_null(binding);
	*binding = (struct binding){
		.device = "d",
		.lo = lo,
		.hi = hi,
		.kind = sources & DRIVER ? PASID_KIND_SVA : PASID_KIND_UNKNOWN,
		.sources = sources,
		.hardware = side->reports.hardware_status == 1 ? field_u64(sources & TABLE ? 1 : 0)
							       : field_u64_error(-EACCES),
		.pid = pid ? field_u64(pid) : (struct field_u64){ 0 },
	};
	return binding;
}

/* Changes the device set by add_range(). */
static void name_range(struct binding *binding, const char *device)
{
	binding->device = device;
}

/* A device at PATH below the root bus, with an id. */
static struct device *add_at(struct diff_side *side, const char *path, uint64_t id)
{
	struct device *device = add_device(side, strrchr(path, '/') + 1);
	char whole[256];

	snprintf(whole, sizeof(whole), "/sys/devices/pci0000:00%s", path);
	device->path = text_field(whole);
	device->vendor = field_u64(0x8086);
	device->device = field_u64(id);
	device->class_name = text_field("nvme");
	return device;
}

#define PORT_A "/0000:00:1c.0"
#define PORT_B "/0000:00:1d.0"

/*
 * A card in the first slot changes the bus numbers behind the second: equal cards are distinguished
 * by slot.
 */
static void busses_move(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");

	(void)state;
	add_at(&old, PORT_A, 1)->group = field_u64(1);
	add_at(&old, PORT_B, 1)->group = field_u64(2);
	add_at(&old, PORT_B "/0000:02:00.0", 7)->group = field_u64(3);
	add_at(&old, PORT_B "/0000:02:00.1", 7)->group = field_u64(3);
	add_at(&new, PORT_A, 1)->group = field_u64(1);
	add_at(&new, PORT_A "/0000:02:00.0", 7)->group = field_u64(3);
	add_at(&new, PORT_B, 1)->group = field_u64(2);
	add_at(&new, PORT_B "/0000:03:00.0", 7)->group = field_u64(4);
	add_at(&new, PORT_B "/0000:03:00.1", 7)->group = field_u64(4);
	new.devices.v[3].driver = text_field("vfio-pci");
	add_reports(&old, 1, 1, 1);
	add_reports(&new, 1, 1, 1);
	name_range(add_range(&old, 5, 9, TABLE, 90), "0000:02:00.0");
	name_range(add_range(&new, 5, 8, TABLE, 90), "0000:03:00.0");
	check(old, new,
	      "renumbered group 0000:03:00.0 group 3 4\n"
	      "added device 0000:02:00.0 - - 8086:0007 nvme\n"
	      "renumbered device 0000:03:00.0 device 0000:02:00.0 0000:03:00.0\n"
	      "changed device 0000:03:00.0 driver - vfio-pci\n"
	      "renumbered device 0000:03:00.1 device 0000:02:00.1 0000:03:00.1\n"
	      "removed pasid 0000:03:00.0 9-9 - unknown (90) -\n");
}

/* Another device in the slot is a different one; a device in another slot was removed and added. */
static void slots_are_places(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");

	(void)state;
	add_at(&old, PORT_A "/0000:01:00.0", 7);
	add_at(&old, PORT_B "/0000:02:00.0", 8);
	add_at(&new, PORT_A "/0000:01:00.0", 9);
	add_at(&new, PORT_B "/0000:03:00.0", 10);
	check(old, new,
	      "swapped device 0000:01:00.0 id 8086:0007 8086:0009\n"
	      "removed device 0000:02:00.0 - 8086:0008 nvme -\n"
	      "added device 0000:03:00.0 - - 8086:000a nvme\n");
	old = side_of(""), new = side_of("");
	add_at(&old, PORT_A "/0000:01:00.0", 7);
	add_at(&new, PORT_B "/0000:02:00.0", 7);
	check(old, new,
	      "removed device 0000:01:00.0 - 8086:0007 nvme -\n"
	      "added device 0000:02:00.0 - - 8086:0007 nvme\n");
}

/*
 * Virtual functions use more than one bus behind the port: they move together, and each keeps its
 * identity.
 */
static void functions_of_two_busses(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");

	(void)state;
	add_at(&old, PORT_A "/0000:01:00.0", 7);
	add_at(&old, PORT_A "/0000:01:10.0", 8)->driver = text_field("a");
	add_at(&old, PORT_A "/0000:02:10.0", 8)->driver = text_field("b");
	add_at(&new, PORT_A "/0000:05:00.0", 7);
	add_at(&new, PORT_A "/0000:05:10.0", 8)->driver = text_field("a");
	add_at(&new, PORT_A "/0000:06:10.0", 8)->driver = text_field("b");
	check(old, new,
	      "renumbered device 0000:05:00.0 device 0000:01:00.0 0000:05:00.0\n"
	      "renumbered device 0000:05:10.0 device 0000:01:10.0 0000:05:10.0\n"
	      "renumbered device 0000:06:10.0 device 0000:02:10.0 0000:06:10.0\n");
}

static struct device_attached attached_to(enum attached_kind kind, const char *name,
					  const char *context)
{
	return (struct device_attached){ .kind = kind,
					 .id = field_u64(1),
					 .name = text_field(name),
					 .context = context ? text_field(context)
							    : (struct field_str){ 0 } };
}

static void contexts_and_attachments(void **state)
{
	struct diff_side old = side_of("a b c"), new = side_of("a b c");

	(void)state;
	assert_int_equal(diff_side_add_context(&old, "gone", 7), 0);
	assert_int_equal(diff_side_add_context(&old, "vm", 8), 0);
	assert_int_equal(diff_side_add_context(&new, "vm", 9), 0);
	assert_int_equal(diff_side_add_context(&new, "fresh", 10), 0);
	old.devices.v[0].attached = attached_to(ATTACHED_DOMAIN, "DMA", NULL);
	new.devices.v[0].attached = attached_to(ATTACHED_IOAS, "mem", "vm");
	/* Reported by the group's type. */
	old.devices.v[1].attached = attached_to(ATTACHED_DOMAIN, "DMA", NULL);
	new.devices.v[1].attached = attached_to(ATTACHED_DOMAIN, "identity", NULL);
	/* Its number was reassigned, so its name identifies it. */
	old.devices.v[2].attached = attached_to(ATTACHED_IOAS, "mem", "vm");
	new.devices.v[2].attached = attached_to(ATTACHED_IOAS, "mem", "vm");
	new.devices.v[2].attached.id = field_u64(4);
	check(old, new,
	      "added context fresh - - pid 10\n"
	      "removed context gone - pid 7 -\n"
	      "changed context vm pid 8 9\n"
	      "changed device a attached domain DMA ioas mem\n");
	old = side_of(""), new = side_of("");
	old.contexts_status = -EACCES;
	assert_int_equal(diff_side_add_context(&new, "vm", 9), 0);
	check(old, new, "unreadable context vm - ? pid 9\n");
}

static void ranges(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");

	(void)state;
	add_reports(&old, 1, 1, 1);
	add_reports(&new, 1, 1, 1);
	add_range(&old, 100, 163, TABLE, 90);
	add_range(&old, 1, 1, TABLE, 90);
	add_range(&new, 90, 109, TABLE, 90);
	add_range(&new, 120, 130, TABLE, 91);
	add_range(&new, 160, 0xfffff, TABLE, 90);
	check(old, new,
	      "removed pasid d 1-1 - unknown (90) -\n"
	      "added pasid d 90-99 - - unknown (90)\n"
	      "removed pasid d 110-119 - unknown (90) -\n"
	      "changed pasid d 120-130 owner 90 91\n"
	      "removed pasid d 131-159 - unknown (90) -\n"
	      "added pasid d 164-1048575 - - unknown (90)\n");
}

/* Facts only known from contexts are unknown if those were not captured: no change. */
static void only_known(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");
	struct binding *binding;

	(void)state;
	add_reports(&old, -EREMOTE, 1, 1);
	add_reports(&new, 1, 1, 1);
	add_range(&old, 42, 42, TABLE, 0)->domain = field_u64(3);
	binding = add_range(&new, 42, 42, CONTEXT | TABLE, 90);
	binding->kind = PASID_KIND_IOAS;
	binding->ioas_name = field_str_borrow("red");
	binding->domain = field_u64(4);
	binding = add_range(&new, 43, 43, CONTEXT | TABLE, 90);
	binding->kind = PASID_KIND_IOAS;
	binding->ioas_name = field_str_borrow("red");
	binding->command = field_str_borrow("ioasid:vm");
	check(old, new,
	      "unreadable pasid - context ? 0\n"
	      "changed pasid d 42-42 domain 3 4\n"
	      "added pasid d 43-43 - - ioas red (90 ioasid:vm)\n");
}

/* What a side could not have reported is neither new nor removed. */
static void unreadable_sources(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");

	(void)state;
	add_reports(&old, -EREMOTE, -EACCES, 1);
	add_reports(&new, 1, 1, 1);
	add_range(&old, 7, 7, DRIVER, 5);
	add_range(&new, 42, 42, CONTEXT | TABLE, 90);
	add_range(&new, 50, 50, DRIVER | TABLE, 91);
	check(old, new,
	      "unreadable pasid - context ? 0\n"
	      "unreadable pasid - vt-d ? 0\n"
	      "removed pasid d 7-7 - sva (5) -\n"
	      "unreadable pasid d 42-42 - ? unknown (90)\n"
	      "added pasid d 50-50 - - sva (91)\n");
	old = side_of(""), new = side_of("");
	add_reports(&old, -EREMOTE, -EOPNOTSUPP, -EACCES);
	add_reports(&new, 1, -EOPNOTSUPP, -EACCES);
	add_range(&new, 42, 42, CONTEXT, 90);
	check(old, new,
	      "unreadable pasid - context ? 0\n"
	      "unreadable pasid d 42-42 - ? unknown (90)\n"
	      "gap pasid uio 1 -13\n");
}

static void numbers_not_told(void **state)
{
	struct diff_side old = side_of(""), new = side_of("");

	(void)state;
	add_reports(&old, 1, -EACCES, 1);
	add_reports(&new, 1, 1, 1);
	add_range(&old, 0, 0, DRIVER, 5)->through = field_str_borrow("wq0.1");
	add_range(&old, 0, 0, DRIVER, 6)->through = field_str_borrow("wq0.1");
	add_range(&old, 0, 0, DRIVER, 7)->through = field_str_borrow("wq0.2");
	/* Only one side's table shows this one's number. */
	add_range(&new, 12, 12, DRIVER | TABLE, 5)->through = field_str_borrow("wq0.1");
	add_range(&new, 0, 0, DRIVER, 7)->through = field_str_borrow("wq0.2");
	add_range(&new, 0, 0, DRIVER, 8)->through = field_str_borrow("wq0.2");
	check(old, new,
	      "unreadable pasid - vt-d ? 0\n"
	      "removed pasid d - sva wq0.1 (6) -\n"
	      "added pasid d - - sva wq0.2 (8)\n");
}

static int stop(const struct diff_change *change, void *data)
{
	(void)change;
	return ++*(int *)data;
}

static void stops(void **state)
{
	struct diff_side old = side_of("a b c"), new = side_of("");
	struct diff_gaps gaps = { 0 };
	int n = 0;

	(void)state;
	assert_int_equal(diff_join(&old, &new, stop, &n, &gaps), 1);
	assert_int_equal(n, 1);
	assert_null(gaps.v);
	diff_side_done(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(numbers_alone),
		cmocka_unit_test(merged_and_split),
		cmocka_unit_test(moved),
		cmocka_unit_test(joined_and_left),
		cmocka_unit_test(of_their_own),
		cmocka_unit_test(types),
		cmocka_unit_test(facts),
		cmocka_unit_test(unreadable_facts),
		cmocka_unit_test(unreadable_lists),
		cmocka_unit_test(units),
		cmocka_unit_test(busses_move),
		cmocka_unit_test(slots_are_places),
		cmocka_unit_test(functions_of_two_busses),
		cmocka_unit_test(contexts_and_attachments),
		cmocka_unit_test(ranges),
		cmocka_unit_test(only_known),
		cmocka_unit_test(unreadable_sources),
		cmocka_unit_test(numbers_not_told),
		cmocka_unit_test(stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
