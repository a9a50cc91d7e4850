import { ID_LENGTH, type StreamId } from "./id.ts";
import { firstNodes } from "./nodes.ts";
import type { StreamView } from "./view.ts";

/** Up to so many ids the tree is counted; beyond, it is taken to go on as it begins. */
const COUNTED = 1000;

/**
 * How many nodes Redis' radix tree of a stream's node ids would have: XINFO STREAM tells. A tree node is a fork, an end,
 * or a piece of path without forks.
 */
export function radixNodes(view: StreamView): number {
  const { nodeCount } = view.header;
  const ids = firstNodes(view, COUNTED).map(({ first }) => first);
  if (ids.length === 0) return 1;
  const counted = count(ids, 0, ids.length, 0);
  return ids.length === nodeCount ? counted : Math.round((counted / ids.length) * nodeCount);
}

/** Of the sorted ids from `from` up to, not including, `to`, which have their first `depth` bytes in common. */
function count(ids: readonly StreamId[], from: number, to: number, depth: number): number {
  const fork = commonLength(ids[from]!, ids[to - 1]!, depth);
  let nodes = fork > depth ? 2 : 1;
  if (fork === ID_LENGTH) return nodes;
  for (let start = from, at = from + 1; at <= to; at++) {
    if (at < to && ids[at]!.charCodeAt(fork) === ids[start]!.charCodeAt(fork)) continue;
    nodes += count(ids, start, at, fork + 1);
    start = at;
  }
  return nodes;
}

function commonLength(a: StreamId, b: StreamId, from: number): number {
  let at = from;
  while (at < ID_LENGTH && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}
