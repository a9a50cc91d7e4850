import { CommandError } from "../../errors.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerArgument } from "../arguments.ts";
import type { CommandRow, Context, Handler } from "../command.ts";
import type { Effect } from "../effect.ts";
import type { Server } from "../host.ts";
import { countedKeys, noted } from "../key-spec.ts";
import { effectOfFlags } from "./flags.ts";
import { checkStart, declared } from "./invocation.ts";
import { type CachedScript, ScriptCache } from "./script-cache.ts";
import { ScriptRun } from "./script-run.ts";

/** EVAL and its kind: https://redis.io/docs/latest/develop/programmability/eval-intro/ */
export const EVAL = {
  eval: {
    arity: -3,
    flags: ["noscript", "stale", "skip_monitor", "may_replicate", "no_mandatory_keys"],
    keys: [
      noted(
        countedKeys(2, "RW", "access", "update"),
        "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE",
      ),
    ],
    doc: {
      summary: "Execute a Lua script server side",
      since: "2.6.0",
      complexity: "Depends on the script that is executed.",
      syntax: "script numkeys:integer [key...] [arg...]",
    },
    runsOthers: true,
    findEffect: effectOfBody,
    run: evalOf(false),
  },
  eval_ro: {
    arity: -3,
    flags: ["readonly", "noscript", "stale", "skip_monitor", "no_mandatory_keys"],
    keys: [
      noted(
        countedKeys(2, "RO", "access"),
        "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS",
      ),
    ],
    doc: {
      summary: "Execute a read-only Lua script server side",
      since: "7.0.0",
      complexity: "Depends on the script that is executed.",
      syntax: "script numkeys:integer [key...] [arg...]",
    },
    runsOthers: true,
    findEffect: effectOfBody,
    run: evalOf(true),
  },
  evalsha: {
    arity: -3,
    flags: ["noscript", "stale", "skip_monitor", "may_replicate", "no_mandatory_keys"],
    keys: [countedKeys(2, "RW", "access", "update")],
    doc: {
      summary: "Execute a Lua script server side",
      since: "2.6.0",
      complexity: "Depends on the script that is executed.",
      syntax: "sha1 numkeys:integer [key...] [arg...]",
    },
    runsOthers: true,
    findEffect: effectOfSha,
    run: evalshaOf(false),
  },
  evalsha_ro: {
    arity: -3,
    flags: ["readonly", "noscript", "stale", "skip_monitor", "no_mandatory_keys"],
    keys: [countedKeys(2, "RO", "access")],
    doc: {
      summary: "Execute a read-only Lua script server side",
      since: "7.0.0",
      complexity: "Depends on the script that is executed.",
      syntax: "sha1 numkeys:integer [key...] [arg...]",
    },
    runsOthers: true,
    findEffect: effectOfSha,
    run: evalshaOf(true),
  },
} satisfies Record<string, CommandRow>;

const SHA_LENGTH = 40;

/** EVAL script numkeys [key …] [arg …] */
function evalOf(isReadonly: boolean): Handler {
  return (context, args) => {
    context.scripts.began(args);
    return evaluate(context, args, isReadonly, () => known(context, args[1]!));
  };
}

/** EVALSHA sha1 numkeys [key …] [arg …] */
function evalshaOf(isReadonly: boolean): Handler {
  return (context, args) => {
    context.scripts.began(args);
    const sha = args[1]!;
    if (sha.length !== SHA_LENGTH) throw NO_SCRIPT;
    return evaluate(context, args, isReadonly, () => {
      const script = context.server.scripting.cache.get(sha);
      if (script === undefined) throw NO_SCRIPT;
      return script;
    });
  };
}

function evaluate(
  context: Context,
  args: readonly Bytes[],
  isReadonly: boolean,
  find: () => CachedScript,
): Reply {
  const { keys, rest } = declared(args, integerArgument(args[2]!));
  const { sha, source, flags } = find();
  checkStart(context, flags, isReadonly);
  context.db.ready(keys);
  const run = new ScriptRun(context, {
    kind: "eval",
    name: sha,
    args,
    keys,
    isReadonly: isReadonly || flags?.includes("no-writes") === true,
  });
  return run.finish(context.server.scripting.evalEngine.run(sha, source, keys, rest, run));
}

/** The script with this text; compiled and remembered if it is new. @throws CommandError if it cannot be compiled */
export function known({ server, keyspace }: Context, body: Bytes): CachedScript {
  const { cache, evalEngine } = server.scripting;
  const cached = cache.ofBody(body);
  if (cached !== undefined) return cached;
  const script = ScriptCache.read(body);
  evalEngine.compile(script.sha, script.source);
  cache.add(script, keyspace.reading.attempt.undo);
  return script;
}

function effectOfSha([, sha]: readonly Bytes[], { scripting }: Server): Effect | null {
  return effectOfFlags(scripting.cache.get(sha!)?.flags ?? null);
}

function effectOfBody([, body]: readonly Bytes[], { scripting }: Server): Effect | null {
  if (!body!.startsWith("#!")) return null;
  try {
    return effectOfFlags((scripting.cache.ofBody(body!) ?? ScriptCache.read(body!)).flags);
  } catch (error) {
    // What is wrong with it is told when it is run.
    if (!(error instanceof CommandError)) throw error;
    return null;
  }
}

const NO_SCRIPT = new CommandError("NOSCRIPT No matching script. Please use EVAL.");
