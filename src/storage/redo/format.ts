import { crc32 } from "node:zlib";
import type { Bytes } from "../../support/bytes.ts";

/**
 * The redo log: records, one for each batch, one behind the other. Numbers are little-endian.
 *
 *   length u32, crc32 u32 of what follows, then for each change:
 *   key length u32, key, and unless deleted: value length u32, value
 *
 * The highest bit of the key length is set for a deletion; the next one says that there was nothing of the key before.
 *
 * A record that is cut off, or whose checksum is wrong, is the end of the log: the crash came while it was written.
 */
const HEAD_BYTES = 8;
const DELETED = 0x8000_0000;
const NEW = 0x4000_0000;

/** Builds the record of one batch in a buffer that is used again for the next. */
export class RecordBuilder {
  #buffer: Buffer;
  #end = HEAD_BYTES;

  constructor(initialBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  get isEmpty(): boolean {
    return this.#end === HEAD_BYTES;
  }

  /** Key and value are in two parts each. */
  put(keyHead: Bytes, keyTail: Bytes, valueHead: Bytes, valueTail: Bytes, isNew: boolean): void {
    const keyLength = keyHead.length + keyTail.length;
    const valueLength = valueHead.length + valueTail.length;
    this.#reserve(8 + keyLength + valueLength);
    this.#number(isNew ? keyLength + NEW : keyLength);
    this.#bytes(keyHead);
    this.#bytes(keyTail);
    this.#number(valueLength);
    this.#bytes(valueHead);
    this.#bytes(valueTail);
  }

  delete(key: Bytes): void {
    this.#reserve(4 + key.length);
    this.#number(key.length + DELETED);
    this.#bytes(key);
  }

  #number(value: number): void {
    const buffer = this.#buffer;
    let at = this.#end;
    buffer[at++] = value;
    buffer[at++] = value >>> 8;
    buffer[at++] = value >>> 16;
    buffer[at++] = value >>> 24;
    this.#end = at;
  }

  #bytes(bytes: Bytes): void {
    // A call takes longer than to copy a few bytes.
    if (bytes.length > MAX_COPIED_BYTES) {
      this.#buffer.latin1Write(bytes, this.#end);
      this.#end += bytes.length;
      return;
    }
    for (let i = 0; i < bytes.length; i++) this.#buffer[this.#end++] = bytes.charCodeAt(i);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }

  /** The whole record; it may be used until the next `put`. */
  take(): Buffer {
    const record = this.#buffer.subarray(0, this.#end);
    record.writeUInt32LE(this.#end - HEAD_BYTES, 0);
    record.writeUInt32LE(crc32(record.subarray(HEAD_BYTES)), 4);
    this.#end = HEAD_BYTES;
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(MAX_KEPT_BYTES);
    return record;
  }
}

const MAX_COPIED_BYTES = 12;
const MAX_KEPT_BYTES = 4 << 20;

/**
 * How many bytes at the beginning of `bytes` are whole records that are what was written; more than `bytes.length`
 * when a record goes on behind the end: so many bytes it takes to have it whole. Less: there is damage, or half a record.
 */
export function wholeRecords(bytes: Buffer, mostBytes: number): number {
  let end = 0;
  for (;;) {
    if (end === bytes.length) return end;
    const wanted = bytes.length - end < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + bytes.readUInt32LE(end);
    // A length that cannot be must not make anybody allocate that much.
    if (end + wanted > mostBytes) return end;
    if (end + wanted > bytes.length) return end === 0 ? wanted : end;
    const body = bytes.subarray(end + HEAD_BYTES, end + wanted);
    if (body.length === 0 || crc32(body) !== bytes.readUInt32LE(end + 4)) return end;
    end += wanted;
  }
}

/** Walks over the changes in whole records. */
export class ChangeWalk {
  readonly #records: Buffer;
  #at = 0;
  #recordEnd = 0;

  constructor(records: Buffer) {
    this.#records = records;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#records.length;
  }

  /** Bytes that it has passed. */
  get position(): number {
    return this.#at;
  }

  /** Calls `found` with where the change begins, and where its key is, for each of the next changes. */
  take(most: number, found: (at: number, keyBegin: number, keyEnd: number) => void): void {
    const records = this.#records;
    for (let taken = 0; taken < most && this.#at < records.length; taken++) {
      if (this.#at === this.#recordEnd) {
        this.#recordEnd = this.#at + HEAD_BYTES + records.readUInt32LE(this.#at);
        this.#at += HEAD_BYTES;
      }
      const at = this.#at;
      const keyEnd = at + 4 + keyBytesAt(records, at);
      found(at, at + 4, keyEnd);
      this.#at = isDeletionAt(records, at) ? keyEnd : keyEnd + 4 + records.readUInt32LE(keyEnd);
    }
  }
}

/** A change as it stands in a record; the buffers are parts of it. */
export interface LoggedChange {
  readonly key: Buffer;
  /** Null: deleted. */
  readonly value: Buffer | null;
}

/** How long the key is of the change that begins at `at`; it stands 4 bytes behind. */
export function keyBytesAt(records: Buffer, at: number): number {
  return records.readUInt32LE(at) & (NEW - 1);
}

/** Whether the change that begins at `at` deletes its key. */
export function isDeletionAt(records: Buffer, at: number): boolean {
  return records.readUInt32LE(at) >= DELETED;
}

/** Whether the change that begins at `at` puts a key of which there was nothing before. */
export function isNewAt(records: Buffer, at: number): boolean {
  return (records.readUInt32LE(at) & NEW) !== 0;
}

/** The change that begins at `at`. */
export function changeAt(records: Buffer, at: number): LoggedChange {
  const keyEnd = at + 4 + keyBytesAt(records, at);
  const key = records.subarray(at + 4, keyEnd);
  if (isDeletionAt(records, at)) return { key, value: null };
  const length = records.readUInt32LE(keyEnd);
  return { key, value: records.subarray(keyEnd + 4, keyEnd + 4 + length) };
}
