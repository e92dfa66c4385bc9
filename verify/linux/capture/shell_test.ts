// SPDX-License-Identifier: GPL-2.0-only
// shell.ts and qmp.ts against a made-up other end.

import { assertEquals, assertRejects } from "@std/assert";
import { lineStream, within } from "../../../src/cli/line_stream.ts";
import { Qmp } from "./qmp.ts";
import { Shell } from "./shell.ts";

/** A stream that yields `chunks`, then ends, and records what is written to it. */
function scripted(chunks: readonly string[]) {
  const written: string[] = [];
  const stream = lineStream({
    readable: ReadableStream.from(chunks.map((c) => new TextEncoder().encode(c))),
    writable: new WritableStream({ write: (bytes) => void written.push(new TextDecoder().decode(bytes)) }),
    close: () => {},
  });
  return { stream, written };
}

Deno.test("Shell.run() gives output and exit code, however the bytes are cut", async () => {
  const { stream, written } = scripted(["boot noise\n@@ re", "ady\r\none\r\ntw", "o\n\n@", "@ 3\n"]);
  const shell = new Shell(stream, 1000);
  await shell.ready(1000);
  assertEquals(await shell.run("ls"), { code: 3, text: "one\ntwo" });
  assertEquals(written, ["ls\n"]);
});

Deno.test("Shell.text() refuses a failed line with its output", async () => {
  const { stream } = scripted(["no such file\n\n@@ 1\n"]);
  await assertRejects(() => new Shell(stream, 1000).text("cat x"), Error, 'Cannot run "cat x"');
});

Deno.test("Shell.run() reports a guest that has ended", async () => {
  const { stream } = scripted(["half a line"]);
  await assertRejects(() => new Shell(stream, 1000).run("ls"), Error, "qemu has closed the line");
});

Deno.test("Qmp.execute() skips events, which waitEvent() then finds, and passes errors on", async () => {
  const { stream, written } = scripted([
    '{"QMP": {}}\n{"return": {}}\n',
    '{"event": "STOP"}\n{"return": "text"}\n',
    '{"error": {"desc": "no such thing"}}\n{"event": "DEVICE_DELETED"}\n',
  ]);
  const qmp = await Qmp.open(stream);
  assertEquals(await qmp.human("info registers"), "text");
  await qmp.waitEvent("STOP");
  await assertRejects(() => qmp.execute("device_add"), Error, "Cannot execute device_add: no such thing");
  await qmp.waitEvent("DEVICE_DELETED");
  assertEquals(JSON.parse(written[1]), {
    execute: "human-monitor-command",
    arguments: { "command-line": "info registers" },
  });
});

Deno.test("within() passes a result on, and times out", async () => {
  assertEquals(await within(1000, "wait", Promise.resolve(5)), 5);
  await assertRejects(() => within(1, "wait", new Promise(() => {})), Error, "Cannot wait: no answer in 0.001 s");
});
