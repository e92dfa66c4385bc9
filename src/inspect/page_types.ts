// SPDX-License-Identifier: GPL-2.0-only
// `page-types -r` (tools/mm/page-types.c of 6.16): how many frames have which flags in /proc/kpageflags. Frames of
// device memory are not online pages, so the kernel shows them as holes. Rows come in the order of the tool's hash
// table: no flags, then flags whose low bits are clear as they are met, then by low bits.

import type { Kernel } from "../mm/kernel.ts";
import { totalFreePages } from "../mm/page_alloc.ts";

/** Letters and names by bit; the tool prints a letter for each bit that has a name. */
const KPF: readonly (readonly [bit: number, name: string])[] = [
  ...("L:locked E:error R:referenced U:uptodate D:dirty l:lru A:active S:slab W:writeback I:reclaim B:buddy M:mmap " +
    "a:anonymous s:swapcache b:swapbacked H:compound_head T:compound_tail G:huge u:unevictable X:hwpoison n:nopage " +
    "x:ksm t:thp o:offline z:zero_page i:idle_page g:pgtable").split(" ").map((name, bit) => [bit, name] as const),
  ...("r:reserved m:mlocked d:owner_2 P:private p:private_2 O:owner_private h:arch").split(" ")
    .map((name, i) => [32 + i, name] as const),
  [40, "f:softdirty"],
  [41, "H:arch_2"],
  [47, "d:anon_exclusive"],
  [48, "I:readahead"],
  [50, "A:slub_frozen"],
  [51, "E:slub_debug"],
  [61, "F:file"],
  [62, "w:swap"],
  [63, "1:mmap_exclusive"],
];

/** Frames with these flags, and the first of them. */
interface Row {
  readonly names: readonly string[];
  readonly frames: number;
  readonly first: number;
}

/** The summary of all frames. */
export function pageTypes(k: Kernel): string {
  const { blockPages, blocks } = k.hotplug;
  const dram = k.machine.topology.dram;
  const hotAdded = [...blocks.values()];
  const end = Math.max(...dram.map((r) => r.end), ...hotAdded.map((block) => block.end));
  const total = Math.ceil(end / blockPages) * blockPages;
  const online = dram.reduce((sum, r) => sum + r.end - r.start, 0) +
    hotAdded.filter(({ zone }) => zone >= 0).length * blockPages;
  const huge = k.hugetlb.hstates.flatMap(({ freeLists, active, pages }) =>
    [...freeLists.flat(), ...active].map((head) => ({ head, pages }))
  );
  const hugeFrames = huge.reduce((sum, { pages }) => sum + pages, 0);
  const firstHuge = huge.reduce((least, { head }) => Math.min(least, head), Infinity);
  const free = totalFreePages(k);
  const rows: Row[] = [
    { names: [], frames: online - free - hugeFrames - k.bootReserved, first: 0 },
    // The first frame is reserved, and the first nopage is the hole after the first range of DRAM.
    { names: ["reserved"], frames: k.bootReserved, first: 0 },
    { names: ["nopage"], frames: total - online, first: dram[0].end },
    { names: ["compound_head", "huge"], frames: huge.length, first: firstHuge },
    { names: ["compound_tail", "huge"], frames: hugeFrames - huge.length, first: firstHuge + 1 },
    { names: ["buddy"], frames: free, first: 0 },
  ];
  return summary(k, rows.filter(({ frames }) => frames > 0), total);
}

function summary(k: Kernel, rows: readonly Row[], total: number): string {
  const slots = rows.map((row) => ({ ...row, bits: bitsOf(row.names) }))
    .sort((a, b) => slot(a.bits) - slot(b.bits) || a.first - b.first);
  const line = (head: string, frames: number) => {
    const mb = Math.floor(frames * k.pageBytes / 2 ** 20);
    return `${head}\t${String(frames).padStart(10)} ${String(mb).padStart(8)}`;
  };
  return [
    "             flags\tpage-count       MB  symbolic-flags\t\t\tlong-symbolic-flags",
    ...slots.map(({ bits, names, frames }) => {
      return `${line(`0x${bits.toString(16).padStart(16, "0")}`, frames)}  ${flagLetters(names)}\t${names.join()}`;
    }),
    line("             total", total),
    "",
  ].join("\n");
}

/** A letter for each of these flags, `_` for the others, as `-r` prints them. */
export function flagLetters(names: readonly string[]): string {
  return KPF.map(([, name]) => names.includes(name.slice(2)) ? name[0] : "_").join("");
}

/** The bits of these flags in /proc/kpageflags. */
export function bitsOf(names: readonly string[]): number {
  return KPF.filter(([, name]) => names.includes(name.slice(2))).reduce((sum, [bit]) => sum + 2 ** bit, 0);
}

/** Slot of the tool's hash table; flags without low bits go to the slots from 1 on. */
function slot(bits: number): number {
  return bits === 0 ? 0 : Math.max(1, bits % 2 ** 13);
}
