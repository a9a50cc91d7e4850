import type { Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import type { Random } from "../support/random.ts";
import { drawNumbers } from "./draw.ts";
import { IntSet } from "./int-set.ts";
import type { PackingLimits } from "./keyspace.ts";
import { MemberMap, type WideMembers } from "./member-map.ts";

/** Up to so many members a search from end to end is as fast as an index, and takes no memory. */
const MAX_UNINDEXED = 12;

type SetLimits = Pick<PackingLimits, "setMaxIntsetEntries">;

/**
 * A set in memory: integers in order while all members are integers and not too many, else (and for ever
 * after, as in Redis) an array of members with an index from member to place. Add, remove, look up and draw
 * take constant time: a member that goes leaves its place to the last one.
 */
export class MemberSet {
  readonly #limits: SetLimits;
  #ints: IntSet | null = new IntSet();
  #members: Bytes[] = [];
  #places: MemberMap<number> | null = null;

  /** `limits` are asked anew at each change. */
  constructor(limits: SetLimits) {
    this.#limits = limits;
  }

  static ofIntegers(limits: SetLimits, ints: IntSet): MemberSet {
    const set = new MemberSet(limits);
    set.#ints = ints;
    return set;
  }

  /** Takes the array over. All members are different. */
  static ofMembers(limits: SetLimits, members: Bytes[]): MemberSet {
    const set = new MemberSet(limits);
    set.#ints = null;
    set.#members = members;
    if (members.length > MAX_UNINDEXED) set.#index();
    return set;
  }

  copy(): MemberSet {
    return this.#ints === null
      ? MemberSet.ofMembers(this.#limits, this.#members.slice())
      : MemberSet.ofIntegers(this.#limits, new IntSet(this.#ints.values.slice()));
  }

  /** All members as integers, or null when it is not kept so. */
  get integers(): IntSet | null {
    return this.#ints;
  }

  get size(): number {
    return this.#ints === null ? this.#members.length : this.#ints.values.length;
  }

  /** Its members, when there are many. */
  get wide(): WideMembers | null {
    return this.#places?.wide ?? null;
  }

  /** Integers in order, anything else in no order. The set must not be changed meanwhile. */
  [Symbol.iterator](): Iterator<Bytes> {
    return this.#ints === null ? this.#members[Symbol.iterator]() : textsOf(this.#ints);
  }

  /** A new array. */
  toArray(): Bytes[] {
    return this.#ints === null ? this.#members.slice() : this.#ints.values.map(String);
  }

  has(member: Bytes): boolean {
    if (this.#ints !== null) {
      const value = parseInteger(member);
      return value !== null && this.#ints.has(value);
    }
    return this.#places === null ? this.#members.includes(member) : this.#places.has(member);
  }

  /** False when it is there already. */
  add(member: Bytes): boolean {
    if (this.#ints !== null) {
      const value = parseInteger(member);
      if (value !== null) {
        if (!this.#ints.add(value)) return false;
        if (this.#ints.values.length > this.#limits.setMaxIntsetEntries) this.#keepAsMembers(this.#ints);
        return true;
      }
      this.#keepAsMembers(this.#ints);
    }
    const members = this.#members;
    if (this.#places === null) {
      if (members.includes(member)) return false;
      // Many sets have one member: an array that is pushed to has room for seventeen.
      if (members.length === 0) this.#members = [member];
      else members.push(member);
      if (members.length > MAX_UNINDEXED) this.#index();
      return true;
    }
    if (this.#places.has(member)) return false;
    this.#places.set(member, members.length);
    members.push(member);
    return true;
  }

  /** False when there is none. */
  delete(member: Bytes): boolean {
    if (this.#ints !== null) {
      const value = parseInteger(member);
      return value !== null && this.#ints.delete(value);
    }
    const place = this.#places === null ? this.#members.indexOf(member) : this.#places.get(member);
    if (place === undefined || place < 0) return false;
    this.#removeAt(place);
    return true;
  }

  #removeAt(place: number): void {
    const members = this.#members;
    const removed = members[place]!;
    const last = members.pop()!;
    this.#places?.delete(removed);
    if (place === members.length) return;
    members[place] = last;
    this.#places?.set(last, place);
  }

  #keepAsMembers(ints: IntSet): void {
    this.#members = ints.values.map(String);
    this.#ints = null;
    if (this.#members.length > MAX_UNINDEXED) this.#index();
  }

  #index(): void {
    const places = new MemberMap<number>();
    this.#members.forEach((member, place) => places.set(member, place));
    this.#places = places;
  }

  // ─── at random ─────────────────────────────────────────────────────────────────────────────────

  /** One of the members, each as likely as the others. There must be one. */
  draw(random: Random): Bytes {
    return this.#at(random.below(this.size));
  }

  #at(place: number): Bytes {
    return this.#ints === null ? this.#members[place]! : String(this.#ints.values[place]!);
  }

  /** Different ones; all, in the order of iteration, when there are not more than `count`. */
  drawDistinct(count: number, random: Random): Bytes[] {
    const { size } = this;
    if (count >= size) return this.toArray();
    return drawNumbers(count, size, random).map((place) => this.#at(place));
  }

  /** Takes one out. There must be one. */
  pop(random: Random): Bytes {
    const place = random.below(this.size);
    const member = this.#at(place);
    if (this.#ints === null) this.#removeAt(place);
    else this.#ints.values.splice(place, 1);
    return member;
  }
}

function* textsOf(ints: IntSet): Generator<Bytes> {
  for (const value of ints.values) yield String(value);
}
