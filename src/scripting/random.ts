/**
 * The generator behind `math.random`: lrand48 of POSIX (X' = 0x5DEECE66D X + 11 mod 2^48), which gives scripts the same numbers
 * on every machine, from the state that Redis starts with.
 * https://pubs.opengroup.org/onlinepubs/9699919799/functions/drand48.html
 */
export class ScriptRandom {
  #high = 0x1234abcd;
  #low = 0x330e;
  /** Both of them, once somebody has asked. */
  #saved: readonly [number, number] | null = null;

  /** 0 to 2^31 - 1. */
  next(): number {
    // The upper 32 and the lower 16 bits by themselves, as doubles and integers hold them.
    const low = this.#low * 0xe66d + 0xb;
    this.#saved = null;
    const carry = Math.floor(low / 0x10000);
    const middle = Math.imul(this.#high, 0xe66d) + Math.imul(this.#low, 0x5deec) + carry;
    this.#low = low & 0xffff;
    this.#high = (middle + (Math.imul(this.#high, 0x5deec) << 16)) >>> 0;
    return this.#high >>> 1;
  }

  seed(seed: number): void {
    this.#saved = null;
    this.#high = seed >>> 0;
    this.#low = 0x330e;
  }

  /** For an attempt that has to be repeated exactly. */
  save(): readonly [number, number] {
    return (this.#saved ??= [this.#high, this.#low]);
  }

  restore(saved: readonly [number, number]): void {
    [this.#high, this.#low] = this.#saved = saved;
  }
}
