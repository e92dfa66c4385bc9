// SPDX-License-Identifier: GPL-2.0-only
// `lab box --fleet`: rows in order, equal machines once, damage in its row.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import { FleetSums } from "../box/fleet.ts";
import { runFleet } from "./fleet.ts";
import { FleetTeam } from "./fleet_team.ts";
import { lab } from "./lab_testing.ts";

const namespace = (size: number, uuid: string) => ({
  dev: "namespace0.0",
  mode: "devdax",
  map: "mem",
  align: 2097152,
  uuid,
  size,
});
const GIB = 2 ** 30;
const MACHINES = [
  { name: "a", files: { ndctl: [namespace(GIB - 2 ** 21, "1")], dmesg: "Linux version 6.1.0-1 x\n" } },
  { name: "b<i>", files: { list: namespace(2 * GIB - 2 ** 21, "2"), dmesg: "Linux version 6.1.0-1 x\n" } },
  { name: "c", files: { cut: '[{"dev":' } },
  // Like a, except for the UUID and an unrelated device.
  {
    name: "d",
    files: { x: "[    1.0] usb 1-1: new\nLinux version 6.1.0-1 x\n", ndctl: namespace(GIB - 2 ** 21, "3") },
  },
];
const LINES = [...MACHINES.map((machine) => JSON.stringify(machine)), "", "no JSON", ""].join("\n");

