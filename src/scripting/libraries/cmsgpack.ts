import type { LuaStack, NativeLibrary } from "../native.ts";
import { pack } from "./cmsgpack-pack.ts";
import { MessageReader } from "./cmsgpack-unpack.ts";
import { needStack, optionalInteger, toInt, toInt64 } from "./conversions.ts";

/** lua-cmsgpack 0.4.0 (github.com/antirez/lua-cmsgpack). */

const INT_MAX = 2 ** 31 - 1;

/** Up to `limit` values from `offset` on; with 0 for both, all. */
function unpackFrom(lua: LuaStack, limit: number, offset: number): number {
  const input = lua.checkBytes(1);
  if (offset < 0 || limit < 0) {
    // Redis shows the input's length as the limit.
    lua.error(
      `Invalid request to unpack with offset of ${toInt(offset)} and limit of ${toInt(input.length)}.`,
    );
  }
  if (offset > input.length) {
    lua.error(`Start offset ${toInt(offset)} greater than input length ${toInt(input.length)}.`);
  }
  const isAll = limit === 0 && offset === 0;
  const most = isAll ? INT_MAX : limit;
  const reader = new MessageReader(lua, input, offset);
  let count = 0;
  for (; reader.at < input.length && count < most; count++) reader.read();
  if (isAll) return count;
  needStack(lua, 1, "in function mp_unpack_full");
  lua.pushNumber(reader.at === input.length ? -1 : reader.at);
  lua.insert(2);
  return count + 1;
}

function unpackOne(lua: LuaStack): number {
  const offset = optionalInteger(lua, 2, 0);
  lua.setTop(Math.min(lua.top(), 1));
  return unpackFrom(lua, 1, offset);
}

function unpackLimit(lua: LuaStack): number {
  const limit = toInt64(lua.checkNumber(2));
  const offset = optionalInteger(lua, 3, 0);
  lua.setTop(1);
  return unpackFrom(lua, limit, offset);
}

/** `maxResultBytes` bounds what one call packs. */
export function cmsgpackLibrary(maxResultBytes: number): NativeLibrary {
  return {
    name: "cmsgpack",
    functions: {
      pack: (lua) => pack(lua, maxResultBytes),
      unpack: (lua) => unpackFrom(lua, 0, 0),
      unpack_one: unpackOne,
      unpack_limit: unpackLimit,
    },
    open(lua) {
      for (const [name, text] of FIELDS) {
        lua.pushBytes(name);
        lua.pushBytes(text);
        lua.rawSet(-3);
      }
    },
  };
}

const FIELDS = [
  ["_NAME", "cmsgpack"],
  ["_VERSION", "lua-cmsgpack 0.4.0"],
  ["_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"],
  ["_DESCRIPTION", "MessagePack C implementation for Lua"],
] as const;
