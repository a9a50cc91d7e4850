import { CommandError, NO_REPLICAS } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";
import { MASTER_DOWN, hidesData, refusesWrites } from "../replica-rules.ts";
import type { ScriptFlags } from "./flags.ts";

/** The keys and the other arguments behind the number of keys. @throws CommandError */
export function declared(
  args: readonly Bytes[],
  numkeys: number,
): { readonly keys: readonly Bytes[]; readonly rest: readonly Bytes[] } {
  if (numkeys > args.length - 3) throw TOO_MANY_KEYS;
  if (numkeys < 0) throw NEGATIVE_KEYS;
  return { keys: args.slice(3, 3 + numkeys), rest: args.slice(3 + numkeys) };
}

/**
 * Whether a script that tells by flags what it does may begin. One without flags may, and is stopped where it does what
 * may not be done.
 * @throws CommandError
 */
export function checkStart({ client, server }: Context, flags: ScriptFlags, isReadonly: boolean): void {
  if (client.type === "master") return;
  if (hidesData(server) && flags?.includes("allow-stale") !== true) throw MASTER_DOWN;
  if (flags === null || flags.includes("no-writes")) return;
  if (server.config.values.readonly || refusesWrites(server)) throw READ_ONLY_SERVER;
  if (server.disk.failure !== null) throw server.disk.failure;
  if (server.replication.replicas.areTooFew) throw NO_REPLICAS;
  if (isReadonly) throw READ_ONLY_COMMAND;
}

const TOO_MANY_KEYS = new CommandError("ERR Number of keys can't be greater than number of args");
const NEGATIVE_KEYS = new CommandError("ERR Number of keys can't be negative");
const READ_ONLY_SERVER = new CommandError("READONLY Can not run script with write flag on readonly replica");
const READ_ONLY_COMMAND = new CommandError(
  "ERR Can not execute a script with write flag using *_ro command.",
);
