/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/view.h"

#include <errno.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

struct part {
	const char *name;
	uint64_t size;
	int error; /* of the size */
};

struct row {
	const char *device;
	int error; /* of the width */
	uint64_t width;
	struct strv names;
	const struct part *parts;
	size_t n_parts;
};

static void get_part(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct part *)p)->name);
}

static void get_part_size(const void *p, struct out_value *ret)
{
	const struct part *part = p;

	if (part->error)
		out_unreadable(ret, part->error);
	else
		out_size(ret, part->size);
}

static const struct out_column part_columns[] = {
	{ "part", "", OUT_DEFAULT, 0, get_part },
	{ "part_size", "", 0, 0, get_part_size },
	{ 0 },
};

static void get_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct row *)p)->device);
}

static void get_width(const void *p, struct out_value *ret)
{
	const struct row *row = p;

	if (row->error)
		out_unreadable(ret, row->error);
	else
		out_number(ret, row->width);
}

static void get_names(const void *p, struct out_value *ret)
{
	out_strv(ret, &((const struct row *)p)->names);
}

static void get_address(const void *p, struct out_value *ret)
{
	out_address(ret, 0xfffffffffffff000 | ((const struct row *)p)->width);
}

static void get_absent(const void *p, struct out_value *ret)
{
	(void)p;
	(void)ret;
}

static void get_parts(const void *p, struct out_value *ret)
{
	const struct row *row = p;

	out_table(ret, part_columns, row->parts, row->n_parts, sizeof(*row->parts));
}

static void get_yes(const void *p, struct out_value *ret)
{
	(void)p;
	out_bool(ret, true);
}

static const struct out_column columns[] = {
	{ "device", "Name", OUT_DEFAULT, 1, get_device },
	{ "pasid_width", "Bits", OUT_DEFAULT, 2, get_width },
	{ "name", "Names", 0, 4, get_names },
	{ "address", "Address", 0, 8, get_address },
	{ "absent", "Nothing", OUT_SHOWLESS, 16, get_absent },
	{ "part", "Parts", 0, 32, get_parts },
	{ "up", "Yes", 0, 64, get_yes },
	{ 0 },
};

static char *two_names[] = { (char *)"one", (char *)"number two" };
static const struct part two_parts[] = { { "p1", 4096, 0 }, { "p10", 0, -EACCES } };

static const struct row plain = {
	.device = "0000:00:03.0",
	.width = 20,
	.names = { two_names, 2 },
	.parts = two_parts,
	.n_parts = 2,
};
static const struct row other = { .device = "x", .width = 8 };
static const struct row refused = { .device = "0000:00:05.0", .error = -EACCES };

