import { CommandError } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerAtLeast } from "../arguments.ts";
import type { CommandRow, Handler } from "../command.ts";
import type { Effect } from "../effect.ts";
import type { Server } from "../host.ts";
import { countedKeys, noted } from "../key-spec.ts";
import { effectOfFlags } from "./flags.ts";
import { checkStart, declared } from "./invocation.ts";
import { ScriptRun } from "./script-run.ts";

/** https://redis.io/docs/latest/develop/programmability/functions-intro/ */
export const FCALL = {
  fcall: {
    arity: -3,
    flags: ["noscript", "stale", "skip_monitor", "may_replicate", "no_mandatory_keys"],
    keys: [
      noted(
        countedKeys(2, "RW", "access", "update"),
        "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE",
      ),
    ],
    doc: {
      summary: "Invoke a function",
      since: "7.0.0",
      complexity: "Depends on the function that is executed.",
      syntax: "function numkeys:integer [key...] [arg...]",
    },
    runsOthers: true,
    findEffect: effectOfFunction,
    run: fcallOf(false),
  },
  fcall_ro: {
    arity: -3,
    flags: ["readonly", "noscript", "stale", "skip_monitor", "no_mandatory_keys"],
    keys: [
      noted(
        countedKeys(2, "RO", "access"),
        "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS",
      ),
    ],
    doc: {
      summary: "Invoke a read-only function",
      since: "7.0.0",
      complexity: "Depends on the function that is executed.",
      syntax: "function numkeys:integer [key...] [arg...]",
    },
    runsOthers: true,
    findEffect: effectOfFunction,
    run: fcallOf(true),
  },
} satisfies Record<string, CommandRow>;

/** FCALL function numkeys [key …] [arg …] */
function fcallOf(isReadonly: boolean): Handler {
  return (context, args) => {
    const { scripts, server, keyspace, db } = context;
    scripts.began(args);
    const found = keyspace.libraries.find(args[1]!);
    if (found === undefined) throw NOT_FOUND;
    const { library, entry } = found;
    const { keys, rest } = declared(args, integerAtLeast(args[2]!, Number.MIN_SAFE_INTEGER, BAD_NUMBER));
    checkStart(context, entry.flags, isReadonly);
    db.ready(keys);
    const run = new ScriptRun(context, {
      kind: "function",
      name: entry.name,
      args,
      keys,
      isReadonly: isReadonly || entry.flags.includes("no-writes"),
    });
    return run.finish(server.scripting.functionEngine.call(library, entry.name, keys, rest, run));
  };
}

function effectOfFunction([, name]: readonly Bytes[], { scripting }: Server): Effect | null {
  return effectOfFlags(scripting.libraries.peek(name!)?.entry.flags ?? null);
}

const NOT_FOUND = new CommandError("ERR Function not found");
const BAD_NUMBER = new CommandError("ERR Bad number of keys provided");
