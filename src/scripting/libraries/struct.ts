import type { LuaStack, NativeLibrary } from "../native.ts";
import { checkCString, needStack, optionalInteger, toUint64 } from "./conversions.ts";
import { doubleBytes, integerBytes, readDouble, readInteger } from "./packed-numbers.ts";
import { Result } from "./result.ts";
import { StructFormat } from "./struct-format.ts";

/** Roberto Ierusalimschy's library of packed structures, which Redis calls `struct`. */

const INTEGERS = "bBhHlLTiI";
const SIGNED = "bhli";

function pack(lua: LuaStack, maxResultBytes: number): number {
  const format = new StructFormat(lua, checkCString(lua, 1));
  const result = new Result(lua, maxResultBytes);
  // Redis has it there, so that an argument that is missing is `nil` in its errors.
  lua.pushNil();
  let argument = 2;
  let total = 0;
  while (format.next()) {
    const padding = format.padding(total);
    if (padding > 0) result.add("\0".repeat(padding));
    let { size } = format;
    const { option, littleEndian } = format;
    if (INTEGERS.includes(option)) {
      result.add(integerBytes(lua.checkNumber(argument++), size, littleEndian));
    } else if (option === "x") result.add("\0");
    else if (option === "f") result.add(doubleBytes(lua.checkNumber(argument++), 4, littleEndian));
    else if (option === "d") result.add(doubleBytes(lua.checkNumber(argument++), 8, littleEndian));
    else if (option === "c" || option === "s") {
      const bytes = lua.checkBytes(argument++);
      if (size === 0) size = bytes.length;
      if (bytes.length < size) lua.argumentError(argument, "string too short");
      result.add(bytes.length === size ? bytes : bytes.slice(0, size));
      if (option === "s") {
        result.add("\0");
        size++;
      }
    } else format.control();
    total += padding + size;
  }
  result.push();
  return 1;
}

function unpack(lua: LuaStack): number {
  const format = new StructFormat(lua, checkCString(lua, 1));
  const data = lua.checkBytes(2);
  const start = optionalInteger(lua, 3, 1);
  if (start === 0) lua.argumentError(3, "offset must be 1 or greater");
  // A negative one is a very large one to C, and then the data is too short.
  let position = start - 1;
  let results = 0;
  const need = (size: number): void => {
    if (size > data.length || position < 0 || position > data.length - size) {
      lua.argumentError(2, "data string too short");
    }
  };
  while (format.next()) {
    position += format.padding(position);
    need(format.size);
    needStack(lua, 2, "too many results");
    let { size } = format;
    const { option, littleEndian } = format;
    if (INTEGERS.includes(option)) {
      lua.pushNumber(readInteger(data, position, size, SIGNED.includes(option), littleEndian));
      results++;
    } else if (option === "f" || option === "d") {
      lua.pushNumber(readDouble(data, position, option === "f" ? 4 : 8, littleEndian));
      results++;
    } else if (option === "c") {
      if (size === 0) {
        if (results === 0 || !lua.isNumber(-1)) lua.error("format 'c0' needs a previous size");
        size = toUint64(lua.toNumber(-1));
        lua.pop(1);
        results--;
        need(size);
      }
      lua.pushBytes(data.slice(position, position + size));
      results++;
    } else if (option === "s") {
      const end = data.indexOf("\0", position);
      if (end < 0) lua.error("unfinished string in data");
      lua.pushBytes(data.slice(position, end));
      size = end - position + 1;
      results++;
    } else if (option !== "x") format.control();
    position += size;
  }
  lua.pushNumber(position + 1);
  return results + 1;
}

function size(lua: LuaStack): number {
  const format = new StructFormat(lua, checkCString(lua, 1));
  let position = 0;
  while (format.next()) {
    position += format.padding(position);
    if (format.option === "s") lua.argumentError(1, "option 's' has no fixed size");
    if (format.option === "c" && format.size === 0) {
      lua.argumentError(1, "option 'c0' has no fixed size");
    }
    if (!/[0-9A-Za-z]/.test(format.option)) format.control();
    position += format.size;
  }
  lua.pushNumber(position);
  return 1;
}

/** `maxResultBytes` bounds what one call packs. */
export function structLibrary(maxResultBytes: number): NativeLibrary {
  return { name: "struct", functions: { pack: (lua) => pack(lua, maxResultBytes), unpack, size } };
}
