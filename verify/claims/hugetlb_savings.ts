// SPDX-License-Identifier: GPL-2.0-only
// What 1024 GiB of huge pages save (document 004): 2M and 1G pages laid out side by side, and one per 128 MiB window.
// With --quick, a 64th is laid out and multiplied. One page per window would take 64 TiB, so only 8192 (512) windows
// are laid out and multiplied.

import { formatSize } from "../../src/lib/units.ts";
import { check, type Claim } from "./claim.ts";
import { claim } from "./documented.ts";
import { gib, PAGE, SIZE_1G, SIZE_2M, TIB } from "../formulas/vmemmap.ts";
import { freedPages, netPages, tablesDense, tablesSpread } from "../formulas/hugetlb.ts";
import { inGiB, type Scale, yes } from "../measure/measure.ts";
import { poolOf } from "../measure/hugetlb.ts";

export function savingsClaims(scale: Scale): Claim[] {
  return [...savings(scale), ...laidOut(scale)];
}

/** The part of 1024 GiB that is laid out, and its factor. */
function part({ quick }: Scale, size: number): { readonly count: number; readonly times: number } {
  const times = quick ? 64 : 1;
  return { count: TIB / size / times, times };
}

/** One huge page per window: how many of the 524288 are laid out, and the factor. */
function windows({ quick }: Scale): { readonly count: number; readonly times: number } {
  const count = quick ? 512 : 8192;
  return { count, times: TIB / SIZE_2M / count };
}

/** A figure by formula, and as laid out. */
type Figures = Required<Pick<Claim, "formula" | "measure">>;

/** Net pages of 1024 GiB. */
function netOf(scale: Scale, size: number, keep: number): Figures {
  const { count, times } = part(scale, size);
  const all = count * times;
  return {
    formula: netPages(all, size, PAGE, keep, tablesDense(all, size, PAGE)),
    measure: () => poolOf(size, count, keep, "dense").net * times,
  };
}

function netSpread(scale: Scale, keep: number): Figures {
  const { count, times } = windows(scale);
  const all = count * times;
  return {
    formula: netPages(all, SIZE_2M, PAGE, keep, tablesSpread(all)),
    measure: () => poolOf(SIZE_2M, count, keep, "spread").net * times,
  };
}

function figuresInGib({ formula, measure }: Figures): Figures {
  return { formula: gib(PAGE * formula), measure: () => inGiB(PAGE * measure()) };
}

/** "We can save ~16GB(1G hugepage)/~11GB (2MB hugepage, the worst case is 10GB while the best is 12GB)". */
function savings(scale: Scale): Claim[] {
  const best = figuresInGib(netOf(scale, SIZE_2M, 2));
  const worst = figuresInGib(netSpread(scale, 2));
  const gib1G = figuresInGib(netOf(scale, SIZE_1G, 2));
  return [
    claim("004-08", gib1G.formula, gib1G.measure),
    claim("004-09/worst", worst.formula, worst.measure),
    claim("004-09/best", best.formula, best.measure),
    claim(
      "004-09",
      yes(worst.formula < 11 && 11 < best.formula),
      () => yes(worst.measure() < 11 && 11 < best.measure()),
    ),
  ];
}

/** 1024 GiB in both sizes, keeping 1 and 2: gross, tables and net as laid out. */
function laidOut(scale: Scale): Claim[] {
  return [SIZE_2M, SIZE_1G].flatMap((size) =>
    [1, 2].flatMap((keep): Claim[] => {
      const { count, times } = part(scale, size);
      const all = count * times;
      const net = netOf(scale, size, keep);
      const name = `1024 GiB of ${formatSize(size)}, keep ${keep}`;
      const pool = () => poolOf(size, count, keep, "dense");
      const spread = netSpread(scale, keep);
      return [
        check(
          `${name}, gross`,
          "pages freed",
          all * freedPages(size, PAGE, keep),
          () => (pool().net + pool().tables) * times,
        ),
        check(`${name}, net`, "pages gained", net.formula, net.measure),
        ...(size === SIZE_2M
          ? [check(`${name}, spread`, "pages gained, one page to a window", spread.formula, spread.measure)]
          : []),
      ];
    })
  );
}
