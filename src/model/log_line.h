/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands before and around a kernel message, in all the ways that logs are shown. */
#pragma once

#include "model/log_span.h"
#include "util/field.h"

struct log_line {
	struct log_span time;   /* empty where there is none */
	struct field_u64 usec;  /* the same, where it is in microseconds since boot */
	struct log_span host;   /* whose log it is; empty where it does not say */
	struct log_span driver; /* "vfio-pci" of "vfio-pci 0000:03:00.0: text", else empty */
	struct log_span device; /* "0000:03:00.0" */
	struct log_span body;   /* the message, without the two */
	struct log_span whole;  /* the message, with them */
};

enum log_whose {
	LOG_NOBODYS, /* empty, or a detail of the record before */
	LOG_KERNELS,
	LOG_OTHERS, /* another program's, or nobody can say whose */
};

/* RET is filled for all but LOG_NOBODYS. */
enum log_whose log_line_split(const char *text, size_t size, struct log_line *ret);

/* What is known of LINE but its message, which is TEXT. */
void log_line_set_message(struct log_line *line, const struct log_span *text);
