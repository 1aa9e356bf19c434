/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units and devices that were added, removed or changed. */
#include "model/diff/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* Report unreadable config space once. */
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

/* An absent context may just not have been seen: STATUS is that of its side. */
static struct diff_value holder_value(const struct diff_context *context, int status)
{
	return (struct diff_value){ .status = context      ? 1
					      : status < 0 ? status
							   : 0,
				    .type = DIFF_HOLDER,
				    .object = context };
}

static int join_context(struct diff *diff, const struct diff_pair *pair)
{
	static const struct diff_fact facts[] = {
		{ "pid", DIFF_NUMBER, offsetof(struct diff_context, pid), 0 },
	};
	const struct diff_context *old = pair->old, *new = pair->new;
	const int was = diff->old->contexts_status, is = diff->new->contexts_status;
	struct diff_change change = {
		.what = !old   ? DIFF_ADDED
			: !new ? DIFF_REMOVED
			       : DIFF_CHANGED,
		.kind = DIFF_CONTEXT,
		.object = pair->name,
	};

	if (old && new)
		return diff_facts(diff, facts, ARRAY_SIZE(facts), old, new, change);
	change.old = holder_value(old, was);
	change.new = holder_value(new, is);
	if (change.old.status < 0 || change.new.status < 0)
		change.what = DIFF_UNREADABLE;
	return diff_tell(diff, &change);
}

int diff_contexts(struct diff *diff)
{
	const struct diff_side *old = diff->old, *new = diff->new;
	_cleanup_diff_pairs_ struct diff_pairs pairs = { 0 };
	int r;

	r = diff_pair_up(old->contexts, old->n_contexts, new->contexts, new->n_contexts,
			 sizeof(struct diff_context), &pairs);
	for (size_t i = 0; r == 0 && i < pairs.n; i++)
		r = join_context(diff, &pairs.v[i]);
	return r;
}

/* "8086:10d3"; empty for devices that are not PCI. */
static struct diff_value ids_of(const struct device *device, char *buf, size_t size)
{
	if (device->vendor.status != 1 || device->device.status != 1)
		return (struct diff_value){ .status = device->vendor.status != 1
							      ? device->vendor.status
							      : device->device.status };
	snprintf(buf, size, "%04" PRIx64 ":%04" PRIx64, device->vendor.value, device->device.value);
	return (struct diff_value){ .status = 1, .text = buf };
}

/* Its ids and class; also the bus if it is not PCI. */
static struct diff_value what_is(const struct device *device)
{
	const int status =
		device->vendor.status != 1 ? device->vendor.status : device->device.status;

	if (status == 0)
		return (struct diff_value){ .status = device->bus != NULL, .text = device->bus };
	return (struct diff_value){ .status = status, .type = DIFF_HARDWARE, .object = device };
}

static int tell_one(struct diff *diff, struct diff_change change, const struct diff_pair *pair)
{
	const struct device *device = pair->old ? pair->old : pair->new;
	const struct diff_value value = what_is(device);

	change.what = pair->old ? DIFF_REMOVED : DIFF_ADDED;
	if (pair->old)
		change.old = value;
	else
		change.new = value;
	/* For an added or removed device, unreadable ids are not worth reporting. */
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
	change.field = "id";
	change.old = ids_of(pair->old, old, sizeof(old));
	change.new = ids_of(pair->new, new, sizeof(new));
	return diff_compare(diff, &change);
}

/* The same device behind a bus with another number. */
static int tell_renamed(struct diff *diff, struct diff_change change, const struct diff_pair *pair)
{
	const char *was = ((const struct device *)pair->old)->id;

	if (strcmp(was, pair->name) == 0)
		return 0;
	change.what = DIFF_RENUMBERED;
	change.field = "device";
	change.old = (struct diff_value){ .status = 1, .text = was };
	change.new = (struct diff_value){ .status = 1, .text = pair->name };
	return diff_tell(diff, &change);
}

static struct diff_value attached_value(const struct device *device)
{
	const struct device_attached *attached = &device->attached;

	return (struct diff_value){
		.status = attached->error < 0 ? attached->error : attached->kind > ATTACHED_NOTHING,
		.type = DIFF_ATTACHED,
		.object = attached,
	};
}

/* A change of the group's type is reported by the group. */
static int compare_attached(struct diff *diff, struct diff_change change,
			    const struct diff_pair *pair)
{
	const struct device_attached *old = &((const struct device *)pair->old)->attached;
	const struct device_attached *new = &((const struct device *)pair->new)->attached;

	if (old->kind == ATTACHED_DOMAIN && new->kind == ATTACHED_DOMAIN &&
	    field_str_same(&old->context, &new->context))
		return 0;
	change.field = "attached";
	change.old = attached_value(pair->old);
	change.new = attached_value(pair->new);
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
	r = tell_renamed(diff, change, pair);
	if (r == 0 && pair->moved)
		r = tell_moved(diff, change, pair);
	if (r == 0)
		r = compare_ids(diff, change, pair);
	if (r)
		return r;
	r = diff_facts(diff, device_facts, ARRAY_SIZE(device_facts), pair->old, pair->new, change);
	return r ? r : compare_attached(diff, change, pair);
}

int diff_devices(struct diff *diff, const struct diff_pairs *pairs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pairs->n; i++)
		r = join_device(diff, &pairs->v[i]);
	return r;
}
