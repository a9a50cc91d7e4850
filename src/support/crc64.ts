import type { Bytes } from "./bytes.ts";

/** The polynomial of Jones, 0xad93d23594c935a9, with its bits in reverse, in two halves. */
const POLYNOMIAL_HIGH = 0x95ac9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

/** Bytes that one step takes: "slicing-by-8", one table for each. */
const SLICES = 8;

const { low: LOW, high: HIGH } = makeTables();

/** Byte strings go through a buffer of this size. */
const CHUNK_BYTES = 16 << 10;

let chunk: Buffer | null = null;

/**
 * CRC-64 as RDB files and DUMP payloads have it (CRC-64/REDIS: polynomial of Jones, reflected, begins with 0). Can be
 * fed piece by piece. Numbers of 64 bits are two of 32 here: BigInts take 50 times as long.
 * `"123456789"` ⇒ e9c6d914c4b8d9ca
 */
export class Crc64 {
  #low = 0;
  #high = 0;

  add(bytes: Uint8Array, start = 0, end = bytes.length): this {
    let low = this.#low;
    let high = this.#high;
    let at = start;
    for (const last = end - SLICES; at <= last; at += SLICES) {
      low ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      high ^= bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      const a = 0x700 | (low & 0xff);
      const b = 0x600 | ((low >>> 8) & 0xff);
      const c = 0x500 | ((low >>> 16) & 0xff);
      const d = 0x400 | (low >>> 24);
      const e = 0x300 | (high & 0xff);
      const f = 0x200 | ((high >>> 8) & 0xff);
      const g = 0x100 | ((high >>> 16) & 0xff);
      const h = high >>> 24;
      low = LOW[a]! ^ LOW[b]! ^ LOW[c]! ^ LOW[d]! ^ LOW[e]! ^ LOW[f]! ^ LOW[g]! ^ LOW[h]!;
      high = HIGH[a]! ^ HIGH[b]! ^ HIGH[c]! ^ HIGH[d]! ^ HIGH[e]! ^ HIGH[f]! ^ HIGH[g]! ^ HIGH[h]!;
    }
    for (; at < end; at++) {
      const index = (low ^ bytes[at]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ LOW[index]!;
      high = (high >>> 8) ^ HIGH[index]!;
    }
    this.#low = low;
    this.#high = high;
    return this;
  }

  addBytes(bytes: Bytes): this {
    chunk ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    if (bytes.length <= CHUNK_BYTES) return this.add(chunk, 0, chunk.latin1Write(bytes, 0));
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      this.add(chunk, 0, chunk.latin1Write(bytes.slice(at, at + CHUNK_BYTES), 0));
    }
    return this;
  }

  /** The eight bytes as they stand at the end of a file: the lowest first. `"123456789"` ⇒ `CA D9 B8 C4 14 D9 C6 E9` */
  digest(): Buffer {
    const digest = Buffer.allocUnsafe(8);
    digest.writeInt32LE(this.#low, 0);
    digest.writeInt32LE(this.#high, 4);
    return digest;
  }
}

/** The checksum of a whole byte string, eight bytes, the lowest first. */
export function crc64(bytes: Bytes): Bytes {
  return new Crc64().addBytes(bytes).digest().latin1Slice();
}

/**
 * The digest of two parts behind each other, from the digest of each: so the beginning can be changed without reading
 * the rest again.
 */
export function joinCrc64(first: Buffer, second: Buffer, secondLength: number): Buffer {
  const joined = Buffer.allocUnsafe(8);
  const shifted = multiply(first.readBigUInt64LE(), powerOfX(8n * BigInt(secondLength)));
  joined.writeBigUInt64LE(shifted ^ second.readBigUInt64LE());
  return joined;
}

// Digests as polynomials over bits: the top bit is the factor of x^0.

const ONE = 1n << 63n;

function powerOfX(exponent: bigint): bigint {
  let power = ONE;
  let square = ONE >> 1n;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) power = multiply(power, square);
    square = multiply(square, square);
  }
  return power;
}

function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let term = b;
  for (let bit = ONE; bit > 0n; bit >>= 1n) {
    if ((a & bit) !== 0n) product ^= term;
    term = (term & 1n) === 1n ? (term >> 1n) ^ POLYNOMIAL : term >> 1n;
  }
  return product;
}

/** Table n, entry b: what byte b does to the checksum when n bytes follow it. Tables one behind the other. */
function makeTables(): { readonly low: Int32Array; readonly high: Int32Array } {
  const low = new Int32Array(SLICES << 8);
  const high = new Int32Array(SLICES << 8);
  for (let byte = 0; byte < 256; byte++) {
    let l = byte;
    let h = 0;
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (carry !== 0) {
        l ^= POLYNOMIAL_LOW;
        h ^= POLYNOMIAL_HIGH;
      }
    }
    low[byte] = l;
    high[byte] = h;
  }
  for (let at = 256; at < SLICES << 8; at++) {
    const l = low[at - 256]!;
    const h = high[at - 256]!;
    low[at] = ((l >>> 8) | (h << 24)) ^ low[l & 0xff]!;
    high[at] = (h >>> 8) ^ high[l & 0xff]!;
  }
  return { low, high };
}
