import { describe, expect, test } from "vitest";
import type { Database } from "../../src/keyspace/database.ts";
import { afterPrefix } from "../../src/keyspace/key-pages.ts";
import { Random } from "../../src/support/random.ts";
import { type TestKeyspace, openKeyspace } from "./open-keyspace.ts";

const name = (n: number): string => `k${String(n).padStart(5, "0")}`;

async function filled(count: number, open: TestKeyspace): Promise<Database> {
  const db = open.keyspace.databases[0]!;
  await open.run(() => {
    for (let n = 0; n < count; n++) db.put(name(n), "v");
  });
  await open.keyspace.committer.settle();
  return db;
}

/** A whole scan, `between` its steps. */
async function scan(
  open: TestKeyspace,
  db: Database,
  limit: number,
  between?: () => Promise<void>,
): Promise<string[]> {
  const seen: string[] = [];
  for (let from: string | null = "", steps = 0; from !== null; steps++) {
    if (steps > 10_000) throw new Error("the scan does not end");
    const start: string = from;
    const { keys, next }: ReturnType<Database["pages"]["from"]> = await open.run(() =>
      db.pages.from(start, "", limit),
    );
    seen.push(...keys.map(({ key }) => key));
    from = next;
    await between?.();
  }
  return seen;
}

describe("runs of keys", () => {
  test("cover all keys once, in order", async () => {
    const open = await openKeyspace();
    const db = await filled(95, open);
    for (const limit of [1, 2, 10, 19, 94, 95, 96, 1000]) {
      expect(await scan(open, db, limit)).toEqual(Array.from({ length: 95 }, (_, n) => name(n)));
    }
  });

  test("hold as many keys as asked, and the last one knows that it is the last", async () => {
    const open = await openKeyspace();
    const db = await filled(20, open);
    const first = await open.run(() => db.pages.from("", "", 10));
    expect(first.keys).toHaveLength(10);
    expect(first.next).toBe(name(10));
    const second = await open.run(() => db.pages.from(first.next!, "", 10));
    expect(second).toMatchObject({ next: null });
    expect(second.keys).toHaveLength(10);
  });

  test("know of writes that are not in the store yet", async () => {
    const open = await openKeyspace();
    const db = await filled(3, open);
    await open.run(() => {
      db.delete(name(1));
      db.put("k00000a", "new");
    });
    expect(await scan(open, db, 10)).toEqual([name(0), "k00000a", name(2)]);
  });

  test("know of writes that overtake the read", async () => {
    const open = await openKeyspace();
    const db = await filled(20, open);
    const reading = open.run(() => db.pages.from("", "", 10));
    await open.run(() => {
      db.delete(name(3));
      db.delete(name(10));
      db.put("k00004a", "new");
      db.put("k00015a", "new");
    });
    const { keys, next } = await reading;
    const rest = await open.run(() => db.pages.from(next!, "", 100));
    const all = [...keys, ...rest.keys].map(({ key }) => key);
    expect(all).toEqual([...all].toSorted());
    expect(new Set(all)).toEqual(
      new Set([
        ...Array.from({ length: 20 }, (_, n) => name(n)).filter((key) => key !== name(3) && key !== name(10)),
        "k00004a",
        "k00015a",
      ]),
    );
  });

  test("leave out what has expired, in memory or not", async () => {
    const open = await openKeyspace();
    const db = await filled(3, open);
    const now = Date.now();
    await open.run(() => {
      db.setExpiry(db.find(name(0))!, now + 1000);
      db.setExpiry(db.find(name(1))!, now + 5000);
    }, now);
    await open.keyspace.committer.settle();
    const again = await openKeyspace({ store: open.store });
    for (const { run, keyspace } of [open, again]) {
      const { keys } = await run(() => keyspace.databases[0]!.pages.from("", "", 10), now + 1001);
      expect(keys.map(({ key }) => key)).toEqual([name(1), name(2)]);
    }
  });

  test("tell the type of each key", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    await open.run(() => {
      db.put("a", "string");
      db.hashToWrite("b").set("f", "v");
      for (let n = 0; n < 10; n++) db.setToWrite("c").add(`member ${n}`);
    });
    const expected = [
      { key: "a", type: "string" },
      { key: "b", type: "hash" },
      { key: "c", type: "set" },
    ];
    expect((await open.run(() => db.pages.from("", "", 10))).keys).toEqual(expected);
    await open.keyspace.committer.settle();
    const { run, keyspace } = await openKeyspace({ store: open.store });
    expect((await run(() => keyspace.databases[0]!.pages.from("", "", 10))).keys).toEqual(expected);
  });

  test("belong to their database", async () => {
    const open = await openKeyspace();
    const [db, other] = open.keyspace.databases;
    await open.run(() => {
      db!.put("mine", "v");
      other!.put("other", "v");
    });
    expect(await scan(open, db!, 10)).toEqual(["mine"]);
    await open.run(() => db!.flush());
    expect(await scan(open, db!, 10)).toEqual([]);
    expect(await scan(open, other!, 10)).toEqual(["other"]);
  });

  test("a flush overtakes a read", async () => {
    const open = await openKeyspace();
    const db = await filled(50, open);
    const reading = open.run(() => db.pages.from("", "", 10));
    await open.run(() => {
      db.flush();
      db.put("after", "v");
    });
    expect((await reading).keys.map(({ key }) => key)).toEqual(["after"]);
  });

  test("a scan meets every key that stays, whatever happens to the others", async () => {
    const random = new Random(7);
    for (let round = 0; round < 20; round++) {
      const open = await openKeyspace({ recordCacheBytes: 20_000 });
      const db = await filled(300, open);
      const isStaying = (n: number): boolean => n % 3 === 0;
      const seen = await scan(open, db, 1 + random.below(20), async () => {
        const changes = Array.from({ length: random.below(10) }, () => random.below(400)).filter(
          (n) => !isStaying(n),
        );
        await open.run(() => {
          db.ready(changes.map(name));
          for (const n of changes) if (!db.delete(name(n))) db.put(name(n), "again");
        });
        if (random.below(3) === 0) await open.keyspace.committer.settle();
        open.keyspace.cache.trim();
      });
      const staying = Array.from({ length: 300 }, (_, n) => n)
        .filter(isStaying)
        .map(name);
      expect(staying.filter((key) => !seen.includes(key))).toEqual([]);
      expect(new Set(seen).size).toBe(seen.length);
    }
  });
});

