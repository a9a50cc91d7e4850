import { SYNTAX } from "../errors.ts";
import { Double, MapReply, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { int64Argument, optionWord } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply } from "./help.ts";
import { keyAt } from "./key-spec.ts";

/** MEMORY, without what asks for or does something to Redis' allocator: DOCTOR, MALLOC-STATS, PURGE. */
export const MEMORY: CommandGroup = {
  name: "server",
  rows: {
    memory: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for memory diagnostics commands",
        since: "4.0.0",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "4.0.0",
            complexity: "O(1)",
          },
          run: memoryHelp,
        },
        stats: {
          arity: 2,
          flags: [],
          tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
          doc: {
            summary: "Show memory usage details",
            since: "4.0.0",
            complexity: "O(1)",
          },
          run: memoryStats,
        },
        usage: {
          arity: -3,
          flags: ["readonly"],
          keys: [keyAt(2, "RO")],
          doc: {
            summary: "Estimate the memory usage of a key",
            since: "4.0.0",
            complexity: "O(N) where N is the number of samples.",
            syntax: "key [SAMPLES count:integer]",
          },
          run: memoryUsage,
        },
      },
    },
  },
};

/** What the key takes with all of its value in memory, which is counted and needs no samples. */
function memoryUsage({ db }: Context, args: readonly Bytes[]): Reply {
  for (let at = 3; at < args.length; at += 2) {
    const samples = args[at + 1];
    if (optionWord(args[at]!) !== "SAMPLES" || samples === undefined) throw SYNTAX;
    if (int64Argument(samples) < 0) throw SYNTAX;
  }
  return db.peek(args[2]!)?.wholeBytes ?? null;
}

/** Redis' fields, as far as there is such a thing here; the dataset is the record cache. */
function memoryStats({ keyspace, server }: Context): Reply {
  const { usedBytes, residentBytes } = server.memory.use();
  const { peakBytes, startupBytes } = server.memory;
  const dataset = keyspace.cache.bytes;
  let keys = 0;
  for (const db of keyspace.databases) keys += db.keyCount;
  const net = Math.max(usedBytes - startupBytes, 1);
  return new MapReply([
    "peak.allocated",
    peakBytes,
    "total.allocated",
    usedBytes,
    "startup.allocated",
    startupBytes,
    "aof.buffer",
    keyspace.committer.backlogBytes,
    "overhead.total",
    Math.max(usedBytes - dataset, 0),
    "keys.count",
    keys,
    "keys.bytes-per-key",
    keys === 0 ? 0 : Math.floor(net / keys),
    "dataset.bytes",
    dataset,
    "dataset.percentage",
    new Double((dataset * 100) / Math.max(net, dataset)),
    "peak.percentage",
    new Double((usedBytes * 100) / Math.max(peakBytes, usedBytes)),
    "fragmentation",
    new Double(residentBytes / usedBytes),
    "fragmentation.bytes",
    residentBytes - usedBytes,
  ]);
}

function memoryHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
  ]);
}
