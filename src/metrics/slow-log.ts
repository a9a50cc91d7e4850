import type { Bytes } from "../support/bytes.ts";

/** More of a command is not kept. */
const MAX_ARGUMENTS = 32;
const MAX_ARGUMENT_BYTES = 128;

export interface SlowLogEntry {
  /** Increasing, also across a reset. */
  readonly id: number;
  /** Unix time in seconds at which it was over. */
  readonly timeS: number;
  readonly durationUs: number;
  /** Shortened where they are many or long. */
  readonly args: readonly Bytes[];
  readonly clientAddress: Bytes;
  readonly clientName: Bytes;
}

/** The last commands that took long: what they took of the main thread, waiting for disk or other clients left out. */
export class SlowLog {
  /** Newest last. */
  #entries: SlowLogEntry[] = [];
  #nextId = 0;
  readonly #maxLength: () => number;

  constructor(maxLength: () => number) {
    this.#maxLength = maxLength;
  }

  get length(): number {
    return this.#entries.length;
  }

  add(entry: Omit<SlowLogEntry, "id">): void {
    this.#entries.push({ ...entry, args: shortened(entry.args), id: this.#nextId++ });
  }

  /** As many as `slowlog-max-len` says. */
  trim(): void {
    const surplus = this.#entries.length - this.#maxLength();
    if (surplus > 0) this.#entries.splice(0, surplus);
  }

  /** At most `count`, newest first. */
  latest(count: number): readonly SlowLogEntry[] {
    return this.#entries.slice(Math.max(this.#entries.length - count, 0)).reverse();
  }

  reset(): void {
    this.#entries = [];
  }
}

/** A slice would keep all that it was cut from in memory. */
function copied(bytes: Bytes): Bytes {
  return Buffer.from(bytes, "latin1").latin1Slice();
}

function shortened(args: readonly Bytes[]): Bytes[] {
  const kept = args.length > MAX_ARGUMENTS ? args.slice(0, MAX_ARGUMENTS - 1) : args;
  const short = kept.map((arg) => {
    const surplus = arg.length - MAX_ARGUMENT_BYTES;
    return surplus > 0 ? `${copied(arg.slice(0, MAX_ARGUMENT_BYTES))}... (${surplus} more bytes)` : arg;
  });
  if (kept.length < args.length) short.push(`... (${args.length - kept.length} more arguments)`);
  return short;
}
