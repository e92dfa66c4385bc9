// SPDX-License-Identifier: GPL-2.0-only
// Document 003, the fences: which memory blocks may not hold their own memmap, by machine and struct page size.

import { mhpFences } from "../../mod.ts";
import { levelBytes } from "../../src/arch/arch.ts";
import { ARCHS } from "../../src/arch/archs.ts";
import { boot } from "../../src/boot.ts";
import { addMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { STRUCT_PAGE_SIZES } from "../../src/include/mm_types.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { check, type Claim } from "./claim.ts";
import { claim } from "./documented.ts";
import { BLOCKS, fence, GEOMETRIES, rulesOfV2 } from "../formulas/hotplug.ts";
import { yes } from "../measure/measure.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SMALL = 128 * MIB;
const STRUCT_PAGE = 64;

/** Machines of the table that can be booted. */
const ARCH: Readonly<Record<string, string>> = {
  "x86-64": "x86-64",
  "arm64 4K": "arm64-4k",
  "arm64 4K, before 5.12": "arm64-4k",
  "arm64 16K": "arm64-16k",
  "arm64 64K": "arm64-64k",
};

/** The rules that refuse a block, as a sum: 1 PMDs, 2 pageblocks. Tried in the kernel if the machine can be booted. */
function refusal(machine: string, block: number, structPage: number): number {
  const row = mhpFences().find((f) =>
    f.machine === machine && f.blockBytes === block && f.structPageBytes === structPage
  );
  if (row === undefined) throw new Error(`verify: no fence for ${machine} with blocks of ${block}`);
  const sum = yes(row.refusedBy.includes("pmd")) + 2 * yes(row.refusedBy.includes("pageblock"));
  const arch = ARCH[machine];
  if (arch === undefined || !STRUCT_PAGE_SIZES.includes(structPage)) return sum;
  const k = boot({
    arch,
    dram: [2 * GIB],
    hotplug: [{ bytes: block, startBytes: 8 * GIB }],
    memmapOnMemory: true,
    memoryBlockBytes: block,
    structPageSize: structPage,
    contents: false,
  });
  const added = addMemory(k, 0, 8 * GIB, block, { memmapOnMemory: true }) === 0;
  checkInvariants(k);
  if (added !== (sum === 0)) throw new Error("verify: the kernel and the table of fences do not agree");
  return sum;
}

function everyFence(): Claim[] {
  return Object.keys(GEOMETRIES).flatMap((machine) =>
    BLOCKS[machine].flatMap((block) =>
      [56, STRUCT_PAGE, 72, 80, 96, 128].map((structPage) =>
        check(
          `fence ${machine}`,
          `${block / MIB}M, ${structPage} bytes: 1 PMD, 2 pageblock`,
          fence(GEOMETRIES[machine], block, structPage),
          () => refusal(machine, block, structPage),
        )
      )
    )
  );
}

/** Machines on which the same blocks must be allowed. */
const ALIKE = ["arm64 4K", "x86-64"] as const;

/** Rules of v2 that refuse a 512 MiB block of arm64 64K: v2's own PMD rule, and today's pageblock rule. */
function refusalsOfV2(): number {
  const pmd = levelBytes(ARCHS["arm64-64k"], 1);
  return yes(pmd % STRUCT_PAGE !== 0) + yes(refusal("arm64 64K", 512 * MIB, STRUCT_PAGE) >= 2);
}

export function fenceClaims(): Claim[] {
  const of64K = fence(GEOMETRIES["arm64 64K"], 512 * MIB, STRUCT_PAGE);
  return [
    claim(
      "003-05",
      yes(fence(GEOMETRIES["x86-64"], SMALL, STRUCT_PAGE) !== 0),
      () => yes(refusal("x86-64", SMALL, STRUCT_PAGE) !== 0),
    ),
    claim("003-05/memmap", fence(GEOMETRIES["x86-64"], SMALL, 56), () => refusal("x86-64", SMALL, 56)),
    claim(
      "003-07",
      yes(ALIKE.every((machine) => fence(GEOMETRIES[machine], SMALL, STRUCT_PAGE) === 0)),
      () => yes(ALIKE.every((machine) => refusal(machine, SMALL, STRUCT_PAGE) === 0)),
    ),
    claim("003-08", yes(of64K >= 2), () => yes(refusal("arm64 64K", 512 * MIB, STRUCT_PAGE) >= 2)),
    claim("003-08/v2", rulesOfV2(GEOMETRIES["arm64 64K"], 512 * MIB, STRUCT_PAGE), refusalsOfV2),
    claim("003-06"),
    ...everyFence(),
  ];
}
