import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();

async function subscriber(...channels: string[]): Promise<Client> {
  const client = await server.connect();
  await client.sendRaw("SUBSCRIBE", channels[0]!);
  for (const channel of channels.slice(1)) await client.sendRaw("SUBSCRIBE", channel);
  return client;
}

/** Until `condition` holds: nothing else says that the server has noticed. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function infoField(client: Client, name: string): Promise<string | undefined> {
  const info = (await client.send("INFO", "stats")) as string;
  return new RegExp(`^${name}:(.*)\\r$`, "m").exec(info)?.[1];
}

describe("messages", () => {
  test("reach all subscribers, in the order in which they were published", async () => {
    const subscribers = await Promise.all([
      subscriber("order"),
      subscriber("order"),
      subscriber("other", "order"),
    ]);
    await using publisher = await server.connect();
    const messages = Array.from({ length: 500 }, (_, i) => `message ${i}`);
    const receivers = await publisher.pipeline(messages.map((message) => ["PUBLISH", "order", message]));
    expect(new Set(receivers)).toEqual(new Set([3]));
    for (const client of subscribers) {
      for (const message of messages) expect(await client.read()).toEqual(["message", "order", message]);
      await client.close();
    }
  });

  test("come once for each way in which a client is subscribed", async () => {
    await using client = await subscriber("ways");
    await client.sendRaw("PSUBSCRIBE", "w?ys");
    await client.sendRaw("PSUBSCRIBE", "way*");
    await using publisher = await server.connect();
    expect(await publisher.send("PUBLISH", "ways", "x")).toBe(3);
    expect(await client.read()).toEqual(["message", "ways", "x"]);
    const patterns = [await client.read(), await client.read()];
    expect(patterns).toContainEqual(["pmessage", "w?ys", "ways", "x"]);
    expect(patterns).toContainEqual(["pmessage", "way*", "ways", "x"]);
  });

  test("of any size and any bytes arrive whole, in both protocols", async () => {
    await using second = await subscriber("bytes");
    await using third = await server.connect3();
    await third.sendRaw("SUBSCRIBE", "bytes");
    await using publisher = await server.connect();
    const large = "\0\r\n\xff".repeat(300_000);
    for (const message of ["", "\r\n", large]) {
      expect(await publisher.send("PUBLISH", "bytes", message)).toBe(2);
      const tail = `$5\r\nbytes\r\n$${message.length}\r\n${message}\r\n`;
      expect((await second.readRaw()).latin1Slice() === `*3\r\n$7\r\nmessage\r\n${tail}`).toBe(true);
      expect((await third.readRaw()).latin1Slice() === `>3\r\n$7\r\nmessage\r\n${tail}`).toBe(true);
    }
  });

  test("of a transaction leave when it has run, and not when it is thrown away", async () => {
    await using client = await subscriber("multi");
    await using publisher = await server.connect();
    await publisher.pipeline([["MULTI"], ["PUBLISH", "multi", "dropped"], ["DISCARD"]]);
    const replies = await publisher.pipeline([
      ["MULTI"],
      ["SET", "multi", "1"],
      ["PUBLISH", "multi", "first"],
      ["PUBLISH", "multi", "second"],
      ["EXEC"],
    ]);
    expect(replies.at(-1)).toEqual(["OK", 1, 1]);
    expect(await client.read()).toEqual(["message", "multi", "first"]);
    expect(await client.read()).toEqual(["message", "multi", "second"]);
  });

  test("of shards and channels do not mix", async () => {
    await using client = await subscriber("mixed");
    await client.sendRaw("SSUBSCRIBE", "mixed");
    await client.sendRaw("PSUBSCRIBE", "*");
    await using publisher = await server.connect();
    expect(await publisher.send("SPUBLISH", "mixed", "s")).toBe(1);
    expect(await client.read()).toEqual(["smessage", "mixed", "s"]);
    expect(await publisher.send("PUBLISH", "mixed", "c")).toBe(2);
    expect(await client.read()).toEqual(["message", "mixed", "c"]);
  });

  test("reach a client that waits for something else", async () => {
    await using client = await server.connect3();
    await client.sendRaw("SUBSCRIBE", "waiting");
    await using publisher = await server.connect();
    const popping = client.sendRaw("BLPOP", "waiting", 0);
    await until(async () => ((await publisher.send("CLIENT", "LIST")) as string).includes("flags=Pb"));
    expect(await publisher.send("PUBLISH", "waiting", "m")).toBe(1);
    expect((await popping).latin1Slice()).toBe(">3\r\n$7\r\nmessage\r\n$7\r\nwaiting\r\n$1\r\nm\r\n");
    await publisher.send("RPUSH", "waiting", "x");
    expect((await client.readRaw()).latin1Slice()).toBe("*2\r\n$7\r\nwaiting\r\n$1\r\nx\r\n");
  });

  test("come to a client that reads a long reply only between replies", async () => {
    await using client = await server.connect3();
    await client.sendRaw("SUBSCRIBE", "between");
    await using publisher = await server.connect();
    await publisher.pipeline(Array.from({ length: 200 }, (_, i) => ["RPUSH", "long", "x".repeat(5000) + i]));
    const reading = client.sendRaw("LRANGE", "long", 0, -1);
    await publisher.send("PUBLISH", "between", "m");
    const replies = [(await reading).latin1Slice(), (await client.readRaw()).latin1Slice()];
    expect(replies.map((reply) => reply.slice(0, 4)).toSorted()).toEqual(["*200", ">3\r\n"]);
  });
});

describe("what the server tells of subscribers", () => {
  test("CLIENT LIST and INFO count them; one that is gone leaves nothing", async () => {
    await using watcher = await server.connect();
    const client = await subscriber("told-a", "told-b");
    await client.sendRaw("PSUBSCRIBE", "told-*");
    await client.sendRaw("SSUBSCRIBE", "told-s");
    const line = (await watcher.send("CLIENT", "LIST", "TYPE", "PUBSUB")) as string;
    expect(line).toMatch(/ flags=P .* sub=2 psub=1 ssub=1 .* cmd=ssubscribe /);
    expect(line.trim().split("\n")).toHaveLength(1);
    expect(await watcher.send("CLIENT", "LIST", "TYPE", "NORMAL")).not.toContain("flags=P");
    expect(await watcher.send("PUBSUB", "NUMSUB", "told-a", "told-c")).toEqual(["told-a", 1, "told-c", 0]);
    expect(await watcher.send("PUBSUB", "CHANNELS", "told-[ab]")).toHaveLength(2);
    expect(await infoField(watcher, "pubsub_channels")).toBe("2");
    expect(await infoField(watcher, "pubsub_patterns")).toBe("1");
    expect(await infoField(watcher, "pubsubshard_channels")).toBe("1");
    await client.close();
    await until(async () => (await watcher.send("PUBSUB", "NUMPAT")) === 0);
    expect(await watcher.send("PUBSUB", "CHANNELS")).toEqual([]);
    expect(await watcher.send("PUBSUB", "SHARDCHANNELS")).toEqual([]);
    expect(await watcher.send("PUBLISH", "told-a", "x")).toBe(0);
    expect(await infoField(watcher, "pubsub_channels")).toBe("0");
  });

  test("CLIENT KILL TYPE pubsub ends them and no others", async () => {
    await using watcher = await server.connect();
    const clients = await Promise.all([subscriber("killed"), subscriber("killed")]);
    expect(await watcher.send("CLIENT", "KILL", "TYPE", "pubsub")).toBe(2);
    for (const client of clients) await client.readUntilClosed();
    expect(await watcher.send("PUBSUB", "NUMSUB", "killed")).toEqual(["killed", 0]);
  });

  test("RESET and QUIT end subscriptions", async () => {
    await using watcher = await server.connect();
    await using client = await subscriber("ended");
    expect(await client.send("RESET")).toBe("RESET");
    expect(await watcher.send("PUBSUB", "NUMSUB", "ended")).toEqual(["ended", 0]);
    await client.sendRaw("SUBSCRIBE", "ended");
    expect(await client.send("QUIT")).toBe("OK");
    await client.readUntilClosed();
    await until(async () => (await watcher.send("PUBLISH", "ended", "x")) === 0);
  });
});

describe("a subscriber that does not read", () => {
  test("is dropped at the hard limit; the others go on", async () => {
    await using limited = new TestServer({ args: ["--client-output-buffer-limit", "pubsub 1mb 0 0"] });
    await limited.start();
    await using publisher = await limited.connect();
    const slow = await limited.connect();
    await slow.sendRaw("SUBSCRIBE", "flood");
    slow.pause();
    await using reader = await limited.connect();
    await reader.sendRaw("SUBSCRIBE", "flood");
    const message = "x".repeat(100_000);
    let published = 0;
    // What the system's own buffers take does not count.
    while ((await publisher.send("PUBLISH", "flood", message)) === 2) {
      expect(await reader.read()).toEqual(["message", "flood", message]);
      if (++published > 1000) throw new Error("it was never dropped");
    }
    expect(await publisher.send("PUBSUB", "NUMSUB", "flood")).toEqual(["flood", 1]);
    if (limited.kind === "leveldis") expect(limited.log).toContain("overcoming of output buffer limits");
    await slow.close();
  });

  test("does not fill the memory within one pipeline either", async () => {
    await using limited = new TestServer({ args: ["--client-output-buffer-limit", "pubsub 1mb 0 0"] });
    await limited.start();
    await using publisher = await limited.connect();
    const slow = await limited.connect();
    await slow.sendRaw("SUBSCRIBE", "flood");
    slow.pause();
    const commands = Array.from({ length: 200 }, () => ["PUBLISH", "flood", "x".repeat(200_000)]);
    const receivers = await publisher.pipeline(commands);
    expect(receivers[0]).toBe(1);
    expect(receivers.at(-1)).toBe(0);
    await slow.close();
  });

  test("is dropped when it is above the soft limit for too long", async () => {
    await using limited = new TestServer({ args: ["--client-output-buffer-limit", "pubsub 0 200kb 1"] });
    await limited.start();
    await using publisher = await limited.connect();
    const slow = await limited.connect();
    await slow.sendRaw("SUBSCRIBE", "flood");
    slow.pause();
    const message = "x".repeat(100_000);
    const startMs = Date.now();
    for (let published = 0; published < 200; published++) await publisher.send("PUBLISH", "flood", message);
    await until(async () => ((await publisher.send("PUBSUB", "NUMSUB", "flood")) as unknown[])[1] === 0);
    expect(Date.now() - startMs).toBeGreaterThan(1000);
    await slow.close();
  });
});

test("an event tells only of what a crash does not take back", { timeout: 60_000 }, async () => {
  if (server.kind === "redis") return;
  await using crashing = new TestServer({ args: ["--notify-keyspace-events", "KEA"] });
  await crashing.start();
  for (let round = 0; round < 3; round++) {
    const listener = await crashing.connect();
    await listener.sendRaw("SUBSCRIBE", "__keyevent@0__:set");
    const writer = await crashing.connect();
    for (let i = 0; i < 100; i++) writer.write(`SET key-${round}-${i} ${i}\r\n`);
    const told: string[] = [];
    while (told.length < 20) told.push(((await listener.read()) as string[])[2]!);
    await crashing.crashAndRestart();
    await listener.close();
    await writer.close();
    await using reader = await crashing.connect();
    for (const key of told) expect(await reader.send("EXISTS", key)).toBe(1);
  }
});

test("a subscriber is not idle: `timeout` does not end it", async () => {
  await using impatient = new TestServer({ args: ["--timeout", "1"] });
  await impatient.start();
  const idle = await impatient.connect();
  const client = await impatient.connect();
  await client.sendRaw("SUBSCRIBE", "patience");
  await idle.readUntilClosed();
  await using publisher = await impatient.connect();
  expect(await publisher.send("PUBLISH", "patience", "x")).toBe(1);
  expect(await client.read()).toEqual(["message", "patience", "x"]);
  await client.close();
});
