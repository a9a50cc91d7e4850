import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const args = ["--busy-reply-threshold", "50", "--script-stuck-limit", "200"];
const server = useServer({ args });
let clients: Client[] = [];
let client: Client;
let other: Client;

async function connect(): Promise<Client> {
  const made = await server.connect();
  clients.push(made);
  return made;
}

/** Until the server says that it is busy. */
async function busy(on: Client): Promise<string> {
  for (;;) {
    const reply = await on.send("PING");
    if (reply instanceof Error) return String(reply);
  }
}

/** Lua that takes so long that others surely notice, however slow the machine is. */
const LONG = `local function now() local time = redis.call('TIME') return time[1] * 1000 + time[2] / 1000 end
  local start = now()
  repeat for i = 1, 100000 do end until now() > start + 700 `;

beforeEach(async () => {
  client = await connect();
  other = await connect();
  await client.send("FLUSHALL");
  await client.send("FUNCTION", "FLUSH");
});

afterEach(async () => {
  for (const made of clients.splice(0)) await made.close();
});

describe("a script over its time", () => {
  test("lets others be told, and can be ended", async () => {
    const running = client.send("EVAL", "while true do end", 0);
    expect(await busy(other)).toContain("BUSY Redis is busy running a script. You can only call SCRIPT KILL");
    expect(String(await other.send("GET", "a"))).toContain("BUSY");
    expect(String(await other.send("FUNCTION", "KILL"))).toContain("BUSY");
    expect(String(await other.send("FUNCTION", "STATS"))).toContain("BUSY");
    expect(String(await other.send("SHUTDOWN"))).toContain("BUSY");
    expect(await other.send("SCRIPT", "KILL")).toBe("OK");
    expect(String(await running)).toContain("Script killed by user with SCRIPT KILL");
    expect(await other.send("SET", "a", "1")).toBe("OK");
  });

  test.each([
    ["pcall", "while true do pcall(function() while true do end end) end"],
    ["a coroutine", "coroutine.resume(coroutine.create(function() while true do end end))"],
    ["redis.pcall", "while true do redis.pcall('LPUSH', 'a') end"],
  ])("can be ended inside %s", async (_, script) => {
    const running = client.send("EVAL", script, 0);
    await busy(other);
    expect(await other.send("SCRIPT", "KILL")).toBe("OK");
    expect(String(await running)).toContain("Script killed by user with SCRIPT KILL");
  });

  test("is ended and taken back where it cannot be interrupted", async () => {
    const script = "redis.call('SET', 'a', 1) table.sort({1, 2, 3}, function() while true do end end)";
    expect(String(await client.send("EVAL", script, 0))).toContain("script-stuck-limit");
    expect(await client.send("EXISTS", "a")).toBe(0);
    await client.pipeline([["MULTI"], ["SET", "b", 1], ["EVAL", script, 0]]);
    expect(String(await client.send("EXEC"))).toContain("script-stuck-limit");
    expect(await client.send("EXISTS", "b")).toBe(0);
    expect(await client.send("MULTI")).toBe("OK");
  });

  test("shows nobody what it has done by half, and ends as a whole", async () => {
    await client.send("SET", "stop", "1");
    await client.send("SET", "gone", "1", "PX", 100);
    const script = `local n = 0
      redis.call('MGET', 'a', 'b', 'n')
      redis.call('SET', 'a', 1)
      repeat n = redis.call('INCR', 'n') until n == 100
      ${LONG}
      redis.call('SET', 'b', 1)
      return n`;
    const running = client.send("EVAL", script, 0);
    await busy(other);
    expect(String(await other.send("MGET", "a", "b"))).toContain("BUSY");
    expect(String(await other.send("SCRIPT", "KILL"))).toContain("UNKILLABLE");
    expect(await running).toBe(100);
    expect(await other.send("MGET", "a", "b", "n", "gone")).toEqual(["1", "1", "100", null]);
  });

  test("in a transaction: what is behind it in the queue follows", async () => {
    const loop = `redis.call('GET', 'n') ${LONG} return redis.call('INCR', 'n')`;
    await client.pipeline([
      ["MULTI"],
      ["SET", "a", 1],
      ["EVAL", loop, 0],
      ["INCR", "n"],
      ["EVAL", loop, 0],
      ["GET", "a"],
    ]);
    const running = client.send("EXEC");
    await busy(other);
    expect(await running).toEqual(["OK", 1, 2, 3, "1"]);
    await client.pipeline([["MULTI"], ["SET", "a", 2], ["EVAL", "while true do end", 0], ["GET", "a"]]);
    const ended = client.send("EXEC");
    await busy(other);
    expect(await other.send("SCRIPT", "KILL")).toBe("OK");
    const replies = (await ended) as unknown[];
    expect(replies[0]).toBe("OK");
    expect(String(replies[1])).toContain("Script killed");
    expect(replies[2]).toBe("2");
  });

  test("other transactions are refused as a whole", async () => {
    const running = client.send("EVAL", "while true do end", 0);
    await busy(other);
    expect(await other.send("MULTI")).toBe("OK");
    expect(String(await other.send("SET", "a", "1"))).toContain("BUSY");
    expect(await other.send("SCRIPT", "KILL")).toBe("QUEUED");
    expect(String(await other.send("EXEC"))).toContain("EXECABORT Transaction discarded because of: BUSY");
    // What has to be read from disk for it is read when the script is over.
    const watched = other.send("WATCH", "a");
    const third = await connect();
    expect(await third.send("SCRIPT", "KILL")).toBe("OK");
    await running;
    expect(await watched).toBe("OK");
    expect(await other.send("EXISTS", "a")).toBe(0);
  });

  test("of a client that has gone runs to its end", async () => {
    const gone = await server.connect();
    const running = gone
      .send("EVAL", `redis.call('GET', 'done') ${LONG} redis.call('SET', 'done', 1)`, 0)
      .catch(() => undefined);
    await busy(other);
    await gone.close();
    await running;
    while ((await other.send("PING")) instanceof Error);
    expect(await other.send("GET", "done")).toBe("1");
  });

  test("a function is ended by FUNCTION KILL", async () => {
    await client.send(
      "FUNCTION",
      "LOAD",
      "#!lua name=l\nredis.register_function('f', function() while true do end end)",
    );
    const running = client.send("FCALL", "f", 0);
    await busy(other);
    expect(String(await other.send("SCRIPT", "KILL"))).toContain("BUSY");
    const stats = (await other.send("FUNCTION", "STATS")) as unknown[][];
    expect(stats[1]!.slice(0, 4)).toEqual(["name", "f", "command", ["FCALL", "f", "0"]]);
    expect(await other.send("FUNCTION", "KILL")).toBe("OK");
    expect(String(await running)).toContain("Script killed");
  });
});

test("whatever ends the server leaves nothing of a script over its time", { timeout: 60_000 }, async () => {
  await using own = new TestServer({ args });
  await own.start();
  const ways = [
    async (stopping: Client) => void (await stopping.send("SHUTDOWN", "NOSAVE").catch(() => undefined)),
    () => own.signal("SIGTERM"),
    () => own.signal("SIGKILL"),
  ];
  for (const end of ways) {
    const [running, stopping] = [await own.connect(), await own.connect()];
    await running.send("MSET", "a", 0, "b", 0);
    const ended = running
      .send("EVAL", "redis.call('SET', 'a', 1) while true do redis.call('INCR', 'b') end", 0)
      .catch(() => "hung up");
    await busy(stopping);
    await end(stopping);
    expect(await ended).toBe("hung up");
    await own.exited();
    await own.start();
    const after = await own.connect();
    expect(await after.send("MGET", "a", "b")).toEqual(["0", "0"]);
    await after.close();
  }
});
