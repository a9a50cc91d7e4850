import { readdirSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { RawReplica } from "./raw-replica.ts";
import { QUICK, until } from "./followers.ts";
import { info } from "./servers.ts";

/** What leveldis as a master does with those who follow it. */

const FUNCTION = "#!lua name=mine\nredis.register_function('f', function() return 1 end)";

describe("a replica", () => {
  const server = useServer({ kind: "leveldis", args: QUICK });
  const open: { close(): Promise<void> }[] = [];

  async function connect(): Promise<Client> {
    const client = await server.connect();
    open.push(client);
    return client;
  }

  async function follow(options = {}): Promise<RawReplica> {
    const replica = await RawReplica.open(server.port, options);
    open.push(replica);
    return replica;
  }

  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    const admin = await Client.connect({ port: server.port });
    await until("no replica is left", async () => (await info(admin))["connected_slaves"] === "0");
    await admin.close();
  });

  test("that knows no marks gets a file, whose length comes first", async () => {
    const client = await connect();
    await client.send("SET", "k", "v");
    for (const sync of [["PSYNC", "?", "-1"], ["SYNC"]]) {
      const replica = await follow({ greeting: [], sync });
      expect(replica.isMarked).toBe(false);
      expect(replica.rdb.latin1Slice(0, 5)).toBe("REDIS");
      expect(replica.rdb.at(-9)).toBe(0xff);
      await client.send("SET", "k2", "v2");
      await replica.until(([name, key]) => name === "SET" && key === "k2");
      const commands = replica.commands().filter(([name]) => name !== "PING");
      expect(commands).toEqual([
        ["SELECT", "0"],
        ["SET", "k2", "v2"],
      ]);
    }
    const isLeft = (): boolean => readdirSync(server.dir).some((name) => name.endsWith(".rdb"));
    await until("no file is left behind", async () => !isLeft());
  });

  test("that comes back goes on from where it was", async () => {
    const client = await connect();
    const first = await follow();
    await client.send("SET", "k", "1");
    await first.until(([name, key]) => name === "SET" && key === "k");
    const { id, offset } = first;
    await first.close();
    await client.send("SET", "k", "2");
    await client.send("SET", "k", "3");
    const before = await info(client, "stats");
    const second = await follow({ sync: ["PSYNC", id, String(offset + 1)] });
    expect(second.answer).toBe(`CONTINUE ${id}`);
    await second.until((command) => command[2] === "3");
    expect(second.commands().filter(([name]) => name !== "PING")).toEqual([
      ["SET", "k", "2"],
      ["SET", "k", "3"],
    ]);
    const old = await follow({ greeting: [], sync: ["PSYNC", id.toUpperCase(), String(offset + 1)] });
    expect(old.answer).toBe("CONTINUE");
    const after = await info(client, "stats");
    expect(Number(after["sync_partial_ok"]) - Number(before["sync_partial_ok"])).toBe(2);
    expect(after["sync_full"]).toBe(before["sync_full"]);
  });

  test("that knows another history, or more than there is, or less than is kept, gets all the data", async () => {
    const client = await connect();
    const first = await follow();
    const { id, offset } = first;
    await first.close();
    const before = await info(client, "stats");
    for (const sync of [
      ["PSYNC", "f".repeat(40), String(offset + 1)],
      ["PSYNC", id, String(offset + 1_000_000)],
      ["PSYNC", id, "0"],
    ]) {
      const replica = await follow({ sync });
      expect(replica.answer).toMatch(/^FULLRESYNC [0-9a-f]{40} [0-9]+$/);
      await replica.close();
    }
    const after = await info(client, "stats");
    expect(Number(after["sync_partial_err"]) - Number(before["sync_partial_err"])).toBe(3);
    expect(Number(after["sync_full"]) - Number(before["sync_full"])).toBe(3);
  });

  test("may want the data alone, or a part of it", async () => {
    const client = await connect();
    await client.send("SET", "key-of-mine", "v");
    await client.send("FUNCTION", "LOAD", "REPLACE", FUNCTION);
    const only = ["REPLCONF", "rdb-only", "1"];
    const eof = ["REPLCONF", "capa", "eof"];
    const libraries = await follow({ greeting: [eof, only, ["REPLCONF", "rdb-filter-only", "functions"]] });
    await libraries.ended();
    expect(libraries.rdb.includes("register_function")).toBe(true);
    expect(libraries.rdb.includes("key-of-mine")).toBe(false);
    const nothing = await follow({ greeting: [eof, only, ["REPLCONF", "rdb-filter-only", ""]] });
    await nothing.ended();
    expect(nothing.rdb.includes("register_function")).toBe(false);
    const all = await follow({ greeting: [only] });
    await all.ended();
    expect(all.rdb.includes("register_function") && all.rdb.includes("key-of-mine")).toBe(true);
  });

  test("shares the data with others that come in time", async () => {
    const client = await connect();
    await client.send("CONFIG", "SET", "repl-diskless-sync-delay", "60");
    await client.send("CONFIG", "SET", "repl-diskless-sync-max-replicas", "3");
    try {
      const begun = server.log.split("Starting BGSAVE for SYNC").length;
      const replicas = await Promise.all([follow(), follow(), follow()]);
      expect(new Set(replicas.map(({ answer }) => answer)).size).toBe(1);
      expect(server.log.split("Starting BGSAVE for SYNC").length - begun).toBe(1);
    } finally {
      await client.send("CONFIG", "SET", "repl-diskless-sync-delay", "0");
      await client.send("CONFIG", "SET", "repl-diskless-sync-max-replicas", "0");
    }
  });

  test("is shown by INFO, ROLE and CLIENT LIST", async () => {
    const client = await connect();
    const replica = await follow({
      greeting: [
        ["REPLCONF", "listening-port", "4711", "ip-address", "10.9.8.7"],
        ["REPLCONF", "capa", "eof", "capa", "psync2"],
      ],
    });
    await client.send("SET", "k", "v");
    await replica.until(([name]) => name === "SET");
    const { offset } = replica;
    await until(
      "it is known to have that",
      async () => Number((await info(client))["slave0"]?.split(/offset=|,lag/)[1]) >= offset,
    );
    const fields = await info(client);
    expect(fields["role"]).toBe("master");
    expect(fields["connected_slaves"]).toBe("1");
    expect(fields["slave0"]).toMatch(/^ip=10\.9\.8\.7,port=4711,state=online,offset=\d+,lag=\d+$/);
    expect(fields["master_replid"]).toBe(replica.id);
    expect(fields["repl_backlog_active"]).toBe("1");
    expect(await client.send("ROLE")).toEqual([
      "master",
      expect.any(Number),
      [["10.9.8.7", "4711", expect.stringMatching(/^\d+$/)]],
    ]);
    const list = String(await client.send("CLIENT", "LIST", "TYPE", "replica"));
    expect(list).toMatch(/ flags=S .* cmd=replconf /);
    expect(list.trim().split("\n").length).toBe(1);
    await until("only one other is a client", async () => {
      return (await info(client, "clients"))["connected_clients"] === "1";
    });
    expect(await client.send("CLIENT", "KILL", "TYPE", "slave")).toBe(1);
    await replica.ended();
  });

  test("that sends anything with a reply is hung up on", async () => {
    const replica = await follow();
    replica.send("GET", "k");
    await replica.ended();
    expect(server.log).toMatch(/Replica generated a reply to command 'get', disconnecting it: id=/);
  });

  test("is sent signs of life, and is dropped when it gives none", async () => {
    const client = await connect();
    await client.send("CONFIG", "SET", "repl-ping-replica-period", "1");
    const quiet = await follow({ ackMs: 0 });
    quiet.acknowledge();
    await quiet.until(([name]) => name === "PING");
    const loud = await follow();
    await client.send("CONFIG", "SET", "repl-timeout", "2");
    try {
      await quiet.ended();
      expect(server.log).toMatch(/Disconnecting timedout replica \(streaming sync\): 127\.0\.0\.1:4711/);
      await loud.until(([name]) => name === "PING");
    } finally {
      await client.send("CONFIG", "SET", "repl-timeout", "60");
      await client.send("CONFIG", "SET", "repl-ping-replica-period", "10");
    }
  });

  test("that does not read is dropped when it leaves too much", async () => {
    const client = await connect();
    await client.send("CONFIG", "SET", "repl-backlog-size", "16kb");
    await client.send("CONFIG", "SET", "client-output-buffer-limit", "replica 200kb 0 0");
    try {
      const replica = await follow();
      replica.pause();
      const value = "x".repeat(100_000);
      await until("it is dropped", async () => {
        await client.pipeline(Array.from({ length: 20 }, (_, i) => ["SET", `k${i}`, value]));
        return (await info(client))["connected_slaves"] === "0";
      });
      expect(server.log).toMatch(/ flags=S .* closed for overcoming of output buffer limits\./);
      replica.resume();
      await replica.ended();
    } finally {
      await client.send("CONFIG", "SET", "client-output-buffer-limit", "replica 256mb 64mb 60");
      await client.send("CONFIG", "SET", "repl-backlog-size", "1mb");
    }
  });

  test("that does not take the data is dropped, and others that share it get it", async () => {
    const client = await connect();
    const value = "x".repeat(100_000);
    await client.pipeline(Array.from({ length: 300 }, (_, i) => ["SET", `large ${i}`, value]));
    const options = {
      "repl-diskless-sync-delay": "60",
      "repl-diskless-sync-max-replicas": "2",
      "repl-timeout": "2",
      rdbcompression: "no",
    };
    await client.send("CONFIG", "SET", ...Object.entries(options).flat());
    try {
      const slow = await connect();
      await slow.send("REPLCONF", "capa", "eof");
      slow.pause();
      slow.write("PSYNC ? -1\r\n");
      const fast = await follow();
      expect(fast.rdb.length).toBeGreaterThan(30_000_000);
      expect(server.log).toMatch(/Disconnecting timedout replica \(full sync\)/);
      await client.send("SET", "k", "behind");
      await fast.until((command) => command[2] === "behind");
      expect((await info(client))["connected_slaves"]).toBe("1");
    } finally {
      const before = { ...options, "repl-diskless-sync-delay": "0", "repl-diskless-sync-max-replicas": "0" };
      await client.send(
        "CONFIG",
        "SET",
        ...Object.entries({ ...before, "repl-timeout": "60", rdbcompression: "yes" }).flat(),
      );
      await client.send("FLUSHALL");
    }
  }, 60_000);

  test("after the last of which nothing is kept in the end", async () => {
    const client = await connect();
    const replica = await follow();
    const { id } = replica;
    await client.send("CONFIG", "SET", "repl-backlog-ttl", "1");
    try {
      await replica.close();
      await until("nothing is kept", async () => (await info(client))["repl_backlog_active"] === "0");
      expect((await info(client))["master_replid"]).not.toBe(id);
      const next = await follow({ sync: ["PSYNC", id, String(replica.offset + 1)] });
      expect(next.answer).toMatch(/^FULLRESYNC /);
    } finally {
      await client.send("CONFIG", "SET", "repl-backlog-ttl", "3600");
    }
  });
});
