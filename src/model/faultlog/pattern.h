/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of log lines as data, derived from the kernel's format strings. */
#pragma once

#include <stdbool.h>

#include "model/faultlog/fault.h"
#include "model/faultlog/line.h"

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
	log_sources_other[], log_sources_device[], log_sources_vfio[];
/* What the kernel prints when lines were rate-limited (lib/ratelimit.c). */
extern const struct log_pattern log_suppressed[];

/* Remedies shared by several drivers. */
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
