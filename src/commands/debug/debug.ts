import { CommandError } from "../../errors.ts";
import { ErrorReply, OK, type Reply } from "../../resp/reply.ts";
import { type Bytes, textOfBytes } from "../../support/bytes.ts";
import { positiveArgument } from "../arguments.ts";
import type { Context } from "../command.ts";
import { helpReply } from "../help.ts";
import { debugDigest, debugDigestValue } from "./digest.ts";
import { debugObject } from "./object.ts";
import { debugProtocol } from "./protocol.ts";
import { debugLoadaof, debugReload } from "./reload.ts";

interface Subcommand {
  readonly run: (context: Context, args: readonly Bytes[]) => Reply;
  /** Numbers of arguments, `DEBUG` and the subcommand included. */
  readonly least: number;
  readonly most: number;
}

const exactly = (count: number, run: Subcommand["run"]): Subcommand => ({ run, least: count, most: count });

/** Redis finds these by name and number of arguments, not by rows: COMMAND knows DEBUG alone. */
const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map([
  ["digest", exactly(2, debugDigest)],
  ["digest-value", { run: debugDigestValue, least: 2, most: Infinity }],
  ["error", exactly(3, debugError)],
  ["help", exactly(2, debugHelp)],
  ["loadaof", exactly(2, debugLoadaof)],
  ["log", exactly(3, debugLog)],
  ["object", exactly(3, debugObject)],
  ["populate", { run: debugPopulate, least: 3, most: 5 }],
  ["protocol", exactly(3, debugProtocol)],
  ["reload", { run: debugReload, least: 2, most: Infinity }],
  ["replicate", { run: debugReplicate, least: 3, most: Infinity }],
  ["set-active-expire", exactly(3, debugSetActiveExpire)],
  ["set-disable-deny-scripts", exactly(3, debugDisableDenyScripts)],
  ["set-skip-checksum-validation", exactly(3, debugSkipChecksums)],
  ["sleep", exactly(3, debugSleep)],
]);

/** What Redis has and leveldis has nothing to do it with. */
const WITHOUT: ReadonlyMap<string, string> = new Map([
  ["htstats", "keys are not in hash tables"],
  ["htstats-key", "collections are not in hash tables of Redis' kind"],
  ["jmap", "there is no heap dump"],
  ["listpack", "small collections are not listpacks"],
  ["quicklist", "there are no quicklists"],
  ["quicklist-packed-threshold", "there are no quicklists"],
  ["sdslen", "strings are not SDS strings"],
  ["structsize", "there are no C structures"],
  ["mallctl", "memory belongs to V8"],
  ["mallctl-str", "memory belongs to V8"],
  ["dict-resizing", "there are no hash tables to resize"],
  ["replybuffer", "reply buffers have no fixed size"],
  ["pause-cron", "there is no periodic job that does it all"],
  ["client-eviction", "clients are not evicted"],
  ["aof-flush-sleep", "there is no append-only file"],
]);

export function debug(context: Context, args: readonly Bytes[]): Reply {
  const name = args[1]!.toLowerCase();
  const subcommand = SUBCOMMANDS.get(name);
  // Whatever it does is done to this server alone.
  context.propagation.prevent();
  if (subcommand !== undefined && args.length >= subcommand.least && args.length <= subcommand.most) {
    return subcommand.run(context, args);
  }
  const reason = WITHOUT.get(name);
  if (reason !== undefined)
    throw new CommandError(`ERR DEBUG ${name.toUpperCase()} is not supported: ${reason}`);
  throw new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${args[1]!.slice(0, 128)}'. Try DEBUG HELP.`,
  );
}

/** The answer is an error with the words of the client. */
function debugError(_: Context, args: readonly Bytes[]): Reply {
  return new ErrorReply(args[2]!);
}

function debugLog({ server }: Context, args: readonly Bytes[]): Reply {
  server.log("warning", `DEBUG LOG: ${textOfBytes(args[2]!)}`);
  return OK;
}

