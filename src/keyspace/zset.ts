import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import { sliceRuns } from "../support/slice-runs.ts";
import type { Element, Elements } from "../storage/elements.ts";
import { type ByteReader, readScore, varint } from "../storage/numbers.ts";
import { Collection } from "./collection.ts";
import { drawNumbers } from "./draw.ts";
import { type ScanPage, crcOfCursor, scanElements } from "./element-scan.ts";
import type { Keyspace, PackingLimits } from "./keyspace.ts";
import type { Loader } from "./loader.ts";
import type { WideMembers } from "./member-map.ts";
import {
  type OrderRange,
  type RankRange,
  type Ranks,
  type Window,
  NO_RANKS,
  WHOLE_RANGE,
  WHOLE_WINDOW,
  isEmptyRange,
  ranksInWindow,
  ranksShown,
} from "./order-range.ts";
import { OrderRanks } from "./order-ranks.ts";
import type { ScoredMembers } from "./score-order.ts";
import { MAX_WITHOUT_MAP, SortedMembers } from "./sorted-members.ts";
import {
  MEMBERS,
  ORDER_KEYS,
  WHOLE_ORDER,
  deleteElement,
  hasSeveralScores,
  memberKey,
  memberOf,
  memberOfOrder,
  ORDER_HEAD_LENGTH,
  orderBounds,
  orderHead,
  orderKey,
  putElement,
  rankDistance,
  readRank,
  readRanks,
  readWindow,
  scoreOfOrder,
  scoreValue,
  scoredMembers,
} from "./zset-elements.ts";

export type ScoredMember = readonly [member: Bytes, score: number];

/** `sorted`: in order, −0 as 0 (`packedScore`). */
export function packScored(sorted: Iterable<ScoredMember>, count: number): Bytes {
  let packed = varint(count);
  for (const [member, score] of sorted) packed += varint(member.length) + member + scoreValue(score);
  return packed;
}

/** `longest`: of all members. */
export function mayPackZset(limits: PackingLimits, count: number, longest: number): boolean {
  return count <= limits.zsetMaxListpackEntries && longest <= limits.zsetMaxListpackValue;
}

/**
 * A sorted set. Packed record: count varint, then in order each member's length and bytes and its score
 * (`scoreValue`). Ranged: see zset-elements.ts.
 *
 * One that is on disk answers from there: scores by point reads, ranges by a seek to where they begin. It is
 * loaded when that has cost about as much as loading it would have, or is about to.
 */
export class ZSet extends Collection<SortedMembers> {
  readonly type = "zset";
  /** What reads of its order have cost since it was last loaded, in elements. */
  #readCost = 0;

  constructor(keyspace: Keyspace) {
    super(keyspace, new SortedMembers());
  }

  static read(keyspace: Keyspace, reader: ByteReader, isRanged: boolean): ZSet {
    const zset = new ZSet(keyspace);
    if (isRanged) zset.readRanged(reader);
    else zset.#unpack(reader);
    return zset;
  }

  /** A new one, for `Database.put`; it takes over the arrays. Not empty. */
  static of(keyspace: Keyspace, sorted: ScoredMembers): ZSet {
    const { scores, members } = sorted;
    const zset = new ZSet(keyspace);
    let bytes = 0;
    let longest = 0;
    for (const { length } of members) {
      bytes += length;
      if (length > longest) longest = length;
    }
    const isPacked = zset.#mayBePacked(members.length, longest);
    zset.resident = new SortedMembers(isPacked ? { scores: scores.map(packedScore), members } : sorted);
    zset.counted(members.length, bytes);
    if (!isPacked) zset.spread();
    return zset;
  }

