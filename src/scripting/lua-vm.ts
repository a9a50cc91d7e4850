import type { Reply } from "../resp/reply.ts";
import { ErrorReply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { takeReply } from "./conversion.ts";
import {
  type EngineOptions,
  type Finished,
  type Outcome,
  type ScriptHost,
  Stop,
  type Suspended,
} from "./engine.ts";
import { Environment, type Furniture } from "./environment.ts";
import { LuaModule, OutOfMemory, type Saved } from "./lua-module.ts";
import { type InternalFunction, type Location, Stack } from "./lua-stack.ts";
import { NestedCalls } from "./nested-calls.ts";
import type { ScriptRandom } from "./random.ts";
import { Sandbox } from "./sandbox.ts";
import { errorOnTop, placeOf, reasonOf, Stopped, Thrown, withPlace } from "./script-error.ts";

const REGISTRY = -10000;
const GC_COUNT = 3;
/**
 * A VM whose memory has become larger than this is not kept: memory of WebAssembly never shrinks. Nor is one that has used half of
 * what its limit leaves: Lua 5.1 does not collect garbage when memory runs out, and what the last script left would be the next one's error.
 */
const KEPT_SIZE = 32 * 1024 * 1024;
const YIELDED = 1;
const MEMORY_ERROR = 4;

/**
 * One Lua state, with the sandbox. Scripts run on a thread of their own, so that the count hook can make them yield.
 * Whenever something went through the VM that Lua does not know of, the state is put back to what it was when it was furnished.
 */
export class LuaVm {
  readonly #module: LuaModule;
  readonly #random: ScriptRandom;
  readonly #sandbox: Sandbox;
  readonly #nested: NestedCalls;
  readonly #environment: Environment;
  readonly #budget: number;
  /** The memory of a state in which nothing has run. */
  readonly #emptySize: number;
  readonly lua: Stack;
  #thread = 0;
  #threadReference = 0;
  readonly #saved: Saved;
  readonly #first: { readonly thread: number; readonly reference: number };
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
    const site = {
      module: this.#module,
      lua: this.lua,
      sandbox: this.#sandbox,
      nested: this.#nested,
      addresses,
      hook: (L: number) => this.#hook(L),
    };
    this.#environment = new Environment(site, furniture);
    this.#newThread();
    this.#first = { thread: this.#thread, reference: this.#threadReference };
    this.#emptySize = this.#module.size;
    this.#saved = this.#module.save(this.#module.usedEnd());
  }

  /** Bytes that Lua's values take. */
  get usedMemory(): number {
    return this.#module.api.lua_gc(this.#environment.main, GC_COUNT, 0) * 1024;
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
    lua.L = this.#environment.main;
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
    this.#module.api.luaL_unref(this.#environment.main, REGISTRY, reference);
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
      if (this.#environment.globals === 0) {
        this.#pushArray(keys);
        this.#pushArray(argv);
        return this.#resume(2);
      }
      const { api } = this.#module;
      lua.rawGetIndex(REGISTRY, this.#environment.globals);
      this.#pushArray(keys);
      api.lua_setfield(lua.L, -2, this.#environment.keysText);
      this.#pushArray(argv);
      api.lua_setfield(lua.L, -2, this.#environment.argvText);
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
      this.#environment.show("loading");
      lua.L = this.#thread;
      lua.rawGetIndex(REGISTRY, reference);
      this.#nested.begin(this.#thread);
      const status = this.#module.api.lua_resume(this.#thread, 0);
      lua.L = this.#thread;
      const error = status === 0 ? null : errorOnTop(this.lua).message;
      lua.setTop(0);
      if (status !== 0) this.#newThread();
      this.#environment.show("ordinary");
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
        const message = withPlace(reason.message, this.#scriptName, this.#leftAt);
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
    const place = placeOf(this.lua);
    const { message, wasCounted } = errorOnTop(this.lua);
    // A thread that an error has ended runs nothing any more.
    this.#newThread();
    return this.#finished(new ErrorReply(withPlace(message, this.#scriptName, place)), wasCounted);
  }

  /** The count hook. */
  #hook(L: number): void {
    const canYield = this.#nested.canYield(L);
    if (this.#look(L, canYield) !== "yield" || !canYield) return;
    // Lua takes a thread that was left in its first instruction for one that has not begun.
    this.#leftAt = placeOf(this.lua);
    this.#nested.hasYielded = true;
    this.#module.api.lua_yield(L, 0);
  }

  /** Asks the host whether the script goes on. */
  #look(L: number, canYield: boolean): "continue" | "yield" {
    this.lua.L = L;
    if (performance.now() > this.#deadlineMs) throw new Stopped("ERR FUNCTION LOAD timeout");
    if (this.#host === null) return "continue";
    const answer = this.reach(() => this.host.interrupt(canYield));
    if (answer instanceof Stop)
      throw new Stopped(withPlace(answer.message, this.#scriptName, placeOf(this.lua)));
    return answer;
  }

  #newThread(): void {
    const { api } = this.#module;
    this.lua.L = this.#environment.main;
    if (this.#threadReference !== 0) this.unreference(this.#threadReference);
    const thread = api.lua_newthread(this.#environment.main);
    this.#useThread(thread, this.reference());
  }

  #useThread(thread: number, reference: number): void {
    this.#thread = thread;
    this.#threadReference = reference;
  }
}
