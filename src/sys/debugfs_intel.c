/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/debugfs_intel.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/pasid.h"

#define DIRECTORY  "sys/kernel/debug/iommu/intel"
#define LINE_SIZE  512
#define CHUNK_SIZE 65536

static bool looks_like_entry(const char *line)
{
	return isxdigit((unsigned char)line[0]) && isxdigit((unsigned char)line[1]) &&
	       line[2] == ':';
}

int sys_dmar_parse(const char *line, struct dmar_entry *ret)
{
	unsigned int bus, device, function;
	struct dmar_entry entry = { 0 };
	int pasid, end = 0;

	if (!looks_like_entry(line))
		return 0;
	if (sscanf(line,
		   "%2x:%2x.%1x %*18[0-9a-fx]:%*18[0-9a-fx] %18" SCNx64 ":%18" SCNx64 " %7d "
		   "%18" SCNx64 ":%18" SCNx64 ":%18" SCNx64 "%n",
		   &bus, &device, &function, &entry.context_high, &entry.context_low, &pasid,
		   &entry.high, &entry.mid, &entry.low, &end) != 9)
		return -EBADMSG;
	if (line[end + (int)strspn(line + end, " \n")] || device > 0x1f || function > 7 ||
	    pasid < -1 || pasid > PASID_MAX)
		return -EBADMSG;
	entry.bus = (uint8_t)bus;
	entry.device = (uint8_t)device;
	entry.function = (uint8_t)function;
	entry.pasid = pasid < 0 ? DMAR_LEGACY : (uint32_t)pasid;
	entry.type = entry.low >> 6 & 7;
	entry.domain = (uint16_t)entry.mid;
	*ret = entry;
	return 1;
}

/* "IOMMU dmar0: Root Table Address: 0x..." precedes the entries of a unit. */
static void parse_heading(const char *line, char *unit, size_t size)
{
	static const char prefix[] = "IOMMU ";
	const char *end = strchr(line, ':');
	size_t len;

	if (!str_starts(line, prefix) || !end)
		return;
	line += strlen(prefix);
	len = (size_t)(end - line);
	if (len < size)
		snprintf(unit, size, "%.*s", (int)len, line);
}

static int walk(FILE *f, int (*each)(const struct dmar_entry *, void *), void *data)
{
	struct dmar_entry entry;
	char line[LINE_SIZE], unit[sizeof(entry.unit)] = "";
	bool fresh = true;
	int r;

	while (fgets(line, sizeof(line), f)) {
		bool begins = fresh;

		fresh = strchr(line, '\n') != NULL;
		if (!begins)
			continue;
		r = sys_dmar_parse(line, &entry);
		if (r < 0)
			return r;
		if (r == 0) {
			parse_heading(line, unit, sizeof(unit));
			continue;
		}
		memcpy(entry.unit, unit, sizeof(unit));
		r = each(&entry, data);
		if (r != 0)
			return r;
	}
	return ferror(f) ? -errno : 0;
}

int sys_dmar_entries(const struct sys_root *root,
		     int (*each)(const struct dmar_entry *entry, void *data), void *data)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	_cleanup_close_ int fd = -1;
	char buf[CHUNK_SIZE];
	FILE *f;
	int r;

	dir = sys_dir_open(root, DIRECTORY);
	fd = sys_file_open(dir, "dmar_translation_struct");
	if (fd < 0)
		return fd;
	f = fdopen(fd, "r");
	if (!f)
		return -ENOMEM;
	(void)TAKE_FD(fd);
	setvbuf(f, buf, _IOFBF, sizeof(buf));
	r = walk(f, each, data);
	fclose(f);
	return r;
}
