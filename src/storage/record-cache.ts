import type { Bytes } from "../support/bytes.ts";
import { RecentlyRead } from "./recently-read.ts";

/** Something that the cache holds, linked in order of arrival. */
export interface CacheNode {
  readonly key: Bytes;
  /** Used since the hand last came by. */
  visited: boolean;
  /** Set by the cache. */
  costBytes: number;
  newer: CacheNode | null;
  older: CacheNode | null;
  /** In the cache, but not in the queue: goes with the next `trim`. */
  isPassing: boolean;
  /** About how many bytes of memory it takes now. */
  readonly memoryBytes: number;
  /** Must not go now: not yet written, or being read. */
  readonly isPinned: boolean;
}

/** About a millisecond's work. */
const MAX_TRIM_STEPS = 20_000;
/** When fewer steps than this part evict something, the rest is pinned. */
const MIN_YIELD = 1 / 64;
/** While less than this part of the memory is free, what was read once does not stay. */
const ROOM = 1 / 16;
/** About what a small record takes: of so many as could be in memory, it is known that they were read. */
const SMALL_RECORD_BYTES = 300;
/** Larger ones are few, and come into memory when they are used a lot: they are in nobody's way. */
const LARGE_RECORD_BYTES = 64 << 10;
/** After so many reads that found no room it is seen whether more memory would pay. */
const JUDGED_READS = 1 << 14;
/** It does when at least this part of them was read before, and might still be there. */
const PAYING_PART = 1 / 6;
/** This part of the limit is added then. */
const GROWTH = 1 / 16;

export interface CacheLimits {
  /** What all records may take together. */
  readonly limitBytes: number;
  /** What small records may take, whatever it brings. */
  readonly minBytes: number;
}

/**
 * Which records stay in memory: SIEVE (Zhang et al., NSDI 2024). A queue in order of arrival and a hand that
 * moves from old to new; what was used since the hand last came by is spared once. A use costs one store,
 * no list is reordered.
 *
 * When there is no room, a record that was read once does not stay; one that is read again, as long as it is known to
 * have been, does. Where keys are read that will not be read again soon (most of a large data set, a scan), that saves
 * what coming and going costs, and what stays is what is used.
 *
 * Small records may take a part of the limit at first, and more while that saves reads: where of many million keys any may
 * be next, four times the memory answers hardly more of them.
 *
 * It never evicts by itself: `trim` is called between commands, so that a handler's objects stay valid.
 */
export class RecordCache<Node extends CacheNode> {
  #limits: CacheLimits;
  /** What small records may take now. */
  #allowedBytes = 0;
  #bytes = 0;
  #smallBytes = 0;
  /** Since it was last seen whether more memory would pay: reads, and those of what was read before. */
  #judged = 0;
  #readAgain = 0;
  #count = 0;
  evictions = 0;
  #newest: Node | null = null;
  #oldest: Node | null = null;
  #hand: Node | null = null;
  /** What is too much is pinned: there is no use in trying before `unpinned`. */
  #isStuck = false;
  /** Steps since many of them last evicted something. */
  #vainSteps = 0;
  #passing: Node[] = [];
  /** Made when there is no room for the first time. */
  #recentlyRead: RecentlyRead | null = null;
  readonly #evict: (node: Node) => void;

  /** `evict`: forget the node wherever else it is known. */
  constructor(limits: CacheLimits, evict: (node: Node) => void) {
    this.#limits = limits;
    this.#allowedBytes = leastOf(limits);
    this.#evict = evict;
  }

  get limits(): CacheLimits {
    return this.#limits;
  }

  /** What small records may take is judged anew. */
  set limits(limits: CacheLimits) {
    this.#limits = limits;
    this.#allowedBytes = leastOf(limits);
    this.#recentlyRead = null;
    this.#judged = this.#readAgain = 0;
  }

  /** What small records may take at present. */
  get allowedBytes(): number {
    return this.#allowedBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** There is something to `trim`. */
  get isFull(): boolean {
    return this.#passing.length > 0 || this.#isOver;
  }

  get #isOver(): boolean {
    return (this.#isBeyondLimit || this.#smallBytes > this.#allowedBytes) && !this.#isStuck;
  }

  get #isBeyondLimit(): boolean {
    return this.#bytes > this.#limits.limitBytes;
  }

