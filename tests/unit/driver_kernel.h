/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake kernel for changing the driver of a PCI device, for one file of a program: every
 * sys_root_write() ends here, in the process that calls it, and is logged in the tree's file "log".
 */
#pragma once

#define MEMORY_FENCED
#include "memory.h"

#include <signal.h>

#include "sys/udev.h"

#define ID     "0000:00:03.0"
#define NIC    "pci0000:00/" ID
#define PATH   "/sys/devices/" NIC
#define DEVICE "sys/devices/" NIC "/"

/* How the kernel behaves. */
struct kernel {
	const struct tree *tree;
	const char *takes;    /* the driver that binds a device without override; NULL: none */
	const char *refuses;  /* a write that fails: "unbind e1000e" */
	int error;            /* its errno; 0: the process is killed instead */
	bool every_time;      /* else only the first time */
	bool cdev, group;     /* what binding vfio-pci creates */
	const char *signals;  /* a write during which the waiting process gets SIGTERM */
	const char *vanishes; /* a write that removes the device */
	int waits;            /* what waiting for a node returns */
	int monitor;          /* what opening the monitor returns */
};

static struct kernel kernel;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Of all processes. */
static void note(const char *format, ...)
{
	int fd = openat(kernel.tree->root.fd, "log", O_WRONLY | O_CREAT | O_APPEND, 0644);
	va_list ap;

	va_start(ap, format);
	vdprintf(fd, format, ap);
	va_end(ap);
	close(fd);
}

static void read_log(char *buf, size_t size)
{
	int fd = openat(kernel.tree->root.fd, "log", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	close(fd);
}

static bool noted(const char *line)
{
	char text[4096], whole[320];

	read_log(text, sizeof(text));
	snprintf(whole, sizeof(whole), "%s\n", line);
	return strstr(text, whole) != NULL;
}

/* The device's driver, "" if none. */
static void read_driver(char *buf, size_t size)
{
	if (sys_read_link(tree_top(kernel.tree), DEVICE "driver", buf, size) < 0)
		*buf = '\0';
}

static void bind_driver(const char *driver)
{
	char target[256];

	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	tree_link(kernel.tree, DEVICE "driver", target);
	if (strcmp(driver, "vfio-pci") != 0)
		return;
	if (kernel.cdev)
		tree_dir(kernel.tree, DEVICE "vfio-dev/vfio7");
	if (kernel.group)
		tree_dir(kernel.tree, "sys/class/vfio/3");
}

static int unbind_driver(const char *driver)
{
	char has[256];

	read_driver(has, sizeof(has));
	if (strcmp(has, driver) != 0)
		return -ENODEV;
	unlinkat(kernel.tree->root.fd, DEVICE "driver", 0);
	unlinkat(kernel.tree->root.fd, DEVICE "vfio-dev/vfio7", AT_REMOVEDIR);
	return 0;
}

static int probe(void)
{
	char has[256], override[256] = "";

	read_driver(has, sizeof(has));
	if (*has)
		return 0;
	(void)sys_read(tree_top(kernel.tree), DEVICE "driver_override", override, sizeof(override));
	if (strcmp(override, "(null)") != 0)
		bind_driver(override);
	else if (kernel.takes)
		bind_driver(kernel.takes);
	return 0;
}

static int play(const char *what, const char *driver, const char *value)
{
	if (strcmp(what, "unbind") == 0)
		return unbind_driver(driver);
	if (strcmp(what, "probe") == 0)
		return probe();
	if (strcmp(what, "bind") == 0)
		bind_driver(driver);
	else
		tree_file(kernel.tree, DEVICE "driver_override",
			  *value == '\n' ? "(null)\n" : value);
	return 0;
}

/* "override vfio-pci", "unbind e1000e", "bind e1000e", "probe"; anything else literally. */
static int write_played(const char *path, const char *value)
{
	char line[300], driver[128] = "", file[16] = "";
	bool before;

	if (strcmp(path, PATH "/driver_override") == 0)
		snprintf(line, sizeof(line), "override %s", *value == '\n' ? "-" : value);
	else if (strcmp(value, ID) != 0)
		snprintf(line, sizeof(line), "%s < %s", path, value);
	else if (strcmp(path, "/sys/bus/pci/drivers_probe") == 0)
		snprintf(line, sizeof(line), "probe");
	else if (sscanf(path, "/sys/bus/pci/drivers/%127[^/]/%15s", driver, file) == 2)
		snprintf(line, sizeof(line), "%s %s", file, driver);
	else
		snprintf(line, sizeof(line), "%s < %s", path, value);
	before = noted(line);
	note("%s\n", line);
	if (kernel.signals && strcmp(kernel.signals, line) == 0 && !before)
		kill(getppid(), SIGTERM);
	if (kernel.vanishes && strcmp(kernel.vanishes, line) == 0)
		return renameat(kernel.tree->root.fd, DEVICE, kernel.tree->root.fd, "gone");
	if (kernel.refuses && strcmp(kernel.refuses, line) == 0 && (kernel.every_time || !before)) {
		if (!kernel.error)
			raise(SIGKILL);
		return kernel.error;
	}
	*strchrnul(line, ' ') = '\0';
	return play(line, driver, value);
}

int __wrap_sys_root_write(const struct sys_root *root, const char *path, const char *value);
int __wrap_sys_monitor_open(const char *const *subsystems, size_t n, struct sys_monitor **ret);
int __wrap_sys_monitor_wait(struct sys_monitor *monitor, const char *name, const char *node,
			    int stop, unsigned int timeout_ms);

int __wrap_sys_root_write(const struct sys_root *root, const char *path, const char *value)
{
	return root->captured ? -EROFS : write_played(path, value);
}

int __wrap_sys_monitor_open(const char *const *subsystems, size_t n, struct sys_monitor **ret)
{
	*ret = NULL;
	note("listen");
	for (size_t i = 0; i < n; i++)
		note(" %s", subsystems[i]);
	note("\n");
	return kernel.monitor;
}

int __wrap_sys_monitor_wait(struct sys_monitor *monitor, const char *name, const char *node,
			    int stop, unsigned int timeout_ms)
{
	(void)monitor;
	note("wait %s %s %u%s\n", name, node, timeout_ms, stop >= 0 ? "" : " unstoppable");
	return kernel.waits;
}
