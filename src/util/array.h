/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growable arrays: a pointer and a count in the owner's struct; and an order of numbers for them. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Returns ARRAY with room for one element after COUNT, or NULL if out of memory, with ARRAY
 * untouched. The capacity is implied: the next power of two, so it reallocates only when COUNT is
 * one.
 */
static inline void *array_grow(void *array, size_t count, size_t size)
{
	if (array && count & (count - 1))
		return array;
	return reallocarray(array, count ? count * 2 : 1, size);
}

/* A new, uninitialised last element of ARRAY, or NULL if out of memory. */
#define array_push(array, count) \
	({ \
		__typeof__(array) array_new_ = array_grow((array), (count), sizeof((array)[0])); \
		if (array_new_) { \
			(array) = array_new_; \
			array_new_ += (count)++; \
		} \
		array_new_; \
	})

/* For qsort(3) and bsearch(3): -1, 0 or 1. */
static inline int u64_compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}
