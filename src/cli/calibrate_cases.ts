// SPDX-License-Identifier: GPL-2.0-only
// The runs that `lab calibrate` predicts and measures, shared with bench/model_bench.ts so that both time the same work
// under the same names. The memmaps are several times larger than a processor's cache.

import { createNamespace, destroyNamespace } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { panic } from "../lib/bug.ts";
import { gupTestGet, gupTestPut } from "../mm/gup/ioctl.ts";
import type { Kernel } from "../mm/kernel.ts";
import { bootBox, namespaceConfig, type NamespaceOptions } from "../scenario/box.ts";
import { gupBox } from "../scenario/gup.ts";

/** A case on its box. `run` is what is timed; `restore` makes it possible again. */
export interface CaseBox {
  readonly kernel: Kernel;
  readonly run: () => void;
  readonly restore: () => void;
}

/** One case: its name in `lab calibrate` and in `deno bench`, and how to build its box. */
export interface CalibrateCase {
  readonly name: string;
  readonly build: () => CaseBox;
}

/** gup_test's pages per call. */
export const BATCH = 512;

/** Get or put of 8 GiB, in calls of `batch` pages. */
export function gupCase(kernel: string, phase: "get" | "put", batch = BATCH, size = 2 ** 33): CaseBox {
  const { kernel: k, area } = gupBox(namespaceConfig({ size, kernel }));
  const pages = new Float64Array(size / k.pageBytes);
  const get = () => {
    const held = gupTestGet(k, area.mm, area.start, batch, "get", pages);
    if (held !== pages.length) panic(`gupCase: holds ${held} of ${pages.length} pages`);
  };
  const put = () => gupTestPut(k, "get", pages, pages.length);
  if (phase === "get") return { kernel: k, run: get, restore: put };
  get();
  return { kernel: k, run: put, restore: get };
}

/** Creation of a namespace, taken down again untimed. */
export function creationCase(options: NamespaceOptions): CaseBox {
  const config = namespaceConfig(options);
  const k = bootBox(config);
  let namespace: ReturnType<typeof createNamespace> = 0;
  const run = () => {
    namespace = createNamespace(k, ndRegions(k)[0], config);
  };
  const restore = () => {
    if (typeof namespace === "number") panic(`creationCase: the namespace failed with ${namespace}`);
    if (destroyNamespace(k, namespace) < 0) panic("creationCase: the namespace does not go");
  };
  return { kernel: k, run, restore };
}

/** Every case, in the order of the report. */
export const CALIBRATE_CASES: readonly CalibrateCase[] = [
  { name: "get 8G before", build: () => gupCase("5.14", "get") },
  { name: "put 8G before", build: () => gupCase("5.14", "put") },
  { name: "get 8G patch 8", build: () => gupCase("v4", "get") },
  { name: "put 8G patch 8", build: () => gupCase("v4", "put") },
  { name: "get 8G 6.1", build: () => gupCase("6.1", "get") },
  { name: "bootstrap 16G 4K", build: () => creationCase({ size: 2 ** 34, align: 2 ** 12, kernel: "6.1" }) },
  { name: "bootstrap 64G 2M", build: () => creationCase({ size: 2 ** 36, align: 2 ** 21, kernel: "6.1" }) },
  { name: "bootstrap 256G 1G", build: () => creationCase({ size: 2 ** 38, align: 2 ** 30, kernel: "6.1" }) },
];
