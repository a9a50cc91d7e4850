import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { follow, infoOf, linkUp, nodeOf, until } from "./followers.ts";

/** A command of the master's that fails on its replica: their data differ. */

const master = nodeOf("redis");
let above: Client;
beforeAll(async () => {
  await master.start();
  above = await master.connect();
}, 60_000);
afterAll(() => master.close(), 60_000);

/** Of another type on the replica, which its own client has changed. */
async function part(replica: Client): Promise<void> {
  await above.send("SET", "k", "1");
  await until("the replica has it", async () => (await replica.send("GET", "k")) === "1");
  await replica.send("CONFIG", "SET", "replica-read-only", "no");
  await replica.pipeline([
    ["DEL", "k"],
    ["RPUSH", "k", "a"],
    ["CONFIG", "SET", "replica-read-only", "yes"],
  ]);
}

const TOLD =
  /== CRITICAL == This replica is sending an error to its master: '-WRONGTYPE [^']+' after processing the command 'append'/;

describe("propagation-error-behavior", () => {
  test("ignore: it is logged and counted, and what comes next is done", async () => {
    await using server = nodeOf("leveldis");
    await server.start();
    await using replica = await server.connect();
    await follow(replica, master);
    await linkUp(replica);
    await part(replica);
    await above.pipeline([
      ["APPEND", "k", "2"],
      ["SET", "next", "1"],
    ]);
    await until("the next is there", async () => (await replica.send("GET", "next")) === "1");
    expect(server.log).toMatch(TOLD);
    expect((await infoOf(replica, "stats")).get("unexpected_error_replies")).toBe("1");
    expect(await replica.send("LRANGE", "k", "0", "-1")).toEqual(["a"]);
    await replica.send("CONFIG", "RESETSTAT");
    expect((await infoOf(replica, "stats")).get("unexpected_error_replies")).toBe("0");
    await above.send("DEL", "next");
  }, 60_000);

  test.each(["panic", "panic-on-replicas"])(
    "%s: the process ends, and the data is there afterwards",
    async (behavior) => {
      await using server = nodeOf("leveldis", "--propagation-error-behavior", behavior);
      await server.start();
      {
        await using replica = await server.connect();
        await follow(replica, master);
        await linkUp(replica);
        await part(replica);
        await above.send("APPEND", "k", "2");
        expect((await server.exited()).code).not.toBe(0);
      }
      expect(server.log).toMatch(TOLD);
      expect(server.log).toContain(
        "This replica panicked sending an error to its master after processing the command 'append'",
      );
      await server.start();
      await using again = await server.connect();
      expect(await again.send("LRANGE", "k", "0", "-1")).toEqual(["a"]);
    },
    60_000,
  );
});
