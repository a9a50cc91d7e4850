import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillWithEverything } from "../rdb/every-encoding.ts";
import { FakeMaster, beforeRdb } from "../rdb/fake-master.ts";
import type { Client } from "../support/client.ts";
import { caughtUp, follow, infoOf, linkUp, nodeOf, until } from "./followers.ts";

/** leveldis as the replica of a real Redis. */

const LIBRARY = `#!lua name=greetings
redis.register_function('greet', function(keys, args) return 'hello ' .. args[1] end)`;

// Values of all kinds have one digest only where collections are of the same kind on both sides.
const redis = nodeOf("redis");
const leveldis = nodeOf("leveldis");
let master: Client;
let replica: Client;

beforeAll(async () => {
  await Promise.all([redis.start(), leveldis.start()]);
  master = await redis.connect();
  replica = await leveldis.connect();
}, 60_000);
afterAll(() => Promise.all([redis.close(), leveldis.close()]), 60_000);

/** A replica of the master, with all it has. */
async function attach(): Promise<void> {
  await follow(replica, redis);
  await caughtUp(master, replica);
}

/** A reply as text, errors too. */
const said = async (...command: (string | number)[]): Promise<string> =>
  String(await replica.send(...command));

describe("REPLICAOF", () => {
  test("what it answers", async () => {
    expect(await replica.send("REPLICAOF", "no", "one")).toBe("OK");
    expect(await said("REPLICAOF", "127.0.0.1", "70000")).toContain("ERR Invalid master port");
    expect(await said("REPLICAOF", "127.0.0.1", "x")).toContain("ERR Invalid master port");
    expect(await replica.send("REPLICAOF", "127.0.0.1", redis.port)).toBe("OK");
    expect(await replica.send("SLAVEOF", "127.0.0.1", redis.port)).toBe(
      "OK Already connected to specified master",
    );
    expect(await replica.send("CONFIG", "GET", "replicaof")).toEqual([
      "replicaof",
      `127.0.0.1 ${redis.port}`,
    ]);
    await linkUp(replica);
    expect(await replica.send("ROLE")).toEqual([
      "slave",
      "127.0.0.1",
      redis.port,
      "connected",
      expect.any(Number),
    ]);
    expect(await replica.send("REPLICAOF", "NO", "ONE")).toBe("OK");
    expect(await replica.send("CONFIG", "GET", "replicaof")).toEqual(["replicaof", ""]);
    expect((await infoOf(replica)).get("role")).toBe("master");
  });

  test("in a transaction that ends otherwise", async () => {
    const replies = await replica.pipeline([
      ["MULTI"],
      ["REPLICAOF", "127.0.0.1", redis.port],
      ["CONFIG", "GET", "replicaof"],
      ["REPLICAOF", "NO", "ONE"],
      ["CONFIG", "GET", "replicaof"],
      ["EXEC"],
    ]);
    expect(replies.at(-1)).toEqual(["OK", ["replicaof", `127.0.0.1 ${redis.port}`], "OK", ["replicaof", ""]]);
    expect((await infoOf(replica)).get("role")).toBe("master");
  });
});

