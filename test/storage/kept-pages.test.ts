import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Attempt, Fault } from "../../src/storage/attempt.ts";
import { Committer } from "../../src/storage/committer.ts";
import { type ElementRange, Elements } from "../../src/storage/elements.ts";
import { Reading } from "../../src/storage/reading.ts";
import type { RedoLog } from "../../src/storage/redo/redo-log.ts";
import type { AppliedLog } from "../../src/storage/rounds.ts";
import { type Store, type WriteBatch, openMemoryStore } from "../../src/storage/store.ts";
import { Undo } from "../../src/storage/undo.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Rounds begin when the test says so. */
const MAX_LOG_BYTES = 1 << 20;

let store: Store;
beforeEach(async () => {
  store = await openMemoryStore();
});
afterEach(() => store.close());

/** What is written waits here until it is applied. */
class WaitingLog implements WriteBatch, AppliedLog {
  waitingBytes = 0;
  unappliedBytes = 0;
  /** So long it takes to apply a round. */
  turns = 3;
  readonly #changes: (readonly [key: string, value: string | null])[] = [];

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
    this.waitingBytes = this.unappliedBytes = this.#changes.length;
  }

  async apply(_: number, handedOver: () => void): Promise<void> {
    const batch = store.batch();
    for (const [name, value] of this.#changes.splice(0)) {
      if (value === null) batch.delete(name);
      else batch.put(name, value);
    }
    this.waitingBytes = 0;
    handedOver();
    for (let turn = 0; turn < this.turns; turn++) await nextTurn();
    await batch.write(false);
    this.unappliedBytes = this.waitingBytes;
  }

  rewind(): void {
    expect.unreachable("nothing fails here");
  }
}

/** A collection in the store, and the same as a plain map. */
class Scene {
  readonly reading = new Reading(store);
  readonly committer: Committer;
  readonly elements: Elements;
  readonly holder: { maxKeptChanges: number; memoryChanged: () => void };
  /** What it took when it last said that this had changed. */
  countedBytes = 0;
  readonly model = new Map<string, string>();

  /** `maxKeptChanges`: someone has all elements in memory, and that many changes are kept here. */
  constructor(id: number, log: WaitingLog | null = null, maxKeptChanges = Infinity) {
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
      // While a round is being applied the others belong to the next one.
      if (name < nameOf(20)) this.committer.applySoon();
    }
  }

  async check(range: ElementRange, limit: number): Promise<void> {
    await this.command(() => {
      expect(this.elements.range(range, limit)).toEqual(this.expected(range, limit));
    });
  }
}

const nameOf = (n: number): string => `e${String(n).padStart(3, "0")}`;
const key = fc.nat(60).map(nameOf);
const write = fc.record({ key, value: fc.option(fc.string({ maxLength: 2 })) });
/** Few, so that each is read again and again. */
const RANGES: readonly ElementRange[] = [
  { gte: "e" },
  { gte: "e", reverse: true },
  { gte: nameOf(20), lt: nameOf(40) },
  { gte: nameOf(10), lt: nameOf(50), reverse: true },
  { gte: nameOf(30), lt: nameOf(35), isExact: true },
];
const read = fc.record({ range: fc.constantFrom(...RANGES), limit: fc.integer({ min: 1, max: 30 }) });
const step = fc.oneof(
  fc.record({ writes: fc.array(write, { minLength: 1, maxLength: 5 }) }),
  fc.record({ reads: fc.array(read, { minLength: 1, maxLength: 4 }) }),
  // A transaction: it reads, writes, reads, and may be taken back as a whole.
  fc.record({
    first: read,
    writes: fc.array(write, { maxLength: 5 }),
    second: read,
    isTakenBack: fc.boolean(),
  }),
  // Two commands that read the same at the same time, and a write between; what is kept may be forgotten while they do.
  fc.record({ both: read, meanwhile: write, forgets: fc.boolean() }),
  // Some who take the first of a range away, at the same time.
  fc.record({ pops: fc.integer({ min: 1, max: 6 }), from: fc.constantFrom(...RANGES) }),
  fc.record({ points: fc.array(key, { minLength: 1, maxLength: 4 }) }),
  fc.record({ points: fc.array(key, { minLength: 1, maxLength: 4 }), meanwhile: write }),
  // All of a range, and a write when it has begun.
  fc.record({ streamed: fc.constantFrom(...RANGES), meanwhile: write }),
  fc.record({ unread: fc.array(write, { maxLength: 6 }), isAskedFor: fc.boolean() }),
  fc.constant({ settles: true }),
);

type Read = { range: ElementRange; limit: number };
type Write = { key: string; value: string | null };

