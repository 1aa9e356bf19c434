/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit statuses. Scripts rely on them: never change one. */
#pragma once

enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,        /* the kernel or the system refused */
	STATUS_USAGE = 2,         /* wrong usage */
	STATUS_UNSAFE = 3,        /* refused by a safety check */
	STATUS_NOT_PERMITTED = 4, /* not permitted */
	STATUS_UNSUPPORTED = 5,   /* this kernel or hardware cannot do it */
	STATUS_NOT_FOUND = 6,     /* no such device, group, context or object */
	STATUS_PARTIAL = 7,       /* done or shown in part: some changed, or rows missing */
};
