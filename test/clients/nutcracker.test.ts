import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Argument, Client, encodeCommand } from "../support/client.ts";
import { Daemon } from "../support/daemon.ts";
import { freePort } from "../support/port.ts";
import type { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

/** Debian's nutcracker (twemproxy), configured by the file that we ship, in front of three servers. */

const CONFIGURATION = join(import.meta.dirname, "../../deploy/nutcracker.yml");

const servers = [useServer(), useServer(), useServer()];
/** What the answers are compared with. */
const single = useServer();

let folder: string;
let proxy: Daemon;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leveldis-nutcracker-"));
  proxy = await startProxy();
});
afterAll(async () => {
  await proxy.close();
  await rm(folder, { recursive: true });
});

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Others may take the ports between our look and its listen: then it ends. */
async function startProxy(): Promise<Daemon> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const file = join(folder, "nutcracker.yml");
    await writeFile(file, await configuration(port));
    const statistics = ["--stats-addr", "127.0.0.1", "--stats-port", String(await freePort())];
    const args = ["--conf-file", file, "--output", join(folder, "log"), ...statistics];
    try {
      return await Daemon.start("nutcracker", args, port);
    } catch (cause) {
      if (attempt === 5) throw cause;
    }
  }
}

/** Our file, with the addresses of this test. */
async function configuration(port: number): Promise<string> {
  let text = await readFile(CONFIGURATION, "utf8");
  const replace = (found: string, by: string): void => {
    expect(text.split(found).length, found).toBe(2);
    text = text.replace(found, by);
  };
  replace("0.0.0.0:22121", `127.0.0.1:${port}`);
  for (const [i, server] of servers.entries())
    replace(`leveldis-${i + 1}:6377:`, `127.0.0.1:${server.port}:`);
  return text;
}

async function connect(port: number): Promise<Client> {
  const client = await Client.connect({ port, timeoutMs: 30_000 });
  cleanups.push(() => client.close());
  return client;
}

async function flushAll(): Promise<void> {
  for (const server of [...servers, single]) await (await connect(server.port)).send("FLUSHALL");
}

async function keysOn(server: TestServer): Promise<number> {
  return (await (await connect(server.port)).send("DBSIZE")) as number;
}