test.each([
  ["all are in the store", null, Infinity],
  ["what waits for the store is kept", WaitingLog, Infinity],
  ["hardly anything is kept of what waits", WaitingLog, 3],
  ["nothing is kept of what waits", WaitingLog, 0],
])(
  "ranges are right between writes and transactions that are taken back: %s",
  async (_, Log, maxKeptChanges) => {
    let id = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const scene = new Scene(++id, Log === null ? null : new Log(), maxKeptChanges);
        await scene.command(() => {
          for (let n = 0; n < 60; n += 2) scene.write(nameOf(n), "held");
        });
        await scene.committer.settle();
        for (const one of steps as Partial<{
          writes: Write[];
          reads: Read[];
          first: Read;
          second: Read;
          isTakenBack: boolean;
          both: Read;
          forgets: boolean;
          pops: number;
          from: ElementRange;
          meanwhile: Write;
          points: string[];
          streamed: ElementRange;
          unread: Write[];
          isAskedFor: boolean;
          settles: boolean;
        }>[]) {
          if (one.first !== undefined)
            await transaction(scene, one.first, one.writes!, one.second!, one.isTakenBack!);
          else if (one.writes !== undefined) {
            await scene.command(() => {
              for (const { key: name, value } of one.writes!) scene.write(name, value);
            });
          }
          for (const { range, limit } of one.reads ?? []) await scene.check(range, limit);
          if (one.pops !== undefined) {
            await Promise.all(Array.from({ length: one.pops }, () => scene.pop(one.from!)));
          }
          if (one.both !== undefined) {
            const { range, limit } = one.both;
            const reads = [scene.check(range, limit), scene.check(range, limit)];
            if (one.forgets === true) scene.elements.forgetPages();
            await scene.command(() => scene.write(one.meanwhile!.key, one.meanwhile!.value));
            await Promise.all(reads);
          }
          if (one.points !== undefined) {
            const { meanwhile } = one;
            const wrote = meanwhile === undefined ? null : () => scene.write(meanwhile.key, meanwhile.value);
            await scene.checkPoints(one.points, wrote);
          }
          if (one.streamed !== undefined) {
            const { key: name, value } = one.meanwhile!;
            await scene.checkStream(one.streamed, () => scene.write(name, value));
          }
          if (one.unread !== undefined) {
            await scene.passRounds(one.unread);
            const keys = one.isAskedFor === true ? one.unread.map((each) => each.key) : [];
            await scene.checkPoints(keys, null);
          }
          if (one.settles === true) await scene.committer.settle();
        }
        for (const range of RANGES) await scene.check(range, 100);
        await scene.committer.checkpoint();
        scene.committer.close();
        expect(scene.elements.isBusy).toBe(false);
      }),
      { numRuns: 300 },
    );
  },
  60_000,
);

/** As much as no read: it does not say that elements are needed. */
const NOTHING_READ: Read = { range: { gte: "e" }, limit: 0 };

