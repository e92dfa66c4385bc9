// SPDX-License-Identifier: GPL-2.0-only

import { assert, assertEquals } from "@std/assert";
import { SZ_2M } from "../include/sizes.ts";
import { onReserve, PhysMem } from "../machine/phys_mem.ts";
import { backingAt } from "./huge_pages.ts";

const SMAPS = `7f19dbffe000-7f19dbfff000 rw-p 00000000 00:00 0 
Size:                  4 kB
Rss:                   4 kB
AnonHugePages:         0 kB
7f19dbfff000-7f1afc000000 rw-p 00000000 00:00 0 
Size:            4718596 kB
Rss:             1572868 kB
AnonHugePages:   1048576 kB
VmFlags: rd wr mr mw me ac hg 
`;

Deno.test("backingAt() reads the mapping that holds the address, from its first byte to its last", () => {
  const gib = { resident: 1572868 * 1024, huge: 2 ** 30 };
  assertEquals(backingAt(SMAPS, 0x7f19dbfff000n), gib);
  assertEquals(backingAt(SMAPS, 0x7f1afbffffffn), gib);
  assertEquals(backingAt(SMAPS, 0x7f19dbfff000n - 1n), { resident: 4096, huge: 0 });
  assertEquals([backingAt(SMAPS, 0x7f1afc000000n), backingAt("", 0n)], [null, null]);
});

Deno.test("PhysMem calls the hook with the memory it reserves, in whole huge pages, not with another worker's", () => {
  const seen: number[] = [];
  const before = onReserve((bytes) => seen.push(bytes.byteLength));
  try {
    const phys = new PhysMem(2 ** 20, 9, 4096, 3 * SZ_2M - 4096, true, false);
    new PhysMem(2 ** 20, 9, 4096, 3 * SZ_2M - 4096, true, false, phys.share());
    new PhysMem(2 ** 20, 9, 4096, 8192, false, false);
  } finally {
    onReserve(before);
  }
  assertEquals(seen, [3 * SZ_2M, 8192]);
});

/** Reserves memory without touching it; prints its size, what hugePagesMissing() says, and whether smaps has the advice. */
const RESERVING = `
  import { PhysMem } from ${JSON.stringify(new URL("../machine/phys_mem.ts", import.meta.url).href)};
  import { adviseHugePages, hugePagesMissing } from ${JSON.stringify(new URL("huge_pages.ts", import.meta.url).href)};
  adviseHugePages();
  const before = hugePagesMissing();
  const { bytes } = new PhysMem(2 ** 20, 9, 4096, 2 ** 28, false, false);
  const mappings = Deno.readTextFileSync("/proc/self/smaps").split(/^(?=[0-9a-f]+-)/m);
  const large = mappings.filter((text) => Number(/^Size: +(\\d+)/m.exec(text)?.[1]) >= 2 ** 18);
  const advised = large.some((text) => /^VmFlags:.* hg\\b/m.test(text));
  console.log(JSON.stringify([before, bytes.byteLength, hugePagesMissing(), advised]));
`;

// In a process of its own: the host merges neighbouring mappings, of other tests' machines for example.
Deno.test("adviseHugePages() advises large memory, and reports only a refusal", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", RESERVING] }).output();
  const [before, bytes, missing, advised] = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals([before, bytes], [null, 2 ** 28]);
  // A host without huge pages may refuse; others have not given any yet.
  if (missing === null) assert(advised);
  else assert(missing.startsWith("the host refuses huge pages for 256 MiB"), missing);
});
