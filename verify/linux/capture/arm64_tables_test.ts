// SPDX-License-Identifier: GPL-2.0-only
// arm64_tables.ts on what a guest of 4K pages printed, and on one that does not print enough.

import { assertEquals, assertThrows } from "@std/assert";
import { basesOf, parseKcore, rootFrame } from "./arm64_tables.ts";

Deno.test("rootFrame() is in the image as far as swapper_pg_dir is", () => {
  const image = { kind: "image", virtual: 0xffff800080000000n, physical: 0x134e00000, bytes: 0x2230000 } as const;
  assertEquals(rootFrame(0xffff800081e4a000n, [image], 4096), 0x136c4a);
  assertThrows(() => rootFrame(0xffff800180000000n, [], 4096), Error, "/proc/kcore");
});

//  text, vmalloc, RAM 0x40000000..0x140000000 at 0xffff000000000000, its memmap of 64 MiB after the struct pages of the first GiB
Deno.test("basesOf() finds the memmap of RAM by its size, and counts both from frame 0", () => {
  const segments = parseKcore(
    [
      `1 ${0xffff800080000000n} ${0x40200000} ${2 ** 25}`,
      `1 ${0xffff800000000000n} ${2n ** 64n - 1n} ${2 ** 31}`,
      `1 ${0xffff000000000000n} ${0x40000000} ${2 ** 32}`,
      `1 ${0xfffffdffc0000000n} ${2n ** 64n - 1n} ${2 ** 26}`,
    ].join("\n"),
    0xffff800081000000n,
  );
  assertEquals(segments.map(({ kind }) => kind), ["image", "other", "ram", "other"]);
  assertEquals(basesOf(segments, 4096, 48), {
    vmemmapPage: 0xfdffc0000000 / 4096 - 0x40000 / 64,
    directMapPage: -0x40000,
  });
  assertThrows(() => basesOf(segments.slice(0, 3), 4096, 48), Error, "vmemmap");
});
