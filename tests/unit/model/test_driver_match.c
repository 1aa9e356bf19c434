/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices a driver supports, from the files of depmod and the kernel's build. */
#define MEMORY_FENCED
#include "../memory.h"

#include "model/driver/match.h"

#define NIC     "pci0000:00/0000:00:03.0"
#define PATH    "/sys/devices/" NIC
#define MODULES "lib/modules/7.3.4+deb13-amd64/"

/* From the uevent of the lab's NIC. */
#define MODALIAS "MODALIAS=pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00\n"

/* Lines of Debian's linux-modules-7.3.4+deb13-amd64, as depmod writes them. */
#define ALIASES \
	"# Aliases extracted from modules themselves.\n" \
	"alias pci:v*d*sv*sd*bc01sc08i02* nvme\n" \
	"alias pci:v00001B36d00000010sv*sd*bc*sc*i* nvme\n" \
	"alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n" \
	"alias pci:v00008086d000010F5sv*sd*bc*sc*i* e1000e\n" \
	"alias pci:v00008086d000010D6sv*sd*bc*sc*i* igb\n" \
	"alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"

static void driver(const struct tree *tree, const char *name, const char *module)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s", name);
	tree_dir(tree, path);
	if (!module)
		return;
	snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s/module", name);
	snprintf(target, sizeof(target), "../../../../module/%s", module);
	tree_link(tree, path, target);
}

/* Creates or replaces it. */
static void device(const struct tree *tree, const char *address, const char *uevent,
		   const char *override)
{
	char place[128], path[256], outside[512];

	snprintf(place, sizeof(place), "pci0000:00/%s", address);
	snprintf(path, sizeof(path), "sys/devices/%s/uevent", place);
	if (access(tree_place(tree, path, outside, sizeof(outside)), F_OK) < 0)
		tree_pci(tree, place, NULL, uevent);
	else
		tree_file(tree, path, uevent);
	snprintf(path, sizeof(path), "sys/devices/%s/driver_override", place);
	tree_file(tree, path, override);
}

static void make(const struct tree *tree)
{
	tree_file(tree, "proc/sys/kernel/osrelease", "7.3.4+deb13-amd64\n");
	device(tree, "0000:00:03.0", MODALIAS, "(null)\n");
	driver(tree, "e1000e", "e1000e");
	driver(tree, "igb", "igb");
	driver(tree, "nvme", "nvme");
	driver(tree, "vfio-pci", "vfio_pci");
	driver(tree, "pci-stub", NULL);
	driver(tree, "uio_pci_generic", "uio_pci_generic");
	driver(tree, "sym53c8xx", "sym53c8xx");
}

/* MADE: the other drivers that are made for the device, with blanks between. */
static void check_made(const struct tree *tree, const char *name, enum driver_match expected,
		       int error, const char *made)
{
	_cleanup_driver_fit_ struct driver_fit fit = { 0 };
	_cleanup_free_ char *names = NULL;

	assert_int_equal(driver_match(&tree->root, PATH, name, &fit), 0);
	if (fit.match != expected || fit.error != error)
		fail_msg("%s: %d, error %d", name, fit.match, fit.error);
	names = strv_join(&fit.made, " ");
	assert_string_equal(names, made);
}

/* One that e1000e is made for: the others say so. */
static void check(const struct tree *tree, const char *name, enum driver_match expected, int error)
{
	check_made(tree, name, expected, error, strcmp(name, "e1000e") == 0 ? "" : "e1000e");
}

static void check_list_with(const struct tree *tree, const char *expected, int expected_error)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_free_ char *names = NULL;
	int error = 77;

	assert_int_equal(driver_match_list(&tree->root, PATH, &list, &error), 0);
	assert_int_equal(error, expected_error);
	names = strv_join(&list, " ");
	assert_string_equal(names, expected);
}

static void check_list(const struct tree *tree, const char *expected)
{
	check_list_with(tree, expected, 0);
}

static void reads_aliases_of_modules(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	tree_file(tree, MODULES "modules.alias", ALIASES);
	check(tree, "e1000e", DRIVER_MATCH_YES, 0);
	check(tree, "igb", DRIVER_MATCH_NO, 0);
	check(tree, "nvme", DRIVER_MATCH_NO, 0);
	check(tree, "vfio-pci", DRIVER_MATCH_ANY, 0);
	check(tree, "pci-stub", DRIVER_MATCH_ANY, 0);
	check(tree, "uio_pci_generic", DRIVER_MATCH_ANY, 0);
	check(tree, "sym53c8xx", DRIVER_MATCH_UNKNOWN, 0);
	check(tree, "none", DRIVER_MATCH_UNKNOWN, 0);
	check_list(tree, "e1000e pci-stub uio_pci_generic vfio-pci");
}

