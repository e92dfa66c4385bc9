// SPDX-License-Identifier: GPL-2.0-only
// Every captured row against the emulator, one test per machine and scenario; deviations must be listed (known.ts), and
// what is listed must deviate.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { boot } from "../../src/boot.ts";
import { createNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { EINVAL } from "../../src/include/errno.ts";
import { KernelPanic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { captures, machineOf, presetOf } from "./captures.ts";
import { type Compared, compareRow, linuxMatrix, rowsOf } from "./compare.ts";
import { virtPmemStart } from "./emulated.ts";
import { KNOWN } from "./known.ts";
import { describe } from "./linux.ts";

const compared: Compared[] = [];

for (const capture of captures()) {
  Deno.test(`the emulator equals Linux ${capture.release}: ${capture.folder}, ${capture.scenario}`, () => {
    const rows = rowsOf(capture).map((row) => compareRow(capture, row));
    assert(rows.length > 0);
    compared.push(...rows);
    const wrong = rows.flatMap(({ name, differences, formulas }) =>
      [...differences, ...formulas].filter(({ cause }) => cause === undefined).map((d) => `${name}: ${describe(d)}`)
    );
    assertEquals(wrong, []);
  });
}

Deno.test("linuxMatrix() counts every row once, and every known deviation deviates", () => {
  const matrix = linuxMatrix(compared);
  assertEquals(matrix.reduce((n, { rows }) => n + rows, 0), compared.length);
  for (const { kernel, scenario, rows, equal, explained } of matrix) {
    assertEquals(equal + explained, rows, `${kernel} ${scenario}`);
  }
  const causes = new Set(compared.flatMap(({ differences }) => differences.map(({ cause }) => cause)));
  assertEquals(KNOWN.filter(({ cause }) => !causes.has(cause)), []);
});

Deno.test("compareRow() notices a field that differs, and noise only in free pages", () => {
  const [capture] = captures();
  const row = { name: "row", linux: { free: [10, 12], frames: 3, start: "0x1" }, noise: { free: 2 } };
  const differing = (here: Record<string, unknown>) =>
    compareRow(capture, { ...row, emulate: () => here }).differences.map(({ field }) => field);
  assertEquals(differing({ free: 11, frames: 3, start: "0x1" }), []);
  assertEquals(differing({ free: 13, frames: 4, start: "0x2" }), ["free", "frames", "start"]);
  assertEquals(differing({}), ["free", "frames", "start"]);
});

Deno.test("presetOf() is the newest preset that is not newer, and machineOf() reads qemu's line", () => {
  assertEquals([presetOf("6.1.192"), presetOf("6.1.0"), presetOf("5.15.3")], ["6.1", "6.1", "5.14"]);
  assertThrows(() => presetOf("4.19.1"), RangeError, "no preset is that old");
  assertEquals(
    machineOf(
      "qemu -m 4G,slots=4 -object x,mem-path=pmem,size=1073872896 -device nvdimm,addr=0x200000000",
      "1G-2M-mem",
    ),
    {
      dram: 2 ** 32,
      pmem: 2 ** 30,
      pmemStart: 0x200000000,
      beside: { name: "1G-2M-mem", size: "1G", align: "2M", map: "mem" },
    },
  );
});

Deno.test("virtPmemStart() is where the captured arm64 machine had its NVDIMM", () => {
  assertEquals(virtPmemStart(4 * 2 ** 30), 0x140000000);
});

Deno.test("preset 6.1 takes compounds that begin inside a section as Linux does, and the checker objects", () => {
  const create = (kernel: string) => {
    const k = boot({ kernel, dram: [2 ** 30], pmem: [{ bytes: 3 * 2 ** 30, startBytes: 0x101000000 }] });
    const free = totalFreePages(k);
    const ns = createNamespace(k, ndRegions(k)[0], { size: 2 * 2 ** 30, align: 2 ** 30, map: "mem" });
    return { k, ns, taken: free - totalFreePages(k) };
  };
  const linux = create("6.1");
  assert(typeof linux.ns !== "number");
  assertThrows(() => checkInvariants(linux.k), KernelPanic, "compound");
  // The series as posted would do the same; here it is refused.
  const checked = create("v7");
  assertEquals([checked.ns, checked.taken], [-EINVAL, 0]);
  checkInvariants(checked.k);
});
