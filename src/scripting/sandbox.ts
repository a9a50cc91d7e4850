import { formatInteger, splitFormat } from "./format-integers.ts";
import type { CFunction, LuaModule } from "./lua-module.ts";
import type { InternalFunction, Stack } from "./lua-stack.ts";
import { FUNCTION, NIL, NUMBER, STRING, TABLE } from "./native.ts";
import { parseUnsigned } from "./unsigned-digits.ts";
import { StringSearch } from "./string-search.ts";
import type { ScriptRandom } from "./random.ts";

/**
 * What makes Lua's own libraries Redis' sandbox.
 *
 * Redis' Lua is patched to have readonly tables. Here each of them is a *front*: an empty table whose metatable looks everything up in the
 * real one and refuses what is new (everything is). Functions that go around metatables see through fronts: `pairs`,
 * `next`, `rawget`, `getmetatable`; those that write (`rawset`, `setmetatable`, `table.insert`) refuse. No script ever holds a real table.
 * What slips through all this makes a front's own parts be allocated, which `isIntact` sees after each script.
 */

const REGISTRY = -10000;
export const READONLY = "Attempt to modify a readonly table";

/** Lua's functions that Redis' scripts have; the rest is taken away. */
const KEPT_GLOBALS = new Set(
  (
    "xpcall tostring setmetatable next assert tonumber rawequal collectgarbage getmetatable rawset pcall coroutine type " +
    "select unpack gcinfo pairs rawget loadstring ipairs _VERSION load error string math table"
  ).split(" "),
);

/** What of Lua's own functions is replaced, by table (`_G` for globals). */
export type Replacements = Readonly<Record<string, Readonly<Record<string, InternalFunction>>>>;

interface Front {
  /** The registry's reference of the real table. */
  readonly real: number;
  /** The same of the metatable that scripts see (a front itself); 0 if none. */
  readonly metatable: number;
}

export class Sandbox {
  readonly #module: LuaModule;
  readonly #random: ScriptRandom;
  readonly #limit: number;
  readonly #search: StringSearch;
  /** By the address of the empty table. */
  readonly #fronts = new Map<number, Front>();
  readonly #addresses: number[] = [];
  readonly #stock = new Map<string, CFunction>();
  #next = 0;
  #stringMetatable = 0;
  readonly replacements: Replacements;

