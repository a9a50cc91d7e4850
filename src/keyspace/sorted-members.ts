import type { Bytes } from "../support/bytes.ts";
import {
  type LexRange,
  type OrderRange,
  type Ranks,
  type ScoreRange,
  type Window,
  NO_RANKS,
  isEmptyRange,
  isMemberBefore,
  isMemberUpTo,
  isScoreBefore,
  isScoreUpTo,
  ranksInWindow,
  ranksShown,
} from "./order-range.ts";
import { FlatOrder } from "./flat-order.ts";
import { MemberMap, type WideMembers } from "./member-map.ts";
import { type MemberOrder, ScoreOrder, type ScoredMembers } from "./score-order.ts";

/** A sorted set in memory: members in order, and the score of each at hand. */
export class SortedMembers {
  #order: MemberOrder;
  /** Null while there are so few that looking through them is as fast. */
  #scores: MemberMap<number> | null = null;
  /** So many of those that will be taken next were looked up lately. */
  #near = 0;

  /** Empty, or with elements that are in order. */
  constructor(sorted: ScoredMembers = { scores: [], members: [] }) {
    const isFlat = sorted.members.length <= MAX_FLAT;
    this.#order = isFlat ? new FlatOrder(sorted) : ScoreOrder.ofSorted(sorted);
    if (this.size > MAX_WITHOUT_MAP) this.#index();
  }

  get order(): MemberOrder {
    return this.#order;
  }

  get size(): number {
    return this.order.size;
  }

  /** Its members, when there are many. */
  get wide(): WideMembers | null {
    return this.#scores?.wide ?? null;
  }

  score(member: Bytes): number | null {
    if (this.#scores === null) return this.order.find(member);
    return this.#scores.get(member) ?? null;
  }

  /** `old`: the score that the member has, null when it is new. */
  put(member: Bytes, score: number, old: number | null): void {
    if (old === null) this.#insert(score, member);
    else this.#order.move(old, score, member);
    if (this.#scores !== null) this.#scores.set(member, score);
    else if (this.size > MAX_WITHOUT_MAP) this.#index();
  }

  #insert(score: number, member: Bytes): void {
    if (this.size === MAX_FLAT) this.#order = ScoreOrder.ofSorted(this.order.slice(0, MAX_FLAT));
    this.#order.insert(score, member);
  }

  /** `score`: what the member has. */
  delete(member: Bytes, score: number): void {
    this.order.remove(score, member);
    this.#scores?.delete(member);
  }

  /** Removes and returns the elements of ranks `from` up to, not including, `to`. */
  takeRanks(from: number, to: number): ScoredMembers {
    if (this.#near < to - from) this.#bringNear(from, to);
    this.#near -= to - from;
    const taken = this.order.slice(from, to);
    this.order.removeRanks(from, to);
    if (this.#scores !== null) for (const member of taken.members) this.#scores.delete(member);
    return taken;
  }

  /**
   * Who takes a few from one end takes more. Looked up together they are near the processor when each of them goes: it waits
   * for far memory once, and not for each.
   */
  #bringNear(from: number, to: number): void {
    this.#near = to - from;
    const { size } = this;
    const isAtEnd = from === 0 || to === size;
    const { wide } = this;
    if (wide === null || !isAtEnd || this.#near > AHEAD) return;
    const first = from === 0 ? 0 : Math.max(0, from - AHEAD);
    const { members } = this.order.slice(first, from === 0 ? Math.min(size, to + AHEAD) : to);
    this.#near = members.length;
    wide.touch(members);
  }

  /** The ranks that a window shows of a range. */
  ranks(range: OrderRange, window: Window): Ranks {
    if (range.by === "rank") return ranksShown(this.size, range, window);
    if (isEmptyRange(range)) return NO_RANKS;
    return ranksInWindow(
      range.by === "score" ? this.#scoreRanks(range) : this.#lexRanks(range, window.reverse),
      window,
    );
  }

  #scoreRanks({ min, max }: ScoreRange): Ranks {
    const from = this.order.countWhile((score) => isScoreBefore(score, min));
    return {
      from,
      to: Math.max(
        from,
        this.order.countWhile((score) => isScoreUpTo(score, max)),
      ),
    };
  }

  #lexRanks(range: LexRange, reverse: boolean): Ranks {
    const { min, max } = range;
    if (this.size <= MAX_LEX_WALK) return this.#walkedLexRanks(range, reverse);
    const from = this.order.countWhile((_, member) => isMemberBefore(member, min));
    return {
      from,
      to: Math.max(
        from,
        this.order.countWhile((_, member) => isMemberUpTo(member, max)),
      ),
    };
  }

  /** As Redis does it: where scores differ, members are in no order, and the result depends on the way. */
  #walkedLexRanks({ min, max }: LexRange, reverse: boolean): Ranks {
    const { members } = this.order.slice(0, this.size);
    const last = members.length - 1;
    if (isMemberBefore(members[last]!, min) || !isMemberUpTo(members[0]!, max)) return NO_RANKS;
    if (reverse) {
      const to = members.findLastIndex((member) => isMemberUpTo(member, max)) + 1;
      let from = to;
      while (from > 0 && !isMemberBefore(members[from - 1]!, min)) from--;
      return { from, to };
    }
    const from = members.findIndex((member) => !isMemberBefore(member, min));
    let to = from;
    while (to <= last && isMemberUpTo(members[to]!, max)) to++;
    return { from, to };
  }

  #index(): void {
    const scores = new MemberMap<number>();
    for (const [member, score] of this.order) scores.set(member, score);
    this.#scores = scores;
  }
}

/** So many more than what is taken. */
const AHEAD = 16;
/** Up to here they are in two arrays. One that has grown beyond stays as it is then. */
const MAX_FLAT = 128;
/** Up to here a search through the array is as fast as one in a Map, which takes twice the memory. */
export const MAX_WITHOUT_MAP = 16;
/** Redis' packed sorted sets are not larger; beyond, it goes other ways itself. */
const MAX_LEX_WALK = 128;