/** Replicas are told what this server did not do. */
function debugReplicate({ propagation }: Context, args: readonly Bytes[]): Reply {
  propagation.also(args.slice(2));
  return OK;
}

/** Nobody else is served meanwhile: that is what it is for. */
function debugSleep(_: Context, args: readonly Bytes[]): Reply {
  const ms = Math.floor((Number.parseFloat(args[2]!) || 0) * 1e6) / 1000;
  if (ms > 0 && Number.isFinite(ms)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return OK;
}

function debugSetActiveExpire({ server }: Context, args: readonly Bytes[]): Reply {
  server.expiryWalk.isActive = (Number.parseInt(args[2]!, 10) || 0) !== 0;
  return OK;
}

/** Scripts may then call what they may not otherwise, other than commands that run others. */
function debugDisableDenyScripts({ server }: Context, args: readonly Bytes[]): Reply {
  server.scripting.allowsAll = (Number.parseInt(args[2]!, 10) || 0) !== 0;
  return OK;
}

/** Of payloads that RESTORE is given: what is behind a wrong checksum can be tested then. */
function debugSkipChecksums({ server }: Context, args: readonly Bytes[]): Reply {
  server.payloads.checksChecksums = (Number.parseInt(args[2]!, 10) || 0) === 0;
  return OK;
}

/** DEBUG POPULATE count [prefix] [size]: `key:0` ⇒ `value:0`, cut or filled with NUL to the size; keys that exist stay. */
function debugPopulate({ db }: Context, args: readonly Bytes[]): Reply {
  const count = positiveArgument(args[2]!);
  const prefix = args[3] ?? "key";
  const size = args[4] === undefined ? 0 : positiveArgument(args[4]);
  const keys = Array.from({ length: count }, (_, i) => `${prefix}:${i}`);
  db.ready(keys);
  const missing = keys.map((key) => db.peek(key) === null);
  keys.forEach((key, i) => {
    if (!missing[i]) return;
    const value = `value:${i}`;
    db.put(key, size === 0 ? value : value.slice(0, size).padEnd(size, "\0"));
  });
  return OK;
}

function debugHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, HELP);
}

const HELP = [
  "DIGEST",
  "    Output a hex signature representing the current DB content.",
  "DIGEST-VALUE <key> [<key> ...]",
  "    Output a hex signature of the values of all the specified keys.",
  "ERROR <string>",
  "    Return a Redis protocol error with <string> as message. Useful for clients",
  "    unit tests to simulate Redis errors.",
  "LOADAOF",
  "    Write all that waits, forget what is in memory and read it from disk again.",
  "LOG <message>",
  "    Write <message> to the server log.",
  "OBJECT <key>",
  "    Show low level info about `key` and associated value.",
  "POPULATE <count> [<prefix>] [<size>]",
  "    Create <count> string keys named key:<num>. If <prefix> is specified then",
  "    it is used instead of the 'key' prefix.",
  "PROTOCOL <type>",
  "    Reply with a test value of the specified type. <type> can be: string,",
  "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
  "    true, false.",
  "RELOAD [option ...]",
  "    Save the RDB on disk and reload it back to memory. Valid <option> values:",
  "    * MERGE: conflicting keys will be loaded from RDB.",
  "    * NOFLUSH: the existing database will not be removed before load, but",
  "      conflicting keys are an error, and nothing is loaded then.",
  "    * NOSAVE: the database will be loaded from an existing RDB file.",
  "REPLICATE <string>",
  "    Replicates the provided string to replicas, allowing data divergence.",
  "SET-ACTIVE-EXPIRE <0|1>",
  "    Setting it to 0 disables expiring keys in background when they are not",
  "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
  "    default.",
  "SET-DISABLE-DENY-SCRIPTS <0|1>",
  "    When set to 1, scripts may run commands that are not allowed in them",
  "    otherwise.",
  "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
  "    Enables or disables checksum checks for RESTORE's payload.",
  "SLEEP <seconds>",
  "    Stop the server for <seconds>. Decimals allowed.",
];
