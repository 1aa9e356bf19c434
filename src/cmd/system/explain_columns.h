/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a fault in the kernel's log. */
#pragma once

#include "model/machine/device.h"
#include "model/faultlog/fault.h"
#include "out/value.h"

/* Not columns of a device: the process that has the PASID; the devices behind a bridge. */
enum { EXPLAIN_NEED_OWNER = 1u << 24, EXPLAIN_NEED_CANDIDATE = 1u << 25 };

struct explain_row {
	const struct log_fault *fault;
	struct device device; /* as it is now; zeroed where the fault names none that is there */
	int device_status;    /* 1: it is known; 0: there is none; -errno */
	/* Of the process that the line names, else of the one that has the PASID now. Strings are borrowed. */
	struct field_u64 pid, uid;
	const char *command, *unit, *context;
	uint64_t count;         /* of equal faults */
	const char *last_time;  /* of the last of them; NULL or "" where there is one */
	struct strv candidates; /* where the device stands for all behind a bridge: these */
};

extern const struct out_column explain_columns[];
