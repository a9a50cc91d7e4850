import { expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";

/** kill -9 under load, again and again: what was acknowledged is there, and no command is half there. */

const ROUNDS = 6;
const WRITERS = 4;
const FIELDS = 8;
const ACKNOWLEDGED_PER_ROUND = 400;

/** Writes one number to three keys, of which it declares none; the first write and the last are far apart. */
const SCRIPT = `
local name, n = ARGV[1], ARGV[2]
redis.call('SET', name .. ':script:first', n)
for i = 1, 20 do redis.call('HSET', name .. ':script:hash', 'f' .. i, n) end
redis.call('RPUSH', name .. ':script:list', n)
redis.call('SET', name .. ':script:last', n)`;

class Refusal extends Error {}

/** What one writer was told is done; each of its commands writes the same number everywhere. */
class Writer {
  readonly #name: string;
  /** The last number that was acknowledged, and the last that was sent. */
  acknowledged = 0;
  sent = 0;

  constructor(name: string) {
    this.#name = name;
  }

  get keys(): string[] {
    return Array.from({ length: FIELDS }, (_, i) => `${this.#name}:${i}`);
  }

  /** Writes until the server dies. */
  async run(client: Client, onAcknowledged: () => void): Promise<void> {
    try {
      for (;;) {
        const n = ++this.sent;
        const replies = await client.pipeline([
          ["MSET", ...this.keys.flatMap((key) => [key, n])],
          ["HSET", `${this.#name}:hash`, ...this.keys.flatMap((key) => [key, n])],
          ["SADD", `${this.#name}:set`, n],
          ["ZADD", `${this.#name}:zset`, n, "last", n, `member:${n}`],
          ["SET", `${this.#name}:expiring:${n}`, n, "EX", 1000],
          ["MULTI"],
          ["SET", `${this.#name}:exec:string`, n],
          ["HSET", `${this.#name}:exec:hash`, "n", n],
          ["RPUSH", `${this.#name}:exec:list`, n],
          ["DEL", `${this.#name}:exec:${(n + 1) % 2}`],
          ["SET", `${this.#name}:exec:${n % 2}`, n],
          ["EXEC"],
          ["EVAL", SCRIPT, 0, this.#name, n],
        ]);
        const refused = replies.find((reply) => reply instanceof Error);
        if (refused !== undefined) throw new Refusal(String(refused));
        this.acknowledged = n;
        onAcknowledged();
      }
    } catch (error) {
      if (error instanceof Refusal) throw error;
      // The connection broke: the number under way may or may not have been written.
    }
  }

  /** EXEC is there whole or not at all. */
  async #checkTransaction(client: Client): Promise<void> {
    const n = Number(await client.send("GET", `${this.#name}:exec:string`));
    expect(n).toBeGreaterThanOrEqual(this.acknowledged);
    expect(n).toBeLessThanOrEqual(this.sent);
    expect(await client.send("HGET", `${this.#name}:exec:hash`, "n")).toBe(String(n));
    expect(await client.send("LINDEX", `${this.#name}:exec:list`, -1)).toBe(String(n));
    expect(await client.send("GET", `${this.#name}:exec:${n % 2}`)).toBe(String(n));
    expect(await client.send("EXISTS", `${this.#name}:exec:${(n + 1) % 2}`)).toBe(0);
  }

  /** So is a script. */
  async #checkScript(client: Client): Promise<void> {
    const n = Number(await client.send("GET", `${this.#name}:script:first`));
    expect(n).toBeGreaterThanOrEqual(this.acknowledged);
    expect(n).toBeLessThanOrEqual(this.sent);
    expect(await client.send("GET", `${this.#name}:script:last`)).toBe(String(n));
    expect(new Set((await client.send("HVALS", `${this.#name}:script:hash`)) as string[])).toEqual(
      new Set([String(n)]),
    );
    expect(await client.send("LINDEX", `${this.#name}:script:list`, -1)).toBe(String(n));
  }

  async check(client: Client): Promise<void> {
    const { acknowledged, sent } = this;
    const values = (await client.send("MGET", ...this.keys)) as string[];
    const fields = (await client.send("HVALS", `${this.#name}:hash`)) as string[];
    // A command is one batch: all of its keys and fields are of one number.
    expect(new Set(values).size).toBe(1);
    expect(new Set(fields).size).toBe(1);
    for (const last of [values[0], fields[0], await client.send("ZSCORE", `${this.#name}:zset`, "last")]) {
      expect(Number(last)).toBeGreaterThanOrEqual(acknowledged);
      expect(Number(last)).toBeLessThanOrEqual(sent);
    }
    await this.#checkTransaction(client);
    await this.#checkScript(client);
    const members = (await client.send("SCARD", `${this.#name}:set`)) as number;
    expect(members).toBeGreaterThanOrEqual(acknowledged);
    const present = await client.send(
      "SMISMEMBER",
      `${this.#name}:set`,
      ...Array.from({ length: acknowledged }, (_, i) => i + 1),
    );
    expect(present).toEqual(Array.from({ length: acknowledged }, () => 1));
    expect(await client.send("TTL", `${this.#name}:expiring:${acknowledged}`)).toBeGreaterThan(900);
    // What was written without an answer is as good as the rest: go on behind it.
    this.sent = this.acknowledged = Math.max(sent, Number(values[0]));
    await client.send("SADD", `${this.#name}:set`, ...Array.from({ length: this.sent }, (_, i) => i + 1));
  }
}

