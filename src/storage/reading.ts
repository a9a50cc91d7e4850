import { setImmediate as nextTurn } from "node:timers/promises";
import { Attempt } from "./attempt.ts";
import type { Bytes } from "../support/bytes.ts";
import { monotonicMs } from "../support/clock.ts";
import type { Store } from "./store.ts";

/** Reads that take longer than this, on average, make reads fault for a while. */
const SLOW_READ_MS = 0.1;
/** What one read counts at most: a thread that was not scheduled for a moment says nothing of the disk. */
const MAX_SAMPLE_MS = 0.5;
/** How much one read changes the average. */
const SAMPLE_WEIGHT = 0.1;
/** How long they do. */
const FAULT_PERIOD_MS = 50;
/** After so many reads in line that were fast on average the disk is not touched. */
const TRUSTED_READS = 256;
/** Records that may be read ahead at a time, and about how many bytes of them. */
const MAX_AHEAD = 1024;
const MAX_AHEAD_BYTES = 16 << 20;

/**
 * How point reads reach the store: in line while that is fast (LevelDB has the block in memory: about 2 µs),
 * by a fault for a while after some were slow (the disk was touched: nobody else shall wait for it).
 */
export class Reading {
  store: Store;
  /** The command that runs now. */
  attempt = new Attempt();
  /** Test mode: every first read of a command faults, which proves that every handler can start again. */
  faultEveryRead = false;
  #faultUntilMs = 0;
  #averageMs = 0;
  /** Since reads were slow. */
  #fastReads = 0;
  /** Records that are being read ahead, or are not taken into memory yet. */
  #ahead = 0;
  /** Of what is read, on average. */
  #recordBytes = 0;
  /** For INFO. */
  inlineReads = 0;
  readsAhead = 0;
  faults = 0;

  constructor(store: Store) {
    this.store = store;
  }

  /** A point read that is not answered by memory must fault. Never so after a write, when it is too late. */
  get mustFault(): boolean {
    const { attempt } = this;
    if (attempt.isImpatient) return false;
    if (this.faultEveryRead) return true;
    if (this.#faultUntilMs === 0 || (attempt.wrote && attempt.undo === null)) return false;
    if (monotonicMs() < this.#faultUntilMs) return true;
    this.#faultUntilMs = 0;
    return false;
  }

  /**
   * Reads do not touch the disk: many of them take a thread less time than to wake it. Those that do are better made by as many
   * threads as there are.
   */
  get isFast(): boolean {
    return this.#fastReads > TRUSTED_READS && !this.mustFault;
  }

  /** How many records more may be read ahead. Large ones come from the disk when their command runs, and no sooner. */
  get roomAhead(): number {
    return Math.min(MAX_AHEAD, Math.floor(MAX_AHEAD_BYTES / (this.#recordBytes + 1))) - this.#ahead;
  }

  /** So many records are read ahead, until what this returns is told how many bytes they have and that they are in memory. */
  beginAhead(records: number): (bytes: number) => void {
    this.#ahead += records;
    return (bytes) => {
      this.#ahead -= records;
      this.readsAhead += records;
      this.#learnSize(bytes / records);
    };
  }

  #learnSize(bytes: number): void {
    this.#recordBytes += (bytes - this.#recordBytes) * SAMPLE_WEIGHT;
  }

  /** The value in the store (memory not consulted), in line. */
  readInline(key: Bytes): Bytes | undefined {
    const startMs = monotonicMs();
    const value = this.store.getSync(key);
    const endMs = monotonicMs();
    this.#averageMs += (Math.min(endMs - startMs, MAX_SAMPLE_MS) - this.#averageMs) * SAMPLE_WEIGHT;
    if (this.#averageMs > SLOW_READ_MS) {
      this.#faultUntilMs = endMs + FAULT_PERIOD_MS;
      this.#averageMs = 0;
      this.#fastReads = 0;
    }
    this.#fastReads++;
    this.inlineReads++;
    this.#learnSize(value?.length ?? 0);
    return value;
  }

  /** In forced-fault mode: faults once for each `what` of a command. */
  forceFault(what: string): void {
    const { attempt } = this;
    if (attempt.forced.has(what) || attempt.isImpatient) return;
    attempt.forced.add(what);
    this.faults++;
    attempt.fault(() => nextTurn());
  }
}
