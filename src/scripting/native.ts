import type { Bytes } from "../support/bytes.ts";

/** Lua's types, by its own numbers. */
export const NIL = 0;
export const BOOLEAN = 1;
export const LIGHT_USERDATA = 2;
export const NUMBER = 3;
export const STRING = 4;
export const TABLE = 5;
export const FUNCTION = 6;
export const THREAD = 8;

/**
 * The Lua stack as a function of ours sees it: arguments at 1 to `top()`, negative indexes from the top. A thin layer over
 * Lua's C API (https://www.lua.org/manual/5.1/manual.html#3), whose names it follows. All access is raw (no metamethods); the
 * tables of the sandbox (`string`, `redis` …) look empty to it.
 */
export interface LuaStack {
  top(): number;
  setTop(index: number): void;
  pop(count: number): void;
  /** Room for so many more values; 20 are always there. False if Lua's limit is reached. */
  checkStack(count: number): boolean;
  /** NIL … FUNCTION; -1 where there is no argument. */
  type(index: number): number;
  /** As in C: a string that looks like a number counts; 0 for anything else. */
  toNumber(index: number): number;
  isNumber(index: number): boolean;
  toBoolean(index: number): boolean;
  /** A string's or number's bytes (a number on the stack becomes a string, as in C: never on a key of `next`); null for the others. */
  toBytes(index: number): Bytes | null;
  /** Argument checks with Lua's own errors: `bad argument #1 to 'encode' (string expected, got nil)`. */
  checkNumber(argument: number): number;
  checkBytes(argument: number): Bytes;
  /** `luaL_argerror`. */
  argumentError(argument: number, message: Bytes): never;
  /** `luaL_error`: with `user_script:3: ` in front where it was called from Lua. */
  error(message: Bytes): never;
  pushNil(): void;
  pushBoolean(value: boolean): void;
  pushNumber(value: number): void;
  pushBytes(value: Bytes): void;
  /** A null pointer as light userdata (`cjson.null`). */
  pushNull(): void;
  pushValue(index: number): void;
  insert(index: number): void;
  remove(index: number): void;
  replace(index: number): void;
  newTable(arraySize: number, recordSize: number): void;
  /** `t[n]` for the table at `index`: pushes it and returns its type. */
  rawGetIndex(index: number, n: number): number;
  /** Pops a value: `t[n] = value`. */
  rawSetIndex(index: number, n: number): void;
  /** Pops a key, pushes `t[key]`. */
  rawGet(index: number): number;
  /** Pops a key and (on top) a value. */
  rawSet(index: number): void;
  /** Pops a key; pushes the next key and value, or nothing and returns false. */
  next(index: number): boolean;
  /** `#t` for tables, the length of strings. */
  length(index: number): number;
  getMetatable(index: number): boolean;
  setMetatable(index: number): void;
  /** For what works long between two looks of the engine's hook, which comes between instructions: ends a script that is to end. */
  checkTime(): void;
  /** Pops `upvalues` values and pushes a closure. The function must be one of a `NativeLibrary`'s, in `functions` or `hidden`. */
  pushClosure(run: NativeFunction, upvalues: number): void;
}

/** The index of a closure's nth upvalue (from 1). */
export function upvalueIndex(n: number): number {
  return -10002 - n;
}

/** Takes its arguments from the stack, pushes results, returns their count. A JavaScript exception that it throws ends the script uncatchably: for errors use `lua.error`. */
export type NativeFunction = (lua: LuaStack) => number;

/** A table of functions of ours, made once when an environment is built: `cjson`, `bit` … */
export interface NativeLibrary {
  readonly name: string;
  readonly functions: Readonly<Record<string, NativeFunction>>;
  /** Functions that only `pushClosure` uses. */
  readonly hidden?: readonly NativeFunction[];
  /** With the library's table on top of the stack: adds what is no function, or a closure. */
  open?(lua: LuaStack): void;
}
