import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderRange, Window } from "../../src/keyspace/order-range.ts";
import type { ZSet } from "../../src/keyspace/zset.ts";
import { type TestKeyspace, openKeyspace } from "./open-keyspace.ts";

/** No collection fits its share of this. */
const TINY_CACHE_BYTES = 300;

const member = fc.oneof(
  fc.nat(60).map((i) => `m${i}`),
  fc.constantFrom("", "m", "m1\0", "\xff", "\xff\xff"),
);
const score = fc.constantFrom(0, -0, 1, 1, 2, 2.5, -1, Infinity, -Infinity);
const bound = fc.record({ value: score, exclusive: fc.boolean() });
const lexBound = fc.oneof(
  fc.constantFrom("-" as const, "+" as const),
  fc.record({ value: member, exclusive: fc.boolean() }),
);
const rank = fc.integer({ min: -70, max: 70 });
const range: fc.Arbitrary<OrderRange> = fc.oneof(
  fc.record({ by: fc.constant("rank" as const), start: rank, stop: rank }),
  fc.record({ by: fc.constant("score" as const), min: bound, max: bound }),
  fc.record({ by: fc.constant("lex" as const), min: lexBound, max: lexBound }),
);
const window: fc.Arbitrary<Window> = fc.record({
  reverse: fc.boolean(),
  offset: fc.integer({ min: -1, max: 8 }),
  limit: fc.integer({ min: -1, max: 20 }),
});

type Step = (zset: ZSet) => unknown;

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fc.tuple(member, score), { minLength: 1, maxLength: 30 }).map((pairs): Step => (zset) => {
    zset.ready(pairs.map(([name]) => name));
    for (const [name, given] of pairs) {
      const old = zset.score(name);
      if (old !== given) zset.put(name, given, old);
    }
    return zset.count;
  }),
  fc.tuple(range, window).map(
    ([part, shown]): Step =>
      (zset) =>
        zset.count === 0 ? null : zset.range(part, shown),
  ),
  range.map(
    (part): Step =>
      (zset) =>
        zset.count === 0 ? null : zset.countIn(part),
  ),
  member.map((name): Step => (zset) => [zset.score(name), zset.rank(name)]),
  member.map(
    (name): Step =>
      (zset) =>
        zset.delete(name),
  ),
  fc.tuple(range, window).map(
    ([part, shown]): Step =>
      (zset) =>
        zset.count < 40 ? null : zset.take(part, { ...shown, limit: 3 }),
  ),
);

/** Each step is one command. */
function runStep({ keyspace, run }: TestKeyspace, work: Step): Promise<unknown> {
  return run(() => work(keyspace.databases[0]!.zsetToWrite("z")));
}

test("one that is always on disk answers as one in memory, also after it was opened again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const memory = await openKeyspace();
      const disk = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
      for (const work of steps) {
        expect(await runStep(disk, work)).toEqual(await runStep(memory, work));
        // From here on nothing of it is answered by what waits to be written.
        await disk.keyspace.committer.settle();
      }
      const whole: Step = (zset) => (zset.count === 0 ? null : [...zset.entries()]);
      const expected = await runStep(memory, whole);
      const reopened = await openKeyspace({ store: disk.store });
      expect(await runStep(reopened, whole)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

test("ranks of one that does not fit are streamed, from either end", async () => {
  const { keyspace, run } = await openKeyspace({ recordCacheBytes: TINY_CACHE_BYTES });
  const names = Array.from({ length: 25_000 }, (_, i) => `m${i}`);
  await run(() => {
    const zset = keyspace.databases[0]!.zsetToWrite("z");
    names.forEach((name, i) => zset.put(name, i, null));
  });
  await keyspace.committer.settle();
  for (const reverse of [false, true]) {
    const runs = await run(() => {
      const zset = keyspace.databases[0]!.zset("z")!;
      const ranks = zset.ranks({ by: "rank", start: 100, stop: -3 }, { reverse, offset: 0, limit: -1 });
      expect(zset.mustStream(ranks)).toBe(true);
      return zset.stream(ranks, reverse);
    });
    const found: string[] = [];
    for await (const elements of runs) found.push(...elements.map(([name]) => name));
    expect(found).toEqual((reverse ? names.toReversed() : names).slice(100, -2));
  }
});