describe("all the data", () => {
  test("of every kind, libraries too, and what comes behind it", async () => {
    await fillWithEverything(master);
    await master.send("FUNCTION", "LOAD", LIBRARY);
    await replica.send("SET", "own", "goes");
    await attach();
    expect(await replica.send("EXISTS", "own")).toBe(0);
    expect(await said("FUNCTION", "LIST")).toContain("greetings");
    await master.pipeline([
      ["SELECT", "3"],
      ["SET", "there", "1", "EX", "1000"],
      ["MULTI"],
      ["RPUSH", "list", "a", "b"],
      ["SELECT", "0"],
      ["SADD", "set", "1", "x"],
      ["EXEC"],
      ["EVAL", "for i = 1, 50 do redis.call('INCR', KEYS[1]) end", "1", "counter"],
      ["SPOP", "set"],
      ["XADD", "stream", "*", "f", "v"],
      ["PUBLISH", "channel", "x"],
    ]);
    await caughtUp(master, replica);
    expect(await replica.send("GET", "counter")).toBe("50");
  });

  test("what was cut off leaves the old data, and the old place", async () => {
    await attach();
    await master.send("SET", "kept", "1");
    await caughtUp(master, replica);
    const before = await replica.send("DEBUG", "DIGEST");
    const { offset } = { offset: (await infoOf(replica)).get("master_repl_offset") };
    await using fake = await FakeMaster.start(`${beforeRdb(1000)}REDIS0009`, true);
    const logged = leveldis.log.length;
    await follow(replica, { port: Number(new URL(fake.url).port) });
    await until("the synchronization has failed", () =>
      leveldis.log.slice(logged).includes("closed the connection before the end of its data"),
    );
    expect(await replica.send("DEBUG", "DIGEST")).toBe(before);
    expect((await infoOf(replica)).get("master_repl_offset")).toBe(offset);
    const partial = (await infoOf(master, "stats")).get("sync_partial_ok");
    await attach();
    expect(Number((await infoOf(master, "stats")).get("sync_partial_ok"))).toBe(Number(partial) + 1);
  });

  test("watchers and clients that wait are told", async () => {
    await replica.send("REPLICAOF", "NO", "ONE");
    await replica.send("SET", "watched", "1");
    await using watcher = await leveldis.connect();
    await using waiting = await leveldis.connect();
    await watcher.send("WATCH", "watched");
    const outcome = waiting.send("BLPOP", "nothing", "0");
    await until("it waits", async () => (await infoOf(replica, "clients")).get("blocked_clients") === "1");
    await attach();
    expect(String(await outcome)).toContain("UNBLOCKED force unblock from blocking operation");
    await watcher.send("MULTI");
    await watcher.send("PING");
    expect(await watcher.send("EXEC")).toBeNull();
  });
});

describe("what its own clients may do", () => {
  test("read, and not write", async () => {
    await attach();
    await master.send("SET", "key", "value");
    await caughtUp(master, replica);
    const refused = "READONLY You can't write against a read only replica.";
    expect(await replica.send("GET", "key")).toBe("value");
    expect(await said("SET", "key", "1")).toContain(refused);
    expect(await said("EVAL", "return redis.call('SET', 'key', 1)", "0")).toContain(refused);
    expect(await said("EVAL", "#!lua\nreturn 1", "0")).toContain(refused);
    expect(await replica.send("EVAL", "return redis.call('GET', 'key')", "0")).toBe("value");
    await replica.send("CONFIG", "SET", "replica-read-only", "no");
    expect(await replica.send("SET", "mine", "1")).toBe("OK");
    await replica.send("CONFIG", "SET", "replica-read-only", "yes");
    expect(await master.send("EXISTS", "mine")).toBe(0);
    await master.send("DEL", "mine");
    await master.send("FLUSHALL");
    await caughtUp(master, replica);
  });

  test("nothing of what may be old, where they are not to see that", async () => {
    await attach();
    await master.send("SET", "key", "value");
    await caughtUp(master, replica);
    await replica.send("CONFIG", "SET", "replica-serve-stale-data", "no");
    expect(await replica.send("GET", "key")).toBe("value");
    await follow(replica, { port: 1 });
    const refused = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    expect(await said("GET", "key")).toContain(refused);
    expect(await said("EVAL", "return 1", "0")).toContain(refused);
    expect(await replica.send("EVAL", "#!lua flags=no-writes,allow-stale\nreturn 1", "0")).toBe(1);
    expect((await infoOf(replica)).get("master_link_status")).toBe("down");
    await replica.send("CONFIG", "SET", "replica-serve-stale-data", "yes");
    expect(await replica.send("GET", "key")).toBe("value");
    await attach();
  });

  test("the master among the clients, and hanging up on it", async () => {
    await attach();
    const list = String(await replica.send("CLIENT", "LIST", "TYPE", "master"));
    expect(list).toMatch(/ flags=M .* cmd=/);
    expect(await replica.send("CLIENT", "KILL", "TYPE", "master")).toBe(1);
    await until("it is there again", async () => {
      const again = String(await replica.send("CLIENT", "LIST", "TYPE", "master"));
      return again !== "" && again.split(" ")[0] !== list.split(" ")[0];
    });
    await caughtUp(master, replica);
  });

  test("messages come from the master", async () => {
    await attach();
    await using subscriber = await leveldis.connect();
    await subscriber.send("SUBSCRIBE", "news");
    await master.send("PUBLISH", "news", "good");
    expect(await subscriber.read()).toEqual(["message", "news", "good"]);
  });
});

