import { type Server, type Socket, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { everyEncoding } from "../support/payloads.ts";
import { useServer } from "../support/use-server.ts";

const args = ["--enable-debug-command", "yes"];
const source = useServer({ kind: "leveldis", args });
const target = useServer({ kind: "leveldis", args });
const redis = useServer({ kind: "redis", args });

async function clients(): Promise<[Client, Client]> {
  const both = await Promise.all([source.connect(), target.connect()]);
  for (const client of both) await client.send("FLUSHALL");
  return both;
}

/** A server that answers what it is told, by the words of each request that it gets; nothing for undefined. */
class Script {
  readonly requests: string[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;
  answer: (request: string) => string | undefined = () => "+OK\r\n";

  constructor() {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.sockets.delete(socket));
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        for (;;) {
          const { words, rest } = take(received);
          if (words === null) return;
          received = rest;
          this.requests.push(words.slice(0, 2).join(" "));
          const reply = this.answer(words.slice(0, 2).join(" "));
          if (reply === "hang up") socket.destroy();
          else if (reply !== undefined) socket.write(reply);
        }
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

function take(bytes: string): { words: string[] | null; rest: string } {
  const words: string[] = [];
  let at = bytes.indexOf("\r\n") + 2;
  if (at === 1) return { words: null, rest: bytes };
  for (let left = Number(bytes.slice(1, at)); left > 0; left--) {
    const start = bytes.indexOf("\r\n", at) + 2;
    if (start === 1) return { words: null, rest: bytes };
    const end = start + Number(bytes.slice(at + 1, start));
    if (end + 2 > bytes.length) return { words: null, rest: bytes };
    words.push(bytes.slice(start, end));
    at = end + 2;
  }
  return { words, rest: bytes.slice(at) };
}

const scripts: Script[] = [];
afterEach(() => {
  for (const script of scripts.splice(0)) script.close();
});

async function scripted(answer: Script["answer"]): Promise<[Script, number]> {
  const script = new Script();
  scripts.push(script);
  script.answer = answer;
  return [script, await script.listen()];
}

const migrate = (client: Client, port: number, ...rest: (string | number)[]) =>
  client.send("MIGRATE", "127.0.0.1", port, ...rest);

describe("MIGRATE", () => {
  test.each(["leveldis", "redis"])("takes every type to a %s and back", async (kind) => {
    const [from] = await clients();
    const there = kind === "redis" ? redis : target;
    await using to = await there.connect();
    await to.send("FLUSHALL");
    await from.pipeline(everyEncoding);
    const keys = ((await from.send("KEYS", "*")) as string[]).toSorted();
    const digests = await from.send("DEBUG", "DIGEST-VALUE", ...keys);
    expect(await migrate(from, there.port, "", 0, 5000, "KEYS", ...keys)).toBe("OK");
    expect(await from.send("DBSIZE")).toBe(0);
    expect(await to.send("DEBUG", "DIGEST-VALUE", ...keys)).toEqual(digests);
    expect(await migrate(to, source.port, "", 0, 5000, "KEYS", ...keys)).toBe("OK");
    expect(await to.send("DBSIZE")).toBe(0);
    expect(await from.send("DEBUG", "DIGEST-VALUE", ...keys)).toEqual(digests);
  });

  test("with time to live, another database, COPY, REPLACE", async () => {
    const [from, to] = await clients();
    await from.send("SET", "k", "v", "EX", 1000);
    expect(await migrate(from, target.port, "k", 3, 1000, "COPY")).toBe("OK");
    expect(await from.send("GET", "k")).toBe("v");
    await to.send("SELECT", 3);
    expect(await to.send("TTL", "k")).toBeGreaterThan(990);
    await from.send("SET", "k", "w");
    expect(String(await migrate(from, target.port, "k", 3, 1000))).toMatch(
      /ERR Target instance replied with error: BUSYKEY/,
    );
    expect(await from.send("GET", "k")).toBe("w");
    expect(await migrate(from, target.port, "k", 3, 1000, "REPLACE")).toBe("OK");
    expect(await to.send("GET", "k")).toBe("w");
    expect(await to.send("TTL", "k")).toBe(-1);
    expect(await migrate(from, target.port, "k", 3, 1000)).toBe("NOKEY");
    expect(String(await migrate(from, target.port, "", 99, 1000, "KEYS", "k"))).toBe("NOKEY");
    await from.send("SET", "k", "w");
    expect(String(await migrate(from, target.port, "k", 99, 1000))).toMatch(/DB index is out of range/);
    expect(await migrate(from, target.port, "k", 4, 1000)).toBe("OK");
  });

  test("of several keys removes those that were taken", async () => {
    const [from, to] = await clients();
    await from.send("MSET", "a", 1, "b", 2, "c", 3);
    await to.send("SET", "b", "there");
    expect(String(await migrate(from, target.port, "", 0, 1000, "KEYS", "a", "none", "b", "c"))).toMatch(
      /BUSYKEY/,
    );
    expect(await from.send("KEYS", "*")).toEqual(["b"]);
    expect(await to.send("MGET", "a", "b", "c")).toEqual(["1", "there", "3"]);
  });

  test("logs in, every time that it is told to", async () => {
    const [from, to] = await clients();
    await to.send("CONFIG", "SET", "requirepass", "secret");
    await to.send("AUTH", "secret");
    try {
      await from.send("SET", "k", "v");
      expect(String(await migrate(from, target.port, "k", 0, 1000, "AUTH", "wrong"))).toMatch(/WRONGPASS/);
      expect(await from.send("EXISTS", "k")).toBe(1);
      expect(await migrate(from, target.port, "k", 0, 1000, "AUTH", "secret")).toBe("OK");
      await from.send("SET", "k2", "v");
      expect(await migrate(from, target.port, "k2", 0, 1000, "AUTH2", "default", "secret")).toBe("OK");
    } finally {
      await to.send("CONFIG", "SET", "requirepass", "");
    }
  });

  test("keeps passwords out of MONITOR", async () => {
    const [from] = await clients();
    await using monitor = await source.connect();
    await monitor.send("MONITOR");
    await migrate(from, target.port, "none", 0, 1000, "AUTH2", "default", "secret");
    expect(await monitor.read()).toContain('"AUTH2" "(redacted)" "(redacted)"');
  });

  test("uses a connection again, and another when that was closed", async () => {
    const [from] = await clients();
    const [script, port] = await scripted(() => "+OK\r\n");
    for (const key of ["a", "b"]) {
      await from.send("SET", key, 1);
      expect(await migrate(from, port, key, 5, 1000)).toBe("OK");
    }
    expect(script.requests).toEqual(["SELECT 5", "RESTORE a", "RESTORE b"]);
    expect(script.sockets.size).toBe(1);
    for (const socket of script.sockets) socket.destroy();
    await expect.poll(() => script.sockets.size).toBe(0);
    await from.send("SET", "c", 1);
    expect(await migrate(from, port, "c", 5, 1000)).toBe("OK");
    expect(script.requests.slice(3)).toEqual(["SELECT 5", "RESTORE c"]);
  });

  test("what was acknowledged before the connection broke is gone, the rest is here", async () => {
    const [from] = await clients();
    const [, port] = await scripted((request) => (request === "RESTORE b" ? "hang up" : "+OK\r\n"));
    await from.send("MSET", "a", 1, "b", 2, "c", 3);
    expect(String(await migrate(from, port, "", 0, 1000, "KEYS", "a", "b", "c"))).toMatch(
      /IOERR error or timeout reading to target instance/,
    );
    expect(((await from.send("KEYS", "*")) as string[]).toSorted()).toEqual(["b", "c"]);
  });

  test("tries again once where nothing was answered", async () => {
    const [from] = await clients();
    const [script, port] = await scripted(() => "hang up");
    await from.send("SET", "k", 1);
    expect(String(await migrate(from, port, "k", 0, 1000))).toMatch(/IOERR/);
    expect(script.requests.filter((request) => request === "SELECT 0")).toHaveLength(2);
    expect(await from.send("GET", "k")).toBe("1");
  });
});

describe("while it waits for the other server", () => {
  test("nobody else does, but for who writes to its key", async () => {
    const [from] = await clients();
    let release: (() => void) | undefined;
    const [script, port] = await scripted((request) =>
      request.startsWith("SELECT") ? "+OK\r\n" : undefined,
    );
    release = () => {
      for (const socket of script.sockets) socket.write("+OK\r\n");
    };
    await from.send("MSET", "k", "v", "other", "v");
    const migrated = migrate(from, port, "k", 0, 10_000);
    await expect.poll(() => script.requests).toContain("RESTORE k");
    await using reader = await source.connect();
    expect(await reader.send("GET", "k")).toBe("v");
    expect(await reader.send("SET", "other", "w")).toBe("OK");
    expect(await reader.send("MGET", "k", "other")).toEqual(["v", "w"]);
    const writes = [
      ["APPEND", "k", "+"],
      ["EVALSHA_RO", "none", 0],
      ["COPY", "other", "k"],
    ] as const;
    const writers = await Promise.all(writes.map(() => source.connect()));
    const done: string[] = [];
    const written = writers.map(async (writer, i) => {
      const reply = await writer.send(...writes[i]!);
      done.push(writes[i]![0]);
      return String(reply);
    });
    await using transaction = await source.connect();
    const transacted = transaction.pipeline([["MULTI"], ["SET", "third", 1], ["EXEC"]]);
    // What comes behind them on another connection is answered: they are held.
    expect(await reader.send("INCR", "counter")).toBe(1);
    expect(done).not.toContain("APPEND");
    expect(await reader.send("EXISTS", "third")).toBe(0);
    release();
    expect(await migrated).toBe("OK");
    expect((await transacted)[2]).toEqual(["OK"]);
    const replies = await Promise.all(written);
    // They came behind it: the key was gone, and is a new one.
    expect([replies[0], replies[2]]).toContain("1");
    for (const writer of writers) await writer.close();
  });

  test("time runs: after it the key is here, and what waited goes on", async () => {
    const [from] = await clients();
    const [, port] = await scripted(() => undefined);
    await from.send("SET", "k", "v");
    const migrated = migrate(from, port, "k", 0, 300);
    await using other = await source.connect();
    expect(String(await migrated)).toMatch(/IOERR error or timeout reading to target instance/);
    expect(await other.send("APPEND", "k", "+")).toBe(2);
  });

  test("its client may leave", async () => {
    const [from] = await clients();
    const [script, port] = await scripted((request) =>
      request.startsWith("SELECT") ? "+OK\r\n" : undefined,
    );
    await from.send("SET", "k", "v");
    const leaving = await source.connect();
    const lost = migrate(leaving, port, "k", 0, 10_000).catch(() => "left");
    await expect.poll(() => script.requests).toContain("RESTORE k");
    await leaving.close();
    expect(await lost).toBe("left");
    for (const socket of script.sockets) socket.write("+OK\r\n");
    await expect.poll(() => from.send("EXISTS", "k")).toBe(0);
  });
});

test("in a transaction it sends what the transaction made of the key", async () => {
  const [from, to] = await clients();
  await from.send("SET", "k", "old");
  const replies = await from.pipeline([
    ["MULTI"],
    ["SET", "k", "new"],
    ["APPEND", "k", "er"],
    ["MIGRATE", "127.0.0.1", target.port, "k", 0, 5000],
    ["SET", "k", "third"],
    ["MIGRATE", "127.0.0.1", target.port, "k", 1, 5000],
    ["EXISTS", "k"],
    ["EXEC"],
  ]);
  expect(replies.at(-1)).toEqual(["OK", 5, "OK", "OK", "OK", 0]);
  expect(await to.send("GET", "k")).toBe("newer");
  await to.send("SELECT", 1);
  expect(await to.send("GET", "k")).toBe("third");
});

test("of what others write meanwhile nothing is lost, and nothing is there twice", async () => {
  const [from, to] = await clients();
  const acknowledged: string[] = [];
  let isOver = false;
  const write = async (writer: number): Promise<void> => {
    await using client = await source.connect();
    for (let n = 0; !isOver; n++) {
      const names = [0, 1, 2].map((i) => `${writer}-${n}-${i}`);
      // By itself, in a transaction and in a script.
      const replies = await client.pipeline([
        ["SADD", "k", names[0]!],
        ["MULTI"],
        ["SADD", "k", names[1]!],
        ["EXEC"],
        ["EVAL", "return redis.call('SADD', KEYS[1], ARGV[1])", 1, "k", names[2]!],
      ]);
      expect(replies.map(String)).toEqual(["1", "OK", "QUEUED", "1", "1"]);
      acknowledged.push(...names);
    }
  };
  const writing = Promise.all([1, 2, 3].map(write));
  const found: string[] = [];
  let moves = 0;
  for (let rounds = 0; rounds < 100; rounds++) {
    const reply = String(await migrate(from, target.port, "k", 0, 5000));
    expect(reply).toMatch(/^(?:OK|NOKEY)$/);
    if (reply === "NOKEY") continue;
    moves++;
    found.push(...((await to.send("SMEMBERS", "k")) as string[]));
    await to.send("DEL", "k");
  }
  isOver = true;
  await writing;
  found.push(...((await from.send("SMEMBERS", "k")) as string[]));
  expect(moves).toBeGreaterThan(10);
  expect(found.toSorted()).toEqual(acknowledged.toSorted());
}, 30_000);

test("from a script", async () => {
  const [from, to] = await clients();
  await from.send("HSET", "h", "f", "v");
  const script = `
    redis.call('HSET', KEYS[1], 'g', 'w')
    local moved = redis.call('MIGRATE', '127.0.0.1', ARGV[1], KEYS[1], 0, 5000)
    return {moved.ok, redis.call('EXISTS', KEYS[1]), redis.pcall('MIGRATE', '127.0.0.1', 1, 'none', 0, 10)}`;
  expect(await from.send("EVAL", script, 1, "h", target.port)).toEqual(["OK", 0, "NOKEY"]);
  expect(await to.send("HMGET", "h", "f", "g")).toEqual(["v", "w"]);
});
