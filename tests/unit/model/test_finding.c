/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to questions, and the verdicts that follow from them. */
#define MEMORY_FENCED
#include "../memory.h"

#include "model/diagnosis/finding.h"

#define PASID USE_BIT(USE_PASID)
#define SVA   USE_BIT(USE_SVA)

static const struct question ask_any = { "any", 0, "bad", .fine = "fine" };
static const struct question ask_pasid = { "pasid", PASID, "bad" };
static const struct question ask_sva = { "sva", SVA, "bad", .status = STATUS_NOT_PERMITTED };

/* All findings, one per line, each NULL as "-". */
static void check(const struct finding_list *list, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(list->error, 0);
	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];

		fprintf(f, "%s %s %s: %s|%s|%s %x %d\n", finding_result_names[finding->result],
			finding->check, finding->object ? finding->object : "-", finding->seen,
			finding->meaning ? finding->meaning : "-",
			finding->remedy ? finding->remedy : "-", finding->uses, finding->status);
	}
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}

/* What is in order has no remedy, and what could not be measured no meaning. */
static void answers(void **state)
{
	_cleanup_finding_list_ struct finding_list list = { 0 };
	struct finding *finding;

	(void)state;
	for (int result = FINDING_OK; result <= FINDING_BROKEN; result++)
		finding_add(&list, &ask_any, (enum finding_result)result, "a", "do", "%d", 1);
	finding_add(&list, &ask_sva, FINDING_WARNING, NULL, NULL, "x");
	finding_add(&list, &ask_sva, FINDING_BLOCKED, NULL, NULL, "x");
	finding = finding_unknown(&list, &ask_pasid, NULL, -EACCES);
	assert_ptr_equal(finding, &list.v[list.n - 1]);
	assert_int_equal(finding->error, -EACCES);
	check(&list, "ok any a: 1|fine|- 0 0\n"
		     "note any a: 1|fine|- 0 0\n"
		     "unknown any a: 1|-|do 0 0\n"
		     "warning any a: 1|bad|do 0 0\n"
		     "blocked any a: 1|bad|do 0 0\n"
		     "broken any a: 1|bad|do 0 0\n"
		     "warning sva -: x|bad|- 4 0\n"
		     "blocked sva -: x|bad|- 4 4\n"
		     "unknown pasid -: could not be measured: not permitted|-|run as root 2 0\n");
	finding_drop(&list, 0);
	finding_drop(&list, 1);
	while (list.n > 2)
		finding_drop(&list, list.n - 1);
	check(&list, "note any a: 1|fine|- 0 0\nwarning any a: 1|bad|do 0 0\n");
}

/* What the uses asked about do not need, or what is moot, is a note. */
static void spares(void **state)
{
	_cleanup_finding_list_ struct finding_list list = { .asked = PASID };

	(void)state;
	finding_add(&list, &ask_any, FINDING_BROKEN, NULL, NULL, "x");
	finding_add(&list, &ask_pasid, FINDING_BROKEN, NULL, NULL, "x");
	finding_add(&list, &ask_sva, FINDING_BROKEN, NULL, "do", "x");
	finding_add(&list, &ask_sva, FINDING_WARNING, NULL, "do", "x");
	list.asked = SVA;
	finding_add(&list, &ask_pasid, FINDING_BLOCKED, NULL, "do", "x");
	list.moot = "moot";
	finding_add(&list, &ask_sva, FINDING_BLOCKED, NULL, "do", "x");
	check(&list, "broken any -: x|bad|- 0 0\n"
		     "broken pasid -: x|bad|- 2 0\n"
		     "note sva -: x|not needed for VFIO|- 4 0\n"
		     "warning sva -: x|bad|do 4 0\n"
		     "note pasid -: x|not needed for SVA|- 2 0\n"
		     "note sva -: x|moot|- 4 0\n");
}

static int judge(void *data)
{
	_cleanup_finding_list_ struct finding_list list = { 0 }, taken = { 0 };
	int r;

	(void)data;
	finding_judge(&list, SVA, "empty");
	finding_add(&list, &ask_pasid, FINDING_BLOCKED, "d", "do", "x");
	finding_add(&list, &ask_pasid, FINDING_BROKEN, "e", "do more", "y");
	finding_add(&list, &ask_sva, FINDING_WARNING, NULL, NULL, "z");
	finding_judge(&list, PASID, "pasid");
	finding_judge(&list, SVA, "warned");
	finding_add(&list, &ask_sva, FINDING_UNKNOWN, NULL, NULL, "u");
	finding_judge(&list, SVA, "sva");
	finding_add(&list, &ask_sva, FINDING_BLOCKED, NULL, NULL, "u");
	finding_judge(&list, SVA, "blocked");
	r = finding_list_take(&list, &taken);
	if (r < 0) {
		assert_int_equal(taken.n, 0);
		return r;
	}
	assert_int_equal(list.n, 0);
	if (memory.fail_at)
		return 0;
	check(&taken,
	      "ok ready empty: ready|-|- 4 0\n"
	      "broken ready pasid: not ready: pasid: e: y|-|do more 2 0\n"
	      "warning ready warned: ready, with warnings: sva|-|- 4 0\n"
	      "unknown ready sva: ready as far as could be measured; not measured: sva; with "
	      "warnings: sva|-|- 4 0\n"
	      "blocked ready blocked: not ready: sva: u|-|- 4 4\n"
	      "blocked pasid d: x|bad|do 2 0\n"
	      "broken pasid e: y|bad|do more 2 0\n"
	      "warning sva -: z|bad|- 4 0\n"
	      "unknown sva -: u|-|- 4 0\n"
	      "blocked sva -: u|bad|- 4 4\n");
	return 0;
}

static void verdicts(void **state)
{
	(void)state;
	memory_exhaust(judge, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(spares),
		cmocka_unit_test(verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
