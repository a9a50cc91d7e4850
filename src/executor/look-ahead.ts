import type { CommandTable } from "../commands/table.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Caller } from "./caller.ts";

/** Pipelined requests whose keys are fetched while one waits for its own. */
const LOOK_AHEAD = 64;
/** For fewer keys a thread is not worth its waking. */
const READ_AT_ONCE = 64;
/** Requests of one client that are looked at. */
const READ_AHEAD = 256;

/** Fetches the keys of what a client will run next: what it has queued, and what is in its pipeline. */
export function lookAhead(keyspace: Keyspace, commands: CommandTable, caller: Caller): void {
  const queued = caller.transaction?.queue.map(({ args }) => args) ?? [];
  const keys = keysOf(commands, [...queued, ...caller.upcoming(LOOK_AHEAD)]);
  if (keys.length > 0) keyspace.databases[caller.dbIndex]!.entries.prefetch(keys);
}

function keysOf(commands: CommandTable, requests: readonly (readonly Bytes[])[]): Bytes[] {
  const keys: Bytes[] = [];
  for (const args of requests) {
    const command = commands.find(args);
    if (command === undefined || !command.hasArity(args.length)) continue;
    // From here on it is another database.
    if (command.fullName === "select") break;
    for (const position of command.keyPositionsOf(args)) keys.push(args[position]!);
  }
  return keys;
}

/** Callers whose keys are read together. */
export interface ReadAhead<Of> {
  readonly callers: readonly Of[];
  /** Resolves to what brings them into memory, to be called right before their requests run. */
  readonly read: Promise<() => void>;
}

/**
 * Begins to read what the next requests of these callers lack in memory. In groups, for LevelDB's threads to read at the same
 * time; none when it is so little that to read it in line is as well, and not more than there is room for.
 */
export function readAhead<Of extends Caller>(
  keyspace: Keyspace,
  commands: CommandTable,
  callers: readonly Of[],
): ReadAhead<Of>[] {
  if (!keyspace.reading.isFast) return [];
  let room = keyspace.reading.roomAhead;
  const groups: { dbIndex: number; callers: Of[]; keys: Bytes[] }[] = [];
  for (const caller of callers) {
    const { dbIndex } = caller;
    const keys = keysOf(commands, caller.upcoming(READ_AHEAD));
    const missing = keyspace.databases[dbIndex]!.entries.missing(keys);
    if (missing.length === 0 || missing.length > room) continue;
    room -= missing.length;
    let group = groups.at(-1);
    if (group === undefined || group.dbIndex !== dbIndex || group.keys.length >= READ_AT_ONCE) {
      group = { dbIndex, callers: [], keys: [] };
      groups.push(group);
    }
    group.callers.push(caller);
    group.keys.push(...missing);
  }
  return groups
    .filter(({ keys }) => keys.length >= READ_AT_ONCE)
    .map(({ dbIndex, callers, keys }) => ({
      callers,
      // One is left to be read in line: how long that takes tells whether the disk is touched.
      read: keyspace.databases[dbIndex]!.entries.readAhead(keys.slice(1)),
    }));
}
