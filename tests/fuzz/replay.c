/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a fuzz target once on each given file, without libFuzzer. */
#include "fuzz.h"

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, n;
	uint8_t chunk[4096];

	if (!f) {
		perror(path);
		return 1;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		data = realloc(data, size + n);
		fuzz_check(data);
		memcpy(data + size, chunk, n);
		size += n;
	}
	n = (size_t)ferror(f);
	fclose(f);
	/* Printed first, so that it precedes a sanitizer's report. */
	fprintf(stderr, "input: %s\n", path);
	if (n == 0)
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return n != 0;
}

int main(int argc, char **argv)
{
	int status = argc < 2;

	for (int i = 1; i < argc; i++)
		status |= replay(argv[i]);
	return status;
}
