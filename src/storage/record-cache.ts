/** Something that the cache holds, linked in order of arrival. */
export interface CacheNode {
  /** Used since the hand last came by. */
  visited: boolean;
  /** Set by the cache. */
  costBytes: number;
  newer: CacheNode | null;
  older: CacheNode | null;
  /** About how many bytes of memory it takes now. */
  readonly memoryBytes: number;
  /** Must not go now: not yet written, or being read. */
  readonly isPinned: boolean;
}

/** About a millisecond's work. */
const MAX_TRIM_STEPS = 20_000;
/** When fewer steps than this part evict something, the rest is pinned. */
const MIN_YIELD = 1 / 64;

/**
 * Which records stay in memory: SIEVE (Zhang et al., NSDI 2024). A queue in order of arrival and a hand that
 * moves from old to new; what was used since the hand last came by is spared once. A use costs one store,
 * no list is reordered.
 *
 * It never evicts by itself: `trim` is called between commands, so that a handler's objects stay valid.
 */
export class RecordCache<Node extends CacheNode> {
  limitBytes: number;
  #bytes = 0;
  #count = 0;
  evictions = 0;
  #newest: Node | null = null;
  #oldest: Node | null = null;
  #hand: Node | null = null;
  /** What is too much is pinned: there is no use in trying before `unpinned`. */
  #isStuck = false;
  /** Steps since many of them last evicted something. */
  #vainSteps = 0;
  readonly #evict: (node: Node) => void;

  /** `evict`: forget the node wherever else it is known. */
  constructor(limitBytes: number, evict: (node: Node) => void) {
    this.limitBytes = limitBytes;
    this.#evict = evict;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#bytes > this.limitBytes && !this.#isStuck;
  }

  /** Nodes that were pinned may not be any more. */
  unpinned(): void {
    this.#isStuck = false;
  }

  add(node: Node): void {
    node.costBytes = node.memoryBytes;
    this.#bytes += node.costBytes;
    this.#count++;
    node.older = this.#newest;
    if (this.#newest === null) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  remove(node: Node): void {
    if (this.#hand === node) this.#hand = node.newer as Node | null;
    if (node.newer === null) this.#newest = node.older as Node | null;
    else node.newer.older = node.older;
    if (node.older === null) this.#oldest = node.newer as Node | null;
    else node.older.newer = node.newer;
    node.newer = node.older = null;
    this.#bytes -= node.costBytes;
    this.#count--;
  }

  /** Its size changed. */
  reprice(node: Node): void {
    const cost = node.memoryBytes;
    this.#bytes += cost - node.costBytes;
    node.costBytes = cost;
  }

  /**
   * Evicts until the limit holds, or for as many steps as one call may take: what must stay is passed over. False when
   * the hand has come by everything and nearly all of it must.
   */
  trim(): boolean {
    const steps = Math.min(2 * this.#count, MAX_TRIM_STEPS);
    const before = this.evictions;
    let patience = steps;
    while (this.isFull && patience-- > 0) {
      const node = this.#hand ?? this.#oldest;
      if (node === null) break;
      this.#hand = node.newer as Node | null;
      if (node.visited) node.visited = false;
      else if (!node.isPinned) {
        this.remove(node);
        this.#evict(node);
        this.evictions++;
      }
    }
    // What was changed lately stands together, and is pinned together: that much in vain tells nothing of the rest.
    const isVain = patience < 0 && this.evictions - before < steps * MIN_YIELD;
    this.#vainSteps = isVain ? this.#vainSteps + steps : 0;
    this.#isStuck = this.#vainSteps >= 2 * this.#count && isVain;
    return !this.#isStuck;
  }

  clear(): void {
    this.#newest = this.#oldest = this.#hand = null;
    this.#bytes = 0;
    this.#count = 0;
  }
}