  /** Nodes that were pinned may not be any more. */
  unpinned(): void {
    this.#isStuck = false;
    this.#vainSteps = 0;
  }

  /** What was just read from the store. */
  admit(node: Node): void {
    if (this.#hasRoom || this.#wasReadRecently(node.key)) this.add(node);
    else {
      node.isPassing = true;
      this.#passing.push(node);
    }
  }

  get #hasRoom(): boolean {
    const { limitBytes } = this.#limits;
    return this.#bytes < limitBytes * (1 - ROOM) && this.#smallBytes < this.#allowedBytes * (1 - ROOM);
  }

  #wasReadRecently(key: Bytes): boolean {
    this.#recentlyRead ??= new RecentlyRead(this.#limits.limitBytes / SMALL_RECORD_BYTES);
    const isAgain = this.#recentlyRead.meets(key);
    this.#judge(isAgain);
    return isAgain;
  }

  /** Whether more memory would have saved reads. */
  #judge(isAgain: boolean): void {
    const { limitBytes } = this.#limits;
    if (this.#allowedBytes >= limitBytes) return;
    if (isAgain) this.#readAgain++;
    if (++this.#judged < JUDGED_READS) return;
    if (this.#readAgain >= JUDGED_READS * PAYING_PART) {
      this.#allowedBytes = Math.min(limitBytes, this.#allowedBytes + limitBytes * GROWTH);
    }
    this.#judged = 0;
    this.#readAgain = 0;
  }

  /** It stays as long as others that are used as much. */
  add(node: Node): void {
    // It may be from before `clear`.
    node.costBytes = 0;
    this.#account(node, node.memoryBytes);
    this.#count++;
    node.older = this.#newest;
    if (this.#newest === null) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  remove(node: Node): void {
    if (node.isPassing) {
      node.isPassing = false;
      return;
    }
    if (this.#hand === node) this.#hand = node.newer as Node | null;
    if (node.newer === null) this.#newest = node.older as Node | null;
    else node.newer.older = node.older;
    if (node.older === null) this.#oldest = node.newer as Node | null;
    else node.older.newer = node.newer;
    node.newer = node.older = null;
    this.#account(node, 0);
    this.#count--;
  }

  /** Its size changed. */
  reprice(node: Node): void {
    if (!node.isPassing) this.#account(node, node.memoryBytes);
  }

  #account(node: Node, bytes: number): void {
    const before = node.costBytes;
    this.#bytes += bytes - before;
    this.#smallBytes += smallPart(bytes) - smallPart(before);
    node.costBytes = bytes;
  }

  /**
   * Evicts until the limit holds, or for as many steps as one call may take: what must stay is passed over. False when
   * the hand has come by everything and nearly all of it must.
   */
  trim(): boolean {
    if (this.#passing.length > 0) this.#letPass();
    const steps = Math.min(2 * this.#count, MAX_TRIM_STEPS);
    const before = this.evictions;
    let patience = steps;
    while (this.#isOver && patience-- > 0) {
      const node = this.#hand ?? this.#oldest;
      if (node === null) break;
      this.#hand = node.newer as Node | null;
      // Where small ones take too much, large ones need not go.
      if (isLarge(node.costBytes) && !this.#isBeyondLimit) continue;
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
    this.#isStuck = isVain && this.#vainSteps >= 2 * this.#count;
    return !this.#isStuck;
  }

  /** Those that were changed meanwhile, or are in use, stay. */
  #letPass(): void {
    const passing = this.#passing;
    this.#passing = [];
    for (const node of passing) {
      if (!node.isPassing) continue;
      node.isPassing = false;
      if (node.isPinned) this.add(node);
      else this.#evict(node);
    }
  }

  clear(): void {
    for (const node of this.#passing) node.isPassing = false;
    this.#passing = [];
    this.#newest = this.#oldest = this.#hand = null;
    this.#bytes = 0;
    this.#smallBytes = 0;
    this.#count = 0;
  }
}

const isLarge = (bytes: number): boolean => bytes >= LARGE_RECORD_BYTES;

const smallPart = (bytes: number): number => (isLarge(bytes) ? 0 : bytes);

const leastOf = ({ limitBytes, minBytes }: CacheLimits): number => Math.min(limitBytes, minBytes);
