import type { Bytes } from "../support/bytes.ts";
import { cString } from "./conversion.ts";
import type { CHook, LuaModule } from "./lua-module.ts";
import type { InternalFunction, Stack } from "./lua-stack.ts";
import { type NativeLibrary, TABLE } from "./native.ts";
import type { NestedCalls } from "./nested-calls.ts";
import { READONLY, type Sandbox } from "./sandbox.ts";

const REGISTRY = -10000;
const GLOBALS = -10002;
const COUNT_HOOK = 8;
/** Redis asks ten times less often; but an instruction can take long. */
const HOOK_INSTRUCTIONS = 10_000;

/** Functions and constants of one table. */
export interface TableContent {
  readonly functions: Readonly<Record<string, InternalFunction>>;
  readonly constants?: Readonly<Record<string, number | Bytes>>;
}

/** What a VM is built with. */
export interface Furniture {
  readonly libraries: readonly NativeLibrary[];
  readonly redis: TableContent;
  /** For libraries of functions: all that their code sees while it is loaded. Without it, the VM is one for EVAL. */
  readonly loadingRedis?: TableContent;
}

/** What an environment is built from. */
export interface Site {
  readonly module: LuaModule;
  readonly lua: Stack;
  readonly sandbox: Sandbox;
  readonly nested: NestedCalls;
  /** Where the functions are, by which closures are made: filled here. */
  readonly addresses: Map<InternalFunction, number>;
  readonly hook: CHook;
}

/** A Lua state with everything in it that scripts see. */
export class Environment {
  readonly #module: LuaModule;
  readonly #lua: Stack;
  readonly #sandbox: Sandbox;
  readonly #nested: NestedCalls;
  /** The `lua_State`. */
  readonly main: number;
  /** References of the table in which EVAL's KEYS and ARGV are, and their names; 0 in a state of functions. */
  globals = 0;
  keysText = 0;
  argvText = 0;
  /** The metatable through which functions see globals, and the two tables that they see: always, and while a library is loaded. */
  #view = 0;
  #ordinary = 0;
  #loading = 0;

  constructor({ module, lua, sandbox, nested, addresses, hook }: Site, furniture: Furniture) {
    this.#module = module;
    this.#lua = lua;
    this.#sandbox = sandbox;
    this.#nested = nested;
    const hookAddress = this.#addFunctions(furniture, addresses, hook);
    this.main = module.api.luaL_newstate();
    lua.L = this.main;
    lua.check();
    this.#build(furniture);
    module.api.lua_sethook(this.main, hookAddress, COUNT_HOOK, HOOK_INSTRUCTIONS);
    lua.setTop(0);
  }

  /** What global names mean from now on. */
  show(globals: "ordinary" | "loading"): void {
    const lua = this.#lua;
    lua.L = this.main;
    lua.rawGetIndex(REGISTRY, this.#view);
    lua.rawGetIndex(REGISTRY, globals === "loading" ? this.#loading : this.#ordinary);
    lua.rawSetField(-2, "__index");
    lua.pop(1);
  }

  #reference(): number {
    return this.#module.api.luaL_ref(this.#lua.L, REGISTRY);
  }

  #addFunctions(furniture: Furniture, addresses: Map<InternalFunction, number>, hook: CHook): number {
    const lua = this.#lua;
    const functions: InternalFunction[] = [
      ...this.#nested.functions,
      this.#refuse,
      this.#absent,
      this.#errorHandler,
      ...Object.values(this.#sandbox.replacements).flatMap((table) => Object.values(table)),
      ...this.#sandbox.hidden,
      ...Object.values(furniture.redis.functions),
      ...Object.values(furniture.loadingRedis?.functions ?? {}),
      ...furniture.libraries.flatMap((library) => [
        ...Object.values(library.functions),
        ...(library.hidden ?? []),
      ]),
    ];
    const wrapped = functions.map((run) => (L: number) => {
      lua.L = L;
      return run(lua);
    });
    const found = this.#module.addFunctions(wrapped, hook);
    functions.forEach((run, i) => addresses.set(run, found[i]!));
    return found.at(-1)!;
  }

  #build(furniture: Furniture): void {
    const { api } = this.#module;
    const lua = this.#lua;
    for (const open of [api.luaopen_base, api.luaopen_table, api.luaopen_string, api.luaopen_math]) {
      open(this.main);
      lua.setTop(0);
    }
    lua.pushValue(GLOBALS);
    this.#sandbox.furnish(lua);
    this.#nested.furnish(lua);
    for (const library of furniture.libraries) this.#addLibrary(library);
    this.#addTable(furniture.redis);
    lua.rawSetField(-2, "redis");
    // From here on nobody reaches the tables themselves.
    for (const name of [
      "string",
      "table",
      "math",
      "coroutine",
      "redis",
      ...furniture.libraries.map((l) => l.name),
    ]) {
      lua.rawGetField(-1, name);
      this.#sandbox.putFront(lua, this.#refuse);
      if (name === "string") this.#sandbox.frontStringMetatable(lua, this.#refuse);
      lua.rawSetField(-2, name);
    }
    if (furniture.loadingRedis === undefined) this.#furnishForEval();
    else this.#furnishForLoading(furniture.loadingRedis);
    this.#frontGlobals();
  }

