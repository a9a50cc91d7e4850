import { crc32 } from "../support/crc32.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import type { Element, Elements } from "../storage/elements.ts";
import { type ByteReader, varint } from "../storage/numbers.ts";
import { Collection } from "./collection.ts";
import { drawRepeated } from "./draw.ts";
import { type ScanPage, crcOfCursor, scanElements } from "./element-scan.ts";
import { IntSet } from "./int-set.ts";
import type { Keyspace, PackingLimits } from "./keyspace.ts";
import type { Loader } from "./loader.ts";
import type { WideMembers } from "./member-map.ts";
import { MemberSet } from "./member-set.ts";
import { RecordFlag } from "./record.ts";

/** The only part of a set's elements. */
const MEMBERS = "\0";

const MEMBER_AT = 5;

/** Member `m` ⇒ `00 2CE4AEC2 6D`: part, crc32 of the member, member. The value is empty. */
export function memberKey(member: Bytes): Bytes {
  const crc = crc32(member);
  return String.fromCharCode(0, crc >>> 24, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff) + member;
}

export function packMembers(members: MemberSet): Bytes {
  if (members.integers !== null) return members.integers.pack();
  let packed = varint(members.size);
  for (const member of members) packed += varint(member.length) + member;
  return packed;
}

/** `added`: the only member that can be too long; absent: look at all of them. */
export function mayPackSet(limits: PackingLimits, members: MemberSet, added?: Bytes): boolean {
  if (members.integers !== null) return true;
  const { setMaxListpackEntries, setMaxListpackValue } = limits;
  if (members.size > setMaxListpackEntries) return false;
  if (added !== undefined) return added.length <= setMaxListpackValue;
  for (const member of members) if (member.length > setMaxListpackValue) return false;
  return true;
}

/**
 * A set. Packed record: integers as IntSet packs them (RecordFlag.intset), or count varint, then each
 * member's length and bytes. Ranged: one element for each member, in the order of the members' crc32, so
 * that a scan cursor is a number and a random member is a seek.
 *
 * A set that fits its share of memory is loaded to draw from it, which is fair and takes constant time. From
 * one that does not fit, members are drawn on disk: those behind a random crc32. A member behind a wide gap
 * comes more often there, at the most some twenty times as often as the average; the gaps never change, so
 * neither do the odds.
 */
export class SetValue extends Collection<MemberSet> {
  readonly type = "set";

  constructor(keyspace: Keyspace) {
    super(keyspace, new MemberSet(keyspace.limits));
  }

  /** A set of these members, which it takes over. It belongs to no key yet. */
  static of(keyspace: Keyspace, members: MemberSet): SetValue {
    const set = new SetValue(keyspace);
    set.resident = members;
    set.#countAll(members);
    if (!set.#mayStayPacked()) set.spread();
    return set;
  }

  static read(keyspace: Keyspace, reader: ByteReader, isRanged: boolean, isIntset: boolean): SetValue {
    const set = new SetValue(keyspace);
    if (isRanged) {
      set.readRanged(reader);
    } else {
      const members = isIntset
        ? MemberSet.ofIntegers(keyspace.limits, IntSet.unpack(reader))
        : unpack(keyspace, reader);
      set.resident = members;
      set.#countAll(members);
    }
    return set;
  }

  #countAll(members: MemberSet): void {
    let bytes = 0;
    for (const member of members) bytes += member.length;
    this.counted(members.size, bytes);
  }

  protected pack(members: MemberSet): Bytes {
    return packMembers(members);
  }