/*
 * As handle_moddevtable() of modpost writes it since Linux 6.18; here from Debian's virtio_pci and
 * 8250_pci.
 */
static void reads_aliases_of_what_is_built_in(void **state)
{
	static const char modinfo[] = "virtio_pci.license=GPL\0"
				      "virtio_pci.alias=pci:v00001AF4d*sv*sd*bc*sc*i*\0"
				      "8250_pci.alias=pci:v*d*sv*sd*bc07sc02i*\0"
				      "e1000e.description=x.alias=pci:v*d*sv*sd*bc*sc*i*\0"
				      ".alias=pci:v*d*sv*sd*bc*sc*i*\0"
				      "e1000e.alias=pci:v00008086d000010D3sv*sd*bc*sc*i*";
	const struct tree *tree = *state;

	make(tree);
	driver(tree, "virtio-pci", "virtio_pci");
	driver(tree, "serial", "8250_pci");
	tree_data(tree, MODULES "modules.builtin.modinfo", modinfo, sizeof(modinfo));
	check(tree, "e1000e", DRIVER_MATCH_YES, 0);
	check(tree, "virtio-pci", DRIVER_MATCH_NO, 0);
	check(tree, "serial", DRIVER_MATCH_NO, 0);
	check(tree, "igb", DRIVER_MATCH_UNKNOWN, 0);
}

/* An out-of-tree VFIO driver is recognized by its aliases, not by its name. */
static void knows_drivers_for_any(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	driver(tree, "assign-me", "assign_me");
	tree_file(tree, MODULES "modules.alias",
		  "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* assign-me\n"
		  "alias pci:* assign_me\n");
	check_made(tree, "assign-me", DRIVER_MATCH_ANY, 0, "");
	check_made(tree, "e1000e", DRIVER_MATCH_UNKNOWN, 0, "");
	check_list(tree, "assign-me pci-stub uio_pci_generic vfio-pci");
}

/* Two drivers of one module, one of a name that begins as another's, and aliases of another bus. */
static void tells_modules_apart(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	driver(tree, "e1000", "e1000");
	driver(tree, "a-1", "shared_mod");
	driver(tree, "a-2", "shared_mod");
	driver(tree, "own_name", NULL);
	tree_file(
		tree, MODULES "modules.alias",
		"alias pci:* e1000e\nalias pci:v0000FFFFd* e1000\nalias pci:v00008086* shared-mod\n"
		"alias usb:* igb\nalias pci:v0000FFFFd* shared_mod\nalias pci:* own-name\n");
	check_made(tree, "e1000e", DRIVER_MATCH_YES, 0, "a-1 a-2 own_name");
	check_made(tree, "e1000", DRIVER_MATCH_NO, 0, "a-1 a-2 e1000e own_name");
	check_made(tree, "a-1", DRIVER_MATCH_YES, 0, "a-2 e1000e own_name");
	check_made(tree, "own_name", DRIVER_MATCH_YES, 0, "a-1 a-2 e1000e");
	check_made(tree, "igb", DRIVER_MATCH_UNKNOWN, 0, "a-1 a-2 e1000e own_name");
	check_list(tree, "a-1 a-2 e1000e own_name pci-stub uio_pci_generic vfio-pci");
}