  #unpack(reader: ByteReader): void {
    const scores: number[] = [];
    const members: Bytes[] = [];
    let bytes = 0;
    for (let left = reader.varint(); left > 0; left--) {
      const member = reader.sized();
      members.push(member);
      scores.push(readScore(reader.take(8)));
      bytes += member.length;
    }
    this.resident = new SortedMembers({ scores, members });
    this.counted(members.length, bytes);
  }

  protected pack({ order }: SortedMembers): Bytes {
    return packScored(order, order.size);
  }

  protected writeAll(elements: Elements, { order }: SortedMembers): void {
    for (const [member, score] of order) putElement(elements, member, score, null);
  }

  protected wholeRange(): { gte: Bytes } {
    return WHOLE_ORDER;
  }

  protected loader(): Loader<SortedMembers> {
    this.#readCost = 0;
    const members = new SortedMembers();
    const change = (order: Bytes, member: Bytes, value: Bytes | null): void => {
      const old = members.score(member);
      if (value !== null) members.put(member, scoreOfOrder(order, value), old);
      // It may have come and gone, or have another score by now.
      else if (old !== null && orderHead(old) === order) members.delete(member, old);
    };
    return {
      headLength: ORDER_HEAD_LENGTH,
      add: (order, member, value) => members.put(member, scoreOfOrder(order, value), null),
      change,
      finish: () => members,
    };
  }

  protected residentBytes(count: number, bytes: number): number {
    if (count <= MAX_WITHOUT_MAP) return FLAT_BYTES + count * FLAT_MEMBER_BYTES + bytes;
    return STRUCTURE_BYTES + count * MEMBER_BYTES + bytes;
  }

  get encoding(): string {
    return this.isPacked ? "listpack" : "skiplist";
  }

  // ─── by member ─────────────────────────────────────────────────────────────────────────────────

  override get wide(): WideMembers | null {
    return this.resident?.wide ?? null;
  }

  /** Call before the first write of a command that reads the scores of these members. */
  ready(members: readonly Bytes[]): void {
    if (this.resident === null) this.elements!.ready(members.map(memberKey));
    else if (members.length > 1) this.wide?.touch(members);
  }

  score(member: Bytes): number | null {
    if (this.resident !== null) return this.resident.score(member);
    const bytes = this.readPoint(memberKey(member));
    return bytes === null ? null : readScore(bytes);
  }

  /**
   * Gives a member its score, which is not NaN. `old` is what `score(member)` says. An equal score changes
   * nothing, and is not to be put.
   */
  put(member: Bytes, score: number, old: number | null): void {
    const { resident, elements } = this;
    if (elements !== null) {
      resident?.put(member, score, old);
      putElement(elements, member, score, old);
    } else if (old !== null || this.#mayBePacked(this.count + 1, member.length)) {
      resident!.put(member, packedScore(score), old);
    } else {
      resident!.put(member, score, old);
      this.spread();
    }
    if (old === null) this.changed(1, member.length);
    else this.changed(0, 0);
  }

  #mayBePacked(count: number, longest: number): boolean {
    return mayPackZset(this.keyspace.limits, count, longest);
  }

  /** False when there was no such member. A sorted set that becomes empty takes its key along. */
  delete(member: Bytes): boolean {
    const score = this.score(member);
    if (score === null) return false;
    this.resident?.delete(member, score);
    if (this.elements !== null) deleteElement(this.elements, member, score);
    this.changed(-1, -member.length);
    return true;
  }

  // ─── by order ──────────────────────────────────────────────────────────────────────────────────

  /** How many come before the member in order; null when it is not there. */
  rank(member: Bytes): number | null {
    const score = this.score(member);
    if (score === null) return null;
    const members = this.#inMemory(this.count);
    if (members !== null) return members.order.rank(score, member);
    const key = orderKey(score, member);
    const ranks = this.#ranks;
    const near = ranks?.isReady
      ? null
      : readRank(this.elements!, key, this.count, ranks === null ? Infinity : NEAR);
    return near ?? ranks!.of(key);
  }

  /** What a window shows of a range, in the window's direction. For replies see `mustStream`. */
  range(range: OrderRange, window = WHOLE_WINDOW): ScoredMembers {
    const members = this.#inMemoryFor(range, window);
    if (members === null) return this.#read(range, window);
    const { from, to } = members.ranks(range, window);
    return directed(members.order.slice(from, to), window);
  }

  /** Removes what a window shows of a range, and returns it. What becomes empty takes its key along. */
  take(range: OrderRange, window = WHOLE_WINDOW): ScoredMembers {
    const members = this.#inMemoryFor(range, window);
    let taken: ScoredMembers;
    if (members === null) {
      taken = this.#read(range, window);
    } else {
      const { from, to } = members.ranks(range, window);
      taken = directed(members.takeRanks(from, to), window);
    }
    const count = taken.members.length;
    if (count === 0) return taken;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const member = taken.members[i]!;
      bytes += member.length;
      if (this.elements !== null) deleteElement(this.elements, member, taken.scores[i]!);
    }
    this.changed(-count, -bytes);
    return taken;
  }

  /** How many elements are in a range. */
  countIn(range: OrderRange): number {
    const members = this.#inMemoryFor(range, WHOLE_WINDOW);
    if (members === null) return this.#countOnDisk(range);
    const { from, to } = members.ranks(range, WHOLE_WINDOW);
    return to - from;
  }

  #countOnDisk(range: OrderRange): number {
    const ranks = this.#ranks;
    if (range.by !== "rank" && !isEmptyRange(range) && ranks?.isReady !== true) {
      const most = ranks === null ? Infinity : NEAR;
      const { length } = this.elements!.range(orderBounds(this.elements!, range), most);
      if (length < most) return length;
    }
    const { from, to } = this.#ranksOnDisk(ranks!, range);
    return to - from;
  }

  #ranksOnDisk(ranks: OrderRanks, range: OrderRange): Ranks {
    if (range.by === "rank") return this.ranks(range, WHOLE_WINDOW);
    if (isEmptyRange(range)) return NO_RANKS;
    if (range.by === "score") {
      const { min, max } = range;
      return {
        from: min.exclusive ? ranks.upTo(min.value) : ranks.below(min.value),
        to: max.exclusive ? ranks.below(max.value) : ranks.upTo(max.value),
      };
    }
    const { gte, lt } = orderBounds(this.elements!, range);
    return { from: ranks.before(gte), to: lt === undefined ? this.count : ranks.before(lt) };
  }

  /** Of one that is on disk, and too large for memory. Null: nothing of it is in the store yet, where they are counted. */
  get #ranks(): OrderRanks | null {
    const { elements } = this;
    if (elements === null || !elements.isStored || !this.isLarge) return null;
    // With the elements, since after a transaction that was taken back they are another's.
    elements.derived ??= new OrderRanks(elements, this.keyspace.reading, {
      ...ORDER_KEYS,
      maxScoreBytes: this.keyspace.residentShareBytes,
    });
    return elements.derived as OrderRanks;
  }

  #readFromDisk(range: OrderRange, window: Window): ScoredMembers {
    const elements = this.elements!;
    const ranks = this.#ranks;
    if (ranks === null) return readWindow(elements, range, window, this.count);
    let shown: Ranks;
    if (range.by === "rank") shown = this.ranks(range, window);
    else if (window.offset > NEAR) shown = ranksInWindow(this.#ranksOnDisk(ranks, range), window);
    else return readWindow(elements, range, window, this.count);
    if (rankDistance(shown, this.count) <= NEAR)
      return readRanks(elements, shown, this.count, window.reverse);
    return directed(scoredMembers(ranks.read(shown)), window);
  }

  #read(range: OrderRange, window: Window): ScoredMembers {
    const found = this.#readFromDisk(range, window);
    this.#readCost += SEEK_COST + this.#distance(range, window) + found.members.length;
    return found;
  }

  #inMemoryFor(range: OrderRange, window: Window): SortedMembers | null {
    if (this.resident !== null) return this.resident;
    const members = this.#inMemory(this.#distance(range, window));
    if (members === null && range.by === "lex" && hasSeveralScores(this.elements!)) return this.whole();
    return members;
  }

  /** Elements that a read of ranks from the disk walks over. */
  #distance(range: OrderRange, window: Window): number {
    return range.by === "rank" ? rankDistance(ranksShown(this.count, range, window), this.count) : 0;
  }

  /**
   * The structure, when it is in memory or pays to be: when answers from disk, with one that costs `toCome`
   * elements, would have cost as much as loading it.
   */
  #inMemory(toCome: number): SortedMembers | null {
    if (this.resident !== null) return this.resident;
    return this.fitsInMemory && this.#readCost + toCome >= this.count ? this.whole() : null;
  }

  // ─── the whole of it, or much of it ────────────────────────────────────────────────────────────

  /** All of it, in order; loads what is on disk. */
  entries(): Iterable<ScoredMember> {
    return this.whole().order;
  }

  /** The ranks, counted from the lowest score, that a window shows of a range. */
  ranks(range: RankRange, window: Window): Ranks {
    return ranksShown(this.count, range, window);
  }

  /** On disk, and too large for memory. */
  get isLarge(): boolean {
    return this.resident === null && !this.fitsInMemory;
  }

  /** Reading these ranks would fill the memory: `stream` them. */
  mustStream({ from, to }: Ranks): boolean {
    return this.isLarge && to - from > MAX_UNSTREAMED && !this.isInScript;
  }

  /** The elements of some ranks as they are now, in runs from a snapshot. Only where `isLarge`. */
  stream({ from, to }: Ranks, reverse: boolean): AsyncIterableIterator<readonly ScoredMember[]> {
    const ranks = this.#ranks;
    const { range, rank } = ranks?.isReady
      ? ranks.place(reverse ? to - 1 : from, reverse)
      : { range: { ...WHOLE_ORDER, reverse }, rank: reverse ? this.count - to : from };
    const all = this.elements!.stream(range, (key, value): ScoredMember => [
      memberOfOrder(key),
      scoreOfOrder(key, value),
    ]);
    return sliceRuns(all, rank, to - from);
  }

  /** One step of ZSCAN. A packed sorted set is one step, as in Redis. */
  scan(cursor: number, count: number): ScanPage<ScoredMember> {
    if (this.elements === null) return { cursor: 0, items: [...this.resident!.order] };
    return scanElements(this.elements, MEMBERS, crcOfCursor(cursor), count, (key, value) => [
      memberOf(key),
      readScore(value),
    ]);
  }

  // ─── at random ─────────────────────────────────────────────────────────────────────────────────

  /** `count` members at random, with repetition; of one that `isLarge` not more than `maxDrawn`. */
  randomWithRepeats(count: number, random: Random): ScoredMembers {
    const members = this.#inMemoryToDraw(count);
    if (members === null) return fromElements(this.randomElements(MEMBERS).repeated(count, random));
    return members.order.atRanks(Array.from({ length: count }, () => random.below(members.size)));
  }

  /**
   * `count` different members at random; all of them, in descending order, when there are not more. Of one that
   * `isLarge` not more than `maxDrawn`.
   */
  randomDistinct(count: number, random: Random): ScoredMembers {
    if (count >= this.count) return this.range(WHOLE_RANGE, { ...WHOLE_WINDOW, reverse: true });
    let members = this.#inMemoryToDraw(count);
    if (members === null) {
      const drawn = this.randomElements(MEMBERS).distinct(count, random);
      if (drawn !== null) return fromElements(drawn);
      members = this.whole();
    }
    return members.order.atRanks(drawNumbers(count, members.size, random));
  }

  /** So many members can be drawn from disk; for more, `stream` it. */
  get maxDrawn(): number {
    return Math.floor(this.count / MIN_ELEMENTS_PER_DRAW);
  }

  #inMemoryToDraw(count: number): SortedMembers | null {
    const cost = count * SEEK_COST;
    const members = this.#inMemory(cost);
    if (members === null) this.#readCost += cost;
    return members;
  }
}

