import type { CommandTable } from "../commands/table.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Caller } from "./caller.ts";

/** Pipelined requests whose keys are fetched while one waits for its own. */
const LOOK_AHEAD = 64;

/** Fetches the keys of what a client will run next: what it has queued, and what is in its pipeline. */
export function lookAhead(keyspace: Keyspace, commands: CommandTable, caller: Caller): void {
  const db = keyspace.databases[caller.dbIndex]!;
  const keys: Bytes[] = [];
  const queued = caller.transaction?.queue.map(({ args }) => args) ?? [];
  for (const args of [...queued, ...caller.upcoming(LOOK_AHEAD)]) {
    const command = commands.find(args);
    if (command === undefined || !command.hasArity(args.length)) continue;
    // From here on it is another database.
    if (command.fullName === "select") break;
    for (const position of command.keyPositionsOf(args)) keys.push(args[position]!);
  }
  if (keys.length > 0) db.entries.prefetch(keys);
}
