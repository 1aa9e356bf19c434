/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Injects failures of malloc() and detects leaks: for one file of a program, whose malloc() this
 * is. With MEMORY_FENCED it also detects accesses beyond the end and after free(), at the cost of
 * three system calls for each allocation. With sanitizers, which have their own malloc(), nothing
 * fails and they detect the rest.
 */
#pragma once

#include "tree.h"

#include <errno.h>
#include <sys/mman.h>

struct memory {
	size_t n;       /* allocations */
	size_t fail_at; /* the allocation that fails; 0: none */
	long live;      /* allocations not freed yet */
};

static struct memory memory;

#ifdef __SANITIZE_ADDRESS__
#elif defined(MEMORY_FENCED)

#define MEMORY_PAGE  4096ul
#define MEMORY_ALIGN 16ul /* what is less than that behind an allocation is not noticed */

/* At the begin of the page before the first with data. */
struct memory_header {
	size_t size, mapped;
};

static inline struct memory_header *memory_header(void *data)
{
	return (void *)(((uintptr_t)data & ~(MEMORY_PAGE - 1)) - MEMORY_PAGE);
}

static void *memory_get(size_t size, int fill)
{
	const size_t room = (size + !size + MEMORY_ALIGN - 1) & ~(MEMORY_ALIGN - 1);
	const size_t data = (room + MEMORY_PAGE - 1) & ~(MEMORY_PAGE - 1);
	char *start = MAP_FAILED;

	if (++memory.n != memory.fail_at && size <= PTRDIFF_MAX - 4 * MEMORY_PAGE)
		start = mmap(NULL, data + 2 * MEMORY_PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED) {
		errno = ENOMEM;
		return NULL;
	}
	mprotect(start + MEMORY_PAGE + data, MEMORY_PAGE, PROT_NONE);
	*(struct memory_header *)(void *)start =
		(struct memory_header){ size, data + 2 * MEMORY_PAGE };
	memory.live++;
	return memset(start + MEMORY_PAGE + data - room, fill, room);
}

/* Filled with what nobody may count on. */
void *malloc(size_t size)
{
	return memory_get(size, 0xa5);
}

void free(void *old)
{
	if (!old)
		return;
	memory.live--;
	munmap(memory_header(old), memory_header(old)->mapped);
}

void *calloc(size_t n, size_t size)
{
	return memory_get(size && n > SIZE_MAX / size ? SIZE_MAX : n * size, 0);
}

void *realloc(void *old, size_t size)
{
	void *new = memory_get(size, 0xa5);
	const size_t had = old ? memory_header(old)->size : 0;

	if (!new)
		return NULL;
	if (old)
		memcpy(new, old, had < size ? had : size);
	free(old);
	return new;
}

#else

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
