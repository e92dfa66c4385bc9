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
 * Populating the memmap of 2 MiB compounds with shared tails, address by address as vmemmap_populate_address() does it:
 * walk from the root, a new frame or one more reference on the tail frame, the entry. Frames and tables come from a buddy
 * allocator (free lists through struct page, split on the way), tables are zeroed. Does not: choose a node or zone, fail,
 * keep section maps or counters, take locks, or write the device's struct pages.
 *
 * `page` is the memmap of the frames to hand out, slot[f] the table number (plus one) of frame f, tables + 4096 * number
 * its bytes. All of it is the caller's and warm.
 */
#define MAX_ORDER 10
#define NONE 0xffffffffu

struct box {
	struct page *page;
	uint32_t *slot;
	uint8_t *tables;
	uint32_t used;
	uint32_t free[MAX_ORDER + 1];
};

static struct box box;

static void push_free(uint32_t frame, unsigned order)
{
	struct page *page = box.page + frame;
	page->compound_head = box.free[order];
	page->private = order;
	box.free[order] = frame;
}

static uint32_t alloc_frame(void)
{
	unsigned order = 0;
	while (order <= MAX_ORDER && box.free[order] == NONE)
		order++;
	if (order > MAX_ORDER)
		return NONE;
	uint32_t frame = box.free[order];
	box.free[order] = box.page[frame].compound_head;
	while (order > 0) {
		order--;
		push_free(frame + (1u << order), order);
	}
	box.page[frame].private = 0;
	box.page[frame].refcount = 1;
	return frame;
}

static uint64_t *table_at(uint64_t entry)
{
	return (uint64_t *)(box.tables + (size_t)(box.slot[entry >> 12 & 0xffffffff] - 1) * PAGE_BYTES);
}

static uint64_t *new_table(uint64_t *entry)
{
	uint32_t frame = alloc_frame();
	box.slot[frame] = ++box.used;
	*entry = (uint64_t)frame << 12 | 0x63;
	return memset(table_at(*entry), 0, PAGE_BYTES);
}

static uint64_t *walk(uint64_t *root, uint64_t vpage)
{
	uint64_t *table = root;
	for (int shift = 27; shift > 0; shift -= 9) {
		uint64_t *entry = table + (vpage >> shift & 511);
		table = *entry ? table_at(*entry) : new_table(entry);
	}
	return table + (vpage & 511);
}

/* All frames free, in the largest blocks; no table. Untimed. */
void populate_reset(uint8_t *page, uint32_t *slot, uint8_t *tables, size_t frames)
{
	box.page = (struct page *)page;
	box.slot = slot;
	box.tables = tables;
	box.used = 0;
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		box.free[order] = NONE;
	for (size_t frame = frames & ~(size_t)((1 << MAX_ORDER) - 1); frame > 0;) {
		frame -= 1 << MAX_ORDER;
		push_free((uint32_t)frame, MAX_ORDER);
	}
}

/* Returns the page-table entries written. */
size_t populate(size_t compounds)
{
	const uint64_t bits = 0x8000000000000063ull;
	uint64_t root[512] = { 0 };
	size_t entries = 0;
	for (size_t c = 0; c < compounds; c++) {
		uint32_t tail = NONE;
		for (size_t i = 0; i < 8; i++, entries++) {
			uint64_t *pte = walk(root, c * 8 + i);
			uint32_t frame = i < 2 ? alloc_frame() : tail;
			if (frame == NONE)
				return entries;
			if (i >= 2)
				__atomic_store_n(&box.page[frame].refcount, box.page[frame].refcount + 1, __ATOMIC_RELAXED);
			if (i == 1)
				tail = frame;
			*pte = (uint64_t)frame << 12 | bits;
		}
	}
	return entries;
}
