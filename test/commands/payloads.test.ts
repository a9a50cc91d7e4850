import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { everyEncoding, withChecksum } from "../support/payloads.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer({ args: ["--enable-debug-command", "yes"] });

async function connected(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

async function fill(client: Client): Promise<string[]> {
  await client.pipeline(everyEncoding);
  return (await client.send("KEYS", "*")) as string[];
}

const dump = async (client: Client, key: string): Promise<Buffer> =>
  Buffer.from((await client.send("DUMP", key)) as string, "latin1");

const digest = (client: Client, key: string) => client.send("DEBUG", "DIGEST-VALUE", key);

test("every type and encoding comes back as it was", async () => {
  await using client = await connected();
  const keys = await fill(client);
  expect(keys.length).toBeGreaterThan(30);
  for (const key of keys) {
    const payload = await dump(client, key);
    expect([key, await client.send("RESTORE", `${key}'`, 0, payload)]).toEqual([key, "OK"]);
    expect([key, await digest(client, `${key}'`)]).toEqual([key, await digest(client, key)]);
    expect([key, await client.send("TYPE", `${key}'`)]).toEqual([key, await client.send("TYPE", key)]);
    const again = await dump(client, `${key}'`);
    expect([key, again.length]).toEqual([key, payload.length]);
  }
});

test("groups, consumers and what is pending come back, too", async () => {
  await using client = await connected();
  await fill(client);
  await client.send("RESTORE", "copy", 0, await dump(client, "stream"));
  const told = async (key: string): Promise<string> => {
    const replies = [];
    for (const [sub, ...rest] of [["STREAM", "FULL"], ["GROUPS"]])
      replies.push(await client.send("XINFO", sub!, key, ...rest));
    replies.push(await client.send("XPENDING", key, "group", "-", "+", 10));
    // How long ago things were.
    return JSON.stringify(replies).replace(/\d{13}/g, "time");
  };
  expect((await told("copy")).replace(/(?<=one",|two",)\d+/g, "idle")).toBe(
    (await told("stream")).replace(/(?<=one",|two",)\d+/g, "idle"),
  );
  expect(await client.send("XACK", "copy", "group", "1-1", "5-0")).toBe(2);
  expect(await client.send("XADD", "copy", "6-0", "f", "v")).toBeInstanceOf(Error);
  expect(await client.send("XADD", "copy", "7-0", "f", "v")).toBe("7-0");
});

describe("DUMP", () => {
  test("of nothing is nothing", async () => {
    await using client = await connected();
    expect(await client.send("DUMP", "nothing")).toBe(null);
  });

  test("is bounded by proto-max-bulk-len", async () => {
    await using client = await connected();
    await client.send("SETRANGE", "k", 2 ** 21, "x");
    await client.send("RPUSH", "l", ...Array.from({ length: 30 }, (_, i) => String(i).repeat(20_000)));
    const payload = await dump(client, "l");
    await client.send("CONFIG", "SET", "proto-max-bulk-len", "1mb");
    expect(String(await client.send("DUMP", "k"))).toMatch(/ERR the value is too large to be dumped/);
    expect((await dump(client, "l")).equals(payload)).toBe(true);
    await client.send("CONFIG", "SET", "proto-max-bulk-len", "512mb");
    expect(await client.send("RESTORE", "k2", 0, await dump(client, "k"))).toBe("OK");
  });

  test("and RESTORE of a payload that unpacks to more than proto-max-bulk-len", async () => {
    await using client = await connected();
    await client.send("SETRANGE", "k", 2 ** 22, "x");
    const payload = await dump(client, "k");
    expect(payload.length).toBeLessThan(2 ** 20);
    await client.send("CONFIG", "SET", "proto-max-bulk-len", "1mb");
    expect(String(await client.send("RESTORE", "k2", 0, payload))).toMatch(/too large to be restored/);
    await client.send("CONFIG", "SET", "proto-max-bulk-len", "512mb");
    expect(await client.send("EXISTS", "k2")).toBe(0);
  });
});

describe("RESTORE", () => {
  test("with a time to live, and without", async () => {
    await using client = await connected();
    await client.send("SET", "k", "v");
    const payload = await dump(client, "k");
    await client.send("RESTORE", "a", 0, payload);
    expect(await client.send("PTTL", "a")).toBe(-1);
    await client.send("RESTORE", "b", 100_000, payload);
    expect(await client.send("PTTL", "b")).toBeGreaterThan(90_000);
    await client.send("RESTORE", "c", 4_000_000_000_000, payload, "ABSTTL");
    expect(await client.send("PEXPIRETIME", "c")).toBe(4_000_000_000_000);
    // What is past already is not made, but makes room.
    expect(await client.send("RESTORE", "b", 1, payload, "ABSTTL", "REPLACE")).toBe("OK");
    expect(await client.send("RESTORE", "d", "9223372036854775807", payload)).toBe("OK");
    expect(await client.send("EXISTS", "b", "d")).toBe(0);
  });

  test("only replaces when it is told to", async () => {
    await using client = await connected();
    await client.send("HSET", "h", "f", "v");
    await client.send("SET", "k", "v", "EX", 1000);
    const payload = await dump(client, "h");
    expect(String(await client.send("RESTORE", "k", 0, payload))).toMatch(/BUSYKEY/);
    expect(await client.send("GET", "k")).toBe("v");
    expect(await client.send("RESTORE", "k", 0, payload, "REPLACE")).toBe("OK");
    expect(await client.send("HGETALL", "k")).toEqual(["f", "v"]);
    expect(await client.send("TTL", "k")).toBe(-1);
    expect(await client.send("DBSIZE")).toBe(2);
  });

  test("in transactions, and where it wakes who waits", async () => {
    await using client = await connected();
    await client.send("RPUSH", "l", "a", "b");
    const payload = await dump(client, "l");
    await using waiting = await server.connect();
    const popped = waiting.send("BLPOP", "l2", 0);
    await client.pipeline([["MULTI"], ["SET", "k", 1], ["RESTORE", "l2", 0, payload], ["EXEC"]]);
    expect(await popped).toEqual(["l2", "a"]);
    expect(await client.send("LRANGE", "l2", 0, -1)).toEqual(["b"]);
    const replies = await client.pipeline([
      ["MULTI"],
      ["DUMP", "l2"],
      ["DEL", "l2"],
      ["RESTORE", "l2", 0, payload],
      ["DUMP", "l2"],
      ["EXEC"],
    ]);
    expect((replies[5] as string[])[4 - 1]).toBe(payload.latin1Slice());
  });

  test("survives a restart", async () => {
    await using client = await connected();
    const keys = await fill(client);
    const before = new Map<string, unknown>();
    for (const key of keys) {
      await client.send("RESTORE", `${key}'`, 0, await dump(client, key));
      before.set(key, await digest(client, key));
    }
    await server.crashAndRestart();
    await using again = await server.connect();
    expect(await again.send("DBSIZE")).toBe(2 * keys.length);
    for (const [key, value] of before) expect([key, await digest(again, `${key}'`)]).toEqual([key, value]);
  });

  test("a collection that stays on disk", async () => {
    await using client = await connected();
    await client.send("CONFIG", "SET", "record-cache-size", "1mb");
    for (let i = 0; i < 40; i++) {
      await client.send(
        "HSET",
        "big",
        ...Array.from({ length: 200 }, (_, n) => [`f${i}-${n}`, "v".repeat(100)]).flat(),
      );
    }
    expect(await client.send("RESTORE", "copy", 0, await dump(client, "big"))).toBe("OK");
    expect(await client.send("HLEN", "copy")).toBe(8000);
    expect(await digest(client, "copy")).toEqual(await digest(client, "big"));
    await client.send("CONFIG", "SET", "record-cache-size", "256mb");
  });
});

describe("a damaged payload", () => {
  test("is refused by its checksum, wherever a byte is another", async () => {
    await using client = await connected();
    await client.send("ZADD", "z", 1, "a", 2, "b");
    const payload = await dump(client, "z");
    for (let at = 0; at < payload.length; at++) {
      const damaged = Buffer.from(payload);
      damaged[at]! ^= 1 << (at % 8);
      expect(String(await client.send("RESTORE", "k", 0, damaged))).toMatch(
        /ERR DUMP payload version or checksum are wrong/,
      );
    }
    expect(await client.send("DBSIZE")).toBe(1);
  });

  test("changes nothing, whatever is in it", async () => {
    await using client = await connected();
    await client.send("SET", "k", "old");
    for (const body of [
      "",
      "\0",
      "\x04\x01",
      "\x04\x01\x01f",
      "\x02\x02\x01a\x01a",
      "\x0b\x08\x02\0\0\0\xff\xff\xff\xff",
      "\x06",
      "\x07\x81\0\0\0\0\0\0\0\0",
      "\x63\x01a",
      "\x01\0",
      "\x0f\0",
    ]) {
      const payload = withChecksum(Buffer.from(`${body}\x0a\0${"\0".repeat(8)}`, "latin1"));
      expect([body, String(await client.send("RESTORE", "k", 0, payload, "REPLACE"))]).toEqual([
        body,
        "Error: ERR Bad data format",
      ]);
      expect(await client.send("GET", "k")).toBe("old");
    }
  });

  test("may also be of a later version", async () => {
    await using client = await connected();
    await client.send("SET", "k", "v");
    const payload = await dump(client, "k");
    const at = payload.length - 10;
    payload[at] = 12;
    expect(await client.send("RESTORE", "k12", 0, withChecksum(payload))).toBe("OK");
    payload[at] = 13;
    expect(String(await client.send("RESTORE", "k13", 0, withChecksum(payload)))).toMatch(
      /version or checksum/,
    );
    payload[at + 1] = 1;
    expect(String(await client.send("RESTORE", "k13", 0, withChecksum(payload)))).toMatch(
      /version or checksum/,
    );
  });
});
