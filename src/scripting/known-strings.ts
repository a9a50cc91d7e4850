import type { Bytes } from "../support/bytes.ts";

/** How many are remembered. */
const PLACES = 1024;
/** The longest that is remembered: a longer one takes longer to compare than to make. */
const MAX_SIZE = 64;
/** Up to here a loop over the characters is faster than a call into Node. */
const SHORT_READ = 12;

/**
 * Strings that were read from Lua's memory, by where they are there. Lua has each string once, so what a script names in call
 * after call (the command, the key) is found again: nothing is allocated, and V8 has its hash already. Whether it is still
 * the same string there is seen from its bytes.
 */
export class KnownStrings {
  readonly #strings: Bytes[] = Array.from({ length: PLACES }, () => "");

  read(memory: Buffer, address: number, size: number): Bytes {
    if (size > MAX_SIZE) return memory.latin1Slice(address, address + size);
    // Addresses are multiples of eight.
    const place = (address >>> 3) & (PLACES - 1);
    const known = this.#strings[place]!;
    if (known.length === size && isAt(known, memory, address)) return known;
    return (this.#strings[place] = make(memory, address, size));
  }
}

function isAt(text: Bytes, memory: Buffer, address: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== memory[address + i]) return false;
  return true;
}

function make(memory: Buffer, address: number, size: number): Bytes {
  if (size > SHORT_READ) return memory.latin1Slice(address, address + size);
  let text = "";
  for (let i = address; i < address + size; i++) text += String.fromCharCode(memory[i]!);
  return text;
}
