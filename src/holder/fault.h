/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a method answers instead of its reply: a varlink error and its parameters. */
#pragma once

#include "wire/json.h"
#include "wire/varlink.h"
#include "sys/iommufd.h"

struct fault {
	bool raised;
	char id[96]; /* "org.ioasidctl.Context.PasidZero" */
	json_object *parameters;
	int err; /* of KernelError: errno, positive; else 0 */
};

void fault_done(struct fault *fault);
#define _cleanup_fault_ _cleanup_(fault_done)

/*
 * The one error code of every function that takes a fault: there is one, and it says it all. Such a
 * function leaves everything as it was.
 */
#define FAULTED (-1)

/* An error of our interface. Takes PARAMETERS over (NULL for none). All of these return FAULTED. */
int fault_raise(struct fault *fault, const char *name, json_object *parameters);
/* One with a single string parameter. */
int fault_raise_string(struct fault *fault, const char *name, const char *key, const char *value);
/* LimitReached: there are LIMIT of WHAT, and no more may be. */
int fault_limit(struct fault *fault, const char *what, uint64_t limit);
/* org.varlink.service.InvalidParameter */
int fault_parameter(struct fault *fault, const char *parameter);
/* An error of org.varlink.service, with one string parameter unless KEY is NULL. */
int fault_varlink(struct fault *fault, const char *name, const char *key, const char *value);
/* An error by its full name, as another process has raised it. Takes PARAMETERS over. */
void fault_copy(struct fault *fault, const char *id, json_object *parameters);
/* KernelError: OP failed with -errno R. */
int fault_kernel(struct fault *fault, enum iommufd_op op, int r);
/* The same for what is no ioctl: "mmap". HINT may be NULL. */
int fault_system(struct fault *fault, const char *operation, int r, const char *hint);
