import { describe, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Argument, Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "2mb"] });

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

const names = (count: number, prefix = "key:"): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

async function put(client: Client, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 1000) {
    await client.send("MSET", ...keys.slice(at, at + 1000).flatMap((key) => [key, "v"]));
  }
}

interface Scan {
  readonly keys: string[];
  readonly steps: number;
}

/** A whole scan; `between` runs after each step. */
async function scan(
  client: Client,
  options: readonly Argument[] = [],
  between?: () => Promise<void>,
): Promise<Scan> {
  const keys: string[] = [];
  let steps = 0;
  for (let cursor = "0"; ;) {
    const [next, found] = (await client.send("SCAN", cursor, ...options)) as [string, string[]];
    keys.push(...found);
    steps++;
    if (next === "0") return { keys, steps };
    if (steps > 20_000) throw new Error("the scan does not end");
    cursor = next;
    await between?.();
  }
}

describe("a whole scan", () => {
  test("gives each key, once when nothing changes", async () => {
    await using client = await connect();
    expect(await scan(client)).toEqual({ keys: [], steps: 1 });
    const all = ["", "\0", "\xff\xff", ...names(1000)];
    await put(client, all);
    for (const count of [1, 7, 10, 1000, 5000]) {
      const { keys } = await scan(client, ["COUNT", count]);
      expect(new Set(keys)).toEqual(new Set(all));
      if (!isRedis) expect(keys.length).toBe(all.length);
    }
  });

  test("takes as many steps as COUNT says", async () => {
    await using client = await connect();
    await put(client, names(1000));
    if (!isRedis) expect((await scan(client)).steps).toBe(100);
    expect((await scan(client, ["COUNT", 2000])).steps).toBe(1);
    expect((await scan(client, ["COUNT", 1, "MATCH", "none*"])).keys).toEqual([]);
  });

  test("meets every key that stays, while others come and go", async () => {
    await using client = await connect();
    const staying = names(500, "stays:");
    await put(client, staying);
    const random = new Random(3);
    let serial = 0;
    const { keys } = await scan(client, ["COUNT", 5], async () => {
      const at = random.below(1000);
      await client.pipeline([
        ["SET", `stays:${at}a${serial++}`, "v"],
        ["DEL", `stays:${random.below(1000)}a${random.below(serial)}`],
        ["SET", `${random.below(2) === 0 ? "a" : "z"}:${serial}`, "v"],
        ["EXPIRE", `stays:${at % 500}`, 1000],
      ]);
    });
    const seen = new Set(keys);
    expect(staying.filter((key) => !seen.has(key))).toEqual([]);
  });

  test.skipIf(isRedis)("goes on after a crash, and meets every key", async () => {
    await using before = await connect();
    const all = names(300);
    await put(before, all);
    const [cursor, first] = (await before.send("SCAN", 0, "COUNT", 100)) as [string, string[]];
    await server.crashAndRestart();
    await using client = await server.connect();
    const seen = new Set(first);
    for (let next = cursor; next !== "0";) {
      const [after, found] = (await client.send("SCAN", next, "COUNT", 100)) as [string, string[]];
      for (const key of found) seen.add(key);
      next = after;
    }
    expect(seen).toEqual(new Set(all));
  });

  test("many at a time do not disturb each other", async () => {
    await using client = await connect();
    await put(client, names(400));
    const scans = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        await using other = await server.connect();
        return (await scan(other, ["COUNT", n + 1])).keys;
      }),
    );
    for (const keys of scans) expect(new Set(keys).size).toBe(400);
  });

  test("cursors fit what clients have for numbers", async () => {
    await using client = await connect();
    await put(client, names(100));
    const [cursor] = (await client.send("SCAN", 0)) as [string];
    expect(String(Number(cursor))).toBe(cursor);
    expect(Number.isSafeInteger(Number(cursor))).toBe(true);
  });
});

