// SPDX-License-Identifier: GPL-2.0-only
// The explorer in a real browser. The tests are files by subject, and one module: the page is built and the browser
// started once for all of them.

import "./build_testing.ts";
import "./agreement_testing.ts";
import "./access_testing.ts";
import "./save_testing.ts";
