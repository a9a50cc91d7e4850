import { CommandError } from "../../errors.ts";
import type { Database } from "../../keyspace/database.ts";
import { Stream } from "../../keyspace/stream.ts";
import { StreamEdit } from "../../keyspace/stream/edit.ts";
import { MAX_ID, MIN_ID, type StreamId, formatId, nextId } from "../../keyspace/stream/id.ts";
import { readGroup } from "../../keyspace/stream/groups.ts";
import { MapReply, NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { keysBehind } from "../key-spec.ts";
import { WaitFor } from "../wait-for.ts";
import { idArgument, noGroup } from "./arguments.ts";
import { type Delivery, deliver } from "./delivery.ts";
import { type ReadArguments, readArguments } from "./read-arguments.ts";
import { entriesReply } from "./reply.ts";

/** New entries, with or without a group, and waiting for them. */
export const READ_ROWS = {
  xread: {
    arity: -4,
    flags: ["readonly", "blocking"],
    keys: [keysBehind("STREAMS", 1, 2, "RO", "access")],
    doc: {
      summary:
        "Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each stream. Can block.",
      since: "5.0.0",
      complexity:
        "For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.",
      syntax: "[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS streams:(key... id...)",
    },
    run: xread,
  },
  xreadgroup: {
    arity: -7,
    hidesChanges: true,
    flags: ["write", "blocking"],
    keys: [keysBehind("STREAMS", 4, 2, "RO", "access")],
    doc: {
      summary:
        "Return new entries from a stream using a consumer group, or access the history of the pending entries for a given consumer. Can block.",
      since: "5.0.0",
      complexity:
        "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.",
      syntax:
        "GROUP group consumer [COUNT count:integer] [BLOCK milliseconds:integer] " +
        "[NOACK] STREAMS streams:(key... id...)",
    },
    run: xreadgroup,
  },
} satisfies Record<string, CommandRow>;

/** A client that waited gets so many entries of a stream at the most, unless it says how many. */
const COUNT_AFTER_WAITING = 1000;

const GT_WITHOUT_GROUP = new CommandError(
  "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
const DOLLAR_WITH_GROUP = new CommandError(
  "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by " +
    "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
const KEY_IS_GONE = new CommandError("UNBLOCKED the stream key no longer exists");
const GROUP_IS_GONE = new CommandError(
  "NOGROUP the consumer group this client was blocked on no longer exists",
);

// ─── XREAD ───────────────────────────────────────────────────────────────────────────────────────

function xread(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  const { db, wokenBy } = context;
  const call = readArguments(args, false, isInScript(context));
  const { keys } = call;
  const streams = db.readTogether(keys, (key) =>
    wokenBy === null ? streamOrError(db, key) : streamOf(db, key, true),
  );
  const ids = call.ids.map((text, i) => {
    const stream = streams[i]!;
    // Behind what is wrong with the ids before it.
    if (stream instanceof CommandError) throw stream;
    return readFrom(text, stream);
  });
  const limit = call.count === 0 ? Infinity : call.count;
  if (wokenBy !== null) {
    const at = keys.indexOf(wokenBy);
    const stream = streams[at] as Stream | null;
    if (stream === null || !hasMore(stream, ids[at]!)) return waitFor(context, call, args, ids);
    const entries = entriesBehind(stream, ids[at]!, call.count === 0 ? COUNT_AFTER_WAITING : limit);
    return streamsReply(context, [{ key: wokenBy, entries }]);
  }
  const served = keys.flatMap((key, i) => {
    // Redis looks a second time, which its counts of hits and misses, and its events, show.
    const stream = db.stream(key);
    if (stream === null || !hasMore(stream, ids[i]!)) return [];
    return [{ key, stream, after: ids[i]! }];
  });
  if (served.length === 0) return waitFor(context, call, args, ids);
  const replies = db.readTogether(served, ({ key, stream, after }) => ({
    key,
    entries: entriesBehind(stream, after, limit),
  }));
  return streamsReply(context, replies);
}

function streamOrError(db: Database, key: Bytes): Stream | CommandError | null {
  try {
    return db.stream(key);
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

/** One that waits is not disturbed by a key that holds something else. */
function streamOf(db: Database, key: Bytes, isWaiting: boolean): Stream | null {
  if (!isWaiting) return db.stream(key);
  const value = db.peek(key)?.value;
  return value instanceof Stream ? value : null;
}

function readFrom(text: Bytes, stream: Stream | null): StreamId {
  if (text === "$") return stream?.header.lastId ?? MIN_ID;
  if (text === ">") throw GT_WITHOUT_GROUP;
  return idArgument(text);
}

function hasMore({ header }: Stream, after: StreamId): boolean {
  return header.length > 0 && header.topId > after;
}

function entriesBehind(stream: Stream, after: StreamId, limit: number): Reply {
  return entriesReply(stream, { from: nextId(after)!, to: MAX_ID }, limit);
}

// ─── XREADGROUP ──────────────────────────────────────────────────────────────────────────────────

function xreadgroup(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  const { db, propagation, wokenBy } = context;
  // What comes of it is told by itself.
  propagation.prevent();
  const call = readArguments(args, true, isInScript(context));
  if (wokenBy !== null) return serveWaiting(context, call, args, wokenBy);
  const { keys } = call;
  const streams = db.readTogether(keys, (key) => streamOrError(db, key));
  const edits = new Map<Bytes, StreamEdit>();
  const ids = keys.map((key, i) => {
    const stream = streams[i]!;
    // Behind what is wrong with the keys before it.
    if (stream instanceof CommandError) throw stream;
    if (stream === null) db.missed(key);
    else if (!edits.has(key)) edits.set(key, new StreamEdit(stream));
    const edit = edits.get(key);
    if (edit === undefined || readGroup(edit, call.group) === null) {
      throw noGroup(key, call.group, " in XREADGROUP with GROUP option");
    }
    return groupReadFrom(call.ids[i]!);
  });
  const deliveries: Delivery[] = [];
  const replies: StreamOfReply[] = [];
  keys.forEach((key, i) => {
    const delivery = deliver(context, edits.get(key)!, { ...call, key, after: ids[i]! });
    if (delivery === null) return;
    deliveries.push(delivery);
    replies.push({ key, entries: delivery.entries });
  });
  if (deliveries.length === 0) return waitFor(context, call, args, ids);
  for (const edit of edits.values()) edit.apply();
  tellOfConsumers(db, deliveries);
  return streamsReply(context, replies);
}

/** The id behind which the consumer's history is read; MAX_ID, which has nothing behind it, for `>`. */
function groupReadFrom(text: Bytes): StreamId {
  if (text === "$") throw DOLLAR_WITH_GROUP;
  return text === ">" ? MAX_ID : idArgument(text);
}

function serveWaiting(
  context: Context,
  call: ReadArguments,
  args: readonly Bytes[],
  key: Bytes,
): Reply | WaitFor {
  const { db } = context;
  const stream = streamOf(db, key, true);
  if (stream === null) throw KEY_IS_GONE;
  const edit = new StreamEdit(stream);
  if (readGroup(edit, call.group) === null) throw GROUP_IS_GONE;
  const count = call.count === 0 ? COUNT_AFTER_WAITING : call.count;
  const delivery = deliver(context, edit, { ...call, key, after: MAX_ID, count });
  if (delivery === null) {
    return waitFor(
      context,
      call,
      args,
      call.keys.map(() => MAX_ID),
    );
  }
  edit.apply();
  tellOfConsumers(db, [delivery]);
  return streamsReply(context, [{ key, entries: delivery.entries }]);
}

function tellOfConsumers(db: Database, deliveries: readonly Delivery[]): void {
  for (const { key, isNewConsumer } of deliveries) {
    if (isNewConsumer) db.event("stream", "xgroup-createconsumer", key);
  }
}

// ─── both ────────────────────────────────────────────────────────────────────────────────────────

interface StreamOfReply {
  readonly key: Bytes;
  readonly entries: Reply;
}

function streamsReply({ resp }: Context, streams: readonly StreamOfReply[]): Reply {
  return resp === 3
    ? new MapReply(streams.flatMap(({ key, entries }) => [key, entries]))
    : streams.map(({ key, entries }) => [key, entries]);
}

function waitFor(
  { nowMs }: Context,
  call: ReadArguments,
  args: readonly Bytes[],
  ids: readonly StreamId[],
): Reply | WaitFor {
  if (call.blockMs === null) return NULL_ARRAY;
  const { isGroup } = call;
  return new WaitFor({
    keys: call.keys,
    type: "stream",
    untilMs: call.blockMs === 0 ? 0 : nowMs + call.blockMs,
    timeoutReply: NULL_ARRAY,
    wakesWhenGone: isGroup,
    // `$` is the last id of now, also when the command runs again.
    args: isGroup ? args : [...args.slice(0, call.idsAt), ...ids.map(formatId)],
  });
}

function isInScript({ keyspace }: Context): boolean {
  return keyspace.reading.attempt.inScript;
}
