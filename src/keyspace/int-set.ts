import type { Bytes } from "../support/bytes.ts";
import { type Int64, narrowInteger } from "../support/integers.ts";
import { type ByteReader, varint } from "../storage/numbers.ts";

/** Whole numbers of 64 bits with sign, in order: what Redis calls an intset. For hundreds, not for millions. */
export class IntSet {
  readonly values: Int64[];

  constructor(values: Int64[] = []) {
    this.values = values;
  }

  has(value: Int64): boolean {
    return this.values[this.#place(value)] === value;
  }

  /** False when it is there already. */
  add(value: Int64): boolean {
    const { values } = this;
    const place = this.#place(value);
    if (place === values.length) {
      values.push(value);
      return true;
    }
    if (values[place] === value) return false;
    values.splice(place, 0, value);
    return true;
  }

  /** False when there is none. */
  delete(value: Int64): boolean {
    const place = this.#place(value);
    if (this.values[place] !== value) return false;
    this.values.splice(place, 1);
    return true;
  }

  /** The index of the first number that is not below `value`. */
  #place(value: Int64): number {
    const { values } = this;
    let low = 0;
    let high = values.length;
    if (high > 0 && values[high - 1]! < value) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * The count (varint), the width of a number (2, 4 or 8 bytes, what the largest needs), the numbers
   * (big-endian, two's complement): −1, 2 ⇒ `02 02 FFFF 0002`.
   */
  pack(): Bytes {
    const { values } = this;
    const width = Math.max(widthOf(values[0] ?? 0), widthOf(values[values.length - 1] ?? 0));
    const bytes = Buffer.allocUnsafe(values.length * width);
    let at = 0;
    for (const value of values) {
      if (width === 2) bytes.writeInt16BE(Number(value), at);
      else if (width === 4) bytes.writeInt32BE(Number(value), at);
      else bytes.writeBigInt64BE(BigInt(value), at);
      at += width;
    }
    return varint(values.length) + String.fromCharCode(width) + bytes.latin1Slice();
  }

  /** @throws RangeError when the record is damaged */
  static unpack(reader: ByteReader): IntSet {
    const count = reader.varint();
    const width = reader.u8();
    if (width !== 2 && width !== 4 && width !== 8) throw new RangeError("damaged record: width of integers");
    const bytes = Buffer.from(reader.take(count * width), "latin1");
    const values: Int64[] = [];
    for (let at = 0; at < bytes.length; at += width) {
      if (width === 2) values.push(bytes.readInt16BE(at));
      else if (width === 4) values.push(bytes.readInt32BE(at));
      else values.push(narrowInteger(bytes.readBigInt64BE(at)));
    }
    return new IntSet(values);
  }
}

function widthOf(value: Int64): number {
  if (value >= -0x8000 && value <= 0x7fff) return 2;
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? 4 : 8;
}
