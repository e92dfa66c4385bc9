// SPDX-License-Identifier: GPL-2.0-only
// The architectures by name: those that Linux has, and a small one for tests (toy). Mirrors no kernel file.

import type { Arch } from "./arch.ts";
import { ARM64_16K, ARM64_4K, ARM64_64K } from "./arm64/arm64.ts";
import { TOY } from "./toy/toy.ts";
import { X86_64 } from "./x86/x86_64.ts";

/** Architectures a machine can be booted with. */
export const ARCHS: Readonly<Record<string, Arch>> = Object.assign(
  // No prototype, so that "constructor" is not found.
  Object.create(null),
  { "x86-64": X86_64, "arm64-4k": ARM64_4K, "arm64-16k": ARM64_16K, "arm64-64k": ARM64_64K, toy: TOY },
);
