import type { LuaModule } from "./lua-module.ts";
import type { InternalFunction, Stack } from "./lua-stack.ts";
import { FUNCTION, TABLE, THREAD } from "./native.ts";

/**
 * `pcall` and `coroutine.resume` that a script can be suspended in.
 *
 * The VM can leave a thread in the middle of it only where no C function is in between, and Lua's own `pcall` is one. Here it runs
 * what it protects as a coroutine. When the hook makes that yield, what has resumed it yields, too, and so on down to
 * the host; the loop that resumes it later is in Lua (`WRAPPERS`), which may be left and entered again.
 */

const REGISTRY = -10000;
const YIELDED = 1;

/** What a call that was left returns first: light userdata that no script can have. */
const LEFT = 1;
const WRAPPERS = `
local start, continue, resume, yield, left = ...
local function called(state, ...)
  if state ~= left then return state, ... end
  yield()
  return called(continue(...))
end
local function resumed(state, ...)
  if state ~= left then return state, ... end
  yield()
  return resumed(resume(...))
end
return function(...) return called(start(...)) end, function(...) return resumed(resume(...)) end
`;

/** What runs now on its own thread, and within what. */
interface Running {
  readonly L: number;
  readonly isProtectedCall: boolean;
  /** The thread that a script takes it for. */
  readonly owner: number;
  /** Whether all that it runs within could yield. */
  readonly withinYielding: boolean;
}

/** A coroutine of a `pcall`; when that is over, the next one takes it. */
interface Coroutine {
  readonly L: number;
  readonly reference: number;
}

export class NestedCalls {
  readonly #module: LuaModule;
  #script: Running = { L: 0, isProtectedCall: false, owner: 0, withinYielding: true };
  #running = this.#script;
  #free: Coroutine[] = [];
  /** Those that were left, by a number that the loop in Lua knows. */
  readonly #left = new Map<number, Coroutine>();
  #lastLeft = 0;
  #stockResume: InternalFunction | null = null;
  /** The hook has left the VM. */
  hasYielded = false;

  constructor(module: LuaModule) {
    this.#module = module;
  }

  get functions(): readonly InternalFunction[] {
    return [
      this.#start,
      this.#continue,
      this.#resume,
      this.#yieldToHost,
      this.#yield,
      this.#current,
      this.#call,
    ];
  }

  /** With the table of globals on top: puts its functions in. */
  furnish(lua: Stack): void {
    const { api } = this.#module;
    if (!lua.loadBuffer(WRAPPERS, "=[C]")) throw new Error(lua.toBytes(-1)!);
    for (const run of [this.#start, this.#continue, this.#resume, this.#yieldToHost]) {
      lua.pushClosure(run, 0);
    }
    api.lua_pushlightuserdata(lua.L, LEFT);
    api.lua_call(lua.L, 5, 2);
    lua.insert(-2);
    lua.rawSetField(-3, "pcall");
    lua.rawGetField(-2, "coroutine");
    lua.insert(-2);
    lua.rawGetField(-2, "resume");
    const stock = this.#module.functionAt(api.lua_tocfunction(lua.L, -1));
    this.#stockResume = ({ L }) => stock(L);
    lua.pop(1);
    lua.rawSetField(-2, "resume");
    lua.pushClosure(this.#yield, 0);
    lua.rawSetField(-2, "yield");
    lua.pushClosure(this.#current, 0);
    lua.rawSetField(-2, "running");
    lua.pop(1);
  }

  /** A script begins on a thread. */
  begin(L: number): void {
    if (this.#script.L !== L) {
      this.#script = { L, isProtectedCall: false, owner: L, withinYielding: true };
    }
    this.#running = this.#script;
  }

  /** The Lua state was put back: coroutines of before are gone. */
  reset(): void {
    this.#free = [];
    this.#left.clear();
    this.hasYielded = false;
  }

  /** Whether the hook may leave the VM from this thread. */
  canYield(L: number): boolean {
    const { L: running, withinYielding } = this.#running;
    return L === running && withinYielding && this.#module.canYield(L);
  }

  /** Runs something that resumes a thread, from the function of ours that is on top of `L`'s calls. */
  #within<T>(L: number, thread: number, isProtectedCall: boolean, run: () => T): T {
    const before = this.#running;
    const owner = L === before.L ? before.owner : L;
    this.#running = {
      L: thread,
      isProtectedCall,
      owner: isProtectedCall ? owner : thread,
      withinYielding: this.canYield(L),
    };
    const result = run();
    this.#running = before;
    return result;
  }

  /** What `pcall` does first: a function and its arguments. */
  readonly #start: InternalFunction = (lua) => {
    const count = lua.top();
    if (count === 0) lua.pushNil();
    if (this.#module.isDeep) return failure(lua, "C stack overflow");
    const coroutine = this.#free.pop() ?? this.#create(lua);
    const { api } = this.#module;
    if (api.lua_checkstack(coroutine.L, count + 1) === 0) {
      this.#free.push(coroutine);
      return failure(lua, "stack overflow");
    }
    if (lua.type(1) !== FUNCTION) this.#makeCallable(lua);
    const size = lua.top();
    api.lua_xmove(lua.L, coroutine.L, size);
    this.#module.nestCalls(coroutine.L, lua.L);
    return this.#run(lua, coroutine, size - 1);
  };

  /** What is called through a metatable, or cannot be: `lua_resume` wants a function. */
  #makeCallable(lua: Stack): void {
    lua.pushClosure(this.#call, 0);
    lua.insert(1);
  }

  readonly #call: InternalFunction = (lua) => {
    this.#module.api.lua_call(lua.L, lua.top() - 1, -1);
    return lua.top();
  };

