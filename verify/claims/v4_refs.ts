// SPDX-License-Identifier: GPL-2.0-only
// Document 001 on what struct pages carry: references of the pgmap and their return, page->index after faults, poison:
// patches 1, 4, 5 and 7, memremap_pages().

import { destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { daxMmap } from "../../src/drivers/dax/device.ts";
import { EINVAL } from "../../src/include/errno.ts";
import { PAGE_INDEX } from "../../src/include/mm_types.ts";
import { handleFault, mmAlloc } from "../../src/mm/memory.ts";
import { memoryFailure } from "../../src/mm/memory_failure.ts";
import { getDevPagemap, memunmapPages } from "../../src/mm/memremap.ts";
import { readPage } from "../../src/mm/page.ts";
import { C } from "../../src/mm/vmstat.ts";
import type { KernelConfig } from "../../mod.ts";
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";
import {
  basePages,
  pgmapReferences,
  pgmapReferencesShiftedLeft,
  pgoffError,
  SIZE_1G,
  SIZE_2M,
  yieldsPer1024,
} from "../formulas/vmemmap.ts";
import { refcount } from "./v4_init.ts";
import { build, mapDevice, mappedDevice, panics, withErratum, yes } from "../measure/measure.ts";

const REFERENCES: readonly Claim[] = [
  claim("001-33", yieldsPer1024(true), () => yields(withErratum("v4", "pfnNextYield"))),
  claim("001-33/meant", yieldsPer1024(false), () => yields("v4")),
  claim("001-34", pgmapReferences(SIZE_1G, SIZE_2M), () => refsOf("v4")),
  claim("001-75", pgmapReferencesShiftedLeft(SIZE_1G, SIZE_2M), () => refsOf(withErratum("v4", "refShiftLeft"))),
  claim("001-75/unmap", yes(pgmapReferencesShiftedLeft(SIZE_1G, SIZE_2M) !== pgmapReferences(SIZE_1G, SIZE_2M)), () => {
    const { k, ns } = build(withErratum("v4", "refShiftLeft"), { size: SIZE_1G, align: SIZE_2M });
    return yes(panics(/references on the pgmap remain/, () => destroyNamespace(k, ns)));
  }),
  claim("001-77", 1, () => refcount("v4", 0)),
  claim("001-77/gone", 0, refsAfterTeardown),
  claim("001-78", 1, waitsForReference),
];

/**
 * Yields per 1024 steps of taking a pgmap down. Removing sections yields too; those yields are subtracted, from v7,
 * which returns all references at once.
 */
export function yields(kernel: string | KernelConfig): number {
  return yieldsOfTeardown(kernel) - yieldsOfTeardown("v7");
}

function yieldsOfTeardown(kernel: string | KernelConfig): number {
  const { k, ns } = build(kernel, { size: 1024 * SIZE_2M, align: SIZE_2M });
  const before = k.stat[C.condResched];
  destroyNamespace(k, ns);
  return k.stat[C.condResched] - before;
}

/** References that a pgmap of 1 GiB in 2M pages takes. */
export function refsOf(kernel: string | KernelConfig): number {
  return build(kernel, { size: SIZE_1G, align: SIZE_2M }).ns.pgmap.refs - 1;
}

function refsAfterTeardown(): number {
  const { k, ns } = build("v4", { size: 2 ** 28, align: SIZE_2M });
  destroyNamespace(k, ns);
  return ns.pgmap.refs;
}

function waitsForReference(): number {
  const { k, ns, data } = build("v4", { size: 2 ** 28, mode: "fsdax" });
  getDevPagemap(k, data, null);
  // The driver calls this once the namespace is unused; destroyNamespace() would return -EBUSY.
  return yes(panics(/references on the pgmap remain/, () => memunmapPages(k, ns.pgmap)));
}

/** Offset into a huge page of the faults and the machine check, in base pages. */
const FAULT_OFFSET = 100;

const FAULTS: readonly Claim[] = [
  claim(
    "001-36",
    pgoffError(FAULT_OFFSET, basePages(SIZE_2M)),
    () => indexAfterFault(withErratum("v4", "pgoffAlignUp")) - indexAfterFault("v4"),
  ),
  claim("001-37", basePages(SIZE_2M), () => poisoned("v4")),
  claim("001-37/mmap", 3, misalignedMappings),
];

/** page->index of the head of a device's second 2M page, after a fault in the middle of it. */
export function indexAfterFault(kernel: string | KernelConfig): number {
  const built = build(kernel, { size: 2 ** 28, align: SIZE_2M });
  const { k, data } = built;
  const area = mapDevice(built, 8 * SIZE_2M);
  handleFault(k, area.mm, area.start + basePages(SIZE_2M) + FAULT_OFFSET);
  return readPage(k, data + basePages(SIZE_2M), PAGE_INDEX);
}

/** Mappings that daxMmap() refuses: their address, length or offset is not a multiple of 2M. */
function misalignedMappings(): number {
  const { k, ns } = build("v4", { size: 2 ** 28, align: SIZE_2M });
  const mm = mmAlloc(k);
  if (typeof mm === "number" || ns.dev === null) throw new Error("verify: the device cannot be mapped");
  const { dev } = ns;
  const refused = (vpn: number, pages: number, offset: number) => daxMmap(k, dev, mm, vpn, pages, offset) === -EINVAL;
  return yes(refused(513, 512, 0)) + yes(refused(512, 511, 0)) + yes(refused(1024, 512, 1));
}

/** Base pages unmapped after a machine check in the middle of a 2M page; 0 if no user is found. */
export function poisoned(kernel: string | KernelConfig): number {
  const { k, data } = mappedDevice(kernel);
  const toKill = memoryFailure(k, data + basePages(SIZE_2M) + FAULT_OFFSET);
  return typeof toKill === "number" ? 0 : toKill[0].pages;
}

export const REFERENCE_CLAIMS: readonly Claim[] = [...REFERENCES, ...FAULTS];