async function keyCount(client: Client): Promise<number> {
  let cursor = "0";
  const keys = new Set<string>();
  do {
    const [next, found] = (await client.send("SCAN", cursor, "COUNT", 1000)) as [string, string[]];
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  return keys.size;
}

test.each([
  ["everysec", "16mb"],
  ["always", "16mb"],
  ["no", "16mb"],
  // What was written is brought into LevelDB, and its file deleted, all the time.
  ["everysec", "50kb"],
])(
  "kill -9 under load loses nothing acknowledged, appendfsync %s, redo log of %s",
  async (policy, redoLogSize) => {
    const args = ["--appendfsync", policy, "--redo-log-size", redoLogSize];
    await using server = new TestServer({ kind: "leveldis", args });
    await server.start();
    const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(`writer${i}`));
    for (let round = 0; round < ROUNDS; round++) {
      const clients = await Promise.all(writers.map(() => server.connect()));
      let acknowledged = 0;
      let killed: Promise<unknown> | undefined;
      await Promise.all(
        writers.map((writer, i) =>
          writer.run(clients[i]!, () => {
            if (++acknowledged >= ACKNOWLEDGED_PER_ROUND) killed ??= server.crash();
          }),
        ),
      );
      await killed;
      await server.start();
      const client = await server.connect();
      for (const writer of writers) await writer.check(client);
      // The counter that is kept beside the keys agrees with the keys.
      expect(await client.send("DBSIZE")).toBe(await keyCount(client));
      await client.close();
    }
  },
  240_000,
);

test("a large collection survives, and so does its deletion", { timeout: 60_000 }, async () => {
  await using server = new TestServer({ kind: "leveldis" });
  await server.start();
  let client = await server.connect();
  const members = Array.from({ length: 5000 }, (_, i) => `member:${i}`);
  await client.send("SADD", "kept", ...members);
  await client.send("SADD", "deleted", ...members);
  await client.send("ZADD", "renamed", ...members.flatMap((member, i) => [i, member]));
  expect(await client.send("DEL", "deleted")).toBe(1);
  await client.send("RENAME", "renamed", "zset");
  await server.crashAndRestart();
  client = await server.connect();
  expect(await client.send("SCARD", "kept")).toBe(5000);
  expect(await client.send("EXISTS", "deleted", "renamed")).toBe(0);
  expect(await client.send("ZRANGE", "zset", 4998, -1)).toEqual(["member:4998", "member:4999"]);
  expect(await client.send("DBSIZE")).toBe(2);
});
