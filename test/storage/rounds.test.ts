import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Persistent } from "../../src/storage/persistent.ts";
import type { ApplyOptions } from "../../src/storage/redo/redo-log.ts";
import { type AppliedLog, Rounds } from "../../src/storage/rounds.ts";

/** A log of which the test says how much is in it, and when a round is over. */
class ScriptedLog implements AppliedLog {
  waitingBytes = 0;
  partBytes = 0;
  begun = 0;
  mayRest: () => boolean = () => false;
  #finish: ((error?: Error) => void) | null = null;

  get unappliedBytes(): number {
    return this.partBytes + this.waitingBytes;
  }

  async apply({ handedOver, mayRest }: ApplyOptions): Promise<boolean> {
    this.begun++;
    this.mayRest = mayRest;
    const newBytes = this.waitingBytes;
    this.partBytes += newBytes;
    this.waitingBytes = 0;
    const holds = handedOver(newBytes) && newBytes > 0;
    await new Promise<void>((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.partBytes = holds ? newBytes : 0;
    return holds;
  }

  /** The round that is under way ends. */
  async finish(error?: Error): Promise<void> {
    this.#finish!(error);
    this.#finish = null;
    await vi.advanceTimersByTimeAsync(0);
  }

  rewind(): void {
    this.partBytes = 1;
  }
}

const MAX_LOG_BYTES = 100_000;
/** What begins a round. */
const MUCH = MAX_LOG_BYTES / 2;
/** Longer than anything waits in the log. */
const LONG_MS = 10_000;

let log: ScriptedLog;
let rounds: Rounds;
let written: number;
let failures: Error[];

beforeEach(() => {
  vi.useFakeTimers();
  log = new ScriptedLog();
  written = 0;
  failures = [];
  rounds = new Rounds({
    log,
    maxLogBytes: () => MAX_LOG_BYTES,
    isEager: () => false,
    state: () => ({ written, unwritten: [] }),
    onProgress: () => undefined,
    onApplied: () => undefined,
    onFailure: (error) => failures.push(error),
  });
});
afterEach(() => {
  rounds.close();
  vi.useRealTimers();
});

function write(bytes: number, changed: Persistent = { batch: 0, persist: () => undefined }): void {
  changed.batch = ++written;
  rounds.add(changed);
  log.waitingBytes += bytes;
  rounds.batchWritten();
}

describe("a round begins", () => {
  test("when much is in the log, or after some time; it is held back until the next, or as long again", async () => {
    write(MUCH - 1);
    expect(log.begun).toBe(0);
    write(1);
    expect(log.begun).toBe(1);
    await log.finish();
    expect(rounds.applied).toBe(0);
    write(1);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(log.begun).toBe(2);
    await log.finish();
    expect(rounds.applied).toBe(2);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(log.begun).toBe(3);
    await log.finish();
    expect([rounds.applied, rounds.waitingBytes]).toEqual([3, 0]);
    // Nothing is left: no further one.
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(log.begun).toBe(3);
  });

  test("for what was written while another was under way, though nothing is written any more", async () => {
    write(MUCH);
    write(1);
    await log.finish();
    expect([rounds.applied, log.begun]).toEqual([0, 1]);
    for (const round of [1, 2]) {
      await vi.advanceTimersByTimeAsync(LONG_MS);
      expect(log.begun).toBe(round + 1);
      await log.finish();
      expect(rounds.applied).toBe(round);
    }
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(log.begun).toBe(3);
  });

  test("at once when that was much", async () => {
    write(MUCH);
    write(MUCH);
    await log.finish();
    expect(log.begun).toBe(2);
    await log.finish();
    expect(rounds.applied).toBe(1);
  });

  test("when much has to stay in memory, however short it is", async () => {
    rounds.keep(200);
    write(1);
    expect(log.begun).toBe(0);
    rounds.keep(100);
    write(1);
    expect(log.begun).toBe(1);
    // Both count, until they are applied.
    rounds.keep(200);
    write(1);
    expect(rounds.waitingBytes).toBeGreaterThan(0.9 * MAX_LOG_BYTES);
    log.partBytes /= 2;
    expect(rounds.waitingBytes).toBeGreaterThan(0.65 * MAX_LOG_BYTES);
    expect(rounds.waitingBytes).toBeLessThan(0.8 * MAX_LOG_BYTES);
    await log.finish();
    // So does what is held back.
    expect(rounds.waitingBytes).toBeGreaterThan(0.9 * MAX_LOG_BYTES);
    for (let i = 0; i < 50; i++) write(1);
    expect(log.begun).toBe(2);
    await log.finish();
    expect(rounds.waitingBytes).toBeGreaterThan(0.4 * MAX_LOG_BYTES);
    expect(rounds.waitingBytes).toBeLessThan(0.8 * MAX_LOG_BYTES);
  });

  test("at once for each batch after two had to wait for one within a short time, and only then", async () => {
    const catchUp = async (): Promise<void> => {
      rounds.hurry();
      const caughtUp = rounds.catchUp(written);
      await log.finish();
      await caughtUp;
    };
    write(1);
    await catchUp();
    write(1);
    expect(log.begun).toBe(1);
    await catchUp();
    write(1);
    expect(log.begun).toBe(3);
    write(1);
    await log.finish();
    await vi.advanceTimersByTimeAsync(100);
    expect(log.begun).toBe(4);
    await log.finish();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    write(1);
    expect(log.begun).toBe(4);
  });
});

describe("nothing is held back", () => {
  test("when memory cannot let go of it", async () => {
    write(1);
    rounds.begin(false);
    await log.finish();
    expect(rounds.applied).toBe(1);
    write(1);
    rounds.begin(true);
    await log.finish();
    expect(rounds.applied).toBe(1);
    rounds.begin(false);
    await log.finish();
    expect([log.begun, rounds.applied]).toEqual([3, 2]);
  });

  test("of which somebody waits, nor of what was before it", async () => {
    write(MUCH);
    await log.finish();
    expect(rounds.applied).toBe(0);
    write(1);
    const caughtUp = rounds.catchUp(written);
    await log.finish();
    await caughtUp;
    expect([log.begun, rounds.applied]).toEqual([2, 2]);
    write(MUCH);
    // It was handed over when nobody waited.
    const later = rounds.catchUp(written);
    await log.finish();
    expect([log.begun, rounds.applied]).toEqual([4, 2]);
    await log.finish();
    await later;
    expect(rounds.applied).toBe(3);
  });

  test("that is much more than a round", async () => {
    write(2 * MAX_LOG_BYTES);
    await log.finish();
    expect([log.begun, rounds.applied]).toEqual([1, 1]);
  });
});

test("what failed is tried again when asked for, with all that was written meanwhile", async () => {
  write(MUCH);
  write(1);
  await log.finish(new Error("full"));
  expect(failures.map(({ message }) => message)).toEqual(["full"]);
  await vi.advanceTimersByTimeAsync(LONG_MS);
  write(MUCH);
  expect(log.begun).toBe(1);
  await expect(rounds.catchUp(written)).rejects.toThrow(/could not be brought/);
  const again = rounds.applyAgain();
  write(1);
  await log.finish();
  await again;
  expect([log.begun, rounds.applied]).toEqual([2, 3]);
  await vi.advanceTimersByTimeAsync(LONG_MS);
  expect(log.begun).toBe(3);
  await log.finish();
  rounds.begin(false);
  await log.finish();
  expect([log.begun, rounds.applied]).toEqual([4, 4]);
});

test("what changed in a round stays pending until that is in the store, held back or not", async () => {
  const applied: number[] = [];
  const one: Persistent = {
    batch: 0,
    persist: () => undefined,
    applied: (round) => applied.push(round),
  };
  write(MUCH, one);
  expect(rounds.pending()).toEqual([one]);
  const other: Persistent = { batch: 0, persist: () => undefined };
  write(1, other);
  expect(rounds.pending()).toEqual([one, other]);
  await log.finish();
  expect([applied, rounds.pending()]).toEqual([[], [one, other]]);
  write(MUCH, one);
  expect(rounds.pending()).toEqual([one, other, one]);
  await log.finish();
  expect([applied, rounds.pending()]).toEqual([[1], [other, one]]);
  rounds.begin(false);
  await log.finish();
  expect([applied, rounds.pending()]).toEqual([[1, 2], []]);
  // Nor when memory was dropped.
  write(MUCH, one);
  await log.finish();
  write(1, other);
  expect(rounds.pending()).toEqual([one, other]);
  rounds.drop(written);
  expect([rounds.pending(), rounds.applied]).toEqual([[], written]);
});

test("a round may take its time until much waits behind it, or somebody waits for it", async () => {
  write(MAX_LOG_BYTES);
  expect(log.mayRest()).toBe(true);
  const caughtUp = rounds.catchUp(written);
  expect(log.mayRest()).toBe(false);
  await log.finish();
  await log.finish();
  await caughtUp;
  write(MAX_LOG_BYTES);
  write(MUCH - 1);
  expect(log.mayRest()).toBe(true);
  write(1);
  expect(log.mayRest()).toBe(false);
  // What is done of the old one counts no more.
  log.partBytes /= 2;
  expect(log.mayRest()).toBe(true);
  await log.finish();
  await log.finish();
  // As large as one that gathered while another took long: writers are near their limit at once.
  write(2 * MAX_LOG_BYTES);
  expect(log.mayRest()).toBe(false);
});
