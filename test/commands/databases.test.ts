import { expect, test } from "vitest";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();

test("databases do not see each other's keys", async () => {
  await using client = await server.connect();
  await client.send("FLUSHALL");
  for (let db = 0; db < 16; db++) {
    await client.pipeline([
      ["SELECT", db],
      ["SET", "k", db],
      ["SADD", "s", db],
    ]);
  }
  for (let db = 0; db < 16; db++) {
    expect(
      (await client.pipeline([["SELECT", db], ["GET", "k"], ["SMEMBERS", "s"], ["DBSIZE"]])).slice(1),
    ).toEqual([String(db), [String(db)], 2]);
  }
  await client.pipeline([["SELECT", 3], ["FLUSHDB"], ["SET", "after", "v"]]);
  expect(await client.send("KEYS", "*")).toEqual(["after"]);
  expect(await client.pipeline([["SELECT", 4], ["DBSIZE"]])).toEqual(["OK", 2]);
  expect(await client.send("FLUSHALL")).toBe("OK");
  for (let db = 0; db < 16; db++)
    expect(await client.pipeline([["SELECT", db], ["DBSIZE"]])).toEqual(["OK", 0]);
});

test("all clients see a swap, also after a restart", async () => {
  await using first = await server.connect();
  await using second = await server.connect();
  await first.pipeline([["FLUSHALL"], ["SET", "k", "zero"], ["EXPIRE", "k", 1000]]);
  await second.pipeline([
    ["SELECT", 9],
    ["HSET", "h", "f", "nine"],
  ]);
  expect(await first.send("SWAPDB", 0, 9)).toBe("OK");
  expect(await first.send("HGET", "h", "f")).toBe("nine");
  expect(await second.send("GET", "k")).toBe("zero");
  expect(await second.send("TTL", "k")).toBeGreaterThan(900);
  if (server.kind === "redis") return;
  await server.crashAndRestart();
  await using third = await server.connect();
  expect(await third.send("HGET", "h", "f")).toBe("nine");
  expect(await third.pipeline([["SELECT", 9], ["GET", "k"], ["DBSIZE"]])).toEqual(["OK", "zero", 1]);
});

test("expiry follows a swap", async () => {
  await using client = await server.connect();
  await client.pipeline([["FLUSHALL"], ["SET", "k", "v", "PX", 300], ["SWAPDB", 0, 5], ["SELECT", 5]]);
  expect(await client.send("EXISTS", "k")).toBe(1);
  await expect.poll(() => client.send("DBSIZE")).toBe(0);
});

test("flushed databases stay empty after a crash, and take new keys", async () => {
  await using before = await server.connect();
  await before.send("FLUSHALL");
  await before.send("MSET", ...Array.from({ length: 5000 }, (_, n) => [`k${n}`, "v"]).flat());
  await before.pipeline([
    ["FLUSHDB", "ASYNC"],
    ["SET", "k1", "new"],
  ]);
  if (server.kind !== "redis") await server.crashAndRestart();
  await using client = await server.connect();
  expect(await client.send("DBSIZE")).toBe(1);
  expect(await client.send("KEYS", "*")).toEqual(["k1"]);
  expect(await client.send("GET", "k1")).toBe("new");
});

test("errors are Redis'", async () => {
  await using client = await server.connect();
  const syntax = error("ERR syntax error");
  for (const command of [
    ["FLUSHDB", "NOW"],
    ["FLUSHDB", "ASYNC", "SYNC"],
    ["FLUSHALL", ""],
  ]) {
    expect(await client.send(...command)).toEqual(syntax);
  }
  expect(await client.send("SWAPDB", "a", 0)).toEqual(error("ERR invalid first DB index"));
  expect(await client.send("SWAPDB", 0, 2 ** 31)).toEqual(error("ERR invalid second DB index"));
  expect(await client.send("SWAPDB", 0, 16)).toEqual(error("ERR DB index is out of range"));
  expect(await client.send("SWAPDB", -1, 0)).toEqual(error("ERR DB index is out of range"));
});
