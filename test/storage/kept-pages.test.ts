import { expect, test, vi } from "vitest";
import { nameOf, Scene, useStore } from "./elements-scene.ts";

const store = useStore();

test("what is read again and again is read once; who pops reads on from where it was", async () => {
  const scene = new Scene(store(), 1);
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
  const scene = new Scene(store(), 1);
  await scene.command(() => {
    for (let n = 0; n < 999; n++) scene.write(nameOf(n), "v");
  });
  await scene.committer.settle();
  for (let i = 0; i < 2; i++) await scene.check({ gte: "e" }, 1);
  const iterate = vi.spyOn(store(), "iterate");
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
  const scene = new Scene(store(), 1);
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

test("many who take the same range away read on in growing steps, each of them not far more often than once", async () => {
  const scene = new Scene(store(), 1);
  await scene.command(() => {
    for (let n = 0; n < 999; n++) scene.write(nameOf(n), "v");
  });
  await scene.committer.settle();
  const { reading, elements } = scene;
  const taken: string[] = [];
  const take = (): Promise<void> =>
    scene.command(() => {
      for (const [name] of elements.range({ gte: "e", isExact: true }, 10)) {
        scene.write(name, null);
        taken.push(name);
      }
    });
  await Promise.all(Array.from({ length: 50 }, take));
  expect(taken).toEqual(Array.from({ length: 500 }, (_, n) => nameOf(n)));
  // By ten at a time it would be half of 50 for each.
  expect(reading.faults).toBeLessThan(50 * 8);
  await scene.committer.settle();
});