/** A SortedMembers with its order and two arrays; a slot in each of them, and the header of a string. */
const FLAT_BYTES = 180;
const FLAT_MEMBER_BYTES = 40;
/** The same with a Map, or with blocks. */
const STRUCTURE_BYTES = 560;
/** A place in two arrays, one in the table, its score, and the header of a string. Measured with 100,000 to 1,500,000 members. */
const MEMBER_BYTES = 110;

/** A seek to a place on disk costs as much as reading so many elements there. */
const SEEK_COST = 40;

/** Members are drawn from disk in windows of neighbours: several draws shall seldom meet in one. */
const MIN_ELEMENTS_PER_DRAW = 8;

/** Up to so many elements of one that does not fit are read at once. */
const MAX_UNSTREAMED = 10_000;

/** So far from an end a rank is found by walking there. */
const NEAR = 1000;

/** Where Redis packs a sorted set, −0 becomes 0. */
export function packedScore(score: number): number {
  return score + 0;
}

function fromElements(elements: readonly Element[]): ScoredMembers {
  return {
    scores: elements.map(([, score]) => readScore(score)),
    members: elements.map(([key]) => memberOf(key)),
  };
}

/** Turns elements that are in order into the window's direction. */
function directed(sorted: ScoredMembers, { reverse }: Window): ScoredMembers {
  if (reverse) {
    sorted.scores.reverse();
    sorted.members.reverse();
  }
  return sorted;
}
