import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FakeMaster } from "../rdb/fake-master.ts";
import type { Client } from "../support/client.ts";
import type { ServerKind } from "../support/server.ts";
import { caughtUp, follow, infoOf, linkUp, nodeOf, until } from "./followers.ts";
import { RawReplica } from "./raw-replica.ts";

/** FAILOVER: a master and one of its replicas change places. */

const state = async (client: Client): Promise<string> =>
  (await infoOf(client)).get("master_failover_state") ?? "";

const role = async (client: Client): Promise<string> => (await infoOf(client)).get("role") ?? "";

describe.each<[ServerKind]>([["leveldis"], ["redis"]])("of a %s, alone", (kind) => {
  const server = nodeOf(kind);
  let client: Client;
  beforeAll(async () => {
    await server.start();
    client = await server.connect();
  }, 60_000);
  afterAll(() => server.close(), 60_000);

  const failover = async (...words: string[]): Promise<string> =>
    String(await client.send("FAILOVER", ...words));

  test("what is refused", async () => {
    expect(await failover()).toContain("ERR FAILOVER requires connected replicas.");
    expect(await failover("ABORT")).toContain("ERR No failover in progress.");
    expect(await failover("ABORT", "TIMEOUT", "5")).toContain("ERR syntax error");
    expect(await failover("TIMEOUT", "0")).toContain("ERR FAILOVER timeout must be greater than 0");
    expect(await failover("TIMEOUT", "x")).toContain("ERR value is not an integer or out of range");
    expect(await failover("TO", "127.0.0.1")).toContain("ERR syntax error");
    expect(await failover("FORCE", "FORCE")).toContain("ERR syntax error");
    expect(await client.send("PSYNC", "x", "1", "FAILOVER")).toMatchObject({
      message: "ERR PSYNC FAILOVER can't be sent to a master.",
    });
    await using replica = await RawReplica.open(server.port, { ackMs: 0 });
    expect(replica.answer).toContain("FULLRESYNC");
    expect(await failover("FORCE")).toContain(
      "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
    );
    expect(await failover("TO", "127.0.0.1", "1")).toContain(
      "ERR FAILOVER target HOST and PORT is not a replica.",
    );
    expect(await client.send("REPLICAOF", "NO", "ONE")).toBe("OK");
  });

  test("a replica that never catches up: writes wait until the time is over, or it is aborted", async () => {
    await using replica = await RawReplica.open(server.port, { ackMs: 0 });
    replica.acknowledge();
    await until("it is online", async () => (await infoOf(client)).get("slave0")?.includes("state=online"));
    await client.send("SET", "k", "1");
    const writer = await server.connect();
    expect(await failover("TO", "127.0.0.1", "4711", "TIMEOUT", "600000")).toBe("OK");
    expect(await state(client)).toBe("waiting-for-sync");
    expect(await failover()).toContain("ERR FAILOVER already in progress.");
    expect(String(await client.send("REPLICAOF", "127.0.0.1", "1"))).toContain(
      "ERR REPLICAOF not allowed while failing over.",
    );
    let isWritten = false;
    const write = writer.send("SET", "k", "2").then((reply) => {
      isWritten = true;
      return reply;
    });
    expect(await client.send("GET", "k")).toBe("1");
    expect(isWritten).toBe(false);
    expect(await failover("ABORT")).toBe("OK");
    expect(await write).toBe("OK");
    expect(await state(client)).toBe("no-failover");
    expect(await failover("TIMEOUT", "50")).toBe("OK");
    await until("it is given up", async () => (await state(client)) === "no-failover");
    expect(await role(client)).toBe("master");
    await writer.close();
  });
});

