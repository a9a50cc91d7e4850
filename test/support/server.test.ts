import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { error } from "./plain.ts";
import { TestServer } from "./server.ts";
import { useServer } from "./use-server.ts";

const server = useServer({ kind: "redis" });

test("sends commands and reads their replies", async () => {
  await using client = await server.connect();
  expect(await client.send("SET", "k\0\xff", 5)).toBe("OK");
  expect(await client.send("GET", "k\0\xff")).toBe("5");
  expect(await client.sendExact("LPOP", "none", 1)).toEqual({ nullArray: true });
  expect(await client.send("NOPE")).toEqual(error("ERR unknown command 'NOPE', with args beginning with: "));
  expect(await client.pipeline([["INCR", "n"], ["INCR", "n"], ["PING"]])).toEqual([1, 2, "PONG"]);
});

test("speaks RESP3", async () => {
  await using client = await server.connect3();
  await client.sendRaw("ZADD", "z", "1.5", "a");
  expect(await client.sendExact("ZSCORE", "z", "a")).toEqual({ double: "1.5" });
  expect((await client.sendRaw("ZRANGE", "z", 0, -1, "WITHSCORES")).latin1Slice()).toBe(
    "*1\r\n*2\r\n$1\r\na\r\n,1.5\r\n",
  );
});

test("a read that is late fails with what was received", async () => {
  await using client = await server.connect({ timeoutMs: 50 });
  client.write("*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPI");
  expect(await client.read()).toBe("PONG");
  await expect(client.read()).rejects.toThrow("no reply within 50 ms");
  await expect(client.readUntilClosed()).rejects.toThrow("did not hang up");
});

test("reads to the end where the server hangs up", async () => {
  await using client = await server.connect();
  client.write("*1\r\nfoo\r\n");
  expect((await client.readUntilClosed()).latin1Slice()).toBe(
    "-ERR Protocol error: expected '$', got 'f'\r\n",
  );
  await expect(client.send("PING")).rejects.toThrow("closed the connection");
});

test("restarts on the same folder, and ends by signal or in order", async () => {
  const own = new TestServer({ kind: "redis", args: ["--appendonly", "yes", "--appendfsync", "always"] });
  await own.start();
  const { dir, port, pid } = own;
  {
    await using client = await own.connect();
    await client.send("SET", "kept", "1");
  }
  await own.crashAndRestart();
  expect([own.dir, own.port]).toEqual([dir, port]);
  expect(own.pid).not.toBe(pid);
  await using client = await own.connect();
  expect(await client.send("GET", "kept")).toBe("1");
  expect(await own.stop()).toEqual({ code: 0, signal: null });
  await own.close();
  expect(existsSync(dir)).toBe(false);
});

test("a server that does not start fails with its output", async () => {
  const broken = new TestServer({ kind: "redis", args: ["--maxclients", "many"] });
  await expect(broken.start()).rejects.toThrow(/ended with 1[^]*argument couldn't be parsed into an integer/);
  await broken.close();
});
