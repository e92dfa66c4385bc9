// SPDX-License-Identifier: GPL-2.0-only
// `deno task explore`: builds the explorer and serves it on this machine only; `--out FILE` writes it to a file instead.

import { parseArgs } from "@std/cli/parse-args";
import { writeFile } from "../src/cli/write_file.ts";
import { buildExplorer } from "./build.ts";

const USAGE = `usage: deno task explore [--port N | --out FILE]

Builds the explorer into one HTML file and serves it on 127.0.0.1.

  --port N     port to serve on (default 8123; 0 takes any that is free)
  --out FILE   write the page there instead; it works from a file, and asks for nothing from anywhere`;

/** Runs the task; returns the exit code, or nothing while it serves. */
async function main(args: string[]): Promise<number | null> {
  const unknown: string[] = [];
  const flags = parseArgs(args, {
    string: ["port", "out"],
    boolean: ["help"],
    default: { port: "8123" },
    unknown: (arg) => void unknown.push(arg),
  });
  if (flags.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (unknown.length > 0) return refuse(`unknown argument "${unknown[0]}": known are --port, --out, --help`);
  if (!/^\d+$/.test(String(flags.port)) || Number(flags.port) > 65535) {
    return refuse(`--port: expected a number from 0 to 65535, got "${flags.port}"`);
  }
  if (flags.out === "") return refuse("--out needs one value: FILE");
  const html = await buildExplorer();
  if (typeof flags.out === "string") {
    await writeFile(flags.out, html);
    console.log(`${flags.out}: ${html.length} bytes`);
    return 0;
  }
  serve(html, Number(flags.port));
  return null;
}

function refuse(message: string): number {
  console.error(`explore: ${message}`);
  return 2;
}

function serve(html: string, port: number): void {
  const onListen = ({ port }: { port: number }) => console.log(`http://127.0.0.1:${port}/`);
  Deno.serve(
    { hostname: "127.0.0.1", port, onListen },
    (request) =>
      new URL(request.url).pathname === "/"
        ? new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } })
        : new Response("not found\n", { status: 404 }),
  );
}

if (import.meta.main) {
  try {
    const code = await main(Deno.args);
    if (code !== null) Deno.exit(code);
  } catch (error) {
    console.error(`explore: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
