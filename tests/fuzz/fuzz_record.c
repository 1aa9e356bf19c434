/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record that was written down: what is read is written the same again, and can be used. */
#include "fuzz.h"

#include <string.h>

#include "holder/record/record.h"

static const char *text_of(json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
}

static void use(struct record *record)
{
	struct record_device *device;
	struct object *object;
	struct range range;

	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++)
		for (size_t i = 0; (object = record_at(record, kind, i)) != NULL; i++)
			(void)record_users(record, object);
	for (size_t i = 0; (device = record_device_at(record, i)) != NULL; i++) {
		(void)record_sibling_attached(record, device);
		(void)record_pasid_free(record, device, 1, &range);
	}
	for (enum object_kind kind = OBJECT_KINDS; kind-- > 0;)
		while ((object = record_at(record, kind, 0)) != NULL) {
			record_remove(record, object);
			object_free(object);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_object *message = NULL, *written, *again;
	struct record record, copy;

	if (json_parse((const char *)data, size, &message) < 0)
		return 0;
	if (record_read(message, &record) == 0) {
		written = record_write(&record);
		fuzz_check(record_read(written, &copy) == 0);
		again = record_write(&copy);
		fuzz_check(strcmp(text_of(written), text_of(again)) == 0);
		use(&copy);
		json_object_put(again);
		json_object_put(written);
		record_done(&copy);
		record_done(&record);
	}
	json_object_put(message);
	return 0;
}
