/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/driver/match.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "model/driver/internal.h"
#include "util/array.h"

#define DRIVERS "sys/bus/pci/drivers"
#define DEVICES "sys/bus/pci/devices"

/*
 * A kernel driver. The drivers of one module share its aliases, which do not say which driver they
 * are for.
 */
struct entry {
	char *driver, *module;
	bool aliases; /* some of its devices are known */
	bool made, any;
};

struct table {
	struct entry *v;
	size_t n;
	const char *modalias; /* of the device */
	int error;            /* of the alias files: -errno, -ENOENT if there are none; 0 */
};

static void table_done(struct table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		free(table->v[i].driver);
		free(table->v[i].module);
	}
	free(table->v);
}

void driver_fit_done(struct driver_fit *fit)
{
	strv_done(&fit->made);
}

/* Drivers without an ID table that bind any device; the kernel has no list of them. */
bool driver_is_generic(const char *driver)
{
	static const char *const names[] = { "pci-stub", "pci-pf-stub", "pciback", "igb_uio" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(driver, names[i]) == 0)
			return true;
	return strstr(driver, "vfio") || str_starts(driver, "uio_pci");
}

/* "-" and "_" are equal: "vfio-pci.ko" is loaded as vfio_pci. */
static bool is_module(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

static int add_entry(const struct sys_root *root, const char *driver, struct table *table)
{
	char path[PATH_MAX], module[NAME_MAX + 1];
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	struct entry *entry;

	snprintf(path, sizeof(path), DRIVERS "/%s", driver);
	dir = sys_dir_open(root, path);
	/* Also exists for built-in drivers, see module_add_driver(). */
	if (sys_read_link(dir, "module", module, sizeof(module)) < 0)
		snprintf(module, sizeof(module), "%s", driver);
	entry = array_push(table->v, table->n);
	if (!entry)
		return -ENOMEM;
	*entry = (struct entry){ .driver = strdup(driver),
				 .module = strdup(module),
				 .any = driver_is_generic(driver) };
	return entry->driver && entry->module ? 0 : -ENOMEM;
}

static int read_drivers(const struct sys_root *root, struct table *table)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, DRIVERS);
	int r = sys_list(dir, ".", &list);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = add_entry(root, list.v[i], table);
	return r;
}

static void on_alias(const char *module, const char *pattern, void *data)
{
	struct table *table = data;
	/*
	 * Aliases for driver_override only, see do_pci_entry() of modpost: the driver is meant to
	 * be assigned.
	 */
	bool override = str_starts(pattern, "vfio_pci:");

	if (!override && !str_starts(pattern, "pci:"))
		return;
	for (size_t i = 0; i < table->n; i++) {
		struct entry *entry = &table->v[i];

		if (!is_module(entry->module, module))
			continue;
		entry->any = entry->any || override;
		entry->aliases = entry->aliases || !override;
		if (!override && !entry->made)
			entry->made = fnmatch(pattern, table->modalias, 0) == 0;
	}
}

/*
 * "MODALIAS=pci:v00008086..." of the device in DIR, and its driver, "" if none. Returns 0 or
 * -errno.
 */
static int read_uevent(struct sys_dir dir, char *modalias, size_t size, char *driver,
		       size_t driver_size)
{
	char text[4096], *save = NULL;
	ssize_t len = sys_read(dir, "uevent", text, sizeof(text));

	*modalias = *driver = '\0';
	if (len < 0)
		return (int)len;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (str_starts(line, "MODALIAS="))
			snprintf(modalias, size, "%s", line + strlen("MODALIAS="));
		if (str_starts(line, "DRIVER="))
			snprintf(driver, driver_size, "%s", line + strlen("DRIVER="));
	}
	return *modalias ? 0 : -ENOENT;
}

/* Does the device in DIR have an override? Then the kernel did not choose its driver. */
static bool is_overridden(struct sys_dir dir)
{
	char text[NAME_MAX + 2];

	return sys_read(dir, "driver_override", text, sizeof(text)) < 0 ||
	       (*text && strcmp(text, "(null)") != 0);
}

/* The devices that the kernel has bound by itself: these need no alias file. */
static int read_bound(const struct sys_root *root, struct table *table)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir devices = sys_dir_open(root, DEVICES);
	int r = sys_list(devices, ".", &list);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		char path[PATH_MAX], modalias[256], driver[NAME_MAX + 1];
		_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

		snprintf(path, sizeof(path), DEVICES "/%s", list.v[i]);
		dir = sys_dir_open(root, path);
		if (read_uevent(dir, modalias, sizeof(modalias), driver, sizeof(driver)) < 0 ||
		    strcmp(modalias, table->modalias) != 0 || is_overridden(dir))
			continue;
		for (size_t k = 0; k < table->n; k++)
			if (strcmp(table->v[k].driver, driver) == 0)
				table->v[k].made = true;
	}
	return r;
}

