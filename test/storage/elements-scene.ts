import { afterEach, beforeEach, expect } from "vitest";
import { Attempt, Fault } from "../../src/storage/attempt.ts";
import { Committer } from "../../src/storage/committer.ts";
import { type ElementRange, Elements } from "../../src/storage/elements.ts";
import { Reading } from "../../src/storage/reading.ts";
import type { ApplyOptions, RedoLog } from "../../src/storage/redo/redo-log.ts";
import type { AppliedLog } from "../../src/storage/rounds.ts";
import { type Store, type WriteBatch, openMemoryStore } from "../../src/storage/store.ts";
import { Undo } from "../../src/storage/undo.ts";

export type Read = { range: ElementRange; limit: number };
export type Write = { key: string; value: string | null };

/** Rounds begin when the test says so. */
const MAX_LOG_BYTES = 1 << 20;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const nameOf = (n: number): string => `e${String(n).padStart(3, "0")}`;

/** A store in memory for each test. */
export function useStore(): () => Store {
  let store: Store;
  beforeEach(async () => {
    store = await openMemoryStore();
  });
  afterEach(() => store.close());
  return () => store;
}

/** What is written waits here until it is applied. */
export class WaitingLog implements WriteBatch, AppliedLog {
  waitingBytes = 0;
  unappliedBytes = 0;
  /** So long it takes to apply a round. */
  turns = 3;
  readonly #store: Store;
  readonly #changes: (readonly [key: string, value: string | null])[] = [];
  /** Until it is seen what of it changes again. */
  #held: (readonly [key: string, value: string | null])[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  put(name: string, value: string): void {
    this.#changes.push([name, value]);
  }

  putJoined(): void {
    expect.unreachable("no records here");
  }

  delete(name: string): void {
    this.#changes.push([name, null]);
  }

  append(): void {
    this.waitingBytes = this.#changes.length;
    this.unappliedBytes = this.waitingBytes + this.#held.length;
  }

  async apply({ handedOver }: ApplyOptions): Promise<boolean> {
    const changes = this.#changes.splice(0);
    const again = new Set(changes.map(([name]) => name));
    const made = this.#held.filter(([name]) => !again.has(name));
    this.waitingBytes = 0;
    const holds = handedOver(changes.length) && changes.length > 0;
    if (!holds) made.push(...changes);
    this.#held = holds ? changes : [];
    const batch = this.#store.batch();
    for (const [name, value] of made) {
      if (value === null) batch.delete(name);
      else batch.put(name, value);
    }
    for (let turn = 0; turn < this.turns; turn++) await nextTurn();
    await batch.write(false);
    this.unappliedBytes = this.waitingBytes + this.#held.length;
    return holds;
  }

  rewind(): void {
    expect.unreachable("nothing fails here");
  }
}

/** A collection in the store, and the same as a plain map. */
export class Scene {
  readonly reading: Reading;
  readonly committer: Committer;
  readonly elements: Elements;
  readonly holder: { maxKeptChanges: number; memoryChanged: () => void };
  /** What it took when it last said that this had changed. */
  countedBytes = 0;
  readonly model = new Map<string, string>();

  /** `maxKeptChanges`: someone has all elements in memory, and that many changes are kept here. */
  constructor(store: Store, id: number, log: WaitingLog | null = null, maxKeptChanges = Infinity) {
    this.reading = new Reading(store);
    this.committer = new Committer({
      store,
      log: log as unknown as RedoLog | null,
      maxLogBytes: () => MAX_LOG_BYTES,
      isEager: () => false,
      fsync: () => "no",
      onFailure: (error) => expect.unreachable(error.message),
      onApplied: () => undefined,
      onApplyFailure: (error) => expect.unreachable(error.message),
    });
    this.elements = new Elements(id, this.reading, this.committer);
    this.elements.holder = this.holder = {
      maxKeptChanges,
      memoryChanged: () => (this.countedBytes = this.elements.memoryBytes),
    };
  }

