// SPDX-License-Identifier: GPL-2.0-only
// An explorer of interleavings. Threads are generators that announce a step (a name and the places it reads and writes)
// and perform it when they are resumed; the explorer runs every relevant schedule of a small world, depth first, each
// from a fresh world. It assumes that a step is atomic and that all threads see one order of steps (no store
// buffers).
//
// Schedules that differ only in the order of independent steps (neither writes what the other touches) end alike. Sleep
// sets (Godefroid, 1996) run one of each such class:
//
//   at a node with enabled threads a, b:   run a first.   Then run b with a asleep: a wakes when a step that
//   depends on a's next step has run; a node whose enabled threads all sleep was covered before and is abandoned.
//
// Most such nodes are never reached: b is run first only once a step that depends on a's has been seen after
// it, in any run through a (dynamic partial-order reduction: Flanagan and Godefroid, 2005).
//
// A step may wait (`enabled`); its condition is among its reads, so that waking it counts as a dependence. This file
// imports nothing. `full` runs every schedule, so that a test can compare the results of both.

/** The next step of a thread. Places are names; two steps are dependent when one writes what the other touches. */
export interface Step {
  readonly name: string;
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  /** Whether it can run now; the condition may depend on `reads` only. */
  readonly enabled?: () => boolean;
}

/** A thread: yields the step it performs when it is resumed. */
export type Thread = Generator<Step, void, void>;

/** Fresh threads on fresh state, and a callback for the end. */
export interface World<Outcome> {
  readonly threads: readonly Thread[];
  /** Called before a thread runs. */
  readonly turn?: (id: number) => void;
  /** Called once no thread can run, with the names of steps that wait forever, or after a step threw. */
  readonly end: (waiting: readonly string[], thrown: unknown) => Outcome;
}

/** Result of an exploration. */
export interface Explored {
  /** Schedules run to their end. */
  readonly schedules: number;
  /** Schedules abandoned early, because they only reorder independent steps of an earlier one. */
  readonly left: number;
  /** Steps performed, replays included. */
  readonly steps: number;
  /** The bound was reached: some schedules were not run. */
  readonly truncated: boolean;
}

/** Bounds and mode of an exploration. */
export interface ExploreOptions {
  /** Run every schedule, without the reduction. */
  readonly full?: boolean;
  /** Stop after this many schedules. */
  readonly most?: number;
}

interface Node {
  /** Next step of each thread; null for one that is done. */
  readonly pending: readonly (Step | null)[];
  /** Threads to try here, in order; `at` is the current one. */
  readonly candidates: readonly number[];
  readonly sleep: ReadonlySet<number>;
  at: number;
  /** The other candidates have to be tried too: some step depends on the one taken here. */
  split: boolean;
}

/** Runs every relevant schedule; `visit` gets each end and the steps that led to it. */
export function explore<Outcome>(
  fresh: () => World<Outcome>,
  visit: (outcome: Outcome, schedule: () => string[]) => void,
  options: ExploreOptions = {},
): Explored {
  const most = options.most ?? Infinity;
  const path: Node[] = [];
  let [schedules, left, steps] = [0, 0, 0];
  do {
    if (schedules === most) return { schedules, left, steps, truncated: true };
    const world = fresh();
    const pending = world.threads.map((_, id) => resume(world, id));
    let thrown: unknown;
    let seen = false;
    for (let depth = 0;; depth++) {
      const node = path[depth] ?? expand(path, pending, options.full ?? false);
      if (node === null) break;
      if (depth === path.length) path.push(node);
      if (node.candidates.length === 0) {
        seen = true;
        break;
      }
      const id = node.candidates[node.at];
      steps++;
      try {
        pending[id] = resume(world, id);
      } catch (error) {
        thrown = error;
        break;
      }
    }
    for (const [depth, node] of path.entries()) node.split ||= thrown !== undefined || raced(path, depth, pending);
    if (seen) left++;
    else {
      schedules++;
      const waiting = thrown === undefined ? pending.flatMap((step) => step?.name ?? []) : [];
      const taken = path.slice();
      visit(world.end(waiting, thrown), () => taken.map((n) => n.pending[n.candidates[n.at]]!.name));
    }
  } while (backtrack(path));
  return { schedules, left, steps, truncated: false };
}

/** The node after `path`, or null when nothing can run. No candidates: every enabled thread sleeps. */
function expand(path: readonly Node[], pending: readonly (Step | null)[], full: boolean): Node | null {
  const enabled = pending.flatMap((step, id) => step !== null && (step.enabled?.() ?? true) ? [id] : []);
  if (enabled.length === 0) return null;
  const sleep = full ? new Set<number>() : sleepSet(path[path.length - 1]);
  return { pending: [...pending], candidates: enabled.filter((id) => !sleep.has(id)), sleep, at: 0, split: full };
}

/**
 * Threads that sleep after the step taken at `node`: those asleep or tried there whose next step is independent of it.
 */
function sleepSet(node: Node | undefined): Set<number> {
  if (node === undefined) return new Set();
  const taken = node.pending[node.candidates[node.at]]!;
  const before = [...node.sleep, ...node.candidates.slice(0, node.at)];
  return new Set(before.filter((id) => !dependent(node.pending[id]!, taken)));
}

/** Whether a later step of this run, or one still to come at its end, depends on the one taken at `depth`. */
function raced(path: readonly Node[], depth: number, pending: readonly (Step | null)[]): boolean {
  const { candidates, at, pending: next } = path[depth];
  if (at + 1 >= candidates.length) return false;
  const id = candidates[at];
  const step = next[id]!;
  for (const later of path.slice(depth + 1)) {
    const other = later.candidates[later.at];
    if (other !== undefined && other !== id && dependent(step, later.pending[other]!)) return true;
  }
  return pending.some((other, i) => i !== id && other !== null && dependent(step, other));
}

/** Moves the deepest node with another candidate on to it, and drops the nodes below; false at the end. */
function backtrack(path: Node[]): boolean {
  for (; path.length > 0; path.pop()) {
    const node = path[path.length - 1];
    if (node.split && ++node.at < node.candidates.length) return true;
  }
  return false;
}

/** Whether the order of two steps can matter. */
export function dependent(a: Step, b: Step): boolean {
  const touches = (step: Step, place: string) => step.reads?.includes(place) || step.writes?.includes(place);
  return (a.writes ?? []).some((place) => touches(b, place)) || (b.writes ?? []).some((place) => touches(a, place));
}

function resume({ threads, turn }: Pick<World<unknown>, "threads" | "turn">, id: number): Step | null {
  turn?.(id);
  const next = threads[id].next();
  return next.done ? null : next.value;
}
