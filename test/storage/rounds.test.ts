import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Persistent } from "../../src/storage/persistent.ts";
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

  async apply(
    _: number,
    handedOver: () => void,
    _progress: () => void,
    mayRest: () => boolean,
  ): Promise<void> {
    this.begun++;
    this.mayRest = mayRest;
    this.partBytes += this.waitingBytes;
    this.waitingBytes = 0;
    handedOver();
    await new Promise<void>((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.partBytes = 0;
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
  test("when much is in the log, or after some time", async () => {
    write(MAX_LOG_BYTES - 1);
    expect(log.begun).toBe(0);
    write(1);
    expect(log.begun).toBe(1);
    await log.finish();
    expect(rounds.applied).toBe(2);
    write(1);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(log.begun).toBe(2);
    await log.finish();
    expect(rounds.applied).toBe(3);
  });

  test("for what was written while another was under way, though nothing is written any more", async () => {
    write(MAX_LOG_BYTES);
    write(1);
    await log.finish();
    expect([rounds.applied, log.begun]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(log.begun).toBe(2);
    await log.finish();
    expect(rounds.applied).toBe(2);
    // Nothing is left: no further one.
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(log.begun).toBe(2);
  });

  test("at once when that was much", async () => {
    write(MAX_LOG_BYTES);
    write(MAX_LOG_BYTES);
    await log.finish();
    expect(log.begun).toBe(2);
    await log.finish();
    expect(rounds.applied).toBe(2);
  });

  test("when much has to stay in memory, however short it is", async () => {
    rounds.keep(450);
    write(1);
    expect(log.begun).toBe(0);
    rounds.keep(100);
    write(1);
    expect(log.begun).toBe(1);
    // Both count, until they are applied.
    rounds.keep(450);
    write(1);
    expect(rounds.waitingBytes).toBeGreaterThan(1.8 * MAX_LOG_BYTES);
    log.partBytes /= 2;
    expect(rounds.waitingBytes).toBeGreaterThan(1.3 * MAX_LOG_BYTES);
    expect(rounds.waitingBytes).toBeLessThan(1.6 * MAX_LOG_BYTES);
    await log.finish();
    expect(rounds.waitingBytes).toBeGreaterThan(0.8 * MAX_LOG_BYTES);
    expect(rounds.waitingBytes).toBeLessThan(MAX_LOG_BYTES);
    for (let i = 0; i < 100; i++) write(1);
    expect(log.begun).toBe(2);
    await log.finish();
    expect(rounds.waitingBytes).toBeLessThan(0.3 * MAX_LOG_BYTES);
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

test("what failed is tried again when asked for, with all that was written meanwhile", async () => {
  write(MAX_LOG_BYTES);
  write(1);
  await log.finish(new Error("full"));
  expect(failures.map(({ message }) => message)).toEqual(["full"]);
  await vi.advanceTimersByTimeAsync(LONG_MS);
  write(MAX_LOG_BYTES);
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
  expect(rounds.applied).toBe(4);
});

test("what changed in the round before stays pending until that is applied", async () => {
  const applied: number[] = [];
  const one: Persistent = {
    batch: 0,
    persist: () => undefined,
    applied: (round) => applied.push(round),
  };
  write(MAX_LOG_BYTES, one);
  expect(rounds.pending()).toEqual([one]);
  const other: Persistent = { batch: 0, persist: () => undefined };
  write(1, other);
  expect(rounds.pending()).toEqual([one, other]);
  await log.finish();
  expect([applied, rounds.pending()]).toEqual([[1], [other]]);
});

test("a round may take its time until much waits behind it, or somebody waits for it", async () => {
  write(MAX_LOG_BYTES);
  expect(log.mayRest()).toBe(true);
  const caughtUp = rounds.catchUp(written);
  expect(log.mayRest()).toBe(false);
  await log.finish();
  await caughtUp;
  write(MAX_LOG_BYTES);
  write(MAX_LOG_BYTES / 2 - 1);
  expect(log.mayRest()).toBe(true);
  write(1);
  expect(log.mayRest()).toBe(false);
  // What is done of the old one counts no more.
  log.partBytes /= 2;
  expect(log.mayRest()).toBe(true);
  await log.finish();
  // As large as one that gathered while another took long: writers are near their limit at once.
  write(2 * MAX_LOG_BYTES);
  expect(log.mayRest()).toBe(false);
});
