import { FileDamage } from "./damage.ts";

/** Reads LevelDB's numbers and strings one after the other. @throws FileDamage past the end */
export class Cursor {
  readonly #bytes: Buffer;
  readonly #end: number;
  at: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  get done(): boolean {
    return this.at >= this.#end;
  }

  /** LEB128, up to 2^53. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.take(1)[0]!;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new FileDamage("a number that is too large");
      if (byte < 0x80) return value;
    }
  }

  take(length: number): Buffer {
    if (length > this.#end - this.at) throw new FileDamage("it ends too early");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** A length and as many bytes. */
  sized(): Buffer {
    return this.take(this.varint());
  }
}
