import type { Command } from "../commands/registered-command.ts";
import type { CommandError } from "../errors.ts";
import { LatencyHistogram } from "../metrics/latency-histogram.ts";

/** Times that are kept one by one before they go into a histogram; at first there is room for a few. */
const MAX_TIMES = 1024;
const FEW_TIMES = 8;

/** What the calls of one command in a transaction come to. */
export class CallCounts {
  readonly command: Command;
  calls = 0;
  usec = 0;
  failed = 0;
  rejected = 0;
  /** The last times in ns, `#timeCount` of them. It is kept from script to script: most call a command once. */
  #times = new Float64Array(FEW_TIMES);
  #timeCount = 0;
  /** Earlier times. */
  #latency: LatencyHistogram | null = null;
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
    if (this.#timeCount === this.#times.length) this.#makeRoom();
    this.#times[this.#timeCount++] = tookMs * 1e6;
  }

  #makeRoom(): void {
    if (this.#timeCount < MAX_TIMES) {
      const times = this.#times;
      this.#times = new Float64Array(2 * times.length);
      this.#times.set(times);
      return;
    }
    this.#latency ??= new LatencyHistogram();
    this.#recordLast(this.#latency);
    this.#timeCount = 0;
  }

  #recordLast(latency: LatencyHistogram): void {
    for (let i = 0; i < this.#timeCount; i++) latency.record(this.#times[i]!);
  }

  /** Enters all times. */
  recordTimes(latency: LatencyHistogram): void {
    if (this.#latency !== null) latency.add(this.#latency);
    this.#recordLast(latency);
  }

  clear(): void {
    this.calls = 0;
    this.usec = 0;
    this.failed = 0;
    this.rejected = 0;
    this.#timeCount = 0;
    this.#latency = null;
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
  /** Those that have counted something are in its first places. */
  readonly #used: CallCounts[] = [];
  #usedCount = 0;
  readonly errors = new Map<string, { readonly error: CommandError; count: number }>();
  writtenBytes = 0;

  get isEmpty(): boolean {
    return this.#usedCount === 0 && this.errors.size === 0;
  }

  of(command: Command): CallCounts {
    let counts = this.#counts.get(command);
    if (counts === undefined) this.#counts.set(command, (counts = new CallCounts(command)));
    if (counts.isEmpty) this.#used[this.#usedCount++] = counts;
    return counts;
  }

  countError(error: CommandError): void {
    const known = this.errors.get(error.code);
    if (known === undefined) this.errors.set(error.code, { error, count: 1 });
    else known.count++;
  }

  forEach(visit: (counts: CallCounts) => void): void {
    for (let i = 0; i < this.#usedCount; i++) visit(this.#used[i]!);
  }

  clear(): void {
    this.forEach((counts) => counts.clear());
    this.#usedCount = 0;
    if (this.errors.size > 0) this.errors.clear();
    this.writtenBytes = 0;
  }
}
