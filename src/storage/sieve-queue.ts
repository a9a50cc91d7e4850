/** What a queue links, in order of arrival. */
export interface QueueNode {
  /** Used since the hand last came by. */
  visited: boolean;
  /** What it counts for, in bytes of memory. Set by the cache. */
  costBytes: number;
  newer: QueueNode | null;
  older: QueueNode | null;
  /** Must not go now: not yet written, or being read. */
  readonly isPinned: boolean;
}

/**
 * SIEVE (Zhang et al., NSDI 2024): a queue in order of arrival and a hand that moves from old to new; what was used
 * since the hand last came by is spared once. A use costs one store, no list is reordered.
 */
export class SieveQueue<Node extends QueueNode> {
  /** What all of it takes. */
  bytes = 0;
  count = 0;
  #newest: Node | null = null;
  #oldest: Node | null = null;
  #hand: Node | null = null;

  add(node: Node): void {
    node.older = this.#newest;
    if (this.#newest === null) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
    this.bytes += node.costBytes;
    this.count++;
  }

  remove(node: Node): void {
    if (this.#hand === node) this.#hand = node.newer as Node | null;
    if (node.newer === null) this.#newest = node.older as Node | null;
    else node.newer.older = node.older;
    if (node.older === null) this.#oldest = node.newer as Node | null;
    else node.older.newer = node.newer;
    node.newer = node.older = null;
    this.bytes -= node.costBytes;
    this.count--;
  }

  /** Moves the hand by one: what it met, when that may go. */
  step(): Node | null {
    const node = this.#hand ?? this.#oldest;
    if (node === null) return null;
    this.#hand = node.newer as Node | null;
    if (!node.visited) return node.isPinned ? null : node;
    node.visited = false;
    return null;
  }
}
