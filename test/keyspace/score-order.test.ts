import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FlatOrder } from "../../src/keyspace/flat-order.ts";
import { type MemberOrder, ScoreOrder, type ScoredMembers } from "../../src/keyspace/score-order.ts";
import { SortedMembers } from "../../src/keyspace/sorted-members.ts";

type Pair = readonly [score: number, member: string];

/** The same as a plain sorted array. */
class Model {
  pairs: Pair[] = [];

  insert(score: number, member: string): void {
    this.pairs.push([score, member]);
    this.pairs.sort(compare);
  }

  remove(score: number, member: string): void {
    this.pairs.splice(this.rank(score, member), 1);
  }

  rank(score: number, member: string): number {
    return this.pairs.findIndex((pair) => compare(pair, [score, member]) === 0);
  }
}

function compare([scoreA, a]: Pair, [scoreB, b]: Pair): number {
  if (scoreA !== scoreB) return scoreA < scoreB ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

const pairsOf = (order: MemberOrder, from = 0, to = order.size): Pair[] => {
  const { scores, members } = order.slice(from, to);
  return members.map((member, i) => [scores[i]!, member]);
};

function agree(order: MemberOrder, model: Model): void {
  expect(order.size).toBe(model.pairs.length);
  expect(pairsOf(order)).toEqual(model.pairs);
  expect([...order].map(([member, score]) => [score, member])).toEqual(model.pairs);
}

/** Few scores, so that members decide as well; members long and short, binary, one the start of another. */
const pair = fc.tuple(
  fc.constantFrom(0, -0, 1, 1.5, -1, 2, 3, Infinity, -Infinity, 1e300),
  fc.oneof(fc.nat(5000).map(String), fc.constantFrom("", "a", "ab", "a\0", "\xff", "\xff\xff")),
);

const KINDS = {
  flat: (sorted: ScoredMembers): MemberOrder => new FlatOrder(sorted),
  blocks: (sorted: ScoredMembers): MemberOrder => ScoreOrder.ofSorted(sorted),
};

describe.each(Object.entries(KINDS))("%s, against a sorted array", (_, orderOf) => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ insert: fc.array(pair, { minLength: 1, maxLength: 400, size: "max" }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ remove: fc.array(fc.nat(), { minLength: 1, maxLength: 300, size: "max" }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        move: fc.array(fc.tuple(fc.nat(), pair), { minLength: 1, maxLength: 300, size: "max" }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ cut: fc.tuple(fc.nat(), fc.nat(700)) }) },
    { weight: 1, arbitrary: fc.record({ look: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }) }) },
  );

  test("insertions, removals, ranges, ranks", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const order = orderOf({ scores: [], members: [] });
        const model = new Model();
        for (const { insert, remove, move, cut, look } of steps as Partial<
          Record<"insert", Pair[]> &
            Record<"move", [number, Pair][]> &
            Record<"remove" | "look", number[]> &
            Record<"cut", [number, number]>
        >[]) {
          for (const [score, member] of insert ?? []) {
            if (model.rank(score, member) >= 0) continue;
            order.insert(score, member);
            model.insert(score, member);
          }
          for (const number of remove ?? []) {
            if (model.pairs.length === 0) break;
            const [score, member] = model.pairs[number % model.pairs.length]!;
            order.remove(score, member);
            model.remove(score, member);
          }
          for (const [number, [score]] of move ?? []) {
            if (model.pairs.length === 0) break;
            const [old, member] = model.pairs[number % model.pairs.length]!;
            if (model.rank(score, member) >= 0) continue;
            order.move(old, score, member);
            model.remove(old, member);
            model.insert(score, member);
          }
          if (cut !== undefined) {
            const from = cut[0] % (model.pairs.length + 1);
            const to = Math.min(from + cut[1], model.pairs.length);
            order.removeRanks(from, to);
            model.pairs.splice(from, to - from);
          }
          for (const number of look ?? []) {
            if (model.pairs.length === 0) break;
            const rank = number % model.pairs.length;
            const [score, member] = model.pairs[rank]!;
            expect(order.rank(score, member)).toBe(rank);
            expect(order.countWhile((other) => other < score)).toBe(
              model.pairs.filter(([s]) => s < score).length,
            );
            expect(pairsOf(order, rank, Math.min(rank + 300, order.size))).toEqual(
              model.pairs.slice(rank, rank + 300),
            );
            const { scores, members } = order.atRanks([rank, 0]);
            expect([scores[0], members[0]]).toEqual([score, member]);
            expect([scores[1], members[1]]).toEqual(model.pairs[0]);
          }
          agree(order, model);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("made of elements that are in order", () => {
    for (const size of [0, 1, 111, 112, 113, 128, 129, 5000, 50_000]) {
      const model = new Model();
      model.pairs = Array.from({ length: size }, (_, i): Pair => [i >> 2, String.fromCharCode(i & 3)]);
      const order = orderOf({
        scores: model.pairs.map(([score]) => score),
        members: model.pairs.map(([, member]) => member),
      });
      agree(order, model);
      order.insert(size / 8, "between");
      model.insert(size / 8, "between");
      agree(order, model);
    }
  });
});

