// SPDX-License-Identifier: GPL-2.0-only
/*
 * The yardstick for gup: get_user_pages_fast() and put_page() in C over the very bytes of the emulator's memory, step
 * by step what src/mm/gup*.ts do on 64-byte struct pages and 2 MiB entries: walk the user's tables, take the pgmap
 * reference, translate the memmap through a TLB of the emulator's shape that is filled from the kernel page table, hold
 * or return the pages, count the work. Left out: FOLL_PIN, faults (a page that is not mapped ends the call), base-page
 * entries, undoing, and every switch of the configuration, which makes C faster.
 */
#include "page.h"

#define PRESENT 1u
#define PSE (1u << 7)
#define PFN(entry) ((entry) >> 12 & 0xffffffffff)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define SETS 2048
#define PMD_SETS 64

struct translation {
	uint64_t tag;
	struct page *pages; /* of a block: its first; of a table: unused */
	uint64_t *table; /* NULL: a block */
	uint64_t frame;
};

enum {
	GUP_CALLS, WALK_STEPS, PGMAP_LOOKUPS, PGMAP_REFS, RECORDED, FLAG_STORES, REFCOUNT_STORES, LINES_WRITTEN, LINES_READ,
	LINES_CACHED, JUMPS, COUNTERS
};

static struct {
	uint8_t *memory;
	const uint32_t *slot; /* slot[frame]: page of `memory` that holds the frame's bytes, plus one */
	uint64_t root, user_root, vmemmap, vmemmap_vpn;
	uint64_t pgmap_start, pgmap_end, pgmap_refs;
	int64_t refs;
	uint64_t near_head;
	struct page *near_tails, *near_tails_end;
	struct translation tlb[SETS], pmd[PMD_SETS];
	double stat[2][COUNTERS]; /* DRAM, pmem */
	uint64_t pmem_start;
} k;

/* `vmemmap` is the address of frame 0's struct page. Forgets all translations. */
void gup_setup(uint8_t *memory, uint64_t root, uint64_t user_root, uint64_t vmemmap, uint64_t start, uint64_t end,
	       uint64_t pmem_start)
{
	k.memory = memory;
	k.root = root;
	k.user_root = user_root;
	k.vmemmap = vmemmap;
	k.vmemmap_vpn = vmemmap << 16 >> 28;
	k.pgmap_start = start;
	k.pgmap_end = end;
	k.pmem_start = pmem_start;
	k.near_head = UINT64_MAX;
	k.near_tails = k.near_tails_end = NULL;
	for (int i = 0; i < SETS; i++)
		k.tlb[i].tag = UINT64_MAX;
	for (int i = 0; i < PMD_SETS; i++)
		k.pmd[i].tag = UINT64_MAX;
}

static void *bytes_of(uint64_t frame)
{
	return k.memory + (size_t)(k.slot[frame] - 1) * PAGE_BYTES;
}

/* The entry a walk ends at, and its level's shift: a leaf or nothing. */
static uint64_t *walk(uint64_t root, uint64_t vpn, int last, int *shift)
{
	uint64_t *table = bytes_of(root);
	for (*shift = 27;; *shift -= 9) {
		uint64_t *entry = table + (vpn >> *shift & (PER_ENTRY - 1));
		if (*entry == 0 || *shift == last || (*entry & PSE))
			return entry;
		table = bytes_of(PFN(*entry));
	}
}

static struct translation *miss(uint64_t vpage, struct translation *to)
{
	uint64_t tag = vpage / PER_ENTRY, inside = vpage & (PER_ENTRY - 1);
	struct translation *pmd = &k.pmd[tag & (PMD_SETS - 1)];
	if (pmd->tag != tag) {
		int shift;
		uint64_t entry = *walk(k.root, k.vmemmap_vpn + vpage, 9, &shift);
		if (!(entry & PRESENT))
			return NULL;
		*pmd = (struct translation){ tag, bytes_of(PFN(entry)), (entry & PSE) ? NULL : bytes_of(PFN(entry)), PFN(entry) };
	}
	if (pmd->table == NULL) {
		*to = (struct translation){ vpage, pmd->pages + inside * PER_MEMMAP_PAGE, NULL, pmd->frame + inside };
		return to;
	}
	uint64_t entry = pmd->table[inside];
	if (!(entry & PRESENT))
		return NULL;
	*to = (struct translation){ vpage, bytes_of(PFN(entry)), NULL, PFN(entry) };
	return to;
}

static struct translation *translate(uint64_t pfn)
{
	uint64_t vpage = pfn / PER_MEMMAP_PAGE;
	struct translation *t = &k.tlb[vpage & (SETS - 1)];
	return t->tag == vpage ? t : miss(vpage, t);
}

