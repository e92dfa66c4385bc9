// SPDX-License-Identifier: GPL-2.0-only
// Entries of x86-64 as the processor reads them: bits by their numbers in the manual (Intel SDM vol. 3, 4.5), not by the
// format's own constants.

import { assertEquals } from "@std/assert";
import type { PgtableFormat } from "../../include/pgtable_format.ts";
import { x86Format } from "./pgtable.ts";

/** Numbers of the bits that are set in an entry. */
function bits({ lo, hi }: { readonly lo: number; readonly hi: number }): number[] {
  return Array.from({ length: 64 }, (_, i) => i).filter((i) => ((i < 32 ? lo >>> i : hi >>> (i - 32)) & 1) !== 0);
}

const [PRESENT, RW, USER, ACCESSED, DIRTY, PSE, GLOBAL, DEVMAP, NX] = [0, 1, 2, 5, 6, 7, 8, 58, 63];

Deno.test("x86Format() sets the bits that __PAGE_KERNEL, _PAGE_TABLE and a device mapping have", () => {
  const format: PgtableFormat = x86Format(12, 9);
  assertEquals(bits(format.table), [PRESENT, RW, ACCESSED, DIRTY]);
  assertEquals(bits(format.userTable), [PRESENT, RW, USER, ACCESSED, DIRTY]);
  assertEquals(bits(format.kernelPage), [PRESENT, RW, ACCESSED, DIRTY, GLOBAL, NX]);
  assertEquals(bits(format.kernelPageRo), [PRESENT, ACCESSED, DIRTY, GLOBAL, NX]);
  assertEquals(bits(format.kernelHuge), [PRESENT, RW, ACCESSED, DIRTY, PSE, GLOBAL, NX]);
  assertEquals(bits(format.userPage), [PRESENT, RW, USER, ACCESSED, DIRTY, DEVMAP, NX]);
  assertEquals(bits(format.userHuge), [PRESENT, RW, USER, ACCESSED, DIRTY, PSE, DEVMAP, NX]);
});

Deno.test("x86Format() names its bits as the manual does, and recognises leaves and read-only entries", () => {
  const { bitNames, present, hugeMask, hugeValue, roMask, roValue, devmapHi } = x86Format(12, 9);
  assertEquals(bitNames, {
    [PRESENT]: "P",
    [RW]: "RW",
    [USER]: "US",
    [ACCESSED]: "A",
    [DIRTY]: "D",
    [PSE]: "PSE",
    [DEVMAP]: "DEVMAP",
    [NX]: "NX",
  });
  assertEquals([present, hugeMask, hugeValue, roMask, roValue], [1, 2 ** PSE, 2 ** PSE, 2 ** RW, 0]);
  assertEquals(devmapHi, 2 ** (DEVMAP - 32));
});
