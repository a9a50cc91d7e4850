import { CommandError } from "../errors.ts";
import type { TopicKind } from "../pubsub/subscriptions.ts";
import { Push, type Reply, Sequence } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { compileGlob } from "../support/glob.ts";
import type { CommandGroup, Context, Handler } from "./command.ts";
import { helpReply, wrongSubcommandUse } from "./help.ts";
import { keyAt, keysBetween } from "./key-spec.ts";

/** Messages between clients, which nothing stores. */
export const PUBSUB: CommandGroup = {
  name: "pubsub",
  rows: {
    psubscribe: {
      arity: -2,
      flags: ["pubsub", "noscript", "loading", "stale"],
      doc: {
        summary: "Listen for messages published to channels matching the given patterns",
        since: "2.0.0",
        complexity: "O(N) where N is the number of patterns the client is already subscribed to.",
        syntax: "(pattern)...",
      },
      run: subscriber("psubscribe", "pattern"),
    },
    publish: {
      arity: 3,
      flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
      doc: {
        summary: "Post a message to a channel",
        since: "2.0.0",
        complexity:
          "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
        syntax: "channel message",
      },
      run: publish,
    },
    pubsub: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for Pub/Sub commands",
        since: "2.8.0",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        channels: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          doc: {
            summary: "List active channels",
            since: "2.8.0",
            complexity:
              "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
            syntax: "[pattern]",
          },
          run: channels("channel"),
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          categories: [],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "6.2.0",
            complexity: "O(1)",
          },
          run: help,
        },
        numpat: {
          arity: 2,
          flags: ["pubsub", "loading", "stale"],
          doc: {
            summary: "Get the count of unique patterns pattern subscriptions",
            since: "2.8.0",
            complexity: "O(1)",
          },
          run: patternCount,
        },
        numsub: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          doc: {
            summary: "Get the count of subscribers for channels",
            since: "2.8.0",
            complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
            syntax: "[channel...]",
          },
          run: subscriberCounts("channel"),
        },
        shardchannels: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          doc: {
            summary: "List active shard channels",
            since: "7.0.0",
            complexity:
              "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
            syntax: "[pattern]",
          },
          run: channels("shardChannel"),
        },
        shardnumsub: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          doc: {
            summary: "Get the count of subscribers for shard channels",
            since: "7.0.0",
            complexity:
              "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
            syntax: "[shardchannel...]",
          },
          run: subscriberCounts("shardChannel"),
        },
      },
    },
    punsubscribe: {
      arity: -1,
      flags: ["pubsub", "noscript", "loading", "stale"],
      doc: {
        summary: "Stop listening for messages posted to channels matching the given patterns",
        since: "2.0.0",
        complexity:
          "O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).",
        syntax: "[pattern...]",
      },
      run: unsubscriber("punsubscribe", "pattern"),
    },
    spublish: {
      arity: 3,
      flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
      keys: [keyAt(1, "not_key")],
      doc: {
        summary: "Post a message to a shard channel",
        since: "7.0.0",
        complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
        syntax: "shardchannel message",
      },
      run: publishToShard,
    },
    ssubscribe: {
      arity: -2,
      flags: ["pubsub", "noscript", "loading", "stale"],
      keys: [keysBetween(1, -1, "not_key")],
      doc: {
        summary: "Listen for messages published to the given shard channels",
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels to subscribe to.",
        syntax: "shardchannel...",
      },
      run: subscribeToShard,
    },
    subscribe: {
      arity: -2,
      flags: ["pubsub", "noscript", "loading", "stale"],
      doc: {
        summary: "Listen for messages published to the given channels",
        since: "2.0.0",
        complexity: "O(N) where N is the number of channels to subscribe to.",
        syntax: "channel...",
      },
      run: subscriber("subscribe", "channel"),
    },
    sunsubscribe: {
      arity: -1,
      flags: ["pubsub", "noscript", "loading", "stale"],
      keys: [keysBetween(1, -1, "not_key")],
      doc: {
        summary: "Stop listening for messages posted to the given shard channels",
        since: "7.0.0",
        complexity: "O(N) where N is the number of clients already subscribed to a shard channel.",
        syntax: "[shardchannel...]",
      },
      run: unsubscriber("sunsubscribe", "shardChannel"),
    },
    unsubscribe: {
      arity: -1,
      flags: ["pubsub", "noscript", "loading", "stale"],
      doc: {
        summary: "Stop listening for messages posted to the given channels",
        since: "2.0.0",
        complexity: "O(N) where N is the number of clients already subscribed to a channel.",
        syntax: "[channel...]",
      },
      run: unsubscriber("unsubscribe", "channel"),
    },
  },
};

