// SPDX-License-Identifier: GPL-2.0-only
// The wrapper of all other tests: it must notice a leak, a broken invariant and a page that is held.

import { assertEquals, assertThrows } from "@std/assert";
import { USE_PINNED } from "./include/frame_use.ts";
import { KernelPanic } from "./lib/bug.ts";
import { allocPages } from "./mm/page_alloc.ts";
import { mmAlloc } from "./mm/memory.ts";
import { machine, mustCreate, mustDestroy, withKernel } from "./testing.ts";

Deno.test("machine() reads every word", () => {
  assertEquals(
    machine(
      "arch=x86-64 kernel=v4 dram=1G,512M pmem=1G,2G@8G/1 struct=56 cpus=2 fragment=0.5 seed=7 shared nocontents",
    ),
    {
      arch: "x86-64",
      debug: true,
      kernel: "v4",
      dram: [2 ** 30, 2 ** 29],
      pmem: [{ bytes: 2 ** 30 }, { bytes: 2 ** 31, startBytes: 2 ** 33, nid: 1 }],
      structPageSize: 56,
      cpus: 2,
      fragment: 0.5,
      seed: 7,
      shared: true,
      contents: false,
    },
  );
  assertEquals(machine(""), { arch: "toy", debug: true, dram: [2 ** 20], pmem: [{ bytes: 2 ** 18 }] });
  assertThrows(() => machine("dran=1M"), RangeError, 'machine word "dran=1M"');
});

Deno.test("withKernel() notices leaked frames, namespaces and address spaces", () => {
  assertThrows(() => withKernel("", (k) => allocPages(k, 0, 0, USE_PINNED)), Error, "Leak: free was");
  assertThrows(() => withKernel("", (k) => mustCreate(k)), Error, "Leak: ");
  assertThrows(() => withKernel("", (k) => mmAlloc(k)), Error, "mms was 0, is 1");
});

Deno.test("withKernel() notices a broken invariant, and passes on what the case returns or throws", () => {
  assertThrows(() => withKernel("", (k) => k.uses[USE_PINNED]++), KernelPanic, "I12");
  assertEquals(withKernel("", () => 42), 42);
  assertThrows(
    () =>
      withKernel("", () => {
        throw new TypeError("mine");
      }),
    TypeError,
    "mine",
  );
});

Deno.test("mustCreate() and mustDestroy() name the errno of a refusal", () => {
  assertThrows(() => withKernel("", (k) => mustCreate(k, { size: 100 })), Error, "createNamespace: EINVAL");
  assertThrows(
    () =>
      withKernel("", (k) => {
        const ns = mustCreate(k);
        mustDestroy(k, ns);
        mustDestroy(k, ns);
      }),
    Error,
    "destroyNamespace: EINVAL",
  );
});
