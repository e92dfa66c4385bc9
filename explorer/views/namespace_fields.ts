// SPDX-License-Identifier: GPL-2.0-only
// The options shared by all views of a namespace: controls, the options of the report, the flags of `lab`.

import { PRESETS } from "../../src/include/kernel_config.ts";
import { pageBytes } from "../../src/arch/arch.ts";
import { ARCHS } from "../../src/arch/archs.ts";
import type { NamespaceOptions } from "../../src/scenario/box.ts";
import { bytes, type Field, ON, type Values, whole } from "../fields.ts";
import { flags, NAMESPACE_DEFAULTS } from "../parts/command.tsx";

/** Names of the presets, in display order. */
export const KERNELS = Object.keys(PRESETS);

/** The controls. */
export const NAMESPACE_FIELDS: readonly Field[] = [
  { name: "kernel", label: "Kernel", kind: "choice", fallback: "6.1", choices: KERNELS },
  { name: "arch", label: "Architecture", kind: "choice", fallback: "x86-64", choices: Object.keys(ARCHS) },
  { name: "size", label: "Namespace", kind: "size", fallback: "1G", suggestions: ["256M", "1G", "16G", "128G", "1T"] },
  { name: "align", label: "Page size", kind: "size", fallback: "2M", suggestions: ["4K", "2M", "1G"] },
  { name: "map", label: "Memmap in", kind: "choice", fallback: "mem", choices: ["mem", "dev"] },
  { name: "struct", label: "struct page", kind: "choice", fallback: "64", choices: ["56", "64", "72", "80"] },
];

/** Whether struct pages are written, or only frames and tables counted. */
export const CONTENTS_FIELD: Field = { name: "contents", label: "write struct pages", kind: "switch", fallback: ON };

/** The report's options. RangeError for unreadable ones. */
export function namespaceOptions(values: Values, kernel = values.kernel): NamespaceOptions {
  return {
    size: bytes(values, "size"),
    align: bytes(values, "align"),
    map: values.map as "mem" | "dev",
    kernel,
    arch: values.arch,
    structPageSize: whole(values, "struct"),
    ...(values.contents === "off" ? { contents: false } : {}),
  };
}

/** The flags of `lab`. */
export function namespaceFlags(values: Values, kernel = values.kernel): string[] {
  const { size, align, map, arch, struct } = values;
  return flags({ size, align, map, kernel, arch, "struct-page": struct }, NAMESPACE_DEFAULTS);
}

/** Bytes of a base page of an architecture known by name. */
export function basePage(arch: string): number {
  return pageBytes(ARCHS[arch]);
}
