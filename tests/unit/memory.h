/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Injects failures of malloc() and detects leaks: for one file of a program, whose malloc() this
 * is. With sanitizers, which have their own malloc(), nothing fails and they detect leaks.
 */
#pragma once

#include "tree.h"

#include <errno.h>

struct memory {
	size_t n;       /* allocations */
	size_t fail_at; /* the allocation that fails; 0: none */
	long live;      /* allocations not freed yet */
};

static struct memory memory;

#ifndef __SANITIZE_ADDRESS__

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static bool memory_fails(void)
{
	return ++memory.n == memory.fail_at;
}

static void *memory_count(void *new)
{
	if (!new)
		errno = ENOMEM;
	memory.live += new != NULL;
	return new;
}

void *malloc(size_t size)
{
	return memory_count(memory_fails() ? NULL : __libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return memory_count(memory_fails() ? NULL : __libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
	if (!old)
		return malloc(size);
	return memory_fails() ? NULL : __libc_realloc(old, size);
}

void free(void *old)
{
	memory.live -= old != NULL;
	__libc_free(old);
}

#endif

/*
 * Calls TRY once normally, which must return EXPECTED, then with each of its allocations failing,
 * without leaks. TRY returns the result of the function under test and frees what it got. The
 * result must be -ENOMEM, or EXPECTED if the function reports the failure in its output.
 */
static inline void memory_exhaust(int (*try)(void *data), void *data, int expected)
{
	size_t n = 0;

	assert_int_equal(try(data), expected);
	do {
		long live = memory.live;
		int r;

		memory.n = 0;
		memory.fail_at = ++n;
		r = try(data);
		memory.fail_at = 0;
		if (r != -ENOMEM && r != expected)
			fail_msg("allocation %zu fails: %d", n, r);
		if (memory.live != live)
			fail_msg("allocation %zu fails: %ld are lost", n, memory.live - live);
	} while (memory.n >= n);
}
