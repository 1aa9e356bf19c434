/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel log lines about DMA that went wrong, as the drivers of IOMMUs, iommufd, VFIO and devices with
 * PASIDs print them: one line of text in, one fault out, sometimes of several lines.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/log_record.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

enum log_kind {
	LOG_KIND_UNKNOWN,      /* from a driver that is known, in words that are not */
	LOG_KIND_DMA,          /* a request of a device was not translated */
	LOG_KIND_INTERRUPT,    /* nor remapped */
	LOG_KIND_PAGE_REQUEST, /* a device asked for a page in vain */
	LOG_KIND_INVALIDATION, /* the IOMMU or a device did not execute a command */
	LOG_KIND_HARDWARE,     /* the IOMMU or a device reports an error of its own */
	LOG_KIND_LOST,         /* faults there were, but nobody has them */
	LOG_KIND_REFUSED,      /* the kernel would not do what was asked of it */
	LOG_KIND_UNSAFE,       /* it did, and isolation is weaker for it */
};

enum {
	LOG_ACCESS_READ = 1 << 0,
	LOG_ACCESS_WRITE = 1 << 1,
	LOG_ACCESS_EXEC = 1 << 2,
};

#define LOG_NAME_MAX 63
#define LOG_TEXT_MAX 255
#define LOG_RAW_MAX  4

struct log_fault {
	const char *source; /* what printed it: "dmar", "amd-vi", "arm-smmu-v3", "vfio", ... */
	enum log_kind kind;
	char time[40];               /* as the log has it: "12.345678", "Nov 22 10:11:12"; or "" */
	char host[LOG_NAME_MAX + 1]; /* whose log it is, where the log says; else "" */
	char device[LOG_NAME_MAX + 1];  /* sysfs id: "0000:03:00.0"; "" unknown */
	char iommu[LOG_NAME_MAX + 1];   /* its unit, as the line names it; "" where it does not */
	char process[LOG_NAME_MAX + 1]; /* command of the process, where the line names it */
	char hub[LOG_NAME_MAX + 1];     /* part of a GPU that asked: "gfxhub"; else "" */
	struct field_u64 pid, pasid, iova;
	struct field_u64 stream;     /* Arm: StreamID; RISC-V: device_id; virtio: endpoint */
	struct field_u64 domain;     /* AMD: domain id */
	struct field_u64 code;       /* number of the reason in the specification */
	struct field_u64 flags;      /* bits besides, as the specification has them */
	unsigned int access;         /* LOG_ACCESS_*; 0 unknown */
	const char *reason;          /* in words; NULL: the kernel's own, in `text` */
	const char *remedy;          /* NULL: none that we know */
	char text[LOG_TEXT_MAX + 1]; /* the kernel's words for the reason; or "" */
	uint64_t raw[LOG_RAW_MAX];   /* a record of the hardware, dumped word by word */
	unsigned int n_raw;
	char *line; /* the first line of it, as it was read; a NUL in it is a '?' */
};

void log_fault_done(struct log_fault *fault);
#define _cleanup_log_fault_ _cleanup_(log_fault_done)

const char *log_kind_name(enum log_kind kind); /* "dma", "interrupt", "page-request", ... */

#define LOG_HELD_MAX 4

/* A fault that is not given yet: further lines may belong to it, or to one before it. */
struct log_held {
	struct log_fault fault;            /* so far */
	const struct log_pattern *pattern; /* of its last line; NULL: a form that is not known */
	unsigned int age;                  /* lines of others since */
	uint64_t line;                     /* number of its first line */
};

#define LOG_PIECES_MAX 2
#define LOG_PIECE_MAX  1024

/* Lines of pasted text that make no sense alone: a mailer may have cut them in pieces. */
struct log_pieces {
	char text[LOG_PIECES_MAX][LOG_PIECE_MAX];
	size_t size[LOG_PIECES_MAX];
	unsigned int n;
};

/* What is remembered from one line to the next. A zeroed one is new. */
struct log_parser {
	struct log_held held[LOG_HELD_MAX]; /* in the order in which they began */
	unsigned int n_held;
	struct log_pieces pieces;
	struct log_record record;
	/*
	 * What people paste: anything may stand around a message, which may be cut in pieces, and
	 * whoever wrote it is believed. Set before the first line.
	 */
	bool pasted;
	uint64_t lines, faults, others; /* seen; explained; not about faults of DMA */
	uint64_t doubted; /* look like faults, and nothing says that they are the kernel's */
};

void log_parser_done(struct log_parser *parser);
#define _cleanup_log_parser_ _cleanup_(log_parser_done)

/* Gets each fault; what it returns but 0 ends the parsing and is returned. */
typedef int log_each(const struct log_fault *fault, void *data);

/*
 * One line, without its newline: any bytes, with or without what printk, dmesg(1), journalctl(1),
 * syslog or /dev/kmsg put before a message. Lines that processes have logged are passed over:
 * only the kernel is believed. Calls EACH for none, one or two faults. Returns 0 or -ENOMEM.
 */
int log_parse(struct log_parser *parser, const char *text, size_t size, log_each *each, void *data);

/* A line was left out, for it was too long: what it may have been the middle of is not believed. */
void log_tear(struct log_parser *parser);

/* At the end, or when nothing comes for a while: what was held back for further lines. */
int log_flush(struct log_parser *parser, log_each *each, void *data);

/*
 * The kernel's own log: an fd of which each read(2) gives a record. Returns it, -EPERM
 * (kernel.dmesg_restrict), -EREMOTE for a tree captured without, -errno.
 */
int log_kernel_open(const struct sys_root *root);
