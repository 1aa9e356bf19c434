/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How something stands out on a terminal: one rule for every list and tree. */
#pragma once

enum out_tone {
	OUT_TONE_PLAIN,
	OUT_TONE_TITLE,
	OUT_TONE_GROUP,
	OUT_TONE_FAINT,
	OUT_TONE_BINDING,
	OUT_TONE_PROCESS,
	OUT_TONE_WRONG,
	OUT_TONE_GOOD,
	OUT_TONE_WARNING,
	OUT_TONE_UNKNOWN,
};

/* The sequence that begins its colour; NULL: none. */
const char *out_tone_color(enum out_tone tone);

/* Of what a column of results or states says: "ok", "broken". */
enum out_tone out_tone_of(const char *word);
