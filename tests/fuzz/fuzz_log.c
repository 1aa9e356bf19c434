/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel log lines of any origin, number and order. */
#include "fuzz.h"
#include "model/faultlog/fault.h"

static void check_text(const char *text, size_t size)
{
	fuzz_check(memchr(text, '\0', size));
}

static int check(const struct log_fault *fault, void *data)
{
	(void)data;
	check_text(fault->time, sizeof(fault->time));
	check_text(fault->device, sizeof(fault->device));
	check_text(fault->iommu, sizeof(fault->iommu));
	check_text(fault->process, sizeof(fault->process));
	check_text(fault->host, sizeof(fault->host));
	check_text(fault->hub, sizeof(fault->hub));
	check_text(fault->text, sizeof(fault->text));
	fuzz_check(fault->source && fault->line && log_kind_name(fault->kind));
	fuzz_check(fault->access < 8 && fault->n_raw <= LOG_RAW_MAX);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first byte selects how the rest is read. */
	_cleanup_log_parser_ struct log_parser parser = { .pasted = size && *data & 1 };

	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;
		/* In an allocation of its exact size, so that reads beyond it are detected. */
		char *line = malloc(n + !n);

		fuzz_check(line);
		memcpy(line, data, n);
		fuzz_check(log_parse(&parser, line, n, check, NULL) == 0);
		free(line);
		data += n + (end != NULL);
		size -= n + (end != NULL);
	}
	fuzz_check(log_flush(&parser, check, NULL) == 0);
	return 0;
}
