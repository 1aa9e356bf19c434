/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A method's answer in place of a reply: a varlink error and its parameters. */
#pragma once

#include "wire/json.h"
#include "wire/varlink.h"
#include "sys/iommufd.h"

struct fault {
	bool raised;
	char id[96]; /* "org.ioasidctl.Context.PasidZero" */
	json_object *parameters;
	int err; /* positive errno of KernelError; else 0 */
};

void fault_done(struct fault *fault);
#define _cleanup_fault_ _cleanup_(fault_done)

/*
 * The only error code of functions with a struct fault, which has the details. They leave
 * everything else unchanged.
 */
#define FAULTED (-1)

/*
 * Raises an error of our interface. Takes over PARAMETERS (may be NULL). All of these return
 * FAULTED.
 */
int fault_raise(struct fault *fault, const char *name, json_object *parameters);
/* With a single string parameter. */
int fault_raise_string(struct fault *fault, const char *name, const char *key, const char *value);
/* LimitReached: there are already LIMIT of WHAT, a word of the interface. */
int fault_limit(struct fault *fault, const char *what, uint64_t limit);
/* org.varlink.service.InvalidParameter */
int fault_parameter(struct fault *fault, const char *parameter);
/* Raises an error of org.varlink.service, with one string parameter unless KEY is NULL. */
int fault_varlink(struct fault *fault, const char *name, const char *key, const char *value);
/* Sets an error raised by another process, by its full name. Takes over PARAMETERS. */
void fault_copy(struct fault *fault, const char *id, json_object *parameters);
/* KernelError: OP failed with -errno R. */
int fault_kernel(struct fault *fault, enum iommufd_op op, int r);
/* The same for other calls than ioctls: "mmap". */
int fault_system(struct fault *fault, const char *operation, int r);
