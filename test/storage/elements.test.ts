import fc from "fast-check";
import { expect, test } from "vitest";
import type { ElementRange } from "../../src/storage/elements.ts";
import { nameOf, type Read, Scene, transaction, useStore, WaitingLog, type Write } from "./elements-scene.ts";

const store = useStore();

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
        const scene = new Scene(store(), ++id, Log === null ? null : new Log(store()), maxKeptChanges);
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
