import { SYNTAX } from "../../errors.ts";
import type { Stream } from "../../keyspace/stream.ts";
import { plus } from "../../keyspace/stream/counter.ts";
import { StreamEdit } from "../../keyspace/stream/edit.ts";
import { readEntry, readyEntries } from "../../keyspace/stream/entries.ts";
import { GroupEdit } from "../../keyspace/stream/group-edit.ts";
import { type Pending, type PendingEntry, pendingFrom, readyPending } from "../../keyspace/stream/groups.ts";
import { MIN_ID, type StreamId, formatId } from "../../keyspace/stream/id.ts";
import type { Propagation } from "../../keyspace/propagation.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { noGroup, startArgument } from "./arguments.ts";
import { type ClaimOptions, claimOptions, countArgument, minIdleArgument } from "./claim-arguments.ts";
import { propagateClaim, propagateProgress } from "./propagate.ts";
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

/** A claim under way: what is claimed goes to a consumer. Replicas are told what became of each entry. */
class Claim {
  readonly #edit: StreamEdit;
  readonly #group: GroupEdit;
  readonly #key: Bytes;
  readonly #consumer: Bytes;
  readonly #nowMs: number;
  readonly #propagation: Propagation;
  #isSeen = false;
  /** Nothing was claimed, and nothing released. */
  isEmpty = true;
  isNewConsumer = false;
  readonly replies: Reply[] = [];

  constructor({ nowMs, propagation }: Context, edit: StreamEdit, group: GroupEdit, args: readonly Bytes[]) {
    this.#edit = edit;
    this.#group = group;
    this.#key = args[1]!;
    this.#consumer = args[3]!;
    this.#nowMs = nowMs;
    this.#propagation = propagation;
  }

  /** `old`: as it is pending now, null if it is not; `text`: the id as it is told. */
  take(
    id: StreamId,
    old: Pending | null,
    deliveredAtMs: number,
    deliveries: Int64,
    justId: boolean,
    text: Bytes,
  ): void {
    const consumer = this.#consumer;
    if (!this.#isSeen) this.isNewConsumer = this.#group.see(consumer, this.#nowMs);
    this.#isSeen = true;
    const pending = { consumer, deliveredAtMs, deliveries };
    this.#group.assign(consumer, [{ id, pending, old }]);
    this.replies.push(justId ? formatId(id) : entryReply(readEntry(this.#edit, id)!));
    this.#propagate(text, pending);
  }

  /** An entry that is not there any more is pending no longer. */
  release(id: StreamId, pending: Pending, text: Bytes): void {
    this.#group.release([{ id, pending }]);
    this.#propagate(text, pending);
  }

  /** A replica that finds the entry gone forgets it, too. */
  #propagate(text: Bytes, pending: Pending): void {
    this.isEmpty = false;
    if (this.#propagation.isWanted) propagateClaim(this.#propagation, this.#key, this.#group, text, pending);
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
  const { nowMs, propagation } = context;
  propagation.prevent();
  const { edit, group } = open(context, args);
  const options = claimOptions(args, nowMs);
  const { ids, lastId, minIdleMs } = options;
  const isAhead = lastId > group.group.lastId;
  if (isAhead) group.update({ lastId });
  readyEntries(edit, ids);
  readyPending(edit, group.group, ids);
  const claim = new Claim(context, edit, group, args);
  ids.forEach((id, i) => {
    const old = group.pending(id);
    const text = args[FIRST_ID + i]!;
    if (readEntry(edit, id) === null) {
      if (old !== null) claim.release(id, old, text);
      return;
    }
    if (old === null && !options.force) return;
    if (old !== null && minIdleMs !== 0 && nowMs - old.deliveredAtMs < minIdleMs) return;
    claim.take(id, old, options.deliveredAtMs, deliveriesOf(options, old), options.justId, text);
  });
  if (isAhead && claim.isEmpty) propagateProgress(propagation, args[1]!, group);
  claim.finish(context, args[1]!);
  return claim.replies;
}

/** XCLAIM's first argument behind the minimum of idleness. */
const FIRST_ID = 5;

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
  const { nowMs, propagation } = context;
  propagation.prevent();
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
  const claim = new Claim(context, edit, group, args);
  for (const { id, pending, isDeleted } of looked.entries) {
    if (isDeleted) {
      claim.release(id, pending, formatId(id));
      continue;
    }
    const deliveries = justId ? pending.deliveries : plus(pending.deliveries, 1);
    claim.take(id, pending, nowMs, deliveries, justId, formatId(id));
  }
  claim.finish(context, args[1]!);
  const deleted = looked.entries.filter(({ isDeleted }) => isDeleted);
  return [formatId(looked.next), claim.replies, deleted.map(({ id }) => formatId(id))];
}

interface Looked {
  /** Those to be claimed; and pending ones whose entries are not there any more. */
  readonly entries: readonly (PendingEntry & { readonly isDeleted: boolean })[];
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
  const found: (PendingEntry & { readonly isDeleted: boolean })[] = [];
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
      if (seen === attempts || found.length === count) return { entries: found, next: id };
      seen++;
      const isDeleted = readEntry(stream, id) === null;
      if (isDeleted || minIdleMs === 0 || nowMs - pending.deliveredAtMs >= minIdleMs) {
        found.push({ ...entry, isDeleted });
      }
    }
    if (entries.length < limit) return { entries: found, next: MIN_ID };
  }
}

const FIRST_LOOK = 1000;
