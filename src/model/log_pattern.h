/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of log lines, as data: what the kernel's format strings print, read back. */
#pragma once

#include <stdbool.h>

#include "model/log.h"
#include "model/log_line.h"

/*
 * Lines that belong together have the same `family` (a number of the source's own, not 0) and rising
 * `part`s; parts may be missing. A line goes on with what is held of a source of the same name, if
 * the first pattern that it matches has that family and a higher part, and if unit and device, where
 * both name them, are the same. Fields are then filled on top of what the lines before have said; of
 * reason and remedy the later pattern's count, and the earlier's where it has none. `decode` is called
 * once, the last line's, when nothing more can come. Others may print in between.
 */
enum {
	LOG_PART_NEXT = 1 << 0, /* further lines may belong to the fault */
	LOG_PART_MORE = 1 << 1, /* only ever such a line: alone it means nothing */
	LOG_PART_SAME = 1 << 2, /* the same form may come again, word after word (%X) */
};

/*
 * In a form all stands for itself but a blank, which is any number of blanks and tabs, and
 *
 *   %D  PCI address, the device      %U  name of the IOMMU's unit    %N  name of the device
 *   %A  IOVA                         %P  PASID, hexadecimal          %p  PASID, decimal
 *   %C  code, hexadecimal            %c  code, decimal               %F  flags
 *   %S  stream, hexadecimal          %s  stream, decimal             %M  domain
 *   %W  "Read", "write", "RWX", ...: the access                      %X  a word for `raw`
 *   %G  pid, decimal                 %g  name of the process         %H  a GPU's hub
 *   %T  text up to what follows, for `text`; at the end all the rest
 *   %a  number of a page, decimal, for `iova`: `decode` makes the address of it
 *   %x  a hexadecimal number         %d  a decimal one               %*  anything: passed over
 *
 * Hexadecimal numbers have an 0x or none.
 */
struct log_pattern {
	const char *form;
	enum log_kind kind;
	const char *reason, *remedy; /* constants; NULL: `decode` knows, or nobody */
	/* After the match, at the last line of the fault: the meaning of codes and flags. */
	void (*decode)(struct log_fault *fault);
	unsigned int family; /* lines of one fault have the same; 0: one line is all */
	unsigned int part;   /* and rising parts */
	unsigned int flags;
};

/* Fills FAULT, which it leaves half filled where it returns false. */
bool log_pattern_match(const char *form, const struct log_span *text, struct log_fault *fault);

/* Who prints: known by the driver before the device's name, or by what a message begins with. */
struct log_source {
	const char *name;
	const char *driver; /* "arm-smmu-v3"; NULL: any, and none */
	const char *prefix; /* "DMAR: "; NULL: none */
	bool own; /* the device before the message is the IOMMU, not the one that did the DMA */
	const struct log_pattern *patterns; /* up to a NULL form; kind UNKNOWN: nothing to report */
};

extern const struct log_source log_sources_vtd[], log_sources_amd[], log_sources_arm[],
	log_sources_other[], log_sources_device[], log_sources_vfio[];
/* What the kernel says in place of lines that it left out (lib/ratelimit.c). */
extern const struct log_pattern log_suppressed[];

/* Remedies that more than one driver has. */
#define LOG_UNMAPPED \
	"map the memory before the device uses it, and unmap it only when the device is done: " \
	"else the driver, or the program that has the device, has a bug"
#define LOG_BROKEN   "the kernel's table is damaged: report it with the whole log"
#define LOG_RESET    "reset the device; look for faulty hardware if it happens again"
#define LOG_PLATFORM "look for newer firmware"
#define LOG_PASIDS \
	"bind the PASID before the device uses it, and stop the device before it is unbound: " \
	"'ioasidctl pasid list' shows those that are"

/* And a reason that the core has from the driver of VT-d, where it was before 6.6. */
#define LOG_FIRMWARE_USES \
	"the firmware uses the device for itself (RMRR): it cannot be assigned to a user"

/* A code and what it means. */
struct log_code {
	unsigned int code;
	const char *reason, *remedy;
};

/* Up to a NULL reason. NULL where CODE is not among them. */
const struct log_code *log_code_find(const struct log_code *codes, const struct field_u64 *code);
/* The reason and the remedy of FAULT's code, where it is among CODES. */
void log_code_explain(struct log_fault *fault, const struct log_code *codes);
/* A requester ID is the device; the segment is nowhere in such a line, and nearly always 0. */
void log_fault_set_rid(struct log_fault *fault, uint64_t rid);