  override recordFlags(): number {
    return super.recordFlags() | (this.#isIntset ? RecordFlag.intset : 0);
  }

  protected writeAll(elements: Elements, members: MemberSet): void {
    for (const member of members) elements.insert(memberKey(member), "");
  }

  protected wholeRange(): { gte: Bytes } {
    return { gte: MEMBERS };
  }

  protected loader(): Loader<MemberSet> {
    const members = MemberSet.ofMembers(this.keyspace.limits, []);
    return {
      headLength: MEMBER_AT,
      add: (_, member) => void members.add(member),
      change: (_, member, value) => void (value === null ? members.delete(member) : members.add(member)),
      finish: () => members,
    };
  }

  protected residentBytes(count: number, bytes: number): number {
    return STRUCTURE_BYTES + (this.#isIntset ? count * INTEGER_BYTES : bytes + count * MEMBER_BYTES);
  }

  get #isIntset(): boolean {
    return this.resident !== null && this.resident.integers !== null;
  }

  get encoding(): string {
    return this.#isIntset ? "intset" : "hashtable";
  }

  override copy(): SetValue {
    if (this.resident === null) return super.copy() as SetValue;
    return SetValue.of(this.keyspace, this.resident.copy());
  }

  // ─── members ───────────────────────────────────────────────────────────────────────────────────

  override get wide(): WideMembers | null {
    return this.resident?.wide ?? null;
  }

  /** Call before the first write of a command that reads these members. */
  ready(members: readonly Bytes[]): void {
    if (this.resident === null) this.elements!.ready(members.map(memberKey));
    else if (members.length > 1) this.wide?.touch(members);
  }

  has(member: Bytes): boolean {
    if (this.resident !== null) return this.resident.has(member);
    return this.readPoint(memberKey(member)) !== null;
  }

  /** True when the member is new. */
  add(member: Bytes): boolean {
    const { resident, elements } = this;
    if (elements === null) {
      if (!resident!.add(member)) return false;
      if (!this.#mayStayPacked(member)) this.spread();
    } else {
      if (resident !== null && !resident.add(member)) return false;
      const key = memberKey(member);
      if (resident === null && this.readPoint(key) !== null) return false;
      elements.insert(key, "");
    }
    this.changed(1, member.length);
    return true;
  }

  /** `added`: the only member that can be too long; absent: look at all of them. */
  #mayStayPacked(added?: Bytes): boolean {
    return mayPackSet(this.keyspace.limits, this.resident!, added);
  }

  /** False when there was no such member. A set that becomes empty takes its key along: do not touch it then. */
  delete(member: Bytes): boolean {
    const { resident, elements } = this;
    if (resident !== null) {
      if (!resident.delete(member)) return false;
      elements?.delete(memberKey(member));
    } else {
      const key = memberKey(member);
      if (this.readPoint(key) === null) return false;
      elements!.delete(key);
    }
    this.changed(-1, -member.length);
    return true;
  }

  /** All members, integers in order; loads a set that is on disk. For replies use `stream` when `isLarge`. */
  members(): Iterable<Bytes> {
    return this.whole();
  }

  /** A new array of all members. */
  memberArray(): Bytes[] {
    return this.whole().toArray();
  }

  /** Too large to be read into memory for a reply: `stream` it. */
  get isLarge(): boolean {
    return this.resident === null && !this.fitsInMemory;
  }

  /** Too large for a reply that is made in memory, other than a script's, which must be. */
  get mustStream(): boolean {
    return this.isLarge && !this.isInScript;
  }

  /** Runs of members as they are now, from a snapshot. */
  stream(): AsyncIterable<readonly Bytes[]> {
    return this.elements!.stream({ gte: MEMBERS }, memberOfKey);
  }

  /** One step of SSCAN. A packed set is one step. */
  scan(cursor: number, count: number): ScanPage<Bytes> {
    if (this.elements === null) return { cursor: 0, items: this.memberArray() };
    return scanElements(this.elements, MEMBERS, crcOfCursor(cursor), count, memberOfKey);
  }

  // ─── at random ─────────────────────────────────────────────────────────────────────────────────

  /** One member. */
  draw(random: Random): Bytes {
    if (this.isLarge) return this.#drawOnDisk(1, random)[0]!;
    return this.whole().draw(random);
  }

  /** Different members; all of them, when there are not more than `count`. */
  drawDistinct(count: number, random: Random): Bytes[] {
    if (this.isLarge && count <= this.count * MAX_PART_ON_DISK) return this.#drawOnDisk(count, random);
    return this.whole().drawDistinct(count, random);
  }

  /** Members, each drawn from all of them, so that they may repeat. */
  drawRepeated(count: number, random: Random): Bytes[] {
    if (this.isLarge) {
      return count <= this.#mostFromDisk
        ? this.randomElements(MEMBERS).repeated(count, random).map(memberOf)
        : drawRepeated(this.sample(random), count, random);
    }
    const members = this.whole();
    return Array.from({ length: count }, () => members.draw(random));
  }

  /**
   * Members to draw from with repetition, in a new array: all of them, or, when the set is too large to be in
   * memory, some drawn at random.
   */
  sample(random: Random): Bytes[] {
    if (!this.isLarge) return this.memberArray();
    return this.#drawOnDisk(Math.min(SAMPLE_SIZE, this.#mostFromDisk), random);
  }

  /** So many members may be in memory for one reply, of a set that is too large for it. */
  get #mostFromDisk(): number {
    const fitting =
      (this.count * this.keyspace.residentShareBytes) / this.residentBytes(this.count, this.contentBytes);
    return Math.ceil(fitting * MAX_PART_ON_DISK);
  }