async function transaction(
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

test("what is read again and again is read once; who pops reads on from where it was", async () => {
  const scene = new Scene(1);
  await scene.command(() => {
    for (let n = 0; n < 900; n++) scene.write(nameOf(n), "v".repeat(10));
  });
  await scene.committer.settle();
  const { reading, elements } = scene;
  for (let i = 0; i < 3; i++) await scene.check({ gte: "e" }, 10);
  const faults = reading.faults;
  for (let i = 0; i < 20; i++) await scene.check({ gte: "e" }, 10);
  expect(reading.faults).toBe(faults);
  for (let n = 0; n < 800; n++) {
    await scene.check({ gte: "e" }, 2);
    await scene.command(() => scene.write(nameOf(n), null));
  }
  expect(reading.faults - faults).toBeLessThan(8);
  const readBytes = elements.memoryBytes;
  elements.forgetPages();
  expect(elements.memoryBytes).toBeLessThan(readBytes);
  await scene.committer.settle();
  expect(elements.isBusy).toBe(false);
});

test("many who pop at the same time read on together", async () => {
  const scene = new Scene(1);
  await scene.command(() => {
    for (let n = 0; n < 999; n++) scene.write(nameOf(n), "v");
  });
  await scene.committer.settle();
  for (let i = 0; i < 2; i++) await scene.check({ gte: "e" }, 1);
  const iterate = vi.spyOn(store, "iterate");
  const popped: string[] = [];
  const pop = (): Promise<void> =>
    scene.command(() => {
      const [[name]] = scene.elements.range({ gte: "e" }, 1) as [[string, string]];
      scene.write(name, null);
      popped.push(name);
    });
  for (let round = 0; round < 18; round++) await Promise.all(Array.from({ length: 50 }, pop));
  expect(popped).toEqual(Array.from({ length: 900 }, (_, n) => nameOf(n)));
  expect(iterate.mock.calls.length).toBeLessThan(8);
  expect(scene.elements.isBusy).toBe(true);
  await scene.committer.settle();
  expect(scene.elements.isBusy).toBe(false);
});

test("what is read once, or is much, is not kept; what is kept is counted", async () => {
  const scene = new Scene(1);
  await scene.command(() => {
    for (let n = 0; n < 999; n++) scene.write(nameOf(n), "v".repeat(1000));
  });
  await scene.committer.settle();
  const { elements } = scene;
  for (let n = 0; n < 50; n++) await scene.check({ gte: nameOf(n), lt: nameOf(n + 1) }, 1);
  const ownBytes = elements.memoryBytes;
  expect(ownBytes).toBeLessThan(2000);
  for (let i = 0; i < 3; i++) await scene.check({ gte: "e" }, 500);
  expect(elements.memoryBytes).toBe(ownBytes);
  for (let n = 0; n < 8; n++) for (let i = 0; i < 3; i++) await scene.check({ gte: nameOf(n) }, 40);
  expect(elements.memoryBytes).toBeGreaterThan(40_000);
  expect(elements.memoryBytes).toBeLessThan(260_000);
  expect(scene.countedBytes).toBe(elements.memoryBytes);
  // Far more than that goes through a page that is kept.
  for (let n = 0; n < 600; n++) await scene.command(() => scene.write(nameOf(7), "w".repeat(1000 + n)));
  expect(elements.memoryBytes).toBeLessThan(260_000);
  await scene.check({ gte: nameOf(7) }, 40);
  await scene.committer.settle();
});

test("many changes of what someone has in memory are not kept, unless somebody reads them here", async () => {
  const log = new WaitingLog();
  const scene = new Scene(1, log, 10);
  const { committer, elements } = scene;
  const writeMany = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await scene.command(() => scene.write(nameOf(n), String(n)));
      await committer.settle();
    }
  };
  // Of each round that many are kept.
  await writeMany(10);
  log.turns = 50;
  committer.applySoon();
  await writeMany(10);
  expect([elements.isComplete, committer.applied]).toEqual([true, 0]);
  await committer.quiet();
  const keptBytes = committer.backlogBytes;
  await writeMany(5);
  expect(elements.isComplete).toBe(false);
  expect(committer.backlogBytes).toBeLessThan(keptBytes);
  const rounds = committer.rounds;
  await scene.check({ gte: nameOf(5) }, 5);
  expect([elements.isComplete, committer.rounds]).toEqual([true, rounds + 1]);
  await writeMany(30);
  expect(elements.isComplete).toBe(true);
  await committer.checkpoint();
  committer.close();
});

test("what was forgotten while a round was applied is not in the store with it", async () => {
  const log = new WaitingLog();
  const scene = new Scene(1, log, 0);
  const { committer, elements } = scene;
  log.turns = 100;
  await scene.command(() => scene.write(nameOf(1), "first"));
  await committer.settle();
  committer.applySoon();
  await scene.command(() => scene.write(nameOf(2), "second"));
  await committer.settle();
  await committer.quiet();
  expect(elements.isComplete).toBe(false);
  committer.applySoon();
  scene.holder.maxKeptChanges = 1;
  await scene.command(() => scene.write(nameOf(3), "third"));
  await committer.settle();
  await committer.quiet();
  expect([elements.isComplete, elements.isBusy]).toEqual([true, true]);
  await scene.check({ gte: "e" }, 10);
  committer.close();
});

test("what is older than what was forgotten is not found in its place", async () => {
  const log = new WaitingLog();
  const scene = new Scene(1, log, 3);
  const { committer } = scene;
  const writeEach = async (value: string): Promise<void> => {
    for (let n = 0; n < 3; n++) {
      await scene.command(() => scene.write(nameOf(n), value));
      await committer.settle();
    }
  };
  await writeEach("kept");
  log.turns = 100;
  committer.applySoon();
  await writeEach("kept, and forgotten");
  await scene.command(() => scene.write(nameOf(3), "too many"));
  await committer.settle();
  expect([scene.elements.isComplete, committer.applied]).toEqual([false, 0]);
  await scene.checkPoints([nameOf(0), nameOf(1)], null);
  await scene.checkPoints([nameOf(2)], () => undefined);
  committer.close();
});

test("what transactions write to is kept: it is needed when one is taken back", async () => {
  const scene = new Scene(1, new WaitingLog(), 0);
  const { committer, elements } = scene;
  await transaction(scene, NOTHING_READ, [{ key: nameOf(1), value: "first" }], NOTHING_READ, false);
  for (let n = 0; n < 5; n++) {
    await scene.command(() => scene.write(nameOf(n), "kept"));
    await committer.settle();
  }
  expect(elements.isComplete).toBe(true);
  for (let round = 0; round < 3; round++) {
    await scene.passRound();
    await scene.command(() => scene.write(nameOf(round), "later"));
  }
  await committer.settle();
  expect(elements.isComplete).toBe(false);
  await scene.passRound();
  committer.close();
});
