/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../log_corpus.h"

static void corpus(void **state)
{
	static const struct log_source *const tables[] = { log_sources_vtd, log_sources_amd };

	(void)state;
	corpus_check("tests/log/x86.corpus", tables, sizeof(tables) / sizeof(*tables));
}

/* Each reason for which the kernel has a text. */
static void reasons(void **state)
{
	(void)state;
	corpus_check("tests/log/vtd-reasons.corpus", NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus),
		cmocka_unit_test(reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
