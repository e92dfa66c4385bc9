// SPDX-License-Identifier: GPL-2.0-only
// The runs that `lab calibrate` predicts and measures, shared with bench/model_bench.ts and bench/side/cases.ts so that
// all time the same work. The memmaps are several times larger than a processor's cache.

import { createNamespace, destroyNamespace } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { panic } from "../lib/bug.ts";
import type { GupMode } from "../include/gup.ts";
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

/** What gup_test does in a case. */
export interface GupCaseOptions {
  readonly kernel: string;
  /** Which half is timed. */
  readonly phase: "get" | "put";
  /** FOLL_GET or FOLL_PIN; default get. */
  readonly mode?: GupMode;
  /** Bytes held; default 8 GiB. */
  readonly size?: number;
}

/** Get or put in calls of {@linkcode BATCH} pages. */
export function gupTestCase({ kernel, phase, mode = "get", size = 2 ** 33 }: GupCaseOptions): CaseBox {
  const { kernel: k, area } = gupBox(namespaceConfig({ size, kernel }));
  const pages = new Float64Array(size / k.pageBytes);
  const get = () => {
    const held = gupTestGet(k, area.mm, area.start, BATCH, mode, pages);
    if (held !== pages.length) panic(`gupTestCase: holds ${held} of ${pages.length} pages`);
  };
  const put = () => gupTestPut(k, mode, pages, pages.length);
  if (phase === "get") return { kernel: k, run: get, restore: put };
  get();
  return { kernel: k, run: put, restore: get };
}

/** Creation of a namespace; destroying it is not timed. */
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
  { name: "get 8G before", build: () => gupTestCase({ kernel: "5.14", phase: "get" }) },
  { name: "put 8G before", build: () => gupTestCase({ kernel: "5.14", phase: "put" }) },
  { name: "get 8G patch 8", build: () => gupTestCase({ kernel: "v4", phase: "get" }) },
  { name: "put 8G patch 8", build: () => gupTestCase({ kernel: "v4", phase: "put" }) },
  { name: "get 8G 6.1", build: () => gupTestCase({ kernel: "6.1", phase: "get" }) },
  { name: "bootstrap 16G 4K", build: () => creationCase({ size: 2 ** 34, align: 2 ** 12, kernel: "6.1" }) },
  { name: "bootstrap 64G 2M", build: () => creationCase({ size: 2 ** 36, align: 2 ** 21, kernel: "6.1" }) },
  { name: "bootstrap 256G 1G", build: () => creationCase({ size: 2 ** 38, align: 2 ** 30, kernel: "6.1" }) },
];
