import { describe, expect, test } from "vitest";
import { RepeatedReads } from "../../src/keyspace/repeated-reads.ts";
import { Random } from "../../src/support/random.ts";

class Scene {
  limit = 10;
  gathering = 5;
  readonly reads: RepeatedReads;
  made = 0;

  constructor(isEager = false) {
    this.reads = new RepeatedReads({
      limit: () => this.limit,
      isEager: () => isEager,
      gathering: () => this.gathering,
    });
  }

  ask(object: Thing, question: string, resp: 2 | 3 = 2, isKept = true): string {
    const read = (): string => {
      this.made++;
      return `${object.value} ${question} ${resp}`;
    };
    return this.reads.answer(object, ["GET", question], resp, read, (answer) => (isKept ? answer : null));
  }

  /** How often it is read anew when it is asked so often. */
  readsOf(times: number, ask: () => string): number {
    const before = this.made;
    for (let i = 0; i < times; i++) ask();
    return this.made - before;
  }

  change(object: Thing): void {
    object.newest = this.gathering;
    object.value++;
  }
}

class Thing {
  newest = 0;
  value = 0;
}

test("what is asked again and again is read a few times", () => {
  const scene = new Scene();
  const thing = new Thing();
  expect(scene.readsOf(1000, () => scene.ask(thing, "a"))).toBeLessThan(40);
  expect(scene.ask(thing, "a")).toBe("0 a 2");
});

test("another question, and another protocol, is another answer", () => {
  const scene = new Scene();
  const thing = new Thing();
  scene.readsOf(200, () => scene.ask(thing, "a"));
  expect(scene.ask(thing, "b")).toBe("0 b 2");
  expect(scene.ask(thing, "b", 3)).toBe("0 b 3");
  expect(scene.readsOf(200, () => scene.ask(thing, "b", 3))).toBeLessThan(5);
  expect(scene.ask(thing, "a")).toBe("0 a 2");
});

test("a change in the same batch and in later ones is seen", () => {
  const scene = new Scene();
  const thing = new Thing();
  scene.readsOf(200, () => scene.ask(thing, "a"));
  scene.change(thing);
  expect(scene.ask(thing, "a")).toBe("1 a 2");
  // Others may change in this batch after it.
  expect(scene.readsOf(50, () => scene.ask(thing, "a"))).toBe(50);
  scene.gathering++;
  expect(scene.readsOf(50, () => scene.ask(thing, "a"))).toBeLessThan(5);
  scene.change(thing);
  expect(scene.ask(thing, "a")).toBe("2 a 2");
});

test("what is too long is read each time, until there is another answer", () => {
  const scene = new Scene();
  const thing = new Thing();
  expect(scene.readsOf(200, () => scene.ask(thing, "a", 2, false))).toBe(200);
  scene.change(thing);
  scene.gathering++;
  expect(scene.readsOf(200, () => scene.ask(thing, "a"))).toBeLessThan(5);
});

test("answers of many objects are not kept for ever, and none where none is wanted", () => {
  const scene = new Scene();
  const first = new Thing();
  scene.readsOf(200, () => scene.ask(first, "a"));
  for (let i = 0; i < 20; i++) {
    const other = new Thing();
    scene.readsOf(200, () => scene.ask(other, "a"));
  }
  expect(scene.readsOf(1, () => scene.ask(first, "a"))).toBe(1);
  scene.limit = 0;
  const another = new Thing();
  expect(scene.readsOf(200, () => scene.ask(another, "a"))).toBe(200);
});

test("what is kept is given no more once nothing is to be kept", () => {
  const scene = new Scene();
  const thing = new Thing();
  scene.readsOf(200, () => scene.ask(thing, "a"));
  scene.limit = 0;
  expect(scene.readsOf(10, () => scene.ask(thing, "a"))).toBe(10);
});

describe.each([false, true])("at random, each answer kept at once: %s", (isEager) => {
  test("every answer is true", () => {
    const seed = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
    console.log(`repeated reads: TEST_SEED=${seed}`);
    const random = new Random(seed);
    const scene = new Scene(isEager);
    scene.limit = 4;
    const things = Array.from({ length: 5 }, () => new Thing());
    for (let i = 0; i < 50_000; i++) {
      const thing = things[random.below(things.length)]!;
      const kind = random.below(200);
      if (kind === 0) scene.change(thing);
      else if (kind === 1) scene.gathering++;
      else {
        const question = "ab"[random.below(200) === 0 ? 1 : 0]!;
        const resp = random.below(200) === 0 ? 3 : 2;
        expect(scene.ask(thing, question, resp)).toBe(`${thing.value} ${question} ${resp}`);
      }
    }
    // Many of them are not read anew.
    expect(scene.made).toBeLessThan(35_000);
  });
});
