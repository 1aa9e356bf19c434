/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict parsers for what people and files write: the whole text must be valid, else -EINVAL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

#define NAME_LENGTH_MAX 64

/* Decimal or 0x. Returns 0, -EINVAL, or -ERANGE if above MAX. */
int parse_u64(const char *s, uint64_t max, uint64_t *ret);
/* Hexadecimal with or without 0x, as registers in sysfs. */
int parse_hex(const char *s, uint64_t *ret);
/*
 * A number of bytes: decimal or 0x, with an optional K, M, G or T for powers of 1024; "1.5M" is
 * valid if it is a whole number of bytes. "MB" is not, because some read it as one million.
 */
int parse_size(const char *s, uint64_t *ret);
/*
 * Is S a valid name of a context or object: letters, digits, . _ -, not starting with a digit, at
 * most 64?
 */
bool parse_is_name(const char *s);

/* Both ends inclusive. */
struct range {
	uint32_t lo, hi;
};

struct ranges {
	struct range *v;
	size_t n, capacity;
};

void ranges_done(struct ranges *list);
#define _cleanup_ranges_ _cleanup_(ranges_done)

/*
 * "N", "LO-HI" and comma lists of them; the result is sorted and merged. Returns 0, -EINVAL if
 * malformed or LO is above HI, -EEXIST for a number given twice, -ERANGE above MAX, -ENOMEM.
 */
int parse_ranges(const char *s, uint32_t max, struct ranges *ret);
uint64_t ranges_count(const struct ranges *list);
bool ranges_has(const struct ranges *list, uint32_t value);
/* The first range that ends at or after FROM, whole; returns false if there is none. */
bool ranges_next(const struct ranges *list, uint32_t from, struct range *ret);
/* Makes room, so that the next one of the two below cannot fail. Returns 0 or -ENOMEM. */
int ranges_reserve(struct ranges *list);
/* Adds LO-HI to a sorted, merged list. Returns 0 or -ENOMEM. */
int ranges_add(struct ranges *list, uint32_t lo, uint32_t hi);
/* The same; -EEXIST if one of them is there. */
int ranges_include(struct ranges *list, struct range range);
/* Removes what there is of LO-HI. Returns 0 or -ENOMEM. */
int ranges_cut(struct ranges *list, uint32_t lo, uint32_t hi);
/* "42,100-163" as a new string; NULL if out of memory. */
char *ranges_format(const struct ranges *list);

/* Parses "0000:03:00.0" or "03:00.0" (domain 0). Returns 0 or -EINVAL. */
struct pci_address {
	uint32_t domain;
	uint8_t bus, device, function;
};
int parse_pci_address(const char *s, struct pci_address *ret);
/* The same with leading zeros optional, as people write it: "0:10.0". */
int parse_pci_operand(const char *s, struct pci_address *ret);
