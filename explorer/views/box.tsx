// SPDX-License-Identifier: GPL-2.0-only
// My box: reports of a real machine, pasted or dropped, and the cost of its struct pages. The files are read by the
// page's worker and are sent nowhere; links do not contain them either.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import type { BoxText } from "../../src/box/join.ts";
import { forgetAnswers, unpacked, useAnswer } from "../ask.ts";
import { type Field, ON } from "../fields.ts";
import type { View, ViewProps } from "../view.ts";
import { BoxAnswer } from "./box_answer.tsx";

const FIELDS: readonly Field[] = [
  { name: "example", label: "The example machine", kind: "switch", fallback: "off", hidden: true },
];

/** The view. */
export const boxView: View = { name: "box", title: "My box", fields: FIELDS, Show };

function Show({ values, set }: ViewProps) {
  const [files, setFiles] = useState<readonly BoxText[]>([]);
  const example = values.example === ON;
  useEffect(() => {
    if (example) void unpacked("example").then((text) => setFiles(JSON.parse(text) as BoxText[]));
  }, [example]);
  const add = (more: readonly BoxText[]) =>
    setFiles((had) => [...had.filter(({ name }) => !more.some((file) => file.name === name)), ...more]);
  const { report, error, pending } = useAnswer("box", () => files.length === 0 ? null : files, [files]);
  const forget = () => {
    forgetAnswers();
    setFiles([]);
    if (example) set({ example: "off" });
  };
  return (
    <>
      <p>
        Give this page the output of <code>ndctl list</code>, <code>daxctl list</code>, <code>lsmem</code>,{" "}
        <code>dmesg</code>, <code>/proc/iomem</code>, <code>/proc/zoneinfo</code>,{" "}
        <code>/proc/meminfo</code>, in any number and order. Nothing leaves the page.
      </p>
      <Input add={add} />
      <p class="given">
        <button type="button" onClick={() => set({ example: ON })}>Try the example machine</button>
        <button type="button" disabled={files.length === 0} onClick={forget}>Forget everything</button>
        <span role="status">{files.length === 0 ? "" : `Read: ${files.map(({ name }) => name).join(", ")}`}</span>
      </p>
      {error === null ? null : <p class="error" role="alert">{error}</p>}
      {report === null ? null : (
        <div aria-busy={pending}>
          <BoxAnswer report={report} files={files.map(({ name }) => name)} />
        </div>
      )}
    </>
  );
}

function Input({ add }: { readonly add: (files: readonly BoxText[]) => void }) {
  const [text, setText] = useState("");
  const [count, setCount] = useState(1);
  const [over, setOver] = useState(false);
  const read = async (list: FileList | null | undefined) => {
    const files = [...list ?? []].map(async (file) => ({ name: file.name, text: await file.text() }));
    add(await Promise.all(files));
  };
  const paste = () => {
    if (text.trim() === "") return;
    add([{ name: `pasted ${count}`, text }]);
    setCount(count + 1);
    setText("");
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void read(event.dataTransfer?.files);
  };
  return (
    <div
      class={`drop${over ? " over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <label>
        <span>Paste output, or drop files here</span>
        <textarea
          name="paste"
          rows={5}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div class="row">
        <button type="button" onClick={paste}>Read pasted text</button>
        <label>
          <span>or choose files</span>
          <input type="file" name="files" multiple onChange={(event) => void read(event.currentTarget.files)} />
        </label>
      </div>
    </div>
  );
}
