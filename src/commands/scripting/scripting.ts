import { CommandError } from "../../errors.ts";
import type { Libraries, Library } from "../../keyspace/libraries.ts";
import type { EvalEngine, FunctionEngine, ScriptHost } from "../../scripting/engine.ts";
import type { ScriptRandom } from "../../scripting/random.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type Log, LOG_LEVELS } from "../../support/log.ts";
import { ScriptCache } from "./script-cache.ts";
import { readLibraryHead } from "./shebang.ts";

/** What scripts and functions need of the process: the engines, and the scripts that were seen. */
export class Scripting {
  readonly cache = new ScriptCache();
  readonly libraries: Libraries;
  readonly evalEngine: EvalEngine;
  readonly functionEngine: FunctionEngine;
  /** Behind both engines' `math.random`. */
  readonly random: ScriptRandom;
  /** For tests: scripts may call what is not for them. */
  allowsAll = false;
  readonly #log: Log;

  constructor(options: {
    readonly libraries: Libraries;
    readonly evalEngine: EvalEngine;
    readonly functionEngine: FunctionEngine;
    readonly random: ScriptRandom;
    readonly log: Log;
  }) {
    this.libraries = options.libraries;
    this.evalEngine = options.evalEngine;
    this.functionEngine = options.functionEngine;
    this.random = options.random;
    this.#log = options.log;
  }

  /** `redis.log`. */
  readonly log: ScriptHost["log"] = (level, text) => this.#log(LOG_LEVELS[level] ?? "warning", text);

  /**
   * Runs the code of a library, which registers its functions. It can be called from now on, until it is unloaded.
   * @throws CommandError
   */
  load(code: Bytes, timeoutMs: number): Library {
    const { name, source } = readLibraryHead(code);
    // The handle is the library itself.
    const library = { name, code, functions: [] as Library["functions"] };
    library.functions = this.functionEngine.load(library, source, timeoutMs, this.log);
    if (library.functions.length === 0) {
      this.functionEngine.unload(library);
      throw new CommandError("ERR No functions registered");
    }
    return library;
  }

  /** Those of the store, at the start. One that no longer loads stays in the store, and has no functions. */
  loadStored(codes: readonly Bytes[]): Library[] {
    return codes.map((code) => {
      try {
        return this.load(code, 0);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        const { name } = readLibraryHead(code);
        this.#log("warning", `The library ${name} cannot be loaded: ${error.message}`);
        return { name, code, functions: [] };
      }
    });
  }
}
