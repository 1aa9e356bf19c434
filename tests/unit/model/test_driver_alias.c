/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The aliases of modules, as depmod and the kernel's build leave them. */
#define MEMORY_FENCED
#include "../memory.h"

#include "model/driver/internal.h"
#include "model/driver/match.h"

#define RELEASE  "proc/sys/kernel/osrelease"
#define LOADABLE "lib/modules/1.2/modules.alias"
#define BUILTIN  "lib/modules/1.2/modules.builtin.modinfo"

static void note(const char *module, const char *pattern, void *data)
{
	fprintf(data, "%s %s\n", module, pattern);
}

static void aliases(const struct tree *tree, int status, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int r = driver_aliases(&tree->root, note, f);

	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	assert_int_equal(r, status);
	free(text);
}

static void replace_by_error(const struct tree *tree, const char *path, const char *error)
{
	(void)unlinkat(tree->root.fd, path, 0);
	tree_link(tree, path, error);
}

static void reads_both(void **state)
{
	static const char builtin[] = "a.license=GPL\0a.alias=pci:1\0b-c.alias=\0x=a.alias=pci:2\0"
				      ".alias=pci:3\0\0d.parm.alias=pci:4\0e.aliases=pci:5\0"
				      "f.alias=pci:6.alias=7\0g.alias=pci:8";
	const struct tree *tree = *state;

	tree_file(tree, RELEASE, "1.2\n");
	tree_file(tree, LOADABLE,
		  "# Aliases\nalias pci:a m1\n\nalias pci:b\nalias\n alias  pci:c   m2 more\n"
		  "Alias pci:d m3\naliases pci:e m4\nalias usb:f m-5");
	tree_data(tree, BUILTIN, builtin, sizeof(builtin));
	aliases(tree, 0,
		"m1 pci:a\nm2 pci:c\nm-5 usb:f\n"
		"a pci:1\nb-c \nx=a pci:2\nf pci:6.alias=7\ng pci:8\n");
	/* Without a NUL at its end; and nothing at all. */
	tree_data(tree, BUILTIN, builtin, sizeof(builtin) - 1);
	tree_file(tree, LOADABLE, "");
	aliases(tree, 0, "a pci:1\nb-c \nx=a pci:2\nf pci:6.alias=7\ng pci:8\n");
	tree_file(tree, BUILTIN, "");
	aliases(tree, 0, "");
}

/* What is longer than a module's name, or a line of such a file, is none. */
static void passes_over_what_is_too_long(void **state)
{
	const struct tree *tree = *state;
	char text[2048], expected[4096];

	tree_file(tree, RELEASE, "1.2\n");
	tree_file(tree, LOADABLE, "");
	memset(text, 'x', sizeof(text));
	strcpy(text + NAME_MAX, ".alias=p");
	tree_file(tree, BUILTIN, text);
	snprintf(expected, sizeof(expected), "%.*s p\n", NAME_MAX, text);
	aliases(tree, 0, expected);
	memset(text, 'x', sizeof(text));
	strcpy(text + NAME_MAX + 1, ".alias=p");
	tree_file(tree, BUILTIN, text);
	aliases(tree, 0, "");
	/* 1023 characters, and one more. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "alias p ", 8);
	text[1023] = '\0';
	tree_file(tree, LOADABLE, text);
	snprintf(expected, sizeof(expected), "%s p\n", text + 8);
	aliases(tree, 0, expected);
	text[1023] = 'x';
	strcpy(text + 1024, "\nalias q m");
	tree_file(tree, LOADABLE, text);
	aliases(tree, 0, "m q\n");
}

/* One of the two is enough, unless the other is there and cannot be read. */
static void says_what_it_could_not_read(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, RELEASE, "1.2\n");
	aliases(tree, -ENOENT, "");
	tree_dir(tree, "lib/modules/1.2");
	aliases(tree, -ENOENT, "");
	tree_file(tree, LOADABLE, "alias p m\n");
	aliases(tree, 0, "m p\n");
	tree_link(tree, BUILTIN, "errno:13");
	aliases(tree, -EACCES, "m p\n");
	replace_by_error(tree, LOADABLE, "errno:5");
	aliases(tree, -EIO, "");
	assert_int_equal(unlinkat(tree->root.fd, BUILTIN, 0), 0);
	aliases(tree, -EIO, "");
	tree_file(tree, BUILTIN, "b.alias=q");
	aliases(tree, -EIO, "b q\n");
	assert_int_equal(unlinkat(tree->root.fd, LOADABLE, 0), 0);
	aliases(tree, 0, "b q\n");
	replace_by_error(tree, BUILTIN, "errno:13");
	aliases(tree, -EACCES, "");
	tree_link(tree, "lib/modules/2", "errno:13");
	tree_file(tree, RELEASE, "2\n");
	aliases(tree, -EACCES, "");
}

static void finds_the_folder(void **state)
{
	static const struct {
		const char *release;
		int status;
	} cases[] = { { "1.2\n", 0 },       { "", -EBADMSG },       { "\n", -EBADMSG },
		      { "..\n", -EBADMSG }, { "a/b", -EBADMSG },    { "/", -EBADMSG },
		      { "...", 0 },         { "6.1.0-13-amd64", 0 } };
	const struct tree *tree = *state;
	char path[300], text[300];

	assert_int_equal(driver_modules_path(&tree->root, path, sizeof(path)), -ENOENT);
	tree_dir(tree, "proc/sys/kernel");
	assert_int_equal(driver_modules_path(&tree->root, path, sizeof(path)), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_file(tree, RELEASE, cases[i].release);
		assert_int_equal(driver_modules_path(&tree->root, path, sizeof(path)),
				 cases[i].status);
	}
	assert_string_equal(path, "lib/modules/6.1.0-13-amd64");
	assert_int_equal(
		driver_modules_path(&tree->root, path, strlen("lib/modules/6.1.0-13-amd64") + 1),
		0);
	assert_int_equal(
		driver_modules_path(&tree->root, path, strlen("lib/modules/6.1.0-13-amd64")),
		-ENAMETOOLONG);
	memset(text, 'a', sizeof(text));
	text[NAME_MAX - 1] = '\0';
	tree_file(tree, RELEASE, text);
	assert_int_equal(driver_modules_path(&tree->root, path, sizeof(path)), 0);
	text[NAME_MAX - 1] = 'a';
	text[NAME_MAX] = '\0';
	tree_file(tree, RELEASE, text);
	assert_int_equal(driver_modules_path(&tree->root, path, sizeof(path)), -E2BIG);
	replace_by_error(tree, RELEASE, "errno:13");
	assert_int_equal(driver_modules_path(&tree->root, path, sizeof(path)), -EACCES);
}

static void ignore(const char *module, const char *pattern, void *data)
{
	(void)module, (void)pattern, (void)data;
}

static int try_aliases(void *data)
{
	const struct tree *tree = data;

	return driver_aliases(&tree->root, ignore, NULL);
}

static void runs_out_of_memory(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, RELEASE, "1.2\n");
	tree_file(tree, LOADABLE, "alias p m\n");
	tree_file(tree, BUILTIN, "b.alias=q");
	memory_exhaust(try_aliases, *state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(reads_both),
		tree_test(passes_over_what_is_too_long),
		tree_test(says_what_it_could_not_read),
		tree_test(finds_the_folder),
		tree_test(runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
