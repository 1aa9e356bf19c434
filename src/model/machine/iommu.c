/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/iommu.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "util/array.h"
#include "util/parse.h"

#define UNITS "sys/class/iommu"

void iommu_done(struct iommu *iommu)
{
	free(iommu->name);
	field_str_done(&iommu->vendor);
	field_str_done(&iommu->path);
	field_str_done(&iommu->version);
	iommu_fields_free(iommu->fields, iommu->n_fields);
	strv_done(&iommu->devices);
	*iommu = (struct iommu){ 0 };
}

void iommu_list_done(struct iommu_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		iommu_done(&list->v[i]);
	free(list->v);
	*list = (struct iommu_list){ 0 };
}

static struct field_u64 hex_file(struct sys_dir dir, const char *name)
{
	char text[64];
	uint64_t value;
	ssize_t len = sys_read(dir, name, text, sizeof(text));

	if (len < 0)
		return field_u64_error(len == -ENOENT ? 0 : (int)len);
	return parse_hex(text, &value) < 0 ? field_u64_error(-EBADMSG) : field_u64(value);
}

/*
 * "EFR:EFR2" since Linux 6.7, "EFR2:EFR" since 5.19, "EFR" before (amd_iommu_show_features()). EFR
 * has size fields in its upper half that are never 0 on hardware with EFR2, whose own upper half is
 * reserved, so the larger value is EFR.
 */
static void amd_features(struct sys_dir dir, struct iommu *iommu)
{
	char text[64], *colon;
	uint64_t first, second = 0;
	ssize_t len = sys_read(dir, "amd-iommu/features", text, sizeof(text));

	if (len < 0) {
		iommu->features.status = len == -ENOENT ? 0 : (int)len;
		return;
	}
	colon = strchr(text, ':');
	if (colon)
		*colon = '\0';
	if (parse_hex(text, &first) < 0 || (colon && parse_hex(colon + 1, &second) < 0)) {
		iommu->features = field_u64_error(-EBADMSG);
		return;
	}
	iommu->features = field_u64(first > second ? first : second);
	if (colon)
		iommu->features2 = field_u64(first > second ? second : first);
}

static int read_amd(struct sys_dir dir, struct iommu *iommu)
{
	uint64_t efr;

	iommu->cap = hex_file(dir, "amd-iommu/cap");
	amd_features(dir, iommu);
	iommu->pasid_width = field_u64_error(iommu->features.status);
	if (iommu->features.status != 1)
		return 0;
	efr = iommu->features.value;
	/* PASmax is only valid with GTSup. */
	iommu->pasid_width = field_u64(efr & 1 << 4 ? (efr >> 32 & 0x1f) + 1 : 0);
	return iommu_decode_amd(efr, iommu->features2.value, &iommu->fields, &iommu->n_fields);
}

static int read_intel(struct sys_dir dir, struct iommu *iommu)
{
	uint64_t cap, ecap;

	iommu->cap = hex_file(dir, "intel-iommu/cap");
	iommu->ecap = hex_file(dir, "intel-iommu/ecap");
	cap = iommu->cap.value;
	ecap = iommu->ecap.value;
	/* Take over the register's status. */
	iommu->address_width = iommu->cap;
	if (iommu->cap.status == 1)
		iommu->address_width.value = (cap >> 16 & 0x3f) + 1;
	iommu->pasid_width = iommu->ecap;
	if (iommu->ecap.status == 1)
		iommu->pasid_width.value = ecap >> 40 & 1 ? (ecap >> 35 & 0x1f) + 1 : 0;
	if (iommu->cap.status != 1 || iommu->ecap.status != 1)
		return 0;
	return iommu_decode_intel(cap, ecap, &iommu->fields, &iommu->n_fields);
}

