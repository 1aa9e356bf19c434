/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/tree.h"

#include <errno.h>
#include <json-c/json.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *name;
	uint64_t size;
	int error;
};

static void get_name(const void *p, struct out_value *ret)
{
	const struct row *row = p;

	if (row->error)
		out_unreadable(ret, row->error);
	else
		out_string(ret, row->name);
}

static void get_size(const void *p, struct out_value *ret)
{
	const struct row *row = p;

	if (row->size)
		out_number(ret, row->size);
}

static const struct out_column columns[] = {
	{ "size", "", OUT_DEFAULT, 0, get_size },
	{ "name", "", OUT_DEFAULT | OUT_TREE, 0, get_name },
	{ 0 },
};

static const struct row rows[] = {
	{ "root", 0, 0 },     { "left\033[1m\xff", 12, 0 }, { "leaf \"1\"", 1, 0 },
	{ NULL, 0, -EACCES }, { "right", 300, 0 },          { "another", 0, 0 },
};

static const struct out_node nodes[] = {
	{ OUT_NODE_ROOT, &rows[0], OUT_TONE_TITLE },
	{ 0, &rows[1], OUT_TONE_GROUP },
	{ 1, &rows[2], OUT_TONE_PLAIN },
	{ 1, &rows[3], OUT_TONE_WRONG },
	{ 0, &rows[4], OUT_TONE_BINDING },
	{ OUT_NODE_ROOT, &rows[5], OUT_TONE_FAINT },
};

static void add_note(void *data, const char *text)
{
	strcat(data, text);
}

/* Prints N of the nodes; the caller frees the text. */
static char *print(const struct out_options *options, size_t n, char *notes)
{
	_cleanup_view_ struct out_view *view = NULL;
	char *text = NULL, *bad = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(out_view_new(columns, options, false, f, &view, &bad), 0);
	assert_int_equal(out_view_tree(view, nodes, n), 0);
	assert_int_equal(out_view_end(view), 0);
	if (notes)
		out_view_notes(view, add_note, notes);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void check(const struct out_options *options, size_t n, const char *expected)
{
	char *text = print(options, n, NULL);

	assert_string_equal(text, expected);
	free(text);
}

static void draws_lines(void **state)
{
	const struct out_options options = { .tree = true };
	char notes[256] = "", *text;

	(void)state;
	text = print(&options, 6, notes);
	/* Absent cells are empty; text in the tree's column is escaped. */
	assert_string_equal(text, "SIZE NAME\n"
				  "     root\n"
				  "  12 ├─left\\x1b[1m\\xff\n"
				  "   1 │ ├─leaf \"1\"\n"
				  "     │ └─?\n"
				  " 300 └─right\n"
				  "     another\n");
	assert_string_equal(notes, "NAME could not be read in 1 row: Permission denied");
	free(text);
}

static void keeps_to_ascii(void **state)
{
	const struct out_options options = { .tree = true, .ascii = true, .columns = "name" };

	(void)state;
	check(&options, 3, "NAME\nroot\n`-left\\x1b[1m\\xff\n  `-leaf \"1\"\n");
}

static void keeps_to_ascii_in_the_c_locale(void **state)
{
	const struct out_options options = { .tree = true, .columns = "name" };

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	check(&options, 3, "NAME\nroot\n`-left\\x1b[1m\\xff\n  `-leaf \"1\"\n");
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

/* Without the intended column, the first one shows the tree. */
static void draws_lines_in_the_first_column(void **state)
{
	const struct out_options options = { .tree = true, .columns = "size" };

	(void)state;
	check(&options, 3, "SIZE\n\n└─12\n  └─1\n");
}

static void nests_objects(void **state)
{
	const struct out_options options = { .tree = true, .format = OUT_FORMAT_JSON };
	char *text = print(&options, 6, NULL);
	json_object *roots = json_tokener_parse(text), *root, *node, *children, *value;

	(void)state;
	assert_non_null(roots);
	assert_int_equal(json_object_array_length(roots), 2);
	root = json_object_array_get_idx(roots, 0);
	assert_true(json_object_object_get_ex(root, "children", &children));
	assert_int_equal(json_object_array_length(children), 2);
	node = json_object_array_get_idx(children, 0);
	assert_true(json_object_object_get_ex(node, "size", &value));
	assert_int_equal(json_object_get_int(value), 12);
	assert_true(json_object_object_get_ex(node, "children", &children));
	assert_int_equal(json_object_array_length(children), 2);
	node = json_object_array_get_idx(children, 1);
	assert_true(json_object_object_get_ex(node, "unreadable", &value));
	assert_true(json_object_object_get_ex(node, "children", &children));
	assert_int_equal(json_object_array_length(children), 0);
	root = json_object_array_get_idx(roots, 1);
	assert_true(json_object_object_get_ex(root, "name", &value));
	assert_string_equal(json_object_get_string(value), "another");
	json_object_put(roots);
	free(text);
}

static void nothing(void **state)
{
	struct out_options options = { .tree = true };
	char *text;

	(void)state;
	check(&options, 0, "");
	options.format = OUT_FORMAT_RAW;
	check(&options, 0, "");
	options.format = OUT_FORMAT_JSON;
	text = print(&options, 0, NULL);
	assert_int_equal(strspn(text, "[ ]\n"), strlen(text));
	free(text);
}

static void rows_for_programs(void **state)
{
	struct out_options options = { .tree = true, .format = OUT_FORMAT_RAW };

	(void)state;
	check(&options, 3, "SIZE NAME\n root\n12 left\\x1b[1m\\xff\n1 leaf\\x20\"1\"\n");
	options.format = OUT_FORMAT_PAIRS;
	check(&options, 1, "SIZE=\"\" NAME=\"root\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_lines),
		cmocka_unit_test(keeps_to_ascii),
		cmocka_unit_test(keeps_to_ascii_in_the_c_locale),
		cmocka_unit_test(draws_lines_in_the_first_column),
		cmocka_unit_test(nests_objects),
		cmocka_unit_test(nothing),
		cmocka_unit_test(rows_for_programs),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