  write(key: string, value: string | null): void {
    if (value === null) {
      this.elements.delete(key);
      this.model.delete(key);
    } else {
      if (this.model.has(key)) this.elements.put(key, value);
      else this.elements.insert(key, value);
      this.model.set(key, value);
    }
  }

  /** A command: it starts again as often as it has to. */
  async command(run: () => void, undo: Undo | null = null): Promise<void> {
    const attempt = (this.reading.attempt = new Attempt());
    attempt.undo = undo;
    for (;;) {
      this.reading.attempt = attempt;
      attempt.restart();
      try {
        run();
        break;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        undo?.rollBack();
        await error.fetch();
      }
    }
    attempt.undo = null;
    attempt.release();
    this.reading.attempt = new Attempt();
  }

  expected(range: ElementRange, limit: number): [string, string][] {
    const { gte, lt, reverse } = range;
    const all = [...this.model]
      .filter(([key]) => key >= gte && (lt === undefined || key < lt))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return (reverse ? all.reverse() : all).slice(0, limit);
  }

  async pop(range: ElementRange): Promise<void> {
    await this.command(() => {
      const popped = this.elements.range(range, 1);
      expect(popped).toEqual(this.expected(range, 1));
      for (const [name] of popped) this.write(name, null);
    });
  }

  /** `wrote` is called when they must be ready. */
  async checkPoints(keys: readonly string[], wrote: (() => void) | null): Promise<void> {
    await this.command(() => {
      if (wrote !== null) {
        this.elements.ready(keys);
        wrote();
      }
      expect(keys.map((name) => this.elements.get(name))).toEqual(
        keys.map((name) => this.model.get(name) ?? null),
      );
    });
  }

  /** `wrote` is called when the stream has begun. */
  async checkStream(range: ElementRange, wrote: () => void): Promise<void> {
    let expected: [string, string][] = [];
    let runs: AsyncIterable<readonly [string, string][]> | null = null;
    await this.command(() => {
      runs = this.elements.stream(range, (name, value): [string, string] => [name, value]);
      expected = this.expected(range, Infinity);
      wrote();
    });
    const found: [string, string][] = [];
    for await (const run of runs!) found.push(...run);
    expect(found).toEqual(expected);
  }

  /** Not by a checkpoint: after two of them everything goes into the store at once. */
  async passRound(): Promise<void> {
    await this.committer.settle();
    this.committer.applySoon();
    await this.committer.quiet();
  }

  /** Some rounds in which nobody reads: what is written then may be forgotten. */
  async passRounds(writes: readonly Write[]): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.command(() => this.write("other", String(round)));
      await this.passRound();
    }
    for (const { key: name, value } of writes) {
      await this.command(() => this.write(name, value));
      await this.committer.settle();
      // While a round is being applied, or held back, the others belong to the next one.
      if (name < nameOf(10)) this.committer.applySoon();
      else if (name < nameOf(20)) void this.committer.relieve();
    }
  }

  async check(range: ElementRange, limit: number): Promise<void> {
    await this.command(() => {
      expect(this.elements.range(range, limit)).toEqual(this.expected(range, limit));
    });
  }
}

/** Reads, writes and reads as one. */
export async function transaction(
  scene: Scene,
  first: Read,
  writes: readonly Write[],
  second: Read,
  isTakenBack: boolean,
): Promise<void> {
  const before = new Map(scene.model);
  const restore = (): void => {
    scene.model.clear();
    for (const [name, value] of before) scene.model.set(name, value);
  };
  const undo = new Undo();
  undo.mayWrite = true;
  await scene.command(() => {
    restore();
    expect(scene.elements.range(first.range, first.limit)).toEqual(scene.expected(first.range, first.limit));
    for (const { key: name, value } of writes) scene.write(name, value);
    expect(scene.elements.range(second.range, second.limit)).toEqual(
      scene.expected(second.range, second.limit),
    );
    if (!isTakenBack) return;
    undo.rollBack();
    restore();
  }, undo);
}
