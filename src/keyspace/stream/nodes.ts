import type { Element } from "../../storage/elements.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { StreamEdit } from "./edit.ts";
import { MIN_ID, type StreamId } from "./id.ts";
import { type Node, decodeNode, encodeNode } from "./node.ts";
import { PART, type StreamView } from "./view.ts";

/** The nodes of a stream: the last one is in its header, the others are elements. */

/** First id `1-1` ⇒ `01 0000000000000001 0000000000000001`: part, id. */
export const nodeKey = (first: StreamId): Bytes => PART.nodes + first;

export const BEHIND_NODES = PART.groups;

export const nodeOfElement = ([key, value]: Element): Node => decodeNode(key.slice(PART.nodes.length), value);

/** The node that an entry is in. */
export function nodeOf(view: StreamView, id: StreamId): Node {
  const { tail } = view.header;
  if (tail !== null && id >= tail.first) return tail;
  return nodeOfElement(view.range({ gte: PART.nodes, lt: `${nodeKey(id)}\0`, reverse: true }, 1)[0]!);
}

/** The first `limit` nodes, the tail among them. */
export function firstNodes(view: StreamView, limit: number): Node[] {
  const { tail, nodeCount } = view.header;
  if (tail === null) return [];
  const inner = Math.min(nodeCount - 1, limit);
  const nodes = inner === 0 ? [] : elementsOf(view, inner).map(nodeOfElement);
  if (nodes.length < limit) nodes.push(tail);
  return nodes;
}

/** All nodes, the tail at the end. Each is decoded when its turn comes: most often the first one ends the walk. */
export function* nodesInOrder(view: StreamView): Generator<Node> {
  const { tail, nodeCount } = view.header;
  if (tail === null) return;
  const inner = nodeCount - 1;
  for (let given = 0; given < inner;) {
    const elements = elementsOf(view, Math.min(Math.max(given * GROWTH, FIRST_STEP), inner));
    if (elements.length === given) break;
    while (given < elements.length) yield nodeOfElement(elements[given++]!);
  }
  yield tail;
}

const FIRST_STEP = 2;
const GROWTH = 8;

function elementsOf(view: StreamView, limit: number): readonly Element[] {
  return view.range({ gte: nodeKey(MIN_ID), lt: BEHIND_NODES }, limit);
}

/** `old`: the node as it is now, null for one that only the header had. */
export function putNode(edit: StreamEdit, node: Node, old: Node | null): void {
  if (old !== null && edit.header.tail?.first === node.first) edit.update({ tail: node });
  else edit.put(nodeKey(node.first), encodeNode(node), old === null ? null : encodeNode(old));
}

/** The one before takes its place as the last one, if it was that. */
export function removeNode(edit: StreamEdit, node: Node): void {
  const { header } = edit;
  edit.update({ nodeCount: header.nodeCount - 1 });
  if (header.tail?.first !== node.first) {
    edit.delete(nodeKey(node.first), encodeNode(node));
    return;
  }
  const [before] = edit.range({ gte: PART.nodes, lt: nodeKey(node.first), reverse: true }, 1);
  if (before !== undefined) edit.delete(...before);
  edit.update({ tail: before === undefined ? null : nodeOfElement(before) });
}
