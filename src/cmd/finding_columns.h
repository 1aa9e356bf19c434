/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a struct finding. */
#pragma once

#include "out/value.h"

extern const struct out_column finding_columns[];

/* Their getters, for rows that begin with a struct finding. */
void finding_get_result(const void *row, struct out_value *ret);
void finding_get_check(const void *row, struct out_value *ret);
void finding_get_object(const void *row, struct out_value *ret);
void finding_get_seen(const void *row, struct out_value *ret);
void finding_get_meaning(const void *row, struct out_value *ret);
void finding_get_remedy(const void *row, struct out_value *ret);
