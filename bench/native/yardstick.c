// SPDX-License-Identifier: GPL-2.0-only
/*
 * The yardstick: the loops that bench/ times, in C, over the very bytes of the emulator's memory. Compiled when a bench
 * is loaded (cc -O2), called once per round. What each function does is what the emulator's loop must do at least; what
 * it leaves out (walks of user tables, pgmap lookups, counters, checks) makes C faster, so ratios err against the emulator.
 *
 * `memory` is the start of the emulator's memory. `slot` says where the memmap lies: slot[i] * 4096 is the byte where
 * the memmap of the i-th unit begins (a unit is a 2 MiB entry or one memmap page, as each function says).
 *
 *   struct page   +0 flags   +8 compound_head (bit 0: tail)   +48 _mapcount   +52 _refcount        64 bytes
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PAGE_BYTES 4096
#define PER_ENTRY 512 /* pages of a 2 MiB entry, and of a batch */
#define PER_MEMMAP_PAGE 64
#define PG_REFERENCED (1u << 1)
#define PG_RESERVED (1u << 12)
#define PG_HEAD (1u << 16)

struct page {
	uint32_t flags, flags_hi;
	uint32_t compound_head, compound_head_hi;
	uint32_t word16, word20;
	uint64_t mapping, index, private;
	int32_t mapcount, refcount;
	uint64_t memcg;
};

static struct page *memmap(uint8_t *memory, const uint32_t *slot, size_t i)
{
	return (struct page *)(memory + (size_t)slot[i] * PAGE_BYTES);
}

/* get_user_pages_fast() on base pages, 512 to a call. slot: per 2 MiB entry. Returns the pages held. */
size_t gup_get_base(uint8_t *memory, const uint32_t *slot, size_t pages, double pfn, double *out)
{
	for (size_t batch = 0; batch < pages; batch += PER_ENTRY) {
		struct page *page = memmap(memory, slot, batch / PER_ENTRY);
		for (size_t i = 0; i < PER_ENTRY; i++, page++) {
			if (page->compound_head & 1)
				return batch + i;
			page->flags |= PG_REFERENCED;
			if (page->refcount <= 0)
				return batch + i;
			page->refcount++;
			out[batch + i] = pfn + (double)(batch + i);
		}
	}
	return pages;
}

/* The same with locked instructions, as on a machine with several CPUs. */
size_t gup_get_base_locked(uint8_t *memory, const uint32_t *slot, size_t pages, double pfn, double *out)
{
	for (size_t batch = 0; batch < pages; batch += PER_ENTRY) {
		struct page *page = memmap(memory, slot, batch / PER_ENTRY);
		for (size_t i = 0; i < PER_ENTRY; i++, page++) {
			if (page->compound_head & 1)
				return batch + i;
			__atomic_fetch_or(&page->flags, PG_REFERENCED, __ATOMIC_SEQ_CST);
			if (page->refcount <= 0)
				return batch + i;
			__atomic_fetch_add(&page->refcount, 1, __ATOMIC_SEQ_CST);
			out[batch + i] = pfn + (double)(batch + i);
		}
	}
	return pages;
}

/* put_page() on every recorded base page. slot: per 2 MiB entry. Returns the pages put. */
size_t gup_put_base(uint8_t *memory, const uint32_t *slot, size_t pages, double pfn, const double *in)
{
	for (size_t batch = 0; batch < pages; batch += PER_ENTRY) {
		struct page *page = memmap(memory, slot, batch / PER_ENTRY);
		for (size_t i = 0; i < PER_ENTRY; i++, page++) {
			if (in[batch + i] != pfn + (double)(batch + i) || (page->compound_head & 1))
				return batch + i;
			page->refcount--;
		}
	}
	return pages;
}

size_t gup_put_base_locked(uint8_t *memory, const uint32_t *slot, size_t pages, double pfn, const double *in)
{
	for (size_t batch = 0; batch < pages; batch += PER_ENTRY) {
		struct page *page = memmap(memory, slot, batch / PER_ENTRY);
		for (size_t i = 0; i < PER_ENTRY; i++, page++) {
			if (in[batch + i] != pfn + (double)(batch + i) || (page->compound_head & 1))
				return batch + i;
			__atomic_fetch_sub(&page->refcount, 1, __ATOMIC_SEQ_CST);
		}
	}
	return pages;
}

/* Patch 8 on 2 MiB compounds: record, mark the head, 512 references at once. slot: per memmap page (8 to a compound). */
size_t gup_get_compound(uint8_t *memory, const uint32_t *slot, size_t pages, double pfn, double *out)
{
	for (size_t batch = 0; batch < pages; batch += PER_ENTRY) {
		struct page *head = memmap(memory, slot, batch / PER_MEMMAP_PAGE);
		if ((head->compound_head & 1) || !(head->flags & PG_HEAD) || head->refcount <= 0)
			return batch;
		for (size_t i = 0; i < PER_ENTRY; i++)
			out[batch + i] = pfn + (double)(batch + i);
		head->flags |= PG_REFERENCED;
		head->refcount += PER_ENTRY;
	}
	return pages;
}

/*
 * put_page() on every page of 2 MiB compounds: each reads its compound_head and counts on the head. slot: per memmap
 * page. The head's place is known per compound here; the kernel follows the pointer.
 */
