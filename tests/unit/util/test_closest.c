/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/closest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const nouns[] = { "group", "device", "iommu",   "driver",
				     "pasid", "ioas",   "context", "system" };
static const char *const columns[] = { "pasid-width", "pasid-enabled", "driver",
				       "driver-override" };

static void check(const char *word, const char *const *words, size_t n, const char *expected)
{
	const char *found = str_closest(word, words, n);

	if (expected)
		assert_string_equal(found ? found : "nothing", expected);
	else
		assert_null(found);
}

static void close_ones(void **state)
{
	(void)state;
	check("grup", nouns, 8, "group");      /* missing */
	check("devicee", nouns, 8, "device");  /* too many */
	check("dribel", nouns, 8, "driver");   /* two of six */
	check("dribbl", nouns, 8, NULL);       /* three */
	check("drivel", nouns, 8, "driver");   /* wrong */
	check("pasdi", nouns, 8, "pasid");     /* swapped */
	check("iaos", nouns, 8, "ioas");       /* swapped in the middle */
	check("GROUPS", nouns, 8, "group");    /* case */
	check("systme", nouns, 8, "system");   /* swapped at the end */
	check("contxet", nouns, 8, "context"); /* one change, not two */
	check("vfio_pci", (const char *const[]){ "vfio-pci", "e1000e" }, 2, "vfio-pci");
	check("pasid_widht", columns, 4, "pasid-width");
	check("driver", columns, 4, "driver"); /* itself */
}

static void far_ones(void **state)
{
	char longest[49], longer[50];

	(void)state;
	check("", nouns, 8, NULL);
	check("x", nouns, 8, NULL);
	check("nonsense", nouns, 8, NULL);
	check("eth0", nouns, 8, NULL);
	check("ls", (const char *const[]){ "is", "l" }, 2, NULL);
	check("grup", nouns, 0, NULL);
	check("grup", (const char *const[]){ "" }, 1, NULL);
	memset(longest, 'x', sizeof(longest));
	memset(longer, 'x', sizeof(longer));
	longest[48] = longer[49] = '\0';
	check(longest, (const char *const[]){ longest }, 1, longest);
	check(longer, (const char *const[]){ longest }, 1, NULL);
	check(longest, (const char *const[]){ longer }, 1, NULL);
}

/* The first of equally similar ones. */
static void first_one(void **state)
{
	(void)state;
	check("bind", (const char *const[]){ "binds", "find" }, 2, "binds");
	check("bind", (const char *const[]){ "find", "binds" }, 2, "find");
	check("bind", (const char *const[]){ "findx", "binds" }, 2, "binds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_ones),
		cmocka_unit_test(far_ones),
		cmocka_unit_test(first_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
