// SPDX-License-Identifier: GPL-2.0-only
// `lab box` as people call it: files and folders, forms of output, damaged input.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import { lab } from "./lab_testing.ts";

const EXAMPLE = new URL("../../fixtures/box", import.meta.url).pathname;

/** A temporary folder with these files. */
async function inFolder(files: Readonly<Record<string, string | Uint8Array>>, run: (dir: string) => Promise<void>) {
  const dir = Deno.makeTempDirSync();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      Deno.writeFileSync(`${dir}/${name}`, bytes);
    }
    await run(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const NAMESPACE = '{"dev":"namespace0.0","mode":"devdax","map":"mem","align":2097152,"size":1071644672}';

Deno.test("lab box: the answer comes first, within 100 columns", async () => {
  const { code, out, err } = await lab("box", EXAMPLE);
  const lines = out.split("\n");
  assertEquals([code, err], [0, ""]);
  // 256 + 1006 - 560 MiB, and 324 page tables.
  assertEquals(
    lines[0],
    "Struct pages take 703.27 MiB of DRAM (737 427 456 bytes, 1.27 MiB of them page tables) now.",
  );
  assertEquals(lines.filter((line) => line.length > 100), []);
});

Deno.test("lab box --json, --csv: the same figures", async () => {
  const { report } = JSON.parse((await lab("box", EXAMPLE, "--json")).out);
  assertEquals(report.total.dramBytes + report.total.tableBytes, 737427456);
  const rows = (await lab("box", EXAMPLE, "--csv")).out.trim().split("\r\n").map((row) => row.split(","));
  assertEquals(rows[0].slice(0, 8), ["table", "kind", "name", "region", "node", "bytes", "dram", "tables"]);
  const costs = rows.filter(([table]) => table === "cost");
  assertEquals(costs.reduce((sum, row) => sum + Number(row[6]) + Number(row[7]), 0), 737427456);
  // Levers follow, best first, in their own columns; quoted cells may have commas.
  const gives = (row: string[]) => row[rows[0].indexOf("gives_ram")];
  const levers = rows.filter(([table]) => table === "lever");
  assertEquals([levers.length, costs.length + levers.length + 1], [report.levers.length, rows.length]);
  assertEquals(levers[0].slice(0, 3), ["lever", report.levers[0].kind, report.levers[0].of]);
  assertEquals(rows[0].slice(-7, -3), ["gives_dram", "gives_pmem", "gives_ram", "changes_use"]);
  assertEquals(gives(levers[2]), String(report.levers[2].ramBytes));
  const both = await lab("box", EXAMPLE, "--json", "--csv");
  assertEquals([both.code, both.err], [2, "lab: box: --csv and --json exclude each other\n"]);
});

Deno.test("lab box --anonymous: no names of the input", async () => {
  await inFolder(
    { "db01.example.ndctl": NAMESPACE, "secret.txt": "host db01 is ours\nLinux version 6.1.0-db01 x\n" },
    async (dir) => {
      const named = await lab("box", dir);
      assertStringIncludes(named.out, "db01");
      for (const form of [[], ["--json"], ["--csv"]]) {
        const { code, out, err } = await lab("box", dir, "--anonymous", ...form);
        assertEquals(code, 0);
        assert(!/db01|secret|ours/.test(out + err), out + err);
      }
    },
  );
});

Deno.test("lab box --anonymous: no quote that contains quotes, no name that the kernel did not assign", async () => {
  const files = {
    "keys.json": NAMESPACE.replace("{", '{"color \\"db01":"red","resource":"1\\"db01",'),
    "names.json": '{"regions":[{"dev":"region-db01","size":17179869184}]}',
    "words.txt": 'say "hi" to db01, "and so on\n',
    "dax.json": '[{"chardev":"dax0.0","size":1071644672,"mode":"db01"}]',
  };
  await inFolder(files, async (dir) => {
    assertStringIncludes((await lab("box", dir)).out, 'color "db01');
    for (const form of [[], ["--json"], ["--csv"], ["--html", `${dir}/page.html`]]) {
      const { out, err } = await lab("box", dir, "--anonymous", ...form);
      assert(!(out + err).includes("db01"), out + err);
    }
    assert(!Deno.readTextFileSync(`${dir}/page.html`).includes("db01"));
  });
});

Deno.test("lab box: a pipe in a folder is not waited for, a device is read up to the limit, sub-folders are named", async () => {
  await inFolder({ "good.json": NAMESPACE }, async (dir) => {
    new Deno.Command("mkfifo", { args: [`${dir}/pipe`] }).outputSync();
    Deno.mkdirSync(`${dir}/sub`);
    const { code, out, err } = await lab("box", dir, "/dev/zero");
    assertEquals([code, err], [2, "lab: box: /dev/zero: more than the 32 MiB that are read: not read\n"]);
    for (const line of ["pipe: no file: not read", "sub: a folder: not read"]) assertStringIncludes(out, line);
    Deno.removeSync(`${dir}/pipe`);
    Deno.removeSync(`${dir}/good.json`);
    assertStringIncludes((await lab("box", dir)).err, "--fleet FOLDER reads a machine from each sub-folder");
  });
});

Deno.test("lab box: one line with file, place and reason for what is damaged, exit 2, and the rest is reported", async () => {
  const damaged: readonly [string, string | Uint8Array, string][] = [
    [
      "cut.json",
      '[\n{"dev":"region1",\n"size":1',
      'cut.json:3: the JSON that begins in line 1 is damaged: expected "}", found the end of the text',
    ],
    ["binary", new Uint8Array([69, 10, 0, 1, 2]), "binary:2: has bytes of value zero, so it is not text: not read"],
    [
      "huge.json",
      '{"dev":"namespace1.0",\n"size":9007199254740993}',
      'huge.json:2: "size" is 9007199254740992: expected a size from 0 to 2^53',
    ],
    [
      "minus.json",
      '{"dev":"namespace1.0",\n"size":-4096}',
      'minus.json:2: "size" is -4096: expected a size from 0 to 2^53',
    ],
    [
      "larger.json",
      '{"dev":"region1","size":17179869184,"namespaces":[\n{"dev":"namespace1.0","mode":"raw","size":34359738368}]}',
      "larger.json:2: namespace1.0 has 32G, more than region1 with 16G left: left out",
    ],
    ["range.txt", "RANGE SIZE STATE\n0x2-0x1 1G online\n", "range.txt:2: range 0x2-0x1 is none: left out"],
  ];
  for (const [name, content, line] of damaged) {
    await inFolder({ [name]: content, "good.json": NAMESPACE }, async (dir) => {
      const { code, out, err } = await lab("box", dir);
      assertEquals(code, 2, name);
      assertStringIncludes(err, `lab: box: ${line}\n`);
      assertStringIncludes(out, "namespace namespace0.0");
    });
  }
});

Deno.test("lab box: a file of more than 32 MiB is not read, others are", async () => {
  await inFolder({ "good.json": NAMESPACE }, async (dir) => {
    Deno.writeTextFileSync(`${dir}/large`, "");
    Deno.truncateSync(`${dir}/large`, 100e6);
    const { code, out, err } = await lab("box", dir);
    assertEquals([code, err], [2, "lab: box: large: 95.37 MiB, more than the 32 MiB that are read: not read\n"]);
    assertStringIncludes(out, "namespace namespace0.0");
  });
});

Deno.test("lab box: CRLF, UTF-16, unknown keys and strange characters are read", async () => {
  const utf16 = new Uint8Array([0xff, 0xfe, ...[...NAMESPACE].flatMap((c) => [c.charCodeAt(0), 0])]);
  const files: readonly (string | Uint8Array)[] = [
    NAMESPACE.replaceAll(",", ",\r\n"),
    utf16,
    NAMESPACE.replace("{", '{"color":"red",'),
    new Uint8Array([...new TextEncoder().encode(NAMESPACE), 10, 0x23, 0x20, 0xff, 0xe4]),
  ];
  for (const file of files) {
    await inFolder({ file }, async (dir) => {
      const { code, out } = await lab("box", dir);
      assertEquals([code, out.split("\n")[0]], [
        0,
        // 2 of 8 pages per 2 MiB of 1 GiB; 8 PTE tables, in the PMD table that DRAM has.
        "Struct pages take 4.03 MiB of DRAM (4 227 072 bytes, 32 KiB of them page tables) now.",
      ]);
    });
  }
});

Deno.test("lab box: nothing to read, no such file, no known format", async () => {
  await inFolder({ "words.txt": "hello\n" }, async (dir) => {
    assertEquals(await lab("box", `${dir}/none`), {
      code: 2,
      out: "",
      err: `lab: box: ${dir}/none: there is no such file\n`,
    });
    const both = await lab("box", `${dir}/none`, `${dir}/neither`);
    assertStringIncludes(
      both.err,
      "neither: there is no such file\nlab: box: nothing to read: give files of ndctl list,",
    );
    const { code, err } = await lab("box", dir);
    assertEquals(code, 2);
    assertStringIncludes(err, "nothing in the input describes memory, pmem or huge pages");
  });
});

Deno.test("lab box --html: charts whose every value is in a table, no script, no request, names as text", async () => {
  await inFolder({ "a<b>.txt": `${NAMESPACE}\nwhat <i>is this</i>\n` }, async (dir) => {
    const page = async (path: string) => {
      const { code, out } = await lab("box", path, "--html", `${dir}/page.html`, "--json");
      assertEquals(code, 0);
      const { document } = parseHTML(Deno.readTextFileSync(`${dir}/page.html`));
      return { document, report: JSON.parse(out).report };
    };
    const { document, report } = await page(EXAMPLE);
    const ids = [...document.querySelectorAll("section")].map((section) => section.id);
    assertEquals(ids, ["costs", "levers", "refused", "checks", "contradictions", "notes"]);
    assertEquals(document.querySelectorAll("script, link, img, iframe").length, 0);
    assertEquals(document.querySelectorAll("svg").length, 2);
    const cells = [...document.querySelectorAll("#costs tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].map((cell) => cell.textContent)
    );
    const { dramBytes, tableBytes, directMapBytes } = report.total;
    assertEquals(cells.at(-1)![8], String(dramBytes + tableBytes + directMapBytes));
    // Each bar's value, and each of the table's that is not nothing.
    const titles = [...document.querySelectorAll("#costs svg rect title")].map((title) => title.textContent);
    const values = report.costs.flatMap((
      c: Record<string, number>,
    ) => [c.dramBytes, c.tableBytes, c.directMapBytes, c.pmemBytes, c.onMemoryBytes]);
    assertEquals(titles.length, values.filter((value: number) => value !== 0).length);
    assert(titles.some((title) => title.endsWith(`: ${report.costs[0].dramBytes}`)), `${titles}`);
    const rows = document.querySelectorAll("#levers tbody tr, #refused tbody tr").length;
    assertEquals(rows, report.levers.length);
    const { document: named } = await page(`${dir}/a<b>.txt`);
    assertEquals(named.querySelectorAll("main i:not([style]), main b").length, 0);
    assertStringIncludes(named.querySelector("#notes")!.textContent, 'a<b>.txt:2: "what <i>is this</i>');
  });
});
