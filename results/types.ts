// SPDX-License-Identifier: GPL-2.0-only
// The contents of results/latest.json, as described in JSON Schema by results/schema.json.

/** Version of the format; other versions are refused. */
export const RESULTS_SCHEMA = 2;

/** What was run, on what, and when. */
export interface Provenance {
  /** Version of this package. */
  readonly version: string;
  /** Commit, with `+` when the working tree differed from it; null outside a checkout. */
  readonly commit: string | null;
  /** When the run began, ISO 8601. */
  readonly date: string;
  /** Model name of the host's CPU. */
  readonly cpu: string;
  /** Operating system and architecture of the host. */
  readonly os: string;
  /** Version of Deno. */
  readonly deno: string;
  /** Version of V8. */
  readonly v8: string;
  /** Seed of every random choice of the emulator. */
  readonly seed: number;
  /** Names of the kernel presets. */
  readonly presets: readonly string[];
  /** Whether the costs per TiB were counted on 16 GiB. */
  readonly quick: boolean;
}

/** Verdicts on a claim, worst first. */
export const VERDICTS = [
  // The formula and the emulator differ, so one of them is wrong.
  "disagreement",
  // Wrong; the formula and the emulator agree on another number.
  "contradicted",
  // The document's own figures contradict each other, regardless of the machine.
  "inconsistent",
  // Judged by reading, since it is neither a number nor a behaviour: wrong.
  "read wrong",
  // True when written, but not for later kernels.
  "superseded",
  // A time outside the cost model's error, which comes from figures that it was not fitted to.
  "outside band",
  // Right within the printed digits, rounded or cut off.
  "rounding",
  // It depends on the machine and is not modelled.
  "hardware-bound",
  // A time within that error.
  "inside band",
  // Judged by reading: undecided, and right.
  "read open",
  "read right",
  // Exactly right.
  "confirmed",
] as const;

/** The verdict on a claim. */
export type ResultVerdict = typeof VERDICTS[number];

/** One number of a claim: as printed, by the formula, as counted in the emulator, by the model. */
export interface ResultRow {
  /** Id of the claim, with its part. */
  readonly id: string;
  /** What the number is. */
  readonly what: string;
  /** Its unit; empty for a count. */
  readonly unit: string;
  /** As printed. */
  readonly printed: string | null;
  /** By the closed formula. */
  readonly formula: number | null;
  /** Counted in the emulator. */
  readonly measured: number | null;
  /** By the cost model, for a time. */
  readonly model: number | null;
  /** The band of the modelled value, null for no upper end; absent in older runs. */
  readonly band?: readonly [low: number, high: number | null] | null;
  /** The verdict on this number; `equal` for a check that belongs to no document. */
  readonly verdict: ResultVerdict | "equal";
  /** The reason. */
  readonly note: string | null;
}

/** One claim of a document. */
export interface ResultClaim {
  /** Document and number. */
  readonly id: string;
  /** Document and line. */
  readonly place: string;
  /** Other places that say the same. */
  readonly alsoAt: readonly string[];
  /** The claim in short. */
  readonly text: string;
  /** What it is about. */
  readonly theme: string | null;
  /** The worst verdict of its rows. */
  readonly verdict: ResultVerdict;
  /** Whether the verdict is the expected one. */
  readonly ok: boolean;
  /** Its numbers. */
  readonly rows: readonly ResultRow[];
}

/** DRAM for the memmap of 1 TiB of pmem, tables included, as counted. */
export interface PerTibRow {
  /** Kernel preset. */
  readonly kernel: string;
  /** Page size of the device. */
  readonly alignBytes: number;
  /** The cost. */
  readonly dramBytes: number;
}

/** The same for a namespace of this size. */
export interface GrowthRow extends PerTibRow {
  /** Size of the namespace. */
  readonly sizeBytes: number;
}

/** One of the documents' times, in milliseconds. */
export interface TimeRow {
  /** What was timed. */
  readonly id: string;
  /** Document and line. */
  readonly place: string;
  /** As printed; the middle of a range. */
  readonly documentedMs: number;
  /** By the cost model. */
  readonly modelMs: number;
  /** Whether the model was fitted to it. */
  readonly role: "trained" | "held out" | "anomaly";
}

/** How many times longer one thing takes than another, in three measures. */
export interface RatioRow {
  /** Which two. */
  readonly what: string;
  /** The document's figure; null if it has none. */
  readonly documented: number | null;
  /** By the cost model. */
  readonly model: number;
  /** By the instructions that a real Linux 6.1 executes. */
  readonly linuxInstructions: number;
}

/** How many captured rows of a real kernel are reproduced. */
export interface ConformanceRow {
  /** Kernel series. */
  readonly kernel: string;
  /** Architecture and page size. */
  readonly arch: string;
  /** What was captured. */
  readonly scenario: string;
  /** Releases that were captured. */
  readonly releases: readonly string[];
  /** Machine shapes. */
  readonly machines: number;
  /** Captured rows. */
  readonly rows: number;
  /** Rows that are equal in every field. */
  readonly equal: number;
  /** Rows that differ for a known cause. */
  readonly explained: number;
}

/** What the report draws. */
export interface ResultFigures {
  /** What a TiB costs. */
  readonly perTib: readonly PerTibRow[];
  /** What other sizes cost. */
  readonly growth: readonly GrowthRow[];
  /** The documents' times and the model's. */
  readonly times: readonly TimeRow[];
  /** Ratios before and after. */
  readonly ratios: readonly RatioRow[];
  /** Linux against the emulator. */
  readonly conformance: readonly ConformanceRow[];
}

/** One run. */
export interface Results {
  /** Version of the format, {@linkcode RESULTS_SCHEMA}. */
  readonly schema: number;
  /** What was run, on what, and when. */
  readonly provenance: Provenance;
  /** The audit. */
  readonly audit: {
    /** Whether every verdict and every other check is as expected. */
    readonly ok: boolean;
    /** Number of claims by verdict. */
    readonly verdicts: Readonly<Record<string, number>>;
    /** Number of rows, checks of no document included, by verdict. */
    readonly rows: Readonly<Record<string, number>>;
    /** Every claim. */
    readonly claims: readonly ResultClaim[];
  };
  /** What the report draws. */
  readonly figures: ResultFigures;
  /** Average nanoseconds of each benchmark, per round; null when none were run. */
  readonly bench: {
    /** Architecture the emulated machines have. */
    readonly geometry: string;
    /** The host's one-minute load average at their start. */
    readonly load: number;
    /** Nanoseconds of each round, by benchmark. */
    readonly benches: Readonly<Record<string, readonly number[]>>;
  } | null;
  /** Work of the fixed scenarios: counters that moved, by scenario. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
