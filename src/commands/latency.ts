import { CommandError } from "../errors.ts";
import { MapReply, type Reply, Verbatim } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply } from "./help.ts";
import { latencyGraph } from "./latency/graph.ts";
import { latencyReport } from "./latency/report.ts";
import type { Command } from "./registered-command.ts";

/** What took long: the monitor of events (metrics/latency-monitor.ts), and the histograms of commands. */
export const LATENCY: CommandGroup = {
  name: "server",
  rows: {
    latency: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for latency diagnostics commands",
        since: "2.8.13",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        doctor: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
          doc: {
            summary: "Return a human readable latency analysis report.",
            since: "2.8.13",
            complexity: "O(1)",
          },
          run: latencyDoctor,
        },
        graph: {
          arity: 3,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
          doc: {
            summary: "Return a latency graph for the event.",
            since: "2.8.13",
            complexity: "O(1)",
            syntax: "event",
          },
          run: latencyGraphOf,
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands.",
            since: "2.8.13",
            complexity: "O(1)",
          },
          run: latencyHelp,
        },
        histogram: {
          arity: -2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
          doc: {
            summary: "Return the cumulative distribution of latencies of a subset of commands or all.",
            since: "7.0.0",
            complexity: "O(N) where N is the number of commands with latency information being retrieved.",
            syntax: "[command...]",
          },
          run: latencyHistogram,
        },
        history: {
          arity: 3,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
          doc: {
            summary: "Return timestamp-latency samples for the event.",
            since: "2.8.13",
            complexity: "O(1)",
            syntax: "event",
          },
          run: latencyHistory,
        },
        latest: {
          arity: 2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
          doc: {
            summary: "Return the latest latency samples for all events.",
            since: "2.8.13",
            complexity: "O(1)",
          },
          run: latencyLatest,
        },
        reset: {
          arity: -2,
          flags: ["admin", "noscript", "loading", "stale"],
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          doc: {
            summary: "Reset latency data for one or more events.",
            since: "2.8.13",
            complexity: "O(1)",
            syntax: "[event...]",
          },
          run: latencyReset,
        },
      },
    },
  },
};

function latencyLatest({ server }: Context): Reply {
  return server.latency.all.map(({ event, samples, worstMs }) => {
    const { timeS, ms } = samples.at(-1)!;
    return [event, timeS, ms, worstMs];
  });
}

function latencyHistory({ server }: Context, args: readonly Bytes[]): Reply {
  const samples = server.latency.series(args[2]!)?.samples ?? [];
  return samples.map(({ timeS, ms }) => [timeS, ms]);
}

function latencyReset({ server }: Context, args: readonly Bytes[]): Reply {
  if (args.length === 2) return server.latency.reset();
  return args.slice(2).reduce((count, event) => count + server.latency.reset(event), 0);
}

function latencyGraphOf({ server, nowMs }: Context, args: readonly Bytes[]): Reply {
  const series = server.latency.series(args[2]!);
  if (series === undefined) throw new CommandError(`ERR No samples available for event '${args[2]!}'`);
  return new Verbatim("txt", latencyGraph(series, nowMs));
}

function latencyDoctor({ server, nowMs }: Context): Reply {
  return new Verbatim("txt", latencyReport(server, nowMs));
}

/** The first bucket of Redis' histograms ends at 2^10 ns, each further one at twice that. */
const FIRST_EXPONENT = 10;
const LAST_EXPONENT = 31;
/** Redis' buckets have a 128th of their value as their width. */
const WIDTH_EXPONENT = 7;

function latencyHistogram({ server }: Context, args: readonly Bytes[]): Reply {
  const asked =
    args.length === 2
      ? [...server.commands.withSubcommands()]
      : args.slice(2).flatMap((name) => {
          const command = server.commands.byFullName(name);
          return command === undefined ? [] : [command, ...command.subcommands.values()];
        });
  return new MapReply(asked.flatMap(histogramOf));
}

function histogramOf({ fullName, statistics }: Command): Reply[] {
  const { latency } = statistics;
  if (latency === null) return [];
  const buckets: number[] = [];
  let before = 0;
  for (let exponent = FIRST_EXPONENT; before < latency.count && exponent <= LAST_EXPONENT; exponent++) {
    const count = latency.countBelow(exponent);
    if (count === before) continue;
    buckets.push(Math.floor((2 ** exponent + 2 ** (exponent - WIDTH_EXPONENT) - 1) / 1000), count);
    before = count;
  }
  return [fullName, new MapReply(["calls", latency.count, "histogram_usec", new MapReply(buckets)])];
}

function latencyHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
    "    If no commands are specified then all histograms are replied.",
  ]);
}