  /** No string that is made here is longer than `limit`. */
  constructor(module: LuaModule, random: ScriptRandom, limit: number) {
    this.#module = module;
    this.#random = random;
    this.#limit = limit;
    this.#search = new StringSearch(module, limit);
    this.replacements = {
      _G: {
        getmetatable: (lua) => this.#getMetatable(lua),
        setmetatable: (lua) => this.#refuseFront(lua, "setmetatable"),
        rawset: (lua) => this.#refuseFront(lua, "rawset"),
        rawget: (lua) => this.#seeThrough(lua, "rawget"),
        next: (lua) => this.#seeThrough(lua, "next"),
        pairs: (lua) => this.#pairs(lua),
        loadstring: (lua) => this.#loadString(lua),
        load: (lua) => this.#load(lua),
        tonumber: (lua) => this.#toNumber(lua),
        unpack: (lua) => this.#unpack(lua),
      },
      table: {
        insert: (lua) => this.#insert(lua),
        remove: (lua) => this.#withIndexes(lua, "remove", 2, toInt),
        concat: (lua) => this.#withIndexes(lua, "concat", 3, toInt),
        foreach: (lua) => this.#seeThrough(lua, "foreach"),
      },
      string: {
        format: (lua) => this.#format(lua),
        rep: (lua) => this.#repeat(lua),
        sub: (lua) => this.#withIndexes(lua, "sub", 2, toIndex),
        byte: (lua) => this.#withIndexes(lua, "byte", 2, toIndex),
        find: (lua) => {
          convert(lua, 3, 3, toIndex);
          const isStock = this.#search.isHarmless(lua) || this.#search.isPlain(lua);
          return isStock ? this.#call(lua, "find") : this.#search.find(lua);
        },
        match: (lua) => {
          convert(lua, 3, 3, toIndex);
          return this.#search.isHarmless(lua) ? this.#call(lua, "match") : this.#search.match(lua);
        },
        gmatch: (lua) => this.#gmatch(lua),
        gsub: (lua) => (this.#search.isHarmless(lua) ? this.#call(lua, "gsub") : this.#search.gsub(lua)),
      },
      math: {
        random: (lua) => this.#randomNumber(lua),
        randomseed: (lua) => {
          this.#random.seed(toInt(lua.checkNumber(1)));
          return 0;
        },
      },
    };
  }

  /** Functions that only closures are made of. */
  get hidden(): readonly InternalFunction[] {
    return [this.#search.nextMatch];
  }

  /** With the table of globals on top: takes away what Redis has not, and puts replacements in. */
  furnish(lua: Stack): void {
    lua.pushNil();
    const names: string[] = [];
    while (lua.next(-2)) {
      lua.pop(1);
      names.push(lua.toBytes(-1)!);
    }
    for (const name of names) {
      if (KEPT_GLOBALS.has(name)) continue;
      lua.pushNil();
      lua.rawSetField(-2, name);
    }
    for (const [table, functions] of Object.entries(this.replacements)) {
      if (table === "_G") lua.pushValue(-1);
      else lua.rawGetField(-1, table);
      for (const [name, run] of Object.entries(functions)) this.#replace(lua, name, run);
      lua.pop(1);
    }
    lua.rawGetField(-1, "string");
    lua.rawGetField(-1, "gmatch");
    lua.rawSetField(-2, "gfind");
    lua.pop(1);
    lua.rawGetField(-1, "next");
    this.#next = this.#reference(lua);
  }

  /** With a table on top: `t[name] = run` for what was Lua's. */
  #replace(lua: Stack, name: string, run: InternalFunction): void {
    const { api } = this.#module;
    lua.rawGetField(-1, name);
    this.#stock.set(name, this.#module.functionAt(api.lua_tocfunction(lua.L, -1)));
    // Lua's own `pairs` finds `next` in its first upvalue: this is its frame now.
    const upvalues = name === "pairs" ? 1 : 0;
    if (upvalues === 1) lua.rawGetField(-2, "next");
    lua.pushClosure(run, upvalues);
    lua.rawSetField(-3, name);
    lua.pop(1);
  }

  /** Replaces the table on top by a front of it; `metatable` is a reference of what `getmetatable` answers. */
  putFront(lua: Stack, refuse: InternalFunction, metatable = 0): void {
    lua.newTable(0, 0);
    const front = lua.pointer(-1);
    lua.newTable(0, 2);
    lua.pushValue(-3);
    lua.rawSetField(-2, "__index");
    lua.pushClosure(refuse, 0);
    lua.rawSetField(-2, "__newindex");
    lua.setMetatable(-2);
    lua.insert(-2);
    this.#addresses.push(front);
    this.#fronts.set(front, { real: this.#reference(lua), metatable });
  }

  /** After the libraries are in front of their tables: what `getmetatable("")` answers. `strings` is the front of `string`, on top. */
  frontStringMetatable(lua: Stack, refuse: InternalFunction): void {
    lua.newTable(0, 1);
    lua.pushValue(-2);
    lua.rawSetField(-2, "__index");
    this.putFront(lua, refuse);
    this.#stringMetatable = this.#reference(lua);
  }

  /** Pops a value into the registry. */
  #reference(lua: Stack): number {
    return this.#module.api.luaL_ref(lua.L, REGISTRY);
  }

  /** Whether no script has found a way to write into a front. */
  isIntact(): boolean {
    for (let i = 0; i < this.#addresses.length; i++) {
      if (!this.#module.isUntouched(this.#addresses[i]!)) return false;
    }
    return true;
  }

  #call(lua: Stack, name: string): number {
    return this.#stock.get(name)!(lua.L);
  }

