import type { Bytes } from "../support/bytes.ts";
import type { PackingLimits } from "./keyspace.ts";
import { MemberSet } from "./member-set.ts";
import type { SetValue } from "./set.ts";

/**
 * Intersections, unions and differences. They only read. An absent set (null) is an empty one, and a set
 * that is given twice is the same object twice.
 *
 * A set that is on disk is asked about single members where these are few compared to it, else loaded.
 */

/** What to do with a member of the result; false: no more are wanted. */
type Take = (member: Bytes) => boolean;

/** Members of the first run that are looked up together; a run that is not the last makes the next one larger. */
const FIRST_RUN = 256;
const RUN_GROWTH = 4;

/** Members that are in all of the sets. */
export function intersect(sets: readonly (SetValue | null)[], take: Take): void {
  const [smallest, ...others] = [...new Set(sets)].sort((a, b) => (a?.count ?? 0) - (b?.count ?? 0));
  if (smallest === undefined || smallest === null) return;
  select(smallest, others as SetValue[], true, take);
}

/** Members of the first set that are in none of the others. */
export function subtract(sets: readonly (SetValue | null)[], limits: PackingLimits): MemberSet {
  const result = new MemberSet(limits);
  const [first, ...rest] = sets;
  const others = [...new Set(rest)].filter((set) => set !== null);
  if (first === null || first === undefined || others.includes(first)) return result;
  if (!isLookupBetter(first, sets)) return removeAll(first, others, result);
  others.sort((a, b) => b.count - a.count);
  select(first, others, false, (member) => {
    result.add(member);
    return true;
  });
  return result;
}

/**
 * Whether to look up each member of the first set in the others, or to remove all members of the others from
 * it: Redis' choice, since OBJECT ENCODING tells of it (what was once no set of integers stays none).
 */
function isLookupBetter(first: SetValue, sets: readonly (SetValue | null)[]): boolean {
  let lookups = 0;
  let members = 0;
  for (const set of sets) {
    if (set === null) continue;
    lookups += first.count;
    members += set.count;
  }
  return Math.floor(lookups / 2) <= members;
}

function removeAll(first: SetValue, others: readonly SetValue[], result: MemberSet): MemberSet {
  load([first, ...others]);
  for (const member of first.members()) result.add(member);
  for (const other of others) {
    if (result.size === 0) break;
    for (const member of other.members()) result.delete(member);
  }
  return result;
}

/** Members that are in any of the sets. */
export function unite(sets: readonly (SetValue | null)[], limits: PackingLimits): MemberSet {
  const result = new MemberSet(limits);
  const present = [...new Set(sets)].filter((set) => set !== null);
  load(present);
  for (const set of present) for (const member of set.members()) result.add(member);
  return result;
}

/** All faults come before the work that they would make start again. */
function load(sets: readonly SetValue[]): void {
  for (const set of sets) set.members();
}

/** The members of `set` that all (or, with `wanted` false, none) of the others have. */
function select(set: SetValue, others: readonly SetValue[], wanted: boolean, take: Take): void {
  for (const other of others) other.expectReads(set.count);
  const onDisk = others.filter((other) => !other.isResident);
  const inMemory = others.filter((other) => other.isResident);
  let run: Bytes[] = [];
  let runLength = FIRST_RUN;
  for (const member of set.members()) {
    if (!isIn(inMemory, member, wanted)) continue;
    if (onDisk.length === 0) {
      if (!take(member)) return;
      continue;
    }
    run.push(member);
    if (run.length < runLength) continue;
    if (!takeRun(run, onDisk, wanted, take)) return;
    run = [];
    runLength *= RUN_GROWTH;
  }
  takeRun(run, onDisk, wanted, take);
}

function isIn(sets: readonly SetValue[], member: Bytes, wanted: boolean): boolean {
  for (const set of sets) if (set.has(member) !== wanted) return false;
  return true;
}

function takeRun(run: readonly Bytes[], onDisk: readonly SetValue[], wanted: boolean, take: Take): boolean {
  let left = run;
  for (const set of onDisk) {
    set.ready(left);
    left = left.filter((member) => set.has(member) === wanted);
  }
  for (const member of left) if (!take(member)) return false;
  return true;
}