/** SUBSCRIBE and its kind: one confirmation for each name. */
function subscriber(verb: string, kind: TopicKind): Handler {
  return (context, args) => confirmSubscribing(context, verb, kind, args);
}

function confirmSubscribing(
  context: Context,
  verb: string,
  kind: TopicKind,
  [, ...names]: readonly Bytes[],
): Reply {
  return confirmations(
    names.map((name) => {
      subscribe(context, kind, name);
      return confirmation(context, verb, kind, name);
    }),
  );
}

function unsubscriber(verb: string, kind: TopicKind): Handler {
  return (context, args) => {
    const names = args.length > 1 ? args.slice(1) : [...context.client.subscriptions[kind]];
    if (names.length === 0) return confirmation(context, verb, kind, null);
    return confirmations(
      names.map((name) => {
        unsubscribe(context, kind, name);
        return confirmation(context, verb, kind, name);
      }),
    );
  };
}

function subscribe({ client, server: { pubsub }, keyspace }: Context, kind: TopicKind, name: Bytes): void {
  if (!pubsub.subscribe(client, kind, name)) return;
  keyspace.reading.attempt.undo?.add(() => void pubsub.unsubscribe(client, kind, name));
}

function unsubscribe({ client, server: { pubsub }, keyspace }: Context, kind: TopicKind, name: Bytes): void {
  if (!pubsub.unsubscribe(client, kind, name)) return;
  keyspace.reading.attempt.undo?.add(() => void pubsub.subscribe(client, kind, name));
}

function confirmation({ client }: Context, verb: string, kind: TopicKind, name: Bytes | null): Push {
  return new Push([verb, name, client.subscriptions.countFor(kind)]);
}

function confirmations(pushes: readonly Push[]): Reply {
  return pushes.length === 1 ? pushes[0]! : new Sequence(pushes);
}

/** In a transaction Redis allows SUBSCRIBE and PSUBSCRIBE, for old times' sake, and not this one. */
function subscribeToShard(context: Context, args: readonly Bytes[]): Reply {
  if (context.client.transaction !== null) {
    throw new CommandError("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
  }
  return confirmSubscribing(context, "ssubscribe", "shardChannel", args);
}

function publish(context: Context, args: readonly Bytes[]): Reply {
  const delivery = context.server.pubsub.publish(args[1]!, args[2]!);
  context.propagation.force();
  if (delivery.receivers > 0) context.keyspace.events.send((batch) => delivery.send(batch));
  return delivery.receivers;
}

function publishToShard(context: Context, args: readonly Bytes[]): Reply {
  const delivery = context.server.pubsub.publishToShard(args[1]!, args[2]!);
  context.propagation.force();
  if (delivery.receivers > 0) context.keyspace.events.send((batch) => delivery.send(batch));
  return delivery.receivers;
}

function channels(kind: TopicKind): Handler {
  return ({ server: { pubsub } }, args) => {
    if (args.length > 3) throw wrongSubcommandUse(args);
    const names = [...pubsub.names(kind)];
    return args.length === 3 ? names.filter(compileGlob(args[2]!)) : names;
  };
}

function patternCount({ server: { pubsub } }: Context): Reply {
  return pubsub.size("pattern");
}

function subscriberCounts(kind: TopicKind): Handler {
  return ({ server: { pubsub } }, args) =>
    args.slice(2).flatMap((name): Reply[] => [name, pubsub.subscriberCount(kind, name)]);
}

function help(_context: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, HELP);
}

const HELP: readonly string[] = [
  "CHANNELS [<pattern>]",
  "    Return the currently active channels matching a <pattern> (default: '*').",
  "NUMPAT",
  "    Return number of subscriptions to patterns.",
  "NUMSUB [<channel> ...]",
  "    Return the number of subscribers for the specified channels, excluding",
  "    pattern subscriptions(default: no channels).",
  "SHARDCHANNELS [<pattern>]",
  "    Return the currently active shard level channels matching a <pattern> (default: '*').",
  "SHARDNUMSUB [<shardchannel> ...]",
  "    Return the number of subscribers for the specified shard level channel(s)",
];
