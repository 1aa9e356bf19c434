/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity of a device: ids, class, driver and name. */
#include "model/machine/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sys/udev.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define IDENTITY (DEVICE_NEED_IDS | DEVICE_NEED_CLASS | DEVICE_NEED_NAME)

/* Lines of `uevent` (pci_uevent()), as pointers into its text. */
struct uevent {
	char *driver, *class, *ids, *subsystem, *modalias;
};

static void uevent_parse(char *text, struct uevent *ret)
{
	const struct {
		const char *key;
		char **value;
	} keys[] = {
		{ "DRIVER", &ret->driver },     { "PCI_CLASS", &ret->class },
		{ "PCI_ID", &ret->ids },        { "PCI_SUBSYS_ID", &ret->subsystem },
		{ "MODALIAS", &ret->modalias },
	};
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(line, keys[i].key) == 0)
				*keys[i].value = value;
	}
}

static struct field_u64 hex_field(const char *text, uint64_t max)
{
	uint64_t value;

	if (!text)
		return (struct field_u64){ 0 };
	if (parse_hex(text, &value) < 0 || value > max)
		return field_u64_error(-EBADMSG);
	return field_u64(value);
}

/* Takes "8086:10D3" apart. */
static void pair_fields(char *text, struct field_u64 *first, struct field_u64 *second)
{
	char *colon = text ? strchr(text, ':') : NULL;

	if (text && !colon) {
		*first = *second = field_u64_error(-EBADMSG);
		return;
	}
	if (colon)
		*colon = '\0';
	*first = hex_field(text, UINT16_MAX);
	*second = hex_field(text ? colon + 1 : NULL, UINT16_MAX);
}

static void all_unreadable(struct device *device, int error)
{
	struct field_u64 unreadable = field_u64_error(error);

	device->vendor = device->device = device->class = unreadable;
	device->subsystem_vendor = device->subsystem_device = unreadable;
	device->driver.status = device->name.status = error;
}

/* "Intel Corporation" becomes Intel, "Advanced Micro Devices, Inc. [AMD]" becomes AMD. */
static void shorten_vendor(const char *vendor, char *buf, size_t size)
{
	static const char *const tails[] = { " Corporation",   " Corp.",        " Corp",
					     " Inc.",          " Inc",          " Incorporated",
					     " Limited",       " Ltd.",         " Ltd",
					     " Co.",           " GmbH",         " AG",
					     " LLC",           " Technologies", " Technology",
					     " Semiconductor", " Electronics",  "," };
	const char *open = strrchr(vendor, '['), *close = open ? strchr(open, ']') : NULL;
	bool shorter = true;

	if (close && close - open > 1 && !close[1]) {
		snprintf(buf, size, "%.*s", (int)(close - open - 1), open + 1);
		return;
	}
	snprintf(buf, size, "%s", vendor);
	while (shorter) {
		shorter = false;
		for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
			size_t len = strlen(buf), tail = strlen(tails[i]);

			if (len > tail && str_ends(buf, tails[i])) {
				buf[len - tail] = '\0';
				shorter = true;
			}
		}
	}
}

/* A model that is not in the database is named by its id: "Intel device 0d57". */
static void look_up_name(const char *modalias, struct field_u64 id, struct field_str *ret)
{
	_cleanup_free_ char *vendor = NULL, *model = NULL;
	char text[512], shortened[128], unknown[32];

	if (sys_hwdb_names(modalias, &vendor, &model) < 0 || !vendor)
		return;
	snprintf(unknown, sizeof(unknown), "device %04" PRIx64, id.value);
	shorten_vendor(vendor, shortened, sizeof(shortened));
	snprintf(text, sizeof(text), "%s %s", shortened, model ? model : unknown);
	gather_set(ret, text);
}

/* Returns NULL if out of memory. */
static const struct field_str *known_name(struct gather *gather, const char *modalias,
					  struct field_u64 id)
{
	struct known_name *slot;
	char *copy;

	for (size_t i = 0; i < gather->n_names; i++)
		if (strcmp(gather->names[i].modalias, modalias) == 0)
			return &gather->names[i].name;
	copy = strdup(modalias);
	slot = copy ? array_push(gather->names, gather->n_names) : NULL;
	if (!slot) {
		free(copy);
		return NULL;
	}
	*slot = (struct known_name){ .modalias = copy };
	look_up_name(modalias, id, &slot->name);
	return &slot->name;
}

/* The name is absent if the database, or its entry, is missing. */
static void set_name(struct gather *gather, const char *modalias, struct device *device)
{
	const struct field_str *name;
	char text[64];

	if (!modalias) {
		if (device->vendor.status != 1 || device->device.status != 1)
			return;
		/* A capture without uevent: look up by the ids only. */
		snprintf(text, sizeof(text), "pci:v%08Xd%08Xsv00000000sd00000000bc00sc00i00",
			 (unsigned int)device->vendor.value, (unsigned int)device->device.value);
		modalias = text;
	}
	name = known_name(gather, modalias, device->device);
	if (name && name->status == 1)
		gather_set(&device->name, name->value);
}

/* A captured tree may only have the single files. */
static void read_files(struct sys_dir dir, struct device *device)
{
	device->vendor = gather_u64(dir, "vendor");
	device->device = gather_u64(dir, "device");
	device->subsystem_vendor = gather_u64(dir, "subsystem_vendor");
	device->subsystem_device = gather_u64(dir, "subsystem_device");
	device->class = gather_u64(dir, "class");
	gather_link(dir, "driver", &device->driver);
}

static void read_uevent(struct sys_dir dir, struct device *device, char *text, size_t size,
			struct uevent *event)
{
	ssize_t len = sys_read(dir, "uevent", text, size);

	if (len == -ENOENT) {
		read_files(dir, device);
		return;
	}
	if (len < 0) {
		all_unreadable(device, (int)len);
		return;
	}
	uevent_parse(text, event);
	pair_fields(event->ids, &device->vendor, &device->device);
	pair_fields(event->subsystem, &device->subsystem_vendor, &device->subsystem_device);
	device->class = hex_field(event->class, 0xffffff);
	if (event->driver)
		gather_set(&device->driver, event->driver);
}

void gather_identity(struct gather *gather, struct sys_dir dir, struct device *device)
{
	struct uevent event = { 0 };
	char text[4096];
	const char *word;

	if (!(gather->need & IDENTITY)) {
		if (gather->need & DEVICE_NEED_DRIVER)
			gather_link(dir, "driver", &device->driver);
		return;
	}
	read_uevent(dir, device, text, sizeof(text), &event);
	device->class_name.status = device->class.status < 0 ? device->class.status : 0;
	word = device->class.status == 1 ? device_class_word((uint32_t)device->class.value) : NULL;
	if (word)
		gather_set(&device->class_name, word);
	if (gather->need & DEVICE_NEED_NAME)
		set_name(gather, event.modalias, device);
}
