// SPDX-License-Identifier: GPL-2.0-only
// Judges one group of suites on its own CPU, and answers with each suite's rows.

import { judgeSuite } from "../claims/claim.ts";
import { scaleOf } from "../measure/measure.ts";
import type { Job } from "./run.ts";
import { SUITE_GROUPS } from "./suites.ts";

const port = self as unknown as Worker;

port.onmessage = ({ data: { group, names, quick } }: MessageEvent<Job>) => {
  for (const suite of SUITE_GROUPS[group]) {
    if (names.includes(suite.name)) port.postMessage(judgeSuite(suite, scaleOf(quick)));
  }
};
