import type { Bytes } from "../support/bytes.ts";
import type { MemberOrder, ScoredMembers } from "./score-order.ts";

/**
 * A few members in the order of their scores, those of one score in the order of their bytes: two arrays side by side and
 * nothing else, since there may be a great many small sorted sets. The same as a `ScoreOrder`, which takes four times the
 * memory for a single member.
 */
export class FlatOrder implements MemberOrder {
  #scores: number[];
  #members: Bytes[];

  /** Of elements that are in order; it takes over the arrays. */
  constructor({ scores, members }: ScoredMembers) {
    this.#scores = scores;
    this.#members = members;
  }

  get size(): number {
    return this.#members.length;
  }

  insert(score: number, member: Bytes): void {
    // An array grows by sixteen places at least, and hardly any of them will be used.
    if (this.size === 0) {
      this.#scores = [score];
      this.#members = [member];
    } else if (this.size < FEW) {
      const i = this.rank(score, member);
      this.#scores = this.#scores.toSpliced(i, 0, score);
      this.#members = this.#members.toSpliced(i, 0, member);
    } else {
      const i = this.rank(score, member);
      this.#scores.splice(i, 0, score);
      this.#members.splice(i, 0, member);
    }
  }

  move(old: number, score: number, member: Bytes): void {
    this.remove(old, member);
    this.insert(score, member);
  }

  remove(score: number, member: Bytes): void {
    const i = this.rank(score, member);
    this.removeRanks(i, i + 1);
  }

  removeRanks(from: number, to: number): void {
    this.#scores.splice(from, to - from);
    this.#members.splice(from, to - from);
  }

  rank(score: number, member: Bytes): number {
    return this.countWhile((other, name) => other < score || (other === score && name < member));
  }

  countWhile(isBefore: (score: number, member: Bytes) => boolean): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#scores[middle]!, this.#members[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  slice(from: number, to: number): ScoredMembers {
    return { scores: this.#scores.slice(from, to), members: this.#members.slice(from, to) };
  }

  atRanks(ranks: readonly number[]): ScoredMembers {
    return {
      scores: ranks.map((rank) => this.#scores[rank]!),
      members: ranks.map((rank) => this.#members[rank]!),
    };
  }

  find(member: Bytes): number | null {
    const i = this.#members.indexOf(member);
    return i < 0 ? null : this.#scores[i]!;
  }

  *[Symbol.iterator](): Iterator<readonly [member: Bytes, score: number]> {
    for (let i = 0; i < this.size; i++) yield [this.#members[i]!, this.#scores[i]!];
  }
}

/** Of so few all are copied when one is added, to arrays without free places. */
const FEW = 16;
