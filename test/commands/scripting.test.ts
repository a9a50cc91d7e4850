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

const evaluate = (on: Client, script: string, ...args: (string | number)[]) =>
  on.send("EVAL", script, 0, ...args);

beforeEach(async () => {
  client = await connect();
  other = await connect();
  await client.send("FLUSHALL");
  await client.send("FUNCTION", "FLUSH");
});

afterEach(async () => {
  for (const made of clients.splice(0)) await made.close();
});

describe("scripts", () => {
  test("a script may touch any number of keys that it did not declare", async () => {
    const count = 3000;
    const fill = Array.from({ length: count }, (_, i) => ["RPUSH", `list:${i}`, `a${i}`, `b${i}`]);
    await client.pipeline(fill);
    const sum = await evaluate(
      client,
      `local sum = 0
       for i = 0, ${count - 1} do
         sum = sum + #redis.call('LRANGE', 'list:' .. i, 0, -1)
         redis.call('RPUSH', 'list:' .. i, 'c')
       end
       return sum`,
    );
    expect(sum).toBe(2 * count);
    expect(await client.send("LRANGE", "list:2999", 0, -1)).toEqual(["a2999", "b2999", "c"]);
  });

  test("a script that goes from key to key reads them all", async () => {
    await client.send("MSET", ...Array.from({ length: 500 }, (_, i) => [`k${i}`, `k${i + 1}`]).flat());
    const script = "local k = 'k0' for i = 1, 500 do k = redis.call('GET', k) end return k";
    expect(await evaluate(client, script)).toBe("k500");
  });

  test("what a script wrote before an error stays, and is all in one piece", async () => {
    const failed = await evaluate(
      client,
      "redis.call('SET', 'a', 1) redis.call('LPUSH', 'a', 1) redis.call('SET', 'b', 1)",
    );
    expect(String(failed)).toContain("WRONGTYPE");
    expect(await client.send("MGET", "a", "b")).toEqual(["1", null]);
  });

  test("the time of a script is one", async () => {
    const script =
      "redis.call('SET', 'a', 1, 'PX', 5) local n = 0 repeat n = n + 1 until n == 3000000 return redis.call('PTTL', 'a')";
    expect(await evaluate(client, script)).toBe(5);
    expect(await client.send("EXISTS", "a")).toBe(0);
  });

  test("WATCH notices what a script does, and a blocked client is served by it", async () => {
    await other.send("WATCH", "w");
    await other.send("MULTI");
    await other.send("PING");
    await evaluate(client, "redis.call('SET', 'w', 1)");
    expect(await other.send("EXEC")).toBe(null);
    const popped = other.send("BLPOP", "l", 0);
    await evaluate(client, "redis.call('RPUSH', 'l', 'a') redis.call('RPUSH', 'l', 'b')");
    expect(await popped).toEqual(["l", "a"]);
  });

  test("replies of any size are whole in a script", async () => {
    await client.send("CONFIG", "SET", "record-cache-size", "1mb");
    const fields = Array.from({ length: 20_000 }, (_, i) => [`field:${i}`, "x".repeat(20)]).flat();
    await client.send("HSET", "h", ...fields);
    await client.send("SADD", "s", ...fields);
    await client.send("ZADD", "z", ...fields.map((_, i) => (i % 2 === 0 ? i : fields[i - 1]!)));
    await client.send("RPUSH", "l", ...fields);
    await client.send("SET", "b", "y".repeat(3_000_000));
    const script = `return {#redis.call('HGETALL', 'h'), #redis.call('SMEMBERS', 's'), #redis.call('ZRANGE', 'z', 0, -1),
      #redis.call('LRANGE', 'l', 0, -1), #redis.call('GET', 'b'), #redis.call('HRANDFIELD', 'h', 19000),
      #redis.call('SRANDMEMBER', 's', -5000), #redis.call('ZRANDMEMBER', 'z', 19000), #redis.call('GETRANGE', 'b', 1, 2000000)}`;
    expect(await evaluate(client, script)).toEqual([
      40_000, 20_001, 20_000, 40_000, 3_000_000, 19_000, 5000, 19_000, 2_000_000,
    ]);
    await client.send("CONFIG", "SET", "record-cache-size", "256mb");
  });

  test("SCRIPT FLUSH in a transaction forgets when it is done", async () => {
    const sha = (await client.send("SCRIPT", "LOAD", "return redis.call('GET', 'cold')")) as string;
    await client.pipeline([
      ["MULTI"],
      ["EVALSHA", sha, 0],
      ["SCRIPT", "FLUSH"],
      ["SCRIPT", "EXISTS", sha],
      ["GET", "other"],
    ]);
    expect(await client.send("EXEC")).toEqual([null, "OK", [0], null]);
  });
});

describe("functions", () => {
  const library = (body: string): string =>
    `#!lua name=lib\nredis.register_function('f', function(keys, args) ${body} end)`;

  test("are part of a transaction", async () => {
    await client.pipeline([
      ["MULTI"],
      ["FUNCTION", "LOAD", library("return redis.call('INCR', 'counter')")],
      ["FCALL", "f", 0],
      ["FUNCTION", "DELETE", "lib"],
      ["GET", "cold"],
      ["FUNCTION", "LOAD", library("return 'second'")],
      ["FCALL", "f", 0],
    ]);
    expect(await client.send("EXEC")).toEqual(["lib", 1, "OK", null, "lib", "second"]);
    expect(await other.send("FCALL", "f", 0)).toBe("second");
  });

  test("outlive FLUSHALL and a restart", async () => {
    await client.send("FUNCTION", "LOAD", library("return redis.call('GET', keys[1])"));
    await client.send("FLUSHALL");
    await client.send("SET", "a", "1");
    const dump = await client.send("FUNCTION", "DUMP");
    await client.send("FUNCTION", "LOAD", "REPLACE", library("return 'new'"));
    await client.send("FUNCTION", "RESTORE", dump as string, "REPLACE");
    await server.crash();
    await server.start();
    clients = [];
    client = await connect();
    expect(await client.send("FCALL", "f", 1, "a")).toBe("1");
    expect(await client.send("FUNCTION", "DUMP")).toBe(dump);
    await client.send("FUNCTION", "FLUSH");
    await server.crash();
    await server.start();
    clients = [];
    client = await connect();
    expect(String(await client.send("FCALL", "f", 1, "a"))).toContain("Function not found");
  });
});
