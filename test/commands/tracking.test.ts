import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import type { Exact } from "../support/exact.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer({ args: ["--enable-debug-command", "yes"] });

let clients: Client[] = [];
let reader: Client;
let writer: Client;

async function connect(resp: 2 | 3): Promise<Client> {
  const client = await (resp === 3 ? server.connect3() : server.connect());
  clients.push(client);
  return client;
}

beforeEach(async () => {
  reader = await connect(3);
  writer = await connect(2);
  await writer.send("FLUSHALL");
  await writer.send("CONFIG", "SET", "tracking-table-max-keys", 1_000_000);
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

const invalidate = (...keys: string[]): Exact => ({ push: ["invalidate", keys] });
const ALL: Exact = { push: ["invalidate", null] };

async function infoOf(section: string): Promise<Record<string, string>> {
  const text = String(await writer.send("INFO", section));
  return Object.fromEntries(text.split("\r\n").map((line) => line.split(":") as [string, string]));
}

async function idOf(client: Client): Promise<number> {
  return (await client.sendExact("CLIENT", "ID")) as number;
}

/** A field of a client's line in CLIENT LIST. */
async function fieldOf(id: number, name: string): Promise<string> {
  const line = String(await writer.send("CLIENT", "LIST", "ID", id));
  return new RegExp(` ${name}=(\\S*)`).exec(line)![1]!;
}

describe("RESP3", () => {
  test("a key whose time is found to be over by a client that then blocks is told of at once", async () => {
    await writer.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    await writer.pipeline([
      ["RPUSH", "k", "x"],
      ["PEXPIRE", "k", "500"],
    ]);
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await reader.sendExact("LLEN", "k");
    await writer.send("DEBUG", "SLEEP", "0.6");
    // Nothing else is sent: what the blocked client met must not wait for the next command of anybody.
    const blocked = writer.send("BLPOP", "k", "0");
    blocked.catch(() => {});
    expect(await reader.readExact()).toEqual(invalidate("k"));
    await reader.send("RPUSH", "k", "y");
    expect(await blocked).toEqual(["k", "y"]);
    await writer.send("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  });

  test("a key that was read is told of once, on its own connection", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await reader.sendExact("GET", "k");
    await writer.pipeline([
      ["SET", "k", "1"],
      ["SET", "k", "2"],
      ["SET", "other", "1"],
    ]);
    expect(await reader.readExact()).toEqual(invalidate("k"));
    expect(await reader.sendExact("GET", "k")).toBe("2");
    await writer.send("DEL", "k");
    expect(await reader.readExact()).toEqual(invalidate("k"));
    expect(await reader.sendExact("PING")).toEqual({ status: "PONG" });
  });

  test("behind the reply to its own change, as Redis orders them", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await reader.sendExact("GET", "k");
    reader.write("SET k 1\r\nGET k\r\nMULTI\r\nINCR k\r\nPING\r\nEXEC\r\nPING\r\n");
    const heard: Exact[] = [];
    for (let i = 0; i < 9; i++) heard.push(await reader.readExact());
    expect(heard).toEqual([
      { status: "OK" },
      invalidate("k"),
      "1",
      { status: "OK" },
      { status: "QUEUED" },
      { status: "QUEUED" },
      [2, { status: "PONG" }],
      invalidate("k"),
      { status: "PONG" },
    ]);
  });

  test("whatever CLIENT REPLY says", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await reader.sendExact("GET", "k");
    reader.write("CLIENT REPLY OFF\r\n");
    await expect
      .poll(() => writer.send("SET", "k", "1").then(() => infoOf("stats")))
      .toMatchObject({
        tracking_total_keys: "0",
      });
    expect(await reader.readExact()).toEqual(invalidate("k"));
    reader.write("GET k\r\nCLIENT REPLY ON\r\n");
    expect(await reader.readExact()).toEqual({ status: "OK" });
    await writer.send("SET", "k", "2");
    expect(await reader.readExact()).toEqual(invalidate("k"));
  });

  test("a key whose time is over", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await writer.send("SET", "k", "1", "PX", 500);
    await reader.sendExact("GET", "k");
    expect(await reader.readExact()).toEqual(invalidate("k"));
  });

  test("everything, once for FLUSHALL and once for FLUSHDB", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await reader.sendExact("MGET", "a", "b", "c");
    expect((await infoOf("stats"))["tracking_total_keys"]).toBe("3");
    await writer.send("FLUSHALL", "ASYNC");
    expect(await reader.readExact()).toEqual(ALL);
    expect((await infoOf("stats"))["tracking_total_keys"]).toBe("0");
    await writer.send("FLUSHDB");
    expect(await reader.readExact()).toEqual(ALL);
    expect(await reader.sendExact("PING")).toEqual({ status: "PONG" });
  });

  test("many changes in one turn are one message for those who hear of everything", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "user:", "PREFIX", "item:");
    await writer.send("MSET", "user:2", "x", "user:1", "x", "other", "x", "item:1", "x");
    expect(await reader.readExact()).toEqual(invalidate("item:1"));
    expect(await reader.readExact()).toEqual(invalidate("user:1", "user:2"));
    expect(await reader.sendExact("PING")).toEqual({ status: "PONG" });
  });
});