  /** Takes one member out. */
  pop(random: Random): Bytes {
    const member = this.isLarge ? this.#drawOnDisk(1, random)[0]! : this.whole().pop(random);
    this.elements?.delete(memberKey(member));
    this.changed(-1, -member.length);
    return member;
  }

  /** Takes different members out; all of them, when there are not more than `count`. */
  popDistinct(count: number, random: Random): Bytes[] {
    const members = this.drawDistinct(count, random);
    for (const member of members) {
      this.resident?.delete(member);
      this.elements?.delete(memberKey(member));
      this.changed(-1, -member.length);
    }
    return members;
  }

  /** Draws `left` members (at least one), which become a set of their own, and the others. Nothing is changed. */
  split(left: number, random: Random): { readonly remaining: SetValue; readonly others: Bytes[] } {
    const members = this.memberArray();
    const kept = new MemberSet(this.keyspace.limits);
    for (let i = 0; i < left; i++) {
      const drawn = random.below(members.length);
      kept.add(members[drawn]!);
      members[drawn] = members[members.length - 1]!;
      members.pop();
    }
    return { remaining: SetValue.of(this.keyspace, kept), others: members };
  }

  /** `count` is at most MAX_PART_ON_DISK of all. */
  #drawOnDisk(count: number, random: Random): Bytes[] {
    const drawn = this.randomElements(MEMBERS).distinct(count, random);
    return drawn === null ? this.whole().drawDistinct(count, random) : drawn.map(memberOf);
  }
}

function unpack(keyspace: Keyspace, reader: ByteReader): MemberSet {
  const members: Bytes[] = [];
  for (let left = reader.varint(); left > 0; left--) members.push(reader.sized());
  return MemberSet.ofMembers(keyspace.limits, members);
}

const memberOfKey = (key: Bytes): Bytes => key.slice(MEMBER_AT);
const memberOf = ([key]: Element): Bytes => memberOfKey(key);

/** Measured with 100,000 sets of one member. */
const STRUCTURE_BYTES = 80;
/** A place in the array, one in the table, and the header of a string. Measured with 100,000 to 1,500,000 members. */
const MEMBER_BYTES = 80;

const INTEGER_BYTES = 10;

/** Who wants more than this part of a set may as well read it all. */
const MAX_PART_ON_DISK = 1 / 4;

/** Many more than one client looks at, few enough to keep in memory while a reply is sent. */
const SAMPLE_SIZE = 4096;
