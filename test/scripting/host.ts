import { createHash } from "node:crypto";
import { CommandError } from "../../src/errors.ts";
import { ErrorReply, type Reply, Status } from "../../src/resp/reply.ts";
import type { EvalEngine, Outcome, ScriptHost } from "../../src/scripting/engine.ts";
import { createEvalEngine } from "../../src/scripting/eval-engine.ts";
import { ScriptRandom } from "../../src/scripting/random.ts";
import type { Bytes } from "../../src/support/bytes.ts";

/** What a test's host does otherwise than nothing. */
export type HostParts = Partial<ScriptHost>;

/** A server of two commands: ECHO answers its argument, whatever is thrown by FAIL leaves the VM. */
export function hostOf(parts: HostParts = {}): ScriptHost {
  return {
    call: ([name, value]) => {
      switch (name?.toLowerCase()) {
        case "echo":
          return value!;
        case "ping":
          return new Status("PONG");
        default:
          return new ErrorReply("ERR Unknown Redis command called from script");
      }
    },
    mayRun: () => true,
    log: () => undefined,
    setResp: () => undefined,
    setReplication: () => undefined,
    interrupt: () => "continue",
    ...parts,
  };
}

export function sha1(script: Bytes): string {
  return createHash("sha1").update(script, "latin1").digest("hex");
}

export const MEMORY_LIMIT = 64 * 1024 * 1024;

/** An engine and one way to run scripts on it. */
export class Scripts {
  readonly engine: EvalEngine;

  constructor(memoryLimit = MEMORY_LIMIT) {
    this.engine = createEvalEngine({ memoryLimit }, new ScriptRandom());
  }

  outcome(script: Bytes, parts: HostParts = {}, keys: Bytes[] = [], argv: Bytes[] = []): Outcome {
    return this.engine.run(sha1(script), script, keys, argv, hostOf(parts));
  }

  /** The reply of a script that runs to its end. */
  run(script: Bytes, parts: HostParts = {}, keys: Bytes[] = [], argv: Bytes[] = []): Reply {
    const outcome = this.outcome(script, parts, keys, argv);
    if (outcome.kind !== "finished") throw new Error("the script yielded");
    return outcome.reply;
  }

  /** The message of the error that a script ends with. */
  error(script: Bytes, parts: HostParts = {}): Bytes {
    try {
      const reply = this.run(script, parts);
      if (reply instanceof ErrorReply) return reply.message;
      throw new Error(`${script} answered ${JSON.stringify(reply)}`);
    } catch (thrown) {
      if (thrown instanceof CommandError) return thrown.message;
      throw thrown;
    }
  }
}