size_t gup_put_compound(uint8_t *memory, const uint32_t *slot, size_t pages, double pfn, const double *in)
{
	for (size_t batch = 0; batch < pages; batch += PER_ENTRY) {
		struct page *head = memmap(memory, slot, batch / PER_MEMMAP_PAGE);
		uint32_t expected = (uint32_t)((uint64_t)(pfn + (double)batch) * sizeof(struct page)) | 1;
		/* As atomic_dec_and_test() does, the count is stored for every page. */
		volatile int32_t *count = &head->refcount;
		for (size_t at = batch; at < batch + PER_ENTRY; at += PER_MEMMAP_PAGE) {
			struct page *page = memmap(memory, slot, at / PER_MEMMAP_PAGE);
			for (size_t i = 0; i < PER_MEMMAP_PAGE; i++, page++) {
				if (in[at + i] != pfn + (double)(at + i))
					return at + i;
				if (at + i != batch && page->compound_head != expected)
					return at + i;
				--*count;
			}
		}
	}
	return pages;
}

/* 64 bytes of struct page as the kernel's __init_single_page() and its callers leave them: eight 8-byte stores. */
static void init_page(struct page *page, uint64_t flags, uint64_t second, uint64_t third, uint64_t mapping, uint64_t count)
{
	uint64_t *word = (uint64_t *)page;
	word[0] = flags;
	word[1] = second;
	word[2] = third;
	word[3] = mapping;
	word[4] = 0;
	word[5] = 0;
	word[6] = count;
	word[7] = 0;
}

#define COUNT_ONE 0x00000001ffffffffull /* _mapcount -1, _refcount 1 */
#define COUNT_ZERO 0x00000000ffffffffull
#define TAIL_MAPPING 0xdead000000000400ull

/* memmap_init_zone_device() for base pages. slot: per memmap page. Returns the struct pages written. */
size_t init_base(uint8_t *memory, const uint32_t *slot, size_t memmap_pages, uint64_t links, uint64_t pgmap)
{
	for (size_t m = 0; m < memmap_pages; m++) {
		struct page *page = memmap(memory, slot, m);
		for (size_t i = 0; i < PER_MEMMAP_PAGE; i++)
			init_page(page + i, links | PG_RESERVED, pgmap, 0, 0, COUNT_ONE);
	}
	return memmap_pages * PER_MEMMAP_PAGE;
}

/*
 * The same for 2 MiB compounds whose tails share a memmap page: 128 of 512 struct pages. slot: the head's and the tails'
 * memmap page of every compound. `vmemmap` is the address of the first head's struct page.
 */
size_t init_compound(uint8_t *memory, const uint32_t *slot, size_t compounds, uint64_t links, uint64_t pgmap,
		     uint64_t vmemmap)
{
	for (size_t c = 0; c < compounds; c++) {
		uint64_t head = (vmemmap + c * PER_ENTRY * sizeof(struct page)) | 1;
		struct page *page = memmap(memory, slot, 2 * c);
		init_page(page, links | PG_RESERVED | PG_HEAD, pgmap, 0, 0, COUNT_ONE);
		for (size_t i = 1; i < PER_MEMMAP_PAGE; i++)
			init_page(page + i, links | PG_RESERVED, head, 0, TAIL_MAPPING, COUNT_ZERO);
		/* The first tail keeps order and destructor, compound_mapcount, pin count, compound_nr. */
		uint64_t *tail = (uint64_t *)(page + 1);
		tail[2] = 0xffffffff00000901ull;
		tail[3] = (uint64_t)PER_ENTRY << 32;
		page = memmap(memory, slot, 2 * c + 1);
		for (size_t i = 0; i < PER_MEMMAP_PAGE; i++)
			init_page(page + i, links | PG_RESERVED, head, 0, TAIL_MAPPING, COUNT_ZERO);
	}
	return compounds * 2 * PER_MEMMAP_PAGE;
}

/*
 * Populating the memmap of 2 MiB compounds with shared tails: per compound two frames from a bitmap (lowest first), eight
 * page-table entries, a reference for every entry past the first that maps the tail frame; per 64 compounds a zeroed
 * table and its PMD entry. `frames` bits of `bitmap` say which frames are free; the struct page of frame f is page[f].
 * Tables are written at tables + 4096 * number. Does not: split or merge buddy blocks, look for a node or zone, walk from
 * the root, check for entries that are there, keep section maps, count. Returns entries written.
 */
static size_t take_frame(uint64_t *bitmap, size_t *word, struct page *page)
{
	while (bitmap[*word] == 0)
		++*word;
	size_t frame = *word * 64 + (size_t)__builtin_ctzll(bitmap[*word]);
	bitmap[*word] &= bitmap[*word] - 1;
	page[frame].refcount = 1;
	return frame;
}

size_t populate(uint64_t *bitmap, size_t frames, struct page *page, uint64_t *tables, uint64_t *pmd, size_t compounds)
{
	const uint64_t bits = 0x8000000000000063ull;
	size_t word = 0, entries = 0;
	memset(bitmap, 0xff, frames / 8);
	for (size_t c = 0; c < compounds; c++) {
		if (c % 64 == 0) {
			size_t table = take_frame(bitmap, &word, page);
			memset(tables + c * 8, 0, PAGE_BYTES);
			pmd[c / 64] = (uint64_t)table << 12 | 0x63;
			entries++;
		}
		uint64_t *pte = tables + c * 8;
		pte[0] = (uint64_t)take_frame(bitmap, &word, page) << 12 | bits;
		size_t tail = take_frame(bitmap, &word, page);
		volatile int32_t *count = &page[tail].refcount;
		pte[1] = (uint64_t)tail << 12 | bits;
		for (size_t i = 2; i < 8; i++) {
			++*count;
			pte[i] = (uint64_t)tail << 12 | bits;
		}
		entries += 8;
	}
	return entries;
}
