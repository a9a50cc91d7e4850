import { SYNTAX } from "../../errors.ts";
import type { Stream } from "../../keyspace/stream.ts";
import { plus } from "../../keyspace/stream/counter.ts";
import { StreamEdit } from "../../keyspace/stream/edit.ts";
import { readEntry, readyEntries } from "../../keyspace/stream/entries.ts";
import { GroupEdit } from "../../keyspace/stream/group-edit.ts";
import { type Pending, type PendingEntry, pendingFrom, readyPending } from "../../keyspace/stream/groups.ts";
import { MIN_ID, type StreamId, formatId } from "../../keyspace/stream/id.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { noGroup, startArgument } from "./arguments.ts";
import { type ClaimOptions, claimOptions, countArgument, minIdleArgument } from "./claim-arguments.ts";
import { entryReply } from "./reply.ts";

/** Pending entries pass from one consumer to another. */
export const CLAIM_ROWS = {
  xclaim: {
    arity: -6,
    hidesChanges: true,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "update")],
    tips: ["nondeterministic_output"],
    doc: {
      summary:
        "Changes (or acquires) ownership of a message in a consumer group, as if the message was delivered to the specified consumer.",
      since: "5.0.0",
      complexity: "O(log N) with N being the number of messages in the PEL of the consumer group.",
      syntax:
        "key group consumer min-idle-time id... [IDLE ms:integer] " +
        "[TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [FORCE] " +
        "[JUSTID] [LASTID id]",
    },
    run: xclaim,
  },
  xautoclaim: {
    arity: -6,
    hidesChanges: true,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "delete")],
    tips: ["nondeterministic_output"],
    doc: {
      summary:
        "Changes (or acquires) ownership of messages in a consumer group, as if the messages were delivered to the specified consumer.",
      since: "6.2.0",
      complexity: "O(1) if COUNT is small.",
      history: [
        [
          "7.0.0",
          "Added an element to the reply array, containing deleted entries the command cleared from the PEL",
        ],
      ],
      syntax: "key group consumer min-idle-time start [COUNT count:integer] [JUSTID]",
    },
    run: xautoclaim,
  },
} satisfies Record<string, CommandRow>;

/** A claim under way: what is claimed goes to `consumer`. */
class Claim {
  readonly group: GroupEdit;
  readonly #edit: StreamEdit;
  readonly #consumer: Bytes;
  readonly #nowMs: number;
  #isSeen = false;
  isNewConsumer = false;
  readonly replies: Reply[] = [];

  constructor(edit: StreamEdit, group: GroupEdit, consumer: Bytes, nowMs: number) {
    this.#edit = edit;
    this.group = group;
    this.#consumer = consumer;
    this.#nowMs = nowMs;
  }

