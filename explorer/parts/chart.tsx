// SPDX-License-Identifier: GPL-2.0-only
// A chart of charts/ in the page, with buttons to save it. Its width follows its container.
/// <reference lib="dom" />

import { useEffect, useRef } from "preact/hooks";
import { Savable } from "./save.tsx";

const NARROWEST = 320;
const WIDEST = 900;

interface ChartProps {
  /** Name of a saved file. */
  readonly name: string;
  /** Draws for this width. */
  readonly draw: (width: number) => SVGSVGElement;
  /** The chart is redrawn when one of these changes. */
  readonly inputs: readonly unknown[];
}

/** The chart. */
export function Chart({ name, draw, inputs }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const width = Math.max(NARROWEST, Math.min(WIDEST, place.current!.clientWidth));
    const chart = draw(width);
    place.current!.replaceChildren(chart);
  }, inputs);
  return (
    <Savable name={name}>
      <div class="chart" ref={place} />
    </Savable>
  );
}
