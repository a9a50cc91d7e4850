import type { Reply } from "../resp/reply.ts";
import { ErrorReply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { cString, oneLine, takeReply, ReplyTooLarge } from "./conversion.ts";
import {
  type EngineOptions,
  type Finished,
  type Outcome,
  type ScriptHost,
  Stop,
  type Suspended,
} from "./engine.ts";
import { LuaModule, OutOfMemory, type Saved, StackExhausted } from "./lua-module.ts";
import { type InternalFunction, type Location, Stack } from "./lua-stack.ts";
import { type NativeLibrary, TABLE } from "./native.ts";
import type { ScriptRandom } from "./random.ts";
import { NestedCalls } from "./nested-calls.ts";
import { READONLY, Sandbox } from "./sandbox.ts";

const REGISTRY = -10000;
const GLOBALS = -10002;
const COUNT_HOOK = 8;
const GC_COUNT = 3;
/** Redis asks ten times less often; but an instruction can take long. */
const HOOK_INSTRUCTIONS = 10_000;
/**
 * A VM whose memory has become larger than this is not kept: memory of WebAssembly never shrinks. Nor is one that has used half of
 * what its limit leaves: Lua 5.1 does not collect garbage when memory runs out, and what the last script left would be the next one's error.
 */
const KEPT_SIZE = 32 * 1024 * 1024;
const YIELDED = 1;
const MEMORY_ERROR = 4;

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

/** What an exception of the host's is wrapped in on its way through the VM. */
class Thrown {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** A script that was stopped, and the error that its client gets. */
class Stopped {
  readonly message: Bytes;
  constructor(message: Bytes) {
    this.message = message;
  }
}

/**
 * One Lua state, with the sandbox. Scripts run on a thread of their own, so that the count hook can make them yield.
 * Whenever something went through the VM that Lua does not know of, the state is put back to what it was when it was furnished.
 */
export class LuaVm {
  readonly #module: LuaModule;
  readonly #random: ScriptRandom;
  readonly #sandbox: Sandbox;
  readonly #nested: NestedCalls;
  readonly #budget: number;
  /** The memory of a state in which nothing has run. */
  readonly #emptySize: number;
  readonly lua: Stack;
  #main = 0;
  #thread = 0;
  #threadReference = 0;
  #globals = 0;
  #hookAddress = 0;
  #keysText = 0;
  #argvText = 0;
  readonly #saved: Saved;
  readonly #first: { readonly thread: number; readonly reference: number };
  /** The metatable through which functions see globals, and the two tables that they see: always, and while a library is loaded. */
  #view = 0;
  #ordinary = 0;
  #loading = 0;
  #host: ScriptHost | null = null;
  #scriptName = "";
  #leftAt: Location | null = null;
  #logWhileLoading: ScriptHost["log"] | null = null;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #randomBefore: readonly [number, number];
  resp: 2 | 3 = 2;
  /** Grows when everything in the state is forgotten: references of before mean nothing. */
  generation = 0;

  constructor(options: EngineOptions, random: ScriptRandom, furnish: (vm: LuaVm) => Furniture) {
    this.#budget = options.memoryLimit;
    this.#random = random;
    this.#randomBefore = random.save();
    this.#module = new LuaModule(options.memoryLimit);
    this.#sandbox = new Sandbox(this.#module, random, options.memoryLimit);
    this.#nested = new NestedCalls(this.#module);
    const furniture = furnish(this);
    const addresses = new Map<InternalFunction, number>();
    this.lua = new Stack(this.#module, addresses);
    this.lua.onCheckTime = () => this.#look(this.lua.L, false);
    this.#addFunctions(furniture, addresses);
    this.#build(furniture);
    this.#first = { thread: this.#thread, reference: this.#threadReference };
    this.#emptySize = this.#module.size;
    this.#saved = this.#module.save(this.#module.usedEnd());
  }

  /** Bytes that Lua's values take. */
  get usedMemory(): number {
    return this.#module.api.lua_gc(this.#main, GC_COUNT, 0) * 1024;
  }

  /** Whether another one should take its place. */
  get isLarge(): boolean {
    return this.#module.size > Math.min(KEPT_SIZE, (this.#emptySize + this.#budget) / 2);
  }

  get host(): ScriptHost {
    if (this.#host === null) throw new Error("no script runs");
    return this.#host;
  }

  call(args: Bytes[]): Reply {
    try {
      return this.host.call(args);
    } catch (thrown) {
      throw new Thrown(thrown);
    }
  }

  /** Runs something of the host's. */
  reach<T>(run: () => T): T {
    try {
      return run();
    } catch (thrown) {
      throw new Thrown(thrown);
    }
  }

  /** A string to a function: a reference of it, or the error message of the compiler. */
  compile(source: Bytes, chunkName: Bytes): number | Bytes {
    const { lua } = this;
    lua.L = this.#main;
    try {
      if (lua.loadBuffer(source, chunkName)) return this.reference();
      const message = lua.toBytes(-1) ?? "";
      lua.pop(1);
      return message;
    } catch (thrown) {
      this.reset();
      return this.#ending(thrown);
    }
  }

  /** Pops a value of the state in which `lua` is. */
  reference(): number {
    return this.#module.api.luaL_ref(this.lua.L, REGISTRY);
  }

  unreference(reference: number): void {
    this.#module.api.luaL_unref(this.#main, REGISTRY, reference);
  }

  /** Runs a function with KEYS and ARGV, as globals or as its arguments. `name` is for errors. */
  run(
    reference: number,
    name: Bytes,
    keys: readonly Bytes[],
    argv: readonly Bytes[],
    host: ScriptHost,
  ): Outcome {
    const { lua } = this;
    this.#host = host;
    this.#scriptName = name;
    this.resp = 2;
    this.#randomBefore = this.#random.save();
    lua.L = this.#thread;
    return this.#guard(() => {
      lua.rawGetIndex(REGISTRY, reference);
      if (this.#globals === 0) {
        this.#pushArray(keys);
        this.#pushArray(argv);
        return this.#resume(2);
      }
      const { api } = this.#module;
      lua.rawGetIndex(REGISTRY, this.#globals);
      this.#pushArray(keys);
      api.lua_setfield(lua.L, -2, this.#keysText);
      this.#pushArray(argv);
      api.lua_setfield(lua.L, -2, this.#argvText);
      lua.pop(1);
      return this.#resume(0);
    });
  }

  /** Everything as after furnishing. */
  reset(): void {
    this.#module.restore(this.#saved);
    this.#useThread(this.#first.thread, this.#first.reference);
    this.#nested.reset();
    this.generation++;
  }

  /**
   * Runs the code of a library, which sees only `redis` with what registers functions: null, or the error that it ended with. Longer than
   * `timeoutMs` (0: any time) it does not run.
   */
  load(reference: number, timeoutMs: number, log: ScriptHost["log"]): Bytes | null {
    const { lua } = this;
    this.#logWhileLoading = log;
    if (timeoutMs > 0) this.#deadlineMs = performance.now() + timeoutMs;
    try {
      this.#show(this.#loading);
      lua.L = this.#thread;
      lua.rawGetIndex(REGISTRY, reference);
      this.#nested.begin(this.#thread);
      const status = this.#module.api.lua_resume(this.#thread, 0);
      lua.L = this.#thread;
      const error = status === 0 ? null : this.#errorOnTop().message;
      lua.setTop(0);
      if (status !== 0) this.#newThread();
      this.#show(this.#ordinary);
      if (!this.#sandbox.isIntact()) this.reset();
      return error;
    } catch (thrown) {
      this.reset();
      if (thrown instanceof Thrown) throw thrown.cause;
      return thrown instanceof Stopped ? thrown.message : `ERR ${reasonOf(thrown)}`;
    } finally {
      this.#logWhileLoading = null;
      this.#deadlineMs = Number.POSITIVE_INFINITY;
    }
  }

  log(level: number, text: Bytes): void {
    if (this.#logWhileLoading === null) this.host.log(level, text);
    else this.#logWhileLoading(level, text);
  }

  /** What global names mean from now on. */
  #show(globals: number): void {
    const { lua } = this;
    lua.L = this.#main;
    lua.rawGetIndex(REGISTRY, this.#view);
    lua.rawGetIndex(REGISTRY, globals);
    lua.rawSetField(-2, "__index");
    lua.pop(1);
  }

  #pushArray(values: readonly Bytes[]): void {
    const { lua } = this;
    lua.newTable(values.length, 0);
    for (let i = 0; i < values.length; i++) {
      lua.pushBytes(values[i]!);
      lua.rawSetIndex(-2, i + 1);
    }
  }

  #resume(argumentCount: number): Outcome {
    const { lua } = this;
    this.#nested.begin(this.#thread);
    this.#nested.hasYielded = false;
    const status = this.#module.api.lua_resume(this.#thread, argumentCount);
    lua.L = this.#thread;
    if (status === YIELDED) return this.#suspended();
    if (status !== 0) return this.#failed(status);
    const reply = takeReply(lua, this.resp, this.#budget);
    lua.setTop(0);
    return this.#finished(reply, false);
  }

  #suspended(): Suspended {
    return {
      kind: "suspended",
      resume: () => this.#guard(() => this.#resume(0)),
      stop: (reason) => {
        const message = this.#withPlace(reason.message, this.#leftAt);
        this.reset();
        return this.#finished(new ErrorReply(message), false);
      },
    };
  }

  #finished(reply: Reply, errorWasCounted: boolean): Finished {
    this.#host = null;
    if (!this.#sandbox.isIntact()) this.reset();
    return { kind: "finished", reply, errorWasCounted };
  }

  /** Runs a part of a script; what is thrown through the VM ends it. */
  #guard(run: () => Outcome): Outcome {
    try {
      return run();
    } catch (thrown) {
      this.#host = null;
      this.reset();
      if (thrown instanceof Thrown) {
        // It will be run again, and has to see the same numbers.
        this.#random.restore(this.#randomBefore);
        throw thrown.cause;
      }
      return { kind: "finished", reply: new ErrorReply(this.#ending(thrown)), errorWasCounted: false };
    }
  }

  /** What a client is told of a script that was ended by what Lua does not know of. */
  #ending(thrown: unknown): Bytes {
    if (thrown instanceof Stopped) return thrown.message;
    return `ERR Error running script ${this.#scriptName}, ${reasonOf(thrown)}`;
  }

  /** The error is on top of the thread, and the thread's call stack as it was when it was raised. */
  #failed(status: number): Outcome {
    if (status === MEMORY_ERROR) {
      const message = this.#ending(new OutOfMemory());
      this.reset();
      return this.#finished(new ErrorReply(message), false);
    }
    const place = this.#place();
    const { message, wasCounted } = this.#errorOnTop();
    // A thread that an error has ended runs nothing any more.
    this.#newThread();
    return this.#finished(new ErrorReply(this.#withPlace(message, place)), wasCounted);
  }

  #errorOnTop(): { message: Bytes; wasCounted: boolean } {
    const { lua } = this;
    if (lua.type(-1) !== TABLE) {
      return { message: `ERR ${cString(lua.describe(-1))}`, wasCounted: false };
    }
    lua.rawGetField(-1, "err");
    const message = lua.isStringOrNumber(-1) ? cString(lua.toBytes(-1)!) : "ERR unknown error";
    lua.rawGetField(-2, "ignore_error_stats_update");
    return { message, wasCounted: lua.toBoolean(-1) };
  }

  /** Where the script stands, in its own code: what a C function does, its caller does. */
  #place(): Location | null {
    const { lua } = this;
    const location = lua.where(0);
    if (location === null || !isOurs(location)) return location;
    let place = lua.where(1);
    // A `pcall` is two functions, the second of them in Lua; a tail call is a level of its own.
    if (place?.source !== OUR_SOURCE || place.isC) return place;
    for (let level = 2; place !== null && OURS.includes(place.source); level++) place = lua.where(level);
    return place;
  }

  #withPlace(message: Bytes, place: Location | null): Bytes {
    if (place === null) return oneLine(message);
    return oneLine(`${message} script: ${this.#scriptName}, on ${place.source}:${place.line}.`);
  }

  /** The count hook. */
  #hook(L: number): void {
    const canYield = this.#nested.canYield(L);
    if (this.#look(L, canYield) !== "yield" || !canYield) return;
    // Lua takes a thread that was left in its first instruction for one that has not begun.
    this.#leftAt = this.#place();
    this.#nested.hasYielded = true;
    this.#module.api.lua_yield(L, 0);
  }

  /** Asks the host whether the script goes on. */
  #look(L: number, canYield: boolean): "continue" | "yield" {
    this.lua.L = L;
    if (performance.now() > this.#deadlineMs) throw new Stopped("ERR FUNCTION LOAD timeout");
    if (this.#host === null) return "continue";
    const answer = this.reach(() => this.host.interrupt(canYield));
    if (answer instanceof Stop) throw new Stopped(this.#withPlace(answer.message, this.#place()));
    return answer;
  }

  #addFunctions(furniture: Furniture, addresses: Map<InternalFunction, number>): void {
    const { lua } = this;
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
    const found = this.#module.addFunctions(wrapped, (L) => this.#hook(L));
    functions.forEach((run, i) => addresses.set(run, found[i]!));
    this.#hookAddress = found.at(-1)!;
  }

  #build(furniture: Furniture): void {
    const { api } = this.#module;
    const { lua } = this;
    const L = api.luaL_newstate();
    this.#main = L;
    lua.L = L;
    lua.check();
    for (const open of [api.luaopen_base, api.luaopen_table, api.luaopen_string, api.luaopen_math]) {
      open(L);
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
    api.lua_sethook(L, this.#hookAddress, COUNT_HOOK, HOOK_INSTRUCTIONS);
    lua.setTop(0);
    this.#newThread();
  }

  /** With the globals on top. */
  #furnishForEval(): void {
    const { lua } = this;
    for (const name of ["KEYS", "ARGV"]) {
      lua.newTable(0, 0);
      lua.rawSetField(-2, name);
    }
    this.#keysText = this.#module.text("KEYS");
    this.#argvText = this.#module.text("ARGV");
    lua.pushClosure(this.#errorHandler, 0);
    lua.rawSetField(-2, "__redis__err__handler");
    lua.pushValue(-1);
    this.#globals = this.reference();
  }

  #furnishForLoading(redis: TableContent): void {
    const { lua } = this;
    lua.pushValue(-1);
    this.#ordinary = this.reference();
    lua.newTable(0, 1);
    this.#addTable(redis);
    this.#setAbsentMetatable();
    this.#sandbox.putFront(lua, this.#refuse);
    lua.rawSetField(-2, "redis");
    this.#setAbsentMetatable();
    this.#loading = this.reference();
  }

  /** Puts a front before the globals, which are on top, and makes it what global names mean. */
  #frontGlobals(): void {
    const { lua } = this;
    lua.newTable(0, 1);
    lua.pushClosure(this.#absent, 0);
    lua.rawSetField(-2, "__index");
    this.#sandbox.putFront(lua, this.#refuse);
    const metatable = this.reference();
    this.#setAbsentMetatable();
    lua.pushValue(-1);
    this.#sandbox.putFront(lua, this.#refuse, metatable);
    lua.getMetatable(-1);
    this.#view = this.reference();
    lua.pushValue(-1);
    lua.rawSetField(-3, "_G");
    lua.replace(GLOBALS);
  }

  /** Reading from the table on top what it has not becomes an error. */
  #setAbsentMetatable(): void {
    const { lua } = this;
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
    const { lua } = this;
    this.#addTable({ functions: library.functions });
    library.open?.(lua);
    lua.rawSetField(-2, library.name);
  }

  #addTable({ functions, constants = {} }: TableContent): void {
    const { lua } = this;
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

  #newThread(): void {
    const { api } = this.#module;
    this.lua.L = this.#main;
    if (this.#threadReference !== 0) this.unreference(this.#threadReference);
    const thread = api.lua_newthread(this.#main);
    this.#useThread(thread, this.reference());
  }

  #useThread(thread: number, reference: number): void {
    this.#thread = thread;
    this.#threadReference = reference;
  }
}

/** What C functions have as their source, and Lua functions of ours. */
const OUR_SOURCE = "=[C]";
const OURS = [OUR_SOURCE, "=(tail call)"];

function isOurs({ isC, source }: Location): boolean {
  return isC || source === OUR_SOURCE;
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof OutOfMemory || thrown instanceof ReplyTooLarge) return "not enough memory";
  if (thrown instanceof StackExhausted) return "stack overflow";
  // V8's own words for both stacks and for strings.
  if (thrown instanceof RangeError) {
    return thrown.message.includes("call stack") ? "stack overflow" : "not enough memory";
  }
  if (thrown instanceof WebAssembly.RuntimeError) return `the Lua VM broke: ${thrown.message}`;
  throw thrown;
}
