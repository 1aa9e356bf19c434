/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel log lines about failed DMA, as printed by IOMMU drivers, iommufd, VFIO and drivers of
 * devices with PASIDs. One line of text in, one fault out; some faults take several lines.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/faultlog/record.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

enum log_kind {
	LOG_KIND_UNKNOWN,      /* from a known driver, in a form that is not known */
	LOG_KIND_DMA,          /* a request of a device was not translated */
	LOG_KIND_INTERRUPT,    /* an interrupt request was not remapped */
	LOG_KIND_PAGE_REQUEST, /* a device's page request failed */
	LOG_KIND_INVALIDATION, /* the IOMMU or a device did not complete a command */
	LOG_KIND_HARDWARE,     /* the IOMMU or a device reports an internal error */
	LOG_KIND_LOST,         /* faults were dropped before anyone saw them */
	LOG_KIND_REFUSED,      /* the kernel refused a request of the user */
	LOG_KIND_UNSAFE,       /* the kernel allowed it, and isolation is weaker for it */
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
	char time[40];                  /* as in the log: "12.345678", "Nov 22 10:11:12"; or "" */
	char host[LOG_NAME_MAX + 1];    /* the host that logged it, if the log says so; else "" */
	char device[LOG_NAME_MAX + 1];  /* sysfs id: "0000:03:00.0"; "": unknown */
	char iommu[LOG_NAME_MAX + 1];   /* IOMMU unit named in the line; "" */
	char process[LOG_NAME_MAX + 1]; /* command of the process named in the line */
	char hub[LOG_NAME_MAX + 1];     /* part of a GPU that sent it: "gfxhub"; else "" */
	struct field_u64 pid, pasid, iova;
	struct field_u64 stream;     /* Arm: StreamID; RISC-V: device_id; virtio: endpoint */
	struct field_u64 domain;     /* AMD: domain id */
	struct field_u64 code;       /* numeric reason, as in the specification */
	struct field_u64 flags;      /* further bits, as in the specification */
	unsigned int access;         /* LOG_ACCESS_*; 0 unknown */
	const char *reason;          /* in words; NULL: `text` has the kernel's own words */
	const char *remedy;          /* NULL: none known */
	char text[LOG_TEXT_MAX + 1]; /* the kernel's words for the reason; or "" */
	uint64_t raw[LOG_RAW_MAX];   /* a hardware record that the driver dumps word by word */
	unsigned int n_raw;
	char *line; /* the first line as read, NUL bytes replaced by '?' */
};

void log_fault_done(struct log_fault *fault);
#define _cleanup_log_fault_ _cleanup_(log_fault_done)

extern const char *const log_kind_names[];     /* the names of all kinds, up to a NULL */
const char *log_kind_name(enum log_kind kind); /* "dma", "interrupt", "page-request", ... */

#define LOG_HELD_MAX 4

/* A fault that is held back: more lines may belong to it, or to a fault before it. */
struct log_held {
	struct log_fault fault;            /* complete so far */
	const struct log_pattern *pattern; /* of its last line; NULL: a form that is not known */
	unsigned int age;                  /* unrelated lines since */
	uint64_t line;                     /* number of the last line of its first message */
};

#define LOG_PIECES_MAX 2
#define LOG_PIECE_MAX  1024

/* Lines of pasted text that are incomplete by themselves: a mailer may have wrapped them. */
struct log_pieces {
	char text[LOG_PIECES_MAX][LOG_PIECE_MAX];
	size_t size[LOG_PIECES_MAX];
	unsigned int n;
};

/* Parser state between lines. Initialize to zero. */
struct log_parser {
	struct log_held held[LOG_HELD_MAX]; /* in the order in which they began */
	unsigned int n_held;
	struct log_pieces pieces;
	struct log_record record;
	/*
	 * Pasted text: a message may be wrapped, have anything around it, and is believed whoever
	 * logged it. Set before the first line.
	 */
	bool pasted;
	uint64_t lines, faults, others; /* read; reported; not about DMA faults */
	uint64_t doubted; /* lines that look like faults but cannot be attributed to the kernel */
};

void log_parser_done(struct log_parser *parser);
#define _cleanup_log_parser_ _cleanup_(log_parser_done)

/* Called for each fault. A non-zero return ends the parsing and is returned. */
typedef int log_each(const struct log_fault *fault, void *data);

/*
 * Parses one line, without its newline: any bytes, with or without the prefix of printk, dmesg(1),
 * journalctl(1), syslog or /dev/kmsg. Lines logged by processes are skipped: only the kernel is
 * believed. Calls EACH for zero to two faults. Returns 0 or -ENOMEM.
 */
int log_parse(struct log_parser *parser, const char *text, size_t size, log_each *each, void *data);

/*
 * To call when a line was skipped as too long: a message that it may have been part of is dropped.
 */
void log_tear(struct log_parser *parser);

/*
 * To call at the end, or when no line arrives for a while: reports the faults that were held back.
 */
int log_flush(struct log_parser *parser, log_each *each, void *data);

/*
 * Opens the kernel's log; each read(2) of the fd returns one record. Returns the fd, -EPERM
 * (kernel.dmesg_restrict), -EREMOTE for a tree captured without a log, or another -errno.
 */
int log_kernel_open(const struct sys_root *root);
