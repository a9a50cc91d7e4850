import { BOOLEAN, type LuaStack, NUMBER, STRING, TABLE } from "../native.ts";
import { needStack } from "./conversions.ts";
import { doubleBytes, integerBytes } from "./packed-numbers.ts";
import { Result } from "./result.ts";

/** `cmsgpack.pack`: the MessagePack format (github.com/msgpack/msgpack/blob/master/spec.md). */

/** Deeper tables become nil, so that one which holds itself comes to an end. */
const MAX_NESTING = 16;
const INT_MAX = 2 ** 31 - 1;

const FIXED_MAP = 0x80;
const FIXED_ARRAY = 0x90;
const FIXED_STRING = 0xa0;
const NIL = "\xc0";
const FALSE = "\xc2";
const TRUE = "\xc3";
const FLOAT_32 = "\xca";
const FLOAT_64 = "\xcb";
const UINT_8 = 0xcc;
const INT_8 = 0xd0;
const STRING_8 = 0xd9;
const ARRAY_16 = 0xdc;
const MAP_16 = 0xde;

const char = String.fromCharCode;

/** All arguments, one behind the other. */
export function pack(lua: LuaStack, maxResultBytes: number): number {
  const count = lua.top();
  if (count === 0) lua.argumentError(0, "MessagePack pack needs input.");
  if (!lua.checkStack(count)) lua.argumentError(0, "Too many arguments for MessagePack pack.");
  const result = new Result(lua, maxResultBytes);
  for (let i = 1; i <= count; i++) {
    lua.pushValue(i);
    packTop(lua, result, 0);
  }
  result.push();
  return 1;
}

/** Packs what is on top of the stack and takes it off. */
function packTop(lua: LuaStack, result: Result, level: number): void {
  const type = lua.type(-1);
  if (type === STRING) {
    const bytes = lua.toBytes(-1)!;
    result.add(stringHeader(bytes.length) + bytes);
  } else if (type === NUMBER) result.add(packedNumber(lua.toNumber(-1)));
  else if (type === BOOLEAN) result.add(lua.toBoolean(-1) ? TRUE : FALSE);
  else if (type === TABLE && level !== MAX_NESTING) packTable(lua, result, level);
  else result.add(NIL);
  lua.pop(1);
}

function packTable(lua: LuaStack, result: Result, level: number): void {
  needStack(lua, 3, "in function table_is_an_array");
  const length = arrayLength(lua);
  if (length >= 0) {
    result.add(countHeader(FIXED_ARRAY, ARRAY_16, length));
    for (let i = 1; i <= length; i++) {
      lua.rawGetIndex(-1, i);
      packTop(lua, result, level + 1);
    }
    return;
  }
  result.add(countHeader(FIXED_MAP, MAP_16, countPairs(lua)));
  lua.pushNil();
  while (lua.next(-2)) {
    lua.pushValue(-2);
    packTop(lua, result, level + 1);
    packTop(lua, result, level + 1);
  }
}

/** How many elements the table on top has if its keys are 1 to that number, all of them; else -1. */
function arrayLength(lua: LuaStack): number {
  let count = 0;
  let greatest = 0;
  lua.pushNil();
  while (lua.next(-2)) {
    lua.pop(1);
    const key = lua.type(-1) === NUMBER ? lua.toNumber(-1) : 0;
    if (key <= 0 || key > INT_MAX || !Number.isInteger(key)) {
      lua.pop(1);
      return -1;
    }
    if (key > greatest) greatest = key;
    count++;
  }
  return greatest === count ? count : -1;
}

function countPairs(lua: LuaStack): number {
  let count = 0;
  lua.pushNil();
  while (lua.next(-2)) {
    lua.pop(1);
    count++;
  }
  return count;
}

/** Whole numbers as integers, in as few bytes as hold them; others as single precision where that loses nothing. */
function packedNumber(value: number): string {
  if (!Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 63) {
    return Math.fround(value) === value
      ? FLOAT_32 + doubleBytes(value, 4, false)
      : FLOAT_64 + doubleBytes(value, 8, false);
  }
  if (value >= 0) {
    if (value <= 0x7f) return char(value);
    if (value <= 0xff) return char(UINT_8, value);
    if (value <= 0xffff) return char(UINT_8 + 1, value >> 8, value & 0xff);
    if (value <= 0xffff_ffff) return char(UINT_8 + 2) + integerBytes(value, 4, false);
    return char(UINT_8 + 3) + integerBytes(value, 8, false);
  }
  if (value >= -32) return char(value & 0xff);
  if (value >= -0x80) return char(INT_8, value & 0xff);
  if (value >= -0x8000) return char(INT_8 + 1, (value >> 8) & 0xff, value & 0xff);
  if (value >= -0x8000_0000) return char(INT_8 + 2) + integerBytes(value, 4, false);
  return char(INT_8 + 3) + integerBytes(value, 8, false);
}

function stringHeader(length: number): string {
  if (length < 32) return char(FIXED_STRING | length);
  if (length <= 0xff) return char(STRING_8, length);
  if (length <= 0xffff) return char(STRING_8 + 1, length >> 8, length & 0xff);
  return char(STRING_8 + 2) + integerBytes(length, 4, false);
}

function countHeader(fixed: number, wide: number, count: number): string {
  if (count <= 15) return char(fixed | count);
  if (count <= 0xffff) return char(wide, count >> 8, count & 0xff);
  return char(wide + 1) + integerBytes(count, 4, false);
}
