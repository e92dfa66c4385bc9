// SPDX-License-Identifier: GPL-2.0-only
// `deno task explore`: builds the explorer and serves it on this machine only; `--out FILE` writes it to a file instead.

import { type Command, CommandError, type Flags } from "../src/cli/command.ts";
import { numberFlag } from "../src/cli/flags.ts";
import { runTask } from "../src/cli/run.ts";
import { writeFile } from "../src/cli/write_file.ts";
import { buildExplorer } from "./build.ts";

const HOST = "127.0.0.1";
const MOST_PORT = 65535;

const EXPLORE: Command = {
  name: "explore",
  summary: "build the explorer and serve it on this machine",
  flags: {
    port: { value: "N", help: "port to serve on; 0 picks a free one", fallback: "8123" },
    out: { value: "FILE", help: "write the page to this file instead; it needs no server or network" },
  },
  run: async (flags) => {
    const port = portOf(flags);
    const html = await buildExplorer();
    if (flags.has("out")) {
      const file = flags.text("out");
      await writeFile(file, html);
      const bytes = new TextEncoder().encode(html).length;
      return { report: { file, bytes }, text: `${file}: ${bytes} bytes` };
    }
    await listening(html, port).finished;
    return { report: null, text: "" };
  },
};

function portOf(flags: Flags): number {
  if (flags.has("out") && flags.has("port")) throw new CommandError("--port has no effect with --out");
  const port = numberFlag(flags, "port");
  if (port > MOST_PORT) throw new CommandError(`--port: expected a number from 0 to ${MOST_PORT}, got "${port}"`);
  return port;
}

/** The server. CommandError if another program has the port. */
function listening(html: string, port: number): Deno.HttpServer {
  try {
    return serve(html, port);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new CommandError(`--port: ${port} is in use: give another one, or 0 for any that is free`);
  }
}

function serve(html: string, port: number): Deno.HttpServer {
  const onListen = ({ port }: { port: number }) => console.log(`http://${HOST}:${port}/`);
  return Deno.serve(
    { hostname: HOST, port, onListen },
    (request) =>
      new URL(request.url).pathname === "/"
        ? new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } })
        : new Response("not found\n", { status: 404 }),
  );
}

if (import.meta.main) Deno.exit(await runTask(EXPLORE, Deno.args));
