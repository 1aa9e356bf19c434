/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/internal.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS 4

static const struct {
	const char *heading;
	enum layout_kind kind;
	bool right;
} columns[COLUMNS] = { { "ID", LAYOUT_WHOLE, false },
		       { "DOMAIN-COUNT", LAYOUT_WHOLE, true },
		       { "NAME", LAYOUT_NAME, false },
		       { "MEANING", LAYOUT_PROSE, false } };

static const char *const first[COLUMNS] = { "0000:00:03.0", "7", "Gigabit Network Connection",
					    "in a group of its own, so that it may be given" };
static const char *const lists[COLUMNS] = { "a\nb\nc", "", "x\nGigabit Network Connection\ny", "" };

struct print {
	struct layout layout;
	char *text;
	size_t len;
};

static void print_open(struct print *print, size_t limit)
{
	*print = (struct print){ .layout = { .limit = limit } };
	print->layout.f = open_memstream(&print->text, &print->len);
	assert_non_null(print->layout.f);
	for (size_t i = 0; i < COLUMNS; i++) {
		assert_int_equal(
			layout_add_column(&print->layout, columns[i].heading, columns[i].kind), 0);
		print->layout.columns[i].right = columns[i].right;
	}
}

static void print_row(struct print *print, const char *const cells[COLUMNS])
{
	struct layout_cell *row = layout_add_row(&print->layout);

	assert_non_null(row);
	for (size_t i = 0; i < COLUMNS; i++) {
		row[i].text = strdup(cells[i]);
		assert_non_null(row[i].text);
	}
}

static void print_close(struct print *print, const char *expected)
{
	FILE *f = print->layout.f;

	layout_done(&print->layout);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(print->text, expected);
	free(print->text);
}

static void check(size_t limit, const char *const cells[COLUMNS], const char *expected)
{
	struct print print;

	print_open(&print, limit);
	print_row(&print, cells);
	layout_flush(&print.layout);
	print_close(&print, expected);
}

static void as_wide_as_needed(void **state)
{
	static const char wide[] =
		"ID           DOMAIN-COUNT NAME                       MEANING\n"
		"0000:00:03.0            7 Gigabit Network Connection in a group of its own, so that it may be given\n";

	(void)state;
	check(0, first, wide);
	check(99, first, wide);
	check(1000, first, wide);
}

/* One column less than needed: headings are broken. */
static void shortened_and_wrapped(void **state)
{
	(void)state;
	/* A heading takes one more line. */
	check(98, first,
	      "             DOMAIN-\n"
	      "ID             COUNT NAME                       MEANING\n"
	      "0000:00:03.0       7 Gigabit Network Connection in a group of its own, so that it may be given\n");
	check(93, first,
	      "             DOMAIN-\n"
	      "ID             COUNT NAME                       MEANING\n"
	      "0000:00:03.0       7 Gigabit Network Connection in a group of its own, so that it may be\n"
	      "                                                given\n");
	check(60, first,
	      "             DOMAIN-\n"
	      "ID             COUNT NAME               MEANING\n"
	      "0000:00:03.0       7 Gigabit Network C… in a group of its\n"
	      "                                        own, so that it may\n"
	      "                                        be given\n");
	/* The minimum: 12 + 7 + 12 + 20, and three spaces. */
	check(54, first,
	      "             DOMAIN-\n"
	      "ID             COUNT NAME         MEANING\n"
	      "0000:00:03.0       7 Gigabit Net… in a group of its\n"
	      "                                  own, so that it may\n"
	      "                                  be given\n");
}

static void as_blocks(void **state)
{
	static const char blocks[] = "ID:           0000:00:03.0\n"
				     "DOMAIN-COUNT: 7\n"
				     "NAME:         Gigabit Network Connection\n"
				     "MEANING:      in a group of its own, so that it may\n"
				     "              be given\n";
	struct print print;

	(void)state;
	check(53, first, blocks);
	print_open(&print, 53);
	print_row(&print, first);
	print_row(&print, lists);
	layout_flush(&print.layout);
	print_row(&print, lists);
	layout_flush(&print.layout);
	print_close(&print, "ID:           0000:00:03.0\n"
			    "DOMAIN-COUNT: 7\n"
			    "NAME:         Gigabit Network Connection\n"
			    "MEANING:      in a group of its own, so that it may\n"
			    "              be given\n"
			    "\n"
			    "ID:           a\n"
			    "              b\n"
			    "              c\n"
			    "DOMAIN-COUNT:\n"
			    "NAME:         x\n"
			    "              Gigabit Network Connection\n"
			    "              y\n"
			    "MEANING:\n"
			    "\n"
			    "ID:           a\n"
			    "              b\n"
			    "              c\n"
			    "DOMAIN-COUNT:\n"
			    "NAME:         x\n"
			    "              Gigabit Network Connection\n"
			    "              y\n"
			    "MEANING:\n");
}

/* In a block, what is never cut gets its own line, even one that is too long. */
static void never_cut(void **state)
{
	const char *const cells[COLUMNS] = { "/sys/devices/pci0000:00", "1",
					     "/sys/devices/pci0000:00/0000:00:10.0",
					     "see /sys/devices/pci0000:00 there" };

	(void)state;
	check(30, cells,
	      "ID:\n"
	      "  /sys/devices/pci0000:00\n"
	      "DOMAIN-COUNT: 1\n"
	      "NAME:\n"
	      "/sys/devices/pci0000:00/0000:00:10.0\n"
	      "MEANING:      see\n"
	      "  /sys/devices/pci0000:00\n"
	      "              there\n");
}

/* Lines of one cell are next to those of another. */
static void lines_of_lists(void **state)
{
	(void)state;
	check(49, lists,
	      "   DOMAIN-\n"
	      "ID   COUNT NAME                       MEANING\n"
	      "a          x\n"
	      "b          Gigabit Network Connection\n"
	      "c          y\n");
	check(42, lists,
	      "   DOMAIN-\n"
	      "ID   COUNT NAME                    MEANING\n"
	      "a          x\n"
	      "b          Gigabit Network Connec…\n"
	      "c          y\n");
}

static void later_parts(void **state)
{
	const char *const narrow[COLUMNS] = { "a", "1", "n", "m" };
	const char *const wide[COLUMNS] = { "a longer id", "22222222222222", "Name", "word" };
	struct print print;

	(void)state;
	print_open(&print, 36);
	print_row(&print, narrow);
	layout_flush(&print.layout);
	print_row(&print, narrow);
	layout_flush(&print.layout);
	print_row(&print, wide);
	layout_flush(&print.layout);
	print_close(&print, "ID DOMAIN-COUNT NAME MEANING\n"
			    "a             1 n    m\n"
			    "a             1 n    m\n"
			    "a longer id 22222222222222 Name word\n");
}

static void colours(void **state)
{
	struct print print;

	(void)state;
	print_open(&print, 60);
	print_row(&print, first);
	print.layout.cells[0].color = "\033[1m";
	print.layout.cells[2].color = "\033[1m";
	print.layout.no_headings = true;
	layout_flush(&print.layout);
	print_close(
		&print,
		"\033[1m0000:00:03.0\033[0m 7 \033[1mGigabit Network Conne…\033[0m in a group of its own,\n"
		"                                      so that it may be\n"
		"                                      given\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_wide_as_needed), cmocka_unit_test(shortened_and_wrapped),
		cmocka_unit_test(as_blocks),         cmocka_unit_test(never_cut),
		cmocka_unit_test(lines_of_lists),    cmocka_unit_test(later_parts),
		cmocka_unit_test(colours),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