describe("time", () => {
  test("a key whose time is over is not seen, and goes when the master says so", async () => {
    await attach();
    await master.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    await master.send("SET", "short", "1", "PX", "1");
    await master.send("RPUSH", "long", "1");
    await until("its time is over", async () => (await replica.send("EXISTS", "short")) === 0);
    expect(Number(await replica.send("DBSIZE"))).toBe(Number(await master.send("DBSIZE")));
    const size = Number(await replica.send("DBSIZE"));
    expect(await master.send("GET", "short")).toBeNull();
    await master.send("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    await until("the master has told it", async () => Number(await replica.send("DBSIZE")) === size - 1);
    await caughtUp(master, replica);
  });

  test("a key that a client of the replica gave a time goes by itself", async () => {
    await attach();
    await replica.send("CONFIG", "SET", "replica-read-only", "no");
    expect(await replica.send("SET", "own", "1", "PX", "50")).toBe("OK");
    expect(await replica.send("SET", "stays", "1")).toBe("OK");
    await until("it is gone", async () => (await replica.send("EXISTS", "own")) === 0);
    const tracked = async (): Promise<string | undefined> =>
      (await infoOf(replica, "stats")).get("slave_expires_tracked_keys");
    await until("it is removed", async () => (await tracked()) === "0");
    expect(await replica.send("DEL", "stays")).toBe(1);
    await replica.send("CONFIG", "SET", "replica-read-only", "yes");
    // As before: had the key stayed, the digests would not be equal.
    await caughtUp(master, replica);
  });

  test("what a master gives a time that is over stays until it goes there", async () => {
    await attach();
    await master.send("SET", "late", "1");
    await caughtUp(master, replica);
    await replica.send("CONFIG", "SET", "replica-read-only", "no");
    expect(await replica.send("PEXPIREAT", "late", "1")).toBe(1);
    expect(await replica.send("EXISTS", "late")).toBe(0);
    await replica.send("CONFIG", "SET", "replica-read-only", "yes");
    await master.send("PERSIST", "late");
    await master.send("APPEND", "late", "2");
    await until("the master's key is not gone", async () => (await master.send("GET", "late")) === "12");
    await master.send("DEL", "late");
    await caughtUp(master, replica);
  });
});

test("a file that a replica saves tells where its data stands in the master's history", async () => {
  await attach();
  await master.send("SELECT", "2");
  await master.send("SET", "saved", "1");
  await master.send("SELECT", "0");
  await caughtUp(master, replica);
  expect(await replica.send("SAVE")).toBe("OK");
  const info = await infoOf(master);
  await using copy = nodeOf("redis");
  await copy.start();
  await copy.stop();
  await copyFile(join(leveldis.dir, "dump.rdb"), join(copy.dir, "dump.rdb"));
  await copy.start();
  await using client = await copy.connect();
  // A real Redis takes that over.
  const copied = await infoOf(client);
  expect(copied.get("master_replid2")).toBe(info.get("master_replid"));
  expect(Number(copied.get("second_repl_offset"))).toBe(Number(info.get("master_repl_offset")) + 1);
  expect(await client.send("DEBUG", "DIGEST")).toBe(await master.send("DEBUG", "DIGEST"));
});

test("how far it is safe is told when it is asked for", async () => {
  await attach();
  for (let i = 0; i < 20; i++) {
    await master.send("SET", "waited", i);
    expect(await master.send("WAIT", "1", "20000")).toBe(1);
    expect(await replica.send("GET", "waited")).toBe(String(i));
  }
});

test("passwords", async () => {
  await using secret = nodeOf("redis", "--requirepass", "open sesame");
  await secret.start();
  await using keeper = await secret.connect();
  await keeper.send("AUTH", "open sesame");
  await keeper.send("SET", "secret", "1");
  const logged = leveldis.log.length;
  await follow(replica, secret);
  await until("it was refused", () => leveldis.log.slice(logged).includes("NOAUTH"));
  await replica.send("CONFIG", "SET", "masteruser", "default", "masterauth", "open sesame");
  await caughtUp(keeper, replica);
  await replica.send("CONFIG", "SET", "masteruser", "", "masterauth", "");
  await attach();
});