describe("MATCH", () => {
  test("reads what begins like the pattern, and gives what matches", async () => {
    await using client = await connect();
    await put(client, [...names(300, "user:"), ...names(300, "session:"), "user", "", "users", "user:\xff"]);
    expect(new Set((await scan(client, ["MATCH", "user:*"])).keys)).toEqual(
      new Set([...names(300, "user:"), "user:\xff"]),
    );
    expect((await scan(client, ["MATCH", "user:1?"])).keys.toSorted()).toEqual(
      names(20, "user:").slice(10).toSorted(),
    );
    expect((await scan(client, ["MATCH", "user"])).keys).toEqual(["user"]);
    expect((await scan(client, ["MATCH", ""])).keys).toEqual([""]);
    expect((await scan(client, ["MATCH", "none:*"])).keys).toEqual([]);
    expect(new Set((await scan(client, ["MATCH", "*"])).keys).size).toBe(604);
    expect(new Set((await scan(client, ["MATCH", "**"])).keys).size).toBe(603);
    if (!isRedis) {
      expect((await scan(client, ["MATCH", "none:*"])).steps).toBe(1);
      expect((await scan(client, ["MATCH", "user:29*"])).steps).toBeLessThan(3);
    }
  });
});

describe("TYPE", () => {
  test("gives the keys of that type, in any letter case", async () => {
    await using client = await connect();
    for (let n = 0; n < 50; n++) {
      await client.pipeline([
        ["SET", `s${n}`, "v"],
        ["HSET", `h${n}`, "f", "v"],
        ["SADD", `t${n}`, "m"],
        ["ZADD", `z${n}`, 1, "m"],
      ]);
    }
    for (const [type, prefix] of [
      ["string", "s"],
      ["hash", "h"],
      ["SET", "t"],
      ["zSet", "z"],
    ] as const) {
      expect(new Set((await scan(client, ["TYPE", type])).keys)).toEqual(new Set(names(50, prefix)));
    }
    expect((await scan(client, ["TYPE", "bogus"])).keys).toEqual([]);
    expect((await scan(client, ["TYPE", "hash", "MATCH", "h1*", "COUNT", 7])).keys.length).toBe(11);
    expect((await scan(client, ["TYPE", "hash", "MATCH", "s1"])).keys).toEqual([]);
    expect((await scan(client, ["TYPE", "string", "MATCH", "s1"])).keys).toEqual(["s1"]);
  });
});

test("what has expired is not shown", async () => {
  await using client = await connect();
  await put(client, names(50));
  await client.pipeline(names(40).map((key) => ["PEXPIRE", key, 1]));
  await expect.poll(() => client.send("GET", "key:39")).toBeNull();
  expect((await scan(client)).keys.toSorted()).toEqual(names(50).slice(40).toSorted());
});

test("what the same pipeline wrote is shown", async () => {
  await using client = await connect();
  await put(client, names(5));
  const replies = await client.pipeline([
    ["DEL", "key:1"],
    ["SET", "new", "v"],
    ["SCAN", 0],
    ["FLUSHDB"],
    ["SCAN", 0],
  ]);
  expect((replies[2] as [string, string[]])[1].toSorted()).toEqual([
    "key:0",
    "key:2",
    "key:3",
    "key:4",
    "new",
  ]);
  expect(replies[4]).toEqual(["0", []]);
});

test("errors are Redis'", async () => {
  await using client = await connect();
  const syntax = error("ERR syntax error");
  for (const options of [["COUNT"], ["COUNT", "0"], ["COUNT", "-1"], ["MATCH"], ["TYPE"], ["BOGUS", "1"]]) {
    expect(await client.send("SCAN", "0", ...options)).toEqual(syntax);
  }
  expect(await client.send("SCAN", "0", "COUNT", "x")).toEqual(
    error("ERR value is not an integer or out of range"),
  );
  for (const cursor of ["x", " 1", "1x", "18446744073709551616", "1.5"]) {
    expect(await client.send("SCAN", cursor)).toEqual(error("ERR invalid cursor"));
  }
  for (const cursor of ["", "+0", "18446744073709551615", "-1", "007"]) {
    expect(await client.send("SCAN", cursor)).toBeInstanceOf(Array);
  }
});
