import type { Bytes } from "../support/bytes.ts";
import type { RegisteredFunction } from "./engine.ts";
import type { InternalFunction, Stack } from "./lua-stack.ts";
import { FUNCTION, NIL, TABLE } from "./native.ts";
import { raise } from "./redis-api.ts";

/** A function that a library has registered, and the registry's reference of it. */
export interface Registration extends RegisteredFunction {
  readonly callback: number;
}

/** Where the library that is being loaded gathers its functions. */
export interface Registrations {
  readonly loading: Map<Bytes, Registration> | null;
  /** Pops a value into the registry. */
  reference(): number;
}

const FLAGS = ["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"];

/** `redis.register_function(name, callback)` and `redis.register_function{function_name=, callback=, description=, flags=}`. */
export function registerFunction(registrations: Registrations): InternalFunction {
  return (lua) => {
    const { loading } = registrations;
    if (loading === null) {
      raise(lua, "redis.register_function can only be called on FUNCTION LOAD command");
    }
    const count = lua.top();
    if (count < 1 || count > 2) {
      raise(lua, "wrong number of arguments to redis.register_function");
    }
    const { name, description, flags } = count === 1 ? named(lua) : positional(lua);
    if (!/^\w+$/.test(name)) {
      raise(
        lua,
        "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
      );
    }
    if (loading.has(name)) raise(lua, "Function already exists in the library");
    // The callback is on top.
    loading.set(name, { name, description, flags, callback: registrations.reference() });
    return 0;
  };
}

function positional(lua: Stack): RegisteredFunction {
  const name = text(lua, 1);
  if (name === null) raise(lua, "first argument to redis.register_function must be a string");
  if (lua.type(2) !== FUNCTION) {
    raise(lua, "second argument to redis.register_function must be a function");
  }
  return { name, description: null, flags: [] };
}

function named(lua: Stack): RegisteredFunction {
  if (lua.type(1) !== TABLE) {
    raise(
      lua,
      "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).",
    );
  }
  let name: Bytes | null = null;
  let description: Bytes | null = null;
  let flags: readonly string[] = [];
  let hasCallback = false;
  lua.pushNil();
  // At 2 the callback will be.
  lua.pushNil();
  while (lua.next(1)) {
    if (!lua.isStringOrNumber(3)) {
      raise(lua, "named argument key given to redis.register_function is not a string");
    }
    // A copy: `next` must find the key as it was.
    lua.pushValue(3);
    const key = lua.toBytes(-1)!.toLowerCase();
    lua.pop(1);
    if (key === "function_name") {
      name = text(lua, 4);
      if (name === null) {
        raise(lua, "function_name argument given to redis.register_function must be a string");
      }
    } else if (key === "description") {
      description = text(lua, 4);
      if (description === null) {
        raise(lua, "description argument given to redis.register_function must be a string");
      }
    } else if (key === "callback") {
      if (lua.type(4) !== FUNCTION) {
        raise(lua, "callback argument given to redis.register_function must be a function");
      }
      hasCallback = true;
      lua.pushValue(4);
      lua.replace(2);
    } else if (key === "flags") {
      flags = readFlags(lua);
    } else {
      raise(lua, "unknown argument given to redis.register_function");
    }
    lua.setTop(3);
  }
  if (name === null) raise(lua, "redis.register_function must get a function name argument");
  if (!hasCallback) raise(lua, "redis.register_function must get a callback argument");
  return { name, description, flags };
}

/** The list that is at 4. */
function readFlags(lua: Stack): readonly string[] {
  if (lua.type(4) !== TABLE) {
    raise(lua, "flags argument to redis.register_function must be a table representing function flags");
  }
  const flags = new Set<string>();
  for (let i = 1; lua.rawGetIndex(4, i) !== NIL; i++) {
    const flag = text(lua, -1)?.toLowerCase();
    if (flag === undefined || !FLAGS.includes(flag)) raise(lua, "unknown flag given");
    flags.add(flag);
    lua.pop(1);
  }
  return FLAGS.filter((flag) => flags.has(flag));
}

/** Strings, and numbers as Lua writes them. */
function text(lua: Stack, index: number): Bytes | null {
  return lua.isStringOrNumber(index) ? lua.toBytes(index) : null;
}
