import { join } from "node:path";
import { expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { caughtUp, follow, infoOf, nodeOf, until } from "./followers.ts";
import { UnsteadyLink, seeded } from "./unsteady-link.ts";

/** Whatever happens on the way: in the end the replica has what its master has. */

const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 1e6);

/** Commands of many kinds, of which every repetition and every loss shows. */
function commandsOf(random: () => number): string[][] {
  const key = (): string => `k${Math.floor(random() * 40)}`;
  const number = (): string => String(Math.floor(random() * 1000));
  const db = String(Math.floor(random() * 3));
  const choices: (() => string[][])[] = [
    () => [["APPEND", `s${key()}`, number()]],
    () => [["RPUSH", `l${key()}`, number(), "x".repeat(Math.floor(random() * 300))]],
    () => [["INCRBY", `n${key()}`, number()]],
    () => [["LPOP", `l${key()}`]],
    () => [["HINCRBY", `h${key()}`, number(), number()]],
    () => [["MULTI"], ["INCR", "count"], ["SELECT", db], ["RPUSH", "log", number()], ["EXEC"]],
    () => [
      ["SELECT", db],
      ["SETRANGE", `s${key()}`, number(), "y"],
    ],
    () => [["EVAL", "redis.call('INCR', 'count') return redis.call('RPUSH', 'log', ARGV[1])", "0", number()]],
    () => [["DEL", `l${key()}`]],
  ];
  return choices[Math.floor(random() * choices.length)]!();
}

async function writeMany(client: Client, random: () => number, count: number): Promise<void> {
  for (let i = 0; i < count; i += 20) {
    await client.pipeline(Array.from({ length: 20 }, () => commandsOf(random)).flat());
  }
}

async function started(...servers: readonly TestServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.start()));
}

test.each(["redis", "leveldis"] as const)(
  `a link that is cut at random places, from %s (seed ${SEED})`,
  async (kind) => {
    const random = seeded(SEED);
    const above = nodeOf(kind);
    const below = nodeOf("leveldis");
    try {
      await started(above, below);
      await using link = await UnsteadyLink.open(above.port, SEED, 30_000);
      await using master = await above.connect({ timeoutMs: 30_000 });
      await using replica = await below.connect({ timeoutMs: 30_000 });
      await writeMany(master, random, 100);
      await follow(replica, link);
      // It takes the replica up to a second to come back.
      await until("it was cut often enough", async () => {
        await writeMany(master, random, 40);
        return link.cuts >= 3;
      });
      link.maxBytes = Infinity;
      link.cut();
      await caughtUp(master, replica);
      expect(link.cuts).toBeGreaterThan(2);
    } finally {
      await below.close();
      await above.close();
    }
  },
  60_000,
);

test(`a chain of three whose parts are killed under load (seed ${SEED})`, async () => {
  const random = seeded(SEED);
  const top = nodeOf("leveldis");
  const middle = nodeOf("leveldis");
  const bottom = nodeOf("leveldis");
  try {
    await started(top, middle, bottom);
    await using master = await top.connect({ timeoutMs: 30_000 });
    {
      await using replica = await middle.connect();
      await using last = await bottom.connect();
      await follow(replica, top);
      await follow(last, middle);
      await caughtUp(master, replica, last);
    }
    // After a kill it has to be told again whom to follow, as Sentinel does.
    for (const [server, above] of [
      [middle, top],
      [bottom, middle],
    ] as const) {
      const writing = writeMany(master, random, 100);
      await server.crashAndRestart();
      await writing;
      await using back = await server.connect();
      await follow(back, above);
    }
    await using replica = await middle.connect({ timeoutMs: 30_000 });
    await using last = await bottom.connect({ timeoutMs: 30_000 });
    await caughtUp(master, replica, last);
  } finally {
    await Promise.all([top.close(), middle.close(), bottom.close()]);
  }
}, 60_000);

test("a master that is killed and comes back", async () => {
  const random = seeded(SEED);
  const above = nodeOf("leveldis");
  await above.start();
  const below = nodeOf("leveldis", "--replicaof", `127.0.0.1 ${above.port}`);
  try {
    await below.start();
    await using replica = await below.connect({ timeoutMs: 30_000 });
    {
      await using master = await above.connect({ timeoutMs: 30_000 });
      await writeMany(master, random, 100);
      await caughtUp(master, replica);
      await writeMany(master, random, 100);
    }
    await above.crash();
    await until("it is missed", async () => (await infoOf(replica)).get("master_link_status") === "down");
    expect(Number(await replica.send("DBSIZE"))).toBeGreaterThan(0);
    await above.start();
    await using master = await above.connect({ timeoutMs: 30_000 });
    await caughtUp(master, replica);
    await writeMany(master, random, 100);
    await caughtUp(master, replica);
  } finally {
    await below.close();
    await above.close();
  }
}, 60_000);

test("a replica whose disk is full drops its master, and goes on when there is room again", async () => {
  await using disk = await SmallDisk.mount(48);
  await using above = nodeOf("leveldis");
  await using below = new TestServer({
    kind: "leveldis",
    dir: join(disk.path, "data"),
    args: ["--enable-debug-command", "yes", "--backend-option", "writeBufferSize=1048576"],
  });
  await started(above, below);
  await using master = await above.connect({ timeoutMs: 30_000 });
  await using replica = await below.connect({ timeoutMs: 30_000 });
  await master.send("SET", "before", "1");
  await follow(replica, above);
  await caughtUp(master, replica);
  const { full } = { full: (await infoOf(master, "stats")).get("sync_full") };
  await disk.fill();
  const value = "x".repeat(10_000);
  for (let i = 0; i < 500; i++) await master.send("SET", `key${i % 50}`, value + String(i));
  await until("writing fails", () => below.log.includes("Writing to the disk failed"));
  expect(await replica.send("GET", "before")).toBe("1");
  await disk.free();
  await caughtUp(master, replica);
  expect((await infoOf(master, "stats")).get("sync_full")).toBe(full);
}, 60_000);
