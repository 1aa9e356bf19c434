/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs made of records with fields instead of lines of text: journalctl -o json, json-pretty,
 * json-sse, json-seq, export and verbose, dmesg --json, Docker's json-file, and other JSON with a
 * message in it.
 */
#pragma once

#include "model/faultlog/line.h"

#define LOG_MESSAGE_MAX 8192

enum log_form { LOG_FORM_NONE, LOG_FORM_JSON, LOG_FORM_EXPORT, LOG_FORM_VERBOSE };

/* A record under construction. Initialize to zero. */
struct log_record {
	enum log_form form;
	char message[LOG_MESSAGE_MAX];
	size_t size;
	bool complete; /* has its message; a second field of the name is ignored */
	char time[40];
	char host[64];
	enum log_whose whose; /* LOG_NOBODYS: no field says it */
	bool journal;         /* from a journal, which always says whose it is */
	/* JSON: nesting depth, depth of the message, and the key whose value is expected. */
	unsigned int depth, message_depth;
	char key[32];
	bool value, array;
	/*
	 * Export format: length of the binary value that follows, and the bytes of it read so far.
	 */
	unsigned int n_length;
	unsigned char length[8];
	uint64_t blob;
	bool blob_is_message, last_is_message;
	bool torn; /* a line of the record was lost */
};

/* Called for each complete record. A non-zero return ends the parsing and is returned. */
typedef int log_record_each(struct log_record *record, void *data);

/*
 * Parses a line, without its newline. Returns 1 if it belongs to a record, 0 if not, or what EACH
 * returned. PASTED: the line may be quoted or indented.
 */
int log_record_parse(struct log_record *record, const char *text, size_t size, bool pasted,
		     log_record_each *each, void *data);

/* To call at the end: reports the last record, complete or not. */
int log_record_flush(struct log_record *record, log_record_each *each, void *data);

/* To call after a line that could not be read: the record that it was part of is dropped. */
void log_record_tear(struct log_record *record);
