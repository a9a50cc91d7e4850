import { CommandError } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import type { EngineOptions, FunctionEngine, Outcome, RegisteredFunction, ScriptHost } from "./engine.ts";
import { librariesFor } from "./libraries.ts";
import { registerFunction, type Registration } from "./library-registration.ts";
import { LuaVm } from "./lua-vm.ts";
import type { ScriptRandom } from "./random.ts";
import { CONSTANTS, LIBRARY_CONSTANTS, logFunction, redisFunctions } from "./redis-api.ts";

/** The Lua state of functions. It is made for the first library. */
export function createFunctionEngine(options: EngineOptions, random: ScriptRandom): FunctionEngine {
  return new Engine(options, random);
}

/** A library and what it is in the state of one generation; in a later one it has to be loaded again. */
interface Loaded {
  readonly source: Bytes;
  readonly timeoutMs: number;
  readonly log: ScriptHost["log"];
  vm: LuaVm | null;
  generation: number;
  functions: ReadonlyMap<Bytes, Registration>;
}

const NOTHING: ReadonlyMap<Bytes, Registration> = new Map();
const NOT_LOADED = "ERR the library could not be loaded again: its code harms the sandbox";

class Engine implements FunctionEngine {
  readonly #options: EngineOptions;
  readonly #random: ScriptRandom;
  #vm: LuaVm | null = null;
  readonly #libraries = new Map<object, Loaded>();
  loading: Map<Bytes, Registration> | null = null;

  constructor(options: EngineOptions, random: ScriptRandom) {
    this.#options = options;
    this.#random = random;
  }

  load(library: object, source: Bytes, timeoutMs: number, log: ScriptHost["log"]): RegisteredFunction[] {
    const loaded: Loaded = { source, timeoutMs, log, vm: null, generation: 0, functions: NOTHING };
    this.#register(loaded);
    this.#libraries.set(library, loaded);
    return [...loaded.functions.values()];
  }

  unload(library: object): void {
    const loaded = this.#libraries.get(library);
    if (loaded === undefined) return;
    this.#libraries.delete(library);
    const { vm } = loaded;
    if (vm !== null && vm === this.#vm && loaded.generation === vm.generation) {
      for (const { callback } of loaded.functions.values()) vm.unreference(callback);
    }
  }

  call(
    library: object,
    name: Bytes,
    keys: readonly Bytes[],
    argv: readonly Bytes[],
    host: ScriptHost,
  ): Outcome {
    const loaded = this.#libraries.get(library);
    if (loaded === undefined) throw new Error(`a function of a library that is not loaded: ${name}`);
    const vm = this.#state();
    if (loaded.vm !== vm || loaded.generation !== vm.generation) {
      this.#register(loaded);
      // Its code harms the sandbox, and would do so again.
      if (loaded.generation !== vm.generation) throw new CommandError(NOT_LOADED);
    }
    return vm.run(loaded.functions.get(name)!.callback, name, keys, argv, host);
  }

  flush(): void {
    this.#libraries.clear();
    this.#vm = null;
  }

  get usedMemory(): number {
    return this.#vm?.usedMemory ?? 0;
  }

  #state(): LuaVm {
    if (this.#vm?.isLarge === true) this.#vm = null;
    this.#vm ??= new LuaVm(this.#options, this.#random, (vm) => {
      const registrations = {
        engine: this,
        get loading() {
          return this.engine.loading;
        },
        reference: () => vm.reference(),
      };
      return {
        libraries: librariesFor(this.#options.memoryLimit),
        redis: { functions: redisFunctions(vm), constants: CONSTANTS },
        loadingRedis: {
          functions: {
            register_function: registerFunction(registrations),
            log: logFunction(vm),
          },
          constants: LIBRARY_CONSTANTS,
        },
      };
    });
    return this.#vm;
  }

  #register(library: Loaded): void {
    const vm = this.#state();
    const compiled = vm.compile(library.source, "@user_function");
    if (typeof compiled === "string") {
      throw new CommandError(`ERR Error compiling function: ${compiled}`);
    }
    const { generation } = vm;
    const functions = new Map<Bytes, Registration>();
    this.loading = functions;
    try {
      const error = vm.load(compiled, library.timeoutMs, library.log);
      if (vm.generation === generation) {
        vm.unreference(compiled);
        if (error !== null) for (const { callback } of functions.values()) vm.unreference(callback);
      }
      if (error !== null) throw new CommandError(`ERR Error registering functions: ${error}`);
    } finally {
      this.loading = null;
    }
    library.vm = vm;
    library.generation = generation;
    library.functions = functions;
  }
}
