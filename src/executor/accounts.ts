import type { Client, Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import { type CommandError, CountedError } from "../errors.ts";
import { LatencyHistogram } from "../metrics/latency-histogram.ts";
import type { Committer } from "../storage/committer.ts";
import type { Bytes } from "../support/bytes.ts";
import type { CallTally } from "./call-tally.ts";
import { recordIfSlow } from "./slow-calls.ts";
import { Statistics } from "./statistics.ts";

/** What one run of a command did. */
export interface Deeds {
  readonly keyspaceHits: number;
  readonly keyspaceMisses: number;
  readonly wrote: boolean;
}

/** Keeps the books: what INFO, SLOWLOG and LATENCY tell, and how much waits to be written. */
export class Accounts {
  readonly statistics = new Statistics();
  readonly #committer: Committer;
  #server: Server | null = null;

  constructor(committer: Committer) {
    this.#committer = committer;
  }

  attach(server: Server): void {
    this.#server = server;
  }

  /** A run of a command. `failure`: what it was answered with, where that is an error. */
  enter(
    client: Client,
    command: Command,
    args: readonly Bytes[],
    tookMs: number,
    failure: CommandError | null,
    deeds: Deeds,
  ): void {
    const { statistics } = command;
    statistics.calls++;
    statistics.usec += tookMs * 1000;
    if (this.#server!.config.values.latencyTracking) {
      statistics.latency ??= new LatencyHistogram();
      statistics.latency.record(tookMs * 1e6);
    }
    const all = this.statistics;
    all.commandsProcessed++;
    // What a script reads is counted for the commands in it.
    if (command.isReadonly && !command.runsOthers) {
      all.keyspaceHits += deeds.keyspaceHits;
      all.keyspaceMisses += deeds.keyspaceMisses;
    }
    if (failure !== null) {
      statistics.failed++;
      if (!(failure instanceof CountedError)) all.countError(failure);
    }
    if (deeds.wrote) this.#committer.weigh(bytesOf(args));
    recordIfSlow(this.#server!, client, command, args, tookMs);
  }

  /** What scripts have called. */
  enterCalls(tally: CallTally): void {
    const all = this.statistics;
    const { latencyTracking } = this.#server!.config.values;
    tally.forEach((counts) => {
      const { command, calls } = counts;
      const { statistics } = command;
      statistics.calls += calls;
      statistics.usec += counts.usec;
      statistics.failed += counts.failed;
      statistics.rejected += counts.rejected;
      if (latencyTracking && calls > 0) {
        statistics.latency ??= new LatencyHistogram();
        counts.recordTimes(statistics.latency);
      }
      all.commandsProcessed += calls;
      if (!command.isReadonly) return;
      all.keyspaceHits += counts.keyspaceHits;
      all.keyspaceMisses += counts.keyspaceMisses;
    });
    for (const { error, count } of tally.errors.values()) all.countError(error, count);
    this.#committer.weigh(tally.writtenBytes);
  }
}

export function bytesOf(args: readonly Bytes[]): number {
  let bytes = 0;
  for (const arg of args) bytes += arg.length;
  return bytes;
}
