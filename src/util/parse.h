/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people and files write, turned into values. Every function is strict: the whole text or -EINVAL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_LENGTH_MAX 64

/* Decimal or 0x. Returns 0, -EINVAL, or -ERANGE above MAX. */
int parse_u64(const char *s, uint64_t max, uint64_t *ret);
/* Hexadecimal with or without 0x, as sysfs writes registers. */
int parse_hex(const char *s, uint64_t *ret);
/*
 * A number of bytes: decimal or 0x, with K, M, G or T (KiB, MiB, ...) for powers of 1024; "1.5M" where that
 * is a whole number of them. MB, which is one million to some, is none.
 */
int parse_size(const char *s, uint64_t *ret);
/* The name of a context or object: letters, digits, . _ -, not starting with a digit, 64 at most. */
bool parse_is_name(const char *s);

/* Both ends belong to it. */
struct range {
	uint32_t lo, hi;
};

struct ranges {
	struct range *v;
	size_t n;
};

void ranges_done(struct ranges *list);
#define _cleanup_ranges_ _cleanup_(ranges_done)

/*
 * "N", "LO-HI" and comma lists of them, sorted and merged on return. Returns 0, -EINVAL for what is
 * no such list (a LO above its HI among it), -EEXIST for a number given twice, -ERANGE above MAX, -ENOMEM.
 */
int parse_ranges(const char *s, uint32_t max, struct ranges *ret);
uint64_t ranges_count(const struct ranges *list);
bool ranges_has(const struct ranges *list, uint32_t value);
/* Index of the first range that ends at VALUE or later; list->n when there is none. */
size_t ranges_find(const struct ranges *list, uint64_t value);
/* That range itself, with FROM as VALUE; false when there is none. */
bool ranges_next(const struct ranges *list, uint32_t from, struct range *ret);
/* Adds LO-HI to a sorted, merged list and keeps it so. Returns 0 or -ENOMEM. */
int ranges_add(struct ranges *list, uint32_t lo, uint32_t hi);
/* Takes VALUE out. Returns 0 (also when it was not in), or -ENOMEM. */
int ranges_remove(struct ranges *list, uint32_t value);
/*
 * A range that has VALUE in its middle ends with it, and the next one begins behind: then removing VALUE
 * needs no memory. Adding it once more makes them one again, and needs none either. 0 or -ENOMEM.
 */
int ranges_split(struct ranges *list, uint32_t value);
/* "42,100-163"; a new string, NULL without memory. */
char *ranges_format(const struct ranges *list);

/* A PCI address "0000:03:00.0" or "03:00.0" (domain 0). Returns 0 or -EINVAL. */
struct pci_address {
	uint32_t domain;
	uint8_t bus, device, function;
};
int parse_pci_address(const char *s, struct pci_address *ret);
/* The same as people shorten it: leading zeros may be missing, "0:10.0". */
int parse_pci_operand(const char *s, struct pci_address *ret);
