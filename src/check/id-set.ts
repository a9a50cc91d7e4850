/** Ids that one block of bits tells of. */
const BLOCK_BITS = 16;
const BLOCK_BYTES = 1 << (BLOCK_BITS - 3);

/** A set of collection ids, a bit for each: they are numbered in a row. */
export class IdSet {
  readonly #blocks = new Map<number, Uint8Array>();

  /** False when it was there before. */
  add(id: number): boolean {
    const number = Math.floor(id / 2 ** BLOCK_BITS);
    let block = this.#blocks.get(number);
    if (block === undefined) this.#blocks.set(number, (block = new Uint8Array(BLOCK_BYTES)));
    const within = id % 2 ** BLOCK_BITS;
    const bit = 1 << (within & 7);
    if ((block[within >> 3]! & bit) !== 0) return false;
    block[within >> 3]! |= bit;
    return true;
  }

  has(id: number): boolean {
    const block = this.#blocks.get(Math.floor(id / 2 ** BLOCK_BITS));
    const within = id % 2 ** BLOCK_BITS;
    return block !== undefined && (block[within >> 3]! & (1 << (within & 7))) !== 0;
  }
}
