/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "model/faultlog/fault.h"
#include "model/faultlog/line.h"
#include "model/faultlog/span.h"

/* Tokenizer for the JSON in logs, line by line. Does not validate the sequence of tokens. */

enum log_json_kind {
	LOG_JSON_OPEN,  /* { */
	LOG_JSON_CLOSE, /* } */
	LOG_JSON_ARRAY, /* [ */
	LOG_JSON_END,   /* ] */
	LOG_JSON_KEY,   /* a string followed by a colon */
	LOG_JSON_STRING,
	LOG_JSON_OTHER, /* a number, true, false, null */
};

struct log_json_token {
	enum log_json_kind kind;
	struct log_span text; /* of the last three; a string is unescaped into the buffer */
};

/*
 * Takes the next token off TEXT; a string longer than SIZE is truncated. Returns 1, 0 at the end of
 * TEXT, -1 if it is not JSON.
 */
int log_json_next(struct log_span *text, char *buf, size_t size, struct log_json_token *ret);

/* Cleans text that was copied from terminals, files and mails. */

/*
 * Copies TEXT to BUF of the same size, without terminal escape sequences and byte order marks, and
 * with non-breaking spaces as spaces. Returns the size.
 */
size_t log_paste_clean(const char *text, size_t size, char *buf);

/* Takes the first line of a message off the front of SPAN. RET_MORE: more lines follow. */
struct log_span log_paste_take_line(struct log_span *span, bool *ret_more);

/*
 * The same for a line that has a time before each message: a terminal padded the lines with blanks, and
 * they were joined.
 */
struct log_span log_paste_take_message(struct log_span *span);

/*
 * Removes the escaping that web pages, mails and programs add to TEXT, in place: "&gt;", "\\\"".
 * Returns the size.
 */
size_t log_paste_unquote(char *text, size_t size);

/* TEXT without the marks of quotations, lists and code around it. */
struct log_span log_paste_strip(const struct log_span *text);

/* Maximum length of what precedes a message in a line. */
#define LOG_FRONT_MAX 256

/*
 * Iterates over the positions in the first FRONT bytes of TEXT where a message may begin. RET,
 * empty before the first call, is the text from there on. Returns false at the end.
 */
bool log_paste_next_start(const struct log_span *text, size_t front, struct log_span *ret);

/* Could TEXT be about a fault at all? A cheap test before the expensive ones. */
bool log_paste_may_tell(const struct log_span *text);

/* The forms of log lines as data, derived from the kernel's format strings. */

/*
 * Lines of one fault have the same `family` (a number unique within the source, not 0) and
 * ascending `part`s; parts may be missing. A line continues a held fault of a source with the same
 * name if the first pattern that it matches has that family and a higher part, and if unit and
 * device, where both have them, are equal. Its fields are added to those of the lines before; its
 * reason and remedy, if any, replace the earlier ones. `decode` is called once, that of the last
 * line, when no more can follow. Unrelated lines may come in between.
 */
enum {
	LOG_PART_NEXT = 1 << 0, /* more lines may follow */
	LOG_PART_MORE = 1 << 1, /* only a continuation: means nothing by itself */
	LOG_PART_SAME = 1 << 2, /* the same form may repeat, one line per word (%X) */
};

/*
 * All characters of a form match themselves, except a space, which matches any number of spaces and
 * tabs, and
 *
 *    %D  PCI address, the device      %U  name of the IOMMU unit       %N  name of the device
 *    %A  IOVA                         %P  PASID, hexadecimal          %p  PASID, decimal
 *    %C  code, hexadecimal            %c  code, decimal               %F  flags
 *    %S  stream, hexadecimal          %s  stream, decimal             %M  domain
 *    %W  "Read", "write", "RWX", ...: the access                      %X  a word for `raw`
 *    %G  pid, decimal                 %g  name of the process         %H  a GPU's hub
 *    %T  text up to what follows, for `text`; at the end all the rest
 *    %B  IOVA as two halves of 32 bits: "0x7f29_5b8c9000"
 *    %a  page number, decimal, for `iova`: `decode` turns it into the address
 *    %x  a hexadecimal number         %d  a decimal number            %*  anything: skipped
 *
 * Hexadecimal numbers may begin with 0x.
 */