test("a sorted set that grows from a few members to many has all of them, in order", () => {
  const members = new SortedMembers();
  const model = new Model();
  for (let i = 0; i < 300; i++) {
    const [score, member] = [(i * 7) % 40, `m${i}`];
    members.put(member, score, null);
    model.insert(score, member);
    if (i % 16 === 0 || (i > 120 && i < 140)) agree(members.order, model);
    const other = model.pairs[(i * 13) % model.pairs.length]!;
    expect(members.score(other[1])).toBe(other[0]);
  }
  expect(members.order).toBeInstanceOf(ScoreOrder);
  for (const [score, member] of [...model.pairs]) members.delete(member, score);
  expect(members.size).toBe(0);
});

test.each([10, 17, 33, 300, 1000])(
  "of %d members, what is taken from any place is what was there",
  (size) => {
    for (const count of [1, 2, 15, 16, 17, 40]) {
      for (const place of ["first", "last", "middle", "both ends"] as const) {
        const members = new SortedMembers();
        const model = new Model();
        for (let i = 0; i < size; i++) {
          members.put(`m${i}`, (i * 7) % 40, null);
          model.insert((i * 7) % 40, `m${i}`);
        }
        for (let turn = 0; members.size > 0; turn++) {
          const isFirst = place === "first" || (place === "both ends" && turn % 2 === 0);
          const room = Math.max(0, members.size - count);
          const from = isFirst ? 0 : place === "middle" ? room >> 1 : room;
          const to = Math.min(members.size, from + count);
          const taken = members.takeRanks(from, to);
          const expected = model.pairs.splice(from, to - from);
          expect(taken.members.map((member, i) => [taken.scores[i], member])).toEqual(expected);
          for (const [, member] of expected) expect(members.score(member)).toBe(null);
          // What comes to the front is next, though it was not looked up.
          if (turn === 1) {
            members.put("new", -1, null);
            model.insert(-1, "new");
          }
        }
      }
    }
  },
);

/** Full blocks of 112, as `ofSorted` makes them: what the tests of tidying count on. */
const BLOCK = 112;

