import { crc32 } from "../support/crc32.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import type { Element, Elements } from "../storage/elements.ts";
import { type ByteReader, u32, varint } from "../storage/numbers.ts";
import { Collection } from "./collection.ts";
import { drawDistinct } from "./draw.ts";
import { type ScanPage, crcOfCursor, scanElements } from "./element-scan.ts";
import { FieldMap } from "./field-map.ts";
import type { Keyspace, PackingLimits } from "./keyspace.ts";
import type { Loader } from "./loader.ts";
import type { WideMembers } from "./member-map.ts";

/** The only part of a hash's elements. */
const FIELDS = "\0";

/** Field `f` ⇒ `00 76D32BE0 66`: part, crc32 of the field, field. Value: the field's value. */
export const fieldKey = (field: Bytes): Bytes => FIELDS + u32(crc32(field)) + field;

const FIELD_AT = 5;

export type FieldAndValue = readonly [field: Bytes, value: Bytes];

const fieldOf = ([key, value]: Element): FieldAndValue => [key.slice(FIELD_AT), value];

export function packFields(fields: Iterable<FieldAndValue> & { readonly size: number }): Bytes {
  let packed = varint(fields.size);
  for (const [field, value] of fields) packed += varint(field.length) + field + varint(value.length) + value;
  return packed;
}

/** `longest`: of all fields and values. */
export function mayPackHash(limits: PackingLimits, count: number, longest: number): boolean {
  return longest <= limits.hashMaxListpackValue && count <= limits.hashMaxListpackEntries;
}

/**
 * A hash. Packed record: count varint, then for each field its length and bytes, its value's length and
 * bytes, in order of insertion. Ranged: one element for each field, in the order of the fields' crc32, so
 * that a scan cursor is a number and a random field is a seek.
 */
export class Hash extends Collection<FieldMap> {
  readonly type = "hash";

  constructor(keyspace: Keyspace) {
    super(keyspace, new FieldMap(keyspace.limits));
  }

  static read(keyspace: Keyspace, reader: ByteReader, isRanged: boolean): Hash {
    const hash = new Hash(keyspace);
    if (isRanged) hash.readRanged(reader);
    else hash.#unpack(reader);
    return hash;
  }

