// SPDX-License-Identifier: GPL-2.0-only
// Error numbers of modelled kernel failures (include/uapi/asm-generic/errno-base.h, errno.h).
// A kernel path that fails returns one of these negated; it never throws.

/** No such file; in sysfs: no such attribute. */
export const ENOENT = 2;
/** No such device or address. */
export const ENXIO = 6;
/** Argument list too long; in memory hotplug: an address beyond the machine's range. */
export const E2BIG = 7;
/** Out of memory. */
export const ENOMEM = 12;
/** Device or resource busy. */
export const EBUSY = 16;
/** Already exists. */
export const EEXIST = 17;
/** No such device. */
export const ENODEV = 19;
/** Invalid argument. */
export const EINVAL = 22;
/** No space left on the device. */
export const ENOSPC = 28;
/** Operation not supported. */
export const EOPNOTSUPP = 95;

const NAMES: Readonly<Record<number, string>> = {
  [ENOENT]: "ENOENT",
  [ENXIO]: "ENXIO",
  [E2BIG]: "E2BIG",
  [ENOMEM]: "ENOMEM",
  [EBUSY]: "EBUSY",
  [EEXIST]: "EEXIST",
  [ENODEV]: "ENODEV",
  [EINVAL]: "EINVAL",
  [ENOSPC]: "ENOSPC",
  [EOPNOTSUPP]: "EOPNOTSUPP",
};

/** The symbol of a (possibly negated) error number: `errnoName(-12)` is `"ENOMEM"`. */
export function errnoName(errno: number): string {
  return NAMES[Math.abs(errno)] ?? `errno ${errno}`;
}