static int table_read(const struct sys_root *root, const char *path, char *modalias, size_t size,
		      struct table *table)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, path + 1);
	char driver[NAME_MAX + 1];
	int r;

	table->modalias = modalias;
	r = read_drivers(root, table);
	if (r < 0)
		return r;
	table->error = read_uevent(dir, modalias, size, driver, sizeof(driver));
	if (table->error < 0)
		return 0;
	table->error = driver_aliases(root, on_alias, table);
	return table->error == -ENOMEM ? -ENOMEM : read_bound(root, table);
}

int driver_match(const struct sys_root *root, const char *path, const char *driver,
		 struct driver_fit *ret)
{
	_cleanup_(table_done) struct table table = { 0 };
	_cleanup_driver_fit_ struct driver_fit fit = { 0 };
	char modalias[256];
	int r = table_read(root, path, modalias, sizeof(modalias), &table);

	fit.error = table.error;
	for (size_t i = 0; r == 0 && i < table.n; i++) {
		const struct entry *entry = &table.v[i];

		if (strcmp(entry->driver, driver) != 0) {
			if (entry->made && !entry->any)
				r = strv_push(&fit.made, entry->driver);
			continue;
		}
		fit.match = entry->any       ? DRIVER_MATCH_ANY
			    : entry->made    ? DRIVER_MATCH_YES
			    : entry->aliases ? DRIVER_MATCH_NO
					     : DRIVER_MATCH_UNKNOWN;
	}
	if (r < 0)
		return r;
	*ret = fit;
	fit = (struct driver_fit){ 0 };
	return 0;
}

const char *driver_match_reason(int error)
{
	return error < 0 && error != -ENOENT
		       ? strerror(-error)
		       : "this kernel has no modules.alias or modules.builtin.modinfo that says so";
}

int driver_match_list(const struct sys_root *root, const char *path, struct strv *ret,
		      int *ret_error)
{
	_cleanup_(table_done) struct table table = { 0 };
	_cleanup_strv_ struct strv list = { 0 };
	char modalias[256];
	int r = table_read(root, path, modalias, sizeof(modalias), &table);

	for (size_t i = 0; r == 0 && i < table.n; i++)
		if (table.v[i].made || table.v[i].any)
			r = strv_push(&list, table.v[i].driver);
	if (r < 0)
		return r;
	*ret = list;
	*ret_error = table.error;
	list = (struct strv){ 0 };
	return 0;
}

struct reduction {
	struct table *table;
	struct strv modaliases; /* each once: VFs come in hundreds */
	FILE *out;
};

static void reduction_done(struct reduction *reduction)
{
	strv_done(&reduction->modaliases);
}

/*
 * Keeps for each driver the aliases of this machine's devices, or else one line, which shows that
 * it has aliases for others.
 */
static void keep_alias(const char *module, const char *pattern, void *data)
{
	const struct reduction *reduction = data;
	bool override = str_starts(pattern, "vfio_pci:"), keep = override;
	struct entry *entry = NULL;

	if (!override && !str_starts(pattern, "pci:"))
		return;
	for (size_t i = 0; !entry && i < reduction->table->n; i++)
		if (is_module(reduction->table->v[i].module, module))
			entry = &reduction->table->v[i];
	if (!entry)
		return;
	keep = keep || !entry->aliases;
	for (size_t i = 0; !keep && i < reduction->modaliases.n; i++)
		keep = fnmatch(pattern, reduction->modaliases.v[i], 0) == 0;
	if (keep)
		fprintf(reduction->out, "alias %s %s\n", pattern, module);
	entry->aliases = true;
}

int driver_match_reduce(const struct sys_root *root, FILE *out)
{
	_cleanup_(table_done) struct table table = { 0 };
	_cleanup_(reduction_done) struct reduction reduction = { .table = &table, .out = out };
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir devices = sys_dir_open(root, DEVICES);
	int r = sys_list(devices, ".", &list);

	if (r == 0)
		r = read_drivers(root, &table);
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		char path[PATH_MAX], modalias[256], driver[NAME_MAX + 1];
		_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

		snprintf(path, sizeof(path), DEVICES "/%s", list.v[i]);
		dir = sys_dir_open(root, path);
		if (read_uevent(dir, modalias, sizeof(modalias), driver, sizeof(driver)) == 0 &&
		    !strv_has(&reduction.modaliases, modalias))
			r = strv_push(&reduction.modaliases, modalias);
	}
	return r == 0 ? driver_aliases(root, keep_alias, &reduction) : r;
}
