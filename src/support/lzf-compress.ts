/**
 * Compresses to LZF (lzf.ts says how it looks). One pass: a table knows where three bytes were last seen, what is found
 * there and is not too far back is a repeat. Where nothing repeats for a while it looks at fewer and fewer places.
 */

const MAX_LITERAL = 32;
const MAX_DISTANCE = 1 << 13;
const MIN_REPEAT = 3;
const MAX_REPEAT = 264;

/** Lengths that fit the control byte; longer ones take a byte more. */
const LONG_REPEAT = 9;

const TABLE_BITS = 14;

/** After so many places (a power of two) without a repeat, one more is left out at each step. */
const SKIP_BITS = 6;
const MAX_SKIP = 15;

/** Where three bytes were last seen, counted on over all calls: what is less than a call's base is of another one. */
const seen = new Int32Array(1 << TABLE_BITS);
let base = 1;

/**
 * Compresses `input[start, end)` into `output`, which has to hold `limit` bytes. Returns how many it wrote, 0 when it
 * would be more than `limit`.
 */
export function lzfCompress(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  limit: number,
): number {
  if (base + (end - start) > 0x7fff_ffff) {
    seen.fill(0);
    base = 1;
  }
  // What `seen` has is a place, counted from `shift`.
  const shift = base - start;
  base += end - start;
  let to = 0;
  let at = start;
  let literalsFrom = start;
  let misses = 0;
  const last = end - MIN_REPEAT;
  while (at <= last) {
    const hash = hashAt(input, at);
    const from = seen[hash]! - shift;
    seen[hash] = at + shift;
    const distance = at - from - 1;
    if (
      from < start ||
      distance >= MAX_DISTANCE ||
      input[from] !== input[at] ||
      input[from + 1] !== input[at + 1] ||
      input[from + 2] !== input[at + 2]
    ) {
      at += 1 + Math.min(misses++ >> SKIP_BITS, MAX_SKIP);
      continue;
    }
    misses = 0;
    to = putLiterals(input, literalsFrom, at, output, to, limit);
    if (to < 0 || to + MIN_REPEAT > limit) return 0;
    const longest = Math.min(MAX_REPEAT, end - at);
    let length = MIN_REPEAT;
    while (length < longest && input[from + length] === input[at + length]) length++;
    if (length < LONG_REPEAT) {
      output[to++] = ((length - 2) << 5) | (distance >> 8);
    } else {
      output[to++] = (7 << 5) | (distance >> 8);
      output[to++] = length - LONG_REPEAT;
    }
    output[to++] = distance & 0xff;
    at += length;
    literalsFrom = at;
    // What comes next often repeats from where this one ended.
    if (at <= last) {
      seen[hashAt(input, at - 1)] = at - 1 + shift;
      seen[hashAt(input, at - 2)] = at - 2 + shift;
    }
  }
  to = putLiterals(input, literalsFrom, end, output, to, limit);
  return to < 0 ? 0 : to;
}

function hashAt(input: Uint8Array, at: number): number {
  const three = (input[at]! << 16) | (input[at + 1]! << 8) | input[at + 2]!;
  return Math.imul(three, 0x9e37_79b1) >>> (32 - TABLE_BITS);
}

/** Where the output goes on; −1 when it is full. */
function putLiterals(
  input: Uint8Array,
  from: number,
  end: number,
  output: Uint8Array,
  to: number,
  limit: number,
): number {
  while (from < end) {
    const count = Math.min(MAX_LITERAL, end - from);
    if (to + 1 + count > limit) return -1;
    output[to++] = count - 1;
    for (const stop = from + count; from < stop;) output[to++] = input[from++]!;
  }
  return to;
}
