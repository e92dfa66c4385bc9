// SPDX-License-Identifier: GPL-2.0-only
// A byte stream that is read and written line by line, as used with qemu's monitor, a guest's shell and a bench
// process.

/** Reading gives null at the end of the stream. */
export interface LineStream {
  readLine(): Promise<string | null>;
  writeLine(line: string): Promise<void>;
  close(): void;
}

/** Lines over a pair of byte streams. Carriage returns at line ends are dropped. */
export function lineStream(conn: {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  close(): void;
}): LineStream {
  const reader = conn.readable.getReader();
  const writer = conn.writable.getWriter();
  const decoder = new TextDecoder();
  let rest = "";
  return {
    async readLine() {
      for (;;) {
        const end = rest.indexOf("\n");
        if (end >= 0) {
          const line = rest.slice(0, end).replace(/\r$/, "");
          rest = rest.slice(end + 1);
          return line;
        }
        const { value, done } = await reader.read();
        if (done) return null;
        rest += decoder.decode(value, { stream: true });
      }
    },
    writeLine: (line) => writer.write(new TextEncoder().encode(`${line}\n`)),
    close() {
      try {
        conn.close();
      } catch (error) {
        // The other end has closed it.
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    },
  };
}

/** Connects to a unix socket that is about to appear. Error if it has not after `timeoutMs`. */
export async function connectUnix(path: string, timeoutMs: number): Promise<LineStream> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      return lineStream(await Deno.connect({ transport: "unix", path }));
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The promise, or an Error "Cannot WHAT: no answer in N s". */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot ${what}: no answer in ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
