import { SYNTAX } from "../../errors.ts";
import type { Stream } from "../../keyspace/stream.ts";
import { StreamEdit } from "../../keyspace/stream/edit.ts";
import { GroupEdit } from "../../keyspace/stream/group-edit.ts";
import {
  type Group,
  type PendingEntry,
  lastPending,
  ownedFrom,
  pendingFrom,
  readConsumer,
  readConsumers,
  readGroup,
  readPending,
  readyPending,
} from "../../keyspace/stream/groups.ts";
import { type IdRange, MIN_ID, type StreamId, formatId } from "../../keyspace/stream/id.ts";
import { inSteps } from "../../keyspace/stream/steps.ts";
import { NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Int64 } from "../../support/integers.ts";
import { int64Argument, integerArgument, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { idArguments, intervalArguments, noGroup } from "./arguments.ts";

/** What was delivered and not acknowledged. */
export const PENDING_ROWS = {
  xack: {
    arity: -4,
    hidesChanges: true,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary:
        "Marks a pending message as correctly processed, effectively removing it from the pending entries list of the consumer group. Return value of the command is the number of messages successfully acknowledged, that is, the IDs we were actually able to resolve in the PEL.",
      since: "5.0.0",
      complexity: "O(1) for each message ID processed.",
      syntax: "key group id...",
    },
    run: xack,
  },
  xpending: {
    arity: -3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    doc: {
      summary:
        "Return information and entries from a stream consumer group pending entries list, that are messages fetched but never acknowledged.",
      since: "5.0.0",
      complexity:
        "O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.",
      history: [["6.2.0", "Added the `IDLE` option and exclusive range intervals."]],
      syntax: "key group filters:[[IDLE min-idle-time:integer]@6.2.0 start end count:integer [consumer]]",
    },
    run: xpending,
  },
} satisfies Record<string, CommandRow>;

function xack({ db }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const stream = db.stream(key);
  if (stream === null) {
    db.missed(key);
    return 0;
  }
  const edit = new StreamEdit(stream);
  const group = GroupEdit.of(edit, args[2]!);
  if (group === null) return 0;
  const ids = [...new Set(idArguments(args, 3))];
  readyPending(edit, group.group, ids);
  const found: PendingEntry[] = [];
  for (const id of ids) {
    const pending = group.pending(id);
    if (pending !== null) found.push({ id, pending });
  }
  group.release(found);
  edit.apply();
  return found.length;
}

function xpending({ db, nowMs }: Context, args: readonly Bytes[]): Reply {
  const query = args.length === 3 ? null : pendingQuery(args);
  const stream = db.stream(args[1]!);
  const group = stream === null ? null : readGroup(stream, args[2]!);
  if (stream === null || group === null) throw noGroup(args[1]!, args[2]!);
  return query === null ? summary(stream, group) : listing(stream, group, query, nowMs);
}

function summary(stream: Stream, group: Group): Reply {
  const { pendingCount } = group;
  if (pendingCount === 0) return [0, null, null, NULL_ARRAY];
  const [first] = pendingFrom(stream, group, MIN_ID, 1);
  const last = lastPending(stream, group);
  const consumers = readConsumers(stream, group).flatMap(({ name, consumer }) =>
    consumer.pendingCount === 0 ? [] : [[name, String(consumer.pendingCount)]],
  );
  return [pendingCount, formatId(first!.id), formatId(last.id), consumers];
}

interface PendingQuery extends IdRange {
  readonly minIdleMs: Int64;
  readonly count: number;
  readonly consumer: Bytes | null;
}

function pendingQuery(args: readonly Bytes[]): PendingQuery {
  if (args.length < 6 || args.length > 9) throw SYNTAX;
  let minIdleMs: Int64 = 0;
  let at = 3;
  if (optionWord(args[3]!) === "IDLE") {
    minIdleMs = int64Argument(args[4]!);
    if (args.length < 8) throw SYNTAX;
    at = 5;
  }
  const count = Math.max(integerArgument(args[at + 2]!), 0);
  const interval = intervalArguments(args[at]!, args[at + 1]!);
  return { ...interval, minIdleMs, count, consumer: args[at + 3] ?? null };
}

function listing(stream: Stream, group: Group, query: PendingQuery, nowMs: number): Reply {
  const { minIdleMs, count, consumer, to } = query;
  if (consumer !== null && readConsumer(stream, group, consumer) === null) return [];
  const replies: Reply[] = [];
  if (count === 0) return replies;
  const entries = inSteps(count, (limit) => pendingIn(stream, group, query, limit));
  for (const { id, pending } of entries) {
    if (id > to || replies.length === count) break;
    const idleMs = nowMs - pending.deliveredAtMs;
    if (minIdleMs !== 0 && idleMs < minIdleMs) continue;
    replies.push([formatId(id), pending.consumer, Math.max(idleMs, 0), pending.deliveries]);
  }
  return replies;
}

function pendingIn(
  stream: Stream,
  group: Group,
  { from, consumer }: PendingQuery,
  limit: number,
): readonly PendingEntry[] {
  if (consumer === null) return pendingFrom(stream, group, from, limit);
  const ids: readonly StreamId[] = ownedFrom(stream, group, consumer, from, limit);
  readyPending(stream, group, ids);
  return ids.map((id) => ({ id, pending: readPending(stream, group, id)! }));
}
