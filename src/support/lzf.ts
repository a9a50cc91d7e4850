import type { Bytes } from "./bytes.ts";

/**
 * LZF, Marc Lehmann's compression (http://software.schmorp.de/pkg/liblzf.html): a control byte below 32 stands before
 * that many plain bytes and one more; any other says that bytes repeat: three bits of length (7: another byte is to be
 * added) and, with the byte behind, 13 bits of distance.
 */

const MAX_LITERAL = 32;
const MAX_DISTANCE = 1 << 13;

/** The longest repeat, of 264 bytes, takes three bytes. */
const MAX_REPEAT = 264;
const MAX_REPEAT_BYTES = 3;

/** Whether so many compressed bytes can be made into so many. */
export function lzfMayHold(compressed: number, length: number): boolean {
  return length <= Math.ceil(compressed / MAX_REPEAT_BYTES) * MAX_REPEAT;
}

/** Exactly `length` bytes, or null when the input is not what it should be. */
export function lzfDecompress(input: Uint8Array, length: number): Buffer | null {
  const output = Buffer.allocUnsafe(length);
  const end = input.length;
  let at = 0;
  let to = 0;
  while (at < end) {
    const control = input[at++]!;
    if (control < MAX_LITERAL) {
      const stop = at + control + 1;
      if (stop > end || to + control + 1 > length) return null;
      while (at < stop) output[to++] = input[at++]!;
      continue;
    }
    let count = (control >> 5) + 2;
    if (count === 9) {
      if (at >= end) return null;
      count += input[at++]!;
    }
    if (at >= end) return null;
    let from = to - (((control & 0x1f) << 8) | input[at++]!) - 1;
    if (from < 0 || to + count > length) return null;
    for (const stop = to + count; to < stop;) output[to++] = output[from++]!;
  }
  return to === length ? output : null;
}

/** Decompresses piece by piece, in little memory. */
export class LzfReader {
  /** The last bytes that repeats may go back to, then those of the next part. */
  readonly #output = Buffer.allocUnsafe(MAX_DISTANCE + PART_BYTES + MAX_REPEAT);
  #to = 0;
  /** Where the next part begins in the output. */
  #partAt = 0;
  #left: number;
  /** What was left over of the last input: the beginning of a run. */
  #rest: Buffer = Buffer.alloc(0);

  /** `length` of all that it is to give. */
  constructor(length: number) {
    this.#left = length;
  }

  /** Gives the parts, of 64 KiB each, that are complete; false when the input is not what it should be. */
  add(piece: Buffer, give: (part: Bytes) => void): boolean {
    const input = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    for (let next = 0; ; at = next) {
      next = at < input.length ? this.#run(input, at) : at;
      if (next === at) break;
      if (next < 0) return false;
      if (this.#to - this.#partAt >= PART_BYTES) this.#give(PART_BYTES, give);
    }
    this.#rest = Buffer.from(input.subarray(at));
    return true;
  }

  /** Gives what is left; false when it is not all that was announced. */
  end(give: (part: Bytes) => void): boolean {
    if (this.#left !== 0 || this.#rest.length > 0) return false;
    if (this.#to > this.#partAt) this.#give(this.#to - this.#partAt, give);
    return true;
  }

  #give(length: number, give: (part: Bytes) => void): void {
    const output = this.#output;
    give(output.latin1Slice(this.#partAt, this.#partAt + length));
    this.#partAt += length;
    const kept = Math.max(this.#partAt - MAX_DISTANCE, 0);
    output.copyWithin(0, kept, this.#to);
    this.#to -= kept;
    this.#partAt -= kept;
  }

  /** One control byte and what belongs to it. Where it ends; `at` when it is not all there, −1 when it is wrong. */
  #run(input: Buffer, at: number): number {
    const control = input[at]!;
    const isLiteral = control < MAX_LITERAL;
    const hasMore = control >> 5 === 7;
    const stop = at + (isLiteral ? control + 2 : hasMore ? 3 : 2);
    if (stop > input.length) return at;
    const count = isLiteral ? control + 1 : (control >> 5) + 2 + (hasMore ? input[at + 1]! : 0);
    this.#left -= count;
    if (this.#left < 0) return -1;
    const output = this.#output;
    if (isLiteral) {
      input.copy(output, this.#to, at + 1, stop);
      this.#to += count;
      return stop;
    }
    let from = this.#to - (((control & 0x1f) << 8) | input[stop - 1]!) - 1;
    if (from < 0) return -1;
    for (const end = this.#to + count; this.#to < end;) output[this.#to++] = output[from++]!;
    return stop;
  }
}

const PART_BYTES = 64 << 10;
