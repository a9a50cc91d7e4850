import type { Bytes } from "../support/bytes.ts";
import { RecentlyRead } from "./recently-read.ts";
import { type QueueNode, SieveQueue } from "./sieve-queue.ts";

/** Something that the cache holds. */
export interface CacheNode extends QueueNode {
  readonly key: Bytes;
  /** In the cache, but in no queue: goes with the next `trim`. */
  isPassing: boolean;
  /** About how many bytes of memory it takes now. */
  readonly memoryBytes: number;
}

/** About a millisecond's work. */
const MAX_TRIM_STEPS = 20_000;
/** When fewer steps than this part evict something, the rest is pinned. */
const MIN_YIELD = 1 / 64;
/** While less than this part of the memory is free, what was read once does not stay. */
const ROOM = 1 / 16;
/** About what a small record takes: of so many as could be in memory, it is known that they were read. */
const SMALL_RECORD_BYTES = 300;
/** Larger ones are few, and come into memory when they are used a lot. */
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
  /** What small records may take, whatever it brings and however many large ones there are. */
  readonly minBytes: number;
}

/**
 * Which records stay in memory: two queues, of small records and of large ones.
 *
 * When there is no room, a record that was read once does not stay; one that is read again, as long as it is known to
 * have been, does. Where keys are read that will not be read again soon (most of a large data set, a scan), that saves
 * what coming and going costs, and what stays is what is used.
 *
 * Small records may take a part of the limit at first, and more while that saves reads: where of many million keys any may
 * be next, four times the memory answers hardly more of them. That part no large record takes from them: in one queue a few
 * lists that nobody reads again would drive thousands of counters out before the hand comes by the lists.
 *
 * It never evicts by itself: `trim` is called between commands, so that a handler's objects stay valid.
 */
export class RecordCache<Node extends CacheNode> {
  #limits: CacheLimits;
  /** What small records may take now. */
  #allowedBytes = 0;
  #small = new SieveQueue<Node>();
  #large = new SieveQueue<Node>();
  /** Since it was last seen whether more memory would pay: reads, and those of what was read before. */
  #judged = 0;
  #readAgain = 0;
  evictions = 0;
  /** How much of a step of the large ones' hand is due. */
  #dueOfLarge = 0;
  /** What is too much is pinned: there is no use in trying before `unpinned`, or while there is not more than this. */
  #stuckBelowBytes = 0;
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
    this.#stuckBelowBytes = 0;
  }

  /** What small records may take at present. */
  get allowedBytes(): number {
    return this.#allowedBytes;
  }

  get bytes(): number {
    return this.#small.bytes + this.#large.bytes;
  }

  get count(): number {
    return this.#small.count + this.#large.count;
  }

  /** There is something to `trim`. */
  get isFull(): boolean {
    return this.#passing.length > 0 || this.#isOver;
  }

  get #isOver(): boolean {
    return (this.bytes > this.#limits.limitBytes || this.#hasTooManySmall) && !this.#isStuck;
  }

  get #isStuck(): boolean {
    return this.bytes < this.#stuckBelowBytes;
  }

  get #hasTooManySmall(): boolean {
    return this.#small.bytes > this.#allowedBytes;
  }

  /** There is more of small ones than what nobody takes from them. */
  get #maySmallGo(): boolean {
    return this.#small.bytes > leastOf(this.#limits);
  }

  /** Nodes that were pinned may not be any more. */
  unpinned(): void {
    this.#stuckBelowBytes = 0;
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
    const isBelowLimit = this.bytes < this.#limits.limitBytes * (1 - ROOM) || !this.#maySmallGo;
    return isBelowLimit && this.#small.bytes < this.#allowedBytes * (1 - ROOM);
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
    node.costBytes = node.memoryBytes;
    this.#queueOf(node).add(node);
  }

  remove(node: Node): void {
    if (node.isPassing) node.isPassing = false;
    else this.#queueOf(node).remove(node);
  }

  /** Its size changed. */
  reprice(node: Node): void {
    if (node.isPassing) return;
    const queue = this.#queueOf(node);
    const bytes = node.memoryBytes;
    if (isLarge(bytes) === isLarge(node.costBytes)) {
      queue.bytes += bytes - node.costBytes;
      node.costBytes = bytes;
    } else {
      queue.remove(node);
      this.add(node);
    }
  }

  #queueOf(node: Node): SieveQueue<Node> {
    return isLarge(node.costBytes) ? this.#large : this.#small;
  }

  /**
   * Evicts until the limit holds, or for as many steps as one call may take: what must stay is passed over. False when
   * the hands have come by everything that might go and nearly all of it must stay.
   */
  trim(): boolean {
    if (this.#passing.length > 0) this.#letPass();
    if (this.#isStuck) return false;
    this.#stuckBelowBytes = 0;
    const count = this.#maySmallGo ? this.count : this.#large.count;
    const steps = Math.min(2 * count, MAX_TRIM_STEPS);
    const before = this.evictions;
    let patience = steps;
    while (this.#isOver && patience-- > 0) {
      const queue = this.#isTurnOfLarge() ? this.#large : this.#small;
      const node = queue.step();
      if (node === null) continue;
      queue.remove(node);
      this.#evict(node);
      this.evictions++;
    }
    // What was changed lately stands together, and is pinned together: that much in vain tells nothing of the rest.
    const isVain = patience < 0 && this.evictions - before < steps * MIN_YIELD;
    this.#vainSteps = isVain ? this.#vainSteps + steps : 0;
    if (!isVain || this.#vainSteps < 2 * count) return true;
    this.#vainSteps = 0;
    // Who only reads pins as well, and nobody tells when that is over.
    this.#stuckBelowBytes = this.bytes + this.#limits.limitBytes * ROOM;
    return false;
  }

  /** Where both may go, the hands come round together, as one would in one queue. */
  #isTurnOfLarge(): boolean {
    if (this.#hasTooManySmall) return false;
    if (!this.#maySmallGo) return true;
    this.#dueOfLarge += this.#large.count / this.count;
    if (this.#dueOfLarge < 1) return false;
    this.#dueOfLarge -= 1;
    return true;
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
    this.#small = new SieveQueue<Node>();
    this.#large = new SieveQueue<Node>();
  }
}

const isLarge = (bytes: number): boolean => bytes >= LARGE_RECORD_BYTES;

const leastOf = ({ limitBytes, minBytes }: CacheLimits): number => Math.min(limitBytes, minBytes);