describe("of a leveldis, where Redis does otherwise, or cannot be seen", () => {
  const server = nodeOf("leveldis");
  let client: Client;
  beforeAll(async () => {
    await server.start();
    client = await server.connect();
  }, 60_000);
  afterAll(() => server.close(), 60_000);

  const failover = async (...words: string[]): Promise<string> =>
    String(await client.send("FAILOVER", ...words));

  // Redis believes it, and hands over to who has nothing.
  test("a replica without the data is no candidate, whatever it acknowledges", async () => {
    await client.send("CONFIG", "SET", "repl-diskless-sync-delay", "600");
    const beginner = await server.connect();
    await beginner.send("REPLCONF", "listening-port", "4711", "capa", "eof");
    beginner.write("PSYNC ? -1\r\n");
    await until("it waits", async () => (await infoOf(client)).get("slave0")?.includes("state=wait_bgsave"));
    const offset = (await infoOf(client)).get("master_repl_offset")!;
    beginner.write(`REPLCONF ACK ${offset}\r\n`);
    const slave = new RegExp(`state=wait_bgsave,offset=${offset},`);
    await until("its word is heard", async () => slave.test((await infoOf(client)).get("slave0") ?? ""));
    expect(await failover("TO", "127.0.0.1", "4711")).toContain("ERR FAILOVER target replica is not online.");
    expect(await failover("TIMEOUT", "500")).toBe("OK");
    await until("it is given up", async () => (await state(client)) === "no-failover");
    expect(await role(client)).toBe("master");
    expect(server.log).not.toContain("is synced, failing over");
    await beginner.close();
    await client.send("CONFIG", "SET", "repl-diskless-sync-delay", "0");
  });

  test("while the replica catches up it is told nothing more", async () => {
    await using replica = await RawReplica.open(server.port, { ackMs: 0 });
    replica.acknowledge();
    await client.send("SET", "k", "3");
    await replica.until((command) => command[2] === "3");
    expect(await failover("TIMEOUT", "600000")).toBe("OK");
    await client.send("CONFIG", "SET", "repl-ping-replica-period", "1");
    const { offset, uptime } = await place();
    // Time for two PINGs.
    await until("three seconds have gone", async () => (await place()).uptime >= uptime + 3);
    expect((await place()).offset).toBe(offset);
    expect(await failover("ABORT")).toBe("OK");
    await replica.until(([name]) => name === "PING");
    await client.send("CONFIG", "SET", "repl-ping-replica-period", "3600");
  });

  test("a target that refuses leaves the master what it was", async () => {
    const refusal = "-NOPERM this user has no permissions to run the 'psync' command";
    await using target = await FakeMaster.start(["+PONG", "+OK", "+OK", refusal, ""].join("\r\n"));
    const { port } = new URL(target.url);
    await using replica = await RawReplica.open(server.port, {
      greeting: [
        ["REPLCONF", "listening-port", port],
        ["REPLCONF", "capa", "eof", "capa", "psync2"],
      ],
    });
    await client.send("SET", "k", "4");
    await replica.until((command) => command[2] === "4");
    expect(await failover("TO", "127.0.0.1", port, "TIMEOUT", "60000")).toBe("OK");
    await until("it is given up", async () => (await state(client)) === "no-failover");
    expect(server.log).toContain(
      `FAILOVER to 127.0.0.1:${port} aborted: Failover target rejected psync request`,
    );
    expect(await role(client)).toBe("master");
    expect(await client.send("SET", "k", "5")).toBe("OK");
    expect(await client.send("CONFIG", "GET", "replicaof")).toEqual(["replicaof", ""]);
  });

  async function place(): Promise<{ readonly offset: string; readonly uptime: number }> {
    return {
      offset: (await infoOf(client)).get("master_repl_offset")!,
      uptime: Number((await infoOf(client, "server")).get("uptime_in_seconds")),
    };
  }
});

describe.each<[ServerKind, ServerKind]>([
  ["leveldis", "leveldis"],
  ["leveldis", "redis"],
])("a %s and a %s", (one, other) => {
  const first = nodeOf(one);
  const second = nodeOf(other);
  let master: Client;
  let replica: Client;

  beforeAll(async () => {
    await Promise.all([first.start(), second.start()]);
    master = await first.connect();
    replica = await second.connect();
    await follow(replica, first);
    await caughtUp(master, replica);
  }, 60_000);
  afterAll(() => Promise.all([first.close(), second.close()]), 60_000);

  test("they change places, and nothing is transferred anew", async () => {
    // Changes that only the stream tells.
    for (let i = 0; i < 100; i++) await master.send("SET", `k${i}`, i);
    expect(await master.send("FAILOVER", "TO", "127.0.0.1", second.port, "TIMEOUT", 60_000)).toBe("OK");
    await until("the replica is the master", async () => (await role(replica)) === "master");
    await linkUp(master);
    expect(await role(master)).toBe("slave");
    expect(await state(master)).toBe("no-failover");
    expect(String(await master.send("SET", "x", "1"))).toContain("READONLY");
    expect(await replica.send("SET", "after", "1")).toBe("OK");
    await caughtUp(replica, master);
    expect(await master.send("GET", "after")).toBe("1");
    expect(await master.send("DBSIZE")).toBe(101);
    expect((await infoOf(replica, "stats")).get("sync_partial_ok")).toBe("1");
    expect((await infoOf(replica, "stats")).get("sync_full")).toBe("0");
    // Whatever a restart reads has to name the new master.
    expect(await master.send("CONFIG", "GET", "replicaof")).toEqual([
      "replicaof",
      `127.0.0.1 ${second.port}`,
    ]);
  });

  test("and back: a write that waits meanwhile is refused by what is a replica then", async () => {
    const writer = await second.connect();
    // What the replica has yet to acknowledge holds it up for a moment.
    await replica.send("SET", "k", "1");
    expect(await replica.send("FAILOVER")).toBe("OK");
    const reply = String(await writer.send("SET", "late", "1"));
    await until("the first is the master again", async () => (await role(master)) === "master");
    await linkUp(replica);
    const isThere = (await master.send("EXISTS", "late")) === 1;
    expect(reply.includes("READONLY")).toBe(!isThere);
    await writer.close();
  });
});
