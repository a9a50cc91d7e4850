import type { Bytes } from "../../support/bytes.ts";
import { formatGeneral } from "../../support/general-format.ts";
import { BOOLEAN, FUNCTION, LIGHT_USERDATA, type LuaStack, NIL, NUMBER, STRING, TABLE } from "../native.ts";
import type { CjsonSettings } from "./cjson-settings.ts";
import { Result } from "./result.ts";

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const USERDATA = 7;

/** A table that is being written. */
interface Open {
  /** Elements of an array; of an object 0. */
  readonly length: number;
  /** Elements or pairs that were begun. */
  count: number;
}

/**
 * Writes the value on top of the stack as JSON and leaves the text there. Without recursion: a script may allow any depth,
 * and Lua's stack is the limit then, as in Redis.
 */
export function encode(lua: LuaStack, settings: CjsonSettings, maxResultBytes: number): void {
  const result = new Result(lua, maxResultBytes);
  const open: Open[] = [];
  writeTop(lua, settings, result, open);
  while (open.length > 0) {
    const table = open[open.length - 1]!;
    const isArray = table.length > 0;
    if (isArray ? table.count === table.length : !nextPair(lua, table)) {
      result.add(isArray ? "]" : table.count === 0 ? "{}" : "}");
      open.pop();
      lua.pop(1);
      continue;
    }
    const isFirst = table.count++ === 0;
    if (isArray) {
      result.add(isFirst ? "[" : ",");
      lua.rawGetIndex(-1, table.count);
    } else result.add(`${isFirst ? "{" : ","}${keyText(lua, settings)}:`);
    writeTop(lua, settings, result, open);
  }
  result.push();
}

/** Pushes the next key and value of the table on top, or of that below the last key. */
function nextPair(lua: LuaStack, table: Open): boolean {
  if (table.count === 0) lua.pushNil();
  return lua.next(-2);
}

/** Writes what is on top and takes it off; a table stays and is opened. */
function writeTop(lua: LuaStack, settings: CjsonSettings, result: Result, open: Open[]): void {
  const type = lua.type(-1);
  if (type === STRING) result.add(quoted(lua, lua.toBytes(-1)!));
  else if (type === NUMBER) result.add(numberText(lua, lua.toNumber(-1), settings));
  else if (type === BOOLEAN) result.add(lua.toBoolean(-1) ? "true" : "false");
  else if (type === NIL || type === LIGHT_USERDATA) result.add("null");
  else if (type === TABLE) {
    const depth = open.length + 1;
    if (depth > settings.encodeMaxDepth || !lua.checkStack(3)) {
      lua.error(`Cannot serialise, excessive nesting (${depth})`);
    }
    open.push({ length: Math.max(arrayLength(lua, settings), 0), count: 0 });
    return;
  } else fail(lua, type, "type not supported");
  lua.pop(1);
}

function keyText(lua: LuaStack, settings: CjsonSettings): Bytes {
  const type = lua.type(-2);
  if (type === STRING) return quoted(lua, lua.toBytes(-2)!);
  if (type === NUMBER) return `"${numberText(lua, lua.toNumber(-2), settings)}"`;
  return fail(lua, type, "table key must be a number or string");
}

/** The greatest index of a table whose keys are all whole numbers from 1 on; 0 or less for what is written as an object. */
function arrayLength(lua: LuaStack, settings: CjsonSettings): number {
  let greatest = 0;
  let count = 0;
  lua.pushNil();
  while (lua.next(-2)) {
    lua.pop(1);
    const key = lua.type(-1) === NUMBER ? lua.toNumber(-1) : 0;
    if (!(key >= 1) || Math.floor(key) !== key) {
      lua.pop(1);
      return -1;
    }
    // Redis has it in an `int`, where what does not fit becomes the least one.
    if (key > greatest) greatest = key > INT_MAX ? INT_MIN : key;
    count++;
  }
  const isSparse =
    settings.sparseRatio > 0 &&
    greatest > Math.imul(count, settings.sparseRatio) &&
    greatest > settings.sparseSafe;
  if (!isSparse) return greatest;
  if (settings.sparseConvert === 0) fail(lua, TABLE, "excessively sparse array");
  return -1;
}

function numberText(lua: LuaStack, value: number, settings: CjsonSettings): string {
  if (!Number.isFinite(value)) {
    if (settings.encodeInvalidNumbers === 0) fail(lua, NUMBER, "must not be NaN or Inf");
    if (settings.encodeInvalidNumbers === 2) return "null";
    return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }
  return formatGeneral(value, settings.numberPrecision);
}

const TO_ESCAPE = /[\0-\x1f"/\\\x7f]/;
const ALL_TO_ESCAPE = new RegExp(TO_ESCAPE, "g");
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "/": "\\/",
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** To escape so many characters takes about a tenth of a second at the most. */
const BYTES_PER_TIME_CHECK = 128 * 1024;

/** In quotes; bytes past 0x7f as they are, whether they are UTF-8 or not. */
function quoted(lua: LuaStack, bytes: Bytes): Bytes {
  if (!TO_ESCAPE.test(bytes)) return `"${bytes}"`;
  if (bytes.length <= BYTES_PER_TIME_CHECK) return `"${bytes.replace(ALL_TO_ESCAPE, escaped)}"`;
  const parts: Bytes[] = [];
  for (let i = 0; i < bytes.length; i += BYTES_PER_TIME_CHECK) {
    parts.push(bytes.slice(i, i + BYTES_PER_TIME_CHECK).replace(ALL_TO_ESCAPE, escaped));
    lua.checkTime();
  }
  return `"${parts.join("")}"`;
}

function escaped(char: string): string {
  return SHORT_ESCAPES[char] ?? `\\u00${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [BOOLEAN]: "boolean",
  [NUMBER]: "number",
  [TABLE]: "table",
  [FUNCTION]: "function",
  [LIGHT_USERDATA]: "userdata",
  [USERDATA]: "userdata",
};

function fail(lua: LuaStack, type: number, reason: string): never {
  return lua.error(`Cannot serialise ${TYPE_NAMES[type] ?? "thread"}: ${reason}`);
}
