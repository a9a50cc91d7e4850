import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();
let clients: Client[] = [];
let client: Client;
let other: Client;

async function connect(): Promise<Client> {
  const made = await server.connect();
  clients.push(made);
  return made;
}

beforeEach(async () => {
  client = await connect();
  other = await connect();
  await client.send("FLUSHALL");
});

afterEach(async () => {
  for (const made of clients.splice(0)) await made.close();
});

describe("MULTI and EXEC", () => {
  test("commands are queued and answered together", async () => {
    expect(await client.send("MULTI")).toBe("OK");
    expect(await client.send("SET", "a", "1")).toBe("QUEUED");
    expect(await other.send("GET", "a")).toBe(null);
    expect(await client.send("INCR", "a")).toBe("QUEUED");
    expect(await client.send("EXEC")).toEqual(["OK", 2]);
    expect(await other.send("GET", "a")).toBe("2");
  });

  test("a command that fails while it runs does not stop the others", async () => {
    await client.pipeline([["MULTI"], ["SET", "a", "x"], ["INCR", "a"], ["SET", "b", "y"]]);
    const replies = (await client.send("EXEC")) as unknown[];
    expect(replies).toHaveLength(3);
    expect(String(replies[1])).toContain("not an integer");
    expect(await client.send("GET", "b")).toBe("y");
  });

  test.each([
    ["an unknown command", ["NOSUCH"]],
    ["a wrong number of arguments", ["SET", "a"]],
    ["WATCH", ["CONFIG", "NOSUCH"]],
  ])("after %s EXEC refuses everything", async (_, bad) => {
    await client.pipeline([["MULTI"], ["SET", "a", "1"]]);
    expect(await client.send(...bad)).toBeInstanceOf(Error);
    expect(String(await client.send("EXEC"))).toContain("EXECABORT");
    expect(await client.send("EXISTS", "a")).toBe(0);
    expect(String(await client.send("EXEC"))).toContain("EXEC without MULTI");
  });

  test("a large collection that was copied in it can be read as a whole in it", async () => {
    const members = Array.from({ length: 3000 }, (_, i) => `m${i}`);
    await client.send("HSET", "hash", ...members.flatMap((member) => [member, "v"]));
    await client.send("SADD", "set", ...members);
    await client.send("ZADD", "zset", ...members.flatMap((member, i) => [i, member]));
    await client.send("RPUSH", "list", ...members);
    const names = ["hash", "set", "zset", "list"];
    await client.pipeline([
      ["MULTI"],
      ...names.map((name) => ["COPY", name, `${name} too`]),
      ["HSET", "hash too", "m1", "w"],
      ...names.map((name) => ["DUMP", `${name} too`]),
      ["HGETALL", "hash too"],
      ["ZRANGE", "zset too", "0", "-1"],
    ]);
    const replies = (await client.send("EXEC")) as unknown[];
    expect(replies.slice(0, 5)).toEqual([1, 1, 1, 1, 0]);
    expect(replies[9]).toHaveLength(6000);
    expect(replies[10]).toEqual(members);
    expect(await client.send("HGET", "hash too", "m1")).toBe("w");
    expect(await client.send("HGET", "hash", "m1")).toBe("v");
  });

  test("a nested MULTI and a WATCH inside are refused, and the transaction goes on", async () => {
    await client.pipeline([["MULTI"], ["SET", "a", "1"]]);
    expect(String(await client.send("MULTI"))).toContain("MULTI calls can not be nested");
    expect(String(await client.send("WATCH", "a"))).toContain("WATCH inside MULTI is not allowed");
    expect(await client.send("EXEC")).toEqual(["OK"]);
  });

  test("DISCARD throws the queue away", async () => {
    await client.pipeline([["MULTI"], ["SET", "a", "1"]]);
    expect(await client.send("DISCARD")).toBe("OK");
    expect(await client.send("EXISTS", "a")).toBe(0);
    expect(String(await client.send("DISCARD"))).toContain("DISCARD without MULTI");
  });

  test("SELECT holds for what follows, also after EXEC", async () => {
    await client.pipeline([["MULTI"], ["SELECT", "3"], ["SET", "a", "3"]]);
    await client.send("EXEC");
    expect(await client.send("GET", "a")).toBe("3");
    expect(await other.send("GET", "a")).toBe(null);
  });

  test("reads see the writes before them, in collections of any size", async () => {
    const members = Array.from({ length: 2000 }, (_, i) => `m${i}`);
    await client.send("SADD", "set", ...members);
    await client.send("ZADD", "zset", ...members.flatMap((member, i) => [i, member]));
    await client.pipeline([
      ["MULTI"],
      ["SREM", "set", "m7"],
      ["SISMEMBER", "set", "m7"],
      ["ZREMRANGEBYRANK", "zset", 0, 999],
      ["ZRANGE", "zset", 0, 0],
      ["SCARD", "set"],
      ["RENAME", "set", "moved"],
      ["SADD", "moved", "m7"],
      ["SCARD", "moved"],
      ["FLUSHDB"],
      ["DBSIZE"],
      ["SADD", "set", "new"],
      ["SMEMBERS", "set"],
    ]);
    const replies = (await client.send("EXEC")) as unknown[];
    expect(replies).toEqual([1, 0, 1000, ["m1000"], 1999, "OK", 1, 2000, "OK", 0, 1, ["new"]]);
    expect(await client.send("DBSIZE")).toBe(1);
  });

  test("what blocks does not block inside", async () => {
    await client.pipeline([["MULTI"], ["BLPOP", "list", "0"], ["BZPOPMIN", "zset", "0"]]);
    expect(await client.send("EXEC")).toEqual([null, null]);
  });
});