/* The output for N rows; the caller frees it. */
static char *render(const struct out_options *options, bool single, const struct row *rows,
		    size_t n)
{
	_cleanup_view_ struct out_view *view = NULL;
	char *text = NULL, *bad = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(out_view_new(columns, options, single, f, &view, &bad), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(out_view_row(view, &rows[i]), 0);
	assert_int_equal(out_view_end(view), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void check(const struct out_options *options, bool single, const struct row *rows, size_t n,
		  const char *expected)
{
	_cleanup_free_ char *text = render(options, single, rows, n);

	assert_string_equal(text, expected);
}

static void table(void **state)
{
	const struct row rows[] = { plain, other, refused };
	struct out_options options = { 0 };

	(void)state;
	check(&options, false, rows, 3,
	      "DEVICE       PASID-WIDTH\n"
	      "0000:00:03.0          20\n"
	      "x                      8\n"
	      "0000:00:05.0           ?\n");
	options.no_headings = true;
	check(&options, false, rows, 2, "0000:00:03.0 20\nx             8\n");
	check(&options, false, rows, 0, "");
	options = (struct out_options){ .columns = "name,absent,up,device" };
	check(&options, false, rows, 2,
	      "NAME       ABSENT UP  DEVICE\n"
	      "one        -      yes 0000:00:03.0\n"
	      "number two\n"
	      "-          -      yes x\n");
}

static void show(void **state)
{
	const struct out_options options = { 0 };

	(void)state;
	check(&options, true, &plain, 1,
	      "DEVICE:      0000:00:03.0\n"
	      "PASID-WIDTH: 20\n"
	      "NAME:        one\n"
	      "             number two\n"
	      "ADDRESS:     0xfffffffffffff014\n"
	      "PART:\n"
	      "    PART PART-SIZE\n"
	      "    p1          4K\n"
	      "    p10          ?\n"
	      "UP:          yes\n");
	check(&options, true, &refused, 1,
	      "DEVICE:      0000:00:05.0\n"
	      "PASID-WIDTH: ?\n"
	      "NAME:        -\n"
	      "ADDRESS:     0xfffffffffffff000\n"
	      "PART:        -\n"
	      "UP:          yes\n");
}

static void raw(void **state)
{
	const struct row rows[] = { plain, refused };
	struct out_options options = {
		.format = OUT_FORMAT_RAW,
		.columns = "device,pasid_width,absent,name,part,up,address",
	};

	(void)state;
	check(&options, false, rows, 2,
	      "DEVICE PASID-WIDTH ABSENT NAME PART UP ADDRESS\n"
	      "0000:00:03.0 20  one,number\\x20two p1,p10 1 0xfffffffffffff014\n"
	      "0000:00:05.0 ?    1 0xfffffffffffff000\n");
	options.no_headings = true;
	options.columns = "up,device";
	check(&options, true, rows, 1, "1 0000:00:03.0\n");
	check(&options, false, rows, 0, "");
}

static void pairs(void **state)
{
	const struct row rows[] = { plain, refused };
	const struct out_options options = {
		.format = OUT_FORMAT_PAIRS,
		.columns = "device,pasid_width,absent,name",
	};

	(void)state;
	check(&options, false, rows, 2,
	      "DEVICE=\"0000:00:03.0\" PASID_WIDTH=\"20\" ABSENT=\"\" NAME=\"one,number two\"\n"
	      "DEVICE=\"0000:00:05.0\" PASID_WIDTH=\"?\" ABSENT=\"\" NAME=\"\"\n");
}

/*
 * Spaces, quotes, shell expansions, control characters, invalid UTF-8, and what looks like an
 * escape.
 */
#define HOSTILE "a b\"'$HOME`id`$(id);\\n\\x41\n\x1b[31m\xff\xe2\x82\xac!*,#"

/* The output of the script for the one rendered line, as a user's shell sees it. */
static void check_shell(enum out_format format, const char *columns_wanted, const char *script,
			const char *expected)
{
	char *names[] = { (char *)HOSTILE, (char *)"second" };
	const struct row row = { .device = HOSTILE, .names = { names, 2 } };
	const struct out_options options = {
		.format = format,
		.no_headings = true,
		.columns = columns_wanted,
	};
	_cleanup_free_ char *line = render(&options, false, &row, 1);
	char result[256] = "";
	FILE *shell;
	size_t len;

	assert_int_equal(setenv("line", line, 1), 0);
	shell = popen(script, "r");
	assert_non_null(shell);
	len = fread(result, 1, sizeof(result) - 1, shell);
	assert_int_equal(pclose(shell), 0);
	result[len] = '\0';
	assert_string_equal(result, expected);
}

static void escaping_in_a_shell(void **state)
{
	(void)state;
	check_shell(OUT_FORMAT_PAIRS, "device", "bash -c 'eval \"$line\"; printf %b \"$DEVICE\"'",
		    HOSTILE);
	check_shell(OUT_FORMAT_PAIRS, "up,name",
		    "bash -c 'eval \"$line\"; printf %b \"${NAME%,*}\"'", HOSTILE);
	check_shell(OUT_FORMAT_RAW, "up,device,absent",
		    "bash -c 'read -r up device <<<\"$line\"; printf %b \"$device\"'", HOSTILE);
	check_shell(OUT_FORMAT_RAW, "name,up",
		    "bash -c 'printf %b \"$(cut -d \" \" -f 1 <<<\"$line\" | cut -d , -f 1)\"'",
		    HOSTILE);
}

/* No format prints control characters. */
static void no_control_bytes(void **state)
{
	char *names[] = { (char *)HOSTILE };
	const struct part part = { HOSTILE, 1, 0 };
	const struct row row = {
		.device = HOSTILE, .names = { names, 1 }, .parts = &part, .n_parts = 1
	};

	(void)state;
	for (int format = OUT_FORMAT_TABLE; format <= OUT_FORMAT_PAIRS; format++)
		for (int single = 0; single < 2; single++) {
			const struct out_options options = { .format = (enum out_format)format,
							     .columns = "device,name,part" };
			_cleanup_free_ char *text = render(&options, single, &row, 1);

			assert_null(strchr(text, '\x1b'));
			assert_null(strchr(text, '\xff'));
			assert_non_null(strstr(text, "1b[31m"));
		}
}

/* People see the same escapes in a list and in a "show": \x1b, not escaped twice. */
static void escaped_once_for_people(void **state)
{
	const struct row row = { .device = "\x1b[31m" };
	const struct out_options options = { .columns = "device", .no_headings = true };

	(void)state;
	check(&options, false, &row, 1, "\\x1b[31m\n");
	check(&options, true, &row, 1, "DEVICE: \\x1b[31m\n");
}

static json_object *parse(const char *text)
{
	json_tokener *tokener = json_tokener_new();
	json_object *object;

	assert_non_null(tokener);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	if (json_tokener_get_error(tokener) != json_tokener_success)
		fail_msg("%s: %s", json_tokener_error_desc(json_tokener_get_error(tokener)), text);
	assert_int_equal(json_tokener_get_parse_end(tokener), strlen(text));
	json_tokener_free(tokener);
	return object;
}

static json_object *member(json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no key \"%s\"", key);
	return value;
}

static void json_empty(void **state)
{
	const struct out_options options = { .format = OUT_FORMAT_JSON };

	(void)state;
	check(&options, false, NULL, 0, "[]\n");
}

static void json_list(void **state)
{
	const struct row rows[] = { plain, refused };
	const struct out_options options = { .format = OUT_FORMAT_JSON, .columns = "all" };
	_cleanup_free_ char *text = render(&options, false, rows, 2);
	json_object *list = parse(text), *row, *parts;

	(void)state;
	assert_int_equal(json_object_array_length(list), 2);
	row = json_object_array_get_idx(list, 0);
	assert_int_equal(json_object_object_length(row), 7);
	assert_string_equal(json_object_get_string(member(row, "device")), "0000:00:03.0");
	assert_true(json_object_is_type(member(row, "pasid_width"), json_type_int));
	assert_int_equal(json_object_get_int(member(row, "pasid_width")), 20);
	assert_true(json_object_is_type(member(row, "address"), json_type_string));
	assert_string_equal(json_object_get_string(member(row, "address")), "0xfffffffffffff014");
	assert_null(member(row, "absent"));
	assert_true(json_object_is_type(member(row, "up"), json_type_boolean));
	assert_int_equal(json_object_array_length(member(row, "name")), 2);
	parts = member(row, "part");
	assert_int_equal(json_object_array_length(parts), 2);
	assert_int_equal(
		json_object_get_int(member(json_object_array_get_idx(parts, 0), "part_size")),
		4096);
	row = json_object_array_get_idx(list, 1);
	assert_int_equal(json_object_object_length(row), 8);
	assert_int_equal(json_object_array_length(member(row, "name")), 0);
	assert_int_equal(json_object_array_length(member(row, "part")), 0);
	json_object_put(list);
}

static void json_single(void **state)
{
	const struct out_options options = { .format = OUT_FORMAT_JSON };
	_cleanup_free_ char *text = render(&options, true, &plain, 1);
	json_object *row = parse(text);

	(void)state;
	assert_true(json_object_is_type(row, json_type_object));
	assert_int_equal(json_object_object_length(row), 6); /* without OUT_SHOWLESS */
	json_object_put(row);
}

static void json_unreadable(void **state)
{
	const struct out_options options = { .format = OUT_FORMAT_JSON, .columns = "all" };
	_cleanup_free_ char *text = render(&options, true, &refused, 1), *nested = NULL;
	json_object *row = parse(text), *reasons = member(row, "unreadable"), *part;

	(void)state;
	assert_null(member(row, "pasid_width"));
	assert_int_equal(json_object_object_length(reasons), 1);
	assert_string_equal(json_object_get_string(member(reasons, "pasid_width")),
			    "Permission denied");
	json_object_put(row);
	nested = render(&options, true, &plain, 1);
	row = parse(nested);
	part = json_object_array_get_idx(member(row, "part"), 1);
	assert_null(member(part, "part_size"));
	assert_string_equal(json_object_get_string(member(member(part, "unreadable"), "part_size")),
			    "Permission denied");
	json_object_put(row);
}

static void json_hostile(void **state)
{
	char *names[] = { (char *)HOSTILE, NULL };
	const struct row row = { .device = HOSTILE, .names = { names, 2 } };
	const struct out_options options = { .format = OUT_FORMAT_JSON, .columns = "device,name" };
	_cleanup_free_ char *text = render(&options, false, &row, 1);
	json_object *list = parse(text), *object = json_object_array_get_idx(list, 0);

	(void)state;
	assert_string_equal(json_object_get_string(member(object, "device")),
			    "a b\"'$HOME`id`$(id);\\n\\x41\\x0a\\x1b[31m\\xff\xe2\x82\xac!*,#");
	assert_null(json_object_array_get_idx(member(object, "name"), 1));
	json_object_put(list);
}

static void json_big_numbers(void **state)
{
	const struct row row = { .device = "x", .width = UINT64_MAX };
	const struct out_options options = { .format = OUT_FORMAT_JSON, .columns = "pasid_width" };

	(void)state;
	check(&options, false, &row, 1, "[\n  { \"pasid_width\": 18446744073709551615 }\n]\n");
}

static void chosen(const char *wanted, bool single, const char *headings)
{
	const struct out_options options = { .format = OUT_FORMAT_RAW, .columns = wanted };
	_cleanup_free_ char *text = render(&options, single, &other, 1);

	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, headings);
}

static void columns_chosen(void **state)
{
	(void)state;
	chosen(NULL, false, "DEVICE PASID-WIDTH");
	chosen("up", false, "UP");
	chosen("Up,PASID_width,pasid-WIDTH,device", false, "UP PASID-WIDTH DEVICE");
	chosen("+up", false, "DEVICE PASID-WIDTH UP");
	chosen("+device,up", false, "DEVICE PASID-WIDTH UP");
	chosen("all", false, "DEVICE PASID-WIDTH NAME ADDRESS ABSENT PART UP");
	chosen("ALL", true, "DEVICE PASID-WIDTH NAME ADDRESS ABSENT PART UP");
	chosen(NULL, true, "DEVICE PASID-WIDTH NAME ADDRESS PART UP");
	chosen("+absent", true, "DEVICE PASID-WIDTH NAME ADDRESS PART UP ABSENT");
}

static void columns_unknown(void **state)
{
	static const char *const wanted[] = { "",      "device,", ",device", "+", "device,nope",
					      "+nope", "all,up",  "+all" };
	static const char *const unknown[] = { "", "", "", "", "nope", "nope", "all", "all" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_view_ struct out_view *view = NULL;
		const struct out_options options = { .columns = wanted[i] };
		_cleanup_free_ char *bad = NULL;

		assert_int_equal(out_view_new(columns, &options, false, stdout, &view, &bad),
				 -EINVAL);
		assert_null(view);
		assert_string_equal(bad, unknown[i]);
	}
}

static void what_is_needed(void **state)
{
	const struct out_options options = { .columns = "up,name" };
	_cleanup_view_ struct out_view *view = NULL;
	char *bad = NULL;

	(void)state;
	assert_int_equal(out_view_new(columns, &options, false, stdout, &view, &bad), 0);
	assert_int_equal(out_view_need(view), 64 | 4);
}

struct notes {
	char text[1024];
};

static void collect(void *data, const char *text)
{
	struct notes *notes = data;

	strncat(notes->text, text, sizeof(notes->text) - strlen(notes->text) - 2);
	strcat(notes->text, "\n");
}

static void check_notes(const struct out_options *options, bool single, const struct row *rows,
			size_t n, const char *expected)
{
	_cleanup_view_ struct out_view *view = NULL;
	_cleanup_fclose_ FILE *f = fopen("/dev/null", "w");
	struct notes notes = { "" };
	char *bad = NULL;

	assert_non_null(f);
	assert_int_equal(out_view_new(columns, options, single, f, &view, &bad), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(out_view_row(view, &rows[i]), 0);
	assert_int_equal(out_view_end(view), 0);
	out_view_notes(view, collect, &notes);
	assert_string_equal(notes.text, expected);
}

static void notes(void **state)
{
	const struct row rows[] = { refused, plain, refused, { .device = "y", .error = -EIO } };
	struct out_options options = { 0 };

	(void)state;
	check_notes(&options, false, rows, 4,
		    "PASID-WIDTH could not be read in 2 rows: Permission denied\n"
		    "PASID-WIDTH could not be read in 1 row: Input/output error\n");
	check_notes(&options, false, &plain, 1, "");
	check_notes(&options, true, rows, 1, "PASID-WIDTH could not be read: Permission denied\n");
	options.format = OUT_FORMAT_RAW;
	check_notes(&options, false, rows, 1,
		    "PASID-WIDTH could not be read in 1 row: Permission denied\n");
	options.format = OUT_FORMAT_JSON;
	check_notes(&options, false, rows, 1, "");
}

static void get_refused(const void *p, struct out_value *ret)
{
	(void)p;
	out_unreadable(ret, -EACCES);
}

static void get_asleep(const void *p, struct out_value *ret)
{
	(void)p;
	out_unreadable(ret, -EAGAIN);
}

/* A reason is printed once for all columns that have it. */
static void notes_of_several_columns(void **state)
{
	static const struct out_column many[] = {
		{ "first", "", OUT_DEFAULT, 0, get_refused },
		{ "second", "", OUT_DEFAULT, 0, get_asleep },
		{ "pasid_width", "", OUT_DEFAULT, 0, get_width },
		{ "last_one", "", OUT_DEFAULT, 0, get_refused },
		{ 0 },
	};
	const struct row rows[] = { plain, refused };
	const struct out_options options = { 0 };
	_cleanup_view_ struct out_view *view = NULL;
	_cleanup_fclose_ FILE *f = fopen("/dev/null", "w");
	struct notes notes = { "" };
	char *bad = NULL;

	(void)state;
	assert_int_equal(out_view_new(many, &options, false, f, &view, &bad), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(out_view_row(view, &rows[i]), 0);
	out_view_notes(view, collect, &notes);
	assert_string_equal(notes.text,
			    "FIRST, LAST-ONE could not be read in 2 rows: Permission denied\n"
			    "SECOND could not be read in 2 rows: the device is asleep\n"
			    "PASID-WIDTH could not be read in 1 row: Permission denied\n");
}

/* A "?" inside a nested table is explained too. */
static void notes_of_nested_tables(void **state)
{
	const struct out_options options = { 0 };

	(void)state;
	check_notes(&options, true, &plain, 1, "PART-SIZE could not be read: Permission denied\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(show),
		cmocka_unit_test(raw),
		cmocka_unit_test(pairs),
		cmocka_unit_test(escaping_in_a_shell),
		cmocka_unit_test(no_control_bytes),
		cmocka_unit_test(escaped_once_for_people),
		cmocka_unit_test(json_empty),
		cmocka_unit_test(json_list),
		cmocka_unit_test(json_single),
		cmocka_unit_test(json_unreadable),
		cmocka_unit_test(json_hostile),
		cmocka_unit_test(json_big_numbers),
		cmocka_unit_test(columns_chosen),
		cmocka_unit_test(columns_unknown),
		cmocka_unit_test(what_is_needed),
		cmocka_unit_test(notes),
		cmocka_unit_test(notes_of_several_columns),
		cmocka_unit_test(notes_of_nested_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
