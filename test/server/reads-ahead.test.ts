import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

/** Many times as many as the cache holds. */
const KEYS = 40_000;
/** No test writes to so many of the first. */
const UNCHANGED = 10_000;
const CLIENTS = 20;
const server = useServer({ args: ["--record-cache-size", "1mb"] });
let clients: Client[] = [];

beforeAll(async () => {
  const client = await server.connect();
  for (let from = 0; from < KEYS; from += 1000) {
    const pairs = Array.from({ length: 1000 }, (_, i) => [`key:${from + i}`, `${from + i}`]);
    await client.send("MSET", ...pairs.flat());
  }
  await client.close();
  // Nothing is in memory, and nothing will be written any more.
  await server.restart();
  clients = await Promise.all(Array.from({ length: CLIENTS }, () => server.connect()));
});
afterAll(() => Promise.all(clients.map((client) => client.close())));

async function readsAhead(field = "reads_ahead"): Promise<number> {
  const info = (await clients[0]!.send("INFO", "leveldb")) as string;
  return Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)![1]);
}

/** Until so many have been read ahead; at first it is seen whether the disk is fast. */
async function untilRead(count: number, work: () => Promise<void>): Promise<void> {
  const before = await readsAhead();
  for (let round = 0; round < 200; round++) {
    await work();
    if ((await readsAhead()) - before >= count) return;
  }
  throw new Error(`${(await readsAhead()) - before} were read ahead, not ${count}`);
}

test("what clients lack is read together", async () => {
  const random = new Random(1);
  await untilRead(10_000, async () => {
    await Promise.all(
      clients.map(async (client) => {
        const keys = Array.from({ length: 100 }, () => random.below(2 * KEYS));
        const values = await client.pipeline(keys.map((key) => ["GET", `key:${key}`]));
        expect(values).toEqual(keys.map((key) => (key < KEYS ? `${key}` : null)));
      }),
    );
  });
});

test("no write that overtakes a read is lost, and each client's requests run in their order", async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const added = new Map<number, number>();
  await untilRead(10_000, async () => {
    // Several clients meet at each of these.
    const from = UNCHANGED + random.below(KEYS - UNCHANGED - 1000);
    await Promise.all(
      clients.map(async (client) => {
        const keys = Array.from({ length: 100 }, () => from + random.below(1000));
        for (const key of keys) added.set(key, (added.get(key) ?? 0) + 1);
        const replies = (await client.pipeline(
          keys.flatMap((key) => [
            ["INCR", `key:${key}`],
            ["GET", `key:${key}`],
          ]),
        )) as (number | string)[];
        // Somebody else may come between the two.
        for (let i = 0; i < replies.length; i += 2) {
          expect(Number(replies[i + 1])).toBeGreaterThanOrEqual(replies[i] as number);
        }
      }),
    );
  });
  const keys = [...added.keys()];
  const values = await clients[0]!.pipeline(keys.map((key) => ["GET", `key:${key}`]));
  expect(values).toEqual(keys.map((key) => String(key + added.get(key)!)));
});

test("keys that a command names elsewhere than in front are read as well, what is no key is not", async () => {
  const [client] = clients;
  const before = await readsAhead();
  const inlineBefore = await readsAhead("inline_reads");
  const keys = Array.from({ length: 100 }, (_, i) => `key:${i * 97 + 5}`);
  expect(await client!.pipeline(keys.map((key) => ["OBJECT", "ENCODING", key]))).toEqual(
    keys.map(() => "int"),
  );
  expect(await client!.pipeline(keys.map((key) => ["MGET", `no:${key}`, key]))).toEqual(
    keys.map((key) => [null, key.slice(4)]),
  );
  const after = await readsAhead();
  expect(after - before).toBeGreaterThan(90);
  // One of each group tells how fast the disk is.
  expect((await readsAhead("inline_reads")) - inlineBefore).toBeGreaterThan(0);
  await client!.pipeline(keys.map((key) => ["ECHO", `no key ${key}`]));
  await client!.pipeline(keys.map((key) => ["PUBLISH", `channel ${key}`, "x"]));
  expect(await readsAhead()).toBe(after);
});

test("a client that leaves while its keys are read is no harm to the others", async () => {
  for (let round = 0; round < 5; round++) {
    const leaving = await server.connect();
    const replies = leaving.pipeline(Array.from({ length: 100 }, (_, i) => ["INCR", `left:${round}:${i}`]));
    replies.catch(() => undefined);
    await leaving.close();
    expect(await clients[0]!.send("PING")).toBe("PONG");
  }
});