  /** `old`: as it is pending now, null if it is not. */
  take(id: StreamId, old: Pending | null, deliveredAtMs: number, deliveries: Int64, justId: boolean): void {
    const consumer = this.#consumer;
    if (!this.#isSeen) this.isNewConsumer = this.group.see(consumer, this.#nowMs);
    this.#isSeen = true;
    this.group.assign(consumer, [{ id, pending: { consumer, deliveredAtMs, deliveries }, old }]);
    this.replies.push(justId ? formatId(id) : entryReply(readEntry(this.#edit, id)!));
  }

  finish({ db }: Context, key: Bytes): void {
    this.#edit.apply();
    if (this.isNewConsumer) db.event("stream", "xgroup-createconsumer", key);
  }
}

/** Before anything else is looked at: a missing key is told of even when the arguments are wrong. */
function lookFirst({ db }: Context, key: Bytes): void {
  if (db.peek(key) === null) db.missed(key);
}

function open(
  { db }: Context,
  args: readonly Bytes[],
): { stream: Stream; edit: StreamEdit; group: GroupEdit } {
  const key = args[1]!;
  const stream = db.stream(key);
  if (stream === null) throw noGroup(key, args[2]!);
  const edit = new StreamEdit(stream);
  const group = GroupEdit.of(edit, args[2]!);
  if (group === null) throw noGroup(key, args[2]!);
  return { stream, edit, group };
}

function xclaim(context: Context, args: readonly Bytes[]): Reply {
  lookFirst(context, args[1]!);
  const { nowMs } = context;
  const { edit, group } = open(context, args);
  const options = claimOptions(args, nowMs);
  const { ids, lastId, minIdleMs } = options;
  if (lastId > group.group.lastId) group.update({ lastId });
  readyEntries(edit, ids);
  readyPending(edit, group.group, ids);
  const claim = new Claim(edit, group, args[3]!, nowMs);
  for (const id of ids) {
    const old = group.pending(id);
    if (readEntry(edit, id) === null) {
      if (old !== null) group.release([{ id, pending: old }]);
      continue;
    }
    if (old === null && !options.force) continue;
    if (old !== null && minIdleMs !== 0 && nowMs - old.deliveredAtMs < minIdleMs) continue;
    claim.take(id, old, options.deliveredAtMs, deliveriesOf(options, old), options.justId);
  }
  claim.finish(context, args[1]!);
  return claim.replies;
}

/** One that FORCE makes pending counts as delivered once, before this. */
function deliveriesOf({ retryCount, justId }: ClaimOptions, old: Pending | null): Int64 {
  if (retryCount !== null) return retryCount;
  const before = old?.deliveries ?? 1;
  return justId ? before : plus(before, 1);
}

/** Pending entries that are looked at, for each one that may be claimed. */
const ATTEMPTS_FACTOR = 10;

const DEFAULT_COUNT = 100;

function xautoclaim(context: Context, args: readonly Bytes[]): Reply {
  lookFirst(context, args[1]!);
  const { nowMs } = context;
  const minIdleMs = minIdleArgument(args[4]!, "XAUTOCLAIM");
  const start = startArgument(args[5]!);
  let count = DEFAULT_COUNT;
  let justId = false;
  for (let at = 6; at < args.length; at++) {
    const word = optionWord(args[at]!);
    if (word === "COUNT" && at + 1 < args.length) count = countArgument(args[++at]!);
    else if (word === "JUSTID") justId = true;
    else throw SYNTAX;
  }
  const { stream, edit, group } = open(context, args);
  const looked = lookAt(stream, group, start, count, minIdleMs, nowMs);
  const claim = new Claim(edit, group, args[3]!, nowMs);
  group.release(looked.deleted);
  for (const { id, pending } of looked.claimed) {
    const deliveries = justId ? pending.deliveries : plus(pending.deliveries, 1);
    claim.take(id, pending, nowMs, deliveries, justId);
  }
  claim.finish(context, args[1]!);
  return [formatId(looked.next), claim.replies, looked.deleted.map(({ id }) => formatId(id))];
}

interface Looked {
  readonly claimed: PendingEntry[];
  /** Pending ones whose entries are not there any more. */
  readonly deleted: PendingEntry[];
  /** Where the next call goes on; MIN_ID at the end. */
  readonly next: StreamId;
}

function lookAt(
  stream: Stream,
  { group }: GroupEdit,
  start: StreamId,
  count: number,
  minIdleMs: Int64,
  nowMs: number,
): Looked {
  const claimed: PendingEntry[] = [];
  const deleted: PendingEntry[] = [];
  const attempts = count * ATTEMPTS_FACTOR;
  let seen = 0;
  // Mostly all that are looked at can be claimed; where they cannot, more and more of them are read at once.
  for (let limit = Math.min(count, FIRST_LOOK) + 1; ; limit *= 2) {
    const entries = pendingFrom(stream, group, start, limit);
    readyEntries(
      stream,
      entries.slice(seen).map(({ id }) => id),
    );
    for (const entry of entries.slice(seen)) {
      const { id, pending } = entry;
      if (seen === attempts || claimed.length + deleted.length === count)
        return { claimed, deleted, next: id };
      seen++;
      if (readEntry(stream, id) === null) deleted.push(entry);
      else if (minIdleMs === 0 || nowMs - pending.deliveredAtMs >= minIdleMs) claimed.push(entry);
    }
    if (entries.length < limit) return { claimed, deleted, next: MIN_ID };
  }
}

const FIRST_LOOK = 1000;