const REFUSED = "Error: ERR Connection refused";
const POLL = { timeout: 30_000 };

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe("three servers behind the proxy", () => {
  test("3000 keys are spread over all, and are read, counted and deleted many at a time", async () => {
    await flushAll();
    const client = await connect(proxy.port);
    const keys = names("key:", 3000);
    const replies = await client.pipeline(keys.map((key) => ["SET", key, `value of ${key}`]));
    expect(new Set(replies)).toEqual(new Set(["OK"]));
    const counts = await Promise.all(servers.map(keysOn));
    expect(counts.reduce((sum, count) => sum + count)).toBe(3000);
    for (const count of counts) expect(count).toBeGreaterThan(300);

    expect(await client.send("MGET", ...keys, "absent")).toEqual([
      ...keys.map((key) => `value of ${key}`),
      null,
    ]);
    expect(await client.send("MSET", ...keys.slice(0, 500).flatMap((key) => [key, "changed"]))).toBe("OK");
    expect(await client.send("MGET", "key:0", "key:499", "key:500")).toEqual([
      "changed",
      "changed",
      "value of key:500",
    ]);
    expect(await client.send("TOUCH", ...keys.slice(0, 100))).toBe(100);
    expect(await client.send("UNLINK", ...keys.slice(0, 1000))).toBe(1000);
    expect(await client.send("DEL", ...keys)).toBe(2000);
    expect(await Promise.all(servers.map(keysOn))).toEqual([0, 0, 0]);
  });

  test("answers are those of one server, pipelined, on every type", async () => {
    await flushAll();
    const through = await connect(proxy.port);
    const direct = await connect(single.port);
    const calls = names("", 60).flatMap(callsOn);
    for (const client of [through, direct]) client.write(encodeAll(calls));
    for (const call of calls) {
      const [seen, right] = [await through.readRaw(), await direct.readRaw()];
      expect(seen.toString("latin1"), call.join(" ")).toBe(right.toString("latin1"));
    }
    for (const server of servers) expect(await keysOn(server)).toBeGreaterThan(0);
  });

  test("keys with the same tag are on one server: commands and scripts over several", async () => {
    const client = await connect(proxy.port);
    for (const tag of names("user:", 20)) {
      const [a, b, both] = [`{${tag}}:a`, `{${tag}}:b`, `{${tag}}:both`];
      expect(await client.send("SADD", a, "x", "y")).toBe(2);
      expect(await client.send("SADD", b, "y", "z")).toBe(2);
      expect(await client.send("SINTERSTORE", both, a, b)).toBe(1);
      expect(await client.send("SMEMBERS", both)).toEqual(["y"]);
      const script = "return redis.call('SMOVE', KEYS[1], KEYS[2], ARGV[1])";
      expect(await client.send("EVAL", script, 2, a, b, "x")).toBe(1);
      expect(await client.send("SCARD", b)).toBe(3);
    }
  });

  test("large values, and keys of any bytes", async () => {
    const client = await connect(proxy.port);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const large = "0123456789".repeat(300_000);
    expect(await client.send("SET", bytes, large)).toBe("OK");
    expect(await client.send("GET", bytes)).toBe(large);
  });

  test("ioredis, which may not ask the proxy who it is", async () => {
    const redis = new Redis(proxy.port, "127.0.0.1", {
      enableReadyCheck: false,
      disableClientInfo: true,
      maxRetriesPerRequest: 1,
    });
    cleanups.push(() => redis.disconnect());
    redis.defineCommand("setTwice", {
      numberOfKeys: 1,
      lua: "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('APPEND', KEYS[1], ARGV[1])",
    });
    const set = redis as Redis & { setTwice(key: string, value: string): Promise<number> };
    // The first of each server answers NOSCRIPT to EVALSHA, and gets the script with EVAL.
    for (const key of names("twice:", 30)) expect(await set.setTwice(key, "ab")).toBe(4);
    const results = await redis.pipeline().hset("h", { a: 1 }).hgetall("h").zadd("z", 1, "m").exec();
    expect(results).toEqual([
      [null, 1],
      [null, { a: "1" }],
      [null, 1],
    ]);
  });
});

describe("a server that is away", () => {
  const keys = names("here:", 300);

  /** Which server has which of the keys. */
  async function placesOf(keys: readonly string[]): Promise<Map<TestServer, string[]>> {
    const places = new Map<TestServer, string[]>();
    for (const server of servers) {
      const direct = await connect(server.port);
      const found = await direct.pipeline(keys.map((key) => ["EXISTS", key]));
      places.set(
        server,
        keys.filter((_, i) => found[i] === 1),
      );
    }
    return places;
  }

  const gets = (keys: readonly string[]): Argument[][] => keys.map((key) => ["GET", key]);

  beforeAll(async () => {
    const client = await Client.connect({ port: proxy.port });
    for (const reply of await client.pipeline(keys.map((key) => ["SET", key, key]))) expect(reply).toBe("OK");
    await client.close();
  });

  test("killed: its keys give errors, the others go on; started again, nothing is lost and nothing moved", async () => {
    const client = await connect(proxy.port);
    const places = await placesOf(keys);
    const [lost, ...others] = servers;
    await lost!.crash();
    // The proxy has connections that it thinks are open: the first call may end with them.
    await expect
      .poll(async () => String(await client.send("GET", places.get(lost!)![0]!)), POLL)
      .toBe(REFUSED);
    for (const reply of await client.pipeline(gets(places.get(lost!)!))) {
      expect(String(reply)).toBe(REFUSED);
    }
    for (const server of others) {
      const theirs = places.get(server)!;
      expect(await client.pipeline(gets(theirs))).toEqual(theirs);
    }
    // After such an error the proxy hangs up.
    expect(String(await (await connect(proxy.port)).send("MGET", ...keys))).toBe(REFUSED);

    await lost!.start();
    await expect.poll(() => client.send("GET", places.get(lost!)![0]!), POLL).toBe(places.get(lost!)![0]!);
    expect(await client.send("MGET", ...keys)).toEqual(keys);
    expect(await placesOf(keys)).toEqual(places);
  }, 60_000);

  test("frozen: its keys give errors after the timeout, the others answer meanwhile", async () => {
    const client = await connect(proxy.port);
    const other = await connect(proxy.port);
    const places = await placesOf(keys);
    const [frozen, running] = servers;
    const waiting = places.get(frozen!)![0]!;
    process.kill(frozen!.pid, "SIGSTOP");
    try {
      const late = client.send("GET", waiting);
      const theirs = places.get(running!)!;
      expect(await other.pipeline(gets(theirs))).toEqual(theirs);
      expect(String(await late)).toBe("Error: ERR Connection timed out");
    } finally {
      process.kill(frozen!.pid, "SIGCONT");
    }
    await expect.poll(() => client.send("GET", waiting), POLL).toBe(waiting);
  }, 60_000);
});

