// SPDX-License-Identifier: GPL-2.0-only
// Finds an arm64 kernel's page tables, and the vmemmap and direct map in them, from what the guest reports:
//
//   /proc/kallsyms   address of swapper_pg_dir, the root
//   /proc/kcore      program headers: address of the kernel's image; each run of RAM with its address in the direct map,
//                    and its part of the vmemmap
//
// A kernel built for 52-bit addresses uses fewer bits on a processor that lacks them. The root table shows how many:
// each candidate is checked against the RAM in /proc/kcore.

import {
  arm64Format,
  entriesOf,
  type ReadFrame,
  STRUCT_PAGE_BYTES,
  type TableFormat,
  type Tables,
  topLevelOf,
  walkDirectMap,
  walkVmemmap,
} from "./page_walk.ts";
import type { Shell } from "./shell.ts";
import { counterOf } from "./zoneinfo.ts";

/** A segment of /proc/kcore. `physical` is valid only for RAM and the kernel's image. */
export interface KcoreSegment {
  readonly kind: "ram" | "image" | "other";
  readonly virtual: bigint;
  readonly physical: number;
  readonly bytes: number;
}

/** Beyond any physical address; segments without an address have all bits set. */
const NO_ADDRESS = 1n << 52n;
/** Address bits that kernels use: 47 with 16K pages on a processor without the 52 they are built for. */
const ADDRESS_BITS = [48, 52, 47];
const MOST_LEVELS = 4;
/** PT_LOAD headers: type and flags in 8 bytes, then offset, virtual and physical address, and sizes. */
const READ_KCORE = `perl -e 'open F,"<","/proc/kcore" or die "kcore: $!"; read(F,$h,64); ` +
  `($at,$n)=(unpack("Q",substr($h,32,8)),unpack("S",substr($h,56,2))); seek(F,$at,0); ` +
  `for(1..$n){read(F,$p,56); @w=unpack("LLQQQQQQ",$p); print join(" ",@w[0,3,4,6]),"\\n" if $w[0]==1}'`;

/** Finds the tables of a running guest. Error if the guest does not report enough. */
export async function findArm64Tables(
  shell: Pick<Shell, "text">,
  stopped: <T>(work: () => Promise<T>) => Promise<T>,
  reader: (pageBytes: number) => ReadFrame,
): Promise<{ root: number; format: TableFormat }> {
  const pageBytes = 1024 * counterOf(await shell.text("cat /proc/self/smaps"), "KernelPageSize");
  const symbol = await shell.text("grep ' swapper_pg_dir$' /proc/kallsyms");
  const pgd = BigInt(`0x${symbol.split(" ")[0]}`);
  const segments = parseKcore(await shell.text(READ_KCORE), pgd);
  const tables = { read: reader(pageBytes), root: rootFrame(pgd, segments, pageBytes) };
  const frame = ramOf(segments).physical / pageBytes;
  for (const addressBits of ADDRESS_BITS.filter((bits) => topLevelOf({ pageBytes, addressBits: bits }) < MOST_LEVELS)) {
    const format = arm64Format({ pageBytes, addressBits, ...basesOf(segments, pageBytes, addressBits) });
    if (await stopped(() => mapsFrame({ ...tables, format }, frame))) return { root: tables.root, format };
  }
  throw new Error("Cannot walk the guest's page tables: what they map is not what /proc/kcore says");
}

/** Whether the direct map and the vmemmap map this frame where they should. */
async function mapsFrame(tables: Tables, frame: number): Promise<boolean> {
  const { leaves } = await walkDirectMap(tables, frame, 1);
  const memmap = await walkVmemmap(tables, Math.floor(frame * STRUCT_PAGE_BYTES / tables.format.pageBytes), 1);
  const covers = (first: number, level: number) => first <= frame && frame < first + entriesOf(tables.format) ** level;
  return memmap.leaves.length > 0 && leaves.some((leaf) => covers(leaf.frame, leaf.level));
}

/** Frame of swapper_pg_dir, which is in the kernel's image. */
export function rootFrame(pgd: bigint, segments: readonly KcoreSegment[], pageBytes: number): number {
  const image = segments.find(({ kind }) => kind === "image");
  if (image === undefined) throw new Error("Cannot find swapper_pg_dir in /proc/kcore");
  return (image.physical + Number(pgd - image.virtual)) / pageBytes;
}

/** Lines of READ_KCORE: type, virtual address, physical address, bytes. The image contains swapper_pg_dir. */
export function parseKcore(text: string, pgd: bigint): KcoreSegment[] {
  return text.trim().split("\n").map((line) => {
    const [, virtual, physical, bytes] = line.split(" ").map(BigInt);
    const kind = physical >= NO_ADDRESS ? "other" : virtual <= pgd && pgd < virtual + bytes ? "image" : "ram";
    return { kind, virtual, physical: Number(physical), bytes: Number(bytes) };
  });
}

function ramOf(segments: readonly KcoreSegment[]): KcoreSegment {
  const ram = segments.find(({ kind }) => kind === "ram");
  if (ram === undefined) throw new Error("Cannot find RAM in /proc/kcore");
  return ram;
}

/** First pages of the vmemmap and the direct map, from the first run of RAM and the segment that holds its memmap. */
export function basesOf(
  segments: readonly KcoreSegment[],
  pageBytes: number,
  addressBits: number,
): Pick<TableFormat, "vmemmapPage" | "directMapPage"> {
  const page = BigInt(pageBytes);
  const pageOf = (address: bigint) => Number(BigInt.asUintN(addressBits, address) / page);
  const ram = ramOf(segments);
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
