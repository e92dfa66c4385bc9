// SPDX-License-Identifier: GPL-2.0-only
// Names of namespaces on the command line and in the fixtures: SIZE-ALIGN-MAP, `2G-2M-mem`.

import { parseSize } from "../../../src/lib/units.ts";

/** A request to ndctl, in the fixtures' terms. */
export interface NamespaceSpec {
  /** `SIZE-ALIGN-MAP`. */
  readonly name: string;
  readonly size: string;
  readonly align: string;
  readonly map: string;
}

const ALIGNS = ["4K", "16K", "64K", "2M", "32M", "512M", "1G"];
/** Defaults of crossSpecs(), for kernels with 4K pages. */
const COMMON_ALIGNS = ["4K", "2M", "1G"];
const MAPS = ["mem", "dev"];

/** Reads `2G-2M-mem`; RangeError naming the input and the allowed values. */
export function parseNamespaceSpec(name: string): NamespaceSpec {
  const [size, align, map, ...more] = name.split("-");
  if (!ALIGNS.includes(align) || !MAPS.includes(map) || more.length > 0) {
    throw new RangeError(`Cannot read namespace "${name}": expected SIZE-${ALIGNS.join("|")}-${MAPS.join("|")}`);
  }
  parseSize(size);
  return { name, size, align, map };
}

/** Every size with every alignment and map mode, in the fixtures' order. */
export function crossSpecs(sizes: readonly string[]): NamespaceSpec[] {
  return sizes.flatMap((size) =>
    COMMON_ALIGNS.flatMap((align) => MAPS.map((map) => parseNamespaceSpec(`${size}-${align}-${map}`)))
  );
}
