// SPDX-License-Identifier: GPL-2.0-only
// The machine at one moment of a trace: the memmap of the path's window, the struct page at its start, the user's
// mappings, zones.

import { type Mapping, pageMapping, tableMapping } from "../../src/draw/mapping.ts";
import { useAnswer } from "../ask.ts";
import { Drawing } from "../parts/drawing.tsx";
import { figureText } from "../parts/figure.tsx";
import { Savable } from "../parts/save.tsx";
import type { Questions } from "../questions.ts";

type Now = ReturnType<Questions["moment"]>;

interface MomentProps {
  readonly options: Parameters<Questions["trace"]>[0];
  readonly window: ReturnType<Questions["trace"]>["window"];
  readonly at: number;
  /** Another trace is being recorded; its moments are requested once it is available. */
  readonly stale: boolean;
  readonly inputs: readonly unknown[];
}

/** The picture. */
export function Moment({ options, window, at, stale, inputs }: MomentProps) {
  const read = () => stale ? null : { options, window, events: at };
  const { report, error, ms } = useAnswer("moment", read, [...inputs, window.startPfn, at, stale]);
  if (error !== null) return <p class="error" role="alert">{error}</p>;
  if (report === null) return <div class="moment" aria-busy />;
  return (
    <div class="moment" data-ms={ms}>
      <Memmap now={report} />
      <Facts now={report} />
      <Zones now={report} />
    </div>
  );
}

function Memmap({ now }: { readonly now: Now }) {
  const { vmemmapPages, frames, tables } = now;
  if (vmemmapPages < 1) return null;
  const tablePicture = tables.pte.length === 0 ? null : tableMapping({ tables });
  const mapped = frames.reduce((n, frame) => n + frame.vmemmapIndexes.length, 0);
  return (
    <>
      <p class="headline">
        <strong>{mapped}</strong> of {vmemmapPages} vmemmap pages mapped
      </p>
      <Savable name="step">
        <Drawing
          mapping={pageMapping({ frames, vmemmapPages })}
          label={`${mapped} of ${vmemmapPages} vmemmap pages mapped`}
        />
        {tablePicture === null
          ? null
          : <Drawing mapping={tablePicture as Mapping} label="PMD entries and PTE tables" />}
      </Savable>
    </>
  );
}

function Facts({ now: { head, user, pool, blocks } }: { readonly now: Now }) {
  const facts = [
    head === null
      ? "The first struct page is not mapped."
      : `struct page of pfn ${head.pfn}: ${head.kind}, refcount ${head.refcount}, flags ${
        head.flags.join(", ") || "none"
      }.`,
    ...(user === null ? [] : [`The user's ${user.level} entry is ${user.entry}, frame ${user.pfn}.`]),
    ...(pool.pages > 0
      ? [`The pool has ${pool.pages} huge pages, ${pool.optimized} of them without their vmemmap.`]
      : []),
    ...(blocks.added > 0 ? [`${blocks.added} memory blocks are added, ${blocks.online} online.`] : []),
  ];
  return <ul class="facts">{facts.map((fact) => <li key={fact}>{fact}</li>)}</ul>;
}

function Zones({ now }: { readonly now: Now }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Zones">
      <table class="plain">
        <caption>Zones, frames</caption>
        <thead>
          <tr>
            {["Zone", "spanned", "present", "managed", "free"].map((head, i) => (
              <th key={head} scope="col" class={i > 0 ? "num" : ""}>{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {now.zones.map((zone) => (
            <tr key={`${zone.node}${zone.name}`}>
              <th scope="row">{now.zones.some((z) => z.node > 0) ? `${zone.node} ` : ""}{zone.name}</th>
              {[zone.spanned, zone.present, zone.managed, zone.free].map((n, i) => (
                <td key={i} class="num">{figureText(n)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
