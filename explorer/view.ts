// SPDX-License-Identifier: GPL-2.0-only
// The interface between a view and the page.

import type { ComponentType } from "preact";
import type { Field, Values } from "./fields.ts";

/** Properties of a view. */
export interface ViewProps {
  /** Its options, every one filled in. */
  readonly values: Values;
  /** Changes some options; `replace` adds no entry to the browser's history. */
  readonly set: (changes: Values, replace?: boolean) => void;
}

/** A view. */
export interface View {
  readonly name: string;
  readonly title: string;
  readonly fields: readonly Field[];
  readonly Show: ComponentType<ViewProps>;
}