  #refuseFront(lua: Stack, name: string): number {
    if (this.#fronts.has(lua.pointer(1))) {
      lua.pushBytes(READONLY);
      lua.raise();
    }
    return this.#call(lua, name);
  }

  /** Lua's own, with numbers from an argument on that fit into 32 bits. */
  #withIndexes(lua: Stack, name: string, first: number, to: (value: number) => number): number {
    convert(lua, first, first + 1, to);
    return this.#call(lua, name);
  }

  #seeThrough(lua: Stack, name: string): number {
    const front = this.#fronts.get(lua.pointer(1));
    if (front !== undefined) {
      lua.rawGetIndex(REGISTRY, front.real);
      lua.replace(1);
    }
    return this.#call(lua, name);
  }

  #pairs(lua: Stack): number {
    if (!this.#fronts.has(lua.pointer(1))) return this.#call(lua, "pairs");
    lua.rawGetIndex(REGISTRY, this.#next);
    lua.pushValue(1);
    lua.pushNil();
    return 3;
  }

  #getMetatable(lua: Stack): number {
    if (lua.type(1) === STRING) {
      lua.rawGetIndex(REGISTRY, this.#stringMetatable);
      return 1;
    }
    const front = this.#fronts.get(lua.pointer(1));
    if (front === undefined) return this.#call(lua, "getmetatable");
    if (front.metatable === 0) lua.pushNil();
    else lua.rawGetIndex(REGISTRY, front.metatable);
    return 1;
  }

  #gmatch(lua: Stack): number {
    return this.#search.isHarmless(lua) ? this.#call(lua, "gmatch") : this.#search.gmatch(lua);
  }

  /** Lua's own takes seconds for what is too large in the end. */
  #repeat(lua: Stack): number {
    const given = lua.type(2) === NUMBER ? lua.toNumber(2) : 0;
    const count = toInt(given);
    if (lua.type(1) !== STRING || count < LONG_REPEAT) {
      if (Math.abs(given) >= LONG_REPEAT) {
        lua.pushNumber(count);
        lua.replace(2);
      }
      return this.#call(lua, "rep");
    }
    const size = lua.length(1);
    if (size * count > this.#limit) lua.error("not enough memory");
    lua.pushBytes(lua.toBytes(1)!.repeat(count));
    return 1;
  }

  /** Lua's own counts in 32 bits, and takes what does not fit for few. */
  #unpack(lua: Stack): number {
    if (lua.type(1) !== TABLE || lua.top() < 2) return this.#call(lua, "unpack");
    convert(lua, 2, 3, toInt);
    const first = lua.type(2) > NIL ? toInt(lua.checkNumber(2)) : 1;
    const last = lua.type(3) > NIL ? toInt(lua.checkNumber(3)) : lua.length(1);
    if (last - first >= MAX_UNPACKED) lua.error("too many results to unpack");
    return this.#call(lua, "unpack");
  }

  /** Lua's own moves all from the end to the position, however far that is below 1. */
  #insert(lua: Stack): number {
    if (lua.top() === 3 && lua.type(1) === TABLE) {
      const given = lua.checkNumber(2);
      const position = toInt(given);
      if (position < LEAST_POSITION) lua.argumentError(2, "position out of bounds");
      if (position !== Math.trunc(given)) {
        lua.pushNumber(position);
        lua.replace(2);
      }
    }
    return this.#refuseFront(lua, "insert");
  }

  #loadString(lua: Stack): number {
    const source = lua.checkBytes(1);
    return this.#compile(lua, source, lua.type(2) > NIL ? lua.checkBytes(2) : source);
  }

  #load(lua: Stack): number {
    this.#module.api.luaL_checktype(lua.L, 1, FUNCTION);
    const name = lua.type(2) > NIL ? lua.checkBytes(2) : "=(load)";
    const { L } = lua;
    let source = "";
    for (let pieces = 1; ; pieces++) {
      lua.pushValue(1);
      const status = this.#module.api.lua_pcall(L, 0, 1, 0);
      lua.L = L;
      if (status !== 0) return this.#nilAndTop(lua);
      if (!lua.isStringOrNumber(-1)) break;
      const piece = lua.toBytes(-1)!;
      lua.pop(1);
      if (piece === "") return this.#compile(lua, source, name);
      source += piece;
      if (source.length > MAX_LOADED_SIZE || pieces > MAX_LOADED_PIECES) {
        lua.pushBytes("not enough memory");
        return this.#nilAndTop(lua);
      }
    }
    if (lua.type(-1) === NIL) return this.#compile(lua, source, name);
    this.#module.api.luaL_where(L, 1);
    lua.pushBytes("reader function must return a string");
    this.#module.api.lua_concat(L, 2);
    return this.#nilAndTop(lua);
  }

  #compile(lua: Stack, source: string, name: string): number {
    return lua.loadBuffer(source, name) ? 1 : this.#nilAndTop(lua);
  }

  #nilAndTop(lua: Stack): number {
    lua.pushNil();
    lua.insert(-2);
    return 2;
  }

  /** Digits of a base, as C's strtoul reads them with 64 bits: `unsigned long` has 32 in WebAssembly. */
  #toNumber(lua: Stack): number {
    const base = lua.type(2) > NIL ? toInt(lua.checkNumber(2)) : 10;
    if (base === 10 || base < 2 || base > 36) return this.#call(lua, "tonumber");
    const value = parseUnsigned(lua.checkBytes(1), base);
    if (value === null) lua.pushNil();
    else lua.pushNumber(value);
    return 1;
  }

  #format(lua: Stack): number {
    if (lua.type(1) !== STRING) return this.#call(lua, "format");
    const { plain, integers } = splitFormat(lua.toBytes(1)!);
    const last = integers.at(-1);
    // Lua tells of arguments that are not there.
    if (last === undefined || last.argument > lua.top()) return this.#call(lua, "format");
    for (const conversion of integers) {
      lua.pushBytes(formatInteger(lua.checkNumber(conversion.argument), conversion));
      lua.replace(conversion.argument);
    }
    lua.pushBytes(plain);
    lua.replace(1);
    return this.#call(lua, "format");
  }

  #randomNumber(lua: Stack): number {
    const random = (this.#random.next() % MAX_RANDOM) / MAX_RANDOM;
    const count = lua.top();
    if (count === 0) {
      lua.pushNumber(random);
    } else if (count === 1) {
      const upper = toInt(lua.checkNumber(1));
      if (upper < 1) lua.argumentError(1, "interval is empty");
      lua.pushNumber(Math.floor(random * upper) + 1);
    } else if (count === 2) {
      const lower = toInt(lua.checkNumber(1));
      const upper = toInt(lua.checkNumber(2));
      if (lower > upper) lua.argumentError(2, "interval is empty");
      lua.pushNumber(Math.floor(random * toInt(upper - lower + 1)) + lower);
    } else {
      lua.error("wrong number of arguments");
    }
    return 1;
  }
}

