/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct page as the emulator lays it out in its memory, 64 bytes:
 *
 *   +0 flags   +8 compound_head (bit 0: tail)   +48 _mapcount   +52 _refcount
 */
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096
#define PER_ENTRY 512 /* pages of a 2 MiB entry, entries of a table */
#define PER_MEMMAP_PAGE 64
#define PG_REFERENCED (1u << 1)
#define PG_RESERVED (1u << 12)
#define PG_HEAD (1u << 16)

struct page {
	uint32_t flags, flags_hi;
	uint64_t compound_head;
	uint32_t word16, word20;
	uint64_t mapping, index, private;
	int32_t mapcount, refcount;
	uint64_t memcg;
};
