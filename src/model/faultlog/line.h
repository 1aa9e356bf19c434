/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prefix of a kernel message, in all formats in which logs are shown. */
#pragma once

#include "model/faultlog/span.h"
#include "util/field.h"

struct log_line {
	struct log_span time;   /* empty where there is none */
	struct field_u64 usec;  /* the same, where it is in microseconds since boot */
	struct log_span host;   /* the host that logged it; empty if unknown */
	struct log_span driver; /* "vfio-pci" of "vfio-pci 0000:03:00.0: text", else empty */
	struct log_span device; /* "0000:03:00.0" */
	struct log_span body;   /* the message without driver and device */
	struct log_span whole;  /* the message with driver and device */
};

enum log_whose {
	LOG_NOBODYS, /* empty, or a detail of the preceding record */
	LOG_KERNELS,
	LOG_OTHERS, /* logged by another program, or by an unknown one */
};

/* RET is filled except for LOG_NOBODYS. */
enum log_whose log_line_split(const char *text, size_t size, struct log_line *ret);

/* Sets the parts of LINE that follow from its message, TEXT. */
void log_line_set_message(struct log_line *line, const struct log_span *text);
