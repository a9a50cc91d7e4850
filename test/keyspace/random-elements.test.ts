import { expect, test } from "vitest";
import { RandomElements } from "../../src/keyspace/random-elements.ts";
import { Attempt } from "../../src/storage/attempt.ts";
import type { Element, ElementRange, Elements } from "../../src/storage/elements.ts";
import { readU32, u32 } from "../../src/storage/numbers.ts";
import type { Reading } from "../../src/storage/reading.ts";
import { Random } from "../../src/support/random.ts";

const PART = "m";
const COUNT = 10_000;
const STEP = Math.floor(2 ** 32 / COUNT);

test("a window is looked for near its place, not as far as the end", () => {
  const all = Array.from({ length: COUNT }, (_, i): Element => [PART + u32(i * STEP), ""]);
  const asked: Required<Pick<ElementRange, "gte" | "lt">>[] = [];
  const elements: Pick<Elements, "range"> = {
    range({ gte, lt }, limit) {
      asked.push({ gte, lt: lt! });
      return all.filter(([key]) => key >= gte && key < lt!).slice(0, limit);
    },
  };
  const reading = { attempt: new Attempt(), mustFault: true } as unknown as Reading;
  const random = new Random(7);
  const drawn = new RandomElements(elements as Elements, reading, PART, () => COUNT);
  for (let i = 0; i < 100; i++) drawn.one(random);
  const spans = asked
    .filter(({ lt }) => lt.startsWith(PART))
    .map(({ gte, lt }) => (readU32(lt, PART.length) - readU32(gte, PART.length)) / STEP);
  expect(spans.length).toBeGreaterThan(90);
  expect(Math.max(...spans)).toBeLessThan(100);
});
