/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Highlighting on a terminal: one rule for all lists and trees. */
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

/* The escape sequence that starts its colour; NULL: none. */
const char *out_tone_color(enum out_tone tone);

/* The tone for a word in a column of results or states: "ok", "broken". */
enum out_tone out_tone_of(const char *word);
