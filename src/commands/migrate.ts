import { CommandError, SYNTAX } from "../errors.ts";
import type { Entry } from "../keyspace/entry.ts";
import { OK, type Reply, Status } from "../resp/reply.ts";
import type { Attempt } from "../storage/attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Int64 } from "../support/integers.ts";
import { int64Argument, optionWord } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { migrateKeys } from "./find-keys.ts";
import type { Migration, MigrationResult } from "./host.ts";
import { keyAt, keysBehind } from "./key-spec.ts";
import { payloadOf } from "./payloads.ts";

export const MIGRATE: CommandGroup = {
  name: "generic",
  rows: {
    migrate: {
      arity: -6,
      flags: ["write"],
      categories: ["keyspace", "dangerous"],
      keys: [
        keyAt(3, "RW", "access", "delete"),
        keysBehind("KEYS", -2, 0, "RW", "access", "delete", "incomplete"),
      ],
      findKeys: migrateKeys,
      tips: ["nondeterministic_output"],
      doc: {
        summary: "Atomically transfer a key from a Redis instance to another one.",
        since: "2.6.0",
        complexity:
          "This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target instance. See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances is performed.",
        history: [
          ["3.0.0", "Added the `COPY` and `REPLACE` options."],
          ["3.0.6", "Added the `KEYS` option."],
          ["4.0.7", "Added the `AUTH` option."],
          ["6.0.0", "Added the `AUTH2` option."],
        ],
        syntax:
          'host port:integer key_or_empty_string:(key | empty_string:"") ' +
          "destination-db:integer timeout:integer [COPY]@3.0.0 [REPLACE]@3.0.0 " +
          "authentication:[[AUTH password]@4.0.7 | [AUTH2 username password]@6.0.0] " +
          "[KEYS key...]@3.0.6",
      },
      run: migrate,
    },
  },
};

interface Call {
  readonly host: Bytes;
  readonly port: number;
  readonly db: Int64;
  readonly timeoutMs: number;
  readonly copies: boolean;
  readonly replaces: boolean;
  readonly credentials: readonly Bytes[] | null;
  readonly keys: readonly Bytes[];
}

/**
 * Sends keys to another server and removes those that it has taken. Sending is a fetch of the attempt, so nobody waits
 * but who wants to write to these keys: they are frozen until the command is over. The handler then runs again, finds what
 * was answered, and removes.
 *
 * A command that was under way when the keys were frozen may still change one. Then what there is now differs from what
 * was sent, and it is sent again, over what this command has put there before; or taken back there, if it is gone here.
 */
function migrate(context: Context, args: readonly Bytes[]): Reply {
  const { db, keyspace } = context;
  const call = parse(args);
  const { attempt } = keyspace.reading;
  db.ready(call.keys);
  const entries = call.keys.map((key) => db.find(key)).filter((entry) => entry !== null);
  const there = putThereBy(attempt, call);
  const gone = [...there].filter((key) => !entries.some((entry) => entry.key === key));
  if (entries.length === 0 && gone.length === 0) return NO_KEY;
  const payloads = db.readTogether(entries, (entry) => payloadOf(context, entry.value!));
  const restores = entries.map((entry, i) => restoreOf(entry, payloads[i]!, call, there, context.nowMs));
  const name = nameOf(call, entries, payloads, gone);
  const result = attempt.once(there, name, async () => {
    attempt.releases.push(keyspace.frozen.freeze(call.keys));
    const { host, port, db: index, timeoutMs, credentials } = call;
    const commands = [...restores, ...gone.map((key) => ["DEL", key])];
    const answer = await context.server.migrations.send({
      ...{ host, port, db: index, timeoutMs, credentials, commands },
    } satisfies Migration);
    entries.forEach(({ key }, i) => void (answer.answers[i] === true && there.add(key)));
    for (const key of gone) there.delete(key);
    return answer;
  });
  if (!call.copies) remove(context, entries, result);
  throwIfFailed(result);
  return entries.length === 0 ? NO_KEY : OK;
}

function remove({ db, propagation }: Context, entries: readonly Entry[], { answers }: MigrationResult): void {
  const sent = entries.filter((_, i) => answers[i] === true).map(({ key }) => key);
  for (const key of sent) {
    db.delete(key);
    db.event("generic", "del", key);
  }
  propagation.instead(["DEL", ...sent]);
}

function throwIfFailed({ error, failure }: MigrationResult): void {
  if (error !== null) throw new CommandError(`ERR Target instance replied with error: ${error}`);
  if (failure === "connecting") throw new CommandError("IOERR error or timeout connecting to the client");
  if (failure !== null) throw new CommandError(`IOERR error or timeout ${failure} to target instance`);
}

function restoreOf(
  entry: Entry,
  payload: Bytes,
  call: Call,
  there: ReadonlySet<Bytes>,
  nowMs: number,
): readonly Bytes[] {
  const { key, expiresAtMs } = entry;
  const ttl = expiresAtMs === 0 ? 0 : Math.max(expiresAtMs - nowMs, 1);
  const restore = ["RESTORE", key, String(ttl), payload];
  return call.replaces || there.has(key) ? [...restore, "REPLACE"] : restore;
}

/** By what a call and its data are told from others. A payload ends with its checksum. */
function nameOf(
  call: Call,
  entries: readonly Entry[],
  payloads: readonly Bytes[],
  gone: readonly Bytes[],
): string {
  const values = entries.map(({ key, expiresAtMs }, i) => {
    const payload = payloads[i]!;
    return [key, expiresAtMs, payload.length, payload.slice(-8)];
  });
  const { replaces, copies, timeoutMs } = call;
  return JSON.stringify([replaces, copies, timeoutMs, values, gone]);
}

/** What commands have put on other servers in attempts that were thrown away, by server and database. */
const putThere = new WeakMap<Attempt, Map<string, Set<Bytes>>>();

function putThereBy(attempt: Attempt, { host, port, db }: Call): Set<Bytes> {
  let byTarget = putThere.get(attempt);
  if (byTarget === undefined) putThere.set(attempt, (byTarget = new Map()));
  const target = `${host}:${port}/${db}`;
  let keys = byTarget.get(target);
  if (keys === undefined) byTarget.set(target, (keys = new Set()));
  return keys;
}

function parse(args: readonly Bytes[]): Call {
  let copies = false;
  let replaces = false;
  let credentials: readonly Bytes[] | null = null;
  let keys = [args[3]!];
  for (let at = 6; at < args.length; at++) {
    const word = optionWord(args[at]!);
    const more = args.length - at - 1;
    if (word === "COPY") copies = true;
    else if (word === "REPLACE") replaces = true;
    else if (word === "AUTH" && more >= 1) credentials = [args[++at]!];
    else if (word === "AUTH2" && more >= 2) credentials = [args[++at]!, args[++at]!];
    else if (word === "KEYS") {
      if (args[3] !== "") throw KEY_AND_KEYS;
      keys = args.slice(at + 1);
      break;
    } else throw SYNTAX;
  }
  const timeout = Number(int64Argument(args[5]!));
  return {
    host: args[1]!,
    port: Number.parseInt(args[2]!, 10) || 0,
    db: int64Argument(args[4]!),
    timeoutMs: timeout <= 0 ? DEFAULT_TIMEOUT_MS : timeout,
    ...{ copies, replaces, credentials, keys },
  };
}

const DEFAULT_TIMEOUT_MS = 1000;
const NO_KEY = new Status("NOKEY");
const KEY_AND_KEYS = new CommandError(
  "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
);
