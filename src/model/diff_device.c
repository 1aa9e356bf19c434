/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units and devices: come, gone, and what has changed of those that stay. */
#include "model/diff_join.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define UNIT(name, type) \
	{ \
#name, type, offsetof(struct iommu, name), 0 \
	}
#define DEVICE(name, type) \
	{ \
#name, type, offsetof(struct device, name), 0 \
	}
#define CAP(field, name, type) \
	{ \
		field, type, offsetof(struct device, caps.name), CONFIG \
	}
#define CONFIG      offsetof(struct device, caps.pasid)
#define UNDER_TOTAL offsetof(struct device, sriov_totalvfs)

static const struct diff_fact unit_facts[] = {
	UNIT(vendor, DIFF_TEXT),       UNIT(version, DIFF_TEXT), UNIT(address, DIFF_ADDRESS),
	UNIT(cap, DIFF_ADDRESS),       UNIT(ecap, DIFF_ADDRESS), UNIT(features, DIFF_ADDRESS),
	UNIT(features2, DIFF_ADDRESS),
};

/* Config space that cannot be read is told once. */
static const struct diff_fact device_facts[] = {
	DEVICE(driver, DIFF_TEXT),
	DEVICE(driver_override, DIFF_TEXT),
	DEVICE(iommu, DIFF_TEXT),
	DEVICE(sriov_totalvfs, DIFF_NUMBER),
	{ "sriov_numvfs", DIFF_NUMBER, offsetof(struct device, sriov_numvfs), UNDER_TOTAL },
	{ "pasid_supported", DIFF_FLAG, CONFIG, 0 },
	CAP("pasid_enabled", pasid_enabled, DIFF_FLAG),
	CAP("pasid_width", pasid_width, DIFF_NUMBER),
	CAP("ats_supported", ats, DIFF_FLAG),
	CAP("ats_enabled", ats_enabled, DIFF_FLAG),
	CAP("pri_supported", pri, DIFF_FLAG),
	CAP("pri_enabled", pri_enabled, DIFF_FLAG),
	CAP("acs_supported", acs, DIFF_FLAG),
	CAP("acs_enabled", acs_enabled, DIFF_ADDRESS),
};

static int join_unit(struct diff *diff, const struct diff_pair *pair)
{
	const struct iommu *old = pair->old, *new = pair->new;
	struct diff_change change = {
		.what = !old   ? DIFF_ADDED
			: !new ? DIFF_REMOVED
			       : DIFF_CHANGED,
		.kind = DIFF_IOMMU,
		.object = pair->name,
	};

	if (old && new)
		return diff_facts(diff, unit_facts, ARRAY_SIZE(unit_facts), old, new, change);
	if (old)
		change.old = diff_text(&old->vendor);
	else
		change.new = diff_text(&new->vendor);
	return diff_tell(diff, &change);
}

int diff_iommus(struct diff *diff)
{
	const struct iommu_list *old = &diff->old->iommus, *new = &diff->new->iommus;
	_cleanup_diff_pairs_ struct diff_pairs pairs = { 0 };
	int r;

	r = diff_pair_up(old->v, old->n, new->v, new->n, sizeof(struct iommu), &pairs);
	for (size_t i = 0; r == 0 && i < pairs.n; i++)
		r = join_unit(diff, &pairs.v[i]);
	return r;
}

/* "8086:10d3"; devices on other buses than PCI have none. */
static struct diff_value ids_of(const struct device *device, char *buf, size_t size)
{
	if (device->vendor.status != 1 || device->device.status != 1)
		return (struct diff_value){ .status = device->vendor.status != 1
							      ? device->vendor.status
							      : device->device.status };
	snprintf(buf, size, "%04" PRIx64 ":%04" PRIx64, device->vendor.value, device->device.value);
	return (struct diff_value){ .status = 1, .text = buf };
}

/* "8086:10d3 ethernet"; the bus where it is another than PCI. */
static struct diff_value what_is(const struct device *device, char *buf, size_t size)
{
	const char *class = device->class_name.status == 1 ? device->class_name.value : NULL;
	char ids[32];
	struct diff_value value = ids_of(device, ids, sizeof(ids));

	if (value.status == 0)
		return (struct diff_value){ .status = device->bus != NULL, .text = device->bus };
	if (value.status < 0)
		return value;
	snprintf(buf, size, "%s%s%s", ids, class ? " " : "", class ? class : "");
	value.text = buf;
	return value;
}

static int tell_one(struct diff *diff, struct diff_change change, const struct diff_pair *pair)
{
	const struct device *device = pair->old ? pair->old : pair->new;
	struct diff_value value;
	char text[128];

	value = what_is(device, text, sizeof(text));
	change.what = pair->old ? DIFF_REMOVED : DIFF_ADDED;
	if (pair->old)
		change.old = value;
	else
		change.new = value;
	/* Which of its ids cannot be read is no news: that it has come or gone is. */
	return diff_tell(diff, &change);
}

static int tell_moved(struct diff *diff, struct diff_change change, const struct diff_pair *pair)
{
	change.what = DIFF_MOVED;
	change.field = "group";
	change.old = diff_number(&((const struct device *)pair->old)->group);
	change.new = diff_number(&((const struct device *)pair->new)->group);
	return diff_tell(diff, &change);
}

static int compare_ids(struct diff *diff, struct diff_change change, const struct diff_pair *pair)
{
	char old[32], new[32];

	change.what = DIFF_SWAPPED;
	change.field = "ids";
	change.old = ids_of(pair->old, old, sizeof(old));
	change.new = ids_of(pair->new, new, sizeof(new));
	return diff_compare(diff, &change);
}

static int join_device(struct diff *diff, const struct diff_pair *pair)
{
	char *id = (char *)pair->name;
	const struct diff_change change = {
		.what = DIFF_CHANGED,
		.kind = DIFF_DEVICE,
		.object = id,
		.devices = &id,
		.n_devices = 1,
	};
	int r = 0;

	if (!pair->old || !pair->new)
		return tell_one(diff, change, pair);
	if (pair->moved)
		r = tell_moved(diff, change, pair);
	if (r == 0)
		r = compare_ids(diff, change, pair);
	if (r)
		return r;
	return diff_facts(diff, device_facts, ARRAY_SIZE(device_facts), pair->old, pair->new,
			  change);
}

int diff_devices(struct diff *diff, const struct diff_pairs *pairs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pairs->n; i++)
		r = join_device(diff, &pairs->v[i]);
	return r;
}
