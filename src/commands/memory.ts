import { Session } from "node:inspector";
import { SYNTAX } from "../errors.ts";
import { Double, MapReply, OK, type Reply, Verbatim } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { int64Argument, optionWord } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply } from "./help.ts";
import { keyAt } from "./key-spec.ts";
import { memoryReport } from "./memory-report.ts";

/** MEMORY: V8 takes the place of Redis' allocator. */
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
        doctor: {
          arity: 2,
          flags: [],
          tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
          doc: {
            summary: "Outputs memory problems report",
            since: "4.0.0",
            complexity: "O(1)",
          },
          run: memoryDoctor,
        },
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
        "malloc-stats": {
          arity: 2,
          flags: [],
          tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
          doc: {
            summary: "Show allocator internal stats",
            since: "4.0.0",
            complexity: "Depends on how much memory is allocated, could be slow",
          },
          run: memoryMallocStats,
        },
        purge: {
          arity: 2,
          flags: [],
          tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
          doc: {
            summary: "Ask the allocator to release memory",
            since: "4.0.0",
            complexity: "Depends on how much memory is allocated, could be slow",
          },
          run: memoryPurge,
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
  const replicationBytes = server.replication.bufferBytes;
  return new MapReply([
    "peak.allocated",
    peakBytes,
    "total.allocated",
    usedBytes,
    "startup.allocated",
    startupBytes,
    "replication.backlog",
    replicationBytes.backlog,
    "clients.slaves",
    replicationBytes.replicas,
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

function memoryDoctor({ server }: Context): Reply {
  return new Verbatim("txt", memoryReport(server));
}

/** As a Redis with another allocator than its own. */
function memoryMallocStats(): Reply {
  return "Stats not supported for the current allocator";
}

/** A full collection, after which V8 gives back what it has too much. The server stands still meanwhile. */
function memoryPurge(): Reply {
  const session = new Session();
  session.connect();
  try {
    session.post("HeapProfiler.collectGarbage");
  } finally {
    session.disconnect();
  }
  return OK;
}

function memoryHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
  ]);
}
