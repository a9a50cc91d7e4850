import type { Command } from "../commands/registered-command.ts";
import type { CommandError } from "../errors.ts";
import { LatencyHistogram } from "../metrics/latency-histogram.ts";

/** Times that are kept one by one before they go into a histogram. */
const MAX_TIMES = 1000;

/** What the calls of one command in a transaction come to. */
export class CallCounts {
  readonly command: Command;
  calls = 0;
  usec = 0;
  failed = 0;
  rejected = 0;
  times: number[] = [];
  /** Earlier times. */
  latency: LatencyHistogram | null = null;
  keyspaceHits = 0;
  keyspaceMisses = 0;

  constructor(command: Command) {
    this.command = command;
  }

  get isEmpty(): boolean {
    return this.calls === 0 && this.rejected === 0;
  }

  add(tookMs: number): void {
    this.calls++;
    this.usec += tookMs * 1000;
    this.times.push(tookMs * 1e6);
    if (this.times.length === MAX_TIMES) {
      this.latency ??= new LatencyHistogram();
      for (const ns of this.times) this.latency.record(ns);
      this.times.length = 0;
    }
  }

  clear(): void {
    this.calls = 0;
    this.usec = 0;
    this.failed = 0;
    this.rejected = 0;
    this.times.length = 0;
    this.latency = null;
    this.keyspaceHits = 0;
    this.keyspaceMisses = 0;
  }
}

/**
 * The books of the commands that scripts call, until the script is final: one that has to start again has not run them.
 * It does not grow with the number of calls, since a script may make millions.
 */
export class CallTally {
  /** Kept from script to script. */
  readonly #counts = new Map<Command, CallCounts>();
  readonly #used: CallCounts[] = [];
  readonly errors = new Map<string, { readonly error: CommandError; count: number }>();
  writtenBytes = 0;

  get isEmpty(): boolean {
    return this.#used.length === 0 && this.errors.size === 0;
  }

  of(command: Command): CallCounts {
    let counts = this.#counts.get(command);
    if (counts === undefined) this.#counts.set(command, (counts = new CallCounts(command)));
    if (counts.isEmpty) this.#used.push(counts);
    return counts;
  }

  countError(error: CommandError): void {
    const known = this.errors.get(error.code);
    if (known === undefined) this.errors.set(error.code, { error, count: 1 });
    else known.count++;
  }

  get used(): readonly CallCounts[] {
    return this.#used;
  }

  clear(): void {
    for (const counts of this.#used) counts.clear();
    this.#used.length = 0;
    if (this.errors.size > 0) this.errors.clear();
    this.writtenBytes = 0;
  }
}
