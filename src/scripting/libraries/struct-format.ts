import type { Bytes } from "../../support/bytes.ts";
import type { LuaStack } from "../native.ts";

/**
 * The format strings of `struct` (www.inf.puc-rio.br/~roberto/struct), as a 64-bit Unix reads them: `int` has 4 bytes,
 * `long` and `size_t` have 8, and the order of bytes is that of x86 until the format changes it.
 */

const MAX_INT_SIZE = 32;
const INT_MAX = 2 ** 31 - 1;
const NATIVE_ALIGNMENT = 8;
const ZERO = 0x30;

const FIXED_SIZES: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["b", 1],
  ["x", 1],
  ["H", 2],
  ["h", 2],
  ["f", 4],
  ["L", 8],
  ["l", 8],
  ["T", 8],
  ["d", 8],
]);

/** Walks over a format string, option by option. */
export class StructFormat {
  littleEndian = true;
  /** Of the option that `next` came to: its letter and its bytes, where it has a size of its own. */
  option = "";
  size = 0;
  readonly #lua: LuaStack;
  readonly #text: Bytes;
  #at = 0;
  #maxAlignment = 1;

  constructor(lua: LuaStack, text: Bytes) {
    this.#lua = lua;
    this.#text = text;
  }

  /** Goes to the next option; false at the end of the format. */
  next(): boolean {
    if (this.#at === this.#text.length) return false;
    this.option = this.#text[this.#at++]!;
    this.size = this.#optionSize();
    return true;
  }

  /** The bytes to skip before the present option, for which the next free position is `position`. */
  padding(position: number): number {
    if (this.size === 0 || this.option === "c") return 0;
    const size = Math.min(this.size, this.#maxAlignment);
    // As in C also where the size is no power of two.
    return (size - (position & (size - 1))) & (size - 1);
  }

  /** Carries out an option that holds no value; raises an error for one that is none. */
  control(): void {
    switch (this.option) {
      case " ":
        return;
      case ">":
        this.littleEndian = false;
        return;
      case "<":
        this.littleEndian = true;
        return;
      case "!": {
        const alignment = this.#number(NATIVE_ALIGNMENT);
        if (alignment <= 0 || (alignment & (alignment - 1)) !== 0) {
          this.#lua.error(`alignment ${alignment} is not a power of 2`);
        }
        this.#maxAlignment = alignment;
        return;
      }
      default:
        this.#lua.argumentError(1, `invalid format option '${this.option}'`);
    }
  }

  #optionSize(): number {
    const fixed = FIXED_SIZES.get(this.option);
    if (fixed !== undefined) return fixed;
    if (this.option === "c") return this.#number(1);
    if (this.option !== "i" && this.option !== "I") return 0;
    const size = this.#number(4);
    if (size > MAX_INT_SIZE) {
      this.#lua.error(`integral size ${size} is larger than limit of ${MAX_INT_SIZE}`);
    }
    return size;
  }

  #number(absent: number): number {
    if (!this.#isDigit()) return absent;
    let value = 0;
    while (this.#isDigit()) {
      value = value * 10 + this.#text.charCodeAt(this.#at) - ZERO;
      if (value > INT_MAX) this.#lua.error("integral size overflow");
      this.#at++;
    }
    return value;
  }

  #isDigit(): boolean {
    const digit = this.#text.charCodeAt(this.#at) - ZERO;
    return digit >= 0 && digit <= 9;
  }
}
