import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { follow, infoOf, linkUp, nodeOf, until } from "./followers.ts";
import { type Manners, OldMaster } from "./old-master.ts";

/** Masters older than the redis-server that there is here: how they answer, and the files that they wrote. */

const sample = (name: string): Buffer =>
  readFileSync(join(resolve("test/rdb/samples/redis-rdb-tools"), name));

const REDIS_5: Manners = { options: ["listening-port", "ip-address", "capa"], psync: "named" };

interface Age extends Manners {
  readonly release: string;
  readonly rdb: string;
  readonly keys: number;
}

const AGES: readonly Age[] = [
  { ...REDIS_5, release: "5 and 6", rdb: "redis_50_with_streams.rdb", keys: 14 },
  { ...REDIS_5, release: "4.0", rdb: "rdb_version_8_with_64b_length_and_scores.rdb", keys: 2 },
  {
    options: ["listening-port", "capa"],
    psync: "plain",
    release: "3.0",
    rdb: "ziplist_with_integers.rdb",
    keys: 1,
  },
  { options: ["listening-port"], psync: "plain", release: "2.8", rdb: "ziplist_with_integers.rdb", keys: 1 },
];

/** As scripts were told before they were told by their effects: word for word. */
const SCRIPT = "redis.call('INCR', KEYS[1]) return redis.call('RPUSH', 'log', ARGV[1])";

const FIRST: readonly (readonly string[])[] = [
  ["SELECT", "0"],
  ["PING"],
  ["SET", "told", "1"],
  ["PEXPIREAT", "told", "33000000000000"],
  ["EVAL", SCRIPT, "1", "count", "first"],
];

const SECOND: readonly (readonly string[])[] = [
  ["MULTI"],
  ["INCR", "count"],
  ["RPUSH", "log", "second"],
  ["EXEC"],
  ["SELECT", "3"],
  ["SETEX", "elsewhere", "100000", "1"],
];

const reached = (replica: Client, master: OldMaster): Promise<boolean> =>
  until(
    "the replica has what was told",
    async () => Number((await infoOf(replica)).get("slave_repl_offset")) === master.offset,
  );

describe.each(AGES)("Redis $release", ({ rdb, keys, ...manners }) => {
  test("all the data, what comes behind it, and going on after a cut", async () => {
    await using master = await OldMaster.start(manners, sample(rdb));
    await using server = nodeOf("leveldis", "--replica-announce-ip", "127.0.0.1");
    await server.start();
    const replica = await server.connect();
    master.tell(...FIRST);
    await follow(replica, master);
    await linkUp(replica);
    await reached(replica, master);
    expect(await replica.send("DBSIZE")).toBe(keys + 3);
    expect(await replica.send("PTTL", "told")).toBeGreaterThan(1e13);
    expect(master.heard.map(([name]) => name)).toEqual(expect.arrayContaining(["PING", "REPLCONF", "PSYNC"]));
    for (const option of ["ip-address", "capa"]) {
      const isKnown = manners.options.includes(option);
      expect(server.log.includes(`Master does not understand REPLCONF ${option}`)).toBe(!isKnown);
    }

    master.cut();
    master.tell(...SECOND);
    await until("it comes back", () => master.count("PSYNC") === 2);
    await linkUp(replica);
    await reached(replica, master);
    expect(await replica.send("GET", "count")).toBe("2");
    expect(await replica.send("LRANGE", "log", "0", "-1")).toEqual(["first", "second"]);
    await replica.send("SELECT", "3");
    expect(await replica.send("GET", "elsewhere")).toBe("1");
    expect(server.log.split("Full resync from master").length).toBe(2);
    expect((await infoOf(replica)).get("master_replid")).toBe(master.id);
    await until("the master knows how far it is", () =>
      master.heard.some(([, word, offset]) => word === "ACK" && Number(offset) === master.offset),
    );

    // A promoted one goes on by itself, and is followed as any other.
    await replica.send("REPLICAOF", "NO", "ONE");
    expect((await infoOf(replica)).get("master_replid2")).toBe(master.id);
  }, 60_000);
});

describe("Redis 2.6, which knows no PSYNC", () => {
  const manners: Manners = { options: ["listening-port"], psync: "none" };

  test("gives all its data after each cut, and is told of no offsets", async () => {
    await using master = await OldMaster.start(manners, sample("ziplist_with_integers.rdb"));
    await using server = nodeOf("leveldis");
    await server.start();
    const replica = await server.connect();
    master.tell(...FIRST);
    await follow(replica, master);
    await until("the replica has what was told", async () => (await replica.send("GET", "count")) === "1");
    expect(server.log).toContain("Retrying with SYNC...");

    master.cut();
    master.tell(...SECOND);
    await until("all the data came again", () => master.count("SYNC") === 2);
    await until("the replica has what was told", async () => (await replica.send("GET", "count")) === "2");
    expect(await replica.send("LRANGE", "log", "0", "-1")).toEqual(["first", "second"]);

    // Offsets are told once a second: more than 60 looks take longer.
    master.tell(["SELECT", "0"], ["SET", "last", "1"]);
    await until("the link has been there for a while", async () => {
      master.tell(["PING"]);
      const second = server.log.split("Finished with success").length > 2;
      return second && Number((await infoOf(replica)).get("slave_repl_offset")) > 14 * 60;
    });
    expect(master.heard.filter(([, word]) => word === "ACK")).toEqual([]);
    expect(await replica.send("GET", "last")).toBe("1");
  }, 60_000);

  test("data is copied from it", async () => {
    await using master = await OldMaster.start(manners, sample("ziplist_with_integers.rdb"));
    await using server = nodeOf("leveldis", "--seed-from", `redis://127.0.0.1:${master.port}`);
    await server.start();
    const client = await server.connect();
    await until("it is there", async () => (await client.send("DBSIZE")) === 1);
  }, 60_000);
});
