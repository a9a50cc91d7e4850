import type { Bytes } from "../support/bytes.ts";
import { KnownStrings } from "./known-strings.ts";
import type { LuaModule } from "./lua-module.ts";
import { BOOLEAN, type LuaStack, NIL, NUMBER, STRING, TABLE } from "./native.ts";

/** A native function of the engine's own: it sees the whole stack. */
export type InternalFunction = (lua: Stack) => number;

/** What is written in one go without asking the allocator. */
const SCRATCH_SIZE = 64 * 1024;
/** Up to here a loop over the characters is faster than a call into Node. */
const SHORT_WRITE = 24;

const BYTECODE_MARK = "\x1b";
/** From here down indexes stand for the registry, globals and upvalues. */
const PSEUDO_INDEXES = -10000;
/** By Lua's numbers. */
const TYPE_NAMES = "nil boolean userdata number string table function userdata thread".split(" ");

export interface Location {
  readonly isC: boolean;
  readonly source: Bytes;
  /** -1 in C. */
  readonly line: number;
}

/**
 * Lua's stack, with strings crossing as bytes. `L` is the state whose function runs: natives set it when they are entered.
 *
 * What is only looked at is read from memory, without a call: a `lua_State` has the top of its stack at 8, the base of the running
 * function's part at 12; a value takes 16 bytes, its type at 8; a string has its length at 12, its bytes from 16. These
 * are facts about one build of Lua, which `check` asks when a state is made.
 */
export class Stack implements LuaStack {
  readonly #module: LuaModule;
  readonly #addresses: ReadonlyMap<InternalFunction, number>;
  readonly #scratch: number;
  readonly #size: number;
  readonly #record: number;
  readonly #recordFields: number;
  readonly #known = new KnownStrings();
  L = 0;
  /** Throws where the running script is to end. */
  onCheckTime: () => void = () => undefined;

  /** Takes memory of the module's: make it before the module is saved, and once. */
  constructor(module: LuaModule, addresses: ReadonlyMap<InternalFunction, number>) {
    this.#module = module;
    this.#addresses = addresses;
    this.#size = module.api.malloc(8);
    this.#scratch = module.api.malloc(SCRATCH_SIZE);
    this.#record = module.api.malloc(128);
    this.#recordFields = module.text("Sl");
  }

