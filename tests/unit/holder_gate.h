/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call of the kernel of holder_kernel.h that blocks until the test releases it. */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	unsigned long request; /* the next ioctl of this kind, 0: none, */
	unsigned int after;    /* after so many others of it */
	int entered[2];        /* readable when it blocks */
	int open[2];           /* a byte ends that */
} gate;

/* Ends the test, in any thread. */
static inline void kernel_expect(bool yes, const char *what)
{
	if (yes)
		return;
	fprintf(stderr, "fake kernel: %s\n", what);
	abort();
}

/* If this call is to block: waits for kernel_release(), holding nothing. */
static inline void kernel_wait(unsigned long request)
{
	char byte = 0;

	if (request != gate.request || gate.after-- > 0)
		return;
	gate.request = 0;
	kernel_expect(write(gate.entered[1], &byte, 1) == 1, "write");
	kernel_expect(read(gate.open[0], &byte, 1) == 1, "read");
	for (size_t i = 0; i < 2; i++) {
		syscall(SYS_close, gate.entered[i]);
		syscall(SYS_close, gate.open[i]);
	}
}

/* The (N+1)th REQUEST from now blocks, until it is released. */
static inline void kernel_block(unsigned long request, unsigned int n)
{
	assert_int_equal(pipe2(gate.entered, O_CLOEXEC), 0);
	assert_int_equal(pipe2(gate.open, O_CLOEXEC), 0);
	gate.after = n;
	gate.request = request;
}

/* Waits until it does. */
static inline void kernel_await(void)
{
	char byte;

	assert_int_equal(read(gate.entered[0], &byte, 1), 1);
}

static inline void kernel_release(void)
{
	assert_int_equal(write(gate.open[1], "", 1), 1);
}
