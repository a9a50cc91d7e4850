import { afterEach, describe, expect, test } from "vitest";
import { type Client, encodeCommand } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { RawReplica } from "./raw-replica.ts";
import { QUICK, until } from "./followers.ts";
import { info } from "./servers.ts";

/** WAIT and `min-replicas-to-write`: a write counts when replicas have it. */

const LONG_MS = 15_000;

describe("with replicas that say what they have when they like", () => {
  const server = useServer({ args: QUICK });
  const open: { close(): Promise<void> }[] = [];

  async function connect(): Promise<Client> {
    const client = await server.connect();
    open.push(client);
    return client;
  }

  /** It acknowledges nothing by itself. */
  async function follow(): Promise<RawReplica> {
    const replica = await RawReplica.open(server.port, { ackMs: 0 });
    open.push(replica);
    replica.acknowledge();
    return replica;
  }

  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  test("WAIT answers when enough of them have what its client wrote", async () => {
    const client = await connect();
    const replicas = [await follow(), await follow()];
    await client.send("SET", "k", "v");
    client.write(encodeCommand(["WAIT", "2", LONG_MS]));
    for (const replica of replicas) {
      await replica.until(([name, word]) => name === "REPLCONF" && word === "GETACK");
      expect(replica.commands().at(-1)).toEqual(["REPLCONF", "GETACK", "*"]);
    }
    const observer = await connect();
    await until("it waits", async () => (await info(observer, "clients"))["blocked_clients"] === "1");
    replicas[0]!.acknowledge();
    expect(await observer.send("PING")).toBe("PONG");
    expect((await info(observer, "clients"))["blocked_clients"]).toBe("1");
    replicas[1]!.acknowledge();
    expect(await client.read()).toBe(2);
    // Nothing was written since: there is nothing to wait for.
    expect(await client.send("WAIT", "1", "1")).toBeGreaterThanOrEqual(1);
  });

  test("WAIT tells how many have it when its time is over", async () => {
    const client = await connect();
    const first = await follow();
    await follow();
    await client.send("SET", "k", "v");
    client.write(encodeCommand(["WAIT", "2", "2000"]));
    await first.until(([name]) => name === "REPLCONF");
    first.acknowledge();
    expect(await client.read()).toBe(1);
  });

  test("WAIT of one who wrote nothing, within MULTI, and with wrong words", async () => {
    await follow();
    const client = await connect();
    expect(await client.send("WAIT", "1", "0")).toBe(1);
    await client.send("MULTI");
    await client.send("SET", "k", "v");
    await client.send("WAIT", "5", "0");
    expect(await client.send("EXEC")).toEqual(["OK", 1]);
    expect(await client.send("WAIT", "x", "0")).toEqual(
      new Error("ERR value is not an integer or out of range"),
    );
    expect(await client.send("WAIT", "1", "-1")).toEqual(new Error("ERR timeout is negative"));
  });

  test("CLIENT UNBLOCK ends a WAIT", async () => {
    const client = await connect();
    const id = String(await client.send("CLIENT", "ID"));
    await client.send("SET", "k", "v");
    client.write(encodeCommand(["WAIT", "7", "0"]));
    const other = await connect();
    await until("it waits", async () => (await other.send("CLIENT", "UNBLOCK", id)) === 1);
    expect(await client.read()).toBe(0);
  });

  test("writes are refused while too few are there", async () => {
    const client = await connect();
    await client.send("CONFIG", "SET", "min-replicas-to-write", "1");
    try {
      const refused = new Error("NOREPLICAS Not enough good replicas to write.");
      const script = "return redis.call('SET', 'k', 'v')";
      await until("none is there", async () => (await info(client))["connected_slaves"] === "0");
      expect(await client.send("SET", "k", "v")).toEqual(refused);
      expect(String(await client.send("EVAL", script, "1", "k"))).toMatch("NOREPLICAS");
      expect(await client.send("EVAL", `#!lua\n${script}`, "1", "k")).toEqual(refused);
      await client.send("GET", "k");
      expect((await info(client))["min_slaves_good_slaves"]).toBe("0");
      const replica = await follow();
      await until("it is there", async () => (await info(client))["min_slaves_good_slaves"] === "1");
      expect(await client.send("SET", "k", "v")).toBe("OK");
      expect(await client.send("EVAL", script, "1", "k")).toBe("OK");
      await client.send("CONFIG", "SET", "min-replicas-max-lag", "1");
      await until("it is silent for too long", async () => (await client.send("SET", "k", "v")) !== "OK");
      replica.acknowledge();
      await until("it is heard of again", async () => (await client.send("SET", "k", "v")) === "OK");
    } finally {
      await client.send("CONFIG", "SET", "min-replicas-to-write", "0");
      await client.send("CONFIG", "SET", "min-replicas-max-lag", "10");
    }
  });
});
