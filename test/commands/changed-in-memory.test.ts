import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Argument, Client } from "../support/client.ts";
import type { Plain } from "../support/plain.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { variant } from "../support/variant.ts";

/**
 * Collections that are in memory as a whole, and change more than is kept beside them: who needs their elements as they are
 * in the store gets them right all the same.
 */
const servers = [
  useServer({ kind: "redis" }),
  useServer({
    kind: "leveldis",
    args: [
      ...["--record-cache-size", "8mb"],
      ...["--collection-changes-kept", "20"],
      // In the store after some hundred changes.
      ...["--redo-log-size", "8kb"],
    ],
  }),
];
let clients: Client[] = [];

const SIZE = 2000;
const seed = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const random = new Random(seed);
console.log(`changed in memory: TEST_SEED=${seed}`);

type Command = readonly Argument[];

interface Kind {
  readonly add: (i: number, value: number) => Command;
  readonly change: () => Command;
  readonly readAll: (key: string) => Command;
  /** The same without order. */
  readonly scan: Command | null;
}

const nameOf = (i: number): string => `name:${i}`;
let nextEntry = SIZE;

const KINDS: Readonly<Record<string, Kind>> = {
  hash: {
    add: (i, value) => ["HSET", "hash", nameOf(i), `value:${value}`],
    change: () =>
      random.below(3) === 0
        ? ["HDEL", "hash", nameOf(random.below(SIZE))]
        : ["HSET", "hash", nameOf(random.below(SIZE)), `v${random.below(1000)}`],
    readAll: (key) => ["HGETALL", key],
    scan: ["HSCAN", "hash", "0", "COUNT", "100000"],
  },
  set: {
    add: (i) => ["SADD", "set", nameOf(i)],
    change: () => [random.below(2) === 0 ? "SREM" : "SADD", "set", nameOf(random.below(SIZE))],
    readAll: (key) => ["SMEMBERS", key],
    scan: ["SSCAN", "set", "0", "COUNT", "100000"],
  },
  zset: {
    add: (i, value) => ["ZADD", "zset", value, nameOf(i)],
    change: () =>
      random.below(4) === 0
        ? ["ZPOPMIN", "zset"]
        : ["ZADD", "zset", random.below(500), nameOf(random.below(SIZE))],
    readAll: (key) => ["ZRANGE", key, 0, -1, "WITHSCORES"],
    scan: ["ZSCAN", "zset", "0", "COUNT", "100000"],
  },
  list: {
    add: (_, value) => ["RPUSH", "list", value],
    change: () => {
      const kind = random.below(6);
      if (kind === 0) return ["LPOP", "list"];
      if (kind === 1) return ["RPOP", "list"];
      if (kind === 2) return ["LSET", "list", random.below(SIZE / 2), "changed"];
      return [kind < 5 ? "LPUSH" : "RPUSH", "list", random.below(1000)];
    },
    readAll: (key) => ["LRANGE", key, 0, -1],
    scan: null,
  },
  stream: {
    add: (i, value) => ["XADD", "stream", `${i + 1}-0`, "field", value],
    change: () =>
      random.below(3) === 0
        ? ["XDEL", "stream", `${1 + random.below(nextEntry)}-0`]
        : ["XADD", "stream", `${++nextEntry}-0`, "field", random.below(1000)],
    readAll: (key) => ["XRANGE", key, "-", "+"],
    scan: null,
  },
};

beforeAll(async () => {
  clients = await Promise.all(servers.map((server) => server.connect()));
  for (const { add } of Object.values(KINDS)) {
    await inTurn(Array.from({ length: SIZE }, (_, i) => add(i, random.below(500))));
  }
  // On disk: twice what one collection may have in memory.
  const large = "x".repeat(8000);
  await inTurn(Array.from({ length: 1000 }, (_, i) => ["RPUSH", "large", `${i}${large}`]));
});
afterAll(async () => {
  for (const client of clients) await client.close();
});

/** A batch of the log for each some of them. */
async function inTurn(commands: readonly Command[]): Promise<void> {
  for (let from = 0; from < commands.length; from += 10) {
    const some = commands.slice(from, from + 10);
    const [redis, tested] = await Promise.all(clients.map((client) => client.pipeline(some)));
    expect(tested).toEqual(redis);
  }
}

async function both(command: Command): Promise<readonly [Plain, Plain]> {
  const [redis, tested] = await Promise.all(clients.map((client) => client.send(...command)));
  return [redis!, tested!];
}

