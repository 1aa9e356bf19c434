/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/tone.h"

#include <string.h>

/* The terminal's own colours that are legible on black and on white. */
static const char *const colors[] = {
	[OUT_TONE_TITLE] = "\033[1m",    [OUT_TONE_GROUP] = "\033[36m",
	[OUT_TONE_FAINT] = "\033[2m",    [OUT_TONE_BINDING] = "\033[32m",
	[OUT_TONE_PROCESS] = "\033[35m", [OUT_TONE_WRONG] = "\033[31m",
	[OUT_TONE_GOOD] = "\033[32m",    [OUT_TONE_WARNING] = "\033[33m",
	[OUT_TONE_UNKNOWN] = "\033[35m",
};

static const struct {
	const char *word;
	enum out_tone tone;
} words[] = {
	{ "ok", OUT_TONE_GOOD },
	{ "ready", OUT_TONE_GOOD },
	{ "live", OUT_TONE_GOOD },
	{ "mapped", OUT_TONE_GOOD },
	{ "read", OUT_TONE_GOOD },
	{ "warning", OUT_TONE_WARNING },
	{ "denied", OUT_TONE_WARNING },
	{ "unreadable", OUT_TONE_WARNING },
	{ "broken", OUT_TONE_WRONG },
	{ "blocked", OUT_TONE_WRONG },
	{ "stale", OUT_TONE_WRONG },
	{ "unmapped", OUT_TONE_WRONG },
	{ "not-in-hardware", OUT_TONE_WRONG },
	{ "not-recorded", OUT_TONE_WRONG },
	{ "unknown", OUT_TONE_UNKNOWN },
	{ "unconfirmed", OUT_TONE_UNKNOWN },
	{ "ambiguous", OUT_TONE_UNKNOWN },
};

const char *out_tone_color(enum out_tone tone)
{
	return colors[tone];
}

enum out_tone out_tone_of(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].tone;
	return OUT_TONE_PLAIN;
}