function encodeAll(calls: readonly (readonly Argument[])[]): Buffer {
  return Buffer.concat(calls.map(encodeCommand));
}

/** What the proxy lets through, on the keys of one number. */
function callsOn(n: string): Argument[][] {
  const [s, h, l, set, z, hll, geo] = ["s", "h", "l", "set", "z", "hll", "geo"].map((type) => `${type}:${n}`);
  return [
    ["SET", s!, `value ${n}`],
    ["APPEND", s!, "!"],
    ["GETRANGE", s!, 0, 4],
    ["STRLEN", s!],
    ["SETBIT", s!, 7, 1],
    ["BITCOUNT", s!],
    ["GET", s!],
    ["INCR", s!],
    ["EXPIRE", s!, 1000],
    ["TTL", s!],
    ["PERSIST", s!],
    ["TYPE", s!],
    ["HSET", h!, "f", n, "g", "2"],
    ["HINCRBY", h!, "g", 40],
    ["HMGET", h!, "f", "g", "absent"],
    ["HGETALL", h!],
    ["HSCAN", h!, 0],
    ["HDEL", h!, "f"],
    ["RPUSH", l!, "a", "b", "c", n],
    ["LRANGE", l!, 0, -1],
    ["LINSERT", l!, "BEFORE", "c", "x"],
    ["LPOP", l!, 2],
    ["LPOS", l!, n],
    ["SADD", set!, "1", "2", n],
    ["SISMEMBER", set!, n],
    ["SMISMEMBER", set!, "1", "9"],
    ["SCARD", set!],
    ["SREM", set!, "1"],
    ["ZADD", z!, 1, "a", "2.5", "b", n, "c"],
    ["ZRANGE", z!, 0, -1, "WITHSCORES"],
    ["ZRANGEBYSCORE", z!, "(1", "+inf", "LIMIT", 0, 1],
    ["ZRANK", z!, "b"],
    ["ZINCRBY", z!, 3, "a"],
    ["ZPOPMIN", z!],
    ["ZREVRANGE", z!, 0, -1],
    ["PFADD", hll!, "a", "b", n],
    ["PFCOUNT", hll!],
    ["GEOADD", geo!, "13.36", "38.11", "Palermo", "15.08", "37.5", "Catania"],
    ["GEODIST", geo!, "Palermo", "Catania", "km"],
    ["GEOSEARCH", geo!, "FROMMEMBER", "Palermo", "BYRADIUS", 200, "km", "ASC"],
    ["DUMP", set!],
    ["GET", z!],
    ["EVAL", "return {KEYS[1], ARGV[1], redis.call('TYPE', KEYS[1])}", 1, z!, n],
    ["GETDEL", s!],
    ["DEL", h!, l!],
    ["EXISTS", h!],
  ];
}
