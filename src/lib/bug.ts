// SPDX-License-Identifier: GPL-2.0-only
// panic(): a broken invariant, the third kind of error. Misuse throws RangeError or TypeError at the public edge, a
// modelled failure returns a negative errno; neither is a panic.

/** A broken invariant of the emulated kernel. The message starts with the function, or the invariant, that found it. */
export class KernelPanic extends Error {
  /** `"KernelPanic"`. */
  override readonly name = "KernelPanic";
}

/** Stops on a broken invariant; `what` reads `function: condition`. */
export function panic(what: string): never {
  throw new KernelPanic(what);
}