/** More than Lua's stack has room for. */
const MAX_UNPACKED = 1_000_000;
const LONG_REPEAT = 4096;
const LEAST_POSITION = -1_000_000;
/** `REDIS_LRAND48_MAX`. */
const MAX_RANDOM = 0x7fffffff;
/** What `load` puts together is in our memory, not in Lua's. */
const MAX_LOADED_SIZE = 64 * 1024 * 1024;
const MAX_LOADED_PIECES = 1_000_000;

/** Replaces numbers that do not fit into 32 bits: `ptrdiff_t` has no more in WebAssembly, and Lua takes them for -2^31. */
function convert(lua: Stack, first: number, last: number, to: (value: number) => number): void {
  for (let i = first; i <= last; i++) {
    if (lua.type(i) !== NUMBER) continue;
    const value = lua.toNumber(i);
    if (Math.abs(value) < 2 ** 31) continue;
    lua.pushNumber(to(value));
    lua.replace(i);
  }
}

/** An index that means what the 64 bits of it would: no string is so long. */
function toIndex(value: number): number {
  if (!(Math.abs(value) < 2 ** 63)) return LEAST_INDEX;
  return Math.max(LEAST_INDEX, Math.min(Math.trunc(value), -LEAST_INDEX));
}

const LEAST_INDEX = 1 - 2 ** 31;

/** C's `int` of a double, by way of 64 bits: what does not fit into those is the least integer, and its lower half is 0. */
function toInt(value: number): number {
  return Math.abs(value) < 2 ** 63 ? value | 0 : 0;
}
