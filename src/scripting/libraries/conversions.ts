import type { LuaStack } from "../native.ts";

/** How C on a 64-bit x86 turns Lua's numbers into its own, out of range too: scripts see the results. */

/** A cast to a signed 64-bit integer: cut; the least one for what does not fit, NaN included. */
export function toInt64(value: number): number {
  return Math.abs(value) < 2 ** 63 ? Math.trunc(value) : -(2 ** 63);
}

/** A cast to an unsigned 64-bit integer: negative ones wrap, from 2^64 on it is 0. */
export function toUint64(value: number): number {
  if (value >= 2 ** 63) return value < 2 ** 64 ? value : 0;
  const signed = toInt64(value);
  return signed < 0 ? signed + 2 ** 64 : signed;
}

/** What is left in an `int` of a 64-bit integer. */
export function toInt(value: number): number {
  return Math.abs(value) < 2 ** 63 ? value | 0 : 0;
}

/** `luaL_optinteger`: `absent` for nil and for no argument. */
export function optionalInteger(lua: LuaStack, argument: number, absent: number): number {
  return lua.type(argument) <= 0 ? absent : toInt64(lua.checkNumber(argument));
}

/** `luaL_checkstring` where C reads up to the first zero byte. */
export function checkCString(lua: LuaStack, argument: number): string {
  const bytes = lua.checkBytes(argument);
  const end = bytes.indexOf("\0");
  return end < 0 ? bytes : bytes.slice(0, end);
}

/** `luaL_checkstack`. */
export function needStack(lua: LuaStack, slots: number, message: string): void {
  if (!lua.checkStack(slots)) lua.error(`stack overflow (${message})`);
}