/* Without alias files, the devices bound by the kernel count. */
static void reads_what_is_bound(void **state)
{
#define OTHER "MODALIAS=pci:v00008086d000010D3sv00008086sd00000001bc02sc00i00\n"
	static const struct {
		const char *uevent, *override;
		bool made;
	} cases[] = {
		{ "DRIVER=e1000e\n" MODALIAS, "(null)\n", true },
		{ MODALIAS "PCI_ID=1\nDRIVER=e1000e", "\n", true },
		{ "DRIVER=e1000e\n" MODALIAS, "", true },
		/* Its driver was given to it; it is another device; it has no driver, or no name. */
		{ "DRIVER=e1000e\n" MODALIAS, "e1000e\n", false },
		{ "DRIVER=e1000e\n" MODALIAS, "(null)x\n", false },
		{ "DRIVER=e1000e\n" OTHER, "(null)\n", false },
		{ "XDRIVER=e1000e\n" MODALIAS, "(null)\n", false },
		{ "DRIVER=e1000e\nXMODALIAS=x\n", "(null)\n", false },
		{ "DRIVER=e1000\n" MODALIAS, "(null)\n", false },
	};
	const struct tree *tree = *state;

	make(tree);
	check_made(tree, "e1000e", DRIVER_MATCH_UNKNOWN, -ENOENT, "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		device(tree, "0000:00:04.0", cases[i].uevent, cases[i].override);
		check_made(tree, "e1000e", cases[i].made ? DRIVER_MATCH_YES : DRIVER_MATCH_UNKNOWN,
			   -ENOENT, "");
		check_made(tree, "igb", DRIVER_MATCH_UNKNOWN, -ENOENT,
			   cases[i].made ? "e1000e" : "");
	}
	/* Where it is not known whether it was given, it does not count; there may be more devices. */
	device(tree, "0000:00:04.0", cases[0].uevent, "");
	device(tree, "0000:00:05.0", "DRIVER=igb\n" MODALIAS, "(null)\n");
	tree_dir(tree, "sys/bus/pci/devices/0000:00:06.0");
	check_made(tree, "nvme", DRIVER_MATCH_UNKNOWN, -ENOENT, "e1000e igb");
	assert_int_equal(
		unlinkat(tree->root.fd, "sys/devices/pci0000:00/0000:00:04.0/driver_override", 0),
		0);
	check_made(tree, "nvme", DRIVER_MATCH_UNKNOWN, -ENOENT, "igb");
}

static void says_what_it_could_not_read(void **state)
{
	const struct tree *tree = *state;
	static char longest[70000];

	make(tree);
	tree_link(tree, MODULES "modules.alias", "errno:13");
	check(tree, "e1000e", DRIVER_MATCH_UNKNOWN, -EACCES);
	check_made(tree, "vfio-pci", DRIVER_MATCH_ANY, -EACCES, "");
	/* A device without modalias. */
	device(tree, "0000:00:03.0", "", "(null)\n");
	check(tree, "e1000e", DRIVER_MATCH_UNKNOWN, -ENOENT);
	check_made(tree, "vfio-pci", DRIVER_MATCH_ANY, -ENOENT, "");
	check_list_with(tree, "pci-stub uio_pci_generic vfio-pci", -ENOENT);
	/* With any contents of the files. */
	device(tree, "0000:00:03.0", MODALIAS, "(null)\n");
	tree_file(tree, "proc/sys/kernel/osrelease", "other\n");
	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "alias pci:* ", strlen("alias pci:* "));
	tree_file(tree, "lib/modules/other/modules.alias", longest);
	check(tree, "e1000e", DRIVER_MATCH_UNKNOWN, 0);
	tree_file(tree, "lib/modules/other/modules.alias",
		  "\nalias\nalias pci:*\nalias  \n pci:* e1000e\nsomething pci:* e1000e\n");
	check(tree, "e1000e", DRIVER_MATCH_UNKNOWN, 0);
	tree_file(tree, "proc/sys/kernel/osrelease", "../../x\n");
	check(tree, "e1000e", DRIVER_MATCH_UNKNOWN, -EBADMSG);
}

