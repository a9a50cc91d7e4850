import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import type { Exact } from "../support/exact.ts";
import { error } from "../support/plain.ts";
import { freePort } from "../support/port.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();
const redis = useServer({ kind: "redis" });
let client: Client;
let real: Client;

beforeAll(async () => {
  client = await server.connect();
  real = await redis.connect();
});
afterAll(() => Promise.all([client.close(), real.close()]));

async function value(name: string): Promise<unknown> {
  return ((await client.send("CONFIG", "GET", name)) as unknown[])[1];
}

async function set(...words: (string | number)[]): Promise<unknown> {
  return client.send("CONFIG", "SET", ...words);
}

describe("replies equal to Redis'", () => {
  test.each([
    "GET",
    "GET maxclients",
    "GET MaxClients",
    "GET timeout maxclients timeout",
    "GET zset-max-ziplist-value nothing",
    "GET client-output-buffer-limit",
    "GET latency-tracking-info-percentiles",
    "GET oom-score-adj-values shutdown-on-sigterm proto-max-bulk-len",
    "SET",
    "SET timeout",
    "SET timeout 1 maxclients",
    "SET nothing 1",
    "SET timeout 1 nothing 1",
    "SET timeout x",
    "SET timeout -1",
    "SET timeout 2147483648",
    "SET timeout 1.5",
    "SET maxclients 0",
    "SET loglevel loud",
    "SET appendfsync sometimes",
    "SET protected-mode maybe",
    "SET proto-max-bulk-len 1kb",
    "SET proto-max-bulk-len big",
    "SET hash-max-listpack-value -1",
    "SET databases 3",
    "SET unixsocket /x",
    "SET pidfile /x",
    "SET dir /x",
    "SET timeout 1 timeout 2",
    "SET hash-max-listpack-entries 1 hash-max-ziplist-entries 2",
    "SET timeout 7 loglevel loud",
    "SET client-output-buffer-limit nobody",
    "SET latency-tracking-info-percentiles 101",
    "SET save nonsense",
    "SET notify-keyspace-events Q",
    "SET timeout 9 set-max-intset-entries 64",
    "GET timeout set-max-intset-entries",
    "SET timeout 0",
    "REWRITE",
    "REWRITE x",
    "RESETSTAT",
    "RESETSTAT x",
    "HELP",
    "HELP x",
    "NONSENSE",
  ])("CONFIG %s", async (text) => {
    const command = ["CONFIG", ...text.split(" ")];
    const [expected, actual] = await Promise.all([real.sendExact(...command), client.sendExact(...command)]);
    expect(sorted(command, actual)).toEqual(sorted(command, expected));
  });

  test("RESP3 answers a map, and several patterns name an option once", async () => {
    await using three = await server.connect3();
    await using three7 = await redis.connect3();
    const command = ["CONFIG", "GET", "hash-max-list*", "hash-max-listpack-*s", "timeout"] as const;
    const [expected, actual] = [await three7.sendExact(...command), await three.sendExact(...command)];
    const names = (reply: Exact): string[] =>
      (reply as { map: [string, string][] }).map.map(([name]) => name).toSorted();
    expect(names(actual)).toEqual(names(expected));
    expect(names(actual)).toEqual(["hash-max-listpack-entries", "hash-max-listpack-value", "timeout"]);
  });

  test("every directive of Redis is known", async () => {
    const names = async (from: Client): Promise<string[]> =>
      ((await from.send("CONFIG", "GET", "*")) as string[]).filter((_, i) => i % 2 === 0);
    const known = new Set(await names(client));
    expect((await names(real)).filter((name) => !known.has(name))).toEqual([]);
  });
});

/** Pairs of CONFIG GET have no order. */
function sorted(command: readonly string[], reply: Exact): unknown {
  if (command[1] !== "GET" || !Array.isArray(reply)) return reply;
  const pairs = reply.map((name, i) => (i % 2 === 0 ? JSON.stringify([name, reply[i + 1]]) : ""));
  return pairs.filter((pair) => pair !== "").toSorted();
}

