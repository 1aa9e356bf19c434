/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target is a file fuzz_NAME.c that defines LLVMFuzzerTestOneInput(), for libFuzzer ('make
 * fuzz') and replay.c ('make check'). Its initial inputs are the files of corpus/NAME.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold for any input. */
#define fuzz_check(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, \
				#condition); \
			abort(); \
		} \
	} while (0)

/* The input as a string, up to the first NUL; the caller frees it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_check(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}
