/**
 * A small fast random generator (xorshift128+ on 32-bit halves would be overkill: this is `sfc32`, Chris
 * Doty-Humphrey's "small fast counter" generator, 128 bits of state, passes PractRand).
 *
 * A command draws from one that can be wound back, so that an attempt that is run again after a fault
 * draws the same numbers.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;
  #mark: readonly [number, number, number, number];

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = (seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9 | 0;
    this.#counter = 1;
    for (let i = 0; i < 12; i++) this.next32();
    this.#mark = [this.#a, this.#b, this.#c, this.#counter];
  }

  /** Remember this state; `rewind` comes back to it. */
  mark(): void {
    this.#mark = [this.#a, this.#b, this.#c, this.#counter];
  }

  rewind(): void {
    [this.#a, this.#b, this.#c, this.#counter] = this.#mark;
  }

  /** An unsigned 32-bit number. */
  next32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `bound` - 1; `bound` from 1 to 2^53. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  /** At least 0, below 1, with 53 random bits. */
  fraction(): number {
    return ((this.next32() >>> 5) * 0x400_0000 + (this.next32() >>> 6)) / 0x20_0000_0000_0000;
  }
}
