import type { LuaStack } from "../native.ts";
import type { CjsonSettings } from "./cjson-settings.ts";
import { JsonTokens, type Token } from "./json-tokens.ts";

const ELEMENTS_PER_TIME_CHECK = 16_384;

/** A table that is being filled. */
interface Open {
  readonly isObject: boolean;
  /** Elements or pairs that were begun. */
  count: number;
}

/** Pushes what the JSON text spells. Without recursion: the text decides how deep it is nested. */
export function decode(lua: LuaStack, settings: CjsonSettings): void {
  const input = lua.checkBytes(1);
  // The first character of JSON is ASCII: a zero byte beside it is another encoding.
  if (input.length >= 2 && (input.charCodeAt(0) === 0 || input.charCodeAt(1) === 0)) {
    lua.error("JSON parser does not support UTF-16 or UTF-32");
  }
  const tokens = new JsonTokens(input, settings.decodeInvalidNumbers !== 0);
  const open: Open[] = [];
  let elements = 0;
  pushValue(lua, settings, tokens, tokens.next(), open);
  while (open.length > 0) {
    const table = open[open.length - 1]!;
    const depth = open.length;
    if (++elements % ELEMENTS_PER_TIME_CHECK === 0) lua.checkTime();
    if (readElement(lua, settings, tokens, table, open)) {
      if (open.length === depth) store(lua, table);
      continue;
    }
    open.pop();
    if (open.length > 0) store(lua, open[open.length - 1]!);
  }
  const last = tokens.next();
  if (last !== "T_END") unexpected(lua, tokens, last, "the end");
}

/** Reads an element or a pair, whose value it may have opened only; false at the end of `table`. */
function readElement(
  lua: LuaStack,
  settings: CjsonSettings,
  tokens: JsonTokens,
  table: Open,
  open: Open[],
): boolean {
  let token = tokens.next();
  if (token === (table.isObject ? "T_OBJ_END" : "T_ARR_END")) return false;
  if (table.count > 0) {
    if (token !== "T_COMMA") {
      unexpected(lua, tokens, token, table.isObject ? "comma or object end" : "comma or array end");
    }
    token = tokens.next();
  }
  table.count++;
  if (table.isObject) {
    if (token !== "T_STRING") unexpected(lua, tokens, token, "object key string");
    lua.pushBytes(tokens.text);
    token = tokens.next();
    if (token !== "T_COLON") unexpected(lua, tokens, token, "colon");
    token = tokens.next();
  }
  pushValue(lua, settings, tokens, token, open);
  return true;
}

/** Pushes a value, or a new table that is opened. */
function pushValue(
  lua: LuaStack,
  settings: CjsonSettings,
  tokens: JsonTokens,
  token: Token,
  open: Open[],
): void {
  switch (token) {
    case "T_STRING":
      lua.pushBytes(tokens.text);
      break;
    case "T_NUMBER":
      lua.pushNumber(tokens.number);
      break;
    case "T_BOOLEAN":
      lua.pushBoolean(tokens.number === 1);
      break;
    case "T_NULL":
      lua.pushNull();
      break;
    case "T_OBJ_BEGIN":
    case "T_ARR_BEGIN": {
      const isObject = token === "T_OBJ_BEGIN";
      const depth = open.length + 1;
      if (depth > settings.decodeMaxDepth || !lua.checkStack(isObject ? 3 : 2)) {
        lua.error(`Found too many nested data structures (${depth}) at character ${tokens.at}`);
      }
      lua.newTable(0, 0);
      open.push({ isObject, count: 0 });
      break;
    }
    default:
      unexpected(lua, tokens, token, "value");
  }
}

/** Puts the value on top of the stack, which is complete, into `table` below it. */
function store(lua: LuaStack, table: Open): void {
  if (table.isObject) lua.rawSet(-3);
  else lua.rawSetIndex(-2, table.count);
}

function unexpected(lua: LuaStack, tokens: JsonTokens, token: Token, expected: string): never {
  const found = token === "T_ERROR" ? tokens.text : token;
  return lua.error(`Expected ${expected} but found ${found} at character ${tokens.start + 1}`);
}
