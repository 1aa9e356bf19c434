/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/finding_columns.h"

#include "model/finding.h"

void finding_get_result(const void *row, struct out_value *ret)
{
	out_string(ret, finding_result_name(((const struct finding *)row)->result));
}

#define GET(name) \
	void finding_get_##name(const void *row, struct out_value *ret) \
	{ \
		out_string(ret, ((const struct finding *)row)->name); \
	}

GET(check)
GET(object)
GET(seen)
GET(meaning)
GET(remedy)

const struct out_column finding_columns[] = {
	{ "result", "ok, note, unknown (could not be measured), warning, broken",
	  OUT_DEFAULT | OUT_RESULT, 0, finding_get_result },
	{ "check", "What was asked", OUT_DEFAULT, 0, finding_get_check },
	{ "object", "What was looked at; absent: the machine", OUT_DEFAULT, 0, finding_get_object },
	{ "seen", "What was measured", OUT_DEFAULT | OUT_PROSE, 0, finding_get_seen },
	{ "meaning", "What that means", OUT_PROSE, 0, finding_get_meaning },
	{ "remedy", "What to do", OUT_DEFAULT | OUT_PROSE, 0, finding_get_remedy },
	{ 0 },
};
