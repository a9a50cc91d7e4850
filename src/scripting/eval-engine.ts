import { CommandError } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import type { EngineOptions, EvalEngine, Outcome, ScriptHost } from "./engine.ts";
import { librariesFor } from "./libraries.ts";
import { LuaVm } from "./lua-vm.ts";
import type { ScriptRandom } from "./random.ts";
import { CONSTANTS, EVAL_FUNCTIONS, redisFunctions } from "./redis-api.ts";

/** Compiled scripts that are kept; past it all are forgotten, with the state that holds them. */
const MAX_COMPILED = 10_000;

/** EVAL's Lua state. It is made for the first script. */
export function createEvalEngine(options: EngineOptions, random: ScriptRandom): EvalEngine {
  return new Engine(options, random);
}

class Engine implements EvalEngine {
  readonly #options: EngineOptions;
  readonly #random: ScriptRandom;
  #vm: LuaVm | null = null;
  #generation = 0;
  readonly #compiled = new Map<string, number>();

  constructor(options: EngineOptions, random: ScriptRandom) {
    this.#options = options;
    this.#random = random;
  }

  compile(sha: string, source: Bytes): void {
    this.#reference(this.#state(), sha, source);
  }

  run(sha: string, source: Bytes, keys: readonly Bytes[], argv: readonly Bytes[], host: ScriptHost): Outcome {
    const vm = this.#state();
    return vm.run(this.#reference(vm, sha, source), sha, keys, argv, host);
  }

  flush(): void {
    this.#vm = null;
    this.#compiled.clear();
  }

  get usedMemory(): number {
    return this.#vm?.usedMemory ?? 0;
  }

  #state(): LuaVm {
    if (this.#vm?.isLarge === true) this.flush();
    if (this.#compiled.size >= MAX_COMPILED) this.#vm?.reset();
    this.#vm ??= new LuaVm(this.#options, this.#random, (vm) => ({
      libraries: librariesFor(this.#options.memoryLimit),
      redis: { functions: { ...redisFunctions(vm), ...EVAL_FUNCTIONS }, constants: CONSTANTS },
    }));
    return this.#vm;
  }

  #reference(vm: LuaVm, sha: string, source: Bytes): number {
    if (vm.generation !== this.#generation) {
      this.#compiled.clear();
      this.#generation = vm.generation;
    }
    const known = this.#compiled.get(sha);
    if (known !== undefined) return known;
    const compiled = vm.compile(source, "@user_script");
    if (typeof compiled === "string") {
      throw new CommandError(`ERR Error compiling script (new function): ${compiled}`);
    }
    this.#compiled.set(sha, compiled);
    return compiled;
  }
}
