// SPDX-License-Identifier: GPL-2.0-only
// Builds the explorer into one HTML file that makes no requests: programs and style are inline, and its
// Content-Security-Policy allows only these, by their hashes. `deno bundle` does the bundling.

import { DOCUMENTS } from "../verify/claims/catalogue.ts";
import type { Published } from "./published.ts";

const HERE = new URL("./", import.meta.url);

/** Largest allowed size of the page, bytes. */
export const MOST_BYTES = 600 * 1024;

/** The page. Error if bundling fails or the page is too large. */
export async function buildExplorer(): Promise<string> {
  const [main, worker, template, style, published, example] = await Promise.all([
    bundle("main.tsx"),
    bundle("worker.ts"),
    Deno.readTextFile(new URL("index.html", HERE)),
    Deno.readTextFile(new URL("style.css", HERE)),
    publishedClaims(),
    exampleBox(),
  ]);
  const css = style.replace(/\/\*[^]*?\*\//g, "").replace(/\s+/g, " ").trim();
  const parts: Record<string, string> = {
    STYLE: css,
    WORKER: await packed(worker),
    PUBLISHED: await packed(published),
    EXAMPLE: await packed(example),
    MAIN: inScript(main),
  };
  const policy = [
    "default-src 'none'",
    `script-src '${await sha256(parts.MAIN)}'`,
    `style-src '${await sha256(css)}'`,
    "worker-src blob:",
    "img-src blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const html = template.replace(/\s*\/\*(\w+)\*\/\s*/g, (_, name: string) => name === "CSP" ? policy : parts[name]);
  const size = new TextEncoder().encode(html).length;
  if (size > MOST_BYTES) throw new Error(`The explorer has ${size} bytes: at most ${MOST_BYTES} are allowed`);
  return html;
}

/** Verdicts of the published run, with the run they come from. */
async function publishedClaims(): Promise<string> {
  const results = JSON.parse(await Deno.readTextFile(new URL("../results/latest.json", HERE)));
  const published: Published = {
    run: results.provenance,
    documents: DOCUMENTS.map(({ id, title }) => ({ id, title })),
    claims: results.audit.claims,
  };
  return JSON.stringify(published);
}

/** The files of the example machine. */
async function exampleBox(): Promise<string> {
  const folder = new URL("../fixtures/box/", HERE);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== "README.md").sort();
  const files = names.map(async (name) => ({ name, text: await Deno.readTextFile(new URL(name, folder)) }));
  return JSON.stringify(await Promise.all(files));
}

/** One entry point with all its imports, minified. */
async function bundle(entry: string): Promise<string> {
  const args = ["bundle", "--quiet", "--minify", "--platform", "browser", new URL(entry, HERE).pathname];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: new URL("../", HERE) })
    .output();
  if (!success) throw new Error(`Bundling ${entry} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Data that the page unpacks itself: compressed, in base64, about half the size. */
async function packed(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer()).toBase64();
}

/** Escapes text that would end the element that contains the program. */
function inScript(text: string): string {
  return text.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `sha256-${digest.toBase64()}`;
}