describe("RESP2", () => {
  let receiver: Client;
  let id: number;

  beforeEach(async () => {
    receiver = await connect(2);
    id = await idOf(receiver);
    await receiver.send("SUBSCRIBE", "__redis__:invalidate");
  });

  test("messages go to a subscriber", async () => {
    const reader2 = await connect(2);
    await reader2.send("CLIENT", "TRACKING", "ON", "REDIRECT", id);
    await reader2.send("MGET", "a", "b");
    await writer.send("MSET", "b", "1", "a", "1");
    expect(await receiver.read()).toEqual(["message", "__redis__:invalidate", ["b"]]);
    expect(await receiver.read()).toEqual(["message", "__redis__:invalidate", ["a"]]);
    await writer.send("FLUSHALL");
    expect(await receiver.read()).toEqual(["message", "__redis__:invalidate", null]);
    // The tracking connection hears nothing itself.
    expect(await reader2.send("PING")).toBe("PONG");
  });

  test("one that has gone leaves a flag, and a message to who can take it", async () => {
    const reader2 = await connect(2);
    for (const client of [reader, reader2]) {
      await client.sendExact("CLIENT", "TRACKING", "ON", "REDIRECT", id);
      await client.sendExact("GET", "k");
    }
    const own = await idOf(reader);
    expect([await fieldOf(own, "flags"), await fieldOf(own, "redir")]).toEqual(["t", String(id)]);
    await receiver.send("QUIT");
    await receiver.readUntilClosed();
    await writer.send("SET", "k", "1");
    expect(await reader.readExact()).toEqual({ push: ["tracking-redir-broken", id] });
    expect(await fieldOf(own, "flags")).toBe("tR");
    expect(await fieldOf(await idOf(reader2), "flags")).toBe("tR");
    expect(await reader.sendExact("CLIENT", "TRACKINGINFO")).toEqual({
      map: [
        ["flags", { set: ["on", "broken_redirect"] }],
        ["redirect", id],
        ["prefixes", []],
      ],
    });
    expect(await reader2.send("PING")).toBe("PONG");
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    expect(await fieldOf(own, "flags")).toBe("t");
  });
});

test("INFO and CLIENT LIST tell who tracks what, and a client that goes takes its part along", async () => {
  const other = await connect(3);
  await reader.sendExact("CLIENT", "TRACKING", "ON");
  await other.sendExact("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "b");
  await reader.sendExact("MGET", "k1", "k2", "k1");
  expect(await infoOf("clients")).toMatchObject({ tracking_clients: "2" });
  expect(await infoOf("stats")).toMatchObject({
    tracking_total_keys: "2",
    tracking_total_items: "2",
    tracking_total_prefixes: "2",
  });
  expect(await fieldOf(await idOf(other), "flags")).toBe("tB");
  expect(await fieldOf(await idOf(writer), "redir")).toBe("-1");
  await other.close();
  await expect.poll(() => infoOf("clients")).toMatchObject({ tracking_clients: "1" });
  expect(await infoOf("stats")).toMatchObject({ tracking_total_prefixes: "0" });
  await reader.sendExact("RESET");
  expect(await infoOf("clients")).toMatchObject({ tracking_clients: "0" });
  // Whether it still has them it may not know itself, should it turn tracking on again.
  expect(await infoOf("stats")).toMatchObject({ tracking_total_keys: "2" });
  await writer.send("MSET", "k1", "1", "k2", "2");
  expect(await infoOf("stats")).toMatchObject({ tracking_total_keys: "0", tracking_total_items: "0" });
});

describe("a table that is full", () => {
  const keys = Array.from({ length: 250 }, (_, i) => `key${i}`);

  test("drops keys, and tells of them as if they had changed", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await reader.sendExact("MGET", ...keys);
    await writer.send("CONFIG", "SET", "tracking-table-max-keys", 20);
    const dropped: Exact[] = [];
    for (let i = 0; i < 230; i++) dropped.push(await reader.readExact());
    expect(new Set(dropped.map((push) => JSON.stringify(push))).size).toBe(230);
    expect((await infoOf("stats"))["tracking_total_keys"]).toBe("20");
    expect(await reader.sendExact("PING")).toEqual({ status: "PONG" });
  });

  test("without waiting for a command", async () => {
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await writer.send("CONFIG", "SET", "tracking-table-max-keys", 10);
    await reader.sendExact("MGET", ...keys.slice(0, 12));
    expect(await reader.readExact()).toEqual({ push: ["invalidate", [expect.stringMatching(/^key/)]] });
    await reader.readExact();
    expect((await infoOf("stats"))["tracking_total_keys"]).toBe("10");
  });

  test("0 is no limit", async () => {
    await writer.send("CONFIG", "SET", "tracking-table-max-keys", 0);
    await reader.sendExact("CLIENT", "TRACKING", "ON");
    await reader.sendExact("MGET", ...keys);
    expect(await reader.sendExact("PING")).toEqual({ status: "PONG" });
    expect((await infoOf("stats"))["tracking_total_keys"]).toBe("250");
  });
});

test("prefixes that overlap are refused whichever they are: nothing is turned on", async () => {
  const refused = await reader.sendExact(
    ..."CLIENT TRACKING ON BCAST PREFIX first PREFIX ab PREFIX abc".split(" "),
  );
  expect(refused).toEqual({
    error:
      "ERR Prefix 'ab' overlaps with another provided prefix 'abc'. Prefixes for a single client must not overlap.",
  });
  expect(await reader.sendExact("CLIENT", "GETREDIR")).toBe(-1);
});

test("a null message in the protocol of who receives it", async () => {
  const receiver = await connect(2);
  await reader.sendExact("CLIENT", "TRACKING", "ON", "REDIRECT", await idOf(receiver));
  await receiver.send("SUBSCRIBE", "any");
  await writer.send("FLUSHALL");
  expect((await receiver.readRaw()).toString()).toBe(
    "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n",
  );
});
