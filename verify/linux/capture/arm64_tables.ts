// SPDX-License-Identifier: GPL-2.0-only
// Where an arm64 kernel's page tables are, and where in them the vmemmap and the direct map. The guest says it itself:
//
//   /proc/kallsyms   address of swapper_pg_dir, the root
//   /proc/kcore      program headers: where the kernel's image lies; each run of RAM with its address in the direct map,
//                    and its part of the vmemmap
//
// A kernel built for 52-bit addresses uses the last entries of its root on a processor that has 48. Which they are shows
// in what the root maps, so both are tried against RAM as /proc/kcore has it.

import { arm64Format, type ReadFrame, STRUCT_PAGE_BYTES, type TableFormat, walkDirectMap } from "./page_walk.ts";
import type { Shell } from "./shell.ts";
import { counterOf } from "./zoneinfo.ts";

/** A segment of /proc/kcore. `physical` means nothing where it is neither RAM nor the kernel's image. */
export interface KcoreSegment {
  readonly kind: "ram" | "image" | "other";
  readonly virtual: bigint;
  readonly physical: number;
  readonly bytes: number;
}

/** The kernel's text and what it maps by itself lie in the upper half of its addresses, the direct map in the lower. */
const UPPER_HALF = 1n << 47n;
/** Beyond any physical address; segments without one have all bits set. */
const NO_ADDRESS = 1n << 52n;
/** Address bits that kernels are built for. */
const ADDRESS_BITS = [48n, 52n];
/** PT_LOAD headers: type and flags in 8 bytes, then offset, virtual and physical address, and sizes. */
const READ_KCORE = `perl -e 'open F,"<","/proc/kcore" or die "kcore: $!"; read(F,$h,64); ` +
  `($at,$n)=(unpack("Q",substr($h,32,8)),unpack("S",substr($h,56,2))); seek(F,$at,0); ` +
  `for(1..$n){read(F,$p,56); @w=unpack("LLQQQQQQ",$p); print join(" ",@w[0,3,4,6]),"\\n" if $w[0]==1}'`;

/** Finds them on a running guest. Error where the guest does not say enough. */
export async function findArm64Tables(
  shell: Pick<Shell, "text">,
  stopped: <T>(work: () => Promise<T>) => Promise<T>,
  reader: (pageBytes: number) => ReadFrame,
): Promise<{ root: number; format: TableFormat }> {
  const pageBytes = 1024 * counterOf(await shell.text("cat /proc/self/smaps"), "KernelPageSize");
  const symbol = await shell.text("grep ' swapper_pg_dir$' /proc/kallsyms");
  const segments = parseKcore(await shell.text(READ_KCORE));
  const root = rootFrame(symbol, segments, pageBytes);
  const read = reader(pageBytes);
  for (const bits of ADDRESS_BITS) {
    const format = arm64Format(pageBytes, basesOf(segments, pageBytes, bits));
    const frame = segments.find(({ kind }) => kind === "ram")!.physical / pageBytes;
    const { leaves } = await stopped(() => walkDirectMap({ read, root, format }, frame, 1));
    const covers = (first: number, level: number) => first <= frame && frame < first + (pageBytes / 8) ** level;
    if (leaves.some((leaf) => covers(leaf.frame, leaf.level))) return { root, format };
  }
  throw new Error("Cannot walk the guest's page tables: what they map is not what /proc/kcore says");
}

/** Frame of swapper_pg_dir, which lies in the kernel's image. */
export function rootFrame(symbol: string, segments: readonly KcoreSegment[], pageBytes: number): number {
  const address = BigInt(`0x${symbol.split(" ")[0]}`);
  const image = segments.find(({ kind, virtual, bytes }) =>
    kind === "image" && virtual <= address && address < virtual + BigInt(bytes)
  );
  if (image === undefined) throw new Error("Cannot find swapper_pg_dir in /proc/kcore");
  return (image.physical + Number(address - image.virtual)) / pageBytes;
}

/** Lines of READ_KCORE: type, virtual address, physical address, bytes. */
export function parseKcore(text: string): KcoreSegment[] {
  return text.trim().split("\n").map((line) => {
    const [, virtual, physical, bytes] = line.split(" ").map(BigInt);
    const kind = physical >= NO_ADDRESS ? "other" : (virtual & UPPER_HALF) === 0n ? "ram" : "image";
    return { kind, virtual, physical: Number(physical), bytes: Number(bytes) };
  });
}

/** First pages of the vmemmap and the direct map, from the first run of RAM and the segment that holds its memmap. */
export function basesOf(
  segments: readonly KcoreSegment[],
  pageBytes: number,
  bits: bigint,
): Pick<TableFormat, "vmemmapPage" | "directMapPage"> {
  const page = BigInt(pageBytes);
  const pageOf = (address: bigint) => Number((address & ((1n << bits) - 1n)) / page);
  const ram = segments.find(({ kind }) => kind === "ram");
  if (ram === undefined) throw new Error("Cannot find RAM in /proc/kcore");
  const first = ram.physical / pageBytes;
  const structs = STRUCT_PAGE_BYTES * ram.bytes / pageBytes;
  const memmap = segments.find(({ kind, bytes }) =>
    kind === "other" && bytes - structs >= 0 && bytes - structs < 2 * pageBytes
  );
  if (memmap === undefined) throw new Error("Cannot find the vmemmap in /proc/kcore");
  const perPage = pageBytes / STRUCT_PAGE_BYTES;
  return {
    vmemmapPage: pageOf(memmap.virtual) - Math.floor(first / perPage),
    directMapPage: pageOf(ram.virtual) - first,
  };
}
