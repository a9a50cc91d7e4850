import fc from "fast-check";
import { expect, test } from "vitest";
import { openMemoryStore } from "../../src/storage/store.ts";
import { OverlaidStore } from "../../src/storage/overlaid-store.ts";
import { type Change, Overlay, mergeOverlays } from "../../src/storage/overlay.ts";

const key = fc.string({ unit: fc.constantFrom("a", "b", "\xff", "\0"), maxLength: 3 });
const value = fc.option(fc.string({ maxLength: 2 }));
const changes = fc.array(fc.tuple(key, value), { maxLength: 30 });

const rowsOf = (some: Iterable<Change>): { keys: string[]; values: (string | null)[] } => {
  const rows = [...some];
  return { keys: rows.map(([name]) => name), values: rows.map(([, to]) => to) };
};

function overlayOf(...steps: (readonly Change[])[]): Overlay {
  const overlay = new Overlay();
  for (const step of steps) {
    // In two parts, of which the second one counts.
    const half = step.length >> 1;
    overlay.add(rowsOf(step.slice(0, half)));
    overlay.add(rowsOf(step.slice(half)));
    // Sorted now: what is added later has to find its place.
    overlay.range("", "b");
  }
  return overlay;
}

/** The same by a plain map. */
function expected(steps: readonly Change[], gte: string, lt: string): Change[] {
  return [...new Map(steps)].filter(([k]) => k >= gte && k < lt).sort(([a], [b]) => (a < b ? -1 : 1));
}

test("an overlay has the last change of each key, in order", () => {
  fc.assert(
    fc.property(changes, changes, key, key, (first, then, gte, lt) => {
      const overlay = overlayOf(first, then);
      expect(overlay.range(gte, lt)).toEqual(expected([...first, ...then], gte, lt));
      expect(overlay.isEmpty).toBe(first.length + then.length === 0);
      for (const [name] of [...first, ...then]) {
        expect(overlay.get(name)).toBe(new Map([...first, ...then]).get(name));
      }
    }),
  );
});

test("a run has the first changes of a range, from either end, and as many as are wanted", () => {
  fc.assert(
    fc.property(
      changes,
      changes,
      key,
      key,
      fc.boolean(),
      fc.integer({ min: 1, max: 5 }),
      (first, then, gte, lt, reverse, limit) => {
        const run = overlayOf(first, then).run({ gte, lt, reverse, limit });
        const all = expected([...first, ...then], gte, lt);
        if (reverse) all.reverse();
        expect(run.changes).toEqual(all.slice(0, run.changes.length));
        const values = run.changes.filter(([, to]) => to !== null).length;
        expect(values).toBe(Math.min(limit, all.filter(([, to]) => to !== null).length));
        expect(run.isCut).toBe(run.changes.length < all.length);
      },
    ),
  );
});

test("a run that meets nothing but deletions ends", () => {
  const overlay = overlayOf(Array.from({ length: 10_000 }, (_, i): Change => [`k${i}`, null]));
  const { changes: found, isCut } = overlay.run({ gte: "k", lt: "l", reverse: false, limit: 2 });
  expect([found.length, isCut]).toEqual([512, true]);
});

test("keys that come in between, one by one, find their places", () => {
  const overlay = new Overlay();
  const names: string[] = [];
  for (let i = 0; i < 600; i++) {
    names.push(String((i * 7919) % 10_007).padStart(5, "0"));
    overlay.add(rowsOf([[names.at(-1)!, "v"]]));
    const all = overlay.range("", "z").map(([name]) => name);
    expect(all).toEqual(names.toSorted());
  }
});

test("what came in many parts, small and large, is there in its order", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 150 }), (parts, different) => {
      const overlay = new Overlay();
      const all = new Map<string, string>();
      let count = 0;
      for (const size of parts) {
        const part: Change[] = [];
        for (let i = 0; i < size; i++) part.push([`k${(count * 37) % different}`, String(count++)]);
        for (const [name, to] of part) all.set(name, to!);
        overlay.add(rowsOf(part));
      }
      const inOrder = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(overlay.range("", "z")).toEqual(inOrder);
    }),
  );
});

test("of two overlays the later one counts", () => {
  fc.assert(
    fc.property(changes, changes, (first, then) => {
      const both = expected([...first, ...then], "", "\xff\xff\xff\xff");
      const whole = ["", "\xff\xff\xff\xff"] as const;
      expect(mergeOverlays(overlayOf(first).range(...whole), overlayOf(then).range(...whole))).toEqual(both);
    }),
  );
});

test("a store under an overlay reads as if the changes had been made", async () => {
  await fc.assert(
    fc.asyncProperty(
      changes,
      changes,
      fc.boolean(),
      fc.integer({ min: 1, max: 4 }),
      async (stored, changed, reverse, step) => {
        const base = await openMemoryStore();
        const batch = base.batch();
        for (const [name, to] of stored) if (to !== null) batch.put(`k${name}`, to);
        if (batch.length > 0) await batch.write(false);
        const store = new OverlaidStore(base);
        const after = new Map<string, string>();
        for (const [name, to] of stored) if (to !== null) after.set(`k${name}`, to);
        store.overlay = overlayOf(changed.map(([name, to]) => [`k${name}`, to]));
        for (const [name, to] of changed) {
          if (to === null) after.delete(`k${name}`);
          else after.set(`k${name}`, to);
        }
        const iterator = store.iterate({ gte: "k", lt: "l", reverse });
        const found: (readonly [string, string])[] = [];
        for (let more = await iterator.next(step); more.length > 0; more = await iterator.next(step)) {
          expect(more.length).toBeLessThanOrEqual(step);
          found.push(...more);
        }
        await iterator.close();
        const inOrder = [...after].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(found).toEqual(reverse ? inOrder.reverse() : inOrder);
        const names = [...stored, ...changed].map(([name]) => `k${name}`);
        expect(await store.getMany(names)).toEqual(names.map((name) => after.get(name)));
        for (const name of names) expect(store.getSync(name)).toBe(after.get(name));
        await base.close();
      },
    ),
    { numRuns: 100 },
  );
});
