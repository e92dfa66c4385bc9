// SPDX-License-Identifier: GPL-2.0-only
// What a guest's kernel complained about while it was measured. Figures of a kernel that found itself broken are not
// comparable: a leak in one was once mistaken for its normal behaviour.

/** How complaints begin, after the time stamp. */
const COMPLAINTS: readonly RegExp[] = [
  /^BUG:? /,
  /^WARNING: /,
  /^Oops: /,
  /^kernel BUG at /,
  /^general protection fault/,
  /^Unable to handle kernel /,
  /^INFO: task .* blocked for more than /,
  /^rcu: INFO: .* detected stalls/,
  /failed to free all reserved pages$/,
];

/**
 * Logged for map=dev of whole sections and a part when the part cannot be mapped: the altmap does not get all its
 * pages back.
 */
export const FAILED_ADD: readonly RegExp[] = [
  /failed to free all reserved pages$/,
  // A kernel without CONFIG_DEBUG_BUGVERBOSE does not say the line.
  /^WARNING: .* at (?:mm\/memremap\.c:\d+ )?memunmap_pages\b/,
];

/** Every line of a kernel's log that is a complaint, without its time stamp. */
export function kernelComplaints(log: string): string[] {
  return log.split(/\r?\n/).map((line) => line.replace(/^\[\s*\d+\.\d+\] /, ""))
    .filter((line) => COMPLAINTS.some((complaint) => complaint.test(line)));
}
