import { NO_SUCH_KEY } from "../../errors.ts";
import type { Stream } from "../../keyspace/stream.ts";
import { readEntries } from "../../keyspace/stream/entries.ts";
import {
  type Group,
  ownedFrom,
  pendingFrom,
  readConsumers,
  readGroup,
  readGroups,
  readPending,
  readyPending,
} from "../../keyspace/stream/groups.ts";
import { MAX_ID, MIN_ID, formatId } from "../../keyspace/stream/id.ts";
import { lagOf } from "../../keyspace/stream/lag.ts";
import { radixNodes } from "../../keyspace/stream/radix.ts";
import { MapReply, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerArgument, optionWord } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { helpReply, wrongSubcommandUse } from "../help.ts";
import { keyAt } from "../key-spec.ts";
import { noSuchGroup } from "./arguments.ts";
import { entriesReply, entryReply } from "./reply.ts";

/** XINFO: all that is known of a stream. */
export const INFO_ROWS = {
  xinfo: {
    arity: -2,
    flags: [],
    doc: {
      summary: "A container for stream introspection commands",
      since: "5.0.0",
      complexity: "Depends on subcommand.",
    },
    subcommands: {
      consumers: {
        arity: 4,
        flags: ["readonly"],
        keys: [keyAt(2, "RO", "access")],
        tips: ["nondeterministic_output"],
        doc: {
          summary: "List the consumers in a consumer group",
          since: "5.0.0",
          complexity: "O(1)",
          syntax: "key groupname",
        },
        run: xinfoConsumers,
      },
      groups: {
        arity: 3,
        flags: ["readonly"],
        keys: [keyAt(2, "RO", "access")],
        doc: {
          summary: "List the consumer groups of a stream",
          since: "5.0.0",
          complexity: "O(1)",
          history: [["7.0.0", "Added the `entries-read` and `lag` fields"]],
          syntax: "key",
        },
        run: xinfoGroups,
      },
      help: {
        arity: 2,
        flags: ["loading", "stale"],
        doc: {
          summary: "Show helpful text about the different subcommands",
          since: "5.0.0",
          complexity: "O(1)",
        },
        run: xinfoHelp,
      },
      stream: {
        arity: -3,
        flags: ["readonly"],
        keys: [keyAt(2, "RO", "access")],
        doc: {
          summary: "Get information about a stream",
          since: "5.0.0",
          complexity: "O(1)",
          history: [
            ["6.0.0", "Added the `FULL` modifier."],
            [
              "7.0.0",
              "Added the `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` fields",
            ],
          ],
          syntax: "key [FULL full:([COUNT count:integer])]",
        },
        run: xinfoStream,
      },
    },
  },
} satisfies Record<string, CommandRow>;

const ALL = { from: MIN_ID, to: MAX_ID };
const DEFAULT_COUNT = 10;

function streamOf({ db }: Context, key: Bytes): Stream {
  const stream = db.stream(key);
  if (stream === null) throw NO_SUCH_KEY;
  return stream;
}

function xinfoStream(context: Context, args: readonly Bytes[]): Reply {
  const stream = streamOf(context, args[2]!);
  const limit = fullLimit(args);
  const { header } = stream;
  const common: Reply[] = [
    "length",
    header.length,
    "radix-tree-keys",
    header.nodeCount,
    "radix-tree-nodes",
    radixNodes(stream),
    "last-generated-id",
    formatId(header.lastId),
    "max-deleted-entry-id",
    formatId(header.maxDeletedId),
    "entries-added",
    header.entriesAdded,
    "recorded-first-entry-id",
    formatId(header.firstId),
  ];
  if (limit === null) {
    common.push("groups", header.groupCount);
    common.push("first-entry", edgeEntry(stream, false), "last-entry", edgeEntry(stream, true));
  } else {
    common.push("entries", entriesReply(stream, ALL, limit));
    common.push(
      "groups",
      readGroups(stream).map(({ name, group }) => fullGroup(stream, name, group, limit)),
    );
  }
  return new MapReply(common);
}

/** How many of everything FULL shows; null without FULL. */
function fullLimit(args: readonly Bytes[]): number | null {
  const [, , , full, word, value] = args;
  if (full === undefined) return null;
  if ((args.length !== 4 && args.length !== 6) || optionWord(full) !== "FULL") throw wrongSubcommandUse(args);
  if (word === undefined) return DEFAULT_COUNT;
  if (optionWord(word) !== "COUNT") throw wrongSubcommandUse(args);
  const count = integerArgument(value!);
  if (count < 0) return DEFAULT_COUNT;
  return count === 0 ? Infinity : count;
}

function edgeEntry(stream: Stream, reverse: boolean): Reply {
  const [entry] = readEntries(stream, ALL, 1, reverse);
  return entry === undefined ? null : entryReply(entry);
}

function progress(stream: Stream, group: Group): Reply[] {
  return [
    "last-delivered-id",
    formatId(group.lastId),
    "entries-read",
    group.entriesRead,
    "lag",
    lagOf(stream.header, group),
  ];
}

function fullGroup(stream: Stream, name: Bytes, group: Group, limit: number): Reply {
  const pending = pendingFrom(stream, group, MIN_ID, limit).map(({ id, pending: entry }) => [
    formatId(id),
    entry.consumer,
    entry.deliveredAtMs,
    entry.deliveries,
  ]);
  const consumers = readConsumers(stream, group).map(({ name: consumerName, consumer }) => {
    return new MapReply([
      "name",
      consumerName,
      "seen-time",
      consumer.seenAtMs,
      "pel-count",
      consumer.pendingCount,
      "pending",
      pendingOfConsumer(stream, group, consumerName, limit),
    ]);
  });
  return new MapReply([
    "name",
    name,
    ...progress(stream, group),
    "pel-count",
    group.pendingCount,
    "pending",
    pending,
    "consumers",
    consumers,
  ]);
}

function pendingOfConsumer(stream: Stream, group: Group, consumer: Bytes, limit: number): Reply {
  const ids = ownedFrom(stream, group, consumer, MIN_ID, limit);
  readyPending(stream, group, ids);
  return ids.map((id) => {
    const { deliveredAtMs, deliveries } = readPending(stream, group, id)!;
    return [formatId(id), deliveredAtMs, deliveries];
  });
}

function xinfoGroups(context: Context, args: readonly Bytes[]): Reply {
  const stream = streamOf(context, args[2]!);
  return readGroups(stream).map(
    ({ name, group }) =>
      new MapReply([
        "name",
        name,
        "consumers",
        group.consumerCount,
        "pending",
        group.pendingCount,
        ...progress(stream, group),
      ]),
  );
}

function xinfoConsumers(context: Context, args: readonly Bytes[]): Reply {
  const stream = streamOf(context, args[2]!);
  const group = readGroup(stream, args[3]!);
  if (group === null) throw noSuchGroup(args[2]!, args[3]!);
  return readConsumers(stream, group).map(({ name, consumer }) => {
    const idleMs = Math.max(context.nowMs - consumer.seenAtMs, 0);
    return new MapReply(["name", name, "pending", consumer.pendingCount, "idle", idleMs]);
  });
}

function xinfoHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
  ]);
}