/** The fleet as JSON Lines and as sub-folders. */
async function withFleet(run: (path: string) => Promise<void>) {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/fleet.jsonl`, LINES);
    await run(`${dir}/fleet.jsonl`);
    for (const { name, files } of MACHINES) {
      Deno.mkdirSync(`${dir}/fleet/${name}`, { recursive: true });
      for (const [file, content] of Object.entries(files)) {
        const text = typeof content === "string" ? content : JSON.stringify(content);
        Deno.writeTextFileSync(`${dir}/fleet/${name}/${file}`, text);
      }
    }
    await run(`${dir}/fleet`);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Two pages of every eight, and a PTE table per 128 MiB. */
const spent = (gib: number) => gib * (512 * 2 + 8) * 4096;

Deno.test("a fleet: a row each in the order of the input, equal machines once, damage in its row", async () => {
  await withFleet(async (path) => {
    const rows: [string, number | null, string | null][] = [];
    const team = new FleetTeam(1);
    const total = await runFleet(path, false, (r) => rows.push([r.name, r.figures?.dramBytes ?? null, r.why]), team);
    const cut = "cut:1: the JSON that begins in line 1 is damaged: expected a value, found the end of the text";
    const lines: typeof rows = path.endsWith("jsonl") ? [["line 6", null, "the line is no JSON"]] : [];
    assertEquals(rows, [
      ["a", spent(1), null],
      ["b<i>", spent(2), null],
      ["c", null, cut],
      ["d", spent(1), null],
      ...lines,
    ]);
    assertEquals([total.machines, total.damaged, total.shapes, total.dramBytes], [
      4 + lines.length,
      1 + lines.length,
      2,
      spent(4),
    ]);
  });
});

Deno.test("lab box --fleet: text, JSON Lines, CSV and HTML of the same rows; exit 2 for damage", async () => {
  await withFleet(async (path) => {
    const many = path.endsWith("jsonl") ? 5 : 4;
    const { code, out, err } = await lab("box", "--fleet", path);
    const rest = many === 4 ? "is damaged; its row says why" : "are damaged; their rows say why";
    assertEquals([code, err], [2, `lab: box: ${many - 3} of ${many} machines ${rest}\n`]);
    assert(out.split("\n").every((line) => line.length <= 100), out);
    assertEquals(
      out.split("\n")[0],
      `${many} machines of 2 kinds, ${many - 3} of them damaged: 0 B of DRAM, 4 GiB of pmem.`,
    );
    const json = (await lab("box", "--fleet", path, "--json")).out.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(
      json.map((row) => row.name ?? row.total.dramBytes),
      ["a", "b<i>", "c", "d", "line 6"].slice(0, many).concat(spent(4) as never),
    );
    const direct = json.flatMap(({ figures }) => figures?.directMapBytes ?? []);
    assertEquals(json.at(-1)!.total.directMapBytes, direct.reduce((a: number, b: number) => a + b, 0));
    const html = `${path}.html`;
    const csv = (await lab("box", "--fleet", path, "--csv", "--html", html)).out.trim().split(/\r?\n/);
    const [head, ...cells] = csv.map((line) => line.split(","));
    assertEquals(cells[0].slice(0, 4), ["machine", "a", "", "6.1.0-1"]);
    // After the machines, the gain of each kind of lever, in its own columns.
    const { levers } = json.at(-1)!.total;
    assertEquals(cells.slice(many).map((row) => [row[0], row[13], Number(row[15])]), [
      ...levers.map(({ kind, dramBytes }: { kind: string; dramBytes: number }) => ["lever", kind, dramBytes]),
    ]);
    assertEquals([head[10], head[13], head[15]], ["direct_map", "lever", "gives_dram"]);
    const page = Deno.readTextFileSync(html);
    assertStringIncludes(page, "b&lt;i&gt;");
    assert(!page.includes("<i>") && !page.includes("<script"));
    const { document } = parseHTML(page);
    assertEquals(document.querySelectorAll("#machines tbody tr").length, many);
    assertEquals(document.querySelectorAll("#levers tbody tr").length, levers.length);
    assertEquals(document.querySelectorAll("svg").length, 2);
    assertStringIncludes(page, `1. b&lt;i&gt;: ${spent(2)}`);
  });
});

Deno.test("lab box --fleet --anonymous: no names, no files", async () => {
  await withFleet(async (path) => {
    const { out } = await lab("box", "--fleet", path, "--anonymous", "--csv");
    assertEquals(out.split(/\r?\n/).slice(1, 4).map((line) => line.split(",")[1]), [
      "machine 1",
      "machine 2",
      "machine 3",
    ]);
    assert(!/b<i>|cut|6\.1\.0/.test(out), out);
  });
});

Deno.test("lab box --fleet: a link to a folder is a machine, one to nothing a damaged one", async () => {
  const dir = Deno.makeTempDirSync();
  Deno.mkdirSync(`${dir}/fleet`);
  Deno.mkdirSync(`${dir}/db`);
  Deno.writeTextFileSync(`${dir}/db/meminfo`, "MemTotal: 2097152 kB\n");
  Deno.symlinkSync(`${dir}/db`, `${dir}/fleet/linked`);
  Deno.symlinkSync(`${dir}/none`, `${dir}/fleet/gone`);
  const { out } = await lab("box", "--fleet", `${dir}/fleet`, "--csv");
  const rows = out.split(/\r?\n/).map((line) => line.split(",").slice(0, 3));
  assertEquals(rows.slice(1, 3), [["machine", "gone", `${dir}/fleet/gone: there is no such file`], [
    "machine",
    "linked",
    "",
  ]]);
  assertStringIncludes((await lab("box", "--fleet", `${dir}/fleet`)).out, "2 machines of 1 kind, ");
  // Sub-folders of a machine's folder are not read, which is reported.
  for (const name of ["a", "b", "c", "d", "e"]) Deno.mkdirSync(`${dir}/db/${name}`);
  const { err } = await lab("box", "--fleet", `${dir}/fleet`);
  assertStringIncludes(
    err,
    "lab: box: linked/c: not read\nlab: box: 2 folders or pipes in machines' folders: not read\n",
  );
  assert(!(await lab("box", "--fleet", `${dir}/fleet`, "--anonymous")).err.includes("linked"));
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("lab box --fleet: no fleet, an empty one, one too many", async () => {
  const { code, err } = await lab("box", "--fleet", "/nowhere");
  assertEquals([code, err], [2, "lab: box: /nowhere: there is no such file or folder\n"]);
  const dir = Deno.makeTempDirSync();
  assertEquals(
    (await lab("box", "--fleet", dir)).err,
    `lab: box: ${dir} has no sub-folders: expected one for each machine\n`,
  );
  assertEquals((await lab("box", "x", "--fleet", dir)).code, 2);
  Deno.removeSync(dir);
});

Deno.test("totals count a lever once per machine that has it", () => {
  const sums = new FleetSums();
  const gain = { kind: "map", dramBytes: 5, pmemBytes: -6, ramBytes: 0 } as const;
  const figures = {
    release: null,
    memoryBytes: 1,
    pmemBytes: 2,
    hugePageBytes: 3,
    dramBytes: 4,
    inPmemBytes: 5,
    onMemoryBytes: 6,
    directMapBytes: 7,
    disagreements: 0,
    best: null,
    gains: [gain],
  };
  for (const name of ["a", "b"]) sums.add({ name, why: null, figures });
  sums.add({ name: "c", why: "x", figures: null });
  assertEquals(sums.total(), {
    machines: 3,
    damaged: 1,
    memoryBytes: 2,
    pmemBytes: 4,
    dramBytes: 8,
    inPmemBytes: 10,
    onMemoryBytes: 12,
    directMapBytes: 14,
    levers: [{ kind: "map", machines: 2, dramBytes: 10, pmemBytes: -12, ramBytes: 0 }],
  });
});
