import type { Bytes } from "../../support/bytes.ts";
import type { LuaStack } from "../native.ts";

/** Up to here a result grows as a JavaScript string, which is fastest; beyond, a rope of small pieces would need a multiple of it. */
const TEXT_BYTES = 16 * 1024;

/** A piece of a result takes a microsecond, or a millisecond where a large table that was emptied is looked through. */
const PIECES_PER_TIME_CHECK = 1024;

/** Gathers the bytes of a result, which becomes one Lua string: no more of them than `limit`. */
export class Result {
  readonly #lua: LuaStack;
  readonly #limit: number;
  #text: Bytes = "";
  #written: Buffer | undefined;
  #used = 0;
  #pieces = 0;

  constructor(lua: LuaStack, limit: number) {
    this.#lua = lua;
    this.#limit = limit;
  }

  add(bytes: Bytes): void {
    this.#text += bytes;
    if (++this.#pieces % PIECES_PER_TIME_CHECK === 0) this.#lua.checkTime();
    if (this.#text.length > TEXT_BYTES) this.#write();
  }

  push(): void {
    if (this.#written === undefined) {
      this.#lua.pushBytes(this.#text);
      return;
    }
    this.#write();
    this.#lua.pushBytes(this.#written.latin1Slice(0, this.#used));
  }

  #write(): void {
    const needed = this.#used + this.#text.length;
    if (needed > this.#limit) this.#lua.error("not enough memory");
    if (this.#written === undefined || needed > this.#written.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(4 * TEXT_BYTES, 2 * needed)));
      this.#written?.copy(grown, 0, 0, this.#used);
      this.#written = grown;
    }
    this.#written.latin1Write(this.#text, this.#used);
    this.#used = needed;
    this.#text = "";
  }
}
