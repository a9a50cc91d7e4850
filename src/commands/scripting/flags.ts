import type { Effect } from "../effect.ts";

/** What scripts and functions may say of themselves, in the order in which FUNCTION LIST tells it. */
export const SCRIPT_FLAGS: readonly string[] = [
  "no-writes",
  "allow-oom",
  "allow-stale",
  "no-cluster",
  "allow-cross-slot-keys",
];

/** Null: a script without a `#!` line, which says nothing and may do anything. */
export type ScriptFlags = readonly string[] | null;

/** What a script does to the data, as its flags have it; null when it has none. */
export function effectOfFlags(flags: ScriptFlags): Effect | null {
  if (flags === null) return null;
  return flags.includes("no-writes") ? READS : WRITES;
}

const READS: Effect = { isWrite: false, mayReplicate: false };
const WRITES: Effect = { isWrite: true, mayReplicate: false };
