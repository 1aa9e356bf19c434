/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of IOASes: in a list, a struct ioas_row; in a "show", a struct holder_ioas_info. */
#pragma once

#include "holder/client.h"
#include "out/value.h"

/* An IOAS of one context. */
struct ioas_row {
	const char *context;
	const struct holder_ioas *ioas;
};

extern const struct out_column ioas_list_columns[];
extern const struct out_column ioas_show_columns[];