describe("a prefix", () => {
  test("limits what is read", async () => {
    const open = await openKeyspace();
    const db = open.keyspace.databases[0]!;
    const names = ["", "a", "a\xff", "a\xff\xff", "ab", "b", "\xff", "\xff\xff"];
    await open.run(() => {
      for (const key of names) db.put(key, "v");
    });
    for (const prefix of names) {
      const { keys } = await open.run(() => db.pages.from("", prefix, 100));
      expect(keys.map(({ key }) => key)).toEqual(names.filter((key) => key.startsWith(prefix)).toSorted());
    }
  });

  test.each([
    ["ab", "ac"],
    ["a\xff", "b"],
    ["a\xff\xff", "b"],
    ["", null],
    ["\xff", null],
    ["\xfe", "\xff"],
  ])("behind %j comes %j", (prefix, next) => expect(afterPrefix(prefix)).toBe(next));
});

describe("all keys that match", () => {
  const isEven = (key: string): boolean => Number(key.slice(1)) % 2 === 0;

  test("are given up to a limit", async () => {
    const open = await openKeyspace();
    const db = await filled(100, open);
    expect(await open.run(() => db.pages.matching("k", isEven, 50))).toHaveLength(50);
    expect(await open.run(() => db.pages.matching("k", isEven, 49))).toBeNull();
  });

  test("past that they are counted and streamed as they were when it began", async () => {
    const open = await openKeyspace();
    const db = await filled(5000, open);
    const now = Date.now();
    await open.run(() => {
      db.delete(name(0));
      db.put("k9998", "not written yet");
      db.setExpiry(db.find(name(2))!, now + 1);
    }, now);
    const listing = await open.run(
      () => open.keyspace.reading.attempt.once(db, "l", () => db.pages.list("k", isEven)),
      now + 2,
    );
    await open.run(() => {
      db.delete(name(4));
      db.put("k9996", "too late");
    });
    await open.keyspace.committer.settle();
    const streamed: string[] = [];
    for await (const run of listing.stream()) streamed.push(...run);
    expect(streamed).toHaveLength(listing.count);
    expect(streamed.slice(0, 3)).toEqual([name(4), name(6), name(8)]);
    expect(streamed.at(-1)).toBe("k9998");
    expect(listing.count).toBe(2500 - 2 + 1);
  });

  test("a stream that nobody reads lets go of the store", async () => {
    const open = await openKeyspace();
    const db = await filled(10, open);
    const listing = await open.run(() =>
      open.keyspace.reading.attempt.once(db, "l", () => db.pages.list("", () => true)),
    );
    await listing.stream().return!();
    await open.store.close();
  });
});
