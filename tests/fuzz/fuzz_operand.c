/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people write on the command line: numbers, sizes, PASIDs, addresses, names. */
#include "fuzz.h"

#include "util/parse.h"
#include "util/str.h"

static void check_ranges(const char *text)
{
	struct ranges list = { 0 }, again = { 0 };
	char *written;

	if (parse_ranges(text, 0xfffff, &list) < 0)
		return;
	fuzz_check(list.n > 0 && list.v[list.n - 1].hi <= 0xfffff);
	written = ranges_format(&list);
	fuzz_check(written && parse_ranges(written, 0xfffff, &again) == 0);
	fuzz_check(list.n == again.n && ranges_count(&list) == ranges_count(&again));
	fuzz_check(ranges_has(&again, list.v[0].lo));
	fuzz_check(ranges_cut(&again, list.v[0].lo, list.v[0].lo) == 0);
	fuzz_check(!ranges_has(&again, list.v[0].lo));
	ranges_done(&list);
	ranges_done(&again);
	free(written);
}

/* The output must be safe to print and, with the backslash escaped, reversible. */
static void check_printable(const char *text)
{
	char *shown = str_printable(text);

	fuzz_check(shown);
	for (const char *at = shown; *at; at++)
		fuzz_check((unsigned char)*at >= ' ' && *at != 0x7f);
	free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct pci_address address;
	uint64_t value;

	if (parse_u64(text, 100, &value) == 0)
		fuzz_check(value <= 100);
	(void)parse_hex(text, &value);
	(void)parse_size(text, &value);
	if (parse_is_name(text))
		fuzz_check(strlen(text) <= NAME_LENGTH_MAX && *text != '.' && !strchr(text, '/'));
	if (parse_pci_address(text, &address) == 0)
		fuzz_check(address.device <= 0x1f && address.function <= 7);
	fuzz_check(str_compare(text, text) == 0);
	check_ranges(text);
	check_printable(text);
	free(text);
	return 0;
}
