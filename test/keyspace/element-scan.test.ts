import { expect, test } from "vitest";
import { crcOfCursor, scanElements } from "../../src/keyspace/element-scan.ts";
import type { Element, ElementRange, Elements } from "../../src/storage/elements.ts";
import { u32 } from "../../src/storage/numbers.ts";

const PART = "\0";

class Scene {
  reads = 0;
  readonly #keys: readonly string[];

  constructor(keys: readonly string[]) {
    this.#keys = keys.toSorted();
  }

  readonly #elements = {
    range: ({ gte, lt }: ElementRange, limit: number): Element[] => {
      this.reads++;
      const found = this.#keys.filter((key) => key >= gte && (lt === undefined || key < lt));
      return found.slice(0, limit).map((key) => [key, ""]);
    },
  } as Pick<Elements, "range"> as Elements;

  step(cursor: number, count: number) {
    return scanElements(this.#elements, PART, crcOfCursor(cursor), count, (key) => key);
  }
}

const keyOf = (crc: number, name: string): string => PART + u32(crc) + name;

test("members of one crc32 come in one step, which takes few reads however many they are", () => {
  const same = Array.from({ length: 10_000 }, (_, i) => keyOf(7, `m${i}`));
  const behind = Array.from({ length: 5000 }, (_, i) => keyOf(8 + i, "behind"));
  const keys = [keyOf(3, "before"), ...same.toSorted(), ...behind];
  const scene = new Scene(keys);
  const first = scene.step(0, 1);
  expect(first.items).toEqual([keyOf(3, "before")]);
  const second = scene.step(first.cursor, 10);
  expect(second.items.slice(0, same.length)).toEqual(same.toSorted());
  expect(scene.reads).toBeLessThan(20);
  const third = scene.step(second.cursor, 10_000);
  expect(third.cursor).toBe(0);
  expect([...first.items, ...second.items, ...third.items]).toEqual(keys);
});
