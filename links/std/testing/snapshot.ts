// A stand-in for jsr:@std/testing/snapshot on Deno's own snapshots, whose files have the same format.
/**
 * Snapshot assertions. `deno task test --update-snapshots` writes the snapshots.
 *
 * @module
 */

/** Where the snapshot lies, what it is called and how the value is written. */
export type SnapshotOptions<T = unknown> = Deno.TestSnapshotOptions<T>;

/** `actual`, written out, is the snapshot stored beside the test file of `context`. */
export function assertSnapshot<T>(
  context: Deno.TestContext,
  actual: T,
  msgOrOptions?: string | SnapshotOptions<T>,
): Promise<void> {
  const options = typeof msgOrOptions === "string" ? { msg: msgOrOptions } : msgOrOptions;
  return context.assertSnapshot(actual, options);
}
