/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contexts of a captured machine, which is an untrusted file. */
#include "fuzz.h"

#include "client/holder.h"

static void ask(struct holder_client *client)
{
	struct holder_context context = { 0 };
	struct holder_bindings bindings = { 0 };
	struct holder_ioas_info info = { 0 };

	if (holder_describe(client, &context, NULL) == 0)
		holder_context_done(&context);
	if (holder_list_bindings(client, NULL, &bindings, NULL) == 0)
		holder_bindings_done(&bindings);
	if (holder_show_ioas(client, "2", &info, NULL) == 0)
		holder_ioas_info_done(&info);
	holder_close(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *again = NULL;
	struct holder_entries list = { 0 };

	if (holder_list_captured(text, &list) == 0) {
		struct holder_client *client = NULL;

		for (size_t i = 0; i < list.n; i++)
			if (holder_connect_entry(&list.v[i], &client, NULL) == 0)
				ask(client);
		if (holder_connect_captured(&list, "vm", &client, NULL) == 0)
			ask(client);
		if (holder_connect_captured(&list, "1000:vm", &client, NULL) == 0)
			ask(client);
		for (size_t i = 0; i < list.n; i++)
			fuzz_check(list.v[i].pid == 0 || holder_find_pid(&list, list.v[i].pid));
		fuzz_check(holder_capture(&list, size % 2, &again) == 0);
	}
	holder_entries_done(&list);
	free(again);
	free(text);
	return 0;
}
