// SPDX-License-Identifier: GPL-2.0-only
// The CPU time of this thread, which excludes time when others had the CPU. By libc's clock_gettime(), since
// process.threadCpuUsage() counts in scheduler ticks; the wall clock on other systems than Linux, or without FFI.

const CLOCK_THREAD_CPUTIME_ID = 3;

/** A clock in milliseconds, with a name. */
export interface Clock {
  readonly name: "CPU time" | "wall clock";
  readonly now: () => number;
}

/** The best clock available. */
export function benchClock(): Clock {
  const wall: Clock = { name: "wall clock", now: () => performance.now() };
  if (Deno.build.os !== "linux") return wall;
  try {
    const libc = Deno.dlopen("libc.so.6", { clock_gettime: { parameters: ["i32", "buffer"], result: "i32" } });
    const words = new BigInt64Array(2);
    const now = () => {
      libc.symbols.clock_gettime(CLOCK_THREAD_CPUTIME_ID, words);
      return Number(words[0]) * 1e3 + Number(words[1]) / 1e6;
    };
    return { name: "CPU time", now };
  } catch {
    return wall;
  }
}