  top(): number {
    const { words } = this.#module;
    const at = this.L >> 2;
    return (words[at + 2]! - words[at + 3]!) >> 4;
  }
  setTop(index: number): void {
    const { words } = this.#module;
    const at = this.L >> 2;
    const top = words[at + 3]! + index * 16;
    if (index >= 0 && top <= words[at + 2]!) words[at + 2] = top;
    else this.#module.api.lua_settop(this.L, index);
  }
  pop(count: number): void {
    const { words } = this.#module;
    words[(this.L >> 2) + 2]! -= count * 16;
  }
  checkStack(count: number): boolean {
    return this.#module.api.lua_checkstack(this.L, count) !== 0;
  }
  /** The address of the value at an index; 0 for one that is not on the stack, or past its top. */
  #at(index: number): number {
    const { words } = this.#module;
    const at = this.L >> 2;
    const top = words[at + 2]!;
    if (index > 0) {
      const address = words[at + 3]! + (index - 1) * 16;
      return address < top ? address : 0;
    }
    return index > PSEUDO_INDEXES ? top + index * 16 : 0;
  }
  type(index: number): number {
    const at = this.#at(index);
    return at > 0 ? this.#module.words[(at + 8) >> 2]! : this.#module.api.lua_type(this.L, index);
  }
  toNumber(index: number): number {
    const at = this.#at(index);
    if (at > 0 && this.#module.words[(at + 8) >> 2] === NUMBER) return this.#module.doubles[at >> 3]!;
    return this.#module.api.lua_tonumber(this.L, index);
  }
  isNumber(index: number): boolean {
    return this.#module.api.lua_isnumber(this.L, index) !== 0;
  }
  toBoolean(index: number): boolean {
    return this.#module.api.lua_toboolean(this.L, index) !== 0;
  }
  toBytes(index: number): Bytes | null {
    const { words } = this.#module;
    const at = this.#at(index);
    if (at > 0 && words[(at + 8) >> 2] === STRING) {
      const string = words[at >> 2]!;
      return this.#decode(string + 16, words[(string + 12) >> 2]!);
    }
    const address = this.#module.api.lua_tolstring(this.L, index, this.#size);
    return address === 0 ? null : this.#read(address);
  }
  checkNumber(argument: number): number {
    return this.#module.api.luaL_checknumber(this.L, argument);
  }
  checkBytes(argument: number): Bytes {
    return this.#read(this.#module.api.luaL_checklstring(this.L, argument, this.#size));
  }
  argumentError(argument: number, message: Bytes): never {
    this.#module.api.luaL_argerror(this.L, argument, this.#scratchText(message));
    throw new Error("luaL_argerror returned");
  }
  error(message: Bytes): never {
    this.errorAt(1, message);
  }
  /** With the place of a level of the call stack in front: 1 has called the function that runs. */
  errorAt(level: number, message: Bytes): never {
    this.#module.api.luaL_where(this.L, level);
    this.pushBytes(message);
    this.#module.api.lua_concat(this.L, 2);
    this.raise();
  }
  /** `lua_error`: raises what is on top. */
  raise(): never {
    this.#module.api.lua_error(this.L);
    throw new Error("lua_error returned");
  }
  pushNil(): void {
    this.#module.api.lua_pushnil(this.L);
  }
  pushBoolean(value: boolean): void {
    this.#module.api.lua_pushboolean(this.L, value ? 1 : 0);
  }
  pushNumber(value: number): void {
    this.#module.api.lua_pushnumber(this.L, value);
  }
  pushBytes(value: Bytes): void {
    const { api, bytes } = this.#module;
    const size = value.length;
    if (size <= SHORT_WRITE) {
      const at = this.#scratch;
      for (let i = 0; i < size; i++) bytes[at + i] = value.charCodeAt(i);
      api.lua_pushlstring(this.L, at, size);
    } else if (size <= SCRATCH_SIZE) {
      bytes.latin1Write(value, this.#scratch, size);
      api.lua_pushlstring(this.L, this.#scratch, size);
    } else {
      this.#pushLong(value);
    }
  }
  pushNull(): void {
    this.#module.api.lua_pushlightuserdata(this.L, 0);
  }
  pushValue(index: number): void {
    this.#module.api.lua_pushvalue(this.L, index);
  }
  insert(index: number): void {
    this.#module.api.lua_insert(this.L, index);
  }
  remove(index: number): void {
    this.#module.api.lua_remove(this.L, index);
  }
  replace(index: number): void {
    this.#module.api.lua_replace(this.L, index);
  }
  newTable(arraySize: number, recordSize: number): void {
    this.#module.api.lua_createtable(this.L, arraySize, recordSize);
  }
  rawGetIndex(index: number, n: number): number {
    this.#module.api.lua_rawgeti(this.L, index, n);
    return this.#module.api.lua_type(this.L, -1);
  }
  rawSetIndex(index: number, n: number): void {
    this.#module.api.lua_rawseti(this.L, index, n);
  }
  rawGet(index: number): number {
    this.#module.api.lua_rawget(this.L, index);
    return this.#module.api.lua_type(this.L, -1);
  }
  rawSet(index: number): void {
    this.#module.api.lua_rawset(this.L, index);
  }
  next(index: number): boolean {
    return this.#module.api.lua_next(this.L, index) !== 0;
  }
  length(index: number): number {
    return this.#module.api.lua_objlen(this.L, index);
  }
  getMetatable(index: number): boolean {
    return this.#module.api.lua_getmetatable(this.L, index) !== 0;
  }
  setMetatable(index: number): void {
    this.#module.api.lua_setmetatable(this.L, index);
  }
  checkTime(): void {
    this.onCheckTime();
  }
  pushClosure(run: InternalFunction, upvalues: number): void {
    const address = this.#addresses.get(run);
    if (address === undefined) throw new Error("a closure of a function that no library has");
    this.#module.api.lua_pushcclosure(this.L, address, upvalues);
  }

  // What the engine needs besides: not part of what libraries see.

  /** Whether the layout is the one that is described above; throws if not. The stack is as before. */
  check(): void {
    const { api } = this.#module;
    const before = api.lua_gettop(this.L);
    this.pushBytes("a string");
    this.pushNumber(0.5);
    this.newTable(0, 0);
    const isRight =
      this.top() === before + 3 &&
      this.toBytes(-3) === "a string" &&
      this.type(before + 2) === NUMBER &&
      this.toNumber(-2) === 0.5 &&
      this.pointer(-1) === api.lua_topointer(this.L, -1) &&
      this.#module.isUntouched(this.pointer(-1));
    this.pushBoolean(true);
    this.rawSetIndex(-2, 1);
    const sees = !this.#module.isUntouched(this.pointer(-1)) && !this.hasHashPart(-1);
    this.pop(3);
    if (!isRight || !sees || api.lua_gettop(this.L) !== before) throw new Error("Lua was built differently");
  }

  /** The address of a table, function or thread. */
  pointer(index: number): number {
    const at = this.#at(index);
    if (at > 0 && this.#module.words[(at + 8) >> 2] === TABLE) return this.#module.words[at >> 2]!;
    return this.#module.api.lua_topointer(this.L, index);
  }
  /** `t[name]`, raw, for the table at `index`, a negative index included. */
  rawGetField(index: number, name: Bytes): number {
    this.pushBytes(name);
    return this.rawGet(index < 0 ? index - 1 : index);
  }
  /** Pops a value: `t[name] = value`, raw. */
  rawSetField(index: number, name: Bytes): void {
    this.pushBytes(name);
    this.insert(-2);
    this.rawSet(index < 0 ? index - 1 : index);
  }
  /** `{"name": value}` on top, for one string. */
  pushRecord(name: Bytes, value: Bytes): void {
    this.newTable(0, 2);
    this.pushBytes(value);
    this.rawSetField(-2, name);
  }
  typeName(type: number): string {
    return TYPE_NAMES[type] ?? "no value";
  }
  /** As `tostring` would, without asking metatables. */
  describe(index: number): Bytes {
    const type = this.type(index);
    if (type === NIL) return "nil";
    if (type === BOOLEAN) return this.toBoolean(index) ? "true" : "false";
    return this.toBytes(index) ?? `${TYPE_NAMES[type]}: 0x${this.pointer(index).toString(16)}`;
  }
  hasHashPart(index: number): boolean {
    return this.#module.hasHashPart(this.pointer(index));
  }
  /** Where the function at a level of the call stack stands (0: the one that runs); null past the last. */
  where(level: number): Location | null {
    const { api, words } = this.#module;
    if (api.lua_getstack(this.L, level, this.#record) === 0) return null;
    api.lua_getinfo(this.L, this.#recordFields, this.#record);
    const at = this.#record >> 2;
    return {
      isC: this.#module.textAt(words[at + 3]!) === "C",
      source: this.#module.textAt(words[at + 4]!),
      line: words[at + 5]! | 0,
    };
  }
  isStringOrNumber(index: number): boolean {
    const type = this.#module.api.lua_type(this.L, index);
    return type === STRING || type === NUMBER;
  }
  /**
   * Like `luaL_loadbuffer`: pushes a function, or a message and returns false. It takes no bytecode: Lua does not check that, and whoever
   * can load it can read and write all of Lua's memory. Redis' Lua takes it for text as well.
   */
  loadBuffer(source: Bytes, chunkName: Bytes): boolean {
    if (!source.startsWith(BYTECODE_MARK)) return this.#loadText(source, chunkName);
    // Another character that no text begins with, so that Lua says where it is.
    this.#loadText(`\x01${source.slice(1)}`, chunkName);
    const message = this.toBytes(-1)!.replace("'char(1)'", "'char(27)'");
    this.pop(1);
    this.pushBytes(message);
    return false;
  }

  #loadText(source: Bytes, chunkName: Bytes): boolean {
    const { api } = this.#module;
    const address = this.#allocate(source.length + 1);
    try {
      this.#module.bytes.latin1Write(source, address, source.length);
      const name = this.#scratchText(chunkName);
      return api.luaL_loadbuffer(this.L, address, source.length, name) === 0;
    } finally {
      api.free(address);
    }
  }

  #read(address: number): Bytes {
    return this.#decode(address, this.#module.words[this.#size >> 2]!);
  }

  #decode(address: number, size: number): Bytes {
    return this.#known.read(this.#module.bytes, address, size);
  }

  #pushLong(value: Bytes): void {
    const { api } = this.#module;
    const address = this.#allocate(value.length);
    try {
      this.#module.bytes.latin1Write(value, address, value.length);
      api.lua_pushlstring(this.L, address, value.length);
    } finally {
      api.free(address);
    }
  }

  #allocate(size: number): number {
    const address = this.#module.api.malloc(size);
    if (address === 0) {
      this.pushBytes("not enough memory");
      this.raise();
    }
    return address;
  }

  #scratchText(text: Bytes): number {
    const size = Math.min(text.length, SCRATCH_SIZE - 1);
    this.#module.bytes.latin1Write(text, this.#scratch, size);
    this.#module.bytes[this.#scratch + size] = 0;
    return this.#scratch;
  }
}
