import { expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

/** Resolves when that many clients are blocked. */
async function blocked(client: Client, count: number): Promise<void> {
  for (;;) {
    const info = (await client.send("INFO", "clients")) as string;
    if (Number(/blocked_clients:(\d+)/.exec(info)![1]) === count) return;
  }
}

const commands: readonly (readonly [waiting: string[], waker: string[], reply: unknown])[] = [
  [
    ["BLPOP", "a", "b", "0"],
    ["RPUSH", "b", "1", "2"],
    ["b", "1"],
  ],
  [
    ["BRPOP", "a", "b", "0"],
    ["RPUSH", "b", "1", "2"],
    ["b", "2"],
  ],
  [["BLMOVE", "a", "to", "LEFT", "RIGHT", "0"], ["RPUSH", "a", "1", "2"], "1"],
  [["BRPOPLPUSH", "a", "to", "0"], ["RPUSH", "a", "1", "2"], "2"],
  [
    ["BLMPOP", "0", "2", "a", "b", "RIGHT", "COUNT", "5"],
    ["LPUSH", "b", "1", "2"],
    ["b", ["1", "2"]],
  ],
  [
    ["BZPOPMIN", "a", "b", "0"],
    ["ZADD", "b", "1", "x", "2", "y"],
    ["b", "x", "1"],
  ],
  [
    ["BZPOPMAX", "a", "b", "0"],
    ["ZADD", "b", "1", "x", "2", "y"],
    ["b", "y", "2"],
  ],
  [
    ["BZMPOP", "0", "2", "a", "b", "MIN", "COUNT", "5"],
    ["ZADD", "b", "1", "x"],
    ["b", [["x", "1"]]],
  ],
  [
    ["BLPOP", "b", "0"],
    ["SORT", "numbers", "STORE", "b"],
    ["b", "1"],
  ],
  [
    ["BLPOP", "b", "0"],
    ["RENAME", "numbers", "b"],
    ["b", "3"],
  ],
  [
    ["BLPOP", "b", "0"],
    ["COPY", "numbers", "b"],
    ["b", "3"],
  ],
  [
    ["BLPOP", "b", "0"],
    ["LMOVE", "numbers", "b", "LEFT", "LEFT"],
    ["b", "3"],
  ],
];

test.each(commands)("%s waits for %s", async (waiting, waker, reply) => {
  await using client = await connect();
  await using waiter = await server.connect();
  await client.send("RPUSH", "numbers", "3", "1", "2");
  const answer = waiter.send(...waiting);
  await blocked(client, 1);
  await client.send(...waker);
  expect(await answer).toEqual(reply);
  await blocked(client, 0);
});

test("who came first is served first, each with what is there then", async () => {
  await using client = await connect();
  const waiters = await Promise.all([1, 2, 3].map(() => server.connect()));
  const answers: Promise<unknown>[] = [];
  for (const [i, waiter] of waiters.entries()) {
    answers.push(waiter.send("BLPOP", "l", "0"));
    await blocked(client, i + 1);
  }
  expect(await client.send("RPUSH", "l", "a", "b")).toBe(2);
  expect(await Promise.all(answers.slice(0, 2))).toEqual([
    ["l", "a"],
    ["l", "b"],
  ]);
  expect(await client.send("EXISTS", "l")).toBe(0);
  await client.send("RPUSH", "l", "c");
  expect(await answers[2]).toEqual(["l", "c"]);
  for (const waiter of waiters) await waiter.close();
});

test("a key that comes to hold another type wakes nobody", async () => {
  await using client = await connect();
  await using waiter = await server.connect();
  const answer = waiter.send("BLPOP", "k", "0");
  await blocked(client, 1);
  await client.send("SET", "k", "text");
  await client.send("DEL", "k");
  await client.send("SADD", "k", "m");
  await blocked(client, 1);
  await client.send("DEL", "k");
  await client.send("RPUSH", "k", "v");
  expect(await answer).toEqual(["k", "v"]);
});

test("a chain of moves passes an element on at once", async () => {
  await using client = await connect();
  await using first = await server.connect();
  await using second = await server.connect();
  const moved = first.send("BLMOVE", "a", "b", "LEFT", "LEFT", "0");
  await blocked(client, 1);
  const popped = second.send("BRPOP", "b", "0");
  await blocked(client, 2);
  await client.send("RPUSH", "a", "x");
  expect(await moved).toBe("x");
  expect(await popped).toEqual(["b", "x"]);
  expect(await client.send("EXISTS", "a", "b")).toBe(0);
});

test("a destination of another type is an error when there is something to move", async () => {
  await using client = await connect();
  await using waiter = await server.connect();
  const answer = waiter.send("BLMOVE", "a", "b", "LEFT", "LEFT", "0");
  await blocked(client, 1);
  await client.send("SET", "b", "text");
  await client.send("RPUSH", "a", "x");
  expect(await answer).toEqual(error("WRONGTYPE Operation against a key holding the wrong kind of value"));
  expect(await client.send("LRANGE", "a", 0, -1)).toEqual(["x"]);
});

test("the time is up: an empty answer, not before its time", async () => {
  await using client = await connect();
  for (const command of [
    ["BLPOP", "a", "0.05"],
    ["BLMOVE", "a", "b", "LEFT", "LEFT", "0.05"],
    ["BLMPOP", "0.05", "1", "a", "LEFT"],
    ["BZPOPMIN", "a", "0.05"],
    ["BZMPOP", "0.05", "1", "a", "MIN"],
  ]) {
    const startedMs = performance.now();
    expect((await client.sendRaw(...command)).toString()).toBe("*-1\r\n");
    expect(performance.now() - startedMs).toBeGreaterThan(45);
  }
  await client.send("RPUSH", "a", "still here");
  expect(await client.send("LLEN", "a")).toBe(1);
});

test("in MULTI nobody waits", async () => {
  await using client = await connect();
  await client.pipeline([
    ["MULTI"],
    ["BLPOP", "a", "0"],
    ["BLMOVE", "a", "b", "LEFT", "LEFT", "0"],
    ["BZPOPMIN", "a", "0"],
  ]);
  expect((await client.sendRaw("EXEC")).toString()).toBe("*3\r\n*-1\r\n$-1\r\n*-1\r\n");
});

test("what a transaction pushes is there for the waiters when all of it is done", async () => {
  await using client = await connect();
  await using waiter = await server.connect();
  const answer = waiter.send("BLPOP", "l", "0");
  await blocked(client, 1);
  await client.pipeline([["MULTI"], ["RPUSH", "l", "a"], ["LPUSH", "l", "b"], ["DEL", "other"]]);
  expect(await client.send("EXEC")).toEqual([1, 2, 0]);
  expect(await answer).toEqual(["l", "b"]);
  expect(await client.send("LRANGE", "l", 0, -1)).toEqual(["a"]);
});

test("a waiter that hangs up leaves nothing behind", async () => {
  await using client = await connect();
  const waiter = await server.connect();
  waiter.send("BLPOP", "l", "0").catch(() => undefined);
  await blocked(client, 1);
  await waiter.close();
  await blocked(client, 0);
  await client.send("RPUSH", "l", "a");
  expect(await client.send("LRANGE", "l", 0, -1)).toEqual(["a"]);
});

test("CLIENT UNBLOCK ends a wait as if its time were over, or with an error", async () => {
  await using client = await connect();
  await using waiter = await server.connect();
  const id = (await waiter.send("CLIENT", "ID")) as number;
  expect(await client.send("CLIENT", "UNBLOCK", id)).toBe(0);
  for (const [how, reply] of [
    [[], "*-1\r\n"],
    [["TIMEOUT"], "*-1\r\n"],
    [["ERROR"], "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"],
  ] as const) {
    const answer = waiter.sendRaw("BLPOP", "l", "0");
    await blocked(client, 1);
    expect(await client.send("CLIENT", "UNBLOCK", id, ...how)).toBe(1);
    expect((await answer).toString()).toBe(reply);
  }
  await client.send("RPUSH", "l", "a");
  expect(await client.send("LLEN", "l")).toBe(1);
});

test("what is pipelined behind a waiting command waits as well", async () => {
  await using client = await connect();
  await using waiter = await server.connect();
  const answers = waiter.pipeline([
    ["BLPOP", "l", "0"],
    ["SET", "behind", "1"],
    ["BLPOP", "l", "0"],
    ["GET", "behind"],
  ]);
  await blocked(client, 1);
  expect(await client.send("EXISTS", "behind")).toBe(0);
  await client.send("RPUSH", "l", "a");
  await blocked(client, 1);
  expect(await client.send("GET", "behind")).toBe("1");
  await client.send("RPUSH", "l", "b");
  expect(await answers).toEqual([["l", "a"], "OK", ["l", "b"], "1"]);
});

test("a list that comes with another database wakes who waits for it", async () => {
  await using client = await connect();
  await using waiter = await server.connect();
  await client.send("SELECT", 1);
  await client.send("RPUSH", "l", "elsewhere");
  const answer = waiter.send("BLPOP", "l", "0");
  await blocked(client, 1);
  await client.send("SWAPDB", 0, 1);
  expect(await answer).toEqual(["l", "elsewhere"]);
});

test("a waiter that serves itself, and many who wait for the same", async () => {
  await using client = await connect();
  const waiters = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
  const answers = waiters.map((waiter) => waiter.send("BLMOVE", "l", "l", "LEFT", "RIGHT", "0"));
  await blocked(client, 20);
  await client.send("RPUSH", "l", "a", "b");
  const served = await Promise.all(answers);
  expect(served.filter((value) => value === "a").length).toBe(10);
  expect(served.filter((value) => value === "b").length).toBe(10);
  expect(await client.send("LLEN", "l")).toBe(2);
  for (const waiter of waiters) await waiter.close();
});
