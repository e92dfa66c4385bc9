// SPDX-License-Identifier: GPL-2.0-only
// The work behind each of the documents' times: the emulator runs the configurations, and their counters are read. With
// a limit, larger configurations are run at the limit and their counters multiplied.

import { type CounterValues, parseSize, PRESETS } from "../../mod.ts";
import type { KernelConfig } from "../../mod.ts";
import { COUNTERS } from "../../mod.ts";
import { gupTest, type GupTestResult } from "../../src/mm/gup/ioctl.ts";
import { namespaceConfig } from "../../src/scenario/box.ts";
import { gupBox } from "../../src/scenario/gup.ts";
import { createOnBox } from "../../src/scenario/namespace.ts";
import type { BootstrapFigure, GupFigure, GupKernel, InstructionFigure } from "./figures.ts";

/** The kernels of the gup figures. `core` is the half of the series merged in 5.17: compound pages only. */
const GUP_KERNELS: Readonly<Record<GupKernel, KernelConfig>> = {
  before: PRESETS["5.14"],
  patch8: PRESETS["v4"],
  core: { ...PRESETS["v4"], name: "v5 core", gup: "per-page", dedup: "none", initUniqueOnly: false },
};

/** gup_test's pages per call in every figure (-n). */
const BATCH = 512;

/** Runs each configuration once and keeps its counters. */
export class SeriesWork {
  /** Largest run, MiB. */
  readonly limitMib: number;
  readonly #running: (what: string) => void;
  readonly #gup = new Map<string, GupTestResult>();
  readonly #creation = new Map<string, CounterValues>();

  /** `limitMib` is a multiple of 1024. `running` is called with each configuration before it runs. */
  constructor(limitMib: number = Infinity, running: (what: string) => void = () => {}) {
    this.limitMib = limitMib;
    this.#running = running;
  }

  /** Work of one phase of one round of gup_test. */
  gup(figure: GupFigure): CounterValues {
    const mib = Math.min(figure.mib, this.limitMib);
    const result = this.#gupResult(figure, mib);
    return scaled(figure.phase === "get" ? result.getCounters : result.putCounters, figure.mib / mib);
  }

  /** Work of creating the 128 GiB namespace of a bootstrap figure. */
  bootstrap({ kernel, align }: BootstrapFigure): CounterValues {
    const size = 2 ** 37;
    const run = Math.min(size, this.limitMib * 2 ** 20);
    return scaled(this.#created(run, parseSize(align), "mem", kernel), size / run);
  }

  /** Work of creating one of the namespaces that Linux 6.1 created. */
  instructions({ size, align, map }: InstructionFigure): CounterValues {
    return this.#created(parseSize(size), parseSize(align), map === "dev" ? "dev" : "mem", "6.1");
  }

  #created(size: number, align: number, map: "mem" | "dev", kernel: string): CounterValues {
    const key = `${size} ${align} ${map} ${kernel}`;
    let counters = this.#creation.get(key);
    if (counters === undefined) {
      this.#running(`namespace ${key}`);
      counters = createOnBox(namespaceConfig({ size, align, map, kernel })).counters;
      this.#creation.set(key, counters);
    }
    return counters;
  }

  /** Both modes run on one box, which is dropped before the next is built. */
  #gupResult({ kernel, map, mode }: GupFigure, mib: number): GupTestResult {
    const key = `${kernel} ${map} ${mib}`;
    if (!this.#gup.has(`${key} ${mode}`)) {
      this.#running(`gup ${key}`);
      const size = mib * 2 ** 20;
      const box = { ...namespaceConfig({ size: 2 ** 30, map, kernel: "5.14" }), size };
      const { kernel: k, area } = gupBox(box, { kernel: GUP_KERNELS[kernel] });
      for (const m of ["get", "pin"] as const) {
        const pages = size / k.pageBytes;
        const test = { mm: area.mm, vpn: area.start, pages, batch: BATCH, mode: m, repeats: 1 };
        this.#gup.set(`${key} ${m}`, gupTest(k, test));
      }
    }
    return this.#gup.get(`${key} ${mode}`)!;
  }
}

function scaled(counters: CounterValues, factor: number): CounterValues {
  return Object.fromEntries(COUNTERS.map((name) => [name, counters[name] * factor])) as CounterValues;
}
