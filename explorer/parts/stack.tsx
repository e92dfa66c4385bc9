// SPDX-License-Identifier: GPL-2.0-only
// Animated bars: lengths on one scale that change with a step, each with its exact figure.

import { Figure, type Unit } from "./figure.tsx";

/** One bar: parts of one length, drawn one after the other. */
export interface MovingBar {
  readonly label: string;
  readonly parts: readonly {
    readonly path: string;
    readonly name: string;
    readonly value: number;
    readonly hue: number;
    readonly unit?: Unit;
  }[];
}

interface MovingBarsProps {
  readonly label: string;
  readonly bars: readonly MovingBar[];
  /** Value that fills the width. */
  readonly most: number;
}

/** The bars, as a picture and as figures at once. */
export function MovingBars({ label, bars, most }: MovingBarsProps) {
  return (
    <table class="moving">
      <caption>{label}</caption>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.label}>
            <th scope="row">{bar.label}</th>
            <td class="track">
              <svg viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">
                {bar.parts.map(({ path, value, hue }, i) => {
                  const before = bar.parts.slice(0, i).reduce((sum, part) => sum + part.value, 0);
                  const scale = (n: number) => most <= 0 ? 0 : 1000 * Math.max(0, n) / most;
                  return <rect key={path} class={`h${hue}`} x={scale(before)} y={0} width={scale(value)} height={24} />;
                })}
              </svg>
            </td>
            <td class="num">
              {bar.parts.map(({ path, name, value, unit, hue }) => (
                <span key={path} class="part">
                  <i class={`key k${hue}`} />{" "}
                  <Figure path={path} value={value} {...(unit === undefined ? {} : { unit })} />
                  {` ${name}`}
                </span>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
