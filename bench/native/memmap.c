// SPDX-License-Identifier: GPL-2.0-only
/*
 * The yardstick for making memmap: writing struct pages, and populating the tables. What each function does is what the
 * emulator must do at least; what it leaves out makes C faster.
 *
 * `memory` is the start of the emulator's memory. `slot` says where the memmap lies: slot[i] * 4096 is the byte where
 * the i-th memmap page of those that are to be written begins.
 */
#include <string.h>
#include <sys/mman.h>

#include "page.h"

static struct page *memmap(uint8_t *memory, const uint32_t *slot, size_t i)
{
	return (struct page *)(memory + (size_t)slot[i] * PAGE_BYTES);
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
 * The same for 2 MiB compounds whose tails share a memmap page: 128 of 512 struct pages. slot: the head's and the
 * tails' memmap page of every compound. `vmemmap` is the address of the first head's struct page.
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

/* Memory nobody has touched yet, in huge pages if the host gives any; null where there is none. */
void *fresh_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

void release_memory(void *memory, size_t bytes)
{
	munmap(memory, bytes);
}

/* Gives the pages of memory back that stays mapped, because its owner unmaps it later. */
void drop_memory(uint8_t *memory, size_t bytes)
{
	size_t skip = -(uintptr_t)memory % PAGE_BYTES;
	madvise(memory + skip, (bytes - skip) / PAGE_BYTES * PAGE_BYTES, MADV_DONTNEED);
}

/*
 * Populating the memmap of 2 MiB compounds with shared tails, address by address as vmemmap_populate_address() does it:
 * walk from the root, a new frame or one more reference on the tail frame, the entry. Frames and tables come from a
 * buddy allocator (free lists through struct page, split on the way), tables are zeroed. Does not: choose a node or
 * zone, fail, keep section maps or counters, take locks, or write the device's struct pages.
 *
 * `page` is the memmap of the frames to hand out, slot[f] the table number (plus one) of frame f, tables + 4096 *
 * number its bytes. All of it is the caller's and warm.
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
