import type { StreamEdit } from "./edit.ts";
import { entryIdOf, entryRange, readEntries } from "./entries.ts";
import { MIN_ID, type StreamId, previousId } from "./id.ts";
import type { Node } from "./node.ts";
import { nodesInOrder, putNode, removeNode } from "./nodes.ts";

export interface Trim {
  readonly strategy: "maxlen" | "minid";
  /** MAXLEN: entries that stay. */
  readonly maxLength: number;
  /** MINID: what has a smaller id goes. */
  readonly minId: StreamId;
  /** Only whole nodes go. */
  readonly approximate: boolean;
  /** Entries that go at most, 0 for any number. */
  readonly limit: number;
}

/** What goes: always the first entries of the stream. */
interface TrimPlan {
  readonly nodes: readonly Node[];
  readonly entries: number;
  /** A node that stays, and how many of its entries do not. */
  readonly part: { readonly node: Node; readonly entries: number } | null;
}

/** Removes entries from the beginning; returns how many. */
export function trim(edit: StreamEdit, trimming: Trim): number {
  const plan = planTrim(edit, trimming);
  const { entries, nodes, part } = plan;
  if (entries === 0 && nodes.length === 0) return 0;
  const { header } = edit;
  // One more than go: it becomes the first.
  const all = { from: header.firstId, to: header.topId };
  const first = header.length === 0 ? [] : edit.range(entryRange(all), entries + 1);
  for (const [key, value] of first.slice(0, entries)) edit.delete(key, value);
  for (const node of nodes) removeNode(edit, node);
  if (part !== null) {
    const { node, entries: gone } = part;
    putNode(edit, { ...node, live: node.live - gone, deleted: node.deleted + gone }, node);
  }
  const length = header.length - entries;
  edit.update(
    length === 0
      ? { length, firstId: MIN_ID, topId: MIN_ID }
      : { length, firstId: entryIdOf(first[entries]![0]) },
  );
  return entries;
}

function planTrim(edit: StreamEdit, trimming: Trim): TrimPlan {
  const { strategy, maxLength, minId, approximate, limit } = trimming;
  const { length } = edit.header;
  const removed: Node[] = [];
  let entries = 0;
  if (strategy === "maxlen" && length <= maxLength) return { nodes: removed, entries, part: null };
  for (const node of nodesInOrder(edit)) {
    if (strategy === "maxlen" && length - entries <= maxLength) break;
    if (limit > 0 && entries + node.live > limit) break;
    const goes = strategy === "maxlen" ? length - entries - node.live >= maxLength : node.last < minId;
    if (goes) {
      removed.push(node);
      entries += node.live;
      continue;
    }
    if (approximate) break;
    const partial = strategy === "maxlen" ? length - entries - maxLength : countBelow(edit, node, minId);
    return {
      nodes: removed,
      entries: entries + partial,
      part: partial === 0 ? null : { node, entries: partial },
    };
  }
  return { nodes: removed, entries, part: null };
}

function countBelow(edit: StreamEdit, node: Node, minId: StreamId): number {
  if (minId === MIN_ID || node.live === 0) return 0;
  const below = previousId(minId)!;
  const to = node.last < below ? node.last : below;
  return readEntries(edit, { from: node.first, to }, Infinity).length;
}
