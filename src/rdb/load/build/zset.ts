import { MEMBERS, putElement } from "../../../keyspace/zset-elements.ts";
import { type ScoredMember, mayPackZset, packScored, packedScore } from "../../../keyspace/zset.ts";
import type { Bytes } from "../../../support/bytes.ts";
import { CollectionBuilder } from "./collection.ts";

export class ZsetBuilder extends CollectionBuilder {
  protected readonly type = "zset";
  protected readonly counted = { part: MEMBERS, reason: "a sorted set with a member that is there twice" };
  #scores = new Map<Bytes, number>();

  add(member: Bytes, score: number): void {
    if (this.isHeld) {
      const before = this.#scores.size;
      this.#scores.set(member, score);
      if (this.#scores.size === before) this.target.fail(this.counted.reason);
    } else {
      putElement(this, member, score, null);
    }
    this.added(member.length, member.length);
  }

  protected spill(): void {
    for (const [member, score] of this.#scores) putElement(this, member, score, null);
    this.#scores = new Map();
  }

  protected pack(): { readonly flags: number; readonly payload: Bytes } | null {
    if (!mayPackZset(this.target.limits, this.count, this.longest)) return null;
    const sorted = [...this.#scores].map(([member, score]): ScoredMember => [member, packedScore(score)]);
    sorted.sort(inOrder);
    return { flags: 0, payload: packScored(sorted, sorted.length) };
  }
}

function inOrder([memberA, a]: ScoredMember, [memberB, b]: ScoredMember): number {
  if (a !== b) return a < b ? -1 : 1;
  return memberA < memberB ? -1 : 1;
}
