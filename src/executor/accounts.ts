import type { Client, Server } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { CommandError } from "../errors.ts";
import { LatencyHistogram } from "../metrics/latency-histogram.ts";
import type { Committer } from "../storage/committer.ts";
import type { Bytes } from "../support/bytes.ts";
import { recordIfSlow } from "./slow-calls.ts";
import { Statistics } from "./statistics.ts";

/** What one run of a command did. */
export interface Run {
  readonly client: Client;
  readonly command: Command;
  readonly args: readonly Bytes[];
  readonly tookMs: number;
  /** What it was answered with, where that is an error. */
  readonly failure: CommandError | null;
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

  enter(run: Run): void {
    const { command, args, tookMs, failure } = run;
    const { statistics } = command;
    statistics.calls++;
    statistics.usec += tookMs * 1000;
    if (this.#server!.config.values.latencyTracking) {
      statistics.latency ??= new LatencyHistogram();
      statistics.latency.record(tookMs * 1e6);
    }
    const all = this.statistics;
    all.commandsProcessed++;
    if (command.isReadonly) {
      all.keyspaceHits += run.keyspaceHits;
      all.keyspaceMisses += run.keyspaceMisses;
    }
    if (failure !== null) {
      statistics.failed++;
      all.countError(failure);
    }
    if (run.wrote) this.#committer.weigh(bytesOf(args));
    recordIfSlow(this.#server!, run.client, command, args, tookMs);
  }
}

function bytesOf(args: readonly Bytes[]): number {
  let bytes = 0;
  for (const arg of args) bytes += arg.length;
  return bytes;
}
