import { expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

/** SLOWLOG, LATENCY, MONITOR, ACL, CLUSTER and MEMORY: the server, seen by who runs it. */
const server = useServer({ args: ["--enable-debug-command", "yes"] });

type Entry = [number, number, number, string[], string, string];
const slowlog = async (client: Client): Promise<Entry[]> => (await client.send("SLOWLOG", "GET")) as Entry[];

test("SLOWLOG keeps what took long, newest first, without passwords", async () => {
  await using client = await server.connect();
  await client.send("CLIENT", "SETNAME", "me");
  await client.send("CONFIG", "SET", "slowlog-log-slower-than", 20_000);
  await client.send("SLOWLOG", "RESET");
  await client.send("PING");
  await client.send("DEBUG", "SLEEP", "0.03");
  const [[id, timeS, us, args, address, name]] = (await slowlog(client)) as [Entry];
  expect([args, name]).toEqual([["DEBUG", "SLEEP", "0.03"], "me"]);
  expect(us).toBeGreaterThanOrEqual(30_000);
  expect(Math.abs(timeS - Date.now() / 1000)).toBeLessThan(5);
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  await client.send("CONFIG", "SET", "slowlog-log-slower-than", 0);
  await client.send("AUTH", "someone", "secret");
  await client.send("CONFIG", "SET", "masterauth", "secret");
  await client.send("SADD", "s", ...Array.from({ length: 40 }, (_, i) => String(i).repeat(100)));
  const [long, config, auth] = (await slowlog(client)) as [Entry, Entry, Entry];
  expect(long[3]).toHaveLength(32);
  expect(long[3].slice(-2)).toEqual([`${"28".repeat(64)}... (72 more bytes)`, "... (11 more arguments)"]);
  expect(config[3]).toEqual(["CONFIG", "SET", "masterauth", "(redacted)"]);
  expect(auth[3]).toEqual(["AUTH", "(redacted)", "(redacted)"]);
  expect(auth[0]).toBeGreaterThan(id);
  await client.send("CONFIG", "SET", "slowlog-max-len", 2);
  expect(await client.send("SLOWLOG", "LEN")).toBe(2);
  await client.send("CONFIG", "SET", "slowlog-log-slower-than", -1, "slowlog-max-len", 128);
  expect(await client.send("SLOWLOG", "RESET")).toBe("OK");
  expect(await client.send("SLOWLOG", "LEN")).toBe(0);
  expect(await client.send("SLOWLOG", "GET", "-2")).toEqual(
    error("ERR count should be greater than or equal to -1"),
  );
});

test("LATENCY keeps spikes by event", async () => {
  await using client = await server.connect();
  await client.send("LATENCY", "RESET");
  expect(await client.send("LATENCY", "DOCTOR")).toContain("Latency monitoring is disabled");
  await client.send("CONFIG", "SET", "latency-monitor-threshold", 20);
  await client.send("DEBUG", "SLEEP", "0.03");
  const [[event, timeS, ms, worst]] = (await client.send("LATENCY", "LATEST")) as [
    [string, number, number, number],
  ];
  expect(event).toBe("command");
  expect(ms).toBeGreaterThanOrEqual(30);
  expect(worst).toBe(ms);
  expect(await client.send("LATENCY", "HISTORY", "command")).toEqual([[timeS, ms]]);
  expect(await client.send("LATENCY", "HISTORY", "none")).toEqual([]);
  expect(await client.send("LATENCY", "GRAPH", "command")).toContain(`command - high ${ms} ms, low ${ms} ms`);
  expect(await client.send("LATENCY", "GRAPH", "none")).toEqual(
    error("ERR No samples available for event 'none'"),
  );
  expect(await client.send("LATENCY", "DOCTOR")).toContain("1. command: 1 latency spikes");
  expect(await client.send("LATENCY", "RESET", "none", "COMMAND")).toBe(1);
  expect(await client.send("LATENCY", "LATEST")).toEqual([]);
  await client.send("CONFIG", "SET", "latency-monitor-threshold", 0);
});

test("LATENCY HISTOGRAM counts the calls of a command", async () => {
  await using client = await server.connect();
  await client.send("CONFIG", "RESETSTAT");
  for (let i = 0; i < 10; i++) await client.send("ECHO", "x");
  await client.send("CONFIG", "GET", "port");
  const [name, [, calls, , buckets]] = (await client.send("LATENCY", "HISTOGRAM", "echo", "none")) as [
    string,
    [string, number, string, number[]],
  ];
  expect([name, calls, buckets.at(-1)]).toEqual(["echo", 10, 10]);
  expect(await client.send("LATENCY", "HISTOGRAM", "config")).toContain("config|get");
});

test("LATENCY HISTOGRAM counts each call of a script, however many", async () => {
  await using client = await server.connect();
  for (const count of [1, 3000, 2]) {
    await client.send("CONFIG", "RESETSTAT");
    await client.send("EVAL", "for i = 1, ARGV[1] do redis.call('ECHO', 'x') end", 0, count);
    const [, [, calls, , buckets]] = (await client.send("LATENCY", "HISTOGRAM", "echo")) as [
      string,
      [string, number, string, number[]],
    ];
    expect([calls, buckets.at(-1)]).toEqual([count, count]);
  }
});

test("MONITOR shows each command, a transaction in its order, and no secrets", async () => {
  await using monitor = await server.connect();
  await using client = await server.connect();
  expect(await monitor.send("MONITOR")).toBe("OK");
  await client.send("SELECT", 3);
  await client.send("SET", "k", 'a "b"\n\xff');
  await client.send("MULTI");
  await client.send("INCR", "n");
  await client.send("EXEC");
  await client.send("AUTH", "someone", "secret");
  await client.send("CONFIG", "GET", "port");
  await client.send("GET", "nothing");
  const lines: string[] = [];
  for (let i = 0; i < 7; i++) lines.push((await monitor.read()) as string);
  expect(lines[0]).toMatch(/^\d{10}\.\d{6} \[3 127\.0\.0\.1:\d+\] "SELECT" "3"$/);
  expect(lines.map((line) => line.slice(line.indexOf("]") + 2))).toEqual([
    '"SELECT" "3"',
    '"SET" "k" "a \\"b\\"\\n\\xff"',
    '"MULTI"',
    '"INCR" "n"',
    '"EXEC"',
    '"AUTH" "(redacted)" "(redacted)"',
    '"GET" "nothing"',
  ]);
  expect(await client.send("CLIENT", "LIST")).toContain("flags=O");
  expect(await monitor.send("GET", "k")).toEqual(error("ERR Replica can't interact with the keyspace"));
  expect(await monitor.send("RESET")).toBe("RESET");
  await client.send("SET", "k", "v");
  expect(await monitor.send("GET", "k")).toBe(null);
});

test("MONITOR is not for transactions", async () => {
  await using client = await server.connect();
  await client.send("MULTI");
  await client.send("MONITOR");
  expect(await client.send("EXEC")).toEqual([error("ERR MONITOR isn't allowed for DENY BLOCKING client")]);
});

test("ACL tells of the one user", async () => {
  await using client = await server.connect();
  expect(await client.send("ACL", "WHOAMI")).toBe("default");
  expect(await client.send("ACL", "LIST")).toEqual(["user default on nopass ~* &* +@all"]);
  expect(await client.send("ACL", "CAT", "geo")).toContain("geosearch");
  expect(await client.send("ACL", "GENPASS", 5)).toMatch(/^[0-9a-f]{2}$/);
  expect(await client.send("ACL", "GENPASS")).toMatch(/^[0-9a-f]{64}$/);
  expect(await client.send("ACL", "DRYRUN", "default", "GET", "k")).toBe("OK");
  expect(String(await client.send("ACL", "SETUSER", "x", "on"))).toContain(
    "There is only the user 'default'",
  );
});

test("WAIT has no replicas to wait for", async () => {
  await using client = await server.connect();
  expect(await client.send("WAIT", 0, 0)).toBe(0);
  const startedMs = performance.now();
  expect(await client.send("WAIT", 1, 50)).toBe(0);
  expect(performance.now() - startedMs).toBeGreaterThan(40);
});

test("MEMORY PURGE collects, and the doctor looks", async () => {
  await using client = await server.connect();
  expect(await client.send("MEMORY", "PURGE")).toBe("OK");
  expect(await client.send("MEMORY", "DOCTOR")).toMatch(/Sam/);
});
