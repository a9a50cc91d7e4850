import { expect, test } from "vitest";
import type { OrderOptions } from "../../src/keyspace/order-blocks.ts";
import { OrderRanks } from "../../src/keyspace/order-ranks.ts";
import { Fault } from "../../src/storage/attempt.ts";
import type { Elements } from "../../src/storage/elements.ts";
import type { Reading } from "../../src/storage/reading.ts";
import { Undo } from "../../src/storage/undo.ts";

const nameOf = (n: number): string => `o${String(n).padStart(5, "0")}`;

/** A hundred names have one score. */
const ORDER: OrderOptions = {
  lowest: "o",
  scoreOf: (key) => Number(key.slice(1, 4)),
  headOf: (score) => `o${String(score).padStart(3, "0")}`,
  endOf: (score) => `o${String(score).padStart(3, "0")}~`,
  maxScoreBytes: Infinity,
};

/** An order of keys whose counting stands still between two halves, as when others write. */
class Scene {
  readonly keys = new Set(Array.from({ length: 1000 }, (_, i) => nameOf(2 * i)));
  reads = 0;
  goOn: () => void = () => undefined;
  readonly #gate = new Promise<void>((resolve) => (this.goOn = resolve));
  readonly attempt = {
    undo: null as Undo | null,
    fault: (fetch: () => Promise<void>): never => {
      throw new Fault(fetch);
    },
  };
  readonly ranks: OrderRanks;
  #isComplete = false;

  constructor(maxScoreBytes = Infinity) {
    this.ranks = new OrderRanks(
      {
        complete: async () => {
          await Promise.resolve();
          this.#isComplete = true;
        },
        stream: () => {
          expect(this.#isComplete).toBe(true);
          return this.#stream();
        },
        range: (range) => this.#range(range),
        holder: null,
      } as Pick<Elements, "complete" | "stream" | "range" | "holder"> as Elements,
      { attempt: this.attempt, faults: 0 } as unknown as Reading,
      { ...ORDER, maxScoreBytes },
    );
  }

  get #sorted(): string[] {
    return [...this.keys].sort();
  }

  async *#stream(): AsyncGenerator<string[]> {
    const keys = this.#sorted;
    yield keys.slice(0, 500);
    await this.#gate;
    yield keys.slice(500);
  }

  #range({ gte, lt }: { gte: string; lt?: string }): [string, string][] {
    this.reads++;
    return this.#sorted
      .filter((key) => key >= gte && (lt === undefined || key < lt))
      .map((key) => [key, ""] as [string, string]);
  }

  write(key: string, isDeleted: boolean): void {
    if (isDeleted) this.keys.delete(key);
    else this.keys.add(key);
    this.ranks.wrote(key, isDeleted);
  }

  /** What the fault of a first question waits for. */
  beginCounting(): Promise<void> {
    try {
      this.ranks.before(nameOf(1000));
    } catch (error) {
      if (error instanceof Fault) return error.fetch();
      throw error;
    }
    throw new Error("nothing had to be counted");
  }

  check(): void {
    const sorted = this.#sorted;
    sorted.forEach((key, rank) => {
      expect(this.ranks.before(key)).toBe(rank);
      expect(this.ranks.of(key)).toBe(rank);
    });
    for (let score = 0; score < 30; score++) {
      expect(this.ranks.below(score)).toBe(sorted.filter((key) => ORDER.scoreOf(key) < score).length);
      expect(this.ranks.upTo(score)).toBe(sorted.filter((key) => ORDER.scoreOf(key) <= score).length);
    }
    for (let from = 0; from < sorted.length; from += 97) {
      const wanted = sorted.slice(from, from + 10);
      const found = this.ranks.read({ from, to: from + wanted.length }).map(([key]) => key);
      expect(found.slice(0, wanted.length)).toEqual(wanted);
    }
  }
}

/** All scores are kept, some, none. */
const LIMITS = [Infinity, 9 * 1100, 0];

test.each(LIMITS)("what is written while they are counted counts (%s bytes of scores)", async (limit) => {
  const scene = new Scene(limit);
  const counting = scene.beginCounting();
  for (let i = 0; i < 300; i++) scene.write(nameOf(2 * i + 1), false);
  for (let i = 0; i < 200; i++) scene.write(nameOf(8 * i), true);
  expect(scene.ranks.isBusy).toBe(true);
  // Another who asks waits for the same.
  const other = scene.beginCounting();
  scene.goOn();
  await Promise.all([counting, other]);
  expect(scene.ranks.isBusy).toBe(false);
  scene.check();
  for (let i = 0; i < 700; i++) scene.write(nameOf(2 * i + 1001), false);
  scene.check();
});

test.each(LIMITS)("what is taken back counts no more (%s bytes of scores)", async (limit) => {
  const scene = new Scene(limit);
  const counting = scene.beginCounting();
  const transaction = (): void => {
    const before = [...scene.keys];
    const undo = new Undo();
    for (let attempt = 0; attempt < 2; attempt++) {
      scene.attempt.undo = undo;
      for (let i = 0; i < 50; i++) {
        scene.write(nameOf(2 * i + 1), false);
        scene.write(nameOf(4 * i), true);
        scene.write(nameOf(2 * i + 1), true);
      }
      undo.rollBack();
      scene.attempt.undo = null;
      for (const key of before) scene.keys.add(key);
    }
  };
  transaction();
  scene.goOn();
  await counting;
  scene.check();
  transaction();
  scene.check();
});

test("where scores are kept, only what shares one is read", async () => {
  const scene = new Scene();
  for (const key of [...scene.keys]) if (!key.endsWith("50")) scene.keys.delete(key);
  const counting = scene.beginCounting();
  scene.goOn();
  await counting;
  const sorted = [...scene.keys].sort();
  expect(sorted.length).toBe(20);
  sorted.forEach((key, rank) => expect(scene.ranks.of(key)).toBe(rank));
  expect([scene.ranks.below(7), scene.ranks.upTo(7)]).toEqual([7, 8]);
  expect(scene.reads).toBe(0);
  // Another one of that score.
  scene.write(`${sorted[5]!}0`, false);
  expect([5, 6].map((at) => scene.ranks.of([...scene.keys].sort()[at]!))).toEqual([5, 6]);
  expect(scene.reads).toBe(2);
});

test("a counting that fails leaves nothing behind, and the next one counts", async () => {
  const { attempt } = new Scene();
  let fails = true;
  const failing = new OrderRanks(
    {
      async *stream() {
        yield ["o1"];
        if (fails) throw new Error("no disk");
        yield ["o2"];
      },
      complete: () => Promise.resolve(),
      range: () => [],
    } as unknown as Elements,
    { attempt, faults: 0 } as unknown as Reading,
    ORDER,
  );
  const begin = (): Promise<void> => {
    try {
      failing.before("o2");
    } catch (error) {
      if (error instanceof Fault) return error.fetch();
    }
    throw new Error("nothing had to be counted");
  };
  await expect(begin()).rejects.toThrow("no disk");
  expect([failing.isBusy, failing.isReady]).toEqual([false, false]);
  failing.wrote("o3", false);
  fails = false;
  await begin();
  expect(failing.isReady).toBe(true);
});
