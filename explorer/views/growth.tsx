// SPDX-License-Identifier: GPL-2.0-only
// The cost of a namespace by its size, from 16 MiB to 16 TiB: each point is a namespace that was brought up, with its
// frames and tables counted but its struct pages not written.
/// <reference lib="dom" />

import { useEffect, useRef, useState } from "preact/hooks";
import { lineChart, type Point } from "../../charts/lines.ts";
import { formatSize } from "../../src/lib/units.ts";
import { ask } from "../ask.ts";
import type { Values } from "../fields.ts";
import { Chart } from "../parts/chart.tsx";
import { Figure } from "../parts/figure.tsx";
import { SavableTable } from "../parts/save.tsx";
import { basePage, KERNELS, namespaceFlags, namespaceOptions } from "./namespace_fields.ts";

const SIZES = [24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44].map((e) => 2 ** e);

interface Grown extends Point {
  /** Pages of DRAM. */
  readonly dramTotal: number;
}

/** A button and its chart. */
export function Growth({ values }: { readonly values: Values }) {
  const [points, setPoints] = useState<readonly Grown[]>([]);
  const [state, setState] = useState<"idle" | "running" | "done">("idle");
  const [drawn, setDrawn] = useState(values);
  const wanted = useRef(false);
  const stop = () => void (wanted.current = false);
  // Leaving the view cancels the remaining points.
  useEffect(() => stop, []);
  const run = async () => {
    wanted.current = true;
    setState("running");
    setDrawn(values);
    const found: Grown[] = [];
    for (const size of SIZES) {
      for (const kernel of KERNELS) {
        if (!wanted.current) break;
        const point = await grown(values, kernel, size);
        if (point !== null) found.push(point);
      }
      setPoints([...found]);
    }
    setState("done");
  };
  const draw = (width: number) =>
    lineChart(points, "size of the namespace", {
      document,
      title: "DRAM for memmap and tables, by size and kernel",
      axis: "DRAM",
      unit: "bytes",
      width,
    });
  return (
    <>
      <h2>How it grows</h2>
      <p>
        DRAM for memmap and tables of namespaces from 16M to 16T; the largest take a minute.{" "}
        <button type="button" onClick={state === "running" ? stop : run}>
          {state === "running" ? `Stop, at ${points.length} points` : "Count and draw"}
        </button>
      </p>
      {points.length === 0 ? null : (
        <>
          <Chart name="growth" draw={draw} inputs={[points]} />
          <SavableTable name="growth">
            <GrowthTable points={points} values={drawn} />
          </SavableTable>
        </>
      )}
    </>
  );
}

async function grown(values: Values, kernel: string, size: number): Promise<Grown | null> {
  try {
    const options = { ...namespaceOptions(values, kernel), size, contents: false };
    const { report } = await ask("namespace", options);
    const { dramTotal } = report.pages;
    return { x: size, y: dramTotal * basePage(values.arch), series: kernel, dramTotal };
  } catch {
    // No point for a size that this page size or this browser does not support.
    return null;
  }
}

function GrowthTable({ points, values }: { readonly points: readonly Grown[]; readonly values: Values }) {
  const sizes = [...new Set(points.map((point) => point.x))];
  return (
    <table class="plain">
      <caption>Pages of DRAM</caption>
      <thead>
        <tr>
          <th scope="col">Size</th>
          {KERNELS.map((kernel) => <th key={kernel} scope="col" class="num">{kernel}</th>)}
        </tr>
      </thead>
      <tbody>
        {sizes.map((size) => (
          <tr key={size}>
            <th scope="row">{formatSize(size)}</th>
            {KERNELS.map((kernel) => {
              const point = points.find(({ x, series }) => x === size && series === kernel);
              const command = [
                "namespace",
                ...namespaceFlags({ ...values, size: formatSize(size) }, kernel),
                "--no-contents",
              ];
              return (
                <td key={kernel} class="num" data-command={JSON.stringify(command)}>
                  {point === undefined ? "–" : <Figure path="pages.dramTotal" value={point.dramTotal} />}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
