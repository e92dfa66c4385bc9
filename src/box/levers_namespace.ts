// SPDX-License-Identifier: GPL-2.0-only
// Levers of one namespace: where its memmap lies, its page size, its mode, the kernel.

import { levelBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize } from "../lib/units.ts";
import type { Box, BoxNamespace, BoxRegion } from "./box.ts";
import { hasMemmap, namespaceFigures, namespaceSpec } from "./costs.ts";
import type { Emulator, NamespaceSpec } from "./emulate.ts";
import { releaseGiving } from "./kernel_of.ts";
import { type BoxLever, NO_GAIN } from "./lever.ts";

const DESTROYS = "destroys the data; back it up first";

/** All changes of one kind, and the best two combined. */
export function namespaceLevers(box: Box, region: BoxRegion, ns: BoxNamespace, emulator: Emulator): BoxLever[] {
  if (!hasMemmap(box, ns)) return [];
  const lever = (kind: BoxLever["kind"], what: string, change: Partial<NamespaceSpec>) =>
    changed(box, region, ns, emulator, kind, what, change);
  const other = ns.map === "mem" ? "dev" : "mem";
  const huge = levelBytes(ARCHS[box.runningKernel.arch], 2);
  const levers = [
    lever("map", other === "dev" ? "memmap into the pmem (map=dev)" : "memmap into DRAM (map=mem)", { map: other }),
  ];
  if (ns.mode === "devdax") {
    if (ns.alignBytes < huge) levers.push(lever("align", `pages of ${formatSize(huge)}`, { align: huge }));
    if (ns.alignBytes < huge && other === "mem") {
      levers.push(lever("align", `pages of ${formatSize(huge)}, memmap in DRAM`, { align: huge, map: "mem" }));
    }
  } else {
    levers.push(lever("mode", "devdax instead of fsdax", { mode: "devdax" }));
    if (other === "mem") {
      levers.push(lever("mode", "devdax instead of fsdax, memmap in DRAM", { mode: "devdax", map: "mem" }));
    }
  }
  const gives = (kernel: string) => lever("kernel", "", { kernel }).dramBytes;
  const release = releaseGiving(box.runningKernel.preset, gives);
  if (release !== null) levers.push(lever("kernel", `Linux ${release}`, { kernel: release }));
  return levers;
}

function changed(
  box: Box,
  region: BoxRegion,
  ns: BoxNamespace,
  emulator: Emulator,
  kind: BoxLever["kind"],
  what: string,
  change: Partial<NamespaceSpec>,
): BoxLever {
  const spec = namespaceSpec(box, ns, change);
  const found = emulator.namespace(spec);
  const now = namespaceFigures(ns.sizeBytes, emulator.namespace(namespaceSpec(box, ns)));
  const common = { kind, what, of: ns.dev };
  const refusal = typeof found === "string" ? refused(region, ns, spec, found) : null;
  if (refusal !== null) return { ...common, ...NO_GAIN, why: refusal, commands: [], caution: null };
  const then = namespaceFigures(ns.sizeBytes, found);
  const dram = now.dramBytes + now.tableBytes - then.dramBytes - then.tableBytes;
  const pmem = then.usableBytes - now.usableBytes;
  return {
    ...common,
    dramBytes: dram,
    pmemBytes: pmem,
    ramBytes: 0,
    changesUse: spec.mode !== ns.mode,
    why: dram > 0 || pmem > 0 ? null : nothingGained(spec, ns),
    commands: [kind === "kernel" ? `boot ${what} or later` : command(ns, spec)],
    caution: kind === "kernel"
      ? null
      : spec.mode === "devdax" && ns.mode === "fsdax"
      ? `${DESTROYS}; no file system`
      : DESTROYS,
  };
}

/** Why the kernel refuses it. */
function refused(region: BoxRegion, ns: BoxNamespace, { align }: NamespaceSpec, error: string): string {
  if (ns.sizeBytes % align !== 0) return `${ns.sizeBytes} bytes are not a multiple of ${formatSize(align)}`;
  const odd = region.start !== null && ns.start % align !== 0;
  return `the kernel refuses it (${error})${
    odd ? `: the namespace does not begin at a multiple of ${formatSize(align)}` : ""
  }`;
}

/** Why a change gains nothing. */
function nothingGained({ kernel, mode, map, align }: NamespaceSpec, ns: BoxNamespace): string {
  if (mode === "devdax" && map === "dev") {
    return "gives nothing: with map=dev no tail pages are shared, whatever the page size";
  }
  if (mode === "devdax" && align > ns.alignBytes) return `gives nothing: Linux ${kernel} shares no tail pages`;
  return "gives nothing";
}

/** `ndctl create-namespace` over the existing one. */
export function command(
  { dev }: BoxNamespace,
  { mode, map, align }: Pick<NamespaceSpec, "mode" | "map" | "align">,
): string {
  const page = mode === "devdax" ? ` -a ${formatSize(align)}` : "";
  return `ndctl create-namespace -f -e ${dev} -m ${mode} -M ${map}${page}`;
}