describe("WATCH", () => {
  test.each([
    ["a write", ["SET", "a", "2"]],
    ["a deletion", ["DEL", "a"]],
    ["an expiry", ["PEXPIRE", "a", "1000000"]],
    ["RENAME over it", ["RENAME", "b", "a"]],
    ["FLUSHALL", ["FLUSHALL"]],
    ["SWAPDB", ["SWAPDB", "0", "5"]],
  ])("%s of another client ends the transaction", async (_, change) => {
    await client.pipeline([
      ["SET", "a", "1"],
      ["SET", "b", "1"],
    ]);
    expect(await client.send("WATCH", "a")).toBe("OK");
    await other.send(...change);
    await client.pipeline([["MULTI"], ["SET", "c", "1"]]);
    expect(await client.send("EXEC")).toBe(null);
    expect(await client.send("EXISTS", "c")).toBe(0);
    // The watch is over with the transaction.
    await client.pipeline([["MULTI"], ["SET", "c", "1"]]);
    expect(await client.send("EXEC")).toEqual(["OK"]);
  });

  test.each([
    ["another key", ["SET", "other", "2"]],
    ["a write that changes nothing", ["SETNX", "a", "2"]],
    ["a read", ["GET", "a"]],
  ])("%s does not", async (_, harmless) => {
    await client.send("SET", "a", "1");
    await client.send("WATCH", "a");
    await other.send(...harmless);
    await client.pipeline([["MULTI"], ["GET", "a"]]);
    expect(await client.send("EXEC")).toEqual(["1"]);
  });

  test("elements of a large collection count", async () => {
    await client.send("HSET", "hash", ...Array.from({ length: 3000 }, (_, i) => [`f${i}`, "v"]).flat());
    await client.send("WATCH", "hash");
    await other.send("HSET", "hash", "f9", "w");
    await client.pipeline([["MULTI"], ["HLEN", "hash"]]);
    expect(await client.send("EXEC")).toBe(null);
  });

  test("UNWATCH, DISCARD and RESET end it", async () => {
    for (const end of [[["UNWATCH"]], [["MULTI"], ["DISCARD"]], [["RESET"]]]) {
      await client.send("WATCH", "a");
      await client.pipeline(end);
      await other.send("SET", "a", "changed");
      await client.pipeline([["MULTI"], ["PING"]]);
      expect(await client.send("EXEC")).toEqual(["PONG"]);
    }
  });

  test("a watched key whose time comes has changed", async () => {
    await client.send("SET", "a", "1", "PX", "30");
    await client.send("WATCH", "a");
    while ((await other.send("EXISTS", "a")) === 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.pipeline([["MULTI"], ["PING"]]);
    expect(await client.send("EXEC")).toBe(null);
  });
});
