import type { Bytes } from "../support/bytes.ts";
import { WHOLE_RANGE } from "./order-range.ts";
import type { ScoredMembers } from "./score-order.ts";
import { SetValue } from "./set.ts";
import type { ZSet } from "./zset.ts";

/**
 * Unions, intersections and differences of sorted sets, and of sets, whose members all have the score 1. They
 * only read. The results are in order.
 *
 * Scores are aggregated in Redis' order, from the smallest input to the largest: sums of doubles depend on it.
 */

export interface Input {
  /** Null for an absent key, which is an empty one. */
  readonly source: ZSet | SetValue | null;
  readonly weight: number;
}

export type Aggregate = "SUM" | "MIN" | "MAX";

export function unite(inputs: readonly Input[], aggregate: Aggregate): ScoredMembers {
  const present = ascending(inputs).filter(({ source }) => source !== null);
  // All faults come before the work that they would make start again.
  const contents = present.map(({ source }) => allOf(source!));
  const united = new Map<Bytes, number>();
  present.forEach(({ weight }, input) => {
    const { members, scores } = contents[input]!;
    members.forEach((member, i) => {
      const score = weighted(scores[i]!, weight);
      const before = united.get(member);
      united.set(member, before === undefined ? score : combined(before, score, aggregate));
    });
  });
  return sorted(united);
}

export function intersect(inputs: readonly Input[], aggregate: Aggregate): ScoredMembers {
  const found = new Map<Bytes, number>();
  intersectEach(inputs, aggregate, (member, score) => {
    found.set(member, score);
    return true;
  });
  return sorted(found);
}

/** The size of the intersection; counting ends at `limit`, 0 for none. */
export function intersectionSize(inputs: readonly Input[], limit: number): number {
  let count = 0;
  intersectEach(inputs, "SUM", () => ++count !== limit);
  return count;
}

/** `take` says false when no more are wanted. */
function intersectEach(
  inputs: readonly Input[],
  aggregate: Aggregate,
  take: (member: Bytes, score: number) => boolean,
): void {
  const [smallest, ...others] = ascending(inputs);
  if (smallest!.source === null) return;
  const all = allOf(smallest!.source);
  for (const { source } of others) source!.expectReads(all.members.length);
  for (const run of runsOf(all)) {
    let left = run.map(([member, score]): Scored => [member, weighted(score, smallest!.weight)]);
    for (const { source, weight } of others) {
      source!.ready(left.map(([member]) => member));
      left = left.flatMap(([member, sum]): Scored[] => {
        const score = scoreIn(source!, member);
        return score === null ? [] : [[member, combined(sum, score * weight, aggregate)]];
      });
    }
    for (const [member, score] of left) if (!take(member, score)) return;
  }
}

/** What is in the first one and in none of the others. */
export function subtract(inputs: readonly Input[]): ScoredMembers {
  const [first, ...rest] = inputs.map(({ source }) => source);
  const found = new Map<Bytes, number>();
  if (first === null) return sorted(found);
  const others = rest.filter((source) => source !== null);
  if (others.includes(first!)) return sorted(found);
  const all = allOf(first!);
  for (const other of others) other.expectReads(all.members.length);
  for (const run of runsOf(all)) {
    let left = run;
    for (const other of others) {
      other.ready(left.map(([member]) => member));
      left = left.filter(([member]) => scoreIn(other, member) === null);
    }
    for (const [member, score] of left) found.set(member, score);
  }
  return sorted(found);
}

// ─── scores ──────────────────────────────────────────────────────────────────────────────────────

/** Zero times infinity is zero. */
function weighted(score: number, weight: number): number {
  const product = score * weight;
  return Number.isNaN(product) ? 0 : product;
}

/** Infinity less infinity is zero. */
function combined(before: number, score: number, aggregate: Aggregate): number {
  if (aggregate === "MIN") return score < before ? score : before;
  if (aggregate === "MAX") return score > before ? score : before;
  const sum = before + score;
  return Number.isNaN(sum) ? 0 : sum;
}

// ─── inputs ──────────────────────────────────────────────────────────────────────────────────────

type Scored = readonly [member: Bytes, score: number];

function ascending(inputs: readonly Input[]): Input[] {
  return inputs.toSorted((a, b) => (a.source?.count ?? 0) - (b.source?.count ?? 0));
}

function allOf(source: ZSet | SetValue): ScoredMembers {
  if (!(source instanceof SetValue)) return source.range(WHOLE_RANGE);
  const members = source.memberArray();
  return { members, scores: members.map(() => 1) };
}

function scoreIn(source: ZSet | SetValue, member: Bytes): number | null {
  if (!(source instanceof SetValue)) return source.score(member);
  return source.has(member) ? 1 : null;
}

/** Members that are looked up together; each run but the last makes the next one larger. */
const FIRST_RUN = 256;
const RUN_GROWTH = 4;

function* runsOf({ members, scores }: ScoredMembers): Iterable<Scored[]> {
  let from = 0;
  for (let length = FIRST_RUN; from < members.length; length *= RUN_GROWTH) {
    const start = from;
    from += length;
    yield members.slice(start, from).map((member, i): Scored => [member, scores[start + i]!]);
  }
}

function sorted(found: Map<Bytes, number>): ScoredMembers {
  const elements = [...found].sort(([memberA, a], [memberB, b]) => {
    if (a !== b) return a < b ? -1 : 1;
    return memberA < memberB ? -1 : 1;
  });
  return { members: elements.map(([member]) => member), scores: elements.map(([, score]) => score) };
}