  /** With the globals on top. */
  #furnishForEval(): void {
    const lua = this.#lua;
    for (const name of ["KEYS", "ARGV"]) {
      lua.newTable(0, 0);
      lua.rawSetField(-2, name);
    }
    this.keysText = this.#module.text("KEYS");
    this.argvText = this.#module.text("ARGV");
    lua.pushClosure(this.#errorHandler, 0);
    lua.rawSetField(-2, "__redis__err__handler");
    lua.pushValue(-1);
    this.globals = this.#reference();
  }

  #furnishForLoading(redis: TableContent): void {
    const lua = this.#lua;
    lua.pushValue(-1);
    this.#ordinary = this.#reference();
    lua.newTable(0, 1);
    this.#addTable(redis);
    this.#setAbsentMetatable();
    this.#sandbox.putFront(lua, this.#refuse);
    lua.rawSetField(-2, "redis");
    this.#setAbsentMetatable();
    this.#loading = this.#reference();
  }

  /** Puts a front before the globals, which are on top, and makes it what global names mean. */
  #frontGlobals(): void {
    const lua = this.#lua;
    lua.newTable(0, 1);
    lua.pushClosure(this.#absent, 0);
    lua.rawSetField(-2, "__index");
    this.#sandbox.putFront(lua, this.#refuse);
    const metatable = this.#reference();
    this.#setAbsentMetatable();
    lua.pushValue(-1);
    this.#sandbox.putFront(lua, this.#refuse, metatable);
    lua.getMetatable(-1);
    this.#view = this.#reference();
    lua.pushValue(-1);
    lua.rawSetField(-3, "_G");
    lua.replace(GLOBALS);
  }

  /** Reading from the table on top what it has not becomes an error. */
  #setAbsentMetatable(): void {
    const lua = this.#lua;
    lua.newTable(0, 1);
    lua.pushClosure(this.#absent, 0);
    lua.rawSetField(-2, "__index");
    lua.setMetatable(-2);
  }

  readonly #refuse: InternalFunction = (lua) => lua.error(READONLY);

  readonly #absent: InternalFunction = (lua) => {
    if (lua.top() !== 2) lua.error("Wrong number of arguments to luaProtectedTableError");
    if (!lua.isStringOrNumber(2)) {
      lua.error("Second argument to luaProtectedTableError must be a string or number");
    }
    const name = cString(lua.toBytes(2)!);
    return lua.error(`Script attempted to access nonexistent global variable '${name}'`);
  };

  /** Redis' error handler is a global that scripts can call. */
  readonly #errorHandler: InternalFunction = (lua) => {
    const caller = lua.where(1);
    const place = caller?.isC === true ? lua.where(2) : caller;
    lua.setTop(1);
    if (lua.type(1) !== TABLE) {
      lua.pushRecord("err", `ERR ${lua.describe(1)}`);
      lua.replace(1);
    }
    if (place !== null) {
      lua.pushBytes(place.source);
      lua.rawSetField(1, "source");
      lua.pushNumber(place.line);
      lua.rawSetField(1, "line");
    }
    return 1;
  };

  #addLibrary(library: NativeLibrary): void {
    const lua = this.#lua;
    this.#addTable({ functions: library.functions });
    library.open?.(lua);
    lua.rawSetField(-2, library.name);
  }

  #addTable({ functions, constants = {} }: TableContent): void {
    const lua = this.#lua;
    lua.newTable(0, 32);
    for (const [name, run] of Object.entries(functions)) {
      lua.pushClosure(run, 0);
      lua.rawSetField(-2, name);
    }
    for (const [name, value] of Object.entries(constants)) {
      if (typeof value === "number") lua.pushNumber(value);
      else lua.pushBytes(value);
      lua.rawSetField(-2, name);
    }
  }
}