/* The kernel's drivers, its devices, and what this one is: without the first two there is no answer. */
static void fails(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_fit_ struct driver_fit fit = { .match = DRIVER_MATCH_ANY };
	_cleanup_strv_ struct strv list = { 0 };
	FILE *f = fopen("/dev/null", "w");
	int error = 77;

	assert_non_null(f);
	assert_int_equal(driver_match(&tree->root, PATH, "e1000e", &fit), -ENOENT);
	assert_int_equal(driver_match_list(&tree->root, PATH, &list, &error), -ENOENT);
	assert_int_equal(driver_match_reduce(&tree->root, f), -ENOENT);
	assert_int_equal(fit.match, DRIVER_MATCH_ANY);
	make(tree);
	assert_int_equal(driver_match_reduce(&tree->root, f), -ENOENT);
	assert_int_equal(driver_match(&tree->root, "/sys/devices/none", "e1000e", &fit), 0);
	assert_int_equal(fit.match, DRIVER_MATCH_UNKNOWN);
	assert_int_equal(fit.error, -ENOENT);
	assert_int_equal(renameat(tree->root.fd, "sys/bus/pci/devices", tree->root.fd, "x"), 0);
	tree_link(tree, "sys/bus/pci/devices", "errno:13");
	assert_int_equal(driver_match(&tree->root, PATH, "e1000e", &fit), -EACCES);
	assert_int_equal(driver_match_list(&tree->root, PATH, &list, &error), -EACCES);
	assert_int_equal(error, 77);
	assert_int_equal(driver_match_reduce(&tree->root, f), -EACCES);
	assert_int_equal(unlinkat(tree->root.fd, "sys/bus/pci/devices", 0), 0);
	assert_int_equal(renameat(tree->root.fd, "x", tree->root.fd, "sys/bus/pci/devices"), 0);
	assert_int_equal(renameat(tree->root.fd, "sys/bus/pci/drivers", tree->root.fd, "y"), 0);
	tree_link(tree, "sys/bus/pci/drivers", "errno:13");
	assert_int_equal(driver_match_reduce(&tree->root, f), -EACCES);
	fclose(f);
}

static int try_match(void *data)
{
	const struct tree *tree = data;
	_cleanup_driver_fit_ struct driver_fit fit = { 0 };
	int r = driver_match(&tree->root, PATH, "nvme", &fit);

	assert_int_equal(fit.made.n, r == 0 ? 1 : 0);
	return r;
}

static int try_match_list(void *data)
{
	const struct tree *tree = data;
	_cleanup_strv_ struct strv list = { 0 };
	int error, r = driver_match_list(&tree->root, PATH, &list, &error);

	assert_int_equal(list.n, r == 0 ? 4 : 0);
	return r;
}

static int try_reduce(void *data)
{
	const struct tree *tree = data;
	FILE *f = fopen("/dev/null", "w");
	int r;

	if (!f)
		return -ENOMEM;
	r = driver_match_reduce(&tree->root, f);
	fclose(f);
	return r;
}

static void runs_out_of_memory(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	tree_file(tree, MODULES "modules.alias", ALIASES);
	memory_exhaust(try_match, *state, 0);
	memory_exhaust(try_match_list, *state, 0);
	memory_exhaust(try_reduce, *state, 0);
}

/* What a capture keeps has the same result as the whole files. */
static void reduces(void **state)
{
	const struct tree *tree = *state;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	make(tree);
	device(tree, "0000:00:04.0", MODALIAS, "(null)\n");
	device(tree, "0000:00:05.0", "MODALIAS=pci:v00008086d000010D6x\n", "(null)\n");
	device(tree, "0000:00:06.0", "DRIVER=igb\n", "(null)\n");
	tree_file(
		tree, MODULES "modules.alias",
		"alias usb:v*d* e1000e\nalias pci:v0000AAAA* igb\nalias pci:v0000BBBB* igb\n" ALIASES
		"alias pci:v0000ABCDd*sv*sd*bc*sc*i* not_loaded\n"
		"alias vfio_pci:v0000ABCDd* not_loaded\n"
		"alias vfio_pci:v0000ABCDd* igb\nalias pci:v00008086* igb\n"
		"alias pci:v00008086d000010D6* e1000e\n");
	assert_int_equal(driver_match_reduce(&tree->root, f), 0);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "alias pci:v0000AAAA* igb\n"
				  "alias pci:v*d*sv*sd*bc01sc08i02* nvme\n"
				  "alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n"
				  "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
				  "alias vfio_pci:v0000ABCDd* igb\n"
				  "alias pci:v00008086* igb\n"
				  "alias pci:v00008086d000010D6* e1000e\n");
	tree_file(tree, MODULES "modules.alias", text);
	check(tree, "e1000e", DRIVER_MATCH_YES, 0);
	check(tree, "nvme", DRIVER_MATCH_NO, 0);
	check(tree, "igb", DRIVER_MATCH_ANY, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(reads_aliases_of_modules),
		tree_test(reads_aliases_of_what_is_built_in),
		tree_test(knows_drivers_for_any),
		tree_test(tells_modules_apart),
		tree_test(reads_what_is_bound),
		tree_test(says_what_it_could_not_read),
		tree_test(fails),
		tree_test(reduces),
		tree_test(runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
