/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls from a client to a holder, up to the execution of the method. */
#include "fuzz.h"

#include "holder/method.h"
#include "wire/varlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct varlink_in in = { .max = 65536 };
	json_object *message;
	size_t at = size / 2;

	/* In two pieces, as a socket may deliver them. */
	if (varlink_in_append(&in, data, at) == 0 &&
	    varlink_in_append(&in, data + at, size - at) == 0) {
		while (varlink_in_next(&in, &message) == 1) {
			struct call call = { 0 };

			if (call_open(message, &call) == 0)
				fuzz_check(call.method && call.parameters);
			call_done(&call);
		}
	}
	varlink_in_done(&in);
	return 0;
}
