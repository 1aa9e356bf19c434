/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow: a pointer and a count side by side in the owner's struct. */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/*
 * ARRAY with room for one element after COUNT, or NULL without memory, ARRAY then untouched. The
 * capacity is not stored: it is at least the next power of two, so memory is asked for only when
 * COUNT reaches one.
 */
static inline void *array_grow(void *array, size_t count, size_t size)
{
	if (array && count & (count - 1))
		return array;
	return reallocarray(array, count ? count * 2 : 1, size);
}

/* A new, uninitialised last element of ARRAY, or NULL without memory. */
#define array_push(array, count) \
	({ \
		__typeof__(array) array_new_ = array_grow((array), (count), sizeof((array)[0])); \
		if (array_new_) { \
			(array) = array_new_; \
			array_new_ += (count)++; \
		} \
		array_new_; \
	})