  readonly #continue: InternalFunction = (lua) => {
    const number = lua.toNumber(1);
    const coroutine = this.#left.get(number)!;
    this.#left.delete(number);
    lua.setTop(0);
    return this.#run(lua, coroutine, 0);
  };

  /** Resumes what a `pcall` protects: its results behind true, or its error behind false; or the mark and the number of what was left. */
  #run(lua: Stack, coroutine: Coroutine, argumentCount: number): number {
    const { api } = this.#module;
    const { L } = lua;
    const status = this.#within(L, coroutine.L, true, () => api.lua_resume(coroutine.L, argumentCount));
    lua.L = L;
    if (status === YIELDED) {
      this.#left.set(++this.#lastLeft, coroutine);
      api.lua_pushlightuserdata(L, LEFT);
      lua.pushNumber(this.#lastLeft);
      return 2;
    }
    const count = status === 0 ? api.lua_gettop(coroutine.L) : 1;
    if (!lua.checkStack(count + 1)) return failure(lua, "stack overflow");
    lua.pushBoolean(status === 0);
    api.lua_xmove(coroutine.L, L, count);
    if (status === 0) {
      this.#free.push(coroutine);
      return count + 1;
    }
    // A coroutine that an error has ended runs nothing any more.
    api.luaL_unref(L, REGISTRY, coroutine.reference);
    return 1 + unwrapError(lua);
  }

  #create(lua: Stack): Coroutine {
    const { api } = this.#module;
    const L = api.lua_newthread(lua.L);
    return { L, reference: api.luaL_ref(lua.L, REGISTRY) };
  }

  /** `coroutine.resume` up to where its coroutine ends, yields, or is left. */
  readonly #resume: InternalFunction = (lua) => {
    const { L } = lua;
    if (lua.type(1) !== THREAD) {
      lua.errorAt(2, "bad argument #1 to 'resume' (coroutine expected)");
    }
    if (this.#module.isDeep) return failure(lua, "C stack overflow");
    const thread = this.#module.api.lua_tothread(L, 1);
    const count = this.#within(L, thread, false, () => this.#stockResume!(lua));
    lua.L = L;
    if (!this.hasYielded) return count;
    lua.setTop(1);
    this.#module.api.lua_pushlightuserdata(L, LEFT);
    lua.insert(1);
    return 2;
  };

  readonly #yieldToHost: InternalFunction = (lua) => this.#module.api.lua_yield(lua.L, 0);

  /** `coroutine.yield`: the script's own thread and what `pcall` protects are no coroutines to a script. */
  readonly #yield: InternalFunction = (lua) => {
    const { L, isProtectedCall } = this.#running;
    if (lua.L === this.#script.L || (lua.L === L && isProtectedCall)) {
      lua.pushBytes("attempt to yield across metamethod/C-call boundary");
      lua.raise();
    }
    return this.#module.api.lua_yield(lua.L, lua.top());
  };

  /** `coroutine.running`. */
  readonly #current: InternalFunction = (lua) => {
    const { L } = lua;
    const owner = L === this.#running.L ? this.#running.owner : L;
    if (owner === this.#script.L) {
      lua.pushNil();
    } else {
      this.#module.api.lua_pushthread(owner);
      if (owner !== L) this.#module.api.lua_xmove(owner, L, 1);
    }
    return 1;
  };
}

function failure(lua: Stack, message: string): number {
  lua.pushBoolean(false);
  lua.pushBytes(message);
  return 2;
}

/**
 * An error that is a table of ours becomes its text: scripts from before Redis 7 look for strings. Of other tables Redis returns what they
 * have as `err` as one value more. How many values there are.
 */
function unwrapError(lua: Stack): number {
  if (lua.type(-1) !== TABLE) return 1;
  lua.rawGetField(-1, "err");
  if (!lua.isStringOrNumber(-1)) return 2;
  lua.remove(-2);
  return 1;
}