describe("CONFIG SET", () => {
  test("all or nothing", async () => {
    expect(await set("timeout", 11, "gc-interval", 0, "loglevel", "debug")).toEqual(
      error(
        "ERR CONFIG SET failed (possibly related to argument 'gc-interval') - argument must be between 1 and 2147483647 inclusive",
      ),
    );
    expect([await value("timeout"), await value("loglevel")]).toEqual(["0", "notice"]);
  });

  test.each([
    ["maxmemory", "100mb", /data is kept on disk and never evicted/],
    ["replicaof", "a 1", /immutable/],
    ["tls-port", "7000", /TLS is not supported yet/],
    ["dir", "/", /can't set protected config/],
    ["backend-option", "blockSize=1", /immutable/],
  ])("%s %s is refused with the reason", async (name, text, reason) => {
    expect(String(await set(name, text))).toMatch(reason);
  });

  test("a value that stays is no change", async () => {
    expect(await set("port", server.port, "bind", "127.0.0.1", "maxmemory", 0)).toBe("OK");
  });

  test("acts at once: packing", async () => {
    const before = String(await value("hash-max-listpack-entries"));
    await set("hash-max-listpack-entries", 1);
    await client.send("HSET", "h1", "a", 1, "b", 2);
    expect(await client.send("OBJECT", "ENCODING", "h1")).toBe("hashtable");
    await set("hash-max-listpack-entries", 2);
    await client.send("HSET", "h2", "a", 1, "b", 2);
    expect(await client.send("OBJECT", "ENCODING", "h2")).toBe("listpack");
    await set("hash-max-listpack-entries", before);
    expect(await value("hash-max-ziplist-entries")).toBe(before);
  });

  test("acts at once: requirepass", async () => {
    await set("requirepass", "geheim");
    await using other = await server.connect();
    expect(await other.send("PING")).toEqual(error("NOAUTH Authentication required."));
    expect(await other.send("AUTH", "geheim")).toBe("OK");
    await set("requirepass", "");
    await using open = await server.connect();
    expect(await open.send("PING")).toBe("PONG");
  });

  test("acts at once: maxclients", async () => {
    const clients = /connected_clients:(\d+)/.exec(String(await client.send("INFO", "clients")))![1]!;
    await set("maxclients", clients);
    await using refused = await server.connect();
    expect((await refused.readUntilClosed()).toString()).toBe("-ERR max number of clients reached\r\n");
    await set("maxclients", 10_000);
    await using accepted = await server.connect();
    expect(await accepted.send("PING")).toBe("PONG");
  });

  test("acts at once: timeout", async () => {
    await using idle = await server.connect();
    expect(await idle.send("PING")).toBe("PONG");
    await set("timeout", 1);
    const closed = idle.readUntilClosed();
    expect((await closed).length).toBe(0);
    await client.close();
    client = await server.connect();
    expect(await set("timeout", 0)).toBe("OK");
  });

  test("acts at once: loglevel", async () => {
    await set("loglevel", "debug");
    expect(await value("loglevel")).toBe("debug");
    await set("loglevel", "notice");
  });

  test("what storage follows can change under it", async () => {
    for (const [name, text, shown] of [
      ["appendfsync", "always", "always"],
      ["gc-interval", "20", "20"],
      ["gc-batch-size", "7", "7"],
      ["record-cache-size", "1mb", "1048576"],
    ] as const) {
      const before = String(await value(name));
      expect(await set(name, text)).toBe("OK");
      expect(await value(name)).toBe(shown);
      for (let i = 0; i < 100; i++) await client.send("SET", `k${i}`, "x".repeat(20_000));
      expect(await client.send("GET", "k99")).toBe("x".repeat(20_000));
      expect(await set(name, before)).toBe("OK");
    }
  });

  test("RESETSTAT empties what INFO counts", async () => {
    await client.send("GET", "missing");
    await client.send("NONSENSE");
    expect(await client.send("CONFIG", "RESETSTAT")).toBe("OK");
    const info = String(await client.send("INFO", "all"));
    expect(info).toMatch(/keyspace_misses:0\r/);
    expect(info).not.toMatch(/errorstat_|cmdstat_get:/);
  });
});

describe("addresses", () => {
  const own = new TestServer();
  let admin: Client;

  beforeEach(async () => {
    await own.start();
    admin = await own.connect();
  });
  afterEach(async () => {
    await admin.close();
    await own.close();
  });

  const answers = async (host: string, port: number): Promise<boolean> => {
    try {
      await using guest = await Client.connect({ host, port });
      return (await guest.send("PING")) === "PONG";
    } catch {
      return false;
    }
  };
  const shown = async (): Promise<unknown> => admin.send("CONFIG", "GET", "port", "bind");

  test("another port: connections stay", async () => {
    const port = await freePort();
    expect(await admin.send("CONFIG", "SET", "port", port, "timeout", 7)).toBe("OK");
    expect(await answers("127.0.0.1", own.port)).toBe(false);
    expect(await answers("127.0.0.1", port)).toBe(true);
    expect(String(await admin.send("INFO", "server"))).toContain(`tcp_port:${port}\r`);
    expect(await shown()).toEqual(expect.arrayContaining(["port", String(port)]));
    expect(await admin.send("CONFIG", "SET", "port", own.port)).toBe("OK");
    expect(await answers("127.0.0.1", own.port)).toBe(true);
  });

  test("more addresses, and fewer: what stays is not interrupted", async () => {
    expect(await admin.send("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2 -192.0.2.1")).toBe("OK");
    expect(await Promise.all(["127.0.0.1", "127.0.0.2"].map((host) => answers(host, own.port)))).toEqual([
      true,
      true,
    ]);
    expect(await admin.send("CONFIG", "SET", "bind", "127.0.0.2")).toBe("OK");
    expect(await Promise.all(["127.0.0.1", "127.0.0.2"].map((host) => answers(host, own.port)))).toEqual([
      false,
      true,
    ]);
    expect(await admin.send("CONFIG", "SET", "bind", "*")).toBe("OK");
    expect(await answers("127.0.0.3", own.port)).toBe(true);
    expect(await admin.send("CONFIG", "SET", "bind", "127.0.0.1")).toBe("OK");
    expect(await answers("127.0.0.2", own.port)).toBe(false);
    expect(await admin.send("CONFIG", "SET", "bind", "")).toBe("OK");
    expect(await answers("127.0.0.1", own.port)).toBe(false);
  });

  test("what cannot be listened on changes nothing, in Redis' words", async () => {
    const before = await shown();
    for (const pairs of [
      ["timeout", 7, "port", redis.port],
      ["bind", "127.0.0.1 192.0.2.1"],
      ["bind", "192.0.2.1", "port", 0],
      ["port", await freePort(), "bind", "192.0.2.1"],
      ["port", await freePort(), "timeout", "x"],
      ["timeout", 7, "bind", "127.0.0.2 192.0.2.1"],
    ]) {
      const mine = pairs.map((word) => (word === 0 ? own.port + 1 : word));
      const theirs = pairs.map((word) =>
        word === 0 ? redis.port + 1 : word === redis.port ? own.port : word,
      );
      expect(await admin.send("CONFIG", "SET", ...mine)).toEqual(await real.send("CONFIG", "SET", ...theirs));
      expect(await shown()).toEqual(before);
      expect(await admin.send("CONFIG", "GET", "timeout")).toEqual(["timeout", "0"]);
      expect(await answers("127.0.0.1", own.port)).toBe(true);
      expect(await answers("127.0.0.2", own.port)).toBe(false);
    }
  });

  test("in a transaction, and not when that is called off", async () => {
    const port = await freePort();
    await using other = await own.connect();
    await admin.send("SET", "k", 1);
    await admin.pipeline([
      ["WATCH", "k"],
      ["MULTI"],
      ["SET", "k", 2],
      ["CONFIG", "SET", "port", port],
      ["GET", "k"],
    ]);
    expect(await admin.send("EXEC")).toEqual(["OK", "OK", "2"]);
    expect(await answers("127.0.0.1", port)).toBe(true);
    await admin.pipeline([["WATCH", "k"], ["MULTI"], ["CONFIG", "SET", "port", own.port]]);
    await other.send("SET", "k", 3);
    expect(await admin.send("EXEC")).toBeNull();
    expect(await answers("127.0.0.1", port)).toBe(true);
  });

  test("two at once: one of them is what is listened on", async () => {
    const ports = [await freePort(), await freePort()];
    await using other = await own.connect();
    expect(
      await Promise.all([admin, other].map((client, i) => client.send("CONFIG", "SET", "port", ports[i]!))),
    ).toEqual(["OK", "OK"]);
    const [, port] = (await admin.send("CONFIG", "GET", "port")) as string[];
    await expect.poll(() => answers("127.0.0.1", Number(port))).toBe(true);
    expect(
      await answers(
        "127.0.0.1",
        ports.find((one) => String(one) !== port)!,
      ),
    ).toBe(false);
  });
});

describe("CONFIG REWRITE", () => {
  test("a file that cannot be written: Redis' words, and the file stays", async () => {
    const folder = mkdtempSync(join(tmpdir(), "leveldis-rewrite-"));
    const file = join(folder, "leveldis.conf");
    writeFileSync(file, "timeout 5\n");
    const own = new TestServer({ configFile: file });
    try {
      await own.start();
      await using admin = await own.connect();
      rmSync(folder, { recursive: true });
      expect(await admin.send("CONFIG", "REWRITE")).toEqual(
        error("ERR Rewriting config file: No such file or directory"),
      );
      mkdirSync(file, { recursive: true });
      expect(await admin.send("CONFIG", "REWRITE")).toEqual(
        error("ERR Rewriting config file: Is a directory"),
      );
    } finally {
      await own.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("keeps comments and order, and a restart finds the values", async () => {
    const folder = mkdtempSync(join(tmpdir(), "leveldis-rewrite-"));
    const file = join(folder, "leveldis.conf");
    writeFileSync(file, "# Our server\ntimeout 5\n\n# Clients\nmaxclients 50\n");
    const own = new TestServer({ configFile: file });
    try {
      await own.start();
      {
        await using admin = await own.connect();
        expect(
          await admin.send("CONFIG", "SET", "maxclients", 60, "requirepass", 'a "b"', "gc-interval", 44),
        ).toBe("OK");
        expect(await admin.send("CONFIG", "REWRITE")).toBe("OK");
      }
      const text = readFileSync(file, "utf8");
      expect(
        text.startsWith(
          "# Our server\ntimeout 5\n\n# Clients\nmaxclients 60\n# Generated by CONFIG REWRITE\n",
        ),
      ).toBe(true);
      expect(text).toContain(`dir ${own.dir}\n`);
      await own.restart();
      await using again = await own.connect();
      expect(await again.send("AUTH", 'a "b"')).toBe("OK");
      expect(await again.send("CONFIG", "GET", "gc-interval")).toEqual(["gc-interval", "44"]);
      expect(await again.send("CONFIG", "REWRITE")).toBe("OK");
      expect(readFileSync(file, "utf8")).toBe(text);
    } finally {
      await own.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