describe("tidying of blocks", () => {
  /** Two of one score each, so that members decide within a pair and scores between pairs. */
  function filled(blocks: number): { order: ScoreOrder; model: Model } {
    const model = new Model();
    model.pairs = Array.from({ length: blocks * BLOCK }, (_, i): Pair => [
      i >> 1,
      String(i).padStart(5, "0"),
    ]);
    const order = ScoreOrder.ofSorted({
      scores: model.pairs.map(([score]) => score),
      members: model.pairs.map(([, member]) => member),
    });
    return { order, model };
  }

  /** Each element is found where it is, which an empty block in the way of a search would prevent. */
  function findsAll(order: ScoreOrder, model: Model): void {
    agree(order, model);
    const { pairs } = model;
    expect(pairs.map(([score, member]) => order.rank(score, member))).toEqual(pairs.map((_, rank) => rank));
    const firstOf = new Map(pairs.map(([score], i) => [score, i] as const).toReversed());
    expect([...firstOf.keys()].map((score) => order.countWhile((other) => other < score))).toEqual([
      ...firstOf.values(),
    ]);
  }

  const BLOCKS = 7;
  const removals = [3, 4, 5, 6, 7].flatMap((span) =>
    Array.from({ length: BLOCKS - span + 1 }, (_, first) => ({ first, span })),
  );

  test.each(removals)("a removal over $span blocks, from block $first on", ({ first, span }) => {
    // The outer two: cut in the middle, gone altogether, or nearly so.
    for (const [head, tail] of [
      [50, 50],
      [0, 0],
      [0, 100],
      [100, 0],
      [5, 5],
    ] as const) {
      const { order, model } = filled(BLOCKS);
      const from = first * BLOCK + head;
      const to = (first + span) * BLOCK - tail;
      order.removeRanks(from, to);
      model.pairs.splice(from, to - from);
      findsAll(order, model);
      // What comes back has to find its place too.
      for (let i = from; i < to; i += 41) {
        order.insert(i >> 1, String(i).padStart(5, "0"));
        model.insert(i >> 1, String(i).padStart(5, "0"));
      }
      findsAll(order, model);
      for (const [score, member] of model.pairs.slice()) order.remove(score, member);
      expect(order.size).toBe(0);
      expect([...order]).toEqual([]);
    }
  });

  test.each([0, 1, 2])("block %i becomes small and joins its neighbour", (at) => {
    const { order, model } = filled(4);
    const shrink = (block: number, kept: number): void => {
      const own = model.pairs.filter(([, member]) => Math.floor(Number(member) / BLOCK) === block);
      for (const [score, member] of own.slice(kept)) {
        order.remove(score, member);
        model.remove(score, member);
      }
    };
    // The neighbour first: together they have to fit into one.
    shrink(at + 1, 60);
    for (const kept of [35, 31, 20]) {
      shrink(at, kept);
      findsAll(order, model);
    }
    order.removeRanks(at * BLOCK + 15, at * BLOCK + 25);
    model.pairs.splice(at * BLOCK + 15, 10);
    findsAll(order, model);
  });
});

test("a block whose first score has gone does not take those of the same score that are before it", () => {
  const model = new Model();
  model.pairs = Array.from({ length: 2 * BLOCK }, (_, i): Pair => [
    i < BLOCK - 5 ? 1 : i <= BLOCK ? 2 : 3,
    i <= BLOCK ? `member ${1000 + i}` : `before ${1000 + i}`,
  ]);
  const order = ScoreOrder.ofSorted({
    scores: model.pairs.map(([score]) => score),
    members: model.pairs.map(([, member]) => member),
  });
  const [score, member] = model.pairs[BLOCK]!;
  for (const change of [
    (): void => order.remove(score, member),
    (): void => order.insert(score, member),
    (): void => order.move(score, 4, member),
    (): void => order.move(4, score, member),
    (): void => order.removeRanks(BLOCK, BLOCK + 1),
  ]) {
    change();
    const pairs = pairsOf(order);
    expect(pairs.map((pair) => order.rank(...pair))).toEqual(pairs.map((_, rank) => rank));
    expect(pairs.length).toBe(order.size);
  }
});