struct log_pattern {
	const char *form;
	enum log_kind kind;
	const char *reason, *remedy; /* constants; NULL: set by `decode`, or unknown */
	/* Called after the last line of the fault matched: explains codes and flags. */
	void (*decode)(struct log_fault *fault);
	unsigned int family; /* equal for the lines of one fault; 0: a single line */
	unsigned int part;   /* ascending within the family */
	unsigned int flags;
};

/* Fills FAULT. Returns false if FORM does not match; FAULT is then partly filled. */
bool log_pattern_match(const char *form, const struct log_span *text, struct log_fault *fault);

/*
 * The driver that printed a line: recognized by the driver name before the device, or by the prefix
 * of the message.
 */
struct log_source {
	const char *name;
	const char *driver; /* "arm-smmu-v3"; NULL: any or none */
	const char *prefix; /* "DMAR: "; NULL: none */
	bool own; /* the device before the message is the IOMMU, not the one that did DMA */
	const struct log_pattern *patterns; /* up to a NULL form; kind UNKNOWN: nothing to report */
};

extern const struct log_source log_sources_vtd[], log_sources_amd[], log_sources_arm[],
	log_sources_other[], log_sources_device[], log_sources_gpu[], log_sources_gpu_soc[],
	log_sources_vfio[];
/* What the kernel prints when lines were rate-limited (lib/ratelimit.c). */
extern const struct log_pattern log_suppressed[];

/* Reasons and remedies shared by several drivers. */
#define LOG_QUEUE_ERROR  "the IOMMU did not understand a command of the kernel"
#define LOG_TIME_OUT     "the device did not confirm an invalidation of its translations in time (ATS)"
#define LOG_NOT_REMAPPED "interrupts are not remapped: a device can send any interrupt"
#define LOG_NO_DOMAIN \
	"the device does DMA without a driver that attached it: give it its driver, or bind it " \
	"and attach it to an IOAS; firmware may have left it running"
#define LOG_NO_WRITE \
	"map the memory for writing before the device writes there, or find out why it does"
#define LOG_NO_READ \
	"map the memory for reading before the device reads there, or find out why it does"
#define LOG_INTERRUPT "reset the device: it sent an interrupt that its driver did not set up"
#define LOG_PASID_WHY "'ioasidctl pasid why DEVICE' shows what PASIDs of the device lack"
#define LOG_UNMAPPED \
	"map the memory before the device uses it, and unmap it only when the device is done: " \
	"else the driver, or the program that has the device, has a bug"
#define LOG_BROKEN   "the kernel's table is damaged: report it with the whole log"
#define LOG_RESET    "reset the device; look for faulty hardware if it happens again"
#define LOG_PLATFORM "look for newer firmware"
#define LOG_PASIDS \
	"bind the PASID before the device uses it, and stop the device before it is unbound: " \
	"'ioasidctl pasid list' shows those that are"

/* A reason printed by the IOMMU core, and before 6.6 by the VT-d driver. */
#define LOG_FIRMWARE_USES \
	"the firmware uses the device for itself (RMRR): it cannot be assigned to a user"

/* Faults in the page tables that GPUs have of their own. */
#define GPU_MAPPED "the address is not mapped in the GPU's page table"
#define GPU_DENIED "the GPU's page table does not allow this access"
#define GPU_PAGE   "the GPU's own page table has no such page, or does not allow the access"
#define GPU_FIX \
	"the GPU's page tables are its driver's, not the IOMMU's: the program used memory of the " \
	"GPU that was not, or no longer, its own; else the driver has a bug"

/* A code and its meaning. */
struct log_code {
	unsigned int code;
	const char *reason, *remedy;
};