static struct page *page_of(struct translation *t, uint64_t pfn)
{
	return t->pages + pfn % PER_MEMMAP_PAGE;
}

static double *tier(struct translation *t)
{
	return k.stat[t->frame >= k.pmem_start];
}

/* Struct pages from this one on that lie contiguous: its memmap page, or its block where that is mapped as one. */
static size_t stretch(uint64_t pfn, size_t n)
{
	uint64_t tag = pfn / PER_MEMMAP_PAGE / PER_ENTRY;
	struct translation *pmd = &k.pmd[tag & (PMD_SETS - 1)];
	size_t span = pmd->tag == tag && pmd->table == NULL ? PER_ENTRY * PER_MEMMAP_PAGE : PER_MEMMAP_PAGE;
	size_t run = span - pfn % span;
	return run < n ? run : n;
}

static uint64_t head_of(const struct page *page, uint64_t pfn)
{
	return page->compound_head & 1 ? (page->compound_head - 1 - k.vmemmap) / sizeof(struct page) : pfn;
}

static void touch_head(uint64_t head, double *stat)
{
	if (k.near_head == head)
		return;
	k.near_head = head;
	stat[JUMPS]++;
	stat[LINES_WRITTEN]++;
}

static void touch_tails(struct page *page, size_t n, double *stat)
{
	if (page >= k.near_tails && page < k.near_tails_end) {
		stat[LINES_CACHED] += n;
		return;
	}
	stat[LINES_READ] += n;
	k.near_tails = page;
	k.near_tails_end = page + n;
}

/* The loops: with locked instructions, as on a machine with several CPUs, or without. */
static ALWAYS_INLINE size_t grab_each(struct page *page, size_t n, double pfn, double *out, int locked)
{
	for (size_t i = 0; i < n; i++, page++) {
		if ((page->compound_head & 1) || page->refcount <= 0)
			return i;
		if (locked) {
			__atomic_fetch_or(&page->flags, PG_REFERENCED, __ATOMIC_SEQ_CST);
			__atomic_fetch_add(&page->refcount, 1, __ATOMIC_SEQ_CST);
		} else {
			page->flags |= PG_REFERENCED;
			page->refcount++;
		}
		out[i] = pfn + (double)i;
	}
	return n;
}

static ALWAYS_INLINE size_t put_each(struct page *page, size_t n, double pfn, const double *in, int locked)
{
	for (size_t i = 0; i < n; i++, page++) {
		if (in[i] != pfn + (double)i || (page->compound_head & 1))
			return i;
		if (locked)
			__atomic_fetch_sub(&page->refcount, 1, __ATOMIC_SEQ_CST);
		else
			page->refcount--;
	}
	return n;
}

/* As atomic_dec_and_test() does, the count is stored for every page. */
static size_t put_tails(struct page *page, size_t n, uint64_t expected, volatile int32_t *count, double pfn, const double *in)
{
	for (size_t i = 0; i < n; i++, page++) {
		if (in[i] != pfn + (double)i || page->compound_head != expected)
			return i;
		--*count;
	}
	return n;
}

/* A stretch of base pages, a flag and a reference each. */
static ALWAYS_INLINE size_t grab_pages(uint64_t pfn, size_t n, double *out, int locked)
{
	struct translation *t = translate(pfn);
	if (t == NULL)
		return 0;
	struct page *page = page_of(t, pfn);
	if ((page->flags & PG_HEAD) || (page->compound_head & 1))
		return 0;
	double *stat = tier(t);
	size_t got = grab_each(page, stretch(pfn, n), (double)pfn, out, locked);
	k.refs += got;
	stat[LINES_WRITTEN] += got;
	stat[FLAG_STORES] += got;
	stat[REFCOUNT_STORES] += got;
	stat[RECORDED] += got;
	return got;
}

/* Patch 8: the rest of one compound; records, marks the head, takes all references at once. */
static size_t grab_compound(uint64_t pfn, size_t n, double *out)
{
	struct translation *t = translate(pfn);
	if (t == NULL)
		return 0;
	uint64_t head = head_of(page_of(t, pfn), pfn);
	struct page *page = page_of(t = translate(head), head);
	if (!(page->flags & PG_HEAD))
		return 0;
	struct translation *tail = translate(head + 1);
	size_t size = (size_t)1 << (page_of(tail, head + 1)->word16 >> 8 & 0xff);
	size_t count = head + size - pfn < n ? head + size - pfn : n;
	for (size_t i = 0; i < count; i++)
		out[i] = (double)pfn + (double)i;
	double *stat = tier(t);
	page->flags |= PG_REFERENCED;
	if (page->refcount <= 0)
		return 0;
	page->refcount += count;
	k.refs += count;
	stat[RECORDED] += count;
	stat[FLAG_STORES]++;
	stat[REFCOUNT_STORES]++;
	touch_head(head, stat);
	return count;
}