async function same(command: Command): Promise<void> {
  const [redis, tested] = await both(command);
  expect(tested, command.join(" ").slice(0, 100)).toEqual(redis);
}

/** Fields with their values, members with their scores, as a set. */
const unordered = (reply: Plain, type: string): string[] => {
  const flat = reply as string[];
  if (type === "set") return [...flat].sort();
  return flat.flatMap((name, i) => (i % 2 === 0 ? [`${name} ${flat[i + 1]}`] : [])).sort();
};

async function sameContents(type: string, key: string): Promise<void> {
  const command = KINDS[type]!.readAll(key);
  if (type !== "hash" && type !== "set") return same(command);
  const [redis, tested] = await both(command);
  expect(unordered(tested, type), key).toEqual(unordered(redis, type));
}

/** What needs the elements as they are in the store. */
const READERS: readonly ((type: string) => Promise<void>)[] = [
  async (type) => {
    const { scan } = KINDS[type]!;
    if (scan === null) return;
    const [redis, tested] = (await both(scan)) as unknown as [[string, Plain], [string, Plain]];
    expect(tested[0]).toBe("0");
    expect(unordered(tested[1], type)).toEqual(unordered(redis[1], type));
  },
  async (type) => {
    await same(["COPY", type, "copy", "REPLACE"]);
    await sameContents(type, "copy");
    await same(["RENAME", "copy", "renamed"]);
    await sameContents(type, "renamed");
    await same(["DEL", "renamed"]);
  },
  async (type) => {
    for (const client of clients) {
      const dump = (await client.send("DUMP", type)) as string;
      expect(await client.send("RESTORE", "restored", 0, Buffer.from(dump, "latin1"), "REPLACE")).toBe("OK");
    }
    await sameContents(type, "restored");
  },
  // It has written when it meets what is not in memory: it is taken back, and runs again.
  async (type) => {
    const at = random.below(800);
    const commands: Command[] = [
      KINDS[type]!.change(),
      ["LINDEX", "large", at],
      KINDS[type]!.change(),
      ["LRANGE", "large", at, at + 3],
      KINDS[type]!.change(),
    ];
    for (const client of clients) expect(await client.send("MULTI")).toBe("OK");
    for (const command of commands) await same(command);
    await same(["EXEC"]);
  },
  async () => {
    await clients[1]!.close();
    await servers[1]!.crashAndRestart();
    clients[1] = await servers[1]!.connect();
  },
  () => Promise.resolve(),
];

test("what is read of them in other ways is right after many changes, and after a crash", async () => {
  const types = Object.keys(KINDS);
  for (let round = 0; round < 40; round++) {
    const type = types[random.below(types.length)]!;
    const { change } = KINDS[type]!;
    await inTurn(Array.from({ length: 30 + random.below(60) }, change));
    await READERS[random.below(READERS.length)]!(type);
    // It comes into memory as a whole again.
    await sameContents(type, type);
  }
  for (const type of types) await sameContents(type, type);
}, 120_000);

test("one that becomes too large for memory leaves it with all that changed", async () => {
  await using server = new TestServer({
    kind: "leveldis",
    args: ["--record-cache-size", "4mb", "--collection-changes-kept", "20"],
  });
  await server.start();
  await using client = await server.connect();
  const expected = new Map<string, string>();
  const value = "y".repeat(1000);
  // Without a round in between: all of it is in the log only.
  for (let i = 0; i < 2000; i++) {
    const name = nameOf(random.below(2000));
    await client.send("HSET", "hash", name, `${i}${value}`);
    expected.set(name, `${i}${value}`);
  }
  expected.set("large", "z".repeat(1 << 20));
  const before = await infoField(client, "faults");
  const [name, held] = [...expected][0]!;
  const [isNew, got, info] = await client.pipeline([
    ["HSET", "hash", "large", expected.get("large")!],
    ["HGET", "hash", name],
    ["INFO", "leveldb"],
  ]);
  expect([isNew, got]).toEqual([1, held]);
  // Nobody waits for it to be on disk.
  if (variant !== "faults") expect(fieldOf(info as string, "faults")).toBe(before);
  await vi.waitFor(
    async () => expect(await infoField(client, "record_cache_used")).toBeLessThan(100_000),
    10_000,
  );
  for (const [field, last] of expected) expect(await client.send("HGET", "hash", field)).toBe(last);
  expect(await client.send("HLEN", "hash")).toBe(expected.size);
}, 60_000);

async function infoField(client: Client, name: string): Promise<number> {
  return fieldOf((await client.send("INFO", "leveldb")) as string, name);
}

const fieldOf = (info: string, name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(info)![1]);
