import fc from "fast-check";
import { expect, test } from "vitest";
import { type Change, Overlay } from "../../src/storage/overlay.ts";
import { Page, type PageBounds } from "../../src/storage/page.ts";
import { type Store, type StoreEntry, openMemoryStore } from "../../src/storage/store.ts";

const key = fc.integer({ min: 0, max: 40 }).map((n) => `k${String(n).padStart(2, "0")}`);
const changes = fc.array(fc.tuple(key, fc.option(fc.constantFrom("1", "2", "3"))), { maxLength: 25 });

test("pages that follow each other hold what is there at the end, wherever it is and whenever it was written", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        stored: changes,
        old: changes,
        young: changes,
        gathering: changes,
        later: changes,
        limit: fc.integer({ min: 1, max: 4 }),
        reverse: fc.boolean(),
        from: key,
        to: key,
      }),
      async ({ stored, old, young, gathering, later, limit, reverse, from, to }) => {
        const store = await openMemoryStore();
        const batch = store.batch();
        for (const [name, value] of stored) if (value !== null) batch.put(name, value);
        if (batch.length > 0) await batch.write(false);
        const layers = [old, young].map((layer) => new Overlay(new Map(layer)));
        const truth = new Map<string, string | null>();
        for (const [name, value] of stored) if (value !== null) truth.set(name, value);
        for (const [name, value] of [...old, ...young, ...gathering]) truth.set(name, value);
        const pages: Page[] = [];
        let bounds: PageBounds | null = { gte: from, lt: to, reverse, limit };
        while (bounds !== null) {
          const page: Page = new Page(bounds, layers, gathering);
          await page.read(store);
          pages.push(page);
          bounds = page.isComplete ? null : page.rest(limit);
          expect(pages.length).toBeLessThan(100);
        }
        const found = (): Change[] => pages.flatMap(({ entries }) => entries);
        const expected = (): Change[] => {
          const all = [...truth].filter(([name, value]) => value !== null && name >= from && name < to);
          all.sort(([a], [b]) => (a < b ? -1 : 1));
          return reverse ? all.reverse() : all;
        };
        expect(found()).toEqual(expected());
        // Every write that comes later is told to each page.
        for (const [name, value] of later) {
          truth.set(name, value);
          for (const page of pages) page.overtake(name, value);
        }
        expect(found()).toEqual(expected());
        await store.close();
      },
    ),
    { numRuns: 300 },
  );
});

test("of a layer of any size a page looks at what it can hold", async () => {
  const store = await openMemoryStore();
  const layer = new Overlay(
    new Map(Array.from({ length: 10_000 }, (_, i) => [String(i).padStart(5, "0"), "v"])),
  );
  for (const reverse of [false, true]) {
    const page = new Page({ gte: "0", lt: "9", reverse, limit: 16 }, [layer], []);
    await page.read(store);
    expect(page.entries.length).toBe(16);
    expect(page.entries[0]![0]).toBe(reverse ? "09999" : "00000");
    expect(page.isComplete).toBe(false);
  }
  await store.close();
});

test("reads of one turn have their snapshots at once, and begin together when it is over", async () => {
  const seen: string[] = [];
  const store: Pick<Store, "iterate"> = {
    iterate({ gte }) {
      seen.push(`snapshot ${gte}`);
      return {
        next: (): Promise<StoreEntry[]> => {
          seen.push(`read ${gte}`);
          return Promise.resolve([]);
        },
        close: () => Promise.resolve(),
      };
    },
  };
  const read = (gte: string): Promise<void> =>
    new Page({ gte, lt: "z", reverse: false, limit: 1 }, [], []).read(store as Store);
  const first = read("a");
  await Promise.resolve();
  const second = read("b");
  await Promise.all([first, second]);
  expect(seen).toEqual(["snapshot a", "snapshot b", "read a", "read b"]);
});
