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
  vm: LuaVm;
  generation: number;
  functions: ReadonlyMap<Bytes, Registration>;
}

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
    const vm = this.#state();
    const functions = this.#register(vm, source, timeoutMs, log);
    this.#libraries.set(library, { source, timeoutMs, log, vm, generation: vm.generation, functions });
    return [...functions.values()];
  }

  unload(library: object): void {
    const loaded = this.#libraries.get(library);
    if (loaded === undefined) return;
    this.#libraries.delete(library);
    if (loaded.vm === this.#vm && loaded.generation === loaded.vm.generation) {
      for (const { callback } of loaded.functions.values()) loaded.vm.unreference(callback);
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
      loaded.vm = vm;
      loaded.generation = vm.generation;
      loaded.functions = this.#register(vm, loaded.source, loaded.timeoutMs, loaded.log);
      // Loading broke the state: it would do so again.
      if (vm.generation !== loaded.generation) throw new CommandError(NOT_LOADED);
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

  #register(
    vm: LuaVm,
    source: Bytes,
    timeoutMs: number,
    log: ScriptHost["log"],
  ): ReadonlyMap<Bytes, Registration> {
    const compiled = vm.compile(source, "@user_function");
    if (typeof compiled === "string") {
      throw new CommandError(`ERR Error compiling function: ${compiled}`);
    }
    const functions = new Map<Bytes, Registration>();
    this.loading = functions;
    try {
      const generation = vm.generation;
      const error = vm.load(compiled, timeoutMs, log);
      if (vm.generation === generation) {
        vm.unreference(compiled);
        if (error !== null) for (const { callback } of functions.values()) vm.unreference(callback);
      }
      if (error !== null) throw new CommandError(`ERR Error registering functions: ${error}`);
      return functions;
    } finally {
      this.loading = null;
    }
  }
}
