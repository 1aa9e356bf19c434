/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs that are not lines of text but records of fields: journalctl -o json, json-pretty, json-sse,
 * json-seq, export and verbose, dmesg --json, Docker's json-file, and what else has a message in JSON.
 */
#pragma once

#include "model/log_line.h"

#define LOG_MESSAGE_MAX 8192

enum log_form { LOG_FORM_NONE, LOG_FORM_JSON, LOG_FORM_EXPORT, LOG_FORM_VERBOSE };

/* A record so far. A zeroed one is new. */
struct log_record {
	enum log_form form;
	char message[LOG_MESSAGE_MAX];
	size_t size;
	bool complete; /* the message; another of the name is not added */
	char time[40];
	char host[64];
	enum log_whose whose; /* LOG_NOBODYS: no field says */
	bool journal;         /* of a journal, which could have said */
	/* Of JSON: how deep we are, and where the message is; the key whose value comes. */
	unsigned int depth, message_depth;
	char key[32];
	bool value, array;
	/* Of export: a value of that many bytes follows; those of its length that have been read. */
	unsigned int n_length;
	unsigned char length[8];
	uint64_t blob;
	bool blob_is_message, last_is_message;
	bool torn; /* a line of it was lost */
};

/* Gets each record when it is complete; what it returns but 0 ends the parsing and is returned. */
typedef int log_record_each(struct log_record *record, void *data);

/*
 * A line, without its newline. Returns 1 if it is of a record, 0 if it is not, or what EACH returned.
 * PASTED: it may be quoted or indented.
 */
int log_record_parse(struct log_record *record, const char *text, size_t size, bool pasted,
		     log_record_each *each, void *data);

/* At the end: gives what is there of a last one. */
int log_record_flush(struct log_record *record, log_record_each *each, void *data);

/* After a line that could not be read: nothing of what it began is to be believed. */
void log_record_tear(struct log_record *record);
