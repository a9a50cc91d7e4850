import { MemberSet } from "../../../keyspace/member-set.ts";
import { RecordFlag } from "../../../keyspace/record.ts";
import { mayPackSet, memberKey, packMembers } from "../../../keyspace/set.ts";
import type { Bytes } from "../../../support/bytes.ts";
import { type BuildTarget, CollectionBuilder } from "./collection.ts";

export class SetBuilder extends CollectionBuilder {
  protected readonly type = "set";
  protected readonly counted = { part: "\0", reason: "a set with a member that is there twice" };
  #members: MemberSet;

  constructor(target: BuildTarget) {
    super(target);
    this.#members = new MemberSet(target.limits);
  }

  add(member: Bytes): void {
    if (!this.isHeld) this.put(memberKey(member), "");
    else if (!this.#members.add(member)) this.target.fail(this.counted.reason);
    this.added(member.length, member.length);
  }

  protected spill(): void {
    for (const member of this.#members) this.put(memberKey(member), "");
    this.#members = new MemberSet(this.target.limits);
  }

  protected pack(): { readonly flags: number; readonly payload: Bytes } | null {
    const members = this.#members;
    if (!mayPackSet(this.target.limits, members)) return null;
    return { flags: members.integers === null ? 0 : RecordFlag.intset, payload: packMembers(members) };
  }
}
