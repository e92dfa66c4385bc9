// SPDX-License-Identifier: GPL-2.0-only
// The page: a head, the views, and the hash that selects the view and its options.
/// <reference lib="dom" />

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Values, withDefaults, withoutDefaults } from "./fields.ts";
import { copyText } from "./parts/save.tsx";
import { formatHash, parseHash } from "./state.ts";
import type { View } from "./view.ts";
import { blocksView } from "./views/blocks.tsx";
import { boxView } from "./views/box.tsx";
import { claimsView } from "./views/claims.tsx";
import { gupView } from "./views/gup.tsx";
import { hugetlbView } from "./views/hugetlb.tsx";
import { kernelsView } from "./views/kernels.tsx";
import { mapView } from "./views/map.tsx";
import { stepsView } from "./views/steps.tsx";

const VIEWS: readonly View[] = [mapView, stepsView, kernelsView, gupView, hugetlbView, blocksView, boxView, claimsView];

interface Shown {
  readonly view: View;
  readonly values: Values;
  /** The unreadable part of the hash. */
  readonly notice: string | null;
}

/** The place that a hash asks for; if it is invalid, the defaults are shown with a notice. */
function shownBy(hash: string): Shown {
  const place = parseHash(hash, VIEWS.map((view) => view.name));
  const view = VIEWS.find(({ name }) => typeof place !== "string" && name === place.view) ?? VIEWS[0];
  try {
    if (typeof place === "string") throw new RangeError(place);
    return { view, values: withDefaults(view.fields, place.options), notice: null };
  } catch (error) {
    const notice = error instanceof Error ? error.message : String(error);
    return { view, values: withDefaults(view.fields, {}), notice };
  }
}

function App() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  const { view, values, notice } = shownBy(hash);
  const set = (changes: Values, replace = false) => {
    const next = formatHash({ view: view.name, options: withoutDefaults(view.fields, { ...values, ...changes }) });
    if (replace) {
      history.replaceState(null, "", next);
      setHash(next);
    } else location.hash = next;
  };
  useEffect(() => {
    document.title = `${view.title} · vmemmap-lab`;
  }, [view]);
  return (
    <>
      <Head view={view} />
      <main id="main" tabIndex={-1}>
        <h1>{view.title}</h1>
        <p class="error notice" role="alert" hidden={notice === null}>{notice}</p>
        <view.Show key={view.name} values={values} set={set} />
      </main>
      <footer>
        <p>
          Everything on this page was counted by the emulator of vmemmap-lab, running in this browser; nothing is sent
          anywhere.
        </p>
      </footer>
    </>
  );
}

function Head({ view }: { readonly view: View }) {
  const [said, say] = useState("");
  const skip = (event: Event) => {
    event.preventDefault();
    document.getElementById("main")!.focus();
  };
  return (
    <header>
      <a class="skip" href="#main" onClick={skip}>Skip to the view</a>
      <p class="brand">
        vmemmap-lab <span>explorer</span>
      </p>
      <nav aria-label="Views">
        {VIEWS.map(({ name, title }) => (
          <a
            key={name}
            href={formatHash({ view: name, options: {} })}
            aria-current={name === view.name ? "page" : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <button type="button" onClick={async () => say(await copyText(location.href, "link copied"))}>Copy link</button>
      <span role="status" class="said">{said}</span>
    </header>
  );
}

document.documentElement.setAttribute("data-busy", "false");
render(<App />, document.getElementById("app")!);
