// SPDX-License-Identifier: GPL-2.0-only
// Asks the host for huge pages for the emulated memory, since touching gigabytes for the first time in base pages
// takes longer than everything the emulator does with them. Calls madvise(MADV_HUGEPAGE) through FFI, on Linux and
// with --allow-ffi only; otherwise does nothing. The kernel may accept the call and still allocate base pages, so
// /proc/self/smaps is read afterwards; through FFI too, since Deno opens files in /proc only with --allow-all.

import { humanSize } from "../lib/units.ts";
import { onReserve } from "../machine/phys_mem.ts";

const MADV_HUGEPAGE = 14;
const HOST_PAGE = 4096n;
/** Below this size huge pages are neither requested nor reported. */
const LEAST_BYTES = 64 * 2 ** 20;

/** What the host gave: resident bytes, and how many of them are in huge pages. */
export interface Backing {
  readonly resident: number;
  readonly huge: number;
}

const LIBC = {
  madvise: { parameters: ["pointer", "usize", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;
type Libc = Deno.DynamicLibrary<typeof LIBC>["symbols"];

let libc: Libc | null = null;
/** Memory for which huge pages were requested. */
interface Advised {
  readonly address: bigint;
  readonly bytes: number;
  readonly refused: boolean;
}

/** Limit of the machines that are checked afterwards. */
const MOST_ADVISED = 64;
let advised: Advised[] = [];

/** Requests huge pages for every machine that is built from now on. Does nothing if that is not possible. */
export function adviseHugePages(): void {
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return;
  try {
    libc ??= Deno.dlopen("libc.so.6", LIBC).symbols;
  } catch {
    // No libc under this name (musl): do nothing.
    return;
  }
  const { madvise } = libc;
  onReserve((bytes) => {
    if (bytes.byteLength < LEAST_BYTES) return;
    // malloc() puts a header first; madvise() needs the start of a page.
    const start = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>)));
    const address = (start + HOST_PAGE - 1n) / HOST_PAGE * HOST_PAGE;
    const length = BigInt(bytes.byteLength) - (address - start);
    const result = madvise(Deno.UnsafePointer.create(address), length, MADV_HUGEPAGE);
    advised = [...advised.slice(1 - MOST_ADVISED), { address, bytes: bytes.byteLength, refused: result !== 0 }];
  });
}

/**
 * One line if the memory of a machine did not get the requested huge pages; null if all did, are too small, or no
 * longer exist.
 */
export function hugePagesMissing(): string | null {
  if (libc === null || advised.length === 0) return null;
  const refused = advised.find((each) => each.refused);
  if (refused !== undefined) {
    return `the host refuses huge pages for ${humanSize(refused.bytes)}: first touches take longer`;
  }
  const text = smaps(libc);
  const poor = advised.map(({ address }) => backingAt(text, address))
    .find((backing) => backing !== null && backing.resident >= LEAST_BYTES && backing.huge < backing.resident / 2);
  if (poor === undefined || poor === null) return null;
  return `the host gave huge pages for ${humanSize(poor.huge)} of ${humanSize(poor.resident)}: ` +
    "first touches take longer";
}

/** The text of /proc/self/smaps; empty if it cannot be read. */
function smaps({ open, read, close }: Libc): string {
  const file = open(new TextEncoder().encode("/proc/self/smaps\0"), 0);
  if (file < 0) return "";
  const chunk = new Uint8Array(2 ** 16);
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const n = Number(read(file, chunk, BigInt(chunk.length)));
    if (n <= 0) break;
    text += decoder.decode(chunk.subarray(0, n), { stream: true });
  }
  close(file);
  return text;
}

/** Backing of the mapping that contains this address, from the text of /proc/PID/smaps; null without one. */
export function backingAt(text: string, address: bigint): Backing | null {
  // A mapping is a line with its range, followed by lines of one figure each.
  for (const mapping of text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(mapping);
    if (range === null || address < BigInt(`0x${range[1]}`) || address >= BigInt(`0x${range[2]}`)) continue;
    const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(mapping)?.[1] ?? 0) * 1024;
    return { resident: kib("Rss"), huge: kib("AnonHugePages") };
  }
  return null;
}
