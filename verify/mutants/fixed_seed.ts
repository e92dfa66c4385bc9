// SPDX-License-Identifier: GPL-2.0-only
// Preloaded by a trial: random tests draw the same cases for every mutant, so that a failure is due to the mutant.

import fc from "fast-check";

fc.configureGlobal({ seed: 1 });
