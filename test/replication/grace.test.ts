import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { infoOf, nodeOf, until } from "./followers.ts";
import { RawReplica } from "./raw-replica.ts";

/** A server that stops gives its replicas time to have everything: `shutdown-timeout`. */

let server: TestServer;
let client: Client;
beforeEach(async () => {
  server = nodeOf("leveldis", "--shutdown-timeout", "600");
  await server.start();
  client = await server.connect();
}, 60_000);
afterEach(() => server.close(), 60_000);

/** A replica that does not tell how far it is until it is asked to here, and has not everything. */
async function lagging(): Promise<RawReplica> {
  const replica = await RawReplica.open(server.port, { ackMs: 0 });
  replica.acknowledge();
  await client.send("SET", "k", "1");
  return replica;
}

const isWaiting = async (): Promise<boolean> =>
  (await infoOf(client, "server")).has("shutdown_in_milliseconds");

test("SHUTDOWN waits until the replica has everything; meanwhile nothing is written", async () => {
  await using replica = await lagging();
  const stopper = await server.connect();
  const stop = stopper.send("SHUTDOWN").catch(() => "closed");
  await until("the server waits", isWaiting);
  const writer = await server.connect();
  const write = writer.send("SET", "k", "2").catch(() => "closed");
  expect(await client.send("GET", "k")).toBe("1");
  await replica.until((command) => command[1] === "GETACK");
  replica.acknowledge();
  expect(await stop).toBe("closed");
  expect(await write).toBe("closed");
  await server.exited();
  expect(server.log).toContain("1 of 1 replicas are in sync when shutting down.");
  expect(server.log).not.toContain("Lagging replica");
});

test("it waits no longer than the option says, and tells who lags", async () => {
  await using _replica = await lagging();
  await client.send("CONFIG", "SET", "shutdown-timeout", "1");
  await client.send("SHUTDOWN").catch(() => "closed");
  await server.exited();
  expect(server.log).toMatch(
    /Lagging replica 127\.0\.0\.1:4711 reported offset \d+ behind master, lag=\d+, state=online\./,
  );
  expect(server.log).toContain("0 of 1 replicas are in sync when shutting down.");
});

test("SHUTDOWN NOW does not wait, and neither does one without replicas that lag", async () => {
  await using _replica = await lagging();
  await client.send("SHUTDOWN", "NOW").catch(() => "closed");
  await server.exited();
  expect(server.log).not.toContain("Waiting for replicas before shutting down.");
});

test("SHUTDOWN ABORT: who asked for it is told, and writes go on", async () => {
  expect(String(await client.send("SHUTDOWN", "ABORT"))).toContain("ERR No shutdown in progress.");
  await using _replica = await lagging();
  const stoppers = [await server.connect(), await server.connect()];
  const replies = stoppers.map((stopper) => stopper.send("SHUTDOWN"));
  await until("the server waits", isWaiting);
  await until("both wait", async () => (await infoOf(client, "clients")).get("blocked_clients") === "2");
  expect(await client.send("SHUTDOWN", "ABORT")).toBe("OK");
  for (const reply of replies)
    expect(String(await reply)).toContain("ERR Errors trying to SHUTDOWN. Check logs.");
  expect(await isWaiting()).toBe(false);
  expect(await client.send("SET", "k", "3")).toBe("OK");
  expect(server.log).toContain("Shutdown manually aborted.");
});

test("one that fails after the replica has everything: who asked for it is told, and writes go on", async () => {
  await using replica = await lagging();
  // No file can take the place of a folder that is not empty.
  await mkdir(join(server.dir, "dump.rdb", "occupied"), { recursive: true });
  const stoppers = [await server.connect(), await server.connect()];
  const replies = stoppers.map((stopper) => stopper.send("SHUTDOWN", "SAVE"));
  await until("both wait", async () => (await infoOf(client, "clients")).get("blocked_clients") === "2");
  await replica.until((command) => command[1] === "GETACK");
  replica.acknowledge();
  for (const reply of replies)
    expect(String(await reply)).toContain("ERR Errors trying to SHUTDOWN. Check logs.");
  expect(await isWaiting()).toBe(false);
  expect(await client.send("SET", "k", "3")).toBe("OK");
});

test("SIGTERM waits, too", async () => {
  await using replica = await lagging();
  process.kill(server.pid, "SIGTERM");
  await until("the server waits", isWaiting);
  replica.acknowledge();
  await replica.until((command) => command[1] === "GETACK");
  replica.acknowledge();
  await server.exited();
  expect(server.log).toContain("1 of 1 replicas are in sync when shutting down.");
});
