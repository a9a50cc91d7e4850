import { crc32 } from "../support/crc32.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import type { Element, Elements } from "../storage/elements.ts";
import { type ByteReader, u32, varint } from "../storage/numbers.ts";
import { Collection } from "./collection.ts";
import { type ScanPage, crcOfCursor, scanElements } from "./element-scan.ts";
import type { Keyspace } from "./keyspace.ts";
import { drawDistinct } from "./draw.ts";

/** The only part of a hash's elements. */
const FIELDS = "\0";

/** Field `f` ⇒ `00 76D32BE0 66`: part, crc32 of the field, field. Value: the field's value. */
const elementKey = (field: Bytes): Bytes => FIELDS + u32(crc32(field)) + field;

const FIELD_AT = 5;

/**
 * A hash. Packed record: count varint, then for each field its length and bytes, its value's length and
 * bytes, in order of insertion. Ranged: one element for each field, in the order of the fields' crc32, so
 * that a scan cursor is a number and a random field is a seek.
 */
export class Hash extends Collection<Map<Bytes, Bytes>> {
  readonly type = "hash";

  constructor(keyspace: Keyspace) {
    super(keyspace, new Map());
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

  protected pack(fields: Map<Bytes, Bytes>): Bytes {
    let packed = varint(fields.size);
    for (const [field, value] of fields) packed += varint(field.length) + field + varint(value.length) + value;
    return packed;
  }

  protected writeAll(elements: Elements, fields: Map<Bytes, Bytes>): void {
    for (const [field, value] of fields) elements.put(elementKey(field), value);
  }

  protected wholeRange(): { gte: Bytes } {
    return { gte: FIELDS };
  }

  protected build(elements: readonly Element[]): Map<Bytes, Bytes> {
    return new Map(elements.map(([key, value]) => [key.slice(FIELD_AT), value]));
  }

  protected residentBytes(count: number, bytes: number): number {
    return bytes + count * FIELD_BYTES;
  }

  get encoding(): string {
    return this.isPacked ? "listpack" : "hashtable";
  }

  /** Call before the first write of a command that reads these fields. */
  ready(fields: readonly Bytes[]): void {
    if (this.resident === null) this.elements!.ready(fields.map(elementKey));
  }

  get(field: Bytes): Bytes | null {
    if (this.resident !== null) return this.resident.get(field) ?? null;
    return this.elements!.get(elementKey(field));
  }

  has(field: Bytes): boolean {
    return this.get(field) !== null;
  }

  /** True when the field is new. */
  set(field: Bytes, value: Bytes): boolean {
    const old = this.get(field);
    this.resident?.set(field, value);
    this.elements?.put(elementKey(field), value);
    if (this.elements === null) this.#unpackIfLarge(field, value);
    this.changed(old === null ? 1 : 0, value.length - (old === null ? -field.length : old.length));
    return old === null;
  }

  #unpackIfLarge(field: Bytes, value: Bytes): void {
    const { hashMaxListpackEntries, hashMaxListpackValue } = this.keyspace.limits;
    if (
      field.length > hashMaxListpackValue ||
      value.length > hashMaxListpackValue ||
      this.resident!.size > hashMaxListpackEntries
    ) {
      this.spread();
    }
  }

  /** False when there was no such field. A hash that becomes empty takes its key along. */
  delete(field: Bytes): boolean {
    const old = this.get(field);
    if (old === null) return false;
    this.resident?.delete(field);
    this.elements?.delete(elementKey(field));
    this.changed(-1, -field.length - old.length);
    return true;
  }

  /** All fields with their values; loads a hash that is on disk. For replies use `stream` when `isLarge`. */
  entries(): Iterable<readonly [field: Bytes, value: Bytes]> {
    return this.whole();
  }

  /** Too large to be read into memory for a reply: `stream` it. */
  get isLarge(): boolean {
    return this.resident === null && !this.fitsInMemory;
  }

  /** Runs of fields and values as they are now, from a snapshot. */
  stream(): AsyncIterable<readonly (readonly [field: Bytes, value: Bytes])[]> {
    return this.elements!.stream({ gte: FIELDS }, (key, value) => [key.slice(FIELD_AT), value] as const);
  }

  /** Fields at random, with repetition. */
  randomWithRepeats(count: number, random: Random): Element[] {
    const all = [...this.whole()];
    return Array.from({ length: count }, () => all[random.below(all.length)]!);
  }

  /** Distinct fields at random: all of them, when there are not more than `count`. */
  randomDistinct(count: number, random: Random): Element[] {
    return drawDistinct([...this.whole()], count, random);
  }

  /** One step of HSCAN. A packed hash is one step, as in Redis. */
  scan(cursor: number, count: number): ScanPage<readonly [field: Bytes, value: Bytes]> {
    if (this.elements === null) return { cursor: 0, items: [...this.resident!] };
    return scanElements(this.elements, FIELDS, crcOfCursor(cursor), count, (key, value) => [key.slice(FIELD_AT), value]);
  }
}

/** A slot of a Map and the headers of two strings. Measured with a million fields. */
const FIELD_BYTES = 110;
