import type { Bytes } from "../../support/bytes.ts";
import type { LuaStack } from "../native.ts";
import { needStack } from "./conversions.ts";
import { readDouble, readInteger } from "./packed-numbers.ts";

const VALUES_PER_TIME_CHECK = 16_384;

/** A table that is being filled. */
interface Filling {
  readonly isMap: boolean;
  /** Elements, or pairs, that are still to come. */
  left: number;
  /** Of an array the last index; of a map 1 if the key of the next pair is already on the stack. */
  index: number;
}

/** Reads MessagePack values onto the stack. Without recursion: the input decides how deep it is nested. */
export class MessageReader {
  /** The offset of the next value. */
  at: number;
  readonly #lua: LuaStack;
  readonly #input: Bytes;
  readonly #filling: Filling[] = [];
  /** Redis has the index of an element on the stack while it reads it: so deep, and no deeper, may arrays be nested. */
  #openArrays = 0;
  #values = 0;

  constructor(lua: LuaStack, input: Bytes, at: number) {
    this.#lua = lua;
    this.#input = input;
    this.at = at;
  }

  /** Pushes the next value with all that is in it. Raises a Lua error for what is no MessagePack. */
  read(): void {
    const lua = this.#lua;
    const filling = this.#filling;
    this.#readOne();
    while (filling.length > 0) {
      const table = filling[filling.length - 1]!;
      if (table.left === 0) {
        filling.pop();
        if (!table.isMap) this.#openArrays--;
        if (filling.length > 0) store(lua, filling[filling.length - 1]!);
        continue;
      }
      const depth = filling.length;
      this.#readOne();
      if (filling.length === depth) store(lua, table);
    }
  }

  /** Pushes a value, or a new table that is yet to be filled. */
  #readOne(): void {
    this.#need(1);
    needStack(
      this.#lua,
      1 + this.#openArrays,
      "too many return values at once; use unpack_one or unpack_limit instead.",
    );
    if (++this.#values % VALUES_PER_TIME_CHECK === 0) this.#lua.checkTime();
    const tag = this.#input.charCodeAt(this.at);
    if (tag < 0x80) this.#number(1, tag);
    else if (tag < 0x90) this.#table(1, tag & 0x0f, true);
    else if (tag < 0xa0) this.#table(1, tag & 0x0f, false);
    else if (tag < 0xc0) this.#string(1, tag & 0x1f);
    else if (tag >= 0xe0) this.#number(1, tag - 0x100);
    else this.#readTagged(tag);
  }

  #readTagged(tag: number): void {
    switch (tag) {
      case 0xc0:
        this.#lua.pushNil();
        this.at++;
        break;
      case 0xc2:
      case 0xc3:
        this.#lua.pushBoolean(tag === 0xc3);
        this.at++;
        break;
      case 0xca:
        this.#double(4);
        break;
      case 0xcb:
        this.#double(8);
        break;
      case 0xcc:
      case 0xcd:
      case 0xce:
        this.#integer(2 ** (tag - 0xcc), false);
        break;
      case 0xd0:
      case 0xd1:
      case 0xd2:
        this.#integer(2 ** (tag - 0xd0), true);
        break;
      // Unsigned ones of 64 bits come out signed, as in Redis.
      case 0xcf:
      case 0xd3:
        this.#integer(8, true);
        break;
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.#string(1 + 2 ** (tag - 0xd9), this.#count(2 ** (tag - 0xd9)));
        break;
      case 0xdc:
      case 0xdd:
        this.#table(1 + 2 * (tag - 0xdb), this.#count(2 * (tag - 0xdb)), false);
        break;
      case 0xde:
      case 0xdf:
        this.#table(1 + 2 * (tag - 0xdd), this.#count(2 * (tag - 0xdd)), true);
        break;
      default:
        this.#lua.error("Bad data format in input.");
    }
  }

  #need(bytes: number): void {
    if (this.#input.length - this.at < bytes) this.#lua.error("Missing bytes in input.");
  }

  #number(length: number, value: number): void {
    this.#lua.pushNumber(value);
    this.at += length;
  }

  #integer(bytes: number, signed: boolean): void {
    this.#need(1 + bytes);
    this.#number(1 + bytes, readInteger(this.#input, this.at + 1, bytes, signed, false));
  }

  #double(bytes: 4 | 8): void {
    this.#need(1 + bytes);
    this.#number(1 + bytes, readDouble(this.#input, this.at + 1, bytes, false));
  }

  /** The length that stands behind the tag. */
  #count(bytes: number): number {
    this.#need(1 + bytes);
    return readInteger(this.#input, this.at + 1, bytes, false, false);
  }

  #string(header: number, length: number): void {
    this.#need(header + length);
    const start = this.at + header;
    this.#lua.pushBytes(this.#input.slice(start, start + length));
    this.at = start + length;
  }

  #table(header: number, count: number, isMap: boolean): void {
    this.at += header;
    this.#lua.newTable(0, 0);
    if (!isMap) {
      needStack(this.#lua, 1 + this.#openArrays, "in function mp_decode_to_lua_array");
      this.#openArrays++;
    }
    this.#filling.push({ isMap, left: count, index: 0 });
  }
}

/** Puts the value on top of the stack, which is complete, into `table` below it. */
function store(lua: LuaStack, table: Filling): void {
  if (!table.isMap) {
    lua.rawSetIndex(-2, ++table.index);
    table.left--;
  } else if (table.index === 0) table.index = 1;
  else {
    table.index = 0;
    lua.rawSet(-3);
    table.left--;
  }
}
