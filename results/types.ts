// SPDX-License-Identifier: GPL-2.0-only
// What results/latest.json holds, as results/schema.json says it in JSON Schema.

/** Version of the format; a file of another one is refused. */
export const RESULTS_SCHEMA = 1;

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
  /** Names of the kernel presets there were. */
  readonly presets: readonly string[];
  /** The costs per TiB were counted on 16 GiB. */
  readonly quick: boolean;
}

/** What became of a claim. */
export type ResultVerdict =
  | "confirmed"
  | "rounding"
  | "contradicted"
  | "hardware-bound"
  | "superseded"
  | "read"
  | "disagreement";

/** One number of a claim: what the document prints, the formula gives, the emulator counted, the model takes. */
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
  /** The verdict on this number; `equal` for a check that no document makes. */
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
  /** The verdict is the expected one. */
  readonly ok: boolean;
  /** The numbers that led to it. */
  readonly rows: readonly ResultRow[];
}

/** One run. */
export interface Results {
  /** Version of the format, {@linkcode RESULTS_SCHEMA}. */
  readonly schema: number;
  /** What was run, on what, and when. */
  readonly provenance: Provenance;
  /** The audit. */
  readonly audit: {
    /** Every verdict, and every check beside the claims, is as expected. */
    readonly ok: boolean;
    /** Number of claims by verdict. */
    readonly verdicts: Readonly<Record<string, number>>;
    /** Number of rows, checks of no document included, by verdict. */
    readonly rows: Readonly<Record<string, number>>;
    /** Every claim. */
    readonly claims: readonly ResultClaim[];
  };
  /** Average nanoseconds of each benchmark, per round; null when none were run. */
  readonly bench: {
    /** Architecture the emulated machines have. */
    readonly geometry: string;
    /** Load average of the host when they began, one minute: what shared the CPUs with them. */
    readonly load: number;
    /** Nanoseconds of each round, by benchmark. */
    readonly benches: Readonly<Record<string, readonly number[]>>;
  } | null;
  /** Work of the fixed scenarios: counters that moved, by scenario. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
