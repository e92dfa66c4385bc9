// SPDX-License-Identifier: GPL-2.0-only
// The report as one HTML file: data about the run, then its sections.

import { pageHtml, type Section } from "../../charts/page.ts";
import type { Results } from "../../results/types.ts";

export function reportHtml({ provenance: p }: Results, sections: readonly Section[]): string {
  return pageHtml({
    title: "vmemmap-lab: what one run found",
    heading: "What one run of vmemmap-lab found",
    intro: [
      `Version ${p.version}, commit ${p.commit?.slice(0, 12) ?? "unknown"}, ${p.date.slice(0, 10)}; ${p.cpu}, ` +
      `Deno ${p.deno}. Savings, entries and struct pages were counted while the emulator\nworked; host times are the ` +
      "emulator's own and say nothing about Linux.",
    ],
    sections,
  });
}