  #unpack(reader: ByteReader): void {
    const fields = this.resident!;
    let bytes = 0;
    for (let left = reader.varint(); left > 0; left--) {
      const field = reader.sized();
      const value = reader.sized();
      fields.set(field, value);
      bytes += field.length + value.length;
    }
    this.counted(fields.size, bytes);
  }

  protected pack(fields: FieldMap): Bytes {
    return packFields(fields);
  }

  protected writeAll(elements: Elements, fields: FieldMap): void {
    for (const [field, value] of fields) elements.insert(fieldKey(field), value);
  }

  protected wholeRange(): { gte: Bytes } {
    return { gte: FIELDS };
  }

  protected loader(): Loader<FieldMap> {
    const fields = new FieldMap(this.keyspace.limits);
    return {
      headLength: FIELD_AT,
      add: (_, field, value) => fields.set(field, value),
      change: (_, field, value) => void (value === null ? fields.delete(field) : fields.set(field, value)),
      finish: () => fields,
    };
  }

  protected residentBytes(count: number, bytes: number): number {
    return STRUCTURE_BYTES + bytes + count * FIELD_BYTES;
  }

  get encoding(): string {
    return this.isPacked ? "listpack" : "hashtable";
  }

  override get wide(): WideMembers | null {
    return this.resident?.wide ?? null;
  }

  /** Call before the first write of a command that reads these fields. */
  ready(fields: readonly Bytes[]): void {
    if (this.resident === null) this.elements!.ready(fields.map(fieldKey));
    else if (fields.length > 1) this.wide?.touch(fields);
  }

  get(field: Bytes): Bytes | null {
    if (this.resident !== null) return this.resident.get(field) ?? null;
    return this.readPoint(fieldKey(field));
  }

  has(field: Bytes): boolean {
    return this.get(field) !== null;
  }

  /** True when the field is new. */
  set(field: Bytes, value: Bytes): boolean {
    const old = this.get(field);
    const isNew = old === null;
    const { resident } = this;
    if (resident !== null) {
      resident.set(field, value);
      if (isNew) resident.added(field);
    }
    if (this.elements !== null) {
      if (isNew) this.elements.insert(fieldKey(field), value);
      else this.elements.put(fieldKey(field), value);
    } else if (this.#isTooLarge(field, value)) this.spread();
    this.changed(isNew ? 1 : 0, value.length - (isNew ? -field.length : old.length));
    return isNew;
  }

  #isTooLarge(field: Bytes, value: Bytes): boolean {
    return !mayPackHash(this.keyspace.limits, this.resident!.size, Math.max(field.length, value.length));
  }

  /** False when there was no such field. A hash that becomes empty takes its key along. */
  delete(field: Bytes): boolean {
    const old = this.get(field);
    if (old === null) return false;
    if (this.resident !== null) {
      this.resident.delete(field);
      this.resident.removed(field);
    }
    this.elements?.delete(fieldKey(field));
    this.changed(-1, -field.length - old.length);
    return true;
  }

  /** All fields with their values; loads a hash that is on disk. For replies use `stream` when `isLarge`. */
  entries(): Iterable<FieldAndValue> {
    return this.whole();
  }

  /** Too large to be read into memory for a reply: `stream` it. */
  get isLarge(): boolean {
    return this.resident === null && !this.fitsInMemory;
  }

  /** Too large for a reply that is made in memory, other than a script's, which must be. */
  get mustStream(): boolean {
    return this.isLarge && !this.isInScript;
  }

  /** Runs of fields and values as they are now, from a snapshot. Must be read to its end or closed with `return`. */
  stream(): AsyncIterableIterator<readonly FieldAndValue[]> {
    return this.elements!.stream({ gte: FIELDS }, (key, value) => [key.slice(FIELD_AT), value] as const);
  }

  /** Fields at random, any of them more than once. */
  randomWithRepeats(count: number, random: Random): FieldAndValue[] {
    if (this.isLarge && this.isSmallPart(count)) {
      return this.randomElements(FIELDS).repeated(count, random).map(fieldOf);
    }
    const fields = this.whole();
    return Array.from({ length: count }, () => fields.draw(random));
  }

  /** Distinct fields at random: all of them, when there are not more than `count`. */
  randomDistinct(count: number, random: Random): FieldAndValue[] {
    if (this.isLarge && this.isSmallPart(count)) {
      const drawn = this.randomElements(FIELDS).distinct(count, random);
      if (drawn !== null) return drawn.map(fieldOf);
    }
    const fields = this.whole();
    if (!this.isSmallPart(count)) return drawDistinct([...fields], count, random);
    const drawn = new Map<Bytes, Bytes>();
    while (drawn.size < count) drawn.set(...fields.draw(random));
    return [...drawn];
  }

  /** Whether so many fields are found faster by draws than by reading all of them. */
  isSmallPart(count: number): boolean {
    return count * SMALL_PART <= this.count;
  }

  /** One step of HSCAN. A packed hash is one step, as in Redis. */
  scan(cursor: number, count: number): ScanPage<FieldAndValue> {
    if (this.elements === null) return { cursor: 0, items: [...this.resident!] };
    return scanElements(this.elements, FIELDS, crcOfCursor(cursor), count, (key, value) => [
      key.slice(FIELD_AT),
      value,
    ]);
  }
}

/** The structure, and the least that a Map takes. Measured with 100,000 hashes of one field. */
const STRUCTURE_BYTES = 200;
/** A place in the table, one in a list to draw from, and the headers of two strings. Measured with 100,000 to 1,500,000 fields. */
const FIELD_BYTES = 100;

/** A seek takes about as long as reading so many elements in a row. */
const SMALL_PART = 32;