test("members of one score are counted when all of a block have gone, one by one or together", () => {
  // So many that what is left is not put in order anew.
  const members = Array.from({ length: 14 * BLOCK }, (_, i) => String(1000 + i));
  for (const [from, to] of [0, 1, 2, 3].flatMap((first): [number, number][] => [
    [first * BLOCK, (first + 1) * BLOCK],
    [first * BLOCK, (first + 2) * BLOCK + 1],
    [first * BLOCK + 1, (first + 3) * BLOCK - 1],
    [first * BLOCK + 1, 7 * BLOCK - 1],
  ])) {
    const order = ScoreOrder.ofSorted({ scores: members.map(() => 0), members: [...members] });
    const gone = members.slice(from, to);
    if (gone.length === BLOCK) for (const member of gone) order.remove(0, member);
    else order.removeRanks(from, from + gone.length);
    const left = [...members.slice(0, from), ...members.slice(to)];
    for (const [rank, member] of left.entries()) {
      expect(order.countWhile((_, other) => other < member)).toBe(rank);
    }
  }
});

describe("memory follows what is there, where", () => {
  /** Without it these would take 4 to 13 MB. */
  const MOST_BYTES = 2 << 20;

  function arrayBytes(): number {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    return process.memoryUsage().arrayBuffers;
  }

  test.each<[string, (order: ScoreOrder) => void]>([
    [
      "those of the lowest score get the highest, again and again",
      (order): void => {
        for (let i = 0; i < 1000; i++) order.insert(i, `m${i}`);
        for (let i = 0; i < 1_000_000; i++) order.move(i, i + 1000, `m${i % 1000}`);
      },
    ],
    [
      "the oldest go, but for some",
      (order): void => {
        for (let i = 0; i < 300_000; i++) {
          order.insert(i, `m${i}`);
          if (i >= 1000 && i % 20 !== 0) order.remove(i - 1000, `m${i - 1000}`);
        }
      },
    ],
    [
      "most have gone",
      (order): void => {
        for (let i = 0; i < 300_000; i++) order.insert(i, `m${i}`);
        for (let i = 0; i < 299_900; i++) order.remove(i, `m${i}`);
      },
    ],
  ])("%s", (_, use) => {
    const before = arrayBytes();
    const order = new ScoreOrder();
    use(order);
    expect(arrayBytes() - before).toBeLessThan(MOST_BYTES);
    const { scores } = order.slice(0, order.size);
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
  });
});

test("one that has become small grows again", () => {
  const order = new ScoreOrder();
  const model = new Model();
  for (let i = 0; i < 3000; i++) order.insert(i, `m${i}`);
  for (let i = 0; i < 2990; i++) order.remove(i, `m${i}`);
  for (let i = 2990; i < 3000; i++) model.insert(i, `m${i}`);
  for (let i = 0; i < 500; i++) {
    order.insert(i * 7, `n${i}`);
    model.insert(i * 7, `n${i}`);
  }
  agree(order, model);
});

describe("patterns of use", () => {
  const SIZE = 20_000;
  const name = (i: number): string => `member ${i}`;

  test("growing at the end, a queue that moves on, and emptied from both ends", () => {
    const order = new ScoreOrder();
    for (let i = 0; i < SIZE; i++) order.insert(i, name(i));
    for (let i = 0; i < SIZE; i++) {
      order.insert(SIZE + i, name(SIZE + i));
      order.removeRanks(0, 1);
      if (i % 1000 === 0) expect(order.rank(SIZE + i, name(SIZE + i))).toBe(SIZE - 1);
    }
    expect(pairsOf(order)).toEqual(Array.from({ length: SIZE }, (_, i) => [SIZE + i, name(SIZE + i)]));
    while (order.size > 0) {
      const [[least, first]] = pairsOf(order, 0, 1) as [Pair];
      order.remove(least, first);
      if (order.size > 0) order.removeRanks(order.size - 1, order.size);
    }
    order.insert(1, "again");
    expect(pairsOf(order)).toEqual([[1, "again"]]);
  });

  test("growing at the front", () => {
    const order = new ScoreOrder();
    for (let i = SIZE; i > 0; i--) order.insert(i, "x");
    expect(pairsOf(order).map(([score]) => score)).toEqual(Array.from({ length: SIZE }, (_, i) => i + 1));
    expect(order.rank(SIZE, "x")).toBe(SIZE - 1);
  });
});
