// SPDX-License-Identifier: GPL-2.0-only
// A range of physical addresses as an option, written as iomem and daxctl print it. Mirrors no kernel file.

import { type Arch, pageBytes } from "../arch/arch.ts";
import { formatSize, parseSize } from "../lib/units.ts";
import { valueRow } from "./option_row.ts";

/** Bytes of the physical address space; `end` exclusive. */
export interface AddressRange {
  /** First byte. */
  readonly start: number;
  /** One past the last. */
  readonly end: number;
}

/** The range of a DAX device. */
export const RANGE_ROW = valueRow(
  "range",
  "START-END",
  "addresses of a DAX device to hot-add through kmem, as printed by daxctl or /proc/iomem",
  readRange,
  ({ start, end }) => `0x${start.toString(16)}-0x${(end - 1).toString(16)}`,
);

/** `0x240000000-0x43fffffff`: an end that is not page-aligned is the last byte, as iomem prints it. */
function readRange(text: string): AddressRange {
  const match = /^([^-]+)-([^-]+)$/.exec(text);
  if (match === null) throw new RangeError(`expected START-END such as 0x240000000-0x43fffffff, got "${text}"`);
  const [start, last] = [parseSize(match[1]), parseSize(match[2])];
  return { start, end: last % 4096 === 4095 ? last + 1 : last };
}

/** The range. RangeError unless it consists of whole pages. */
export function checkedRange(range: AddressRange, arch: Arch): AddressRange {
  const { start, end } = range;
  const page = pageBytes(arch);
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (whole && start % page === 0 && end % page === 0 && start < end) return range;
  if (whole && start >= end) {
    throw new RangeError(`Cannot plug 0x${start.toString(16)}-0x${end.toString(16)}: expected an end beyond the start`);
  }
  throw new RangeError(`Cannot plug ${start}-${end}: expected whole pages of ${formatSize(page)}`);
}