static ALWAYS_INLINE size_t gup_fast(uint64_t vpn, size_t n, double *out, int compound, int locked)
{
	size_t done = 0;
	k.stat[0][GUP_CALLS]++;
	while (done < n) {
		int shift;
		uint64_t *at = walk(k.user_root, vpn + done, 0, &shift);
		uint64_t entry = *at;
		k.stat[0][WALK_STEPS] += 4 - shift / 9;
		if (entry == 0 || shift == 0)
			break;
		uint64_t inside = (vpn + done) & ((1u << shift) - 1), pfn = PFN(entry) + inside;
		size_t count = (1u << shift) - inside, held = 0;
		if (count > n - done)
			count = n - done;
		k.stat[0][PGMAP_LOOKUPS]++;
		if (pfn < k.pgmap_start || pfn >= k.pgmap_end)
			break;
		k.stat[0][PGMAP_REFS]++;
		k.pgmap_refs++;
		for (size_t got; held < count; held += got) {
			got = compound ? grab_compound(pfn + held, count - held, out + done + held) :
					 grab_pages(pfn + held, count - held, out + done + held, locked);
			if (got == 0)
				break;
		}
		k.pgmap_refs--;
		if (held < count || *(volatile uint64_t *)at != entry)
			break;
		done += count;
	}
	return done;
}

/* gup_test's get loop: `pages` user pages from `vpn` on, 512 to a call. How many are held. */
static ALWAYS_INLINE size_t get(const uint32_t *slot, uint64_t vpn, size_t pages, double *out,
							int compound, int locked)
{
	k.slot = slot;
	for (size_t batch = 0; batch < pages; batch += PER_ENTRY) {
		size_t got = gup_fast(vpn + batch, PER_ENTRY, out + batch, compound, locked);
		if (got < PER_ENTRY)
			return batch + got;
	}
	return pages;
}

size_t gup_get_base(const uint32_t *slot, uint64_t vpn, size_t pages, double *out)
{
	return get(slot, vpn, pages, out, 0, 0);
}

size_t gup_get_base_locked(const uint32_t *slot, uint64_t vpn, size_t pages, double *out)
{
	return get(slot, vpn, pages, out, 0, 1);
}

size_t gup_get_compound(const uint32_t *slot, uint64_t vpn, size_t pages, double *out)
{
	return get(slot, vpn, pages, out, 1, 0);
}

/* put_page() on the recorded pages of one compound from in[0] on; returns how many there are. */
static size_t put_compound(uint64_t head, const double *in, size_t n)
{
	struct page *counted = page_of(translate(head), head);
	uint64_t expected = (k.vmemmap + head * sizeof(struct page)) | 1;
	size_t i = 0;
	while (i < n) {
		uint64_t pfn = (uint64_t)in[i];
		struct translation *t = translate(pfn);
		struct page *page = page_of(t, pfn);
		double *stat = tier(t);
		size_t done = put_tails(page, stretch(pfn, n - i), expected, &counted->refcount, (double)pfn, in + i);
		if (done > 0)
			touch_tails(page, done, stat);
		else if (pfn == head)
			counted->refcount--, done = 1;
		else
			break;
		touch_head(head, stat);
		i += done;
	}
	return i;
}

/* gup_test's put loop. How many pages were put. */
static ALWAYS_INLINE size_t put(const uint32_t *slot, const double *in, size_t pages, int locked)
{
	k.slot = slot;
	for (size_t i = 0, done; i < pages; i += done) {
		uint64_t pfn = (uint64_t)in[i];
		struct translation *t = translate(pfn);
		if (t == NULL)
			return i;
		struct page *page = page_of(t, pfn);
		double *stat = tier(t);
		if (!(page->flags & PG_HEAD) && !(page->compound_head & 1)) {
			done = put_each(page, stretch(pfn, pages - i), (double)pfn, in + i, locked);
			stat[LINES_WRITTEN] += done;
		} else {
			uint64_t head = head_of(page, pfn);
			done = put_compound(head, in + i, pages - i);
			page = page_of(translate(head), head);
		}
		if (done == 0 || page->refcount < 1)
			return i;
		stat[REFCOUNT_STORES] += done;
		k.refs -= done;
	}
	return pages;
}

size_t gup_put(const uint32_t *slot, const double *in, size_t pages)
{
	return put(slot, in, pages, 0);
}

size_t gup_put_locked(const uint32_t *slot, const double *in, size_t pages)
{
	return put(slot, in, pages, 1);
}

/* References held and not returned. */
int64_t gup_refs(void)
{
	return k.refs;
}