/* From the name that the driver gives it (iommu_device_sysfs_add()). */
static const char *vendor_of_name(const char *name)
{
	static const char *const vendors[][2] = {
		{ "dmar", "intel" },         { "ivhd", "amd" },
		{ "smmu3.", "arm-smmu-v3" }, { "smmu.", "arm-smmu" },
		{ "riscv-iommu@", "riscv" }, { "apple-dart.", "apple-dart" },
		{ "s390-iommu.", "s390" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++)
		if (str_starts(name, vendors[i][0]))
			return vendors[i][1];
	return NULL;
}

/* Other units are named after their device: use its driver. */
static void read_vendor(const struct sys_root *root, struct iommu *iommu)
{
	const char *vendor = vendor_of_name(iommu->name), *end;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[PATH_MAX];

	if (vendor) {
		gather_set(&iommu->vendor, vendor);
		return;
	}
	/* ".../virtio0/iommu/0000:00:03.0": two levels up. */
	end = iommu->path.status == 1 ? strstr(iommu->path.value, "/iommu/") : NULL;
	if (!end)
		return;
	snprintf(path, sizeof(path), "%.*s", (int)(end - iommu->path.value - 1),
		 iommu->path.value + 1);
	dir = sys_dir_open(root, path);
	if (dir.error == -ENOENT)
		dir.error = -ENODEV;
	gather_link(dir, "driver", &iommu->vendor);
	if (iommu->vendor.status == 1 && strcmp(iommu->vendor.value, "virtio_iommu") == 0)
		gather_set(&iommu->vendor, "virtio");
}

static int read_needed(unsigned int need, struct sys_dir dir, struct iommu *iommu)
{
	bool intel = iommu->vendor.status == 1 && strcmp(iommu->vendor.value, "intel") == 0;
	bool amd = iommu->vendor.status == 1 && strcmp(iommu->vendor.value, "amd") == 0;
	int r = 0;

	if (need & IOMMU_NEED_REGISTERS && intel)
		r = read_intel(dir, iommu);
	if (need & IOMMU_NEED_REGISTERS && amd)
		r = read_amd(dir, iommu);
	if (r < 0)
		return r;
	if (need & IOMMU_NEED_ADDRESS && intel) {
		iommu->address = hex_file(dir, "intel-iommu/address");
		gather_str(dir, "intel-iommu/version", &iommu->version);
	}
	if (need & IOMMU_NEED_DOMAINS && intel) {
		iommu->domains_used = gather_u64(dir, "intel-iommu/domains_used");
		iommu->domains_supported = gather_u64(dir, "intel-iommu/domains_supported");
	}
	if (need & IOMMU_NEED_DEVICES) {
		r = sys_list(dir, "devices", &iommu->devices);
		iommu->devices_status = r < 0 ? r : 1;
	}
	return r == -ENOMEM ? r : 0;
}

static int read_unit(const struct sys_root *root, const char *name, const char *path,
		     unsigned int need, struct iommu *ret)
{
	_cleanup_(iommu_done) struct iommu iommu = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char directory[512];
	int r;

	snprintf(directory, sizeof(directory), UNITS "/%s", name);
	dir = sys_dir_open(root, directory);
	if (dir.error < 0)
		return dir.error;
	r = str_replace(&iommu.name, name);
	if (r < 0)
		return r;
	if (path)
		gather_set(&iommu.path, path);
	read_vendor(root, &iommu);
	r = read_needed(need, dir, &iommu);
	if (r < 0)
		return r;
	*ret = iommu;
	iommu = (struct iommu){ 0 };
	return 0;
}

int iommu_list(const struct sys_root *root, unsigned int need, struct iommu_list *ret)
{
	_cleanup_(class_links_done) struct class_links links = { 0 };
	_cleanup_iommu_list_ struct iommu_list list = { 0 };
	int r;

	r = gather_class(root, "iommu", &links);
	if (r == 0 && links.status < 0)
		r = links.status;
	if (r < 0)
		return r;
	list.v = calloc(links.n + 1, sizeof(list.v[0]));
	if (!list.v)
		return -ENOMEM;
	for (size_t i = 0; i < links.n; i++) {
		r = read_unit(root, links.v[i].name, links.v[i].path, need, &list.v[list.n]);
		if (r < 0 && r != -ENOENT)
			return r;
		list.n += r == 0;
	}
	*ret = list;
	list = (struct iommu_list){ 0 };
	return 0;
}

int iommu_get(const struct sys_root *root, const char *name, unsigned int need, struct iommu *ret)
{
	_cleanup_(class_links_done) struct class_links links = { 0 };
	int r;

	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX)
		return -EINVAL;
	r = gather_class(root, "iommu", &links);
	if (r == 0 && links.status < 0)
		r = links.status;
	if (r < 0)
		return r;
	for (size_t i = 0; i < links.n; i++)
		if (strcmp(links.v[i].name, name) == 0)
			return read_unit(root, name, links.v[i].path, need, ret);
	return -ENOENT;
}

struct field_u64 iommu_field(const struct iommu *iommu, const char *reg, const char *name)
{
	for (size_t i = 0; i < iommu->n_fields; i++)
		if (strcmp(iommu->fields[i].reg, reg) == 0 &&
		    strcmp(iommu->fields[i].name, name) == 0)
			return field_u64(iommu->fields[i].value);
	return (struct field_u64){ 0 };
}