/* CODES ends with a NULL reason. Returns NULL if CODE is not in it. */
const struct log_code *log_code_find(const struct log_code *codes, const struct field_u64 *code);
/* Sets reason and remedy of FAULT from its code, if that is in CODES. */
void log_code_explain(struct log_fault *fault, const struct log_code *codes);
/*
 * Sets the device from a requester ID. Such a line does not have the segment, which is nearly
 * always 0.
 */
void log_fault_set_rid(struct log_fault *fault, uint64_t rid);

/* Finds the driver and the pattern that a line matches, and extracts the fault from it. */

struct log_match {
	const struct log_source *source;
	const struct log_pattern *pattern; /* NULL: no known form */
	struct log_span text;
};

/* Returns false if the line is not about faults. */
bool log_match_find(const struct log_line *line, struct log_match *match, struct log_fault *ret);

/* Does LINE continue the fault in HELD? If so, RET is that fault with the fields of LINE added. */
bool log_match_next(const struct log_held *held, const struct log_line *line,
		    struct log_match *match, struct log_fault *ret);

/* Does the line only say that there is no fault, or is it a continuation line? */
bool log_match_is_nothing(const struct log_match *match);

/* Are the names equal, or is one of them unknown? */
bool log_match_agree(const char *a, const char *b);

/* Copies SPAN, or "" if it does not fit; NUL bytes become '?'. */
void log_span_copy(char *buf, size_t size, const struct log_span *span);

/*
 * How the parser handles a line. All functions return 0, -ENOMEM or what the caller's function
 * returned.
 */

/* A line, and the callback for its faults. */
struct log_input {
	const char *text; /* as it was read */
	size_t size;
	log_each *each;
	void *data;
	size_t front;     /* a message begins within so many bytes */
	bool unknown;     /* accept forms that are not known */
	const char *host; /* host of the record that contains the line, or NULL */
	const char *time; /* time of that record, if the text has none; or NULL */
};

/* Reports the complete faults at the front of the queue, and at least COUNT of them. */
int log_release(struct log_parser *parser, unsigned int count, log_each *each, void *data);

/* Counts a line that is not about faults. */
int log_pass(struct log_parser *parser, log_each *each, void *data);

/* Adds LINE to the newest held fault that it continues. Returns false if there is none. */
bool log_join_any(struct log_parser *parser, const struct log_line *line);

/*
 * Continuation lines of a message are trusted only directly after it. Alone they may be from any process.
 * Returns false if LINE adds nothing.
 */
bool log_join_indented(struct log_parser *parser, const struct log_line *line);

/*
 * Handles all lines of a message, which LINE contains; rsyslog and /dev/kmsg escape the newlines
 * between them. RET_KNOWN: at least one was understood, as a fault or not.
 */
int log_take_messages(struct log_parser *parser, struct log_line *line, const struct log_input *in,
		      bool *ret_known);

/* Does TEXT look like a fault, whoever logged it? */
bool log_is_doubtful(const struct log_span *text);

/* A line of pasted text. */
int log_take_pasted(struct log_parser *parser, const struct log_span *text, struct log_input *in);

/* Reports the remaining incomplete lines as they are, if they look like a fault. */
int log_give_pieces(struct log_parser *parser, log_each *each, void *data);

/* Timestamps of logs, in any language: recognized by their place and shape, not interpreted. */

enum log_time {
	LOG_TIME_NONE,
	LOG_TIME_DATE,  /* of a log with host and program: "Nov 22 10:11:12" */
	LOG_TIME_ZONE,  /* the same, optionally followed by a year or zone */
	LOG_TIME_ALONE, /* of a log with only messages: dmesg --time-format iso */
};

/* Takes a timestamp off the front of SPAN. */
enum log_time log_time_take(struct log_span *span, struct log_span *ret);

/*
 * Takes "[   12.345678] ", "[Tue Nov 24 04:28:19 2026] ", "[  +0.000003] " or "[   12.345678][
 * T1] " off SPAN. RET is not changed if it is already set or the bracket has no time. Returns false
 * if there is no such bracket.
 */
bool log_time_take_bracket(struct log_span *span, struct log_span *ret);
