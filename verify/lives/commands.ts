// SPDX-License-Identifier: GPL-2.0-only
// Random lives for fast-check: sequences of operations with small numbers, some with an allocation made to fail,
// checked after every step, shrunk to the shortest sequence that still fails.

import fc from "fast-check";
import { TOY, TOY_ARM64, TOY_ARM64_PAGES } from "../../src/arch/toy/toy.ts";
import { NO_ERRATA, PRESETS } from "../../src/include/kernel_config.ts";
import { Life, type LifeSetting } from "./life.ts";
import { OPERATIONS } from "./operations.ts";

/** One operation of a life. */
export class Event implements fc.Command<Record<never, never>, Life> {
  constructor(
    readonly name: string,
    readonly numbers: readonly [number, number, number],
    /** The allocation to fail, 0 for none; negative: this one and all after it. */
    readonly failAt: number,
  ) {}

  /** Always true: whether it is possible shows only when it is tried. */
  check(): boolean {
    return true;
  }

  run(_model: Record<never, never>, life: Life): void {
    const { fault } = life.k;
    if (this.failAt !== 0) fault.arm(Math.abs(this.failAt), this.failAt < 0);
    const done = OPERATIONS[this.name](life, ...this.numbers);
    if (this.failAt !== 0 && fault.seen >= Math.abs(this.failAt)) life.failures++;
    fault.disarm();
    if (!done) return;
    life.operations++;
    life.check();
  }

  toString(): string {
    const fails = this.failAt === 0 ? "" : `, allocation ${Math.abs(this.failAt)}${this.failAt < 0 ? "+" : ""} fails`;
    return `${this.name}(${this.numbers.join(", ")}${fails})`;
  }
}

/** A life to run. */
export type Events = Iterable<fc.Command<Record<never, never>, Life>>;

/** Sequences of at most `most` operations. */
export function events(most: number): fc.Arbitrary<Events> {
  const number = fc.nat({ max: 999 });
  const failAt = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, {
    weight: 1,
    arbitrary: fc.integer({ min: -8, max: 40 }),
  });
  const event = fc.tuple(fc.constantFrom(...Object.keys(OPERATIONS)), fc.tuple(number, number, number), failAt)
    .map(([name, numbers, fails]) => new Event(name, numbers, fails));
  return fc.commands([event], { maxCommands: most, size: "max" });
}

/**
 * Machines for the lives: every preset, on the toy with struct pages that share and that do not, and on machines that
 * treat an altmap as arm64 does. Of sizes that do not share, only 80 bytes make a toy subsection's memmap a whole
 * number of pages; on real geometries it always is.
 */
export const SETTINGS: readonly LifeSetting[] = Object.values(PRESETS).flatMap((preset) => {
  // Without 6.1's own defect, which lives find at once.
  const kernel = { ...preset, errata: NO_ERRATA };
  return [
    { arch: TOY, kernel, structPageSize: 64 },
    { arch: TOY, kernel, structPageSize: 80 },
    { arch: TOY_ARM64, kernel, structPageSize: 64 },
    { arch: TOY_ARM64_PAGES, kernel, structPageSize: 64 },
  ];
});

/** ARCH/KERNEL/BYTES of a struct page. */
export function nameOf({ arch, kernel, structPageSize }: LifeSetting): string {
  return `${arch.name}/${kernel.name}/${structPageSize}`;
}

/** Totals over many lives. */
export interface Tally {
  lives: number;
  operations: number;
  failures: number;
}

/** "Every life ends well", for fc.assert; `tally` counts on the way. */
export function lifeProperty(setting: LifeSetting, most: number, tally: Tally): fc.IProperty<[Events]> {
  return fc.property(events(most), (commands) => {
    const life = new Life(setting);
    fc.modelRun(() => ({ model: {}, real: life }), commands);
    life.end();
    tally.lives++;
    tally.operations += life.operations;
    tally.failures += life.failures;
  });
}
