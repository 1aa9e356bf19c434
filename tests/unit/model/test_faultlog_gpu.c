/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../log_corpus.h"

static void corpus(void **state)
{
	static const struct log_source *const tables[] = { log_sources_gpu, log_sources_gpu_soc };

	(void)state;
	corpus_check("tests/log/gpu.corpus", tables, sizeof(tables) / sizeof(*tables));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
